// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BalancerPoolData, HooksConfig, IBalancerPool, IBalancerReads, PoolConfig} from "../interfaces/IBalancerReads.sol";
import {IExtsload, PoolKey} from "../interfaces/IUniswapV4.sol";
import {TickWindow} from "./TickWindow.sol";

// Never deployed: a node runs the creation of one of these in an eth_call without a recipient, and what would become its
// code is the answer. An answer is therefore never longer than code may be (EIP-170).

struct V4Answer {
    uint160 sqrtPriceX96; // 0 = never initialised
    int24 tick;
    uint24 protocolFee; // {1e-6} twelve bits each way, token0 for token1 in the lower ones
    uint24 lpFee; // {1e-6}
    uint128 liquidity;
    int24 minTick;
    int24 maxTick;
    bytes ticks; // of each int24 index and int128 net liquidity, ascending
}

/// @title V4PoolReader
/// @notice The state of one pool of Uniswap V4's PoolManager, from its storage.
/// @dev The manager's layout: pools in slot 6, of each slot0, two fee growths, liquidity, ticks, bitmap.
contract V4PoolReader {
    uint256 private constant POOLS = 6;
    uint256 private constant LIQUIDITY = 3;
    uint256 private constant TICKS = 4;
    uint256 private constant BITMAP = 5;
    /// @dev What fits an answer, 19 bytes each. One word on each side always does: 768.
    uint256 private constant MOST_TICKS = 1_150;

    /// @param words on each side of the current one; fewer are read when their ticks would not fit
    constructor(IExtsload manager, PoolKey memory key, uint8 words) {
        V4Answer memory a;
        uint256 pool = uint256(keccak256(abi.encode(keccak256(abi.encode(key)), POOLS)));
        bytes32[] memory slots = new bytes32[](2);
        (slots[0], slots[1]) = (bytes32(pool), bytes32(pool + LIQUIDITY));
        bytes32[] memory found = manager.extsload(slots);
        uint256 slot0 = uint256(found[0]);
        a.sqrtPriceX96 = uint160(slot0);
        a.tick = int24(uint24(slot0 >> 160));
        a.protocolFee = uint24(slot0 >> 184);
        a.lpFee = uint24(slot0 >> 208);
        a.liquidity = uint128(uint256(found[1]));
        if (a.sqrtPriceX96 != 0) _ticks(manager, pool, key.tickSpacing, words, a);
        bytes memory answer = abi.encode(a);
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    function _ticks(IExtsload manager, uint256 pool, int24 spacing, uint8 words, V4Answer memory a) private view {
        int256 first;
        bytes32[] memory bitmap;
        uint256 total;
        while (true) {
            int256 last;
            (first, last, a.minTick, a.maxTick) = TickWindow.around(a.tick, spacing, words);
            bitmap = new bytes32[](uint256(last - first + 1));
            for (uint256 w; w < bitmap.length; ++w) {
                bitmap[w] = keccak256(abi.encode(first + int256(w), pool + BITMAP));
            }
            bitmap = manager.extsload(bitmap);
            total = _count(bitmap);
            if (total <= MOST_TICKS || words < 2) break;
            --words;
        }
        int24[] memory indices = new int24[](total);
        bytes32[] memory slots = new bytes32[](total);
        uint256 n;
        for (uint256 w; w < bitmap.length; ++w) {
            uint256 word = uint256(bitmap[w]);
            for (uint256 bit; bit < 256; ++bit) {
                if (word >> bit & 1 == 0) continue;
                int24 index = int24((((first + int256(w)) << 8) + int256(bit)) * spacing);
                (indices[n], slots[n]) = (index, keccak256(abi.encode(int256(index), pool + TICKS)));
                ++n;
            }
        }
        slots = manager.extsload(slots);
        bytes memory ticks = new bytes(total * 19 + 13); // room for the whole word of the last one
        for (uint256 i; i < total; ++i) {
            // The net liquidity is the upper half of a tick's first word.
            bytes32 packed = bytes32(bytes3(uint24(indices[i]))) | bytes32(uint256(slots[i]) >> 128 << 128) >> 24;
            assembly ("memory-safe") {
                mstore(add(add(ticks, 0x20), mul(i, 19)), packed)
            }
        }
        assembly ("memory-safe") {
            mstore(ticks, mul(total, 19))
        }
        a.ticks = ticks;
    }

    function _count(bytes32[] memory bitmap) private pure returns (uint256 total) {
        for (uint256 w; w < bitmap.length; ++w) {
            for (uint256 rest = uint256(bitmap[w]); rest != 0; rest &= rest - 1) ++total;
        }
    }
}

struct BalancerAnswer {
    bool registered;
    bool initialised;
    bool paused;
    bool hooked; // its hooks have a say in swaps
    bool stuck; // its balances cannot be told: a rate provider fails, and with it every swap
    address[] tokens;
    uint256[] scalingFactors; // 10 ** (18 - decimals)
    uint256[] ratesE18;
    uint256[] balancesE18;
    uint256 swapFeeE18;
    uint256 aggregateFeeE18;
    uint256[] weightsE18; // empty unless the pool is a weighted one
    uint256 amp; // 0 unless the pool is a stable one
    uint256 ampPrecision;
    bool ampMoves;
}

/// @title BalancerPoolReader
/// @notice The state of one pool of Balancer's V3 vault, as its next swap will find it.
contract BalancerPoolReader {
    constructor(IBalancerReads vault, address pool) {
        BalancerAnswer memory a;
        a.registered = vault.isPoolRegistered(pool);
        a.initialised = a.registered && vault.isPoolInitialized(pool);
        if (a.initialised) _read(vault, pool, a);
        bytes memory answer = abi.encode(a);
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    function _read(IBalancerReads vault, address pool, BalancerAnswer memory a) private view {
        a.paused = vault.isVaultPaused() || vault.isPoolPaused(pool);
        HooksConfig memory hooks = vault.getHooksConfig(pool);
        a.hooked = hooks.shouldCallComputeDynamicSwapFee || hooks.shouldCallBeforeSwap || hooks.shouldCallAfterSwap;
        try vault.getPoolData(pool) returns (BalancerPoolData memory data) {
            (a.tokens, a.scalingFactors) = (data.tokens, data.decimalScalingFactors);
            (a.ratesE18, a.balancesE18) = (data.tokenRates, data.balancesLiveScaled18);
        } catch {
            a.stuck = true;
        }
        PoolConfig memory config = vault.getPoolConfig(pool);
        (a.swapFeeE18, a.aggregateFeeE18) = (config.staticSwapFeePercentage, config.aggregateSwapFeePercentage);
        // No aggregate fees are charged while a pool is in recovery.
        if (config.isPoolInRecoveryMode) a.aggregateFeeE18 = 0;
        try IBalancerPool(pool).getNormalizedWeights() returns (uint256[] memory weights) {
            a.weightsE18 = weights;
        } catch {}
        try IBalancerPool(pool).getAmplificationParameter() returns (uint256 amp, bool moves, uint256 precision) {
            (a.amp, a.ampMoves, a.ampPrecision) = (amp, moves, precision);
        } catch {}
    }
}
