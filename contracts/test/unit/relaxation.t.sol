// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Fill, IVault, Policy, Slice, State, Target} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";
import {LayerTwo} from "../utils/LayerTwo.sol";

/// @notice What a fill must bring falls from 1 % above the oracles to 1 % below within ten minutes.
abstract contract Relaxing is Fixture {
    function setUp() public virtual override {
        super.setUp();
        setPolicy(relaxing());
        driftAndBegin();
    }

    function relaxing() internal pure returns (Policy memory p) {
        p = defaultPolicy();
        p.premiumBps = 100;
        p.relaxS = 600;
    }

    /// @dev 1 WETH is worth 4,500 dollars.
    function assertRequires(uint256 out) internal {
        expectFillRevert(
            paidFill(WETH, USDC, 1e18, out - 1), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, out - 1, out)
        );
        uint256 id = vm.snapshotState();
        doFill(paidFill(WETH, USDC, 1e18, out));
        assertEq(filler.lastMinOut(), out, "the filler is told");
        vm.revertToState(id);
    }

}

contract RelaxationTest is Relaxing {
    function test_P3_relaxation_demandsThePremiumAtBegin() public {
        assertRequires(4_545e6);
    }

    function test_P3_relaxation_roundsAgainstTheKeeper() public {
        vm.warp(T0 + 1); // 990,000 + 20,000 * 599 / 600 = 1,009,966.7 parts per million
        assertRequires(uint256(4_500e6) * 1_009_967 / 1e6);
    }

    function test_P3_relaxation_isAtTheOracleHalfWay() public {
        vm.warp(T0 + 300);
        assertRequires(4_500e6);
    }

    function test_P3_relaxation_demandsAnythingButTheCapUntilTheVeryEnd() public {
        vm.warp(T0 + 599); // 990,000 + 33.3
        assertRequires(uint256(4_500e6) * 990_034 / 1e6);
    }

    function test_P3_relaxation_endsAtTheCap() public {
        vm.warp(T0 + 600);
        assertRequires(4_455e6);
        vm.warp(T0 + 3_599);
        assertRequires(4_455e6);
    }

    function test_P3_relaxation_beginAndFillPaysThePremium() public {
        vm.prank(KEEPER);
        vault.finish();
        Slice memory s = Slice(2, 0, uint40(block.timestamp), false);
        Fill[] memory low = many(paidFill(WETH, USDC, 1e18, 4_545e6 - 1));
        vm.expectRevert(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_545e6 - 1, 4_545e6));
        beginAndFillAs(KEEPER, s, low);
        beginAndFillAs(KEEPER, s, many(paidFill(WETH, USDC, 1e18, 4_545e6)));
    }

    function test_P3_relaxation_offMeansTheCapAtOnce() public {
        setPolicy(defaultPolicy());
        begin();
        assertRequires(4_455e6);
    }

    /// A premium must not lock out the very fill that would reach the target.
    function test_P12_relaxation_aPremiumAboveTheCapMayBeBidForTheWholeDeficit() public {
        Policy memory p = relaxing();
        p.premiumBps = 500;
        setPolicy(p);
        wethFeed.set(4_800e18); // USDC lacks 7,200 dollars: 1.5 WETH
        begin();
        expectFillRevert(
            paidFill(WETH, USDC, 1.5e18, 7_560e6 + 2), abi.encodeWithSelector(IVault.Overshoot.selector, USDC)
        );
        expectFillRevert(
            paidFill(WETH, USDC, 1.5e18, 7_560e6 - 1),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 7_560e6 - 1, 7_560e6)
        );
        doFill(paidFill(WETH, USDC, 1.5e18, 7_560e6));
    }

    /// What is required is rounded up, and what is wanted does not always come out even: nor may that lock it out.
    function test_P12_relaxation_theWholeDeficitMayBeBidForThoughItIsUneven() public {
        uint256 sold = 1_333_333_333_333_333_333; // USDC lacks 6,000 dollars
        uint256 required = uint256(6_060e6); // 1 % above the oracle, rounded up
        assertLe(sold * 4_500e6 * 101 / 100, required * 1e18, "at least what is required");
        assertLt((required - 1) * 1e18, sold * 4_500e6 * 101 / 100, "and no more");
        doFill(paidFill(WETH, USDC, sold, required));
        assertEq(held(USDC), 46_060e6, "bought");
    }

    /// A guardian may hold everything up, but no pause makes the demand cheaper: the auction starts anew behind it.
    function test_P6_relaxation_theClockStartsAgainAfterAPause() public {
        address guardian = address(0x6A);
        vm.prank(OWNER);
        vault.setGuardian(guardian);
        vm.warp(T0 + 500);
        vm.prank(guardian);
        vault.guardianPause(600);
        vm.warp(T0 + 1_100);
        assertRequires(4_545e6);
        vm.warp(T0 + 1_400);
        assertRequires(4_500e6);
        vm.warp(T0 + 1_700);
        assertRequires(4_455e6);
    }

    function test_P6_relaxation_aPauseBeforeTheEpochChangesNothing() public {
        vm.prank(KEEPER);
        vault.finish();
        address guardian = address(0x6A);
        vm.prank(OWNER);
        vault.setGuardian(guardian);
        vm.prank(guardian);
        vault.guardianPause(600);
        vm.warp(T0 + 1_000);
        begin();
        vm.warp(T0 + 1_300);
        assertRequires(4_500e6);
    }

    function testFuzz_P3_relaxation_neverRisesWithTime(uint256 a, uint256 b) public {
        a = bound(a, 0, 900);
        b = bound(b, a, 900);
        assertLe(requiredAt(b), requiredAt(a), "falls");
        assertLe(requiredAt(a), 4_545e6, "from the premium");
        assertLe(4_455e6, requiredAt(b), "to the cap");
    }

    function requiredAt(uint256 afterS) private returns (uint256 out) {
        uint256 id = vm.snapshotState();
        vm.warp(T0 + afterS);
        doFill(paidFill(WETH, USDC, 1e18, 4_545e6));
        out = filler.lastMinOut();
        vm.revertToState(id);
    }
}

