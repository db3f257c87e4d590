// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Due, IVault, Policy, Target} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

contract DueTest is Fixture {
    function assertDue(Due kind, bytes32 reason, uint256 retryAt) private view {
        (Due k, bytes32 r, uint40 at) = vault.due();
        assertEq(r, reason, "reason");
        assertEq(uint256(k), uint256(kind), "kind");
        assertEq(at, retryAt, "retryAt");
    }

    function test_due_inBand() public view {
        assertDue(Due.None, "IN_BAND", 0);
    }

    function test_P18_due_paused() public {
        drift();
        vm.prank(OWNER);
        vault.pause();
        usdcFeed.set(0); // asked for nothing
        assertDue(Due.None, "PAUSED", type(uint32).max);
    }

    function test_due_noTargets() public {
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), new Target[](0), "empty"));
        assertDue(Due.None, "NO_TARGETS", 0);
    }

    function test_due_empty() public {
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), defaultTargets(), "poor"));
        assertDue(Due.None, "EMPTY", 0);
    }

    function test_due_continuesWhileAnEpochIsOpen() public {
        Policy memory p = defaultPolicy();
        p.sliceCooldownS = 60;
        p.cooldownS = 60;
        setPolicy(p);
        driftAndBegin();
        usdcFeed.setMode(Feed.Mode.Revert); // asked for nothing
        assertDue(Due.Continue, "CONTINUE", T0);
        usdcFeed.setMode(Feed.Mode.Ok);
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        assertDue(Due.Continue, "CONTINUE", T0 + 60);
        vm.warp(T0 + 61);
        assertDue(Due.Continue, "CONTINUE", T0 + 61);
        vm.warp(T0 + 3_600);
        assertDue(Due.None, "COOLDOWN", T0 + 3_660);
        vm.warp(T0 + 3_660);
        assertDue(Due.Deviation, "DEVIATION", T0 + 3_660);
    }

    function test_due_deviation() public {
        drift();
        assertDue(Due.Deviation, "DEVIATION", T0);
    }

    /// 35 % exactly is inside a band of 5 points around 30 %; one more dollar is outside.
    function test_due_theBandItselfIsInside() public {
        usdc.burn(address(vault), usdc.balanceOf(address(vault)));
        usdc.mint(address(vault), 40_000e6);
        wbtc.burn(address(vault), 0.5e8);
        wbtc.mint(address(vault), 0.41666666e8 + 1); // 25,000.0002 dollars
        weth.mint(address(vault), 2e18); // 36,000 dollars: 35.64 % of 101,000.0002
        assertDue(Due.Deviation, "DEVIATION", T0);
        weth.burn(address(vault), 0.333333333333333333e18); // 35,000.000000000000001
        usdc.mint(address(vault), 1); // NAV 100,000.0002...
        assertDue(Due.None, "IN_BAND", 0);
    }

    function test_P5_due_reportsTheFirstBadPrice() public {
        drift();
        wethFeed.setMode(Feed.Mode.Short);
        assertDue(Due.None, "PRICE_UNREACHABLE", 0);
        wbtcFeed.set(-5);
        assertDue(Due.None, "PRICE_INVALID", 0);
        usdcFeed.setUpdatedAt(T0 + 1);
        assertDue(Due.None, "PRICE_STALE", 0);
        usdcFeed.set(1e4);
        assertDue(Due.None, "PRICE_OUT_OF_BOUNDS", 0);
    }

    function test_due_cooldown() public {
        Policy memory p = defaultPolicy();
        p.cooldownS = 600;
        setPolicy(p);
        drift();
        assertDue(Due.Deviation, "DEVIATION", T0); // no epoch before: nothing to cool down from
        begin();
        vm.warp(T0 + 10);
        vm.prank(KEEPER);
        vault.finish();
        assertDue(Due.None, "COOLDOWN", T0 + 610);
        vm.warp(T0 + 609);
        assertDue(Due.None, "COOLDOWN", T0 + 610);
        vm.warp(T0 + 610);
        assertDue(Due.Deviation, "DEVIATION", T0 + 610);
    }

    function test_due_belowMinTrade() public {
        Policy memory p = defaultPolicy();
        p.minTradeUsdE2 = 6_000_01; // WETH is 10,500 dollars over, but USDC only 6,000 under
        setPolicy(p);
        drift();
        assertDue(Due.None, "BELOW_MIN_TRADE", 0);
        p.minTradeUsdE2 = 6_000_00;
        setPolicy(p);
        assertDue(Due.Deviation, "DEVIATION", T0);
    }

    function test_due_schedule() public {
        Policy memory p = defaultPolicy();
        p.scheduleS = 1 days;
        p.cooldownS = 2 days; // the longer of the two counts
        setPolicy(p);
        assertDue(Due.None, "IN_BAND", 0); // nothing drifted: no time would change that
        wethFeed.set(3_200e18);
        assertDue(Due.Schedule, "SCHEDULE", T0); // no epoch before: nothing to count from
        begin();
        vm.prank(KEEPER);
        vault.finish();
        assertDue(Due.None, "IN_BAND", T0 + 2 days);
        vm.warp(T0 + 2 days - 1);
        assertDue(Due.None, "IN_BAND", T0 + 2 days);
        vm.warp(T0 + 2 days);
        assertDue(Due.Schedule, "SCHEDULE", T0 + 2 days);
    }

    function test_due_scheduleNeedsMoreThanTheInnerBand() public {
        Policy memory p = defaultPolicy();
        p.scheduleS = 1;
        p.innerBandBps = 138; // 3,200 dollars make 137.25 bps
        setPolicy(p);
        wethFeed.set(3_200e18);
        vm.warp(T0 + 1);
        assertDue(Due.None, "IN_BAND", 0);
        p.innerBandBps = 137;
        setPolicy(p);
        assertDue(Due.Schedule, "SCHEDULE", T0 + 1);
    }

    /// In the middle of a fill balances are half-way: whoever reads then gets nothing.
    function test_P14_due_revertsDuringAFill() public {
        driftAndBegin();
        Call memory ask = Call(address(vault), abi.encodeCall(IVault.due, ()));
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(ask)), abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
    }
}
