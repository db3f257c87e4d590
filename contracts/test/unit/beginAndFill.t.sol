// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Due, Fill, IVault, Policy, Slice, State} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

contract BeginAndFillTest is Fixture {
    function first(bool last) private view returns (Slice memory) {
        return Slice(vault.state().epoch + 1, 0, uint40(block.timestamp), last);
    }

    function test_beginAndFill_opensFillsAndCloses() public {
        drift();
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000), fairFill(WETH, WBTC, 0.5e18, 10_000));
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(1, Due.Deviation, 115_000e8);
        vm.expectEmit(address(vault));
        emit IVault.Filled(
            1, 0, KEEPER, WETH, USDC, fills[0].venue, address(filler), 1e18, fairOut(WETH, USDC, 1e18), 0
        );
        vm.expectEmit(address(vault));
        emit IVault.Filled(
            1, 0, KEEPER, WETH, WBTC, fills[1].venue, address(filler), 0.5e18, fairOut(WETH, WBTC, 0.5e18), 0
        );
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 1);
        beginAndFillAs(KEEPER, first(true), fills);

        State memory s = vault.state();
        assertEq(s.sequence, 1, "sequence");
        assertEq(s.lastSliceAt, T0, "slice at");
        assertEq(s.epochEnd, T0, "closed");
        assertEq(held(WETH), 8.5e18, "sold");
    }

    function test_beginAndFill_mayLeaveTheEpochOpen() public {
        drift();
        beginAndFillAs(KEEPER, first(false), many(fairFill(WETH, USDC, 1e18, 10_000)));
        assertTrue(isOpen(), "open");
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        assertEq(vault.state().sequence, 2, "sequence");
    }

    function test_beginAndFill_refusesStrangers() public {
        drift();
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        beginAndFillAs(STRANGER, s, fills);
    }

    function test_beginAndFill_refusesWhatIsNotDue() public {
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("IN_BAND"), 0));
        beginAndFillAs(KEEPER, s, fills);
    }

    function test_beginAndFill_refusesWhileAnEpochIsOpen() public {
        driftAndBegin();
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        vm.expectRevert(abi.encodeWithSelector(IVault.EpochIsOpen.selector, 1));
        beginAndFillAs(KEEPER, s, fills);
    }

    function test_P25_beginAndFill_refusesAnotherEpochOrSequence() public {
        drift();
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        Slice memory s = first(true);
        s.epoch = 0;
        vm.expectRevert(abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 0));
        beginAndFillAs(KEEPER, s, fills);

        s = first(true);
        s.sequence = 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 0));
        beginAndFillAs(KEEPER, s, fills);
    }

    function test_P25_beginAndFill_cannotRunTwice() public {
        drift();
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 0.2e18, 10_000));
        beginAndFillAs(KEEPER, s, fills);
        vm.expectRevert(abi.encodeWithSelector(IVault.WrongSlice.selector, 2, 0));
        beginAndFillAs(KEEPER, s, fills);
    }

    function test_P25_beginAndFill_refusesAfterItsDeadline() public {
        drift();
        Slice memory s = first(true);
        s.deadline = uint40(T0 - 1);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        vm.expectRevert(abi.encodeWithSelector(IVault.DeadlinePassed.selector, T0 - 1));
        beginAndFillAs(KEEPER, s, fills);
    }

    function test_beginAndFill_refusesAnEmptySlice() public {
        drift();
        Slice memory s = first(true);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToTrade.selector, 0, 0));
        beginAndFillAs(KEEPER, s, new Fill[](0));
    }

    function test_beginAndFill_bothOrNone() public {
        drift();
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000), fairFill(WETH, WBTC, 0.5e18, 9_899));
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        beginAndFillAs(KEEPER, s, fills);
        assertEq(held(WETH), 10e18, "untouched");
        assertEq(vault.state().epoch, 0, "no epoch");
    }

    /// The prices that opened the epoch are the prices of its first slice: the hub is asked once.
    function test_beginAndFill_readsEachFeedOnce() public {
        Policy memory p = defaultPolicy();
        setPolicy(p);
        drift();
        Slice memory s = first(true);
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000), fairFill(WETH, WBTC, 0.5e18, 10_000));
        bytes memory read = abi.encodeWithSignature("latestRoundData()");
        vm.expectCall(address(usdcFeed), read, 1);
        vm.expectCall(address(wbtcFeed), read, 1);
        vm.expectCall(address(wethFeed), read, 1);
        beginAndFillAs(KEEPER, s, fills);
    }
}
