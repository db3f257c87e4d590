// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Due, Fill, IVault, Policy, Slice, State, Target} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

/// What may be traded once a stop has fired. How stops fire is told elsewhere: here the latch is set as it is stored.
contract StoppedTest is Fixture {
    function setUp() public override {
        super.setUp();
        setTargets(true, false);
    }

    function setTargets(bool usdcSafe, bool wbtcSafe) private {
        Target[] memory t = defaultTargets();
        t[USDC].safe = usdcSafe;
        t[WBTC].safe = wbtcSafe;
        vm.prank(OWNER);
        vault.setTargets(t);
    }

    /// @dev Bits 216 .. 247 of the first word: see Words.
    function latch(uint256 stopped) private {
        uint256 hot = uint256(vm.load(address(vault), 0));
        vm.store(address(vault), 0, bytes32(hot | stopped << 216));
        assertEq(vault.state().stopped, stopped, "where the latch lies");
    }

    function stopWeth() private {
        latch(1 << WETH);
    }

    function test_P7_stopped_isDueAtOnce() public {
        stopWeth();
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(1, Due.Stop, 100_000e8);
        begin();
    }

    /// 30 points are sold, all for the safe asset, whose target is 70 now.
    function test_P7_stopped_isSoldToTheLastUnit() public {
        stopWeth();
        begin();
        doFill(fairFill(WETH, USDC, 100e18, 10_000 * 10 / 100)); // pays for 10 of the 100 asked for
        assertEq(held(WETH), 0, "nothing is left");
        assertEq(held(USDC), 70_000e6, "in the safe asset");
    }

    function test_P7_stopped_cannotBeBought() public {
        stopWeth();
        weth.burn(address(vault), 10e18); // not even when nothing of it is held
        begin(); // for WBTC, which is 43 % now
        expectFillRevert(
            fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WETH)
        );
        expectFillRevert(
            fairFill(WBTC, WETH, 0.1e8, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, WBTC, WETH)
        );
    }

    function test_P7_stopped_cannotBeBoughtWhateverItsPrice() public {
        stopWeth();
        wethFeed.set(1e18);
        begin();
        expectFillRevert(
            fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WETH)
        );
    }

    function test_P7_stopped_buysNoOtherRiskyAssetBeyondItsTarget() public {
        stopWeth();
        begin();
        expectFillRevert(
            fairFill(WETH, WBTC, 1e18, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, WBTC)
        );
    }

    function test_P7_stopped_mayFillUpAnUnderweightAsset() public {
        stopWeth();
        wbtcFeed.set(40_000e8); // NAV 90,000: WBTC 20,000, which should be 27,000
        begin();
        doFill(paidFill(WETH, WBTC, 10e18, 0.175e8 - 1));
        assertEq(10e18 - held(WETH), uint256(7_000e18) / 3_000, "7,000 dollars and no more");
    }

    /// Freed points are shared by the safe assets as their targets are: 30 by 4 to 3, the first takes what is left over.
    function test_P7_stopped_severalSafeAssetsShare() public {
        setTargets(true, true);
        stopWeth();
        begin();
        doFill(paidFill(WETH, WBTC, 10e18, 0.2141666e8)); // 42.85 % of 100,000 less 30,000 = 12,850
        assertEq(10e18 - held(WETH), uint256(12_850e18) / 3_000, "WBTC");
        doFill(paidFill(WETH, USDC, 10e18, 17_150e6)); // 57.15 %
        assertLe(held(WETH), 1, "all out");
    }

    function test_P7_stopped_twoAtOnce() public {
        latch(1 << WETH | 1 << WBTC);
        begin();
        expectFillRevert(
            fairFill(WETH, WBTC, 1e18, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, WBTC)
        );
        doFill(fairFill(WETH, USDC, 10e18, 10_000));
        doFill(fairFill(WBTC, USDC, 0.5e8, 10_000));
        assertEq(held(USDC), 100_000e6, "everything is safe");
        vm.prank(STRANGER);
        vault.finish();
    }

    /// What is safe and over its target is not sold for what was stopped, nor is the stop undone by a later epoch.
    function test_P7_stopped_staysSoInLaterEpochs() public {
        stopWeth();
        begin();
        Slice memory s = slice();
        s.last = true;
        fillAs(KEEPER, s, fairFill(WETH, USDC, 5e18, 10_000));
        begin(); // no cooldown holds a stop back
        assertEq(vault.state().epoch, 2, "epoch");
        assertEq(vault.state().stopped, 1 << WETH, "still stopped");
        doFill(fairFill(WETH, USDC, 5e18, 10_000));
        assertEq(held(WETH), 0, "out");
        vm.warp(T0 + 3_600);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("IN_BAND"), 0));
        begin();
    }

    /// A stop waits for no cooldown between epochs, but its slices keep their distance: or a keeper could take the whole
    /// sale through the market at once, by closing and opening epochs.
    function test_P21_stopped_slicesKeepTheirDistanceAcrossEpochs() public {
        Policy memory p = defaultPolicy();
        p.maxSliceBps = 500;
        p.sliceCooldownS = 600;
        p.cooldownS = 3_600;
        setPolicy(p);
        stopWeth();
        begin();
        Slice memory s = slice();
        s.last = true;
        fillAs(KEEPER, s, paidFill(WETH, USDC, 10e18, 5_000e6));
        begin();
        expectFillRevert(
            fairFill(WETH, USDC, 1e18, 10_000), abi.encodeWithSelector(IVault.SliceCooldown.selector, T0 + 600)
        );
        vm.warp(T0 + 600);
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
    }

    /// A gift of a stopped asset would open epochs inside the bands and without a cooldown, were it worth one.
    function test_P8_stopped_aGiftOpensNoEpoch() public {
        Policy memory p = defaultPolicy();
        p.cooldownS = 30 days;
        setPolicy(p);
        stopWeth();
        begin();
        doFill(fairFill(WETH, USDC, 10e18, 10_000));
        vm.prank(KEEPER);
        vault.finish();
        wbtcFeed.set(66_000e8); // WBTC 33 of 103: 2 points over, the band is 5
        weth.mint(address(vault), 0.0004e18); // 1.20 dollars
        vm.expectPartialRevert(IVault.NotDue.selector);
        begin();
        weth.burn(address(vault), 0.0004e18);

        wbtcFeed.set(60_000e8);
        weth.mint(address(vault), uint256(100e18) / 597); // x of 100,000 + x dollars is 0.5 % at x = 502.51
        vm.expectPartialRevert(IVault.NotDue.selector);
        begin();
        weth.mint(address(vault), 0.0001e18);
        uint256 worth = nav();
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(2, Due.Stop, worth);
        begin();
    }

    function test_P1_stopped_theSaleKeepsToItsLimits() public {
        Policy memory p = defaultPolicy();
        p.lossBpsPerDay = 10; // 100 dollars
        setPolicy(p);
        stopWeth();
        begin();
        expectFillRevert(
            paidFill(WETH, USDC, 10e18, 29_700e6 - 1),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 29_700e6 - 1, 29_700e6)
        );
        expectFillRevert(
            paidFill(WETH, USDC, 10e18, 29_800e6),
            abi.encodeWithSelector(IVault.LossBudgetExceeded.selector, 200e8, 100e8)
        );
    }

    function test_P18_stopped_ownerLeavesAnyTime() public {
        latch(1 << WETH | 1 << WBTC);
        begin();
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
        vm.startPrank(OWNER);
        vault.withdraw(address(weth), type(uint256).max);
        vault.withdraw(address(wbtc), type(uint256).max);
        vault.withdraw(address(usdc), type(uint256).max);
        vm.stopPrank();
        assertEq(weth.balanceOf(OWNER), 9e18, "WETH");
        assertEq(wbtc.balanceOf(OWNER), 0.5e8, "WBTC");
        assertEq(usdc.balanceOf(OWNER), 43_000e6, "USDC");
        assertEq(vault.state().stopped, 1 << WETH | 1 << WBTC, "the latch holds");
    }

    /// Whatever a keeper tries, in whatever market: what was stopped only becomes less.
    function testFuzz_P7_stopped_neverBecomesMore(uint256 entropy, uint8 stopped) public {
        stopped = uint8(bound(stopped, 1, 3)) << 1; // WBTC, WETH or both
        latch(stopped);
        for (uint256 i; i < 12; ++i) {
            entropy = uint256(keccak256(abi.encode(entropy)));
            if (entropy % 4 == 0) {
                wbtcFeed.set(int256(60_000e8 * (6_000 + (entropy >> 8) % 8_000) / 10_000));
                wethFeed.set(int256(3_000e18 * (6_000 + (entropy >> 32) % 8_000) / 10_000));
            }
            vm.prank(KEEPER);
            try vault.begin() {} catch {}
            uint256[3] memory had = [held(0), held(1), held(2)];
            uint8 sell = uint8((entropy >> 64) % 3);
            uint8 buy = uint8((entropy >> 72) % 3);
            if (sell == buy) continue;
            Fill memory f = fairFill(sell, buy, 10 ** tokenOf(sell).decimals() * (1 + (entropy >> 80) % 100) / 10, 10_000);
            Slice memory s = slice();
            s.last = entropy >> 96 & 1 == 1;
            vm.prank(KEEPER);
            try vault.fill(s, many(f)) {
                assertTrue(stopped >> buy & 1 == 0, "bought what was stopped");
            } catch {}
            for (uint8 k = 1; k < 3; ++k) {
                if (stopped >> k & 1 == 1) assertLe(held(k), had[k], "more of it");
            }
        }
    }
}
