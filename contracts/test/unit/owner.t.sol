// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, State} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

/// setKeeper(), pause(), resume().
contract OwnerTest is Fixture {
    function test_setKeeper_allowsAndDismisses() public {
        assertTrue(vault.isKeeper(KEEPER), "first keeper");
        vm.expectEmit(address(vault));
        emit IVault.KeeperSet(STRANGER, true);
        vm.prank(OWNER);
        vault.setKeeper(STRANGER, true);
        assertTrue(vault.isKeeper(STRANGER), "second keeper");
        drift();
        vm.prank(STRANGER);
        vault.begin();
        vm.prank(OWNER);
        vault.setKeeper(STRANGER, false);
        assertTrue(!vault.isKeeper(STRANGER), "dismissed");
        assertTrue(isOpen(), "dismissing a keeper is no reason to stop the others");
    }

    function test_setKeeper_refusesEverybodyElse() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.setKeeper(STRANGER, true);
    }

    function test_P18_pause_stopsUntilResumed() public {
        vm.expectEmit(address(vault));
        emit IVault.PausedUntil(type(uint32).max);
        vm.prank(OWNER);
        vault.pause();
        assertEq(vault.state().pausedUntil, type(uint32).max, "paused");
        vm.expectEmit(address(vault));
        emit IVault.PausedUntil(0);
        vm.prank(OWNER);
        vault.resume();
        assertEq(vault.state().pausedUntil, 0, "resumed");
        driftAndBegin();
    }

    function test_P10_pause_closesAnOpenEpoch() public {
        driftAndBegin();
        vm.warp(T0 + 9);
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        vm.prank(OWNER);
        vault.pause();
        vm.prank(OWNER);
        vault.resume();
        assertTrue(!isOpen(), "closed");
        assertEq(vault.state().epochEnd, T0 + 9, "end");
    }

    function test_resume_changesNothingElse() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 0.5e18, 9_950));
        State memory a = vault.state();
        vm.prank(OWNER);
        vault.resume();
        assertEq(keccak256(abi.encode(a)), keccak256(abi.encode(vault.state())), "state");
    }

    function test_pauseAndResume_refuseEverybodyElse() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.pause();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.resume();
    }
}
