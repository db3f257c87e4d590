// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IBalancerVault, IWETH} from "./External.sol";
import {IPoolManager} from "./IUniswapV4.sol";
import {IOracleHub} from "./IOracleHub.sol";
import {IRulebook} from "./IRulebook.sol";
import {Policy, Target} from "./IVault.sol";

interface IVaultFactory {
    /// @param rules policy, keepers and assets: IRulebook reads them. The vault's own events tell what changes later
    event VaultCreated(address indexed vault, address indexed owner, bytes rules);

    error ZeroAddress(string field);

    /// @notice Deploys a vault at the address that `predict`, asked for the same with msg.sender as creator, told beforehand.
    /// @param owner the only account that can withdraw, until he hands the vault over
    /// @param keeper first executor; zero for none
    /// @param targets may be empty: such a vault holds coins and never trades until the owner sets targets
    function create(address owner, address keeper, Policy calldata policy, Target[] calldata targets, bytes32 salt)
        external
        returns (address vault);

    /// @notice The address depends on who creates, who owns and by which rules, so nobody can take it for somebody else or
    ///         for other rules.
    function predict(
        address creator,
        address owner,
        address keeper,
        Policy calldata policy,
        Target[] calldata targets,
        bytes32 salt
    ) external view returns (address);

    /// @notice Was it made here? Read off its code, so no list is kept.
    function isVault(address account) external view returns (bool);

    function hub() external view returns (IOracleHub);
    function weth() external view returns (IWETH);
    /// @notice Uniswap V4's; zero where there is none.
    function poolManager() external view returns (IPoolManager);
    /// @notice Balancer V3's; zero where there is none.
    function balancer() external view returns (IBalancerVault);
    function rulebook() external view returns (IRulebook);
    /// @notice What all vaults run: the half that trades, and the other one to which it delegates.
    function implementation() external view returns (address);
    function extension() external view returns (address);
}
