// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PoolKey} from "../interfaces/IUniswapV4.sol";

/// @notice Reads the hops that IPathFiller describes. Whatever is too short reverts by its bounds.
library Path {
    uint8 internal constant V2 = 0;
    uint8 internal constant V3 = 1;
    uint8 internal constant V4 = 2;
    uint8 internal constant V4_FROM_ETHER = 3;

    uint256 private constant SHORT_HOP = 41; // {bytes} V2, V3
    uint256 internal constant V4_HOP = 47; //   {bytes}

    function venue(bytes calldata path, uint256 at) internal pure returns (uint8) {
        return uint8(path[at]);
    }

    /// @notice Where the V2 or V3 hop that starts `at` ends, or the last of the V4 hops in a row that start there.
    function end(bytes calldata path, uint256 at) internal pure returns (uint256) {
        if (venue(path, at) < V4) return at + SHORT_HOP;
        do at += V4_HOP;
        while (at < path.length && venue(path, at) == V4);
        return at;
    }

    /// @return pair or pool of a V2 or V3 hop
    function target(bytes calldata path, uint256 at) internal pure returns (address) {
        return address(bytes20(path[at + 1:at + 21]));
    }

    /// @param hopEnd where the V2 or V3 hop ends
    function shortTokenOut(bytes calldata path, uint256 hopEnd) internal pure returns (address) {
        return address(bytes20(path[hopEnd - 20:hopEnd]));
    }

    function v4TokenOut(bytes calldata path, uint256 at) internal pure returns (address) {
        return address(bytes20(path[at + 1:at + 21]));
    }

    function v4Key(bytes calldata path, uint256 at, address tokenIn)
        internal
        pure
        returns (PoolKey memory key, bool zeroForOne)
    {
        address tokenOut = v4TokenOut(path, at);
        zeroForOne = tokenIn < tokenOut;
        (key.currency0, key.currency1) = zeroForOne ? (tokenIn, tokenOut) : (tokenOut, tokenIn);
        key.fee = uint24(bytes3(path[at + 21:at + 24]));
        key.tickSpacing = int24(uint24(bytes3(path[at + 24:at + 27])));
        key.hooks = address(bytes20(path[at + 27:at + 47]));
    }
}
