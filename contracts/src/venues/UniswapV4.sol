// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IPoolManager} from "../interfaces/IUniswapV4.sol";
import {Calls} from "../libraries/Calls.sol";

/// @notice Swaps inside one `unlock`: the manager keeps what is owed both ways, and only the net is paid at the end. The
///         manager and the hooks of a pool are untrusted: what they claim is compared with the vault's balances after all
///         is settled, and the manager itself reverts unless every debt is paid.
library UniswapV4 {
    using Calls for address;
    using SafeERC20 for IERC20;

    uint160 private constant MIN_SQRT_PRICE = 4_295_128_739;
    uint160 private constant MAX_SQRT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342;

    /// @notice The manager hands our own calldata back to `unlockCallback`.
    function unlock(IPoolManager manager) internal {
        address(manager).send(abi.encodeCall(IPoolManager.unlock, (msg.data)));
    }

    /// @param pool abi.encodePacked(uint24 fee, int24 tickSpacing)
    /// @dev Written out for the same reason as UniswapV3.swap. The price limit is open on purpose: oracle prices bound what
    ///      the swap may cost.
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
        uint256 limit = zeroForOne ? MIN_SQRT_PRICE + 1 : MAX_SQRT_PRICE - 1;
        (address token0, address token1) = zeroForOne ? (tokenIn, tokenOut) : (tokenOut, tokenIn);
        uint256 word = uint48(bytes6(pool));
        int256 delta;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, 0xf3cd914c) // swap((address,address,uint24,int24,address),(bool,int256,uint160),bytes)
            mstore(add(m, 0x20), token0)
            mstore(add(m, 0x40), token1)
            mstore(add(m, 0x60), shr(24, word))
            mstore(add(m, 0x80), signextend(2, word))
            mstore(add(m, 0xa0), hooks)
            mstore(add(m, 0xc0), zeroForOne)
            mstore(add(m, 0xe0), sub(0, amountIn)) // below 2**128; negative: the input is given
            mstore(add(m, 0x100), limit)
            mstore(add(m, 0x120), 0x120) // no data
            mstore(add(m, 0x140), 0)
            mstore(0x00, 0)
            if iszero(call(gas(), manager, 0, add(m, 0x1c), 0x144, 0x00, 0x20)) {
                returndatacopy(m, 0, returndatasize())
                revert(m, returndatasize())
            }
            delta := mload(0x00)
        }
        (deltaIn, deltaOut) = (delta >> 128, int256(int128(delta))); // token0 high, token1 low
        if (!zeroForOne) (deltaIn, deltaOut) = (deltaOut, deltaIn);
    }

    /// @param delta {base units} negative = owed by us
    function settle(IPoolManager manager, address token, int256 delta) internal {
        if (delta < 0) {
            address(manager).send(abi.encodeCall(IPoolManager.sync, (token)));
            IERC20(token).safeTransfer(address(manager), uint256(-delta));
            address(manager).send(abi.encodeCall(IPoolManager.settle, ()));
        } else if (delta > 0) {
            address(manager).send(abi.encodeCall(IPoolManager.take, (token, address(this), uint256(delta))));
        }
    }
}
