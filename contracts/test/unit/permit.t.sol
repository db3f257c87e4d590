// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../../src/interfaces/IVault.sol";
import {Call, PuppetOwner} from "../mocks/Strangers.sol";
import {PermitToken, SigningOwner} from "../mocks/Permits.sol";
import {Fixture} from "../utils/Fixture.sol";

/// depositWithPermit().
contract PermitTest is Fixture {
    uint256 private constant KEY = 0xA11CE;
    PermitToken private coin;
    address private signer;

    function setUp() public override {
        super.setUp();
        vm.etch(address(usdc), address(new PermitToken(6)).code);
        coin = PermitToken(address(usdc));
        signer = vm.addr(KEY);
        vm.prank(OWNER);
        vault.transferOwnership(signer);
        vm.prank(signer);
        vault.acceptOwnership();
        coin.mint(signer, 100e6);
    }

    function signed(uint256 key, uint256 amount, uint256 deadline) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, coin.digest(vm.addr(key), address(vault), amount, deadline));
        return abi.encodePacked(r, s, v);
    }

    function depositAs(address who, uint256 amount, uint256 deadline, bytes memory signature) private {
        vm.prank(who);
        vault.depositWithPermit(address(coin), amount, deadline, signature);
    }

    function test_depositWithPermit_needsNoApproval() public {
        bytes memory signature = signed(KEY, 60e6, T0);
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(coin), signer, 60e6);
        depositAs(signer, 60e6, T0, signature);
        assertEq(held(USDC), 40_060e6, "vault");
        assertEq(coin.allowance(signer, address(vault)), 0, "used up");
    }

    /// The signature is public once it is sent: whoever uses it first only does the owner's work.
    function test_depositWithPermit_survivesThatAnotherSentThePermitFirst() public {
        bytes memory signature = signed(KEY, 60e6, T0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, coin.digest(signer, address(vault), 60e6, T0));
        vm.prank(STRANGER);
        coin.permit(signer, address(vault), 60e6, T0, v, r, s);
        depositAs(signer, 60e6, T0, signature);
        assertEq(held(USDC), 40_060e6, "vault");
    }

    function test_depositWithPermit_isNoWayRoundTheAllowance() public {
        bytes memory signature = signed(KEY, 60e6, T0 - 1); // too late
        vm.expectRevert();
        depositAs(signer, 60e6, T0 - 1, signature);
        signature = signed(KEY, 59e6, T0); // for less
        vm.expectRevert();
        depositAs(signer, 60e6, T0, signature);
        signature = signed(KEY + 1, 60e6, T0); // by somebody else
        vm.expectRevert();
        depositAs(signer, 60e6, T0, signature);
        assertEq(held(USDC), 40_000e6, "nothing came");
    }

    function test_depositWithPermit_refusesOthersAndUnlistedTokens() public {
        bytes memory signature = signed(KEY, 60e6, T0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        depositAs(STRANGER, 60e6, T0, signature);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnknownToken.selector, STRANGER));
        vm.prank(signer);
        vault.depositWithPermit(STRANGER, 1, T0, signature);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToDeposit.selector));
        depositAs(signer, 0, T0, signature);
    }

    function test_P10_depositWithPermit_closesAnOpenEpoch() public {
        driftAndBegin();
        depositAs(signer, 60e6, T0, signed(KEY, 60e6, T0));
        assertTrue(!isOpen(), "closed");
    }

    /// A Safe signs as contracts do (ERC-1271), with as many bytes as it likes.
    function test_depositWithPermit_takesTheSignaturesOfContracts() public {
        SigningOwner safe = new SigningOwner();
        vm.prank(signer);
        vault.transferOwnership(address(safe));
        safe.run(calls(call(abi.encodeCall(IVault.acceptOwnership, ()))));
        coin.mint(address(safe), 60e6);
        bytes memory signature = "two of three owners have signed this";
        bytes memory data = abi.encodeCall(IVault.depositWithPermit, (address(coin), 60e6, T0, signature));
        Call[] memory list = calls(call(data));
        vm.expectRevert(); // not yet
        safe.run(list);
        safe.approveSignature(coin.digest(address(safe), address(vault), 60e6, T0), signature);
        safe.run(list);
        assertEq(held(USDC), 40_060e6, "vault");
    }
}
