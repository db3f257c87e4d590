// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Policy, State} from "../interfaces/IVault.sol";

/// @notice Policy in one word and State in two: `hot` changes with every slice, `cold` only when an epoch opens.
library Words {
    /// @dev 248 of 256 bits, first member lowest.
    function pack(Policy memory p) internal pure returns (uint256 w) {
        w = uint256(p.destinationBps);
        w |= uint256(p.innerBandBps) << 16;
        w |= uint256(p.scheduleS) << 32;
        w |= uint256(p.cooldownS) << 64;
        w |= uint256(p.maxSlipBps) << 96;
        w |= uint256(p.lossBpsPerDay) << 112;
        w |= uint256(p.maxSliceBps) << 128;
        w |= uint256(p.sliceCooldownS) << 144;
        w |= uint256(p.minTradeUsdE2) << 160;
        w |= uint256(p.maxGasPriceMwei) << 192;
        w |= uint256(p.ttlS) << 224;
    }

    function unpackPolicy(uint256 w) internal pure returns (Policy memory p) {
        p.destinationBps = uint16(w);
        p.innerBandBps = uint16(w >> 16);
        p.scheduleS = uint32(w >> 32);
        p.cooldownS = uint32(w >> 64);
        p.maxSlipBps = uint16(w >> 96);
        p.lossBpsPerDay = uint16(w >> 112);
        p.maxSliceBps = uint16(w >> 128);
        p.sliceCooldownS = uint16(w >> 144);
        p.minTradeUsdE2 = uint32(w >> 160);
        p.maxGasPriceMwei = uint32(w >> 192);
        p.ttlS = uint24(w >> 224);
    }

    /// @dev 248 bits. The loss bucket is poured into by fills only, and every slice has one: lossAt is lastSliceAt.
    function packHot(State memory s) internal pure returns (uint256 w) {
        w = uint256(s.sequence);
        w |= uint256(s.lastSliceAt) << 32;
        w |= uint256(s.epochEnd) << 72;
        w |= uint256(s.pausedUntil) << 112;
        w |= uint256(s.lossUsdE8) << 152;
    }

    /// @dev 200 bits.
    /// @param version of the rules, which lies in the same word
    function packCold(State memory s, uint256 version) internal pure returns (uint256 w) {
        w = uint256(s.epoch);
        w |= uint256(s.epochStart) << 32;
        w |= uint256(s.epochNavUsdE8) << 72;
        w |= version << 168;
    }

    function versionOf(uint256 cold) internal pure returns (uint256) {
        return cold >> 168;
    }

    function nextVersion(uint256 cold) internal pure returns (uint256) {
        return cold + (1 << 168);
    }

    function unpackState(uint256 hot, uint256 cold) internal pure returns (State memory s) {
        s.epoch = uint32(cold);
        s.sequence = uint32(hot);
        s.epochStart = uint40(cold >> 32);
        s.lastSliceAt = uint40(hot >> 32);
        s.epochEnd = uint40(hot >> 72);
        s.pausedUntil = uint40(hot >> 112);
        s.epochNavUsdE8 = uint96(cold >> 72);
        s.lossUsdE8 = uint96(hot >> 152);
        s.lossAt = s.lastSliceAt;
    }
}
