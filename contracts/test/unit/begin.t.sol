// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Due, IVault, Policy, State} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";

contract BeginTest is Fixture {
    function test_begin_opensAnEpochOnDeviation() public {
        drift();
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(1, Due.Deviation, 115_000e8);
        assertEq(begin(), 1, "epoch");

        State memory s = vault.state();
        assertEq(s.epoch, 1, "epoch");
        assertEq(s.sequence, 0, "sequence");
        assertEq(s.epochStart, T0, "start");
        assertEq(s.epochEnd, T0 + 3_600, "end");
        assertEq(s.epochNavUsdE8, 115_000e8, "nav");
        assertEq(s.lossUsdE8, 0, "loss");
    }

    function test_begin_ownerMayBeginToo() public {
        drift();
        vm.prank(OWNER);
        assertEq(vault.begin(), 1, "epoch");
    }

    function test_begin_opensAnEpochOnSchedule() public {
        Policy memory p = defaultPolicy();
        p.scheduleS = 1 days;
        setPolicy(p);
        wethFeed.set(3_200e18); // 1.3 points of drift, inside the band, outside the inner band
        vm.warp(T0 + 1 days);
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(1, Due.Schedule, 102_000e8);
        begin();
    }

    function test_begin_secondEpochStartsAfresh() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 0.5e18, 10_000));
        assertEq(vault.state().sequence, 1, "sequence");
        vm.warp(T0 + 3_600); // the epoch ended by itself
        assertEq(begin(), 2, "epoch");
        assertEq(vault.state().sequence, 0, "sequence");
    }

    function test_begin_refusesStrangers() public {
        drift();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        vm.prank(STRANGER);
        vault.begin();
    }

    function test_P18_begin_refusesWhilePaused() public {
        drift();
        vm.prank(OWNER);
        vault.pause();
        vm.expectRevert(abi.encodeWithSelector(IVault.Paused.selector, type(uint32).max));
        begin();
    }

    function test_P20_begin_refusesAboveTheGasPriceCap() public {
        Policy memory p = defaultPolicy();
        p.maxGasPriceMwei = 30_000; // 30 gwei
        setPolicy(p);
        drift();
        vm.txGasPrice(30 gwei + 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.GasPriceAboveCap.selector, 30 gwei + 1, 30 gwei));
        begin();
        vm.txGasPrice(30 gwei);
        begin();
    }

    function test_begin_refusesWhileAnEpochIsOpen() public {
        driftAndBegin();
        vm.expectRevert(abi.encodeWithSelector(IVault.EpochIsOpen.selector, 1));
        begin();
    }

    function test_begin_refusesInsideTheBand() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("IN_BAND"), 0));
        begin();
    }

    function test_begin_refusesDuringCooldown() public {
        Policy memory p = defaultPolicy();
        p.cooldownS = 600;
        setPolicy(p);
        driftAndBegin();
        vm.warp(T0 + 100);
        vm.prank(KEEPER);
        vault.finish();
        vm.warp(T0 + 699);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("COOLDOWN"), uint40(T0 + 700)));
        begin();
        vm.warp(T0 + 700);
        begin();
    }

    function test_P4_begin_refusesStalePrices() public {
        drift();
        usdcFeed.setUpdatedAt(T0 - 48 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("PRICE_STALE"), 0));
        begin();
    }

    function test_P5_begin_refusesInvalidPrices() public {
        drift();
        wbtcFeed.set(0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("PRICE_INVALID"), 0));
        begin();
    }

    function test_P5_begin_refusesClampedPrices() public {
        drift();
        wbtcFeed.set(10_000_000e8);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("PRICE_OUT_OF_BOUNDS"), 0));
        begin();
    }

    function test_P5_begin_refusesUnreachableFeeds() public {
        drift();
        wethFeed.setMode(Feed.Mode.Revert);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("PRICE_UNREACHABLE"), 0));
        begin();
    }

    function test_begin_refusesNavBeyond72Bits() public {
        drift();
        usdc.mint(address(vault), uint256(type(uint72).max));
        vm.expectPartialRevert(bytes4(keccak256("SafeCastOverflowedUintDowncast(uint8,uint256)")));
        begin();
    }

    function test_begin_navUpTo72Bits() public {
        drift();
        usdc.mint(address(vault), 46e18); // 46 trillion dollars; 2**72 is 4.7e21 in USD E8
        begin();
        assertEq(vault.state().epochNavUsdE8, 46e20 + 115_000e8, "nav");
    }

    /// A bucket filled by a large vault must not lock a small one for months.
    function test_P21_begin_capsTheLossLevelAtTheNewBudget() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 1e18, 9_900)); // loses 45 dollars
        assertEq(vault.state().lossUsdE8, 45e8, "level");
        vm.startPrank(OWNER);
        vault.withdraw(address(usdc), held(USDC) * 99 / 100);
        vault.withdraw(address(wbtc), held(WBTC) * 99 / 100);
        vault.withdraw(address(weth), held(WETH) * 99 / 100);
        vm.stopPrank();
        begin();
        State memory s = vault.state();
        assertEq(s.lossUsdE8, uint256(s.epochNavUsdE8) / 100, "a full bucket of the new size");
        vm.warp(T0 + 1 days);
        drift();
        begin();
        doFill(fairFill(WETH, USDC, 0.002e18, 10_000));
        assertLe(vault.state().lossUsdE8, 1, "a day empties it");
    }
}
