// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, Policy, Slice, State} from "../../src/interfaces/IVault.sol";
import {RandomMarket} from "../utils/RandomMarket.sol";

/// The heart of it: whatever a keeper does, in whatever order, he cannot take more than the budget.
contract LeakageFuzz is RandomMarket {
    uint256 private lost; //     {USD E8} beyond tips, sum over all calls, at the prices of each call
    uint256 private tipped; //   {USD E8}
    uint256 private forgiven; // {USD E8} level dropped because a smaller vault has a smaller bucket
    uint256 private capMax; //   {USD E8} largest budget of any snapshot
    uint256 private fills;

    function keeperDoes(Policy memory p, uint256 what) private {
        uint256 navBefore = nav();
        uint256 keptBefore = kept();
        State memory s = vault.state();
        if (what == 0) {
            vm.prank(KEEPER);
            try vault.begin() {} catch {}
        } else if (what == 1) {
            vm.prank(KEEPER);
            try vault.finish() {} catch {}
        } else {
            uint256 n = random(1, 3);
            Fill[] memory list = new Fill[](n);
            for (uint256 i; i < n; ++i) {
                list[i] = anyFill(p, s);
            }
            Slice memory slice_ = Slice(s.epoch, s.sequence, uint40(block.timestamp), random(0, 9) == 0);
            vm.prank(KEEPER);
            try vault.fill(slice_, list) {
                fills += n;
            } catch {}
        }
        State memory t = vault.state();
        if (t.epoch != s.epoch || t.snapshotAt != s.snapshotAt) {
            uint256 cap = uint256(p.lossBpsPerDay) * t.epochNavUsdE8 / 10_000;
            if (cap > capMax) capMax = cap;
            if (s.lossUsdE8 > cap) forgiven += s.lossUsdE8 - cap;
        }
        uint256 tip = kept() - keptBefore;
        tipped += tip;
        uint256 navAfter = nav() + tip;
        if (navAfter < navBefore) lost += navBefore - navAfter;
    }

    /// @return sum {USD E8} of what the keeper was given
    function kept() private view returns (uint256 sum) {
        for (uint8 i; i < 3; ++i) {
            sum += valueOf(i, tokenOf(i).balanceOf(KEEPER));
        }
    }

    /// @dev Mostly in a direction that may work, mostly at the worst price allowed.
    function anyFill(Policy memory p, State memory s) private returns (Fill memory) {
        uint8 sell = uint8(random(0, 2));
        uint8 buy = uint8(random(0, 2));
        for (uint256 tries; tries < 4 && !(isOver(sell, s) && !isOver(buy, s)); ++tries) {
            sell = uint8(random(0, 2));
            buy = uint8(random(0, 2));
        }
        uint256 outBps = 10_000 - random(0, uint256(p.maxSlipBps) + 1) + (random(0, 5) == 0 ? random(0, 300) : 0);
        uint256 back = random(0, 4) == 0 ? random(0, 1e18) : 0;
        return rateFill(sell, buy, amountFor(sell, random(1e6, 200_000e8)), outBps, back);
    }

    function isOver(uint8 i, State memory s) private view returns (bool) {
        return valueOf(i, held(i)) > (i == USDC ? 4_000 : 3_000) * uint256(s.epochNavUsdE8) / 10_000;
    }

    function amountFor(uint8 i, uint256 usdE8) private view returns (uint256) {
        return usdE8 * 10 ** tokenOf(i).decimals() / priceOf(i);
    }

    function testFuzz_P1_keeperLeakageIsBounded(uint256 entropy) public {
        seed(entropy);
        Policy memory p = randomPolicy();
        p.minTradeUsdE2 = 1;
        p.maxSliceBps = uint16(random(500, 10_000));
        if (random(0, 1) == 0) p.snapshotS = uint24(random(60, p.ttlS));
        if (random(0, 2) == 0) (p.premiumBps, p.relaxS) = (uint16(random(0, 100)), uint24(random(0, 600)));
        if (random(0, 1) == 0) {
            (p.tipBps, p.maxTipUsdE2) = (uint8(random(1, 20)), uint32(random(1, 50_00)));
            p.tipPerDayUsdE2 = uint32(random(1, 200_00));
        }
        setPolicy(p);
        randomMarket();
        uint256 start = block.timestamp;
        keeperDoes(p, 0);
        for (uint256 i; i < 25; ++i) {
            keeperDoes(p, random(0, 8));
            if (random(0, 3) == 0) vm.warp(block.timestamp + random(0, 6 hours));
            if (random(0, 7) == 0) movePrices(8_000, 12_500);
        }
        // The bucket: full at once, and again per day by leaking. Each fill may round by a unit on each side.
        uint256 bound_ = capMax + capMax * (block.timestamp - start) / 86_400 + forgiven + 4 * (fills + 1);
        bound_ += fills * 1e4; // one base unit of WBTC is worth up to 0.00096 dollars: balances cannot be finer
        assertLe(lost, bound_, "lost");
        uint256 days_ = block.timestamp / 86_400 - start / 86_400 + 1;
        assertLe(tipped, days_ * p.tipPerDayUsdE2 * 1e6, "P20: and tips within their own cap"); // {USD E8} of each UTC day
    }

    /// Without time passing there is exactly one budget.
    function testFuzz_P1_oneBudgetAtOneMoment(uint256 entropy) public {
        seed(entropy);
        Policy memory p = randomPolicy();
        p.minTradeUsdE2 = 1;
        p.maxSliceBps = 10_000;
        p.lossBpsPerDay = uint16(random(1, 60));
        setPolicy(p);
        randomMarket();
        for (uint256 i; i < 20; ++i) {
            keeperDoes(p, i == 0 ? 0 : random(0, 8));
        }
        assertLe(lost, capMax + 4 * (fills + 1), "lost");
        assertLe(vault.state().lossUsdE8, capMax, "level");
    }

    /// A keeper that takes the worst price again and again, for days, in a market that always gives it a reason.
    function testFuzz_P1_greedForDays(uint256 entropy) public {
        seed(entropy);
        Policy memory p = defaultPolicy();
        p.maxSlipBps = 500;
        p.lossBpsPerDay = uint16(random(1, 20));
        p.minTradeUsdE2 = 1;
        setPolicy(p);
        uint256 start = block.timestamp;
        for (uint256 i; i < 20; ++i) {
            vm.warp(block.timestamp + random(1, 4 hours));
            usdcFeed.set(1e8);
            wbtcFeed.set(60_000e8);
            wethFeed.set(i % 2 == 0 ? int256(4_500e18) : int256(3_000e18));
            keeperDoes(p, 1);
            keeperDoes(p, 0);
            greed(p);
        }
        uint256 most = capMax + capMax * (block.timestamp - start) / 86_400 + forgiven;
        assertLe(lost, most + fills * 1e4, "lost");
        assertLe(most / 4, lost, "the keeper really was greedy");
    }

    /// @dev Large fills first, smaller ones for what the budget has left.
    function greed(Policy memory p) private {
        (uint8 sell, uint8 buy) = valueOf(WETH, held(WETH)) > targetOf(WETH) ? (WETH, USDC) : (USDC, WETH);
        for (uint256 usdE8 = 4_096e8; usdE8 > 1e8; usdE8 /= 2) {
            Fill memory f = rateFill(sell, buy, amountFor(sell, usdE8), 10_000 - p.maxSlipBps + 1, 0);
            Slice memory s = slice();
            uint256 before = nav();
            vm.prank(KEEPER);
            try vault.fill(s, many(f)) {
                ++fills;
                lost += before - nav();
            } catch {}
        }
    }
}
