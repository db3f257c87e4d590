// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Target} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// depositEth() and plain ether.
contract EtherTest is Fixture {
    function setUp() public override {
        super.setUp();
        vm.deal(OWNER, 10 ether);
        vm.deal(STRANGER, 10 ether);
    }

    function send(address from, uint256 amount) private returns (bool ok) {
        vm.prank(from);
        (ok,) = address(vault).call{value: amount}("");
    }

    function test_depositEth_wraps() public {
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(weth), OWNER, 2 ether);
        vm.prank(OWNER);
        vault.depositEth{value: 2 ether}();
        assertEq(held(WETH), 12e18, "wrapped");
        assertEq(address(vault).balance, 0, "no ether left");
    }

    function test_depositEth_refusesOthers() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        vm.prank(STRANGER);
        vault.depositEth{value: 1}();
    }

    function test_depositEth_refusesZero() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToDeposit.selector));
        vm.prank(OWNER);
        vault.depositEth();
    }

    function test_depositEth_refusesWhenWethIsNotListed() public {
        Target[] memory t = defaultTargets();
        Target[] memory two = new Target[](2);
        (two[0], two[1]) = (t[0], t[1]);
        two[1].targetBps = 6_000;
        vm.prank(OWNER);
        vault.setTargets(two);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnknownToken.selector, address(weth)));
        vm.prank(OWNER);
        vault.depositEth{value: 1}();
    }

    function test_P10_depositEth_closesAnOpenEpoch() public {
        driftAndBegin();
        vm.prank(OWNER);
        vault.depositEth{value: 1}();
        assertTrue(!isOpen(), "closed");
    }

    function test_receive_wrapsWhatTheOwnerSends() public {
        driftAndBegin();
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(weth), OWNER, 1 ether);
        assertTrue(send(OWNER, 1 ether), "accepted");
        assertEq(held(WETH), 11e18, "wrapped");
    }

    function test_P8_receive_aStrangersGiftDisturbsNothing() public {
        driftAndBegin();
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(weth), STRANGER, 1 ether);
        assertTrue(send(STRANGER, 1 ether), "accepted");
        assertTrue(isOpen(), "still open");
        assertEq(held(WETH), 11e18, "wrapped");
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
    }

    /// The vault never unwraps, so ether from WETH is somebody's gift like any other.
    function test_receive_wrapsWhatWethPays() public {
        weth.pay{value: 1 ether}(address(vault));
        assertEq(held(WETH), 11e18, "wrapped");
        assertEq(address(vault).balance, 0, "no ether left");
    }

    /// Ether that came in without a call is wrapped with the next that comes by one.
    function test_receive_rescuesForcedEther() public {
        vm.deal(address(vault), 3 ether);
        assertTrue(send(OWNER, 1), "accepted");
        assertEq(held(WETH), 13e18 + 1, "all wrapped");
        assertEq(address(vault).balance, 0, "no ether left");
    }

    function test_receive_worksWithoutTargets() public {
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), new Target[](0), "empty"));
        assertTrue(send(OWNER, 1 ether), "accepted");
        assertEq(held(WETH), 1e18, "wrapped");
    }
}
