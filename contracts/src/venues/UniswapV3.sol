// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV3Pool} from "../interfaces/External.sol";

/// @notice A pool asks for its pay in a callback; the vault answers only the pool it is calling, and only up to
///         `amountIn` (see VaultCore.uniswapV3SwapCallback).
library UniswapV3 {
    uint160 internal constant MIN_SQRT_RATIO = 4_295_128_739;
    uint160 internal constant MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342;

    /// @param zeroForOne the sold token has the lower address
    function swap(address pool, bool zeroForOne, uint256 amountIn) internal {
        // The price limit is open on purpose: what the swap may cost is bounded by oracle prices, on balances.
        IUniswapV3Pool(pool).swap(
            address(this),
            zeroForOne,
            int256(amountIn), // amountIn < 2**128
            zeroForOne ? MIN_SQRT_RATIO + 1 : MAX_SQRT_RATIO - 1,
            ""
        );
    }
}
