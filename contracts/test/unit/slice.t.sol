// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Policy, Slice} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";

contract SliceTest is Fixture {
    function setUp() public override {
        super.setUp();
        driftAndBegin();
    }

    function expectManyRevert(Fill[] memory fills, bytes memory why) private {
        Slice memory s = slice();
        vm.expectRevert(why);
        vm.prank(KEEPER);
        vault.fill(s, fills);
    }

    function test_slice_isOneSlice() public {
        fillManyAs(
            KEEPER, slice(), many(fairFill(WETH, USDC, 1e18, 10_000), fairFill(WETH, WBTC, 0.5e18, 10_000))
        );
        assertEq(held(WETH), 8.5e18, "sold");
        assertEq(vault.state().sequence, 1, "one slice");
    }

    function test_slice_lastClosesTheEpoch() public {
        Slice memory s = slice();
        s.last = true;
        fillManyAs(KEEPER, s, many(fairFill(WETH, USDC, 1e18, 10_000)));
        assertTrue(!isOpen(), "closed");
    }

    function test_slice_refusesStrangers() public {
        Slice memory s = slice();
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        vm.prank(STRANGER);
        vault.fill(s, fills);
    }

    function test_slice_refusesWhilePausedWithoutEpochOrTooLate() public {
        Fill[] memory fills = many(fairFill(WETH, USDC, 1e18, 10_000));
        Slice memory s = slice();
        s.deadline = uint40(T0 - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.DeadlinePassed.selector, T0 - 1));
        vm.prank(KEEPER);
        vault.fill(s, fills);

        vm.prank(KEEPER);
        vault.finish();
        expectManyRevert(fills, abi.encodeWithSelector(IVault.NoOpenEpoch.selector));

        vm.prank(OWNER);
        vault.pause();
        expectManyRevert(fills, abi.encodeWithSelector(IVault.Paused.selector, type(uint32).max));
    }

    function test_slice_refusesAnEmptySlice() public {
        expectManyRevert(new Fill[](0), abi.encodeWithSelector(IVault.NothingToTrade.selector, 0, 0));
    }

    function test_slice_refusesUnknownIndices() public {
        expectManyRevert(
            many(puppetFill(200, USDC, 1e18, new Call[](0))),
            abi.encodeWithSelector(IVault.NothingToTrade.selector, 200, USDC)
        );
    }

    function test_P25_slice_cannotRunTwice() public {
        Slice memory s = slice();
        Fill[] memory fills = many(fairFill(WETH, USDC, 0.1e18, 10_000));
        fillManyAs(KEEPER, s, fills);
        vm.expectRevert(abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 1));
        vm.prank(KEEPER);
        vault.fill(s, fills);
    }

    function test_P25_slice_waitsBetweenSlices() public {
        Policy memory p = defaultPolicy();
        p.sliceCooldownS = 60;
        p.cooldownS = 60;
        setPolicy(p);
        vm.warp(T0 + 60);
        begin();
        Fill[] memory fills = many(fairFill(WETH, USDC, 0.1e18, 10_000));
        fillManyAs(KEEPER, slice(), fills);
        expectManyRevert(fills, abi.encodeWithSelector(IVault.SliceCooldown.selector, T0 + 120));
    }

    /// The slice cap holds for all fills of a transaction together: the second is clamped, the third has nothing left.
    function test_slice_sharesTheSliceCap() public {
        Policy memory p = defaultPolicy();
        p.maxSliceBps = 200; // 2,300 dollars
        setPolicy(p);
        begin();
        Fill memory one = paidFill(WETH, USDC, uint256(1_800e18) / 4_500, 1_800e6);
        Fill memory two = paidFill(WETH, WBTC, 1e18, fairOut(WETH, WBTC, uint256(500e18) / 4_500));
        uint256 id = vm.snapshotState();
        fillManyAs(KEEPER, slice(), many(one, two));
        assertEq(10e18 - held(WETH), uint256(1_800e18) / 4_500 + uint256(500e18) / 4_500, "2,300 dollars in all");

        vm.revertToState(id);
        Fill[] memory three = new Fill[](3);
        (three[0], three[1]) = (one, two);
        three[2] = fairFill(WETH, USDC, 0.1e18, 10_000);
        // Rounding left less than a cent of the cap.
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.BelowMinTrade.selector);
        vm.prank(KEEPER);
        vault.fill(s, three);
    }

    function test_slice_refusesBeyondTheSliceCap() public {
        Policy memory p = defaultPolicy();
        p.maxSliceBps = 1;
        setPolicy(p);
        wethFeed.set(5_000e18); // NAV 120,000: the cap is 12 dollars, exactly 0.0024 WETH
        begin();
        Fill memory all = paidFill(WETH, USDC, 1e18, 12e6);
        expectManyRevert(many(all, all), abi.encodeWithSelector(IVault.SliceAboveCap.selector, 12e8, 12e8));
        fillManyAs(KEEPER, slice(), many(all));
    }

    function test_P1_slice_sharesTheLossBudget() public {
        Policy memory p = defaultPolicy();
        p.lossBpsPerDay = 5; // 57.50 dollars
        setPolicy(p);
        begin();
        Fill memory bad = fairFill(WETH, USDC, 0.5e18, 9_900); // loses 22.50
        fillManyAs(KEEPER, slice(), many(bad, bad));
        expectManyRevert(
            many(fairFill(WETH, USDC, 0.3e18, 9_900)),
            abi.encodeWithSelector(IVault.LossBudgetExceeded.selector, 58.5e8, 57.5e8)
        );
    }

    /// The second fill sees what the first one did.
    function test_P8_slice_eachFillUsesLiveBalances() public {
        Fill memory f = paidFill(WETH, USDC, 1e18, 4_500e6);
        Fill memory rest = paidFill(WETH, USDC, 1e18, 1_500e6 - 1);
        fillManyAs(KEEPER, slice(), many(f, rest));
        assertEq(10e18 - held(WETH), 1e18 + uint256(1_500e18) / 4_500, "clamped to the rest of the deficit");
    }

    function test_slice_readsEachFeedOnce() public {
        bytes memory read = abi.encodeWithSignature("latestRoundData()");
        Slice memory s = slice();
        Fill[] memory fills = many(fairFill(WETH, USDC, 0.1e18, 10_000), fairFill(WETH, USDC, 0.1e18, 10_000));
        vm.expectCall(address(usdcFeed), read, 1);
        vm.expectCall(address(wbtcFeed), read, 0);
        vm.expectCall(address(wethFeed), read, 1);
        fillManyAs(KEEPER, s, fills);
    }

    function test_slice_allOrNothing() public {
        expectManyRevert(
            many(fairFill(WETH, USDC, 1e18, 10_000), fairFill(USDC, WETH, 1e6, 10_000)),
            abi.encodeWithSelector(IVault.SoldBefore.selector, WETH)
        );
        assertEq(held(WETH), 10e18, "untouched");
        assertEq(vault.state().sequence, 0, "not consumed");
    }
}
