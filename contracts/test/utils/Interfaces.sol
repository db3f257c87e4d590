// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../../src/interfaces/IVault.sol";

/// @notice What the deployed vaults offer beyond the interface that others are written against.
interface IFullVault is IVault {
    function hub() external view returns (address);
    function weth() external view returns (address);
    function factory() external view returns (address);
    function rulebook() external view returns (address);
    function extension() external view returns (address);
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
    function unlockCallback(bytes calldata data) external returns (bytes memory);
    function balancerCallback(address pool, address tokenOut) external;
}
