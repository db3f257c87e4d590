// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {BalancerSwap, BalancerSwapKind, IBalancerVault} from "../interfaces/External.sol";
import {Calls} from "../libraries/Calls.sol";

/// @notice One swap inside one `unlock` of Balancer's vault, which is told what to call back. Untrusted like every venue.
library BalancerV3 {
    using Calls for address;
    using SafeERC20 for IERC20;

    /// @param call_ what Balancer's vault is to call back
    function unlock(IBalancerVault balancer, bytes memory call_) internal {
        address(balancer).send(abi.encodeCall(IBalancerVault.unlock, (call_)));
    }

    /// @dev To be called from the callback. Pays no more than `amountIn`, whatever the pool answers.
    function swap(IBalancerVault balancer, address pool, address tokenIn, address tokenOut, uint256 amountIn) internal {
        (,, uint256 amountOut) =
            balancer.swap(BalancerSwap(BalancerSwapKind.ExactIn, pool, tokenIn, tokenOut, amountIn, 0, ""));
        address(balancer).send(abi.encodeCall(IBalancerVault.sendTo, (tokenOut, address(this), amountOut)));
        IERC20(tokenIn).safeTransfer(address(balancer), amountIn);
        address(balancer).send(abi.encodeCall(IBalancerVault.settle, (tokenIn, amountIn)));
    }
}
