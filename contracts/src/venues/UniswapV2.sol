// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IUniswapV2Pair} from "../interfaces/External.sol";

/// @notice A pair is paid first and asked afterwards. It is untrusted: a pair that lies about its reserves, or that is
///         no pair at all, can keep at most `amountIn`, and then the vault's balance check reverts the whole fill.
library UniswapV2 {
    using SafeERC20 for IERC20;

    /// @param zeroForOne the sold token has the lower address
    function swap(address pair, address tokenIn, bool zeroForOne, uint256 amountIn) internal {
        (uint256 reserveIn, uint256 reserveOut,) = IUniswapV2Pair(pair).getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 out = amountOut(amountIn, reserveIn, reserveOut);
        IERC20(tokenIn).safeTransfer(pair, amountIn);
        IUniswapV2Pair(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }

    /// @return {base units out} by the constant product with its 0.3 % fee
    function amountOut(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) internal pure returns (uint256) {
        uint256 inWithFee = amountIn * 997;
        return inWithFee * reserveOut / (reserveIn * 1000 + inWithFee);
    }
}