/// The clock of the relaxation, on a chain whose sequencer can fail.
contract SequencerTest is Relaxing, LayerTwo {
    function setUp() public override(Fixture, Relaxing) {
        super.setUp();
    }

    function venues() internal override(Fixture, LayerTwo) returns (address, address) {
        return super.venues();
    }

    function fails() private {
        uptime.set(1);
    }

    function comesBack() private {
        uptime.set(0);
    }

    function fresh() private {
        wethFeed.set(wethFeed.answer());
        usdcFeed.set(usdcFeed.answer());
        wbtcFeed.set(wbtcFeed.answer());
    }

    function test_P6_sequencer_noFillWhileDownOrInGrace() public {
        vm.warp(T0 + 300);
        fails();
        expectFillRevertAny(paidFill(WETH, USDC, 1e18, 4_545e6));
        vm.warp(T0 + 400);
        comesBack();
        expectFillRevertAny(paidFill(WETH, USDC, 1e18, 4_545e6));
        vm.warp(T0 + 400 + GRACE_S);
        expectFillRevertAny(paidFill(WETH, USDC, 1e18, 4_545e6));
        vm.warp(T0 + 401 + GRACE_S);
        doFill(paidFill(WETH, USDC, 1e18, 4_545e6));
    }

    function test_P6_sequencer_noBeginWhileDownOrInGrace() public {
        vm.prank(KEEPER);
        vault.finish();
        fails();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("SEQUENCER_DOWN"), 0));
        begin();
        comesBack();
        vm.warp(T0 + GRACE_S);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotDue.selector, bytes32("SEQUENCER_DOWN"), 0));
        begin();
        vm.warp(T0 + GRACE_S + 1);
        begin();
    }

    /// Ten minutes of darkness do not make the demand cheaper: the auction starts anew when prices are back.
    function test_P6_sequencer_theClockStartsAgain() public {
        vm.warp(T0 + 500);
        fails();
        vm.warp(T0 + 700);
        comesBack();
        vm.warp(T0 + 700 + GRACE_S + 1); // one second after the grace period
        fresh();
        assertRequires(uint256(4_500e6) * 1_009_967 / 1e6);
        vm.warp(T0 + 700 + GRACE_S + 300);
        assertRequires(4_500e6);
        vm.warp(T0 + 700 + GRACE_S + 600);
        assertRequires(4_455e6);
    }

    function test_P6_sequencer_anOutageBeforeTheEpochChangesNothing() public {
        vm.prank(KEEPER);
        vault.finish();
        fails();
        comesBack();
        vm.warp(T0 + GRACE_S + 1_000);
        begin();
        vm.warp(block.timestamp + 300);
        assertRequires(4_500e6);
    }

    function test_P6_sequencer_noStopWhileDownOrInGrace() public {
        Target[] memory t = stoppableTargets();
        vm.prank(OWNER);
        vault.setTargets(t);
        Policy memory p = defaultPolicy();
        p.stopLossBps = 1_000;
        p.confirmS = 60;
        setPolicy(p);
        setPrices(60_000, 4_500);
        vault.checkStop(); // 115,000
        setPrices(50_000, 3_000); // 95,000
        fails();
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        vault.checkStop();
        comesBack();
        vm.warp(T0 + GRACE_S);
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        vault.checkStop();
        vm.warp(T0 + GRACE_S + 1);
        vault.checkStop();
        assertTrue(vault.stop().armed != 0, "armed");
        vm.warp(T0 + GRACE_S + 30);
        fails();
        vm.warp(T0 + GRACE_S + 61);
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        vault.checkStop();
        assertEq(vault.state().stopped, 0, "not fired in the dark");
    }

    function test_P6_sequencer_withdrawWorksWhileDown() public {
        fails();
        vm.prank(OWNER);
        vault.withdraw(address(weth), type(uint256).max);
        assertEq(weth.balanceOf(OWNER), 10e18, "out");
    }
}

