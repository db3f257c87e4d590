// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Fill, IVault, Policy, Slice, State} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";
import {Vm} from "../utils/Test.sol";

/// A slice that comes ten minutes after the NAV was taken, or later, takes it anew.
contract SnapshotTest is Fixture {
    uint256 private constant SNAPSHOT_S = 600;

    function setUp() public override {
        super.setUp();
        setPolicy(refreshing());
        driftAndBegin(); // NAV 115,000; WETH 4,500
    }

    function refreshing() private pure returns (Policy memory p) {
        p = defaultPolicy();
        p.snapshotS = uint24(SNAPSHOT_S);
    }

    function assertTaken(uint256 at, uint256 navUsdE8) private view {
        State memory s = vault.state();
        assertEq(s.snapshotAt, at, "at");
        assertEq(s.epochNavUsdE8, navUsdE8, "nav");
    }

    function test_P21_snapshot_isThatOfTheBeginForAWhile() public {
        assertTaken(T0, 115_000e8);
        wethFeed.set(4_800e18);
        vm.warp(T0 + SNAPSHOT_S - 1);
        wbtcFeed.setMode(Feed.Mode.Revert); // nobody asks for it
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1)); // 40 % of 115,000 less 40,000
        assertEq(10e18 - held(WETH), uint256(6_000e18) / 4_800, "size by the old NAV");
        assertTaken(T0, 115_000e8);
    }

    function test_P21_snapshot_isTakenAnewWhenTooOld() public {
        wethFeed.set(4_800e18);
        vm.warp(T0 + SNAPSHOT_S);
        vm.expectEmit(address(vault));
        emit IVault.SnapshotTaken(1, 118_000e8);
        doFill(paidFill(WETH, USDC, 5e18, 7_200e6 - 1)); // 40 % of 118,000 less 40,000
        assertEq(10e18 - held(WETH), uint256(7_200e18) / 4_800, "size by the new NAV");
        assertTaken(T0 + SNAPSHOT_S, 118_000e8);
    }

    function test_P21_snapshot_ofTheSameMomentServesTheNextSlices() public {
        vm.warp(T0 + SNAPSHOT_S);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        wethFeed.set(4_800e18);
        vm.warp(T0 + 2 * SNAPSHOT_S - 1);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        assertTaken(T0 + SNAPSHOT_S, 115_000e8);
        vm.warp(T0 + 2 * SNAPSHOT_S);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        assertTaken(T0 + 2 * SNAPSHOT_S, nav());
    }

    function test_P21_snapshot_neverWithoutTheRule() public {
        setPolicy(defaultPolicy());
        begin();
        wethFeed.set(4_800e18);
        vm.warp(T0 + 3_599);
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1));
        assertTaken(T0, 115_000e8);
    }

    function test_P21_snapshot_changesNeitherEndNorStart() public {
        vm.warp(T0 + SNAPSHOT_S);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        State memory s = vault.state();
        assertEq(s.epochStart, T0, "start");
        assertEq(s.epochEnd, T0 + 3_600, "end");
        vm.warp(T0 + 3_600);
        expectFillRevert(fairFill(WETH, USDC, 0.1e18, 10_000), abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
    }

    /// A NAV needs every price: with one missing, a slice that would have to take it cannot happen.
    function test_P4_snapshot_needsEveryPrice() public {
        vm.warp(T0 + SNAPSHOT_S);
        bytes32 id = register(wbtcFeed);
        wbtcFeed.setUpdatedAt(1);
        expectFillRevert(
            fairFill(WETH, USDC, 0.1e18, 10_000),
            abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, uint8(1), uint40(1))
        );
    }

    function test_snapshot_readsEachFeedOnce() public {
        vm.warp(T0 + SNAPSHOT_S);
        bytes memory read = abi.encodeWithSignature("latestRoundData()");
        Slice memory s = slice();
        Fill[] memory fills = many(fairFill(WETH, USDC, 0.1e18, 10_000), fairFill(WETH, WBTC, 0.1e18, 10_000));
        vm.expectCall(address(usdcFeed), read, 1);
        vm.expectCall(address(wbtcFeed), read, 1);
        vm.expectCall(address(wethFeed), read, 1);
        fillManyAs(KEEPER, s, fills);
    }

    function test_snapshot_isTakenOncePerSlice() public {
        vm.warp(T0 + SNAPSHOT_S);
        vm.recordLogs();
        fillManyAs(
            KEEPER, slice(), many(fairFill(WETH, USDC, 0.1e18, 10_000), fairFill(WETH, WBTC, 0.1e18, 10_000))
        );
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 n;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IVault.SnapshotTaken.selector) ++n;
        }
        assertEq(n, 1, "once");
    }

    /// The market fell after the first slice: what was sold at the top cannot be bought back in the same epoch.
    function test_P11_snapshot_noWayBackWithinTheEpoch() public {
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
        wethFeed.set(2_000e18); // WETH 18,000 of 92,500: 10.5 points under
        vm.warp(T0 + SNAPSHOT_S);
        expectFillRevert(fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.SoldBefore.selector, WETH));
        expectFillRevert(
            fairFill(WBTC, WETH, 0.01e8, 10_000), abi.encodeWithSelector(IVault.SoldBefore.selector, WETH)
        );
        vm.prank(KEEPER);
        vault.finish();
        begin();
        doFill(fairFill(USDC, WETH, 1_000e6, 10_000)); // another epoch, another plan
    }

    function test_P11_snapshot_otherPairsGoOn() public {
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
        wbtcFeed.set(90_000e8); // WBTC is over now, USDC still under
        vm.warp(T0 + SNAPSHOT_S);
        doFill(fairFill(WBTC, USDC, 0.01e8, 10_000));
        assertEq(held(WBTC), 0.49e8, "sold");
    }

    /// The bucket of a vault that has become smaller counts as full at most.
    function test_P1_snapshot_capsTheLossLevelAtTheNewBudget() public {
        Policy memory p = refreshing();
        p.lossBpsPerDay = 4; // 46 dollars
        setPolicy(p);
        begin();
        doFill(fairFill(WETH, USDC, 1e18, 9_900)); // loses 45
        wethFeed.set(450e18);
        wbtcFeed.set(6_000e8);
        vm.warp(T0 + SNAPSHOT_S);
        doFill(fairFill(USDC, WBTC, 600e6, 10_000));
        uint256 cap = uint256(vault.state().epochNavUsdE8) * 4 / 10_000;
        assertEq(vault.state().lossUsdE8, cap - cap * SNAPSHOT_S / 86_400, "full, and leaking since the last slice");
    }

    /// A gift enters the NAV like anything else that is held; it widens no limit but in proportion.
    function test_P8_snapshot_countsGiftsInProportion() public {
        Policy memory p = refreshing();
        p.maxSliceBps = 100;
        setPolicy(p);
        begin();
        usdc.mint(address(vault), 1_000e6);
        vm.warp(T0 + SNAPSHOT_S);
        doFill(paidFill(WETH, USDC, 5e18, 1_160e6)); // 1 % of 116,000
        assertEq(10e18 - held(WETH), uint256(1_160e18) / 4_500, "size");
    }

    function test_P8_snapshot_aGiftOfTheThirdAssetBreaksNothing() public {
        vm.warp(T0 + SNAPSHOT_S);
        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        wbtc.mint(address(vault), 1);
        fillAs(KEEPER, s, f);
        assertEq(held(WETH), 9e18, "sold");
    }
}
