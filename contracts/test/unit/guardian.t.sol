// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, State} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

/// setGuardian() and guardianPause().
contract GuardianTest is Fixture {
    address private constant GUARDIAN = address(0x6A4D);

    function setUp() public override {
        super.setUp();
        appoint(GUARDIAN);
    }

    function appoint(address account) private {
        vm.prank(OWNER);
        vault.setGuardian(account);
    }

    function halt(uint32 seconds_) private {
        vm.prank(GUARDIAN);
        vault.guardianPause(seconds_);
    }

    function test_setGuardian_setsAndDismisses() public {
        (address account,) = vault.guardian();
        assertEq(account, GUARDIAN, "guardian");
        vm.expectEmit(address(vault));
        emit IVault.GuardianSet(address(0));
        appoint(address(0));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotGuardian.selector, GUARDIAN));
        halt(1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.setGuardian(GUARDIAN);
    }

    function test_P18_guardianPause_stopsTradingAndEndsByItself() public {
        drift();
        vm.expectEmit(address(vault));
        emit IVault.PausedUntil(uint40(T0 + 7 days));
        halt(7 days);
        vm.expectRevert(abi.encodeWithSelector(IVault.Paused.selector, T0 + 7 days));
        begin();
        vm.warp(T0 + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Paused.selector, T0 + 7 days));
        begin();
        vm.warp(T0 + 7 days);
        drift(); // fresh prices
        begin();
    }

    function test_P18_guardianPause_holdsNobodysCoins() public {
        halt(7 days);
        vm.prank(OWNER);
        vault.withdraw(address(usdc), type(uint256).max);
        vm.prank(OWNER);
        vault.withdrawAll(new address[](0));
        assertEq(usdc.balanceOf(OWNER), 40_000e6, "out");
        assertEq(weth.balanceOf(OWNER), 10e18, "out");
    }

    function test_P18_guardianPause_isShort() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.PauseTooLong.selector, 7 days + 1, 7 days));
        halt(7 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.PauseTooLong.selector, type(uint32).max, 7 days));
        halt(type(uint32).max);
    }

    /// Three quarters of the time are free, whatever pieces the pauses come in.
    function testFuzz_P18_guardianPause_isRare(uint256 seed) public {
        uint256 paused;
        uint256 at = T0;
        for (uint256 i; i < 20; ++i) {
            uint256 length = seed % 7 days;
            seed = uint256(keccak256(abi.encode(seed)));
            halt(uint32(length));
            paused += length;
            (, uint40 next) = vault.guardian();
            assertEq(next, at + 4 * length, "next");
            if (length != 0) {
                vm.warp(next - 1);
                vm.expectRevert(abi.encodeWithSelector(IVault.PauseTooSoon.selector, next));
                halt(0);
            }
            at = next;
            vm.warp(at);
        }
        assertEq(4 * paused, at - T0, "a quarter");
    }

    function test_P18_guardianPause_theOwnerResumesAndTheWaitStays() public {
        halt(1 days);
        vm.prank(OWNER);
        vault.resume();
        driftAndBegin();
        vm.expectRevert(abi.encodeWithSelector(IVault.PauseTooSoon.selector, T0 + 4 days));
        halt(1);
        appoint(STRANGER); // nor does a new guardian start anew
        vm.expectRevert(abi.encodeWithSelector(IVault.PauseTooSoon.selector, T0 + 4 days));
        vm.prank(STRANGER);
        vault.guardianPause(1);
    }

    function test_P18_guardianPause_neverShortensAPause() public {
        vm.prank(OWNER);
        vault.pause();
        halt(60);
        assertEq(vault.state().pausedUntil, type(uint32).max, "the owner's pause");
    }

    /// Else a second of pause at a time would end every epoch.
    function test_P18_guardianPause_leavesTheEpochOpen() public {
        driftAndBegin();
        State memory s = vault.state();
        halt(60);
        s.pausedUntil = uint40(T0 + 60);
        assertEq(keccak256(abi.encode(s)), keccak256(abi.encode(vault.state())), "nothing else");
        expectFillRevert(fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.Paused.selector, T0 + 60));
        vm.warp(T0 + 60);
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
    }

    function test_P18_guardian_canDoNothingElse() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.pause();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.withdraw(address(usdc), 1);
        drift();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.begin();
    }
}
