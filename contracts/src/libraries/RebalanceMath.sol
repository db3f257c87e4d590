// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Asset, Due, Policy, State, Stop} from "../interfaces/IVault.sol";
import {PriceStatus} from "../interfaces/IOracleHub.sol";
import {Words} from "./Words.sol";

/// @notice Every rule that planners must mirror to the wei, and nothing else. All divisions floor unless said.
/// @dev Units: `UsdE8` is US dollars times 1e8; `bps` is 1/10,000.
///      Unchecked, because no product here needs more than 256 bits: balances and amounts fit 128 bits (Book.balanceOf),
///      prices 64, 10**decimals 60, basis points 14, and a NAV 72 (Words.withSnapshot), which is also the most that a fill
///      may be worth.
library RebalanceMath {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant DAY_S = 86_400;
    uint256 internal constant PIPS = 1_000_000;
    uint256 internal constant PIPS_PER_BPS = 100;
    uint256 internal constant STOP_GRACE_S = 1 hours;
    uint256 internal constant STOPPED_BAND_BPS = 50; // {bps of NAV} of a stopped asset that are worth an epoch

    // What `look` has seen of at least one asset.
    uint256 internal constant SEEN_STOPPED = 1; //     stopped, and still held
    uint256 internal constant SEEN_OUTSIDE = 2; //     outside its band
    uint256 internal constant SEEN_INNER = 4; //       outside the inner band
    uint256 internal constant SEEN_SURPLUS = 8; //     the smallest trade or more above its target
    uint256 internal constant SEEN_DEFICIT = 16; //    ... below
    uint256 internal constant SEEN_SELL_REACH = 32; // the smallest trade or more above its destination
    uint256 internal constant SEEN_BUY_REACH = 64; //  ... below
    uint256 internal constant SEEN_SLICE = 128; //     a slice may be as large as the smallest trade

    /* ----------------------------------------------- valuation ----------------------------------------------- */

    /// @param balance {base units} below 2**128: see Book.balanceOf
    /// @param unit {base units / whole} = 10**decimals
    /// @return {USD E8} = {base units} * {USD E8 / whole} / {base units / whole}
    /// @dev Not called `value`: slither takes that for ether sent along, and drops the call.
    function valueOf(uint256 balance, uint256 priceUsdE8, uint256 unit) internal pure returns (uint256) {
        unchecked {
            return div(balance * priceUsdE8, unit);
        }
    }

    /// @return {USD E8} = {bps} * {USD E8} / {bps}
    function targetValue(uint256 targetBps, uint256 navUsdE8) internal pure returns (uint256) {
        unchecked {
            return targetBps * navUsdE8 / BPS;
        }
    }

    /// @notice Exact drift, without rounding a weight.
    /// @return {USD E8 * bps}
    function deviation(uint256 valueUsdE8, uint256 targetBps, uint256 navUsdE8) internal pure returns (uint256) {
        unchecked {
            return absDiff(valueUsdE8 * BPS, targetBps * navUsdE8);
        }
    }

    /* -------------------------------------------------- due -------------------------------------------------- */

    function isOpen(State memory s, uint256 nowS) internal pure returns (bool) {
        return nowS < s.epochEnd;
    }

    /// @notice The part of `due` that needs no price, so that it can answer while every oracle is dead.
    /// @param first first word of the policy
    /// @return decided false = ask `dueFromValues`
    function dueBeforePrices(uint256 first, uint256 hot, uint256 assetCount, uint256 nowS)
        internal
        pure
        returns (bool decided, Due kind, bytes32 reason, uint40 retryAt)
    {
        uint256 until = Words.pausedUntil(hot);
        if (until > nowS) return (true, Due.None, "PAUSED", uint40(until));
        if (assetCount == 0) return (true, Due.None, "NO_TARGETS", 0);
        if (nowS < Words.epochEnd(hot)) {
            uint256 next = Words.lastSliceAt(hot) + Words.sliceCooldownS(first); // of an earlier epoch too
            return (true, Due.Continue, "CONTINUE", uint40(max(nowS, next)));
        }
        return (false, Due.None, bytes32(0), 0);
    }

    /// @notice The rest of `due`: stops, bands and schedule, no epoch being open and every price known.
    /// @param sides by asset, see `sideOf`, with the targets in force
    /// @dev A stop waits for no cooldown.
    function dueFromValues(
        uint256 first,
        uint256 hot,
        uint256 cold,
        uint256[] memory sides,
        uint256 navUsdE8,
        uint256 nowS
    ) internal pure returns (Due kind, bytes32 reason, uint40 retryAt) {
        if (navUsdE8 == 0) return (Due.None, "EMPTY", 0);
        uint256 seen = look(first, Words.stopped(hot), sides, navUsdE8);
        bool possible = fillable(seen);

        if (seen & SEEN_STOPPED != 0 && possible) return (Due.Stop, "STOPPED", uint40(nowS));
        if (seen & SEEN_OUTSIDE != 0 && possible) {
            uint256 cooledAt = Words.epochEnd(hot) + Words.cooldownS(first);
            if (Words.epoch(cold) != 0 && nowS < cooledAt) return (Due.None, "COOLDOWN", uint40(cooledAt));
            return (Due.Deviation, "DEVIATION", uint40(nowS));
        }
        if (Words.scheduleS(first) > 0 && seen & SEEN_INNER != 0 && possible) {
            uint256 at = Words.epochEnd(hot) + max(Words.scheduleS(first), Words.cooldownS(first));
            if (nowS >= at) return (Due.Schedule, "SCHEDULE", uint40(nowS));
            retryAt = uint40(at);
        }
        return (Due.None, seen & SEEN_OUTSIDE != 0 ? bytes32("BELOW_MIN_TRADE") : bytes32("IN_BAND"), retryAt);
    }

    /// @notice What an asset is worth and what is wanted of it, in one word.
    /// @return valueUsdE8 << 32 | targetBps << 16 | bandBps
    function sideOf(uint256 valueUsdE8, uint256 targetBps, uint256 bandBps) internal pure returns (uint256) {
        return valueUsdE8 << 32 | targetBps << 16 | bandBps;
    }

    /// @notice The side with at least its target held.
    function withoutDeficit(uint256 side, uint256 navUsdE8) internal pure returns (uint256) {
        uint256 target = targetValue(uint16(side >> 16), navUsdE8);
        return max(side >> 32, target) << 32 | uint32(side);
    }

    /// @notice One look at all assets.
    /// @param stopped bit i: asset i is stopped
    /// @return seen SEEN_ flags
    function look(uint256 first, uint256 stopped, uint256[] memory sides, uint256 navUsdE8)
        internal
        pure
        returns (uint256 seen)
    {
        unchecked {
            uint256 minTrade = Words.minTradeUsdE8(first);
            if (sliceCapUsdE8(Words.maxSliceBps(first), navUsdE8) >= minTrade) seen = SEEN_SLICE;
            for (uint256 i; i < sides.length; ++i) {
                seen |= _lookAt(first, stopped >> i & 1 == 1, sides[i], navUsdE8, minTrade);
            }
        }
    }

    function _lookAt(uint256 first, bool stopped, uint256 side, uint256 navUsdE8, uint256 minTrade)
        private
        pure
        returns (uint256 seen)
    {
        unchecked {
            uint256 v = side >> 32;
            uint256 targetBps = uint16(side >> 16);
            uint256 bandBps = uint16(side);
            if (stopped) {
                // Crumbs, or a gift, open no epoch: such an epoch waits for no cooldown. P:[8]
                if (v >= minTrade && v * BPS > STOPPED_BAND_BPS * navUsdE8) seen = SEEN_STOPPED;
            } else {
                uint256 d = deviation(v, targetBps, navUsdE8);
                if (d > bandBps * navUsdE8) seen = SEEN_OUTSIDE;
                if (d > Words.innerBandBps(first) * navUsdE8) seen |= SEEN_INNER;
            }
            uint256 target = targetValue(targetBps, navUsdE8);
            uint256 destinationBps = Words.destinationBps(first);
            if (v > target) {
                if (v - target >= minTrade) seen |= SEEN_SURPLUS;
                uint256 upper = upperValue(targetBps, bandBps, destinationBps, navUsdE8);
                if (floorSub(v, upper) >= minTrade) seen |= SEEN_SELL_REACH;
            } else {
                if (target - v >= minTrade) seen |= SEEN_DEFICIT;
                uint256 lower = lowerValue(targetBps, bandBps, destinationBps, navUsdE8);
                if (floorSub(lower, v) >= minTrade) seen |= SEEN_BUY_REACH;
            }
        }
    }

    /// @notice Is there any pair between which a fill of the smallest size or more is possible?
    /// @dev `wantedUsdE8` of a pair is min(surplus, deficit, max(reach of the one, reach of the other)), and a reach is
    ///      never more than its surplus or deficit. So a pair that can trade the smallest size exists exactly if one side
    ///      has the reach and some other side the room.
    function fillable(uint256 seen) internal pure returns (bool) {
        if (seen & SEEN_SLICE == 0) return false;
        return seen & (SEEN_SELL_REACH | SEEN_DEFICIT) == SEEN_SELL_REACH | SEEN_DEFICIT
            || seen & (SEEN_BUY_REACH | SEEN_SURPLUS) == SEEN_BUY_REACH | SEEN_SURPLUS;
    }

    function priceReason(PriceStatus status) internal pure returns (bytes32) {
        if (status == PriceStatus.Stale) return "PRICE_STALE";
        if (status == PriceStatus.Invalid) return "PRICE_INVALID";
        if (status == PriceStatus.OutOfBounds) return "PRICE_OUT_OF_BOUNDS";
        if (status == PriceStatus.Diverged) return "PRICE_DIVERGED";
        if (status == PriceStatus.SequencerDown) return "SEQUENCER_DOWN";
        return "PRICE_UNREACHABLE";
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

    /// @notice What the portfolio's stop is measured against from now on. Changes `s` and `ref` in place.
    /// @return moved whether that is something new
    function raiseReference(State memory s, Stop memory ref, uint96 nav) internal pure returns (bool moved) {
        if (s.referenceLive && nav <= ref.highUsdE8) return false;
        if (!s.referenceLive) ref.baseUsdE8 = nav;
        ref.highUsdE8 = nav;
        s.referenceLive = true;
        return true;
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

    /// @return {USD E8} what is held at most while an asset is within its destination
    function upperValue(uint256 targetBps, uint256 bandBps, uint256 destinationBps, uint256 navUsdE8)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return targetValue(targetBps + bandBps * destinationBps / BPS, navUsdE8);
        }
    }

    /// @return {USD E8} what is held at least while an asset is within its destination
    function lowerValue(uint256 targetBps, uint256 bandBps, uint256 destinationBps, uint256 navUsdE8)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return targetValue(floorSub(targetBps, bandBps * destinationBps / BPS), navUsdE8);
        }
    }

    /// @return {USD E8} that all fills of one transaction may sell
    function sliceCapUsdE8(uint256 maxSliceBps, uint256 epochNavUsdE8) internal pure returns (uint256) {
        return targetValue(maxSliceBps, epochNavUsdE8);
    }

    /// @return {base units}, never more than is there = {USD E8} * {base units / whole} / {USD E8 / whole}
    /// @param unit {base units / whole} = 10**decimals
    function amountOf(uint256 valueUsdE8, uint256 unit, uint256 priceUsdE8, uint256 balance)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return min(div(valueUsdE8 * unit, priceUsdE8), balance);
        }
    }

    /// @notice What two assets want to exchange, whatever the slice cap.
    /// @param vSell {USD E8} held of the one to be sold
    /// @param sellTarget {USD E8} wanted of it
    /// @param sellUpper {USD E8} its upperValue
    /// @param vBuy {USD E8} held of the one to be bought
    /// @param buyTarget {USD E8} wanted of it
    /// @param buyLower {USD E8} its lowerValue
    /// @return {USD E8} = min(surplus, deficit, reach); 0 = nothing
    /// @dev Never past either target (no overshoot), never past the point where both sides are within their
    ///      destination (no churn).
    function wantedUsdE8(
        uint256 vSell,
        uint256 sellTarget,
        uint256 sellUpper,
        uint256 vBuy,
        uint256 buyTarget,
        uint256 buyLower
    ) internal pure returns (uint256) {
        uint256 room = min(floorSub(vSell, sellTarget), floorSub(buyTarget, vBuy));
        return min(room, max(floorSub(vSell, sellUpper), floorSub(buyLower, vBuy)));
    }

    /// @notice The caller's own bound, for the amount the vault really sells.
    /// @return {base units of buy} rounded up
    function scaledMinOut(uint256 minOut, uint256 amountIn, uint256 requestedIn) internal pure returns (uint256) {
        unchecked {
            return ceilDiv(minOut * amountIn, requestedIn); // 128 bits each
        }
    }

    /* ------------------------------------------------ limits ------------------------------------------------- */

    /// @notice How far past its target a bought asset may come: by what a fill may win against the oracle, and by the base
    ///         unit that `requiredOut` rounds up to. Whatever is required of a fill of `wantedUsdE8` is within it.
    /// @param wonBps {bps} most that a fill may win
    /// @param spentUsdE8 {USD E8} rounded down, so that a little more was spent
    /// @return {USD E8} rounded up
    function overshootUsdE8(uint256 wonBps, uint256 spentUsdE8, uint256 buyPriceUsdE8, uint256 buyUnit)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return ceilDiv(wonBps * (spentUsdE8 + 1), BPS) + ceilDiv(buyPriceUsdE8, buyUnit);
        }
    }

    /// @notice What a fill must bring, in parts per million of the oracle value: from a premium down to the cap.
    /// @param first first word of the policy
    /// @param second second word of the policy
    /// @param elapsedS {s} since the epoch began, not counting the time before a sequencer came back
    /// @return {1e-6} rounded up
    function requiredPips(uint256 first, uint256 second, uint256 elapsedS) internal pure returns (uint256) {
        unchecked {
            uint256 maxSlipBps = Words.maxSlipBps(first);
            uint256 relaxS = Words.relaxS(second);
            uint256 least = PIPS - maxSlipBps * PIPS_PER_BPS;
            if (elapsedS >= relaxS) return least;
            uint256 span = (Words.premiumBps(second) + maxSlipBps) * PIPS_PER_BPS;
            return least + ceilDiv(span * (relaxS - elapsedS), relaxS);
        }
    }

    /// @notice The least that `spent` of the sold token must bring.
    /// @param sellUnit {base units / whole} = 10**decimals
    /// @param buyUnit {base units / whole}
    /// @param pips {1e-6} see `requiredPips`
    /// @return {base units of buy} rounded up = {sell} * {USD/sell} * {1e-6} / {USD/buy} / {1e-6}
    function requiredOut(
        uint256 spent,
        uint256 sellPriceUsdE8,
        uint256 sellUnit,
        uint256 buyPriceUsdE8,
        uint256 buyUnit,
        uint256 pips
    ) internal pure returns (uint256) {
        unchecked {
            return ceilDiv(spent * sellPriceUsdE8 * pips * buyUnit, buyPriceUsdE8 * sellUnit * PIPS);
        }
    }

    /// @param second the second policy word
    /// @return {USD E8} tip for a slice that moved `movedUsdE8`, when `paidTodayUsdE8` was paid on this UTC day already
    function tipUsdE8(uint256 second, uint256 movedUsdE8, uint256 paidTodayUsdE8) internal pure returns (uint256) {
        uint256 left = floorSub(Words.tipPerDayUsdE8(second), paidTodayUsdE8);
        return min(targetValue(Words.tipBps(second), movedUsdE8), min(Words.maxTipUsdE8(second), left));
    }

    /// @return {USD E8} the loss budget, and the size of the bucket that holds it
    function lossCapUsdE8(uint256 lossBpsPerDay, uint256 epochNavUsdE8) internal pure returns (uint256) {
        return targetValue(lossBpsPerDay, epochNavUsdE8);
    }

    /// @notice The bucket leaks its whole size per day; gains never refill the budget.
    /// @return {USD E8} level after `lossUsdE8` was poured in
    function lossLevel(uint256 level, uint256 cap, uint256 elapsedS, uint256 lossUsdE8)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return floorSub(level, cap * elapsedS / DAY_S) + lossUsdE8;
        }
    }

    /* ----------------------------------------------- arithmetic ----------------------------------------------- */

    // Without branches: what a jump costs is more than what these compute.

    /// @return c = a / b; b != 0, so that it need not be looked whether it is
    function div(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := div(a, b)
        }
    }

    /// @return c = a / b rounded up; b != 0
    function ceilDiv(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := add(div(a, b), gt(mod(a, b), 0))
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := xor(b, mul(xor(a, b), lt(a, b)))
        }
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := xor(b, mul(xor(a, b), gt(a, b)))
        }
    }

    /// @return c = a - b, or 0 when that would be negative
    function floorSub(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := mul(sub(a, b), gt(a, b))
        }
    }

    function absDiff(uint256 a, uint256 b) internal pure returns (uint256 c) {
        assembly ("memory-safe") {
            c := xor(sub(a, b), mul(xor(sub(a, b), sub(b, a)), lt(a, b)))
        }
    }
}
