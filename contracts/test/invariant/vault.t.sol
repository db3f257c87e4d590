// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Policy, Slice, State, Target, Venue} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {RatePool} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";
import {LayerTwo} from "../utils/LayerTwo.sol";
import {RandomMarket} from "../utils/RandomMarket.sol";

/// @notice Everybody at once, on a chain with a sequencer: owner, guardian, keepers, strangers, fillers, a pool that
///         attacks, donors, oracles, the clock. Keeps its own books beside the vault's, and judges every fill itself.
contract Handler is RandomMarket, LayerTwo {
    address internal constant GUARDIAN = address(0x6A4D);
    uint256 internal constant TIP_PER_DAY_E2 = 12_00;

    uint256[3] public inflow; //   {base units} minted into the vault by us, bought ones included
    uint256[3] public outflow; //  {base units} that left the vault
    uint256 public lost; //        {USD E8} by trading calls beyond their tips, each at its own prices
    uint256 public capMax; //      {USD E8} largest loss budget of any snapshot
    uint256 public forgiven; //    {USD E8} level dropped because a smaller vault has a smaller bucket
    mapping(uint256 day => uint256 usdE8) public tipped;
    uint256 public lastOrder; //   epoch and sequence of the newest slice
    mapping(uint256 epoch => uint256 mask) public soldIn;

    mapping(bytes32 what => uint256) public count; // of what succeeded

    RatePool private ratePool;
    Policy private current;

    function setUp() public override(Fixture, RandomMarket) {
        super.setUp();
    }

    function venues() internal override(Fixture, LayerTwo) returns (address, address) {
        return super.venues();
    }

    constructor() {
        setUp();
        ratePool = new RatePool();
        Target[] memory t = stoppableTargets();
        vm.startPrank(OWNER);
        vault.setTargets(t);
        vault.setGuardian(GUARDIAN);
        vm.stopPrank();
        for (uint8 i; i < 3; ++i) {
            inflow[i] = held(i);
        }
        usePolicy(0);
    }

    /* ------------------------------------------------ policies ----------------------------------------------- */

    /// @dev Everything is on from the start, so that nothing waits for a lucky draw; later draws turn parts off.
    function usePolicy(uint256 draw) private {
        Policy memory p = defaultPolicy();
        p.maxSlipBps = uint16(50 + draw % 150);
        p.lossBpsPerDay = uint16(1 + (draw >> 16) % 100);
        p.destinationBps = (draw >> 32) % 3 == 1 ? uint16((draw >> 40) % 10_000) : 0;
        p.maxSliceBps = uint16(2_000 + (draw >> 56) % 8_000);
        p.open = (draw >> 72) % 3 != 1;
        if (p.open || (draw >> 80) % 2 == 1) {
            p.premiumBps = uint16(1 + (draw >> 88) % 100);
            p.relaxS = uint24(60 + (draw >> 104) % 900);
        }
        p.snapshotS = (draw >> 120) % 3 != 1 ? 300 : 0;
        if ((draw >> 128) % 2 == 0) (p.tipBps, p.maxTipUsdE2, p.tipPerDayUsdE2) = (20, 5_00, uint32(TIP_PER_DAY_E2));
        if ((draw >> 136) % 4 != 1) (p.stopLossBps, p.takeProfitBps) = (1_200, 4_000);
        p.confirmS = 60;
        setPolicy(p);
        current = p;
    }

    /* ------------------------------------------------ the books ---------------------------------------------- */

    struct Before {
        uint256 nav;
        uint256[3] held;
        uint256[3] paid; //   {base units} held by those who execute
        uint256[3] taken; //  {base units} held by filler and pool
        State state;
    }

    function take() private view returns (Before memory b) {
        b.nav = nav();
        b.state = vault.state();
        for (uint8 i; i < 3; ++i) {
            b.held[i] = held(i);
            (b.paid[i], b.taken[i]) = (paid(i), taken(i));
        }
    }

    function paid(uint8 i) private view returns (uint256) {
        return tokenOf(i).balanceOf(KEEPER) + tokenOf(i).balanceOf(STRANGER);
    }

    function taken(uint8 i) private view returns (uint256) {
        return tokenOf(i).balanceOf(address(rateFiller)) + tokenOf(i).balanceOf(address(ratePool));
    }

    /// @dev After every call by somebody who trades, successful or not.
    function settle(Before memory b) private returns (uint256 tipUsdE8) {
        State memory s = vault.state();
        assertTrue(s.epoch >= b.state.epoch, "P25: epochs only go forward");
        assertTrue(s.epoch > b.state.epoch || s.sequence >= b.state.sequence, "P25: slices only go forward");
        for (uint8 i; i < 3; ++i) {
            uint256 has = held(i);
            uint256 tip = paid(i) - b.paid[i];
            uint256 took = taken(i) - b.taken[i];
            tipUsdE8 += valueOf(i, tip);
            inflow[i] += has + took + tip - b.held[i]; // what was minted for the vault
            outflow[i] += took + tip;
        }
        uint256 day = block.timestamp / 86_400;
        tipped[day] += tipUsdE8;
        assertLe(tipped[day], TIP_PER_DAY_E2 * 1e6, "P20: tips of a day");
        if (s.snapshotAt != b.state.snapshotAt || s.epoch != b.state.epoch) {
            uint256 cap = uint256(current.lossBpsPerDay) * s.epochNavUsdE8 / 10_000;
            if (cap > capMax) capMax = cap;
            if (b.state.lossUsdE8 > cap) forgiven += b.state.lossUsdE8 - cap;
        }
        uint256 later = nav() + tipUsdE8;
        if (later < b.nav) lost += b.nav - later;
        if (tipUsdE8 != 0) ++count["tip"];
    }

    /// @dev {bps} the targets in force: what was stopped belongs to USDC, the only safe asset.
    function targetBps(uint8 i, uint256 stopped) private pure returns (uint256 bps) {
        bps = i == USDC ? 4_000 : 3_000;
        if (stopped >> i & 1 == 1) return 0;
        if (i != USDC) return bps;
        return bps + (stopped >> WBTC & 1) * 3_000 + (stopped >> WETH & 1) * 3_000;
    }

    /// @return over {USD E8} above the target, negative below
    function gap(uint8 i, uint256 amount, State memory s) private view returns (int256 over) {
        return int256(valueOf(i, amount)) - int256(targetBps(i, s.stopped) * s.epochNavUsdE8 / 10_000);
    }

    function abs(int256 x) private pure returns (uint256) {
        return x < 0 ? uint256(-x) : uint256(x);
    }

    /* ------------------------------------------------- trading ----------------------------------------------- */

    function beginBy(address who) private {
        Before memory b = take();
        vm.prank(who);
        try vault.begin() {
            ++count[who == KEEPER ? bytes32("begin") : bytes32("begin by a stranger")];
            if (vault.state().stopped != 0) ++count["begin for a stop"];
        } catch {}
        settle(b);
    }

    function begin_() external {
        beginBy(KEEPER);
    }

    /// @dev Prices moved and somebody is there at once.
    function moveAndBegin_(uint256 btc, uint256 eth, bool stranger) external {
        move_(btc, eth);
        beginBy(stranger ? STRANGER : KEEPER);
    }

    function finish_(bool stranger) external {
        Before memory b = take();
        vm.prank(stranger ? STRANGER : KEEPER);
        try vault.finish() {
            ++count[stranger ? bytes32("finish by a stranger") : bytes32("finish")];
        } catch {}
        settle(b);
    }

    /// @dev Any two assets, any price, any amount.
    function fill_(uint8 sell, uint8 buy, uint256 usdE8, uint256 outBps, uint256 back, bool last) external {
        fillBy(KEEPER, rateFillOf(sell % 3, buy % 3, usdE8, bound(outBps, 9_800, 10_200), back), last);
    }

    /// @dev Somebody who knows what he is doing, and takes as much as he may.
    function greedyFill_(uint256 usdE8, uint256 less) external {
        uint256 outBps = 10_000 - current.maxSlipBps + bound(less, 0, 20);
        for (uint256 i; i < 1 + usdE8 % 3; ++i) {
            (uint8 sell, uint8 buy) = extremes();
            fillBy(KEEPER, rateFillOf(sell, buy, usdE8, outBps, 1), false);
        }
    }

    function fairFill_(uint256 usdE8, uint256 outBps, bool stranger, bool last) external {
        (uint8 sell, uint8 buy) = extremes();
        Fill memory f = rateFillOf(sell, buy, usdE8, bound(outBps, 9_990, 10_110), 1);
        if (stranger && usdE8 % 8 != 0) f.amountIn = uint128(held(sell)); // strangers have to take all that is wanted
        fillBy(stranger ? STRANGER : KEEPER, f, last && usdE8 % 4 == 0);
    }

    /// @dev A pool that asks for its pay once or twice, for too much or too little.
    function attackingPool_(uint256 usdE8, uint256 outBps, uint256 asksBps, bool twice) external {
        (uint8 sell, uint8 buy) = extremes();
        Fill memory f = rateFillOf(sell, buy, usdE8, 0, 1);
        uint256 asks = f.amountIn * bound(asksBps, 4_000, 10_100) / 10_000;
        uint256 out = fairOut(sell, buy, twice ? 2 * asks : asks) * bound(outBps, 9_900, 10_100) / 10_000;
        ratePool.tell(address(tokenOf(buy)), out, asks, twice ? 2 : 1);
        (f.venue, f.target, f.data) = (Venue.UniswapV3, address(ratePool), "");
        if (fillBy(KEEPER, f, false)) ++count["fill by the pool"];
    }

    function rateFillOf(uint8 sell, uint8 buy, uint256 usdE8, uint256 outBps, uint256 back)
        private
        view
        returns (Fill memory)
    {
        uint256 amount = bound(usdE8, 1e8, 20_000e8) * 10 ** tokenOf(sell).decimals() / priceOf(sell);
        return rateFill(sell, buy, amount, outBps, back % 4 == 0 ? back % amount : 0);
    }

    function extremes() private view returns (uint8 most, uint8 least) {
        State memory s = vault.state();
        int256[3] memory over;
        for (uint8 i; i < 3; ++i) {
            over[i] = gap(i, held(i), s);
            if (over[i] > over[most]) most = i;
            if (over[i] < over[least]) least = i;
        }
    }

    function fillBy(address who, Fill memory f, bool last) private returns (bool ok) {
        Before memory b = take();
        Slice memory s = Slice(b.state.epoch, b.state.sequence, uint40(block.timestamp), last);
        vm.prank(who);
        try vault.fill(s, many(f)) {
            ok = true;
            ++count[who == KEEPER ? bytes32("fill") : bytes32("fill by a stranger")];
        } catch {}
        uint256 tipUsdE8 = settle(b);
        if (ok && who == STRANGER) judgeStranger(b, f);
        if (ok) judge(b, f, tipUsdE8);
    }

    /// @dev No stranger uses up a slice with less than all that is wanted, or than fits into it.
    function judgeStranger(Before memory b, Fill memory f) private view {
        assertTrue(current.open, "P3: strangers trade where all may");
        if (current.destinationBps != 0) return;
        State memory s = vault.state();
        uint256 wanted = uint256(current.maxSliceBps) * s.epochNavUsdE8 / 10_000;
        int256 over = gap(f.sell, b.held[f.sell], s);
        int256 under = -gap(f.buy, b.held[f.buy], s);
        if (uint256(over) < wanted) wanted = uint256(over);
        if (uint256(under) < wanted) wanted = uint256(under);
        uint256 spentUsdE8 = valueOf(f.sell, b.held[f.sell] - held(f.sell));
        assertLe(wanted, spentUsdE8 + valueOf(f.sell, 1) + 2, "P21: strangers take all");
    }

    /// @dev What must be true of every fill, whoever made it and however.
    function judge(Before memory b, Fill memory f, uint256 tipUsdE8) private {
        State memory s = vault.state();
        uint256 order = uint256(b.state.epoch) << 32 | b.state.sequence;
        assertLt(lastOrder, order + 1, "P25: each slice once");
        lastOrder = order + 1;
        assertEq(s.sequence, b.state.sequence + 1, "P25: consumed");
        assertTrue(block.timestamp < b.state.epochEnd, "P21: only in an open epoch");
        assertTrue(b.state.pausedUntil <= block.timestamp, "P18: never while paused");

        assertTrue(soldIn[s.epoch] >> f.buy & 1 == 0, "P11: nothing is bought that was sold in this epoch");
        soldIn[s.epoch] |= 1 << f.sell;
        assertTrue(s.stopped >> f.buy & 1 == 0, "P7: what is stopped is not bought");
        if (s.stopped != 0) ++count["fill while stopped"];
        if (s.snapshotAt != b.state.snapshotAt) ++count["snapshot"];

        // The tip is paid after the fill was judged, out of what was bought.
        uint256 bought = held(f.buy) + paid(f.buy) - b.paid[f.buy];
        uint256 was = abs(gap(f.sell, b.held[f.sell], s)) + abs(gap(f.buy, b.held[f.buy], s));
        uint256 is_ = abs(gap(f.sell, held(f.sell), s)) + abs(gap(f.buy, bought, s));
        assertLt(is_, was, "P11: closer");
        assertLe(b.held[f.sell] - held(f.sell), f.amountIn, "P2: no more than asked for");
        assertTrue(gap(f.sell, held(f.sell), s) >= -1, "P12: not sold below its target");
        uint256 spentUsdE8 = valueOf(f.sell, b.held[f.sell] - held(f.sell));
        uint256 bps = current.maxSlipBps > current.premiumBps ? current.maxSlipBps : current.premiumBps;
        assertTrue(gap(f.buy, bought, s) <= int256(spentUsdE8 * bps / 10_000 + 1), "P12: not bought beyond it");
        assertLe(tipUsdE8, spentUsdE8 * 20 / 10_000, "P20: for what was moved");
        uint8 third = 3 - f.sell - f.buy;
        assertEq(held(third), b.held[third], "P2: the third asset is untouched");
    }

    /* ------------------------------------------------- others ------------------------------------------------ */

    function donate_(uint8 which, uint256 amount) external {
        which %= 3;
        amount = bound(amount, 1, 10 ** tokenOf(which).decimals());
        tokenOf(which).mint(address(vault), amount);
        inflow[which] += amount;
        ++count["gift"];
    }

    function withdraw_(uint8 which, uint256 amount) external {
        if (amount % 3 != 0) return;
        which %= 3;
        withdrawExactly(which, bound(amount, 0, held(which) / 4));
    }

    function withdrawExactly(uint8 which, uint256 amount) private {
        uint256 before = tokenOf(which).balanceOf(OWNER);
        uint256 had = held(which);
        vm.prank(OWNER);
        vault.withdraw(address(tokenOf(which)), amount);
        assertEq(tokenOf(which).balanceOf(OWNER), before + amount, "P4: to the owner");
        assertEq(held(which), had - amount, "P10: exactly");
        assertTrue(!isOpen(), "P10: what was planned before is void");
        outflow[which] += amount;
        ++count["withdrawal"];
    }

    function pause_(uint8 on, uint256 seconds_) external {
        if (on % 8 == 0) {
            vm.prank(OWNER);
            vault.pause();
        } else if (on % 8 < 3) {
            vm.prank(GUARDIAN);
            try vault.guardianPause(uint32(bound(seconds_, 0, 10 minutes))) {
                ++count["guardian's pause"];
            } catch {}
        } else {
            vm.prank(OWNER);
            vault.resume();
        }
    }

    function policy_(uint256 draw) external {
        if (draw % 3 == 0) usePolicy(uint256(keccak256(abi.encode(draw))));
    }

    function checkStop_() public {
        uint256 before = vault.state().stopped;
        vm.prank(STRANGER);
        try vault.checkStop() {
            ++count["stop check"];
            uint256 fired = vault.state().stopped & ~before;
            if (fired != 0) ++count["stop"];
            assertTrue(fired & 1 == 0, "P7: what is safe is not stopped");
        } catch {}
        assertEq(vault.state().stopped & before, before, "P7: only the owner resets");
    }

    /// @dev The market falls by a quarter and stays there while somebody watches: else three looks at the right moments
    ///      would be a rare chance.
    function crash_(uint8 draw) external {
        if (draw % 4 != 0) return;
        heal();
        checkStop_();
        setPrices(uint256(wbtcFeed.answer()) * 3 / 4e8, uint256(wethFeed.answer()) * 3 / 4e18);
        checkStop_();
        vm.warp(block.timestamp + 61);
        checkStop_();
    }

    function resetStop_(uint8 draw) external {
        if (draw % 4 != 0) return;
        vm.prank(OWNER);
        try vault.resetStop() {
            ++count["reset"];
        } catch {}
    }

    function move_(uint256 btc, uint256 eth) public {
        heal();
        setPrices(bound(btc, 45_000, 80_000), bound(eth, 2_200, 4_200));
    }

    function heal() private {
        usdcFeed.setMode(Feed.Mode.Ok);
        wbtcFeed.setMode(Feed.Mode.Ok);
        wethFeed.setMode(Feed.Mode.Ok);
    }

    /// @dev Until prices move again.
    function breakOracle_(uint8 which, uint8 how) external {
        if (which % 4 != 0) return;
        Feed feed = which % 8 == 0 ? wethFeed : usdcFeed;
        if (how % 4 == 0) feed.setUpdatedAt(block.timestamp - 48 hours - 1);
        else if (how % 4 == 1) wethSecond.set(wethSecond.answer() * 11 / 10);
        else if (how % 4 == 2) feed.setMode(Feed.Mode.Revert);
        else feed.setMode(Feed.Mode.Short);
        ++count["broken oracle"];
    }

    function sequencer_(uint8 draw) external {
        if (uptime.answer() == 1) {
            uptime.set(0);
        } else if (draw % 3 == 0) {
            uptime.set(1);
            ++count["outage"];
        }
    }

    function wait_(uint256 seconds_) external {
        // Mostly within an epoch, sometimes beyond it.
        vm.warp(block.timestamp + bound(seconds_, 1, seconds_ % 4 == 0 ? 2 hours : 10 minutes));
        Feed[6] memory all = [usdcFeed, wbtcFeed, wethFeed, usdcSecond, wbtcSecond, wethSecond];
        for (uint256 i; i < 5; ++i) {
            if (all[i].updatedAt() + 24 hours > block.timestamp) all[i].set(all[i].answer());
        }
    }

    /* -------------------------------------------- at the end of a run ---------------------------------------- */

    /// @notice Once the world is in order again, a vault outside its bands comes back into them. P:[21]
    function recover() external {
        if (uptime.answer() == 1) uptime.set(0);
        vm.warp(block.timestamp + 1 hours);
        heal();
        setPrices(uint256(wbtcFeed.answer()) / 1e8, uint256(wethFeed.answer()) / 1e18);
        vm.prank(OWNER);
        vault.resume();
        if (isOpen()) {
            vm.prank(KEEPER);
            vault.finish();
        }
        for (uint256 i; i < 60 && outside(); ++i) {
            if (!isOpen()) {
                vm.prank(KEEPER);
                vault.begin(); // P21: outside a band with good prices, this never reverts
                vm.warp(block.timestamp + current.relaxS);
            }
            (uint8 sell, uint8 buy) = extremes();
            bool ok = fillBy(KEEPER, rateFillOf(sell, buy, 20_000e8, 10_020, 1), i % 3 == 2);
            assertTrue(ok, "P21: and neither does this");
            ++count["recovering fill"];
        }
        assertTrue(!outside(), "P21: back inside");
    }

    /// @dev By the fixture's rules alone: a drift of more than five points, or half a percent of something stopped. A
    ///      little more than that, because what fills gain moves the targets, and so that there is a trade of a dollar.
    function outside() private view returns (bool) {
        uint256 total = nav();
        uint256 margin = total / 500 + 3e8;
        uint256 stopped = vault.state().stopped;
        for (uint8 i; i < 3; ++i) {
            uint256 v = valueOf(i, held(i));
            uint256 band = stopped >> i & 1 == 1 ? total / 200 : total / 20;
            if (abs(int256(v) - int256(targetBps(i, stopped) * total / 10_000)) > band + margin) return true;
        }
        return false;
    }

    /// @notice Breaks whatever can be broken, and leaves with everything. P:[4] P:[17] P:[18]
    function leave() external {
        vm.etch(vault.extension(), hex"5f5ffd");
        vm.etch(vault.rulebook(), hex"5f5ffd");
        vm.etch(address(hub), hex"5f5ffd");
        for (uint8 i; i < 3; ++i) {
            uint256 had = held(i);
            uint256 before = tokenOf(i).balanceOf(OWNER);
            vm.prank(OWNER);
            vault.withdraw(address(tokenOf(i)), type(uint256).max);
            assertEq(tokenOf(i).balanceOf(OWNER), before + had, "P4: all of it");
            assertEq(held(i), 0, "P4: nothing is left");
        }
    }

    /* ------------------------------------------------ readings ----------------------------------------------- */

    function check() external view {
        for (uint8 i; i < 3; ++i) {
            assertEq(held(i), inflow[i] - outflow[i], "P2: conservation");
            address[5] memory all = [address(rateFiller), address(ratePool), KEEPER, STRANGER, address(hub)];
            for (uint256 j; j < 5; ++j) {
                assertEq(tokenOf(i).allowance(address(vault), all[j]), 0, "P2: no allowance");
            }
        }
        State memory s = vault.state();
        if (s.epoch != 0) assertLe(s.epochEnd, uint256(s.epochStart) + 86_400, "P21: an epoch ends within a day");
        uint256 fills = count["fill"] + count["fill by a stranger"];
        // A base unit of WBTC is worth up to 0.0008 dollars: one may be lost to rounding in each fill and tip.
        assertLe(
            lost, capMax + capMax * (block.timestamp - T0) / 86_400 + forgiven + fills * 2e5, "P1: loss beyond the budget"
        );
    }

    function countOf(bytes32 what) external view returns (uint256) {
        return count[what];
    }
}

