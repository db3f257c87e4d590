// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";

import {IBalancerVault, IWETH} from "./interfaces/External.sol";
import {IPoolManager} from "./interfaces/IUniswapV4.sol";
import {IOracleHub} from "./interfaces/IOracleHub.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {Policy, Target} from "./interfaces/IVault.sol";
import {IVaultFactory} from "./interfaces/IVaultFactory.sol";
import {Rules} from "./libraries/Rules.sol";
import {Vault} from "./Vault.sol";
import {VaultExtension} from "./VaultExtension.sol";

/// @title VaultFactory
/// @notice Makes vaults and has no power over them afterwards.
/// @dev A vault is a clone with immutable arguments in its code: owner 20 bytes, salt 16 bytes, and the rules that it begins
///      with. They, and nothing else, make its address, so that any address tells by its own code whether it was made here.
contract VaultFactory is IVaultFactory {
    IOracleHub public immutable hub;
    IWETH public immutable weth;
    IPoolManager public immutable poolManager;
    IBalancerVault public immutable balancer;
    IRulebook public immutable rulebook;
    address public immutable extension;
    address public immutable implementation;

    /// @param rulebook_ what vaults will be held to; it knows the hub
    /// @param poolManager_ of Uniswap V4; zero where there is none
    /// @param balancer_ vault of Balancer V3; zero where there is none
    constructor(IRulebook rulebook_, IWETH weth_, IPoolManager poolManager_, IBalancerVault balancer_) {
        require(address(rulebook_).code.length != 0, ZeroAddress("rulebook"));
        require(address(weth_).code.length != 0, ZeroAddress("weth"));
        require(_isAbsentOrCode(address(poolManager_)), ZeroAddress("poolManager"));
        require(_isAbsentOrCode(address(balancer_)), ZeroAddress("balancer"));
        rulebook = rulebook_;
        hub = rulebook_.hub();
        weth = weth_;
        poolManager = poolManager_;
        balancer = balancer_;
        extension = address(new VaultExtension(weth_, rulebook_, address(this)));
        implementation = address(new Vault(weth_, rulebook_, poolManager_, balancer_, extension));
    }

    function _isAbsentOrCode(address account) private view returns (bool) {
        return account == address(0) || account.code.length != 0;
    }

    /// @inheritdoc IVaultFactory
    function create(address owner, address keeper, Policy calldata policy, Target[] calldata targets, bytes32 salt)
        external
        returns (address vault)
    {
        require(owner != address(0), ZeroAddress("owner"));
        bytes memory rules = _rules(keeper, policy, targets);
        bytes16 bound = _bind(msg.sender, owner, salt);
        vault = LibClone.cloneDeterministic(implementation, abi.encodePacked(owner, bound, rules), bound); // P:[25]
        emit VaultCreated(vault, owner, rules);
    }

    /// @inheritdoc IVaultFactory
    function predict(
        address creator,
        address owner,
        address keeper,
        Policy calldata policy,
        Target[] calldata targets,
        bytes32 salt
    ) external view returns (address) {
        bytes16 bound = _bind(creator, owner, salt);
        return _addressOf(abi.encodePacked(owner, bound, _rules(keeper, policy, targets)), bound);
    }

    /// @inheritdoc IVaultFactory
    /// @dev To be at the address that its own arguments make, code must have been put there by this factory, from rules
    ///      that the rulebook had made. The same code made by anybody else lies elsewhere.
    function isVault(address account) external view returns (bool) {
        if (account.code.length <= Rules.RULES_AT) return false;
        bytes memory arguments = LibClone.argsOnClone(account);
        bytes32 word;
        assembly ("memory-safe") {
            word := mload(add(arguments, 0x34)) // behind the owner
        }
        return account == _addressOf(arguments, bytes16(word));
    }

    function _addressOf(bytes memory arguments, bytes16 bound) private view returns (address) {
        return LibClone.predictDeterministicAddress(implementation, arguments, bound, address(this));
    }

    function _rules(address keeper, Policy calldata policy, Target[] calldata targets)
        private
        view
        returns (bytes memory)
    {
        address[] memory keepers = new address[](keeper == address(0) ? 0 : 1);
        if (keeper != address(0)) keepers[0] = keeper;
        return rulebook.make(policy, keepers, targets);
    }

    /// @dev Half a hash: to meet another's address by chance would take 2**128 attempts.
    function _bind(address creator, address owner, bytes32 salt) private pure returns (bytes16) {
        return bytes16(keccak256(abi.encode(creator, owner, salt)));
    }
}
