// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

interface IFiller {
    /// @notice Called by a vault after it sent `amountIn` of `tokenIn` to this contract.
    /// @dev Must send at least `minOut` of `tokenOut` to msg.sender before it returns. The vault measures its own
    ///      balances and trusts nothing that is returned here.
    function onFill(address tokenIn, uint256 amountIn, address tokenOut, uint256 minOut, bytes calldata data) external;
}
