// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IPoolManager, PoolKey, SwapParams} from "../interfaces/IUniswapV4.sol";

/// @notice Swaps inside one `unlock`: the manager keeps what is owed both ways, and only the net is paid at the end. The
///         manager and the hooks of a pool are untrusted: what they claim is compared with the vault's balances after all
///         is settled, and the manager itself reverts unless every debt is paid.
library UniswapV4 {
    using SafeERC20 for IERC20;

    uint160 private constant MIN_SQRT_PRICE = 4_295_128_739;
    uint160 private constant MAX_SQRT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342;

    /// @param pool abi.encodePacked(uint24 fee, int24 tickSpacing)
    /// @return deltaIn {base units} of tokenIn, negative = owed by us
    /// @return deltaOut {base units} of tokenOut, positive = owed to us
    function swap(
        IPoolManager manager,
        address tokenIn,
        address tokenOut,
        address hooks,
        bytes calldata pool,
        uint256 amountIn
    ) internal returns (int256 deltaIn, int256 deltaOut) {
        bool zeroForOne = tokenIn < tokenOut;
        uint48 word = uint48(bytes6(pool));
        PoolKey memory key = PoolKey({
            currency0: zeroForOne ? tokenIn : tokenOut,
            currency1: zeroForOne ? tokenOut : tokenIn,
            fee: uint24(word >> 24),
            tickSpacing: int24(uint24(word)),
            hooks: hooks
        });
        // amountIn < 2**128; the price limit is open on purpose: oracle prices bound what the swap may cost.
        SwapParams memory params =
            SwapParams(zeroForOne, -int256(amountIn), zeroForOne ? MIN_SQRT_PRICE + 1 : MAX_SQRT_PRICE - 1);
        int256 delta = manager.swap(key, params, "");
        (deltaIn, deltaOut) = (delta >> 128, int256(int128(delta))); // token0 high, token1 low
        if (!zeroForOne) (deltaIn, deltaOut) = (deltaOut, deltaIn);
    }

    /// @param delta {base units} negative = owed by us
    function settle(IPoolManager manager, address token, int256 delta) internal {
        if (delta < 0) {
            manager.sync(token);
            IERC20(token).safeTransfer(address(manager), uint256(-delta));
            manager.settle();
        } else if (delta > 0) {
            manager.take(token, address(this), uint256(delta));
        }
    }
}
