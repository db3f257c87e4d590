// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../../src/interfaces/IVault.sol";
import {IVaultFactory} from "../../src/interfaces/IVaultFactory.sol";

/// @notice What the deployed contracts offer beyond the interfaces that others are written against.
interface IFullVault is IVault {
    function hub() external view returns (address);
    function weth() external view returns (address);
    function factory() external view returns (address);
    function rulebook() external view returns (address);
    function initialise(address owner, address keeper, bytes calldata rules) external;
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

interface IFactory is IVaultFactory {
    function hub() external view returns (address);
    function weth() external view returns (address);
    function rulebook() external view returns (address);
}