/// Anyone may trade, at prices that relax.
contract OpenExecutionTest is Relaxing {
    function setUp() public override {
        super.setUp();
        Policy memory p = relaxing();
        p.open = true;
        p.sliceCooldownS = 60;
        p.cooldownS = 60;
        setPolicy(p);
        vm.warp(T0 + 60);
        drift();
        wethFeed.set(4_800e18); // NAV 118,000: WETH 12,600 dollars over, USDC 7,200 (1.5 WETH) and WBTC 5,400 under
    }

    function tooLittle(uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.TooLittle.selector, amount, 1.5e18);
    }

    /// Who could take a dollar would use up slices, and everybody's time until the next one, for nothing.
    function test_P21_open_strangersTakeAllThatIsWanted() public {
        begin();
        vm.warp(block.timestamp + 600);
        Slice memory s = slice();
        expectFillRevert(STRANGER, s, fairFill(WETH, USDC, 0.001e18, 10_100), tooLittle(0.001e18));
        expectFillRevert(STRANGER, s, fairFill(WETH, USDC, 1.5e18 - 1, 10_100), tooLittle(1.5e18 - 1));
        // nor take all and give some back
        Call memory back = Call(address(weth), abi.encodeWithSignature("transfer(address,uint256)", vault, 1));
        expectFillRevert(
            STRANGER, s, puppetFill(WETH, USDC, 1.5e18, calls(back, minting(usdc, 7_200e6))), tooLittle(1.5e18 - 1)
        );
        fillAs(STRANGER, s, paidFill(WETH, USDC, 2e18, 7_128e6)); // asked for more, gets what there is
        assertEq(held(WETH), 8.5e18, "all of it");
        vm.warp(block.timestamp + 60);
        doFill(fairFill(WETH, WBTC, 0.001e18, 10_000)); // keepers are trusted with less
    }

    function test_P21_open_strangersTakeTheRestOfTheSlice() public {
        Policy memory p = vault.policy();
        p.maxSliceBps = 100; // 1,180 dollars
        setPolicy(p);
        begin();
        uint256 most = uint256(1_180e18) / 4_800;
        Slice memory s = slice();
        expectFillRevert(
            STRANGER,
            s,
            fairFill(WETH, USDC, most - 1, 10_100),
            abi.encodeWithSelector(IVault.TooLittle.selector, most - 1, most)
        );
        fillAs(STRANGER, s, paidFill(WETH, USDC, most, 1_191.8e6));
        assertEq(held(WETH), 10e18 - most, "the slice");
    }

    /// A stop's sale is not held up by crumbs: every slice that a stranger takes is a whole one.
    function test_P21_open_aStopIsSoldAsFastAsTheSlicesAllow() public {
        Target[] memory t = stoppableTargets();
        vm.prank(OWNER);
        vault.setTargets(t);
        Policy memory p = relaxing();
        (p.open, p.premiumBps, p.relaxS) = (true, 1, 60);
        (p.sliceCooldownS, p.cooldownS, p.maxSliceBps) = (600, 600, 2_000);
        (p.stopLossBps, p.confirmS) = (2_000, 600);
        setPolicy(p);
        setPrices(60_000, 3_000);
        vault.checkStop();
        setPrices(40_000, 1_500);
        vault.checkStop();
        vm.warp(block.timestamp + 600);
        setPrices(40_000, 1_500);
        vault.checkStop(); // NAV 75,000: 20,000 of WBTC and 15,000 of WETH to sell, 15,000 a slice
        vm.prank(STRANGER);
        vault.begin();
        vm.warp(block.timestamp + 60);
        Slice memory s = slice();
        expectFillRevert(
            STRANGER,
            s,
            fairFill(WETH, USDC, 0.001e18, 10_002),
            abi.encodeWithSelector(IVault.TooLittle.selector, 0.001e18, 10e18)
        );
        fillAs(STRANGER, s, fairFill(WETH, USDC, 10e18, 10_000));
        assertEq(held(WETH), 0, "the first slice");
        vm.warp(block.timestamp + 600);
        fillAs(STRANGER, slice(), fairFill(WBTC, USDC, 0.375e8, 10_000));
        vm.warp(block.timestamp + 600);
        fillAs(STRANGER, slice(), fairFill(WBTC, USDC, 0.125e8, 10_000));
        assertEq(held(WBTC), 0, "all out");
    }

    function test_P3_open_strangersBeginAndFill() public {
        vm.prank(STRANGER);
        vault.begin();
        Slice memory s = slice();
        Fill memory f = paidFill(WETH, USDC, 1.5e18, 7_272e6 - 1);
        expectFillRevert(STRANGER, s, f, abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 7_272e6 - 1, 7_272e6));
        fillAs(STRANGER, s, paidFill(WETH, USDC, 1.5e18, 7_272e6));
        assertEq(held(WETH), 8.5e18, "sold");
    }

    function test_P3_open_strangersBeginAndFillAtOnce() public {
        Slice memory s = Slice(vault.state().epoch + 1, 0, uint40(block.timestamp), true);
        beginAndFillAs(STRANGER, s, many(paidFill(WETH, USDC, 1.5e18, 7_272e6)));
        assertTrue(isOpen(), "a stranger's `last` closes nothing");
        assertEq(vault.state().sequence, 1, "consumed");
    }

    function test_P21_open_aStrangersLastIsIgnored() public {
        begin();
        Slice memory s = slice();
        s.last = true;
        fillAs(STRANGER, s, paidFill(WETH, USDC, 1.5e18, 7_272e6));
        assertTrue(isOpen(), "open");
        vm.warp(block.timestamp + 60);
        s = slice();
        s.last = true;
        fillAs(KEEPER, s, fairFill(WETH, WBTC, 0.1e18, 10_100));
        assertTrue(!isOpen(), "a keeper's is not");
    }

    function test_P21_open_strangersFinishOnlyWhatIsFinished() public {
        begin();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        vm.prank(STRANGER);
        vault.finish();
        vm.warp(block.timestamp + 600);
        fillAs(STRANGER, slice(), paidFill(WETH, USDC, 5e18, 7_200e6 - 1));
        vm.warp(block.timestamp + 60);
        fillAs(STRANGER, slice(), paidFill(WETH, WBTC, 5e18, 0.09e8 - 1));
        vm.prank(STRANGER);
        vault.finish();
        assertTrue(!isOpen(), "closed");
    }

    function test_P18_open_strangersGetNoOtherPower() public {
        bytes[5] memory list = [
            abi.encodeCall(IVault.withdraw, (address(usdc), 1)),
            abi.encodeCall(IVault.setPolicy, (defaultPolicy())),
            abi.encodeCall(IVault.setKeeper, (STRANGER, true)),
            abi.encodeCall(IVault.pause, ()),
            abi.encodeCall(IVault.resetStop, ())
        ];
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
            vm.prank(STRANGER);
            (bool ok,) = address(vault).call(list[i]);
            assertTrue(ok, "forge answers for a call that reverted as expected");
        }
    }

    function test_P18_open_strangersStopWhenThePauseBegins() public {
        vm.prank(OWNER);
        vault.pause();
        vm.expectPartialRevert(IVault.Paused.selector);
        vm.prank(STRANGER);
        vault.begin();
    }

    function test_P20_open_theGasPriceCapHoldsForStrangersToo() public {
        Policy memory p = relaxing();
        p.open = true;
        p.maxGasPriceMwei = 1_000;
        setPolicy(p);
        vm.txGasPrice(1 gwei + 1);
        vm.expectPartialRevert(IVault.GasPriceAboveCap.selector);
        vm.prank(STRANGER);
        vault.begin();
    }

    function test_P13_open_aStrangersFillerCannotReenterAsAKeeper() public {
        begin();
        State memory before = vault.state();
        Slice memory s = slice();
        Fill memory inner = paidFill(WETH, USDC, 0.1e18, 4_545e5);
        Fill memory f = puppetFill(
            WETH, USDC, 1.5e18, calls(Call(address(vault), abi.encodeCall(IVault.fill, (s, many(inner)))), minting(usdc, 7_272e6))
        );
        expectFillRevert(STRANGER, s, f, abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        assertEq(keccak256(abi.encode(vault.state())), keccak256(abi.encode(before)), "nothing happened");
    }
}