contract VaultInvariants is RandomMarket {
    Handler private handler;

    function setUp() public override {
        handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function selectors() private pure returns (bytes4[] memory s) {
        s = new bytes4[](18);
        s[0] = Handler.begin_.selector;
        s[1] = Handler.moveAndBegin_.selector;
        s[2] = Handler.fill_.selector;
        s[3] = Handler.greedyFill_.selector;
        s[4] = Handler.fairFill_.selector;
        s[5] = Handler.attackingPool_.selector;
        s[6] = Handler.finish_.selector;
        s[7] = Handler.donate_.selector;
        s[8] = Handler.withdraw_.selector;
        s[9] = Handler.pause_.selector;
        s[10] = Handler.policy_.selector;
        s[11] = Handler.checkStop_.selector;
        s[12] = Handler.resetStop_.selector;
        s[13] = Handler.move_.selector;
        s[14] = Handler.breakOracle_.selector;
        s[15] = Handler.sequencer_.selector;
        s[16] = Handler.wait_.selector;
        s[17] = Handler.crash_.selector;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(handler), selectors());
    }

    function invariant_P1_P2_P7_P11_P12_P20_P25_everybodysBooksAgree() public view {
        handler.check();
    }

    /// P:[4] P:[21] at the end of every run.
    function afterInvariant() public {
        handler.recover();
        handler.check();
        handler.leave();
    }

    /// The invariants say nothing unless things happen: a run of fixed draws, of which each kind of event must come out.
    function test_P2_invariantsAreNotEmpty() public {
        bytes4[] memory list = selectors();
        uint256 draw = 1;
        for (uint256 i; i < 8_000; ++i) {
            draw = uint256(keccak256(abi.encode(draw)));
            uint256[6] memory words;
            for (uint256 j; j < 6; ++j) {
                words[j] = uint256(keccak256(abi.encode(draw, j)));
            }
            (bool ok, bytes memory why) = address(handler).call(
                abi.encodePacked(list[draw % list.length], tamed(list[draw % list.length], words))
            );
            if (!ok) {
                assembly {
                    revert(add(why, 32), mload(why))
                }
            }
        }
        handler.check();
        string[18] memory wanted = [
            "begin",
            "begin by a stranger",
            "begin for a stop",
            "fill",
            "fill by a stranger",
            "fill by the pool",
            "fill while stopped",
            "finish",
            "gift",
            "withdrawal",
            "guardian's pause",
            "stop check",
            "stop",
            "reset",
            "broken oracle",
            "outage",
            "snapshot",
            "tip"
        ];
        for (uint256 i; i < wanted.length; ++i) {
            assertLe(5, handler.countOf(bytes32(bytes(wanted[i]))), wanted[i]);
        }
        handler.move_(80_000, 2_200);
        afterInvariant();
        assertLe(1, handler.countOf("recovering fill"), "there was something to recover from");
    }

    /// @dev Words for the arguments of one handler, within their types: small numbers and flags are drawn as such.
    function tamed(bytes4 selector, uint256[6] memory w) private pure returns (bytes memory) {
        if (selector == Handler.moveAndBegin_.selector) return abi.encode(w[0], w[1], w[2] & 1);
        if (selector == Handler.fill_.selector) {
            return abi.encode(w[0] & 255, w[1] & 255, w[2], w[3], w[4], w[5] & 1);
        }
        if (selector == Handler.fairFill_.selector) return abi.encode(w[0], w[1], w[2] & 1, w[3] & 1);
        if (selector == Handler.attackingPool_.selector) return abi.encode(w[0], w[1], w[2], w[3] & 1);
        if (selector == Handler.finish_.selector) return abi.encode(w[0] & 1);
        if (selector == Handler.donate_.selector || selector == Handler.withdraw_.selector) {
            return abi.encode(w[0] & 255, w[1]);
        }
        if (selector == Handler.pause_.selector) return abi.encode(w[0] & 255, w[1]);
        if (selector == Handler.breakOracle_.selector) return abi.encode(w[0] & 255, w[1] & 255);
        if (
            selector == Handler.resetStop_.selector || selector == Handler.sequencer_.selector
                || selector == Handler.crash_.selector
        ) {
            return abi.encode(w[0] & 255);
        }
        return abi.encode(w[0], w[1]);
    }
}
