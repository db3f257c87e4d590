// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";

import {IWETH} from "./interfaces/External.sol";
import {IOracleHub} from "./interfaces/IOracleHub.sol";
import {Policy, Target} from "./interfaces/IVault.sol";
import {IVaultFactory} from "./interfaces/IVaultFactory.sol";
import {Rulebook} from "./Rulebook.sol";
import {Vault} from "./Vault.sol";

/// @title VaultFactory
/// @notice Makes vaults and has no power over them afterwards.
contract VaultFactory is IVaultFactory {
    IOracleHub public immutable hub;
    IWETH public immutable weth;
    Rulebook public immutable rulebook;
    address public immutable implementation;

    mapping(address vault => bool) public isVault;

    constructor(IOracleHub hub_, IWETH weth_) {
        require(address(hub_).code.length != 0, ZeroAddress("hub"));
        require(address(weth_).code.length != 0, ZeroAddress("weth"));
        hub = hub_;
        weth = weth_;
        rulebook = new Rulebook();
        implementation = address(new Vault(hub_, weth_, rulebook));
    }

    /// @inheritdoc IVaultFactory
    function create(address owner, address keeper, Policy calldata policy, Target[] calldata targets, bytes32 salt)
        external
        returns (address vault)
    {
        require(owner != address(0), ZeroAddress("owner"));
        vault = LibClone.cloneDeterministic(implementation, _salt(msg.sender, owner, salt)); // P:[25]
        isVault[vault] = true;
        emit VaultCreated(vault, owner);
        bytes memory rules = abi.encode(rulebook.wordOf(policy));
        if (targets.length != 0) rules = bytes.concat(rules, rulebook.recordsOf(targets, hub));
        Vault(payable(vault)).initialise(owner, keeper, rules);
    }

    /// @inheritdoc IVaultFactory
    function predict(address creator, address owner, bytes32 salt) external view returns (address) {
        return LibClone.predictDeterministicAddress(implementation, _salt(creator, owner, salt), address(this));
    }

    function _salt(address creator, address owner, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(creator, owner, salt));
    }
}
