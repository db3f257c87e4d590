// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {Asset, IVault, Policy, State, Target} from "../../src/interfaces/IVault.sol";
import {IVaultFactory} from "../../src/interfaces/IVaultFactory.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// VaultFactory, and the code that it gives to vaults.
contract FactoryTest is Fixture {
    function test_factory_vaultsKnowTheirParts() public view {
        assertEq(address(factory.hub()), address(hub), "hub");
        assertEq(address(factory.weth()), address(weth), "weth");
        assertEq(address(factory.rulebook()), rulebook, "rulebook");
        assertEq(address(factory.poolManager()), address(0), "poolManager");
        assertEq(address(factory.balancer()), address(0), "balancer");
        assertEq(vault.hub(), address(hub), "hub");
        assertEq(vault.weth(), address(weth), "weth");
        assertEq(vault.factory(), address(factory), "factory");
        assertEq(vault.rulebook(), rulebook, "rulebook");
        assertEq(vault.extension(), factory.extension(), "extension");
    }

    function test_factory_refusesAddressesWithoutCode() public {
        address none = address(0x77);
        expectNoFactory(abi.encode(none, weth, 0, 0), "rulebook");
        expectNoFactory(abi.encode(rulebook, none, 0, 0), "weth");
        expectNoFactory(abi.encode(rulebook, weth, none, 0), "poolManager");
        expectNoFactory(abi.encode(rulebook, weth, 0, none), "balancer");
    }

    function expectNoFactory(bytes memory arguments, string memory field) private {
        bytes memory code = abi.encodePacked(vm.getCode("VaultFactory.sol:VaultFactory"), arguments);
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
        address predicted = factory.predict(address(this), OWNER, KEEPER, defaultPolicy(), defaultTargets(), "one");
        Target[] memory t = defaultTargets();
        address[] memory keepers = new address[](1);
        keepers[0] = KEEPER;
        bytes memory rules = IRulebook(rulebook).make(defaultPolicy(), keepers, t);
        vm.expectEmit(address(factory));
        emit IVaultFactory.VaultCreated(predicted, OWNER, rules);
        IVault made = IVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, "one"));

        assertEq(address(made), predicted, "address");
        assertTrue(factory.isVault(predicted), "known");
        assertTrue(!factory.isVault(OWNER), "unknown");
        assertEq(made.owner(), OWNER, "owner");
        assertTrue(made.isKeeper(KEEPER), "keeper");
        State memory s = made.state();
        assertEq(s.epoch, 0, "epoch");
        assertEq(s.epochEnd, 0, "nothing is stored");
        assertEq(keccak256(abi.encode(made.policy())), keccak256(abi.encode(defaultPolicy())), "policy");
        assertEq(keccak256(abi.encode(made.assets())), keccak256(abi.encode(vault.assets())), "assets");
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

    /// Nobody can take the address that somebody else was promised, nor get it for another owner or other rules.
    function testFuzz_P25_predict_bindsCreatorOwnerRulesAndSalt(address creator, address owner, bytes32 salt) public {
        vm.assume(creator != address(0) && owner != address(0));
        vm.assume(creator != address(this) || owner != OWNER || salt != 0);
        address predicted = predicts(creator, owner, KEEPER, 100, salt);
        vm.prank(creator);
        assertEq(factory.create(owner, KEEPER, defaultPolicy(), new Target[](0), salt), predicted, "as predicted");
        assertEq(IVault(predicted).owner(), owner, "owner");
        address other = address(uint160(creator) ^ 1);
        assertTrue(predicts(other, owner, KEEPER, 100, salt) != predicted, "creator");
        assertTrue(predicts(creator, address(uint160(owner) ^ 1), KEEPER, 100, salt) != predicted, "owner");
        assertTrue(predicts(creator, owner, STRANGER, 100, salt) != predicted, "keeper");
        assertTrue(predicts(creator, owner, KEEPER, 101, salt) != predicted, "policy");
        assertTrue(predicts(creator, owner, KEEPER, 100, ~salt) != predicted, "salt");
    }

    function predicts(address creator, address owner, address keeper, uint16 maxSlipBps, bytes32 salt)
        private
        view
        returns (address)
    {
        Policy memory p = defaultPolicy();
        p.maxSlipBps = maxSlipBps;
        return factory.predict(creator, owner, keeper, p, new Target[](0), salt);
    }

    function test_implementation_isNobodys() public {
        IFullVault implementation = IFullVault(factory.implementation());
        assertEq(implementation.owner(), address(implementation), "owns itself");
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        vm.prank(STRANGER);
        implementation.pause();
        expectNoRules(implementation);
    }

    /// Bytes of the code of a half must never be taken for rules: they might say anything.
    function expectNoRules(IFullVault half) private {
        vm.expectRevert();
        half.raw();
        vm.expectRevert();
        vm.prank(KEEPER);
        half.begin();
    }

    /// The extension is code for others: by itself it is nobody's vault.
    function test_extension_isNoVault() public {
        IFullVault extension = IFullVault(factory.extension());
        assertTrue(!factory.isVault(address(extension)), "no vault");
        assertTrue(extension.owner() != OWNER, "owner");
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, OWNER));
        vm.prank(OWNER);
        extension.setGuardian(OWNER);
        expectNoRules(extension);
    }

    /* ------------------------------------------------- isVault ----------------------------------------------- */

    /// The same code, or code that looks like it, put somewhere by somebody else, with storage of his own making.
    function test_isVault_refusesForgeries() public {
        address forged = address(0xF0463D);
        vm.etch(forged, address(vault).code);
        assertTrue(!factory.isVault(forged), "same code elsewhere");
        bytes memory code = address(vault).code;
        bytes memory creation = abi.encodePacked(hex"61", uint16(code.length), hex"80600a3d393df3", code);
        address made;
        assembly {
            made := create2(0, add(creation, 32), mload(creation), 1)
        }
        assertEq(keccak256(made.code), keccak256(code), "a true copy");
        assertTrue(!factory.isVault(made), "not ours");
        vm.etch(forged, bytes.concat(code, hex"00"));
        assertTrue(!factory.isVault(forged), "longer");
        vm.etch(forged, "");
        assertTrue(!factory.isVault(forged), "empty");
        assertTrue(!factory.isVault(factory.implementation()), "implementation");
        assertTrue(!factory.isVault(predicts(address(this), OWNER, KEEPER, 100, "later")), "not yet");
        assertTrue(factory.isVault(address(vault)), "ours");
    }

    /* -------------------------------------------------- sizes ------------------------------------------------ */

    /// No contract can grow past 16 KB unnoticed, and no vault can change its code.
    function test_sizes_below16KB() public view {
        assertLt(address(factory).code.length, 16_384, "VaultFactory");
        assertLt(factory.implementation().code.length, 16_384, "Vault");
        assertLt(factory.extension().code.length, 16_384, "VaultExtension");
        assertLt(rulebook.code.length, 16_384, "Rulebook");
        assertLt(address(hub).code.length, 16_384, "OracleHub");
        bytes memory rules = vault.raw().rules;
        assertEq(address(vault).code.length, 81 + rules.length, "a delegatecall to one address, an owner, a salt, rules");
    }

    /// EIP-3860 for the creation code, EIP-7825 for the transaction.
    function test_sizes_theFactoryCanBeDeployed() public {
        bytes memory code = vm.getCode("VaultFactory.sol:VaultFactory");
        assertLt(code.length + 128, 49_152, "creation code");
        uint256 before = gasleft();
        deploy("VaultFactory", abi.encode(rulebook, weth, 0, 0));
        uint256 data = (code.length + 128) * 16;
        assertLt(before - gasleft() + data + 53_000, 1 << 24, "gas of the deployment");
    }

    /* --------------------------------------------------- gas ------------------------------------------------- */

    /// @return where the hub keeps a config: the first contract of the proxy that the id makes (see Solady's SSTORE2)
    function pointerOf(bytes32 id) private view returns (address) {
        bytes32 code = 0x21c35dbe1b344a2488cf3321d6ce542f8e9f305544ff09e4993a62319a497c1f;
        address proxy = address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", hub, id, code)))));
        address pointer = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", proxy, hex"01")))));
        require(pointer.code.length != 0, "no config there");
        return pointer;
    }

    /// {gas} of a whole transaction: 21,000, the calldata, and everything cold.
    function createGas(uint256 assets) private returns (uint256 used) {
        Target[] memory t = new Target[](assets);
        for (uint256 i; i < assets; ++i) {
            Token token = new Token(18);
            address at = address(uint160(uint256(keccak256("token")) >> 96) + uint160(i));
            vm.etch(at, address(token).code);
            t[i] = target(
                Token(at), uint16(i == 0 ? 10_000 - (assets - 1) * 1_000 : 1_000), 500, register(new Feed(8, 1e8))
            );
        }
        bytes memory data = abi.encodeCall(factory.create, (OWNER, KEEPER, defaultPolicy(), t, bytes32(assets)));
        address to = address(factory);
        vm.cool(rulebook);
        vm.cool(address(hub));
        vm.cool(factory.implementation());
        vm.cool(factory.extension());
        for (uint256 i; i < assets; ++i) {
            vm.cool(t[i].token);
            vm.cool(pointerOf(t[i].feedId));
        }
        uint256 before = gasleft();
        (bool ok,) = to.call(data);
        used = before - gasleft() + 21_000;
        assertTrue(ok, "created");
        for (uint256 i; i < data.length; ++i) {
            used += data[i] == 0 ? 4 : 16;
        }
    }

    function test_create_gas() public {
        assertLe(createGas(2), 200_000, "2 assets");
    }

    function test_create_gasOf3() public {
        assertLe(createGas(3), 223_000, "3 assets");
    }

    function test_create_gasOf5() public {
        assertLe(createGas(5), 269_000, "5 assets");
    }
}
