// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Fill, IVault, Policy, Slice, State, Target, Venue} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";

/// Sizes, prices and limits of a single fill. What strangers may try in the middle of one is in strangers.t.sol.
contract FillTest is Fixture {
    function setUp() public override {
        super.setUp();
        driftAndBegin();
    }

    /* -------------------------------------------------- who -------------------------------------------------- */

    function test_fill_keeperSellsTheSurplusForTheDeficit() public {
        uint256 fair = fairOut(WETH, USDC, 1e18);
        vm.expectEmit(address(vault));
        emit IVault.Filled(1, 0, KEEPER, WETH, USDC, Venue.Filler, address(filler), 1e18, fair * 9_950 / 10_000, 22.5e8);
        doFill(fairFill(WETH, USDC, 1e18, 9_950));
        assertEq(held(WETH), 9e18, "sold");
        assertEq(held(USDC), 40_000e6 + fair * 9_950 / 10_000, "bought");
        assertEq(filler.lastMinOut(), fair * 9_900 / 10_000, "the filler is told what is needed");
        State memory s = vault.state();
        assertEq(s.sequence, 1, "sequence");
        assertEq(s.lastSliceAt, T0, "slice at");
        assertEq(s.lossUsdE8, 22.5e8, "loss");
        assertNoAllowance(address(filler));
    }

    function test_fill_ownerMayFillToo() public {
        Slice memory s = slice();
        fillAs(OWNER, s, fairFill(WETH, USDC, 1e18, 10_000));
        assertEq(held(WETH), 9e18, "sold");
    }

    function test_fill_refusesStrangers() public {
        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        expectFillRevert(STRANGER, s, f, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
    }

    function test_fill_refusesAKeeperThatWasDismissed() public {
        vm.prank(OWNER);
        vault.setKeeper(KEEPER, false);
        expectFillRevert(
            fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.NotKeeper.selector, KEEPER)
        );
    }

    /* -------------------------------------------------- when ------------------------------------------------- */

    function test_P18_fill_refusesWhilePaused() public {
        Slice memory s = slice();
        vm.prank(OWNER);
        vault.pause();
        expectFillRevert(KEEPER, s, fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.Paused.selector, type(uint32).max));
    }

    function test_P20_fill_refusesAboveTheGasPriceCap() public {
        Policy memory p = defaultPolicy();
        p.maxGasPriceMwei = 1;
        setPolicy(p);
        begin();
        vm.txGasPrice(1e6 + 1);
        expectFillRevert(
            fairFill(WETH, USDC, 1e18, 10_000),
            abi.encodeWithSelector(IVault.GasPriceAboveCap.selector, 1e6 + 1, 1e6)
        );
        vm.txGasPrice(1e6);
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
    }

    function test_P25_fill_refusesAfterItsDeadline() public {
        Slice memory s = slice();
        vm.warp(T0 + 1);
        expectFillRevert(KEEPER, s, fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.DeadlinePassed.selector, T0));
    }

    function test_fill_refusesWithoutAnEpoch() public {
        vm.prank(KEEPER);
        vault.finish();
        expectFillRevert(fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
    }

    function test_P21_fill_refusesOnceTheEpochEndedByItself() public {
        vm.warp(T0 + 3_599);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        vm.warp(T0 + 3_600);
        expectFillRevert(fairFill(WETH, USDC, 0.1e18, 10_000), abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
    }

    function test_P25_fill_cannotRunTwice() public {
        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 0.1e18, 10_000);
        fillAs(KEEPER, s, f);
        expectFillRevert(KEEPER, s, f, abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 1));
    }

    function test_P25_fill_refusesAnOldEpoch() public {
        Slice memory s = slice();
        vm.prank(KEEPER);
        vault.finish();
        begin();
        expectFillRevert(KEEPER, s, fairFill(WETH, USDC, 0.1e18, 10_000), abi.encodeWithSelector(IVault.WrongSlice.selector, 2, 0));
    }

    function test_fill_waitsBetweenSlices() public {
        Policy memory p = defaultPolicy();
        p.sliceCooldownS = 60;
        p.cooldownS = 60;
        setPolicy(p);
        vm.warp(T0 + 60);
        begin();
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000)); // the first needs no wait
        vm.warp(T0 + 119);
        expectFillRevert(
            fairFill(WETH, USDC, 0.1e18, 10_000), abi.encodeWithSelector(IVault.SliceCooldown.selector, T0 + 120)
        );
        vm.warp(T0 + 120);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
    }

    function test_fill_lastClosesTheEpoch() public {
        Slice memory s = slice();
        s.last = true;
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 1);
        fillAs(KEEPER, s, fairFill(WETH, USDC, 0.1e18, 10_000));
        assertTrue(!isOpen(), "closed");
        assertEq(vault.state().epochEnd, T0, "end");
    }

    /* ------------------------------------------------- prices ------------------------------------------------ */

    function expectBadPrice(Feed feed, PriceStatus status, uint256 updatedAt) private {
        bytes32 id = register(feed);
        expectFillRevert(
            fairFill(WETH, USDC, 0.1e18, 10_000),
            abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, status, updatedAt)
        );
    }

    function test_P4_fill_refusesStalePrices() public {
        Policy memory p = defaultPolicy();
        p.ttlS = 86_400;
        setPolicy(p);
        begin();
        usdcFeed.setUpdatedAt(T0 - 47 hours);
        vm.warp(T0 + 1 hours);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        vm.warp(T0 + 1 hours + 1);
        expectBadPrice(usdcFeed, PriceStatus.Stale, T0 - 47 hours);
    }

    function test_P4_fill_refusesPricesFromTheFuture() public {
        wethFeed.setUpdatedAt(T0 + 1);
        expectBadPrice(wethFeed, PriceStatus.Stale, T0 + 1);
    }

    function test_P5_fill_refusesZeroAndNegativePrices() public {
        Fill memory f = fairFill(WETH, USDC, 0.1e18, 10_000);
        bytes32 id = register(wethFeed);
        wethFeed.set(0);
        expectFillRevert(f, abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.Invalid, T0));
        wethFeed.set(-1);
        expectFillRevert(f, abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.Invalid, T0));
    }

    function test_P5_fill_refusesClampedPrices() public {
        Fill memory f = fairFill(WETH, USDC, 0.1e18, 10_000);
        bytes32 id = register(wethFeed);
        wethFeed.set(1e14); // exactly the lower bound
        expectFillRevert(f, abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.OutOfBounds, T0));
        wethFeed.set(10_000_000e18); // exactly the upper bound
        expectFillRevert(f, abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.OutOfBounds, T0));
    }

    function test_P5_fill_refusesUnreachableFeeds() public {
        usdcFeed.setMode(Feed.Mode.Revert);
        expectBadPrice(usdcFeed, PriceStatus.Unreachable, 0);
        usdcFeed.setMode(Feed.Mode.Short);
        expectBadPrice(usdcFeed, PriceStatus.Unreachable, 0);
        usdcFeed.setMode(Feed.Mode.BurnGas);
        expectBadPrice(usdcFeed, PriceStatus.Unreachable, 0);
    }

    function test_fill_asksOnlyTheFeedsOfItsTwoAssets() public {
        wbtcFeed.setMode(Feed.Mode.Revert);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        assertEq(held(WETH), 9.9e18, "sold");
    }

    /* ------------------------------------------------- sizes ------------------------------------------------- */

    function test_fill_refusesUnknownIndices() public {
        expectFillRevert(
            puppetFill(3, USDC, 1e18, new Call[](0)), abi.encodeWithSelector(IVault.NothingToTrade.selector, 3, USDC)
        );
        expectFillRevert(
            puppetFill(WETH, 255, 1e18, new Call[](0)),
            abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, 255)
        );
        expectFillRevert(
            puppetFill(WETH, WETH, 1e18, new Call[](0)),
            abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, WETH)
        );
    }

    function test_P11_fill_refusesTheWrongDirection() public {
        expectFillRevert(
            fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WETH)
        );
        expectFillRevert(
            fairFill(USDC, WBTC, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WBTC)
        );
    }

    /// USDC lacks 6,000 dollars, so 6,000 of WETH's surplus of 10,500 may go for it: 1.333... WETH.
    function test_P12_fill_clampsToTheDeficit() public {
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1));
        assertEq(10e18 - held(WETH), uint256(6_000e18) / 4_500, "clamped");
    }

    /// WETH has 10,500 too much; after USDC got 6,000, WBTC's deficit of 4,500 is exactly the rest.
    function test_P12_fill_clampsToTheSurplus() public {
        usdc.burn(address(vault), 10_000e6); // the deficit is 16,000 now, the surplus as before
        doFill(paidFill(WETH, USDC, 5e18, 10_500e6 - 1));
        assertEq(10e18 - held(WETH), uint256(10_500e18) / 4_500, "clamped");
    }

    function test_P8_fill_clampsToWhatIsThere() public {
        weth.burn(address(vault), 9.9e18);
        expectFillRevert(
            fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, USDC)
        );
    }

    function test_P11_fill_stopsAtTheDestination() public {
        Policy memory p = defaultPolicy();
        p.destinationBps = 5_000; // back to half of the 5 points
        setPolicy(p);
        begin();
        // WETH: 45,000 - 32.5 % of 115,000 = 7,625. USDC: 37.5 % of 115,000 - 40,000 = 3,125. The larger need rules,
        // but USDC takes no more than its deficit of 6,000.
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1));
        assertEq(10e18 - held(WETH), uint256(6_000e18) / 4_500, "first");
        // WETH: 39,000 - 37,375 = 1,625 left. WBTC needs 32.5 - ... = 27.5 % of 115,000 - 30,000 = 1,625.
        doFill(paidFill(WETH, WBTC, 5e18, fairOut(WETH, WBTC, uint256(1_625e18) / 4_500)));
        assertEq(10e18 - held(WETH), uint256(6_000e18) / 4_500 + uint256(1_625e18) / 4_500, "second");
        // What WBTC's eight decimals could not express stays: 0.0002 dollars.
        expectFillRevert(
            fairFill(WETH, WBTC, 1e18, 10_000), abi.encodeWithSelector(IVault.BelowMinTrade.selector, 19_999, 1e8)
        );
    }

    function test_fill_clampsToTheSliceCap() public {
        Policy memory p = defaultPolicy();
        p.maxSliceBps = 100; // 1,150 dollars
        setPolicy(p);
        begin();
        doFill(paidFill(WETH, USDC, 5e18, 1_150e6));
        assertEq(10e18 - held(WETH), uint256(1_150e18) / 4_500, "clamped");
        doFill(paidFill(WETH, USDC, 5e18, 1_150e6)); // the next slice has its own cap
        assertEq(10e18 - held(WETH), 2 * (uint256(1_150e18) / 4_500), "clamped again");
    }

    function test_P20_fill_refusesDust() public {
        Fill memory f = fairFill(WETH, USDC, 0.0002e18, 10_000); // 90 cents
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowMinTrade.selector, 0.9e8, 1e8));
        f.amountIn = 0;
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowMinTrade.selector, 0, 1e8));
    }

    /* ------------------------------------------------- limits ------------------------------------------------ */

    function test_P1_fill_takesTheWorstAllowedPrice() public {
        doFill(paidFill(WETH, USDC, 1e18, 4_455e6));
        assertEq(vault.state().lossUsdE8, 45e8, "loss");
    }

    function test_P1_fill_refusesOneUnitLess() public {
        expectFillRevert(
            paidFill(WETH, USDC, 1e18, 4_455e6 - 1),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_455e6 - 1, 4_455e6)
        );
    }

    function test_fill_respectsTheCallersMinOut() public {
        Fill memory f = paidFill(WETH, USDC, 1e18, 4_490e6);
        f.minOut = 4_490e6 + 1;
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowCallersMinOut.selector, 4_490e6, 4_490e6 + 1));
        f.minOut = 4_490e6;
        doFill(f);
        assertEq(filler.lastMinOut(), 4_490e6, "told to the filler");
    }

    /// 10 WETH asked for 45,000; a seventh and a bit of that is sold, so the bound shrinks with it, rounded up.
    function test_fill_scalesTheCallersMinOutWhenClamped() public {
        Fill memory f = paidFill(WETH, USDC, 10e18, 5_990e6);
        f.minOut = 44_940e6;
        uint256 sold = uint256(6_000e18) / 4_500;
        uint256 scaled = (44_940e6 * sold + 10e18 - 1) / 10e18;
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowCallersMinOut.selector, 5_990e6, scaled));
        f.minOut = 44_900e6;
        doFill(f);
    }

    function test_P1_fill_chargesTheLossBucketUntilItIsFull() public {
        Policy memory p = defaultPolicy();
        p.lossBpsPerDay = 5; // 57.50 dollars
        setPolicy(p);
        begin();
        doFill(fairFill(WETH, USDC, 0.5e18, 9_900)); // 22.50
        doFill(fairFill(WETH, USDC, 0.5e18, 9_900)); // 45.00
        expectFillRevert(
            fairFill(WETH, USDC, 0.3e18, 9_900), // 13.50 more
            abi.encodeWithSelector(IVault.LossBudgetExceeded.selector, 58.5e8, 57.5e8)
        );
        // 1.00 leaks in 1,502.6 seconds, rounded against the keeper
        vm.warp(T0 + 1_502);
        expectFillRevert(
            fairFill(WETH, USDC, 0.3e18, 9_900),
            abi.encodeWithSelector(
                IVault.LossBudgetExceeded.selector, uint256(58.5e8) - uint256(57.5e8) * 1_502 / 86_400, 57.5e8
            )
        );
        vm.warp(T0 + 1_503);
        doFill(fairFill(WETH, USDC, 0.3e18, 9_900));
    }

    /// Good fills do not buy room for bad ones.
    function test_P1_fill_gainsDoNotRefillTheBudget() public {
        doFill(fairFill(WETH, USDC, 0.5e18, 9_900));
        doFill(fairFill(WETH, USDC, 0.5e18, 10_100));
        assertEq(vault.state().lossUsdE8, 22.5e8, "level");
    }

    function test_P12_fill_refusesToOvershoot() public {
        uint256 sold = uint256(6_000e18) / 4_500;
        // The deficit is filled at 1 % above the oracle: within what a fill may win, and a unit for the rounding.
        Fill memory f = paidFill(WETH, USDC, sold, 6_060e6 + 1);
        uint256 id = vm.snapshotState();
        doFill(f);
        vm.revertToState(id);
        expectFillRevert(
            paidFill(WETH, USDC, sold, 6_060e6 + 2), abi.encodeWithSelector(IVault.Overshoot.selector, USDC)
        );
    }

    /// Sold for nothing, paid for nothing: only a gift arrives, and it would have to shrink the drift.
    function test_P11_fill_refusesWhenNothingImproved() public {
        expectFillRevert(
            puppetFill(
                WETH,
                USDC,
                1e18,
                calls(Call(address(weth), abi.encodeWithSignature("mint(address,uint256)", vault, 1e18)))
            ),
            abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
    }

    function test_P11_fill_neverBothWays() public {
        doFill(paidFill(WETH, USDC, 5e18, 6_060e6 - 1)); // USDC is a little over its target now
        expectFillRevert(
            fairFill(USDC, WETH, 30e6, 10_000), abi.encodeWithSelector(IVault.SoldBefore.selector, WETH)
        );
    }

    function test_P20_fill_whatTheFillerGivesBackWasNotTraded() public {
        uint256 amountIn = 1e18;
        Call[] memory c = new Call[](2);
        c[0] = Call(address(weth), abi.encodeWithSignature("transfer(address,uint256)", address(vault), amountIn - 1e10));
        c[1] = minting(usdc, 45);
        expectFillRevert(
            puppetFill(WETH, USDC, amountIn, c), abi.encodeWithSelector(IVault.BelowMinTrade.selector, 4_500, 1e8)
        );
    }

    /* --------------------------------------------- live balances --------------------------------------------- */

    function test_P8_fill_aDonationOnlyChangesTheSize() public {
        usdc.mint(address(vault), 5_000e6); // 1,000 dollars of deficit are left
        doFill(paidFill(WETH, USDC, 5e18, 1_000e6 - 1));
        assertEq(10e18 - held(WETH), uint256(1_000e18) / 4_500, "clamped to what is left");
    }

    /// The property was written for shared vaults, where a withdrawal must not stop the others' rebalance. Here the only
    /// holder has changed his mind about what is to be held: the plan is void, cleanly, and the next one may be made.
    function test_P10_fill_aWithdrawalClosesTheEpochAndTheNextMayBegin() public {
        Slice memory s = slice();
        vm.prank(OWNER);
        vault.withdraw(address(weth), 1e18);
        expectFillRevert(KEEPER, s, fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
        assertEq(held(WETH), 9e18, "nothing else happened");
        assertEq(begin(), 2, "the next epoch");
        doFill(fairFill(WETH, USDC, 0.5e18, 10_000));
    }

    /// One wei in or out of any asset, between the plan and its execution, by anybody.
    function test_P8_fill_oneWeiChangesNothing() public {
        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        for (uint8 i; i < 3; ++i) {
            tokenOf(i).mint(address(vault), 1);
        }
        fillAs(KEEPER, s, f);
        assertEq(held(WETH), 9e18 + 1, "sold what was asked for");
        assertEq(held(USDC), 44_500e6 + 1, "bought");
    }
}
