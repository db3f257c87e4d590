// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Price} from "../../src/interfaces/IOracleHub.sol";
import {Asset, Due, Policy, State, Stop} from "../../src/interfaces/IVault.sol";
import {RebalanceMath, Side} from "../../src/libraries/RebalanceMath.sol";

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
            out[i] = RebalanceMath.value(cases[i].balance, cases[i].priceUsdE8, cases[i].decimals);
        }
    }

    /// @notice As Vault.due(): first without prices, then with them.
    function due(DueCase[] memory cases) external pure returns (DueResult[] memory out) {
        out = new DueResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            DueCase memory c = cases[i];
            DueResult memory r = out[i];
            bool decided;
            (decided, r.kind, r.reason, r.retryAt) =
                RebalanceMath.dueBeforePrices(c.policy, c.state, c.assets.length, c.nowS);
            if (decided) continue;
            RebalanceMath.inForce(c.assets, c.state.stopped);
            (r.kind, r.reason, r.retryAt, r.navUsdE8) =
                RebalanceMath.dueFromPrices(c.policy, c.state, c.assets, c.balances, c.prices, c.nowS);
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
            out[i] = RebalanceMath.maxSellAmount(c.policy, c.sell, c.buy, c.epochNavUsdE8, c.soldUsdE8);
        }
    }

    function requiredPips(RelaxCase[] memory cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            out[i] = RebalanceMath.requiredPips(cases[i].policy, cases[i].elapsedS);
        }
    }

    function requiredOut(OutCase[] calldata cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            OutCase calldata c = cases[i];
            out[i] = RebalanceMath.requiredOut(
                c.spent, c.priceSellUsdE8, c.decimalsSell, c.priceBuyUsdE8, c.decimalsBuy, c.pips
            );
        }
    }

    function tipUsdE8(TipCase[] memory cases) external pure returns (uint256[] memory out) {
        out = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            out[i] = RebalanceMath.tipUsdE8(cases[i].policy, cases[i].movedUsdE8, cases[i].paidTodayUsdE8);
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
