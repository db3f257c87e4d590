// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Asset, IVault, Policy, State, Target} from "../../src/interfaces/IVault.sol";
import {IVaultFactory} from "../../src/interfaces/IVaultFactory.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// VaultFactory and Vault.initialise().
contract FactoryTest is Fixture {
    function test_factory_vaultsKnowTheirParts() public view {
        assertEq(factory.hub(), address(hub), "hub");
        assertEq(factory.weth(), address(weth), "weth");
        assertEq(vault.hub(), address(hub), "hub");
        assertEq(vault.weth(), address(weth), "weth");
        assertEq(vault.factory(), address(factory), "factory");
        assertEq(vault.rulebook(), factory.rulebook(), "rulebook");
    }

    function test_factory_refusesAddressesWithoutCode() public {
        bytes memory code = vm.getCode("VaultFactory.sol:VaultFactory");
        expectNoFactory(abi.encodePacked(code, abi.encode(address(0x77), weth)), "hub");
        expectNoFactory(abi.encodePacked(code, abi.encode(hub, address(0x77))), "weth");
    }

    function expectNoFactory(bytes memory code, string memory field) private {
        bool failed;
        bytes memory why;
        assembly {
            failed := iszero(create(0, add(code, 32), mload(code)))
            why := mload(0x40)
            mstore(why, returndatasize())
            returndatacopy(add(why, 32), 0, returndatasize())
            mstore(0x40, add(why, add(64, returndatasize())))
        }
        assertTrue(failed, "no factory");
        assertEq(keccak256(why), keccak256(abi.encodeWithSelector(IVaultFactory.ZeroAddress.selector, field)), field);
    }

    function test_create_setsEverything() public {
        address predicted = factory.predict(address(this), OWNER, "one");
        Target[] memory t = defaultTargets();
        vm.expectEmit(address(factory));
        emit IVaultFactory.VaultCreated(predicted, OWNER);
        vm.expectEmit(predicted);
        emit IVault.OwnerSet(OWNER);
        vm.expectEmit(predicted);
        emit IVault.PolicySet(defaultPolicy());
        vm.expectEmit(predicted);
        emit IVault.TargetsSet(vault.assets());
        vm.expectEmit(predicted);
        emit IVault.KeeperSet(KEEPER, true);
        IVault made = IVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, "one"));

        assertEq(address(made), predicted, "address");
        assertTrue(factory.isVault(predicted), "known");
        assertTrue(!factory.isVault(OWNER), "unknown");
        assertEq(made.owner(), OWNER, "owner");
        assertTrue(made.isKeeper(KEEPER), "keeper");
        State memory s = made.state();
        assertEq(s.epoch, 0, "epoch");
        assertEq(s.epochEnd, T0, "the schedule counts from the creation");
        assertEq(made.assets().length, 3, "assets");
    }

    function test_create_keeperAndTargetsMayBeLeftOut() public {
        IVault made = IVault(factory.create(OWNER, address(0), defaultPolicy(), new Target[](0), "bare"));
        assertTrue(!made.isKeeper(address(0)), "no keeper");
        assertEq(made.assets().length, 0, "no assets");
        Asset[] memory none = made.assets();
        assertEq(none.length, 0, "no table");
    }

    function test_create_refusesNoOwner() public {
        Target[] memory t = defaultTargets();
        vm.expectRevert(abi.encodeWithSelector(IVaultFactory.ZeroAddress.selector, "owner"));
        factory.create(address(0), KEEPER, defaultPolicy(), t, 0);
    }

    function test_create_refusesBadPoliciesAndTargets() public {
        Target[] memory t = defaultTargets();
        Policy memory p = defaultPolicy();
        p.maxSlipBps = 501;
        vm.expectRevert(abi.encodeWithSelector(IVault.BadPolicy.selector, "maxSlipBps", 501, 1, 500));
        factory.create(OWNER, KEEPER, p, t, "bad");
        t[0].targetBps -= 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.TargetsDoNotSumTo10000.selector, 9_999));
        factory.create(OWNER, KEEPER, defaultPolicy(), t, "bad");
        t[0].feedId = 0;
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(0)));
        factory.create(OWNER, KEEPER, defaultPolicy(), t, "bad");
    }

    function test_P25_create_onceForEachSalt() public {
        Target[] memory t = defaultTargets();
        vm.expectRevert(abi.encodeWithSignature("DeploymentFailed()"));
        factory.create(OWNER, KEEPER, defaultPolicy(), t, 0); // the fixture's own
    }

    /// Nobody can take the address that somebody else was promised, nor get it for another owner.
    function testFuzz_P25_predict_bindsCreatorOwnerAndSalt(address creator, address owner, bytes32 salt) public {
        vm.assume(creator != address(0) && owner != address(0));
        vm.assume(creator != address(this) || owner != OWNER || salt != 0);
        address predicted = factory.predict(creator, owner, salt);
        vm.prank(creator);
        assertEq(factory.create(owner, KEEPER, defaultPolicy(), new Target[](0), salt), predicted, "as predicted");
        assertEq(IVault(predicted).owner(), owner, "owner");
        address other = address(uint160(creator) ^ 1);
        assertTrue(factory.predict(other, owner, salt) != predicted, "creator");
        assertTrue(factory.predict(creator, address(uint160(owner) ^ 1), salt) != predicted, "owner");
        assertTrue(factory.predict(creator, owner, ~salt) != predicted, "salt");
    }

    function test_initialise_onlyOnceAndOnlyByTheFactory() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        vm.prank(STRANGER);
        vault.initialise(STRANGER, STRANGER, "");
        vm.expectRevert(abi.encodeWithSelector(IVault.AlreadyInitialised.selector));
        vm.prank(address(factory));
        vault.initialise(STRANGER, STRANGER, "");
    }

    function test_initialise_neverTheImplementation() public {
        IFullVault implementation = IFullVault(factory.implementation());
        vm.expectRevert(abi.encodeWithSelector(IVault.AlreadyInitialised.selector));
        vm.prank(address(factory));
        implementation.initialise(STRANGER, STRANGER, "");
        assertEq(implementation.owner(), address(implementation), "owns itself");
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        vm.prank(STRANGER);
        implementation.pause();
    }

    /// No contract can grow past 16 KB unnoticed, and no vault can change its code.
    function test_sizes_below16KB() public view {
        assertLt(address(factory).code.length, 16_384, "VaultFactory");
        assertLt(factory.implementation().code.length, 16_384, "Vault");
        assertLt(factory.rulebook().code.length, 16_384, "Rulebook");
        assertLt(address(hub).code.length, 16_384, "OracleHub");
        assertEq(address(vault).code.length, 44, "a clone is nothing but a delegatecall to one address");
    }
}
