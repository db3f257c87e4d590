// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";

import {IBalancerVault, IWETH} from "./interfaces/External.sol";
import {IPoolManager} from "./interfaces/IUniswapV4.sol";
import {IOracleHub} from "./interfaces/IOracleHub.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {Policy, Target} from "./interfaces/IVault.sol";
import {IVaultFactory} from "./interfaces/IVaultFactory.sol";
import {Vault} from "./Vault.sol";
import {VaultExtension} from "./VaultExtension.sol";

/// @title VaultFactory
/// @notice Makes vaults and has no power over them afterwards.
/// @dev A vault is a clone with two immutable arguments in its code, owner 20 bytes and salt 16 bytes. Both, and nothing
///      else, make its address, so that any address tells by its own code whether it was made here.
contract VaultFactory is IVaultFactory {
    uint256 private constant CLONE_BYTES = 0x2d; // of code before the arguments: see Solady's LibClone
    uint256 private constant ARGUMENT_BYTES = 36;

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
        address[] memory keepers = new address[](keeper == address(0) ? 0 : 1);
        if (keeper != address(0)) keepers[0] = keeper;
        bytes memory rules = rulebook.make(policy, keepers, targets);
        bytes16 bound = _bind(msg.sender, owner, salt);
        vault = LibClone.cloneDeterministic(implementation, abi.encodePacked(owner, bound), bound); // P:[25]
        VaultExtension(vault).initialise(rules);
        emit VaultCreated(vault, owner, rules);
    }

    /// @inheritdoc IVaultFactory
    function predict(address creator, address owner, bytes32 salt) external view returns (address) {
        return _addressOf(owner, _bind(creator, owner, salt));
    }

    /// @inheritdoc IVaultFactory
    /// @dev To be at the address that its own arguments make, code must have been put there by this factory, which sets
    ///      up what it makes in the same call. The same code made by anybody else lies elsewhere.
    function isVault(address account) external view returns (bool) {
        if (account.code.length != CLONE_BYTES + ARGUMENT_BYTES) return false;
        uint256 owner;
        uint256 bound;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(account, 0x0c, CLONE_BYTES, 0x14)
            owner := mload(0x00)
            extcodecopy(account, 0x00, add(CLONE_BYTES, 0x14), 0x20) // the code ends after 16 bytes, zeros follow
            bound := mload(0x00)
        }
        return account == _addressOf(address(uint160(owner)), bytes16(bytes32(bound)));
    }

    function _addressOf(address owner, bytes16 bound) private view returns (address) {
        return
            LibClone.predictDeterministicAddress(implementation, abi.encodePacked(owner, bound), bound, address(this));
    }

    /// @dev Half a hash: to meet another's address by chance would take 2**128 attempts.
    function _bind(address creator, address owner, bytes32 salt) private pure returns (bytes16) {
        return bytes16(keccak256(abi.encode(creator, owner, salt)));
    }
}
