// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Policy, State, Stop} from "../interfaces/IVault.sol";

/// @notice Policy in two words and State in two: `hot` changes with every slice, `cold` only when an epoch opens.
/// @dev Times are kept in 32 bits (until 2106), dollars in 72 (up to 47 trillion).
library Words {
    using SafeCast for uint256;

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
