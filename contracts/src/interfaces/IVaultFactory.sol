// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Policy, Target} from "./IVault.sol";

interface IVaultFactory {
    event VaultCreated(address indexed vault, address indexed owner);

    error ZeroAddress(string field);

    /// @notice Deploys a vault at the address that `predict(msg.sender, owner, salt)` told beforehand.
    /// @param owner the only account that can ever withdraw
    /// @param keeper first executor; zero for none
    /// @param targets may be empty: such a vault holds coins and never trades until the owner sets targets
    function create(address owner, address keeper, Policy calldata policy, Target[] calldata targets, bytes32 salt)
        external
        returns (address vault);

    /// @notice The address depends on who creates and who owns, so nobody can take it for somebody else.
    function predict(address creator, address owner, bytes32 salt) external view returns (address);

    function isVault(address account) external view returns (bool);
    function implementation() external view returns (address);
}
