// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Asset, Due, Policy, State, Stop} from "../interfaces/IVault.sol";
import {Price, PriceStatus} from "../interfaces/IOracleHub.sol";

/// @notice One side of a fill: what the vault holds of an asset and what the owner wants it to hold.
struct Side {
    uint256 balance; //     {base units}
    uint256 priceUsdE8; //  {USD E8} of one whole token
    uint8 decimals;
    uint16 targetBps; //    {bps of NAV} 0 once the asset was stopped
    uint16 bandBps; //      {bps of NAV} 0 once the asset was stopped
}

/// @notice Every rule that planners must mirror to the wei, and nothing else. All divisions floor unless said.
/// @dev Units: `UsdE8` is US dollars times 1e8; `bps` is 1/10,000.
///      No product here needs more than 256 bits: prices fit 64 bits, 10**decimals 60, what a fill sells is worth no
///      more than the NAV of its epoch, which fits 96, and amounts asked for fit 128. A token that claims a balance of
///      2**192 or more makes the arithmetic revert, which holds trading back and nothing else.
library RebalanceMath {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant DAY_S = 86_400;
    uint256 internal constant PIPS = 1_000_000;
    uint256 internal constant PIPS_PER_BPS = 100;
    uint256 internal constant STOP_GRACE_S = 1 hours;

    /* ----------------------------------------------- valuation ----------------------------------------------- */

    /// @return {USD E8} = {base units} * {USD E8 / whole} / {base units / whole}
    function value(uint256 balance, uint256 priceUsdE8, uint8 decimals) internal pure returns (uint256) {
        return balance * priceUsdE8 / 10 ** decimals;
    }

    /// @return {USD E8} = {bps} * {USD E8} / {bps}
    function targetValue(uint256 targetBps, uint256 navUsdE8) internal pure returns (uint256) {
        return targetBps * navUsdE8 / BPS;
    }

    /// @notice Exact drift, without rounding a weight.
    /// @return {USD E8 * bps}
    function deviation(uint256 valueUsdE8, uint256 targetBps, uint256 navUsdE8) internal pure returns (uint256) {
        return absDiff(valueUsdE8 * BPS, targetBps * navUsdE8);
    }

    /// @return {USD E8} = {USD cents} * {USD E8 / USD cent}
    function minTradeUsdE8(Policy memory p) internal pure returns (uint256) {
        return uint256(p.minTradeUsdE2) * 1e6;
    }

    /* -------------------------------------------------- due -------------------------------------------------- */

    function isOpen(State memory s, uint256 nowS) internal pure returns (bool) {
        return nowS < s.epochEnd;
    }

    /// @notice The part of `due` that needs no price, so that it can answer while every oracle is dead.
    /// @return decided false = ask `dueFromPrices`
    function dueBeforePrices(Policy memory p, State memory s, uint256 assetCount, uint256 nowS)
        internal
        pure
        returns (bool decided, Due kind, bytes32 reason, uint40 retryAt)
    {
        if (s.pausedUntil > nowS) return (true, Due.None, "PAUSED", s.pausedUntil);
        if (assetCount == 0) return (true, Due.None, "NO_TARGETS", 0);
        if (isOpen(s, nowS)) {
            return (true, Due.Continue, "CONTINUE", uint40(max(nowS, uint256(s.lastSliceAt) + p.sliceCooldownS)));
        }
        return (false, Due.None, bytes32(0), 0);
    }

    /// @notice The rest of `due`: stops, bands and schedule at the prices given, no epoch being open.
    /// @param assets with their targets in force: see `inForce`
    /// @dev `nav` {USD E8} is 0 when a price is missing. A stop waits for no cooldown.
    function dueFromPrices(
        Policy memory p,
        State memory s,
        Asset[] memory assets,
        uint256[] memory balances,
        Price[] memory prices,
        uint256 nowS
    ) internal pure returns (Due kind, bytes32 reason, uint40 retryAt, uint256 nav) {
        uint256[] memory values = new uint256[](assets.length);
        for (uint256 i; i < assets.length; ++i) {
            if (prices[i].status != PriceStatus.Ok) return (Due.None, priceReason(prices[i].status), 0, 0);
            values[i] = value(balances[i], prices[i].usdE8, assets[i].decimals);
            nav += values[i];
        }
        if (nav == 0) return (Due.None, "EMPTY", 0, 0);

        uint256 minTrade = minTradeUsdE8(p);
        bool stopped; // a stopped asset is still held
        bool outside; // some asset is outside its band
        bool inner; //   some asset is outside the inner band
        for (uint256 i; i < assets.length; ++i) {
            uint256 d = deviation(values[i], assets[i].targetBps, nav);
            if (s.stopped >> i & 1 == 1) {
                if (values[i] >= minTrade) stopped = true;
                continue;
            }
            if (d > assets[i].bandBps * nav) outside = true;
            if (d > p.innerBandBps * nav) inner = true;
        }
        bool possible = fillable(p, assets, values, nav);

        if (stopped && possible) return (Due.Stop, "STOPPED", uint40(nowS), nav);
        if (outside && possible) {
            uint256 cooledAt = uint256(s.epochEnd) + p.cooldownS;
            if (s.epoch != 0 && nowS < cooledAt) return (Due.None, "COOLDOWN", uint40(cooledAt), nav);
            return (Due.Deviation, "DEVIATION", uint40(nowS), nav);
        }
        if (p.scheduleS > 0 && inner && possible) {
            uint256 at = uint256(s.epochEnd) + max(p.scheduleS, p.cooldownS);
            if (nowS >= at) return (Due.Schedule, "SCHEDULE", uint40(nowS), nav);
            retryAt = uint40(at);
        }
        return (Due.None, outside ? bytes32("BELOW_MIN_TRADE") : bytes32("IN_BAND"), retryAt, nav);
    }

    function priceReason(PriceStatus status) internal pure returns (bytes32) {
        if (status == PriceStatus.Stale) return "PRICE_STALE";
        if (status == PriceStatus.Invalid) return "PRICE_INVALID";
        if (status == PriceStatus.OutOfBounds) return "PRICE_OUT_OF_BOUNDS";
        if (status == PriceStatus.Diverged) return "PRICE_DIVERGED";
        if (status == PriceStatus.SequencerDown) return "SEQUENCER_DOWN";
        return "PRICE_UNREACHABLE";
    }

    /// @notice Is there any pair between which a fill of the smallest size or more is possible?
    /// @param values {USD E8} by asset
    /// @dev `wantedUsdE8` of a pair is min(surplus, deficit, max(reach of the one, reach of the other)), and a reach is
    ///      never more than its surplus or deficit. So a pair that can trade `minTrade` exists exactly if one side has the
    ///      reach and some other side the room.
    function fillable(Policy memory p, Asset[] memory assets, uint256[] memory values, uint256 navUsdE8)
        internal
        pure
        returns (bool)
    {
        uint256 minTrade = minTradeUsdE8(p);
        if (sliceCapUsdE8(p, navUsdE8) < minTrade) return false;
        bool surplus;
        bool deficit;
        bool sellReach;
        bool buyReach;
        for (uint256 i; i < assets.length; ++i) {
            uint256 target = targetValue(assets[i].targetBps, navUsdE8);
            uint256 d = uint256(assets[i].bandBps) * p.destinationBps / BPS;
            if (values[i] > target) {
                if (values[i] - target >= minTrade) surplus = true;
                if (floorSub(values[i], targetValue(assets[i].targetBps + d, navUsdE8)) >= minTrade) sellReach = true;
            } else {
                if (target - values[i] >= minTrade) deficit = true;
                if (floorSub(targetValue(floorSub(assets[i].targetBps, d), navUsdE8), values[i]) >= minTrade) {
                    buyReach = true;
                }
            }
        }
        return (sellReach && deficit) || (buyReach && surplus);
    }

    /* ------------------------------------------------- stops ------------------------------------------------- */

    /// @notice Targets in force: a stopped asset has target and band 0, and what it gave up goes to the safe assets in
    ///         proportion to their targets (all to the first safe one if they have none).
    /// @dev The rulebook allows stops only where a safe asset exists. Changes `assets` in place.
    function inForce(Asset[] memory assets, uint256 stopped) internal pure {
        if (stopped == 0) return;
        uint256 freed;
        uint256 safeSum;
        uint256 lastSafe;
        for (uint256 i = assets.length; i > 0; --i) {
            Asset memory a = assets[i - 1];
            if (stopped >> (i - 1) & 1 == 1) {
                freed += a.targetBps;
                (a.targetBps, a.bandBps) = (0, 0);
            } else if (a.safe) {
                safeSum += a.targetBps;
                lastSafe = i - 1; // going down, so in the end the first one
            }
        }
        uint256 left = freed;
        for (uint256 i = assets.length; i > 0; --i) {
            Asset memory a = assets[i - 1];
            if (!a.safe || safeSum == 0 || i - 1 == lastSafe) continue;
            uint256 share = freed * a.targetBps / safeSum;
            a.targetBps += uint16(share); // all targets together stay 10,000
            left -= share;
        }
        assets[lastSafe].targetBps += uint16(left);
    }

    /// @notice Which assets' stops hold at these prices?
    /// @param assets with their stop and take prices
    /// @param prices {USD E8} by asset, all good
    /// @return reached bit i: asset i; those that are stopped already are left out
    function stopsReached(
        Policy memory p,
        State memory s,
        Stop memory ref,
        Asset[] memory assets,
        uint256[] memory prices,
        uint256 nav
    ) internal pure returns (uint32 reached) {
        bool whole;
        if (s.referenceLive) {
            if (p.stopLossBps != 0 && nav * BPS <= ref.highUsdE8 * (BPS - p.stopLossBps)) whole = true;
            if (p.takeProfitBps != 0 && nav * BPS >= ref.baseUsdE8 * (BPS + p.takeProfitBps)) whole = true;
        }
        for (uint256 i; i < assets.length; ++i) {
            Asset memory a = assets[i];
            if (a.safe) continue;
            bool own = prices[i] <= a.stopPriceUsdE8 || (a.takePriceUsdE8 != 0 && prices[i] >= a.takePriceUsdE8);
            if (whole || own) reached |= uint32(1 << i);
        }
        reached &= ~s.stopped;
    }

    /// @notice What becomes of the stops that are armed, now that these conditions hold. Changes `ref` in place.
    /// @param reached see `stopsReached`
    /// @return act "ARM", "DISARM", "FIRE" or 0
    /// @return fired bit i: asset i is to be stopped
    /// @dev A stop fires only if somebody saw it hold twice, at least confirmS apart and at most twice that and an hour: a
    ///      condition seen once long ago says nothing about the time between.
    function stepStop(Stop memory ref, uint32 reached, uint256 confirmS, uint256 nowS)
        internal
        pure
        returns (bytes32 act, uint32 fired)
    {
        uint32 still = ref.armed & reached;
        if (still != 0 && nowS < ref.armedAt + confirmS) {
            if (still == ref.armed) return (bytes32(0), 0);
            ref.armed = still;
            return ("DISARM", 0);
        }
        if (still != 0 && nowS <= ref.armedAt + 2 * confirmS + STOP_GRACE_S) {
            fired = still;
            act = "FIRE";
        } else if (reached != 0) {
            act = "ARM";
        } else if (ref.armed != 0) {
            act = "DISARM";
        }
        ref.armed = reached & ~fired;
        ref.armedAt = ref.armed == 0 ? 0 : uint40(nowS);
    }

    /* ------------------------------------------------- sizes ------------------------------------------------- */

    /// @return {bps of NAV} = {bps of NAV} * {bps} / {bps}
    function destination(Policy memory p, Side memory a) internal pure returns (uint256) {
        return uint256(a.bandBps) * p.destinationBps / BPS;
    }

    /// @return {USD E8} that all fills of one transaction may sell
    function sliceCapUsdE8(Policy memory p, uint256 epochNavUsdE8) internal pure returns (uint256) {
        return p.maxSliceBps * epochNavUsdE8 / BPS;
    }

    /// @notice The largest amount of `sell` that may go for `buy`.
    /// @param soldUsdE8 {USD E8} sold by earlier fills of the same transaction
    /// @return amount {base units of sell}; 0 = nothing to trade between these two
    function maxSellAmount(
        Policy memory p,
        Side memory sell,
        Side memory buy,
        uint256 epochNavUsdE8,
        uint256 soldUsdE8
    ) internal pure returns (uint256 amount) {
        uint256 vSell = value(sell.balance, sell.priceUsdE8, sell.decimals);
        uint256 vBuy = value(buy.balance, buy.priceUsdE8, buy.decimals);
        uint256 left = floorSub(sliceCapUsdE8(p, epochNavUsdE8), soldUsdE8);
        return amountOf(min(wantedUsdE8(p, sell, vSell, buy, vBuy, epochNavUsdE8), left), sell);
    }

    /// @return {base units}, never more than is there = {USD E8} * {base units / whole} / {USD E8 / whole}
    function amountOf(uint256 valueUsdE8, Side memory sell) internal pure returns (uint256) {
        return min(valueUsdE8 * 10 ** sell.decimals / sell.priceUsdE8, sell.balance);
    }

    /// @notice What the two assets want to exchange, whatever the slice cap.
    /// @param vSell {USD E8} held of `sell`
    /// @param vBuy {USD E8} held of `buy`
    /// @return {USD E8} = min(surplus, deficit, reach); 0 = nothing
    /// @dev Never past either target (no overshoot), never past the point where both sides are within their
    ///      destination (no churn).
    function wantedUsdE8(
        Policy memory p,
        Side memory sell,
        uint256 vSell,
        Side memory buy,
        uint256 vBuy,
        uint256 epochNavUsdE8
    ) internal pure returns (uint256) {
        uint256 surplus = floorSub(vSell, targetValue(sell.targetBps, epochNavUsdE8));
        uint256 deficit = floorSub(targetValue(buy.targetBps, epochNavUsdE8), vBuy);
        uint256 upper = targetValue(sell.targetBps + destination(p, sell), epochNavUsdE8);
        uint256 lower = targetValue(floorSub(buy.targetBps, destination(p, buy)), epochNavUsdE8);
        uint256 reach = max(floorSub(vSell, upper), floorSub(lower, vBuy));
        return min(min(surplus, deficit), reach);
    }

    /// @notice The caller's own bound, for the amount the vault really sells.
    /// @return {base units of buy} rounded up
    function scaledMinOut(uint256 minOut, uint256 amountIn, uint256 requestedIn) internal pure returns (uint256) {
        return ceilDiv(minOut * amountIn, requestedIn);
    }

    /* ------------------------------------------------ limits ------------------------------------------------- */

    /// @notice What a fill must bring, in parts per million of the oracle value: from a premium down to the cap.
    /// @param elapsedS {s} since the epoch began, not counting the time before a sequencer came back
    /// @return {1e-6} rounded up
    function requiredPips(Policy memory p, uint256 elapsedS) internal pure returns (uint256) {
        uint256 least = PIPS - uint256(p.maxSlipBps) * PIPS_PER_BPS;
        if (elapsedS >= p.relaxS) return least;
        uint256 span = (uint256(p.premiumBps) + p.maxSlipBps) * PIPS_PER_BPS;
        return least + ceilDiv(span * (p.relaxS - elapsedS), p.relaxS);
    }

    /// @notice The least that `spent` of the sold token must bring.
    /// @param pips {1e-6} see `requiredPips`
    /// @return {base units of buy} rounded up = {sell} * {USD/sell} * {1e-6} / {USD/buy} / {1e-6}
    function requiredOut(
        uint256 spent,
        uint256 priceSellUsdE8,
        uint8 decimalsSell,
        uint256 priceBuyUsdE8,
        uint8 decimalsBuy,
        uint256 pips
    ) internal pure returns (uint256) {
        return
            ceilDiv(spent * priceSellUsdE8 * pips * 10 ** decimalsBuy, priceBuyUsdE8 * 10 ** decimalsSell * PIPS);
    }

    /// @return {USD E8} tip for a slice that moved `movedUsdE8`, when `paidTodayUsdE8` was paid on this UTC day already
    function tipUsdE8(Policy memory p, uint256 movedUsdE8, uint256 paidTodayUsdE8) internal pure returns (uint256) {
        uint256 left = floorSub(uint256(p.tipPerDayUsdE2) * 1e6, paidTodayUsdE8);
        return min(movedUsdE8 * p.tipBps / BPS, min(uint256(p.maxTipUsdE2) * 1e6, left));
    }

    /// @return {USD E8} the loss budget, and the size of the bucket that holds it
    function lossCapUsdE8(Policy memory p, uint256 epochNavUsdE8) internal pure returns (uint256) {
        return p.lossBpsPerDay * epochNavUsdE8 / BPS;
    }

    /// @notice The bucket leaks its whole size per day; gains never refill the budget.
    /// @return {USD E8} level after `lossUsdE8` was poured in
    function lossLevel(uint256 level, uint256 cap, uint256 elapsedS, uint256 lossUsdE8)
        internal
        pure
        returns (uint256)
    {
        return floorSub(level, cap * elapsedS / DAY_S) + lossUsdE8;
    }

    /* ----------------------------------------------- arithmetic ----------------------------------------------- */

    // Branches instead of the branchless tricks of libraries: the optimiser copies those expressions wherever the
    // result is used, which costs kilobytes.

    /// @return a / b rounded up; b != 0
    function ceilDiv(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a == 0) return 0;
        return (a - 1) / b + 1;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a < b) return a;
        return b;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a > b) return a;
        return b;
    }

    /// @return a - b, or 0 when that would be negative
    function floorSub(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a > b) return a - b;
        return 0;
    }

    function absDiff(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a > b) return a - b;
        return b - a;
    }
}
