// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, State} from "../../src/interfaces/IVault.sol";
import {PuppetOwner} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";

/// transferOwnership() and acceptOwnership().
contract OwnershipTest is Fixture {
    address private constant HEIR = address(0x4E1);

    function offer(address to) private {
        vm.prank(OWNER);
        vault.transferOwnership(to);
    }

    function accept(address who) private {
        vm.prank(who);
        vault.acceptOwnership();
    }

    function test_ownership_movesInTwoSteps() public {
        vm.expectEmit(address(vault));
        emit IVault.PendingOwnerSet(HEIR);
        offer(HEIR);
        assertEq(vault.owner(), OWNER, "not yet");
        assertEq(vault.pendingOwner(), HEIR, "pending");
        vm.expectEmit(address(vault));
        emit IVault.OwnerSet(HEIR);
        accept(HEIR);
        assertEq(vault.owner(), HEIR, "moved");
        assertEq(vault.pendingOwner(), address(0), "nobody waits");
        assertTrue(vault.state().ownerMoved, "told");

        vm.prank(HEIR);
        vault.withdraw(address(usdc), 1e6);
        assertEq(usdc.balanceOf(HEIR), 1e6, "the new owner's coins");
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, OWNER));
        vm.prank(OWNER);
        vault.withdraw(address(usdc), 1e6);
    }

    function test_ownership_mayMoveOnAndBack() public {
        offer(HEIR);
        accept(HEIR);
        vm.prank(HEIR);
        vault.transferOwnership(OWNER);
        accept(OWNER);
        assertEq(vault.owner(), OWNER, "back");
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, HEIR));
        vm.prank(HEIR);
        vault.pause();
    }

    function test_ownership_theOfferCanBeTakenBack() public {
        offer(HEIR);
        offer(address(0));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, HEIR));
        accept(HEIR);
        assertEq(vault.owner(), OWNER, "same owner");
    }

    function test_ownership_onlyTheOwnerOffersAndOnlyTheHeirAccepts() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.transferOwnership(KEEPER);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, STRANGER));
        accept(STRANGER);
        offer(HEIR);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, OWNER));
        accept(OWNER);
        accept(HEIR);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, HEIR));
        accept(HEIR);
    }

    /// Nothing else changes hands by it: an open epoch, the pause, the rules.
    function test_ownership_changesNothingElse() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 0.5e18, 9_950));
        offer(HEIR);
        State memory s = vault.state();
        accept(HEIR);
        s.ownerMoved = true;
        assertEq(keccak256(abi.encode(s)), keccak256(abi.encode(vault.state())), "state");
        assertTrue(vault.isKeeper(KEEPER), "keeper");
        doFill(fairFill(WETH, USDC, 0.5e18, 9_950));
        assertEq(vault.owner(), HEIR, "the hot word keeps it");
    }

    /// A vault's owner may be a contract, and may be handed to one.
    function test_ownership_contractsMayOwn() public {
        PuppetOwner safe = new PuppetOwner();
        offer(address(safe));
        safe.run(calls(call(abi.encodeCall(IVault.acceptOwnership, ()))));
        safe.run(calls(call(abi.encodeCall(IVault.withdraw, (address(weth), 1e18)))));
        assertEq(weth.balanceOf(address(safe)), 1e18, "paid out");
    }
}
