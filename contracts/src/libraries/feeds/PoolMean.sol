// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {PriceStatus} from "../../interfaces/IOracleHub.sol";
import {BoundedCall} from "./BoundedCall.sol";
import {TickMath} from "./TickMath.sol";

interface IPoolOracle {
    function slot0()
        external
        view
        returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality);
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
}

/// @notice The mean price of a Uniswap V3 pool over some time.
library PoolMean {
    /// @dev A binary search over 65,535 observations reads 17 cold slots, twice over for the later of the two times.
    uint256 internal constant OBSERVE_GAS = 400_000;

    /// @return status Ok, Unreachable (also when the pool does not remember that far back) or Invalid
    /// @return tick mean over the last `window` seconds, rounded towards negative infinity
    function tickOver(address pool, uint32 window) internal view returns (PriceStatus status, int256 tick) {
        uint32[] memory secondsAgos = new uint32[](2);
        secondsAgos[0] = window;
        // Two arrays of two: offset, offset, 2, before, after, 2, ...
        (bool ok, uint256[] memory words) =
            BoundedCall.read(pool, OBSERVE_GAS, abi.encodeCall(IPoolOracle.observe, (secondsAgos)), 8);
        if (!ok) return (PriceStatus.Unreachable, 0);
        int256 before = int256(words[3]);
        int256 later = int256(words[4]);
        if (words[0] != 0x40 || words[2] != 2 || before != int56(before) || later != int56(later)) {
            return (PriceStatus.Invalid, 0);
        }
        int256 travelled = later - before;
        int256 span = int256(uint256(window));
        tick = travelled / span;
        if (travelled < 0 && travelled % span != 0) --tick;
        if (tick > TickMath.MAX_TICK || tick < -TickMath.MAX_TICK) return (PriceStatus.Invalid, 0);
    }

    /// @notice {USD E18} of one whole base token, saturated at 2**192 - 1.
    /// @param tick of the price of the base token in quote tokens: the pool's, with its sign changed if the base is token1
    /// @param quoteUsdE18 {USD E18} of one whole quote token, below 2**128
    function price(int256 tick, uint256 baseDecimals, uint256 quoteUsdE18, uint256 quoteDecimals)
        internal
        pure
        returns (uint256)
    {
        uint256 sqrtPriceX96 = TickMath.sqrtPriceAt(tick); // below 2**160
        // {USD E18 of 10**(baseDecimals + quoteDecimals) base units at sqrt(price)} below 2**(128 + 60 + 160 - 96)
        uint256 half = Math.mulDiv(quoteUsdE18 * 10 ** baseDecimals, sqrtPriceX96, 1 << 96);
        uint256 unit = 10 ** quoteDecimals << 96;
        (uint256 high,) = Math.mul512(half, sqrtPriceX96);
        if (high >= unit) return type(uint192).max;
        return Math.min(Math.mulDiv(half, sqrtPriceX96, unit), type(uint192).max);
    }

    /// @return {count} of the past moments that the pool remembers; 0 when it is no pool
    function cardinality(address pool) internal view returns (uint256) {
        (bool ok, uint256[] memory words) =
            BoundedCall.read(pool, OBSERVE_GAS, abi.encodeCall(IPoolOracle.slot0, ()), 4);
        return ok ? words[3] : 0;
    }
}
