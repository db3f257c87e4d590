// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IFiller} from "../interfaces/IFiller.sol";

/// @notice Anybody's contract: it gets the sold tokens and must bring the bought ones before it returns.
library FillerVenue {
    using SafeERC20 for IERC20;

    function swap(
        address filler,
        address tokenIn,
        uint256 amountIn,
        address tokenOut,
        uint256 minOut,
        bytes calldata data
    ) internal {
        IERC20(tokenIn).safeTransfer(filler, amountIn);
        IFiller(filler).onFill(tokenIn, amountIn, tokenOut, minOut, data);
    }
}
