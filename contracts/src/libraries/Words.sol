// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Policy, State} from "../interfaces/IVault.sol";

/// @notice Policy in one storage word and State in two, so that a transaction reads and writes each word once.
/// @dev First member in the lowest bits, as Solidity itself would lay the structs out.
library Words {
    /// @dev 248 of 256 bits.
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

    /// @dev a: 224 bits of numbers and times; b: 232 bits of money.
    function pack(State memory s) internal pure returns (uint256 a, uint256 b) {
        a = uint256(s.epoch);
        a |= uint256(s.sequence) << 32;
        a |= uint256(s.epochStart) << 64;
        a |= uint256(s.lastSliceAt) << 104;
        a |= uint256(s.epochEnd) << 144;
        a |= uint256(s.pausedUntil) << 184;
        b = uint256(s.epochNavUsdE8);
        b |= uint256(s.lossUsdE8) << 96;
        b |= uint256(s.lossAt) << 192;
    }

    function unpackState(uint256 a, uint256 b) internal pure returns (State memory s) {
        s.epoch = uint32(a);
        s.sequence = uint32(a >> 32);
        s.epochStart = uint40(a >> 64);
        s.lastSliceAt = uint40(a >> 104);
        s.epochEnd = uint40(a >> 144);
        s.pausedUntil = uint40(a >> 184);
        s.epochNavUsdE8 = uint96(b);
        s.lossUsdE8 = uint96(b >> 96);
        s.lossAt = uint40(b >> 192);
    }
}
