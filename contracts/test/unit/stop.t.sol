// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Due, IVault, Policy, State, Stop, Target} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";

/// checkStop(), stopDue() and resetStop(): 40 % USDC to flee to, 30 % WBTC, 30 % WETH, confirmation after ten minutes.
contract StopTest is Fixture {
    uint32 private constant B = uint32(1) << WBTC;
    uint32 private constant E = uint32(1) << WETH;
    uint24 private constant CONFIRM_S = 600;

    function setUp() public override {
        super.setUp();
        setTargets(stoppableTargets());
        setPolicy(stopPolicy(2_000, 5_000));
        setPrices(60_000, 3_000);
    }

    function setTargets(Target[] memory t) private {
        vm.prank(OWNER);
        vault.setTargets(t);
    }

    function stopPolicy(uint16 lossBps, uint16 profitBps) private pure returns (Policy memory p) {
        p = defaultPolicy();
        p.stopLossBps = lossBps;
        p.takeProfitBps = profitBps;
        p.confirmS = CONFIRM_S;
    }

    /// @dev No portfolio stop: WBTC stops at 50,000, WETH at 2,000 and 6,000 dollars.
    function stopEach() private {
        Target[] memory t = stoppableTargets();
        t[WBTC].stopPriceUsdE8 = 50_000e8;
        t[WETH].stopPriceUsdE8 = 2_000e8;
        t[WETH].takePriceUsdE8 = 6_000e8;
        setTargets(t);
        setPolicy(stopPolicy(0, 0));
    }

    function check() private {
        vm.prank(STRANGER);
        vault.checkStop();
    }

    function later(uint256 seconds_, uint256 wbtcUsd, uint256 wethUsd) private {
        vm.warp(block.timestamp + seconds_);
        setPrices(wbtcUsd, wethUsd);
    }

    function expectNothing() private {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToStop.selector));
        check();
    }

    function assertStop(uint256 base, uint256 high, uint256 armed, uint256 armedAt) private view {
        Stop memory s = vault.stop();
        assertEq(s.baseUsdE8, base, "base");
        assertEq(s.highUsdE8, high, "high");
        assertEq(s.armed, armed, "armed");
        assertEq(s.armedAt, armedAt, "armedAt");
    }

    function assertAct(uint32 reached, bytes32 act, uint256 retryAt) private view {
        (uint32 r, bytes32 a, uint40 at) = vault.stopDue();
        assertEq(r, reached, "reached");
        assertEq(a, act, "act");
        assertEq(at, retryAt, "retryAt");
    }

    /* ----------------------------------------------- reference ----------------------------------------------- */

    function test_checkStop_takesTheReferenceAndRaisesIt() public {
        assertAct(0, "REFERENCE", 0);
        check();
        assertStop(100_000e8, 100_000e8, 0, 0);
        assertTrue(vault.state().referenceLive, "live");
        expectNothing();
        setPrices(60_000, 3_500);
        check();
        assertStop(100_000e8, 105_000e8, 0, 0);
        setPrices(60_000, 3_000);
        assertAct(0, 0, 0);
        expectNothing(); // the high stays
    }

    function test_checkStop_hasNothingToDoWithoutStops() public {
        setPolicy(stopPolicy(0, 0));
        usdcFeed.set(0); // asked for nothing
        assertAct(0, 0, 0);
        expectNothing();
    }

    function test_checkStop_anEmptyVaultHasNoReference() public {
        vm.prank(OWNER);
        vault.withdrawAll(new address[](0));
        expectNothing();
        assertTrue(!vault.state().referenceLive, "none");
    }

    /// What the owner takes out is no loss, what he brings in no profit.
    function test_P10_checkStop_theReferenceIsTakenAnewAfterAFlow() public {
        check();
        vm.prank(OWNER);
        vault.withdraw(address(usdc), 40_000e6);
        assertTrue(!vault.state().referenceLive, "gone");
        assertAct(0, "REFERENCE", 0);
        check();
        assertStop(60_000e8, 60_000e8, 0, 0);
        usdc.mint(OWNER, 100_000e6);
        vm.prank(OWNER);
        usdc.approve(address(vault), 100_000e6);
        vm.prank(OWNER);
        vault.deposit(address(usdc), 100_000e6);
        check();
        assertStop(160_000e8, 160_000e8, 0, 0);
    }

    /* ------------------------------------------------ stop-loss ---------------------------------------------- */

    function test_P7_checkStop_armsConfirmsAndFires() public {
        check();
        setPrices(40_000, 1_667); // NAV 76,670
        assertAct(B | E, "ARM", 0);
        vm.expectEmit(address(vault));
        emit IVault.StopArmed(B | E, uint40(T0 + CONFIRM_S));
        check();
        assertAct(B | E, 0, T0 + CONFIRM_S);
        expectNothing();
        later(CONFIRM_S - 1, 40_000, 1_667);
        expectNothing();
        later(1, 40_000, 1_667);
        assertAct(B | E, "FIRE", T0 + CONFIRM_S);
        vm.expectEmit(address(vault));
        emit IVault.StopFired(B | E, 76_670e8);
        check();
        assertEq(vault.state().stopped, B | E, "latched");
        assertStop(100_000e8, 100_000e8, 0, 0);
        assertAct(0, 0, 0);
        expectNothing();
    }

    /// To the cent: 20 % below the highest look, not below the first.
    function test_P7_checkStop_measuresFromTheHigh() public {
        check();
        setPrices(60_000, 5_000); // NAV 120,000: stops at 96,000
        check();
        setPrices(60_000, 2_601);
        expectNothing();
        setPrices(60_000, 2_600);
        check();
        assertStop(100_000e8, 120_000e8, B | E, T0);
    }

    function test_P7_checkStop_takesProfit() public {
        check();
        setPrices(60_000, 7_999);
        check(); // REFERENCE
        assertStop(100_000e8, 149_990e8, 0, 0);
        setPrices(60_000, 8_000); // NAV 150,000
        check();
        assertStop(100_000e8, 150_000e8, B | E, T0);
        later(CONFIRM_S, 60_000, 8_000);
        check();
        assertEq(vault.state().stopped, B | E, "latched");
    }

    /* ------------------------------------------------- wicks ------------------------------------------------- */

    function test_P7_checkStop_aWickDisarms() public {
        check();
        setPrices(40_000, 1_667);
        check();
        later(CONFIRM_S / 2, 60_000, 3_000);
        assertAct(0, "DISARM", T0 + CONFIRM_S);
        vm.expectEmit(address(vault));
        emit IVault.StopArmed(0, 0);
        check();
        later(CONFIRM_S / 2, 40_000, 1_667); // it has to hold the whole time again
        check();
        assertEq(vault.state().stopped, 0, "not fired");
        assertStop(100_000e8, 100_000e8, B | E, T0 + CONFIRM_S);
    }

    function testFuzz_P7_checkStop_neverFiresEarly(uint256 a, uint256 b) public {
        stopEach();
        uint256 armedAt;
        for (uint256 i; i < 12; ++i) {
            (a, b) = (uint256(keccak256(abi.encode(a))), uint256(keccak256(abi.encode(b))));
            later(a % 1_000, 60_000, b % 3 == 0 ? 3_000 : 1_999);
            bool below = b % 3 != 0;
            vm.prank(STRANGER);
            try vault.checkStop() {} catch {}
            if (vault.state().stopped != 0) {
                assertTrue(below, "below the stop");
                assertTrue(armedAt != 0 && block.timestamp >= armedAt + CONFIRM_S, "held for the whole time");
                return;
            }
            if (!below) {
                armedAt = 0;
            } else if (armedAt == 0 || block.timestamp > armedAt + 2 * uint256(CONFIRM_S) + 1 hours) {
                armedAt = block.timestamp;
            }
        }
    }

    /// What the portfolio is worth must not hang on one opinion about what is to be fled to.
    function test_P7_checkStop_needsTwoOpinionsOfWhatIsSafe() public {
        check();
        usdcFeed.set(0.3e8); // NAV 72,000, were it true
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        check();
        usdcSecond.set(0.3e8);
        check();
        assertStop(100_000e8, 100_000e8, B | E, T0);
    }

    /// One source alone is no price.
    function test_P7_checkStop_needsTwoAgreeingSources() public {
        stopEach();
        wethFeed.set(1_900e18); // the second still says 3,000
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        check();
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        vault.stopDue();
        wethSecond.set(1_900e8);
        check();
        wethSecond.set(3_000e8);
        vm.warp(T0 + CONFIRM_S);
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        check();
        assertEq(vault.state().stopped, 0, "not fired");
    }

    function test_P4_checkStop_refusesStalePrices() public {
        check();
        setPrices(40_000, 1_667);
        check();
        vm.warp(T0 + 48 hours + 1);
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        check();
    }

    /// What was seen once long ago says nothing about the time between.
    function test_P7_checkStop_anOldArmingIsArmedAnew() public {
        stopEach();
        setPrices(60_000, 2_000);
        check();
        later(2 * uint256(CONFIRM_S) + 1 hours, 60_000, 2_000);
        assertAct(E, "FIRE", T0 + CONFIRM_S);
        later(1, 60_000, 2_000);
        assertAct(E, "ARM", T0 + CONFIRM_S);
        check();
        assertEq(vault.state().stopped, 0, "not fired");
        assertStop(0, 0, E, block.timestamp);
        later(CONFIRM_S, 60_000, 2_000);
        check();
        assertEq(vault.state().stopped, E, "fired");
    }

    /* ---------------------------------------------- asset by asset ------------------------------------------- */

    function test_P7_checkStop_stopsOneAssetAlone() public {
        stopEach();
        setPrices(60_000, 2_001);
        expectNothing();
        setPrices(60_000, 2_000);
        check();
        later(CONFIRM_S, 60_000, 1_999);
        check();
        assertEq(vault.state().stopped, E, "WETH");
        assertTrue(!vault.state().referenceLive, "nobody asked for a reference");
    }

    function test_P7_checkStop_takesProfitOfOneAsset() public {
        stopEach();
        setPrices(60_000, 5_999);
        expectNothing();
        setPrices(60_000, 6_000);
        check();
        later(CONFIRM_S, 60_000, 6_001);
        check();
        assertEq(vault.state().stopped, E, "WETH");
    }

    /// Of two that were armed together one recovers; one comes later and waits its own time.
    function test_P7_checkStop_eachAssetHoldsForItself() public {
        stopEach();
        setPrices(50_000, 2_000);
        check();
        later(300, 50_001, 2_000);
        vm.expectEmit(address(vault));
        emit IVault.StopArmed(E, uint40(T0 + CONFIRM_S));
        check();
        assertStop(0, 0, E, T0);
        later(1, 50_000, 2_000); // WBTC is back under, but the time of WETH is not its own
        expectNothing();
        later(299, 50_000, 2_000);
        vm.expectEmit(address(vault));
        emit IVault.StopFired(E, 40_000e8 + 25_000e8 + 20_000e8);
        vm.expectEmit(address(vault));
        emit IVault.StopArmed(B, uint40(T0 + 2 * CONFIRM_S));
        check();
        assertEq(vault.state().stopped, E, "WETH only");
        later(CONFIRM_S, 50_000, 2_000);
        check();
        assertEq(vault.state().stopped, B | E, "both");
    }

    function test_P7_checkStop_whatIsReachedInsteadIsArmedAnew() public {
        stopEach();
        setPrices(60_000, 2_000);
        check();
        later(CONFIRM_S, 50_000, 3_000);
        vm.expectEmit(address(vault));
        emit IVault.StopArmed(B, uint40(T0 + 2 * CONFIRM_S));
        check();
        assertEq(vault.state().stopped, 0, "not fired");
    }

    /* -------------------------------------------------- latch ------------------------------------------------ */

    function fire() private {
        check();
        setPrices(40_000, 1_667);
        check();
        later(CONFIRM_S, 40_000, 1_667);
        check();
    }

    /// Once latched nobody but the owner brings risk back, whatever the price does.
    function test_P7_latch_noKeeperBuysRiskAgain() public {
        fire();
        (Due kind, bytes32 reason,) = vault.due();
        assertEq(uint256(kind), uint256(Due.Stop), "due");
        assertEq(reason, "STOPPED", "reason");
        setPrices(60_000, 3_000);
        begin();
        doFill(fairFill(WETH, USDC, 10e18, 10_000));
        assertEq(held(WETH), 0, "sold out");
        doFill(fairFill(WBTC, USDC, 0.5e8, 10_000));
        assertEq(held(WBTC), 0, "sold out");
        expectFillRevert(
            fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.SoldBefore.selector, WETH)
        );
        vm.prank(KEEPER);
        vault.finish();
        vm.expectPartialRevert(IVault.NotDue.selector);
        begin();
        weth.mint(address(vault), 1e18); // somebody's gift makes it due again
        begin();
        expectFillRevert(
            fairFill(USDC, WBTC, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WBTC)
        );
        assertEq(vault.state().stopped, B | E, "still latched");
    }

    function test_P7_checkStop_firingEndsAnOpenEpoch() public {
        check();
        setPrices(60_000, 1_000); // NAV 80,000, WETH 10 instead of 24
        check();
        later(CONFIRM_S, 60_000, 1_000);
        begin();
        vm.expectEmit(address(vault));
        emit IVault.StopFired(B | E, 80_000e8);
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        check();
        assertTrue(!isOpen(), "closed");
        begin();
        expectFillRevert(
            fairFill(USDC, WETH, 1_000e6, 10_000), abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WETH)
        );
    }

    function test_P18_checkStop_notWhilePaused() public {
        vm.prank(OWNER);
        vault.pause();
        assertAct(0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Paused.selector, type(uint32).max));
        check();
    }

    /* -------------------------------------------------- reset ------------------------------------------------ */

    function test_resetStop_givesTheTargetsBack() public {
        fire();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.resetStop();
        vm.expectEmit(address(vault));
        emit IVault.StopReset();
        vm.prank(OWNER);
        vault.resetStop();
        State memory s = vault.state();
        assertEq(s.stopped, 0, "released");
        assertTrue(!s.referenceLive, "reference");
        assertStop(0, 0, 0, 0);
        check(); // a new reference at today's prices, so the old fall is forgotten
        assertStop(76_670e8, 76_670e8, 0, 0);
        expectNothing();
    }

    function test_resetStop_alsoTakesBackWhatIsOnlyArmed() public {
        stopEach();
        setPrices(60_000, 2_000);
        check();
        vm.prank(OWNER);
        vault.resetStop();
        assertStop(0, 0, 0, 0);
    }

    function test_resetStop_refusesWhenThereIsNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToStop.selector));
        vm.prank(OWNER);
        vault.resetStop();
    }

    /// New terms are measured from the next look on, not from a reference that was taken under others.
    function test_P7_setPolicy_otherTermsTakeTheReferenceAnew() public {
        setPolicy(stopPolicy(0, 30_000));
        check();
        later(300 days, 45_000, 2_250);
        setPolicy(stopPolicy(1_500, 0)); // 15 % below today
        assertTrue(!vault.state().referenceLive, "gone");
        check();
        assertStop(85_000e8, 85_000e8, 0, 0);
        expectNothing();
        assertEq(vault.state().stopped, 0, "kept");
        setPolicy(stopPolicy(1_500, 1));
        assertTrue(!vault.state().referenceLive, "gone");
        check();
        Policy memory p = stopPolicy(1_500, 1);
        (p.confirmS, p.maxSlipBps) = (60, 50);
        setPolicy(p);
        assertTrue(vault.state().referenceLive, "other rules leave it alone");
    }

    /// The stops are gone, what they armed is disarmed by the next look.
    function test_setPolicy_withoutStopsDisarms() public {
        check();
        setPrices(40_000, 1_667);
        check();
        setPolicy(stopPolicy(0, 0));
        assertAct(0, "DISARM", T0 + CONFIRM_S);
        check();
        assertEq(vault.stop().armed, 0, "disarmed");
        expectNothing();
    }

    /// Half-way through a fill the portfolio is worth less than before and after it.
    function test_P14_stopDue_revertsDuringAFill() public {
        stopEach();
        setPrices(60_000, 4_500);
        begin();
        Call memory ask = call(abi.encodeCall(IVault.stopDue, ()));
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(ask)), abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
        ask = call(abi.encodeCall(IVault.checkStop, ()));
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(ask)), abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
    }
}
