// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Policy, State, Stop} from "../interfaces/IVault.sol";

/// @notice Policy in two words and State in two: `hot` changes with every slice, `cold` only when an epoch opens.
/// @dev Times are kept in 32 bits (until 2106), dollars in 72 (up to 47 trillion).
library Words {
    using SafeCast for uint256;

    /* ------------------------------------------- policy, first word ------------------------------------------ */

    // What a trade looks at, read where it is needed: a struct would be built for a few of its members.

    function destinationBps(uint256 first) internal pure returns (uint256) {
        return uint16(first);
    }

    function innerBandBps(uint256 first) internal pure returns (uint256) {
        return uint16(first >> 16);
    }

    function scheduleS(uint256 first) internal pure returns (uint256) {
        return uint32(first >> 32);
    }

    function cooldownS(uint256 first) internal pure returns (uint256) {
        return uint32(first >> 64);
    }

    function maxSlipBps(uint256 first) internal pure returns (uint256) {
        return uint16(first >> 96);
    }

    function lossBpsPerDay(uint256 first) internal pure returns (uint256) {
        return uint16(first >> 112);
    }

    function maxSliceBps(uint256 first) internal pure returns (uint256) {
        return uint16(first >> 128);
    }

    function sliceCooldownS(uint256 first) internal pure returns (uint256) {
        return uint16(first >> 144);
    }

    /// @return {USD E8} = {USD cents} * {USD E8 / USD cent}
    function minTradeUsdE8(uint256 first) internal pure returns (uint256) {
        unchecked {
            return uint256(uint32(first >> 160)) * 1e6; // 52 bits
        }
    }

    /// @return {wei} = {1e6 wei} * {wei / 1e6 wei}; 0 = none
    function maxGasPriceWei(uint256 first) internal pure returns (uint256) {
        unchecked {
            return uint256(uint32(first >> 192)) * 1e6; // 52 bits
        }
    }

    function ttlS(uint256 first) internal pure returns (uint256) {
        return uint24(first >> 224);
    }

    /* ------------------------------------------- policy, second word ----------------------------------------- */

    function premiumBps(uint256 second) internal pure returns (uint256) {
        return uint16(second);
    }

    function relaxS(uint256 second) internal pure returns (uint256) {
        return uint24(second >> 16);
    }

    function isOpenToAll(uint256 second) internal pure returns (bool) {
        return second >> 40 & 1 == 1;
    }

    function snapshotS(uint256 second) internal pure returns (uint256) {
        return uint24(second >> 48);
    }

    function tipBps(uint256 second) internal pure returns (uint256) {
        return uint8(second >> 128);
    }

    /// @return {USD E8}
    function maxTipUsdE8(uint256 second) internal pure returns (uint256) {
        return uint256(uint32(second >> 136)) * 1e6;
    }

    /// @return {USD E8}
    function tipPerDayUsdE8(uint256 second) internal pure returns (uint256) {
        return uint256(uint32(second >> 168)) * 1e6;
    }

    /* ------------------------------------------------ hot word ----------------------------------------------- */

    function sequence(uint256 hot) internal pure returns (uint256) {
        return uint16(hot);
    }

    function lastSliceAt(uint256 hot) internal pure returns (uint256) {
        return uint32(hot >> 16);
    }

    function epochEnd(uint256 hot) internal pure returns (uint256) {
        return uint32(hot >> 48);
    }

    function pausedUntil(uint256 hot) internal pure returns (uint256) {
        return uint32(hot >> 80);
    }

    function lossUsdE8(uint256 hot) internal pure returns (uint256) {
        return uint72(hot >> 112);
    }

    function sold(uint256 hot) internal pure returns (uint256) {
        return uint32(hot >> 184);
    }

    function stopped(uint256 hot) internal pure returns (uint256) {
        return uint32(hot >> 216);
    }

    /// @notice No slice yet, nothing sold, and an end.
    function withEpochOpened(uint256 hot, uint256 endS) internal pure returns (uint256) {
        uint256 kept = hot & ~(uint256(type(uint16).max) | uint256(type(uint32).max) << 48 | uint256(type(uint32).max) << 184);
        return kept | uint256(uint32(endS)) << 48;
    }

    function withEpochClosed(uint256 hot, uint256 nowS) internal pure returns (uint256) {
        return hot & ~(uint256(type(uint32).max) << 48) | nowS << 48;
    }

    function withLoss(uint256 hot, uint256 levelUsdE8) internal pure returns (uint256) {
        return hot & ~(uint256(type(uint72).max) << 112) | levelUsdE8 << 112;
    }

    /// @notice One slice more. After 65,535 slices an epoch takes no more.
    function withSlice(uint256 hot, uint256 nowS) internal pure returns (uint256) {
        uint256 next = (sequence(hot) + 1).toUint16();
        return hot & ~uint256(type(uint48).max) | nowS << 16 | next;
    }

    function withSold(uint256 hot, uint256 asset) internal pure returns (uint256) {
        return hot | 1 << (184 + asset);
    }

    /* ----------------------------------------------- cold word ----------------------------------------------- */

    function epoch(uint256 cold) internal pure returns (uint256) {
        return uint32(cold);
    }

    function epochStart(uint256 cold) internal pure returns (uint256) {
        return uint40(cold >> 32);
    }

    function epochNavUsdE8(uint256 cold) internal pure returns (uint256) {
        return uint72(cold >> 72);
    }

    function snapshotAt(uint256 cold) internal pure returns (uint256) {
        return uint40(cold >> 144);
    }

    /// @param navUsdE8 {USD E8} reverts beyond 72 bits
    function withSnapshot(uint256 cold, uint256 navUsdE8, uint256 nowS) internal pure returns (uint256) {
        uint256 kept = cold & ~(uint256(type(uint112).max) << 72);
        return kept | uint256(navUsdE8.toUint72()) << 72 | nowS << 144;
    }

    function withNextEpoch(uint256 cold, uint256 nowS) internal pure returns (uint256) {
        uint256 next = (epoch(cold) + 1).toUint32();
        return cold & ~uint256(type(uint72).max) | nowS << 32 | next;
    }

    /// @notice Does the policy want the NAV taken anew before anything is measured against it?
    /// @param second word of the policy
    function isNavTooOld(uint256 second, uint256 cold, uint256 nowS) internal pure returns (bool) {
        uint256 age = snapshotS(second);
        if (age == 0) return false;
        unchecked {
            return nowS >= snapshotAt(cold) + age; // 41 bits
        }
    }

    /* ------------------------------------------------ packing ------------------------------------------------ */

    /// @dev 248 of 256 bits, first member lowest.
    function pack(Policy memory p) internal pure returns (uint256 first, uint256 second) {
        first = uint256(p.destinationBps);
        first |= uint256(p.innerBandBps) << 16;
        first |= uint256(p.scheduleS) << 32;
        first |= uint256(p.cooldownS) << 64;
        first |= uint256(p.maxSlipBps) << 96;
        first |= uint256(p.lossBpsPerDay) << 112;
        first |= uint256(p.maxSliceBps) << 128;
        first |= uint256(p.sliceCooldownS) << 144;
        first |= uint256(p.minTradeUsdE2) << 160;
        first |= uint256(p.maxGasPriceMwei) << 192;
        first |= uint256(p.ttlS) << 224;
        second = uint256(p.premiumBps);
        second |= uint256(p.relaxS) << 16;
        second |= uint256(p.open ? 1 : 0) << 40;
        second |= uint256(p.snapshotS) << 48;
        second |= uint256(p.stopLossBps) << 72;
        second |= uint256(p.takeProfitBps) << 88;
        second |= uint256(p.confirmS) << 104;
        second |= uint256(p.tipBps) << 128;
        second |= uint256(p.maxTipUsdE2) << 136;
        second |= uint256(p.tipPerDayUsdE2) << 168;
    }

    function unpackPolicy(uint256 first, uint256 second) internal pure returns (Policy memory p) {
        p.destinationBps = uint16(first);
        p.innerBandBps = uint16(first >> 16);
        p.scheduleS = uint32(first >> 32);
        p.cooldownS = uint32(first >> 64);
        p.maxSlipBps = uint16(first >> 96);
        p.lossBpsPerDay = uint16(first >> 112);
        p.maxSliceBps = uint16(first >> 128);
        p.sliceCooldownS = uint16(first >> 144);
        p.minTradeUsdE2 = uint32(first >> 160);
        p.maxGasPriceMwei = uint32(first >> 192);
        p.ttlS = uint24(first >> 224);
        if (second == 0) return p;
        p.premiumBps = uint16(second);
        p.relaxS = uint24(second >> 16);
        p.open = second >> 40 & 1 == 1;
        p.snapshotS = uint24(second >> 48);
        p.stopLossBps = uint16(second >> 72);
        p.takeProfitBps = uint16(second >> 88);
        p.confirmS = uint24(second >> 104);
        p.tipBps = uint8(second >> 128);
        p.maxTipUsdE2 = uint32(second >> 136);
        p.tipPerDayUsdE2 = uint32(second >> 168);
    }

    /// @param second word of a policy
    /// @return stopLossBps and takeProfitBps, in one number
    function portfolioStop(uint256 second) internal pure returns (uint256) {
        return uint32(second >> 72);
    }

    function confirmS(uint256 second) internal pure returns (uint256) {
        return uint24(second >> 104);
    }

    /// @dev 250 bits. The loss bucket is poured into by fills only, and every slice has one: its time is lastSliceAt.
    function packHot(State memory s) internal pure returns (uint256 w) {
        w = uint256(uint256(s.sequence).toUint16());
        w |= uint256(s.lastSliceAt) << 16;
        w |= uint256(s.epochEnd) << 48;
        w |= uint256(s.pausedUntil) << 80;
        w |= uint256(s.lossUsdE8) << 112;
        w |= uint256(s.sold) << 184;
        w |= uint256(s.stopped) << 216;
        w |= uint256(s.referenceLive ? 1 : 0) << 248;
        w |= uint256(s.ownerMoved ? 1 : 0) << 249;
    }

    /// @return w the hot word with these assets stopped too, and its reference live if it is
    function latched(uint256 hot, uint32 fired, bool referenceLive) internal pure returns (uint256 w) {
        w = hot | uint256(fired) << 216 | uint256(referenceLive ? 1 : 0) << 248;
    }

    /// @dev 216 bits.
    /// @param version of the rules, which lies in the same word
    function packCold(State memory s, uint256 version) internal pure returns (uint256 w) {
        w = uint256(s.epoch);
        w |= uint256(s.epochStart) << 32;
        w |= uint256(s.epochNavUsdE8) << 72;
        w |= uint256(s.snapshotAt) << 144;
        w |= version << 184;
    }

    function versionOf(uint256 cold) internal pure returns (uint256) {
        return cold >> 184;
    }

    function nextVersion(uint256 cold) internal pure returns (uint256) {
        return cold + (1 << 184);
    }

    function ownerMoved(uint256 hot) internal pure returns (bool) {
        return hot >> 249 & 1 == 1;
    }

    /// @notice Would the owner's moving coins change the hot word: is an epoch open, or a stop's reference live?
    function changesOnFlow(uint256 hot, uint256 nowS) internal pure returns (bool) {
        return nowS < uint32(hot >> 48) || hot >> 248 & 1 == 1;
    }

    function unpackState(uint256 hot, uint256 cold) internal pure returns (State memory s) {
        s.epoch = uint32(cold);
        s.sequence = uint16(hot);
        s.epochStart = uint40(cold >> 32);
        s.lastSliceAt = uint32(hot >> 16);
        s.epochEnd = uint32(hot >> 48);
        s.pausedUntil = uint32(hot >> 80);
        s.snapshotAt = uint40(cold >> 144);
        s.epochNavUsdE8 = uint72(cold >> 72);
        s.lossUsdE8 = uint72(hot >> 112);
        s.sold = uint32(hot >> 184);
        s.stopped = uint32(hot >> 216);
        s.referenceLive = hot >> 248 & 1 == 1;
        s.ownerMoved = hot >> 249 & 1 == 1;
    }

    /// @dev 216 bits.
    function packStop(Stop memory s) internal pure returns (uint256 w) {
        w = uint256(s.baseUsdE8);
        w |= uint256(s.highUsdE8) << 72;
        w |= uint256(s.armedAt) << 144;
        w |= uint256(s.armed) << 184;
    }

    function unpackStop(uint256 w) internal pure returns (Stop memory s) {
        s.baseUsdE8 = uint72(w);
        s.highUsdE8 = uint72(w >> 72);
        s.armedAt = uint40(w >> 144);
        s.armed = uint32(w >> 184);
    }
}
