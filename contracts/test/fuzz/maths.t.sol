// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Policy} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";

struct Side {
    uint256 balance;
    uint256 priceUsdE8;
    uint8 decimals;
    uint16 targetBps;
    uint16 bandBps;
}

interface IMathHarness {
    struct SellCase {
        Policy policy;
        Side sell;
        Side buy;
        uint256 epochNavUsdE8;
        uint256 soldUsdE8;
    }

    struct OutCase {
        uint256 spent;
        uint256 priceSellUsdE8;
        uint8 decimalsSell;
        uint256 priceBuyUsdE8;
        uint8 decimalsBuy;
        uint256 pips;
    }

    struct LossCase {
        uint256 level;
        uint256 cap;
        uint256 elapsedS;
        uint256 lossUsdE8;
    }

    function maxSellAmount(SellCase[] memory cases) external pure returns (uint256[] memory);
    function requiredOut(OutCase[] memory cases) external pure returns (uint256[] memory);
    function lossLevel(LossCase[] memory cases) external pure returns (uint256[] memory);
    function scaledMinOut(uint256 minOut, uint256 amountIn, uint256 requestedIn) external pure returns (uint256);
}

/// The pure rules against what they are meant to say, with no rounding in the checks.
contract MathsFuzz is Fixture {
    IMathHarness private maths;

    function setUp() public override {
        super.setUp();
        maths = IMathHarness(deploy("MathHarness", ""));
    }

    /// The least that satisfies out * price >= in * price * pips, to the unit.
    function testFuzz_P1_requiredOutIsExact(IMathHarness.OutCase memory c) public view {
        c.spent = bound(c.spent, 0, type(uint96).max);
        c.priceSellUsdE8 = bound(c.priceSellUsdE8, 1, 1e14);
        c.priceBuyUsdE8 = bound(c.priceBuyUsdE8, 1, 1e14);
        c.decimalsSell = uint8(bound(c.decimalsSell, 0, 18));
        c.decimalsBuy = uint8(bound(c.decimalsBuy, 0, 18));
        c.pips = bound(c.pips, 950_000, 1_050_000);
        IMathHarness.OutCase[] memory list = new IMathHarness.OutCase[](1);
        list[0] = c;
        uint256 out = maths.requiredOut(list)[0];
        uint256 owed = c.spent * c.priceSellUsdE8 * c.pips * 10 ** c.decimalsBuy;
        uint256 unit = c.priceBuyUsdE8 * 10 ** c.decimalsSell * 1_000_000;
        assertLe(owed, out * unit, "enough");
        if (out != 0) assertLt((out - 1) * unit, owed, "and not more");
    }

    function testFuzz_P12_maxSellAmountStaysWithinEveryBound(IMathHarness.SellCase memory c) public view {
        c.policy.destinationBps = uint16(bound(c.policy.destinationBps, 0, 10_000));
        c.policy.maxSliceBps = uint16(bound(c.policy.maxSliceBps, 1, 10_000));
        tame(c.sell);
        tame(c.buy);
        c.epochNavUsdE8 = bound(c.epochNavUsdE8, 0, type(uint96).max);
        c.soldUsdE8 = bound(c.soldUsdE8, 0, type(uint96).max);
        IMathHarness.SellCase[] memory list = new IMathHarness.SellCase[](1);
        list[0] = c;
        uint256 amount = maths.maxSellAmount(list)[0];
        assertLe(amount, c.sell.balance, "what is there");
        if (amount == 0) return;

        uint256 v = amount * c.sell.priceUsdE8 / 10 ** c.sell.decimals;
        uint256 vSell = c.sell.balance * c.sell.priceUsdE8 / 10 ** c.sell.decimals;
        uint256 vBuy = c.buy.balance * c.buy.priceUsdE8 / 10 ** c.buy.decimals;
        assertLe(v + c.sell.targetBps * c.epochNavUsdE8 / 10_000, vSell, "surplus");
        assertLe(v + vBuy, c.buy.targetBps * c.epochNavUsdE8 / 10_000, "deficit");
        assertLe(v + c.soldUsdE8, c.policy.maxSliceBps * c.epochNavUsdE8 / 10_000, "slice");
        uint256 dSell = uint256(c.sell.bandBps) * c.policy.destinationBps / 10_000;
        uint256 dBuy = uint256(c.buy.bandBps) * c.policy.destinationBps / 10_000;
        uint256 upper = (c.sell.targetBps + dSell) * c.epochNavUsdE8 / 10_000;
        uint256 lower = (c.buy.targetBps > dBuy ? c.buy.targetBps - dBuy : 0) * c.epochNavUsdE8 / 10_000;
        assertTrue(v + upper <= vSell || v + vBuy <= lower, "reach: one of the two still needs it");
    }

    function tame(Side memory s) private pure {
        s.balance = bound(s.balance, 0, 1e30);
        s.priceUsdE8 = bound(s.priceUsdE8, 1, 1e14);
        s.decimals = uint8(bound(s.decimals, 0, 18));
        s.targetBps = uint16(bound(s.targetBps, 0, 10_000));
        s.bandBps = uint16(bound(s.bandBps, 50, 2_000));
    }

    function testFuzz_P1_lossLevelLeaksAtMostItsShare(uint256 level, uint256 cap, uint256 t, uint256 loss) public view {
        IMathHarness.LossCase[] memory list = new IMathHarness.LossCase[](2);
        cap = bound(cap, 0, type(uint96).max);
        level = bound(level, 0, 2 * cap);
        t = bound(t, 0, 3 days);
        loss = bound(loss, 0, type(uint96).max);
        list[0] = IMathHarness.LossCase(level, cap, t, loss);
        list[1] = IMathHarness.LossCase(level, cap, 0, loss);
        uint256[] memory after_ = maths.lossLevel(list);
        assertEq(after_[1], level + loss, "nothing leaks in no time");
        assertLe(after_[0], level + loss, "it never grows by waiting");
        assertLe(loss, after_[0], "the new loss is in it whole");
        assertLe(level + loss, after_[0] + cap * t / 86_400, "leak");
    }

    /// The caller's price never gets worse by clamping.
    function testFuzz_P2_scaledMinOutKeepsThePrice(uint128 minOut, uint128 requested, uint256 amountIn) public view {
        vm.assume(requested != 0);
        amountIn = bound(amountIn, 1, requested);
        uint256 scaled = maths.scaledMinOut(minOut, amountIn, requested);
        assertLe(uint256(minOut) * amountIn, scaled * requested, "price");
        assertLe(scaled, minOut, "never more than asked for");
    }

    /// Feeds of any decimals tell the same price.
    function testFuzz_P5_feedDecimals(uint256 answer, uint8 decimals) public {
        decimals = uint8(bound(decimals, 6, 18));
        answer = bound(answer, 1, type(uint96).max);
        Feed feed = new Feed(decimals, int256(answer));
        bytes32[] memory ids = new bytes32[](1);
        FeedConfig memory c = configOf(feed);
        c.maxPriceUsdE8 = type(uint64).max;
        ids[0] = hub.register(c);
        Price memory p = hub.peek(ids)[0];
        uint256 expected = answer * 1e8 / 10 ** decimals;
        if (expected > 10_000 && expected < type(uint64).max) {
            assertEq(uint256(p.status), uint256(PriceStatus.Ok), "status");
            assertEq(p.usdE8, expected, "price");
            assertEq(hub.prices(ids)[0], expected, "price");
        } else {
            assertEq(uint256(p.status), uint256(PriceStatus.OutOfBounds), "status");
        }
    }
}
