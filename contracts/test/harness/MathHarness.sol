// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Asset, Due, Policy, State, Stop} from "../../src/interfaces/IVault.sol";
import {RebalanceMath} from "../../src/libraries/RebalanceMath.sol";
import {Words} from "../../src/libraries/Words.sol";

/// @notice The rules of the vault on plain inputs, in batches, so that planners can be compared with them to the wei.
contract MathHarness {
    struct DueCase {
        Policy policy;
        State state;
        Asset[] assets; // as the owner set them
        uint256[] balances;
        Price[] prices;
        uint256 nowS;
    }

    struct DueResult {
        Due kind;
        bytes32 reason;
        uint40 retryAt;
        uint256 navUsdE8; // 0 when the answer needed no price
    }

    struct StopCase {
        Policy policy;
        State state;
        Stop stop;
        Asset[] assets;
        uint256[] prices;
        uint256 navUsdE8;
        uint256 nowS;
    }

    struct StepResult {
        uint32 reached;
        bytes32 act;
        uint32 fired;
        Stop stop;
    }

    /// @notice One side of a fill: what the vault holds of an asset and what the owner wants it to hold.
    struct Side {
        uint256 balance; //     {base units}
        uint256 priceUsdE8; //  {USD E8} of one whole token
        uint8 decimals;
        uint16 targetBps; //    {bps of NAV} 0 once the asset was stopped
        uint16 bandBps; //      {bps of NAV} 0 once the asset was stopped
    }

    struct SellCase {
        Policy policy;
        Side sell;
        Side buy;
        uint256 epochNavUsdE8;
        uint256 soldUsdE8;
    }

    struct OutCase {
        uint256 spent;
        uint256 priceSellUsdE8;
        uint8 decimalsSell;
        uint256 priceBuyUsdE8;
        uint8 decimalsBuy;
        uint256 pips;
    }

    struct RelaxCase {
        Policy policy;
        uint256 elapsedS;
    }

    struct TipCase {
        Policy policy;
        uint256 movedUsdE8;
        uint256 paidTodayUsdE8;
    }

    struct LossCase {
        uint256 level;
        uint256 cap;
        uint256 elapsedS;
        uint256 lossUsdE8;
    }

    struct ValueCase {
        uint256 balance;
        uint256 priceUsdE8;
        uint8 decimals;
    }

    function value(ValueCase[] calldata cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            out[i] = RebalanceMath.valueOf(cases[i].balance, cases[i].priceUsdE8, 10 ** cases[i].decimals);
        }
    }

    /// @notice As Vault.due(): first without prices, then with them.
    function due(DueCase[] memory cases) external pure returns (DueResult[] memory out) {
        out = new DueResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            DueCase memory c = cases[i];
            DueResult memory r = out[i];
            (uint256 first,) = Words.pack(c.policy);
            (uint256 hot, uint256 cold) = (Words.packHot(c.state), Words.packCold(c.state, 0));
            bool decided;
            (decided, r.kind, r.reason, r.retryAt) =
                RebalanceMath.dueBeforePrices(first, hot, c.assets.length, c.nowS);
            if (decided) continue;
            RebalanceMath.inForce(c.assets, c.state.stopped);
            (uint256[] memory sides, uint256 nav, PriceStatus status) = _sides(c);
            if (status != PriceStatus.Ok) {
                r.reason = RebalanceMath.priceReason(status);
                continue;
            }
            r.navUsdE8 = nav;
            (r.kind, r.reason, r.retryAt) = RebalanceMath.dueFromValues(first, hot, cold, sides, nav, c.nowS);
        }
    }

    /// @dev `status` is that of the first price that is not good.
    function _sides(DueCase memory c)
        private
        pure
        returns (uint256[] memory sides, uint256 nav, PriceStatus status)
    {
        sides = new uint256[](c.assets.length);
        for (uint256 i; i < sides.length; ++i) {
            Asset memory a = c.assets[i];
            if (c.prices[i].status != PriceStatus.Ok) return (sides, 0, c.prices[i].status);
            uint256 v = RebalanceMath.valueOf(c.balances[i], c.prices[i].usdE8, 10 ** a.decimals);
            nav += v;
            sides[i] = RebalanceMath.sideOf(v, a.targetBps, a.bandBps);
        }
    }

    /// @return out as many assets per case as it came with
    function inForce(DueCase[] memory cases) external pure returns (Asset[][] memory out) {
        out = new Asset[][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            RebalanceMath.inForce(cases[i].assets, cases[i].state.stopped);
            out[i] = cases[i].assets;
        }
    }

    /// @notice As Rulebook.judgeStop, once the reference has been raised.
    function step(StopCase[] memory cases) external pure returns (StepResult[] memory out) {
        out = new StepResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            StopCase memory c = cases[i];
            StepResult memory r = out[i];
            r.reached = RebalanceMath.stopsReached(c.policy, c.state, c.stop, c.assets, c.prices, c.navUsdE8);
            (r.act, r.fired) = RebalanceMath.stepStop(c.stop, r.reached, c.policy.confirmS, c.nowS);
            r.stop = c.stop;
        }
    }

    function maxSellAmount(SellCase[] memory cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            SellCase memory c = cases[i];
            (uint256 first,) = Words.pack(c.policy);
            uint256 cap = RebalanceMath.sliceCapUsdE8(Words.maxSliceBps(first), c.epochNavUsdE8);
            uint256 wanted = RebalanceMath.min(_wanted(c, first), RebalanceMath.floorSub(cap, c.soldUsdE8));
            out[i] = RebalanceMath.amountOf(wanted, 10 ** c.sell.decimals, c.sell.priceUsdE8, c.sell.balance);
        }
    }

    function _wanted(SellCase memory c, uint256 first) private pure returns (uint256) {
        (uint256 nav, uint256 destinationBps) = (c.epochNavUsdE8, Words.destinationBps(first));
        return RebalanceMath.wantedUsdE8(
            RebalanceMath.valueOf(c.sell.balance, c.sell.priceUsdE8, 10 ** c.sell.decimals),
            RebalanceMath.targetValue(c.sell.targetBps, nav),
            RebalanceMath.upperValue(c.sell.targetBps, c.sell.bandBps, destinationBps, nav),
            RebalanceMath.valueOf(c.buy.balance, c.buy.priceUsdE8, 10 ** c.buy.decimals),
            RebalanceMath.targetValue(c.buy.targetBps, nav),
            RebalanceMath.lowerValue(c.buy.targetBps, c.buy.bandBps, destinationBps, nav)
        );
    }

    function requiredPips(RelaxCase[] memory cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            (uint256 first, uint256 second) = Words.pack(cases[i].policy);
            out[i] = RebalanceMath.requiredPips(first, second, cases[i].elapsedS);
        }
    }

    function requiredOut(OutCase[] calldata cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            OutCase calldata c = cases[i];
            out[i] = RebalanceMath.requiredOut(
                c.spent, c.priceSellUsdE8, 10 ** c.decimalsSell, c.priceBuyUsdE8, 10 ** c.decimalsBuy, c.pips
            );
        }
    }

    function tipUsdE8(TipCase[] memory cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            (, uint256 second) = Words.pack(cases[i].policy);
            out[i] = RebalanceMath.tipUsdE8(second, cases[i].movedUsdE8, cases[i].paidTodayUsdE8);
        }
    }

    function lossLevel(LossCase[] calldata cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            LossCase calldata c = cases[i];
            out[i] = RebalanceMath.lossLevel(c.level, c.cap, c.elapsedS, c.lossUsdE8);
        }
    }

    function scaledMinOut(uint256 minOut, uint256 amountIn, uint256 requestedIn) external pure returns (uint256) {
        return RebalanceMath.scaledMinOut(minOut, amountIn, requestedIn);
    }
}
