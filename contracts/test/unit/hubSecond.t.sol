// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus, SecondKind} from "../../src/interfaces/IOracleHub.sol";
import {Feed, PuppetOracle, Wrapper} from "../mocks/Feeds.sol";
import {Token} from "../mocks/Tokens.sol";
import {HubFixture} from "../utils/HubFixture.sol";

/// Two sources that must agree: another feed, or a pool (made up here, a real one in hubTwap).
contract HubSecondTest is HubFixture {
    Feed private feed;
    Feed private second;
    Feed private dollar;
    Token private base;
    Token private quote;
    PuppetOracle private oracle;

    function setUp() public override {
        super.setUp();
        feed = new Feed(18, 1_000e18);
        second = new Feed(18, 1_000e18);
        dollar = new Feed(8, 1e8);
        base = new Token(18);
        quote = new Token(6);
        oracle = new PuppetOracle(address(base), address(quote), 7_201);
        oracle.set(300, 0, -207_243 * 300); // 1,000.03 quote for a base
    }

    function checked() private view returns (FeedConfig memory) {
        return withSecond(configOf(feed), second, 100);
    }

    function pooled() private view returns (FeedConfig memory) {
        return withPool(configOf(feed), address(oracle), true, 300, dollar, 100);
    }

    /* --------------------------------------------- a second feed --------------------------------------------- */

    /// One wei is enough.
    function test_P7_second_mayDifferByTheLimit() public {
        FeedConfig memory c = checked();
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        second.set(1_010e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        second.set(1_010e18 + 1);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        second.set(990e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        second.set(990e18 - 1);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        second.set(1);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        // The measure is the first price, not the second.
        second.set(1_000e18);
        feed.set(990e18);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        feed.set(1_010e18);
        assertTold(c, PriceStatus.Ok, 1_010e8, T0);
    }

    function test_P7_second_anyDecimals() public {
        assertTold(withSecond(configOf(feed), new Feed(6, 1_010e6), 100), PriceStatus.Ok, 1_000e8, T0);
        assertTold(withSecond(configOf(feed), new Feed(6, 1_010e6 + 1), 100), PriceStatus.Diverged, 0, T0);
        assertTold(withSecond(configOf(feed), new Feed(8, 990e8), 100), PriceStatus.Ok, 1_000e8, T0);
        assertTold(withSecond(configOf(feed), new Feed(8, 990e8 - 1), 100), PriceStatus.Diverged, 0, T0);
    }

    /// The second source prices what the feeds price: the product of both, and not the share around it.
    function test_P7_second_isComparedBeforeTheWrapper() public {
        Wrapper wrapper = new Wrapper(address(base), 18, 1e18);
        base.mint(address(wrapper), 2e18);
        FeedConfig memory c = withWrapper(withQuote(checked(), new Feed(8, 0.5e8)), wrapper);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        second.set(505e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        second.set(505e18 + 1);
        assertTold(c, PriceStatus.Diverged, 0, T0);
    }

    function test_P4_second_isStaleByItsOwnHeartbeat() public {
        FeedConfig memory c = checked();
        vm.warp(T0 + 12 hours);
        feed.set(1_000e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0); // the older one
        vm.warp(T0 + 12 hours + 1);
        assertTold(c, PriceStatus.Stale, 0, T0);
        second.set(1_000e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0 + 12 hours);
        second.set(2_000e18);
        assertTold(c, PriceStatus.Diverged, 0, T0 + 12 hours);
    }

    function test_P5_second_mustBeAPrice() public {
        FeedConfig memory c = checked();
        second.set(0);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        second.set(type(int256).min);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        second.set(type(int256).max);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        second.setMode(Feed.Mode.BurnGas);
        assertTold(c, PriceStatus.Unreachable, 0, 0);
        Feed huge = new Feed(6, int256(uint256(type(uint104).max)));
        assertTold(withSecond(configOf(feed), huge, 100), PriceStatus.OutOfBounds, 0, T0);
    }

    /// The first source is heard first, and a price out of its bounds is none whatever the second one says.
    function test_P5_second_cannotMendTheFirst() public {
        FeedConfig memory c = checked();
        feed.set(0);
        second.set(0);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        feed.set(10_000_000e18);
        second.set(10_000_000e18);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        feed.setMode(Feed.Mode.Revert);
        assertTold(c, PriceStatus.Unreachable, 0, 0);
    }

    function test_P7_second_registered() public {
        FeedConfig memory good = checked();
        FeedConfig memory c = copy(good);
        c.second.maxDivergenceBps = 9;
        expectBad(c, "second.maxDivergenceBps");
        c.second.maxDivergenceBps = 2_001;
        expectBad(c, "second.maxDivergenceBps");
        c.second.maxDivergenceBps = 10;
        hub.register(c);
        c.second.maxDivergenceBps = 2_000;
        hub.register(c);
        c = copy(good);
        c.second.source = c.feed;
        expectBad(c, "second.source"); // no second opinion
        c = withQuote(good, dollar);
        c.second.source = address(dollar);
        expectBad(c, "second.source"); // nor as a part of the first
        c = copy(good);
        c.second.source = address(0x77);
        expectBad(c, "second.source");
        c = copy(good);
        c.second.window = 59;
        expectBad(c, "second.window");
        c.second.window = 48 hours + 1;
        expectBad(c, "second.window");
        c.second.window = 60;
        hub.register(c);
        c.second.window = 48 hours;
        hub.register(c);
        c.second.decimals = 8;
        expectBad(c, "second.decimals");
    }

    /// What a config does not use must be zero: one meaning, one id.
    function test_register_refusesUnusedMembers() public {
        FeedConfig memory plain = configOf(feed);
        for (uint256 i; i < 15; ++i) {
            FeedConfig memory c = copy(plain);
            if (i == 0) c.quoteHeartbeat = 1;
            if (i == 1) c.quoteDecimals = 1;
            if (i == 2) c.wrapperDecimals = 1;
            if (i == 3) c.wrapperAssetDecimals = 1;
            if (i == 4) c.second.maxDivergenceBps = 1;
            if (i == 5) c.second.source = address(1);
            if (i == 6) c.second.window = 1;
            if (i == 7) c.second.decimals = 1;
            if (i >= 8) c = pooled();
            if (i == 8) c.second.decimals = 1;
            if (i > 8) c = checked();
            if (i == 9) c.second.baseIsToken0 = true;
            if (i == 10) c.second.baseDecimals = 1;
            if (i == 11) c.second.quoteDecimals = 1;
            if (i == 12) c.second.quoteFeed = address(1);
            if (i == 13) c.second.quoteHeartbeat = 1;
            if (i == 14) c.second.quoteFeedDecimals = 1;
            expectBad(c, "unused");
        }
    }

    /* ------------------------------------------------- a pool ------------------------------------------------ */

    function test_P7_pool_agreesOrNot() public {
        FeedConfig memory c = pooled();
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        oracle.set(300, 0, -207_343 * 300); // a hundred ticks are a percent: 990.08
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        oracle.set(300, 0, -207_345 * 300); // 989.88
        assertTold(c, PriceStatus.Diverged, 0, T0);
        oracle.set(300, 0, -207_144 * 300); // 1,009.99
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        oracle.set(300, 0, -207_143 * 300); // 1,010.09
        assertTold(c, PriceStatus.Diverged, 0, T0);
    }

    /// 32,700 of 300 seconds' ticks: the mean lies between two, and is the lower one.
    function test_P7_pool_roundsTheMeanTickDown() public {
        FeedConfig memory c = pooled();
        oracle.set(300, 1e12, -207_143 * 300 - 1); // -207,144
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        oracle.set(300, -1e12, -207_144 * 300 + 299);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        // The other way round positive ticks: 207,343 and not 207,342.
        PuppetOracle turned = new PuppetOracle(address(quote), address(base), 26);
        c = withPool(configOf(feed), address(turned), false, 300, dollar, 100);
        turned.set(300, 0, 207_143 * 300 + 299); // 1,010.09
        assertTold(c, PriceStatus.Diverged, 0, T0);
        turned.set(300, 0, 207_144 * 300); // 1,009.99
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        turned.set(300, 0, 207_343 * 300 + 299);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        turned.set(300, 0, 207_345 * 300);
        assertTold(c, PriceStatus.Diverged, 0, T0);
    }

    /// The dollar the pool is counted in may itself lose its worth.
    function test_P7_pool_isPricedByItsQuoteFeed() public {
        FeedConfig memory c = pooled();
        dollar.set(0.98e8);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        dollar.set(0);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        dollar.set(type(int256).max);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        dollar.set(1e8);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        dollar.setMode(Feed.Mode.Revert);
        assertTold(c, PriceStatus.Unreachable, 0, 0);
        dollar.setMode(Feed.Mode.Ok);
        vm.warp(T0 + 6 hours);
        feed.set(1_000e18);
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        vm.warp(T0 + 6 hours + 1);
        assertTold(c, PriceStatus.Stale, 0, T0);
        Feed huge = new Feed(6, int256(uint256(type(uint104).max)));
        assertTold(
            withPool(configOf(feed), address(oracle), true, 300, huge, 100),
            PriceStatus.OutOfBounds,
            0,
            T0 + 6 hours + 1
        );
    }

    function test_P7_pool_tellsNonsense() public {
        FeedConfig memory c = pooled();
        oracle.set(300, type(int56).max, 0); // 0 ticks: a base for 1e12 dollars
        assertTold(c, PriceStatus.Diverged, 0, T0);
        oracle.set(300, int256(type(int56).max) + 1, -207_243 * 300);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, int256(type(int56).min) - 1, 1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, int256(type(int56).min), -1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, int256(type(int56).max), 1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, type(int56).min, 2 * int256(type(int56).max) + 1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, 0, 887_272 * 300); // the highest tick there is: a price, and an absurd one
        assertTold(c, PriceStatus.Diverged, 0, T0);
        oracle.set(300, 0, 887_273 * 300);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.set(300, 0, -887_272 * 300);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        oracle.set(300, 0, -887_272 * 300 - 1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        int256 good = -207_243 * 300;
        oracle.setRaw(300, abi.encode(0x40, 0xa0, 2, 0, good, 2, 0, 0));
        assertTold(c, PriceStatus.Ok, 1_000e8, T0);
        oracle.setRaw(300, abi.encode(0x60, 0xa0, 2, 0, good, 2, 0, 0));
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.setRaw(300, abi.encode(0x40, 0xa0, 3, 0, good, 2, 0, 0));
        assertTold(c, PriceStatus.Invalid, 0, T0);
        oracle.setRaw(300, abi.encode(0x40, 0xa0, 2, 0, good, 2, 0));
        assertTold(c, PriceStatus.Unreachable, 0, T0);
    }

    function test_P7_pool_survivesHostileOnes() public {
        FeedConfig memory c = pooled();
        vm.warp(T0 + 1);
        dollar.set(1e8);
        for (uint256 m = 1; m <= uint256(type(Feed.Mode).max); ++m) {
            oracle.setMode(Feed.Mode(m));
            bool bomb = Feed.Mode(m) == Feed.Mode.Bomb;
            assertTold(c, bomb ? PriceStatus.Invalid : PriceStatus.Unreachable, 0, T0);
            uint256 before = gasleft();
            hub.peek(ids(hub.register(c)));
            assertLt(before - gasleft(), 500_000, "gas");
        }
        oracle.setMode(Feed.Mode.Ok);
        oracle.set(299, 0, -207_243 * 299); // asked for another time, it reverts
        assertTold(c, PriceStatus.Unreachable, 0, T0);
        vm.etch(address(oracle), "");
        assertTold(c, PriceStatus.Unreachable, 0, T0);
    }

    /* --------------------------------------------- a pool registered ------------------------------------------ */

    function test_P7_pool_mustRememberTheWindow() public {
        FeedConfig memory c = pooled();
        c.second.window = 299;
        expectBad(c, "second.window");
        c.second.window = 24 hours + 1;
        expectBad(c, "second.window");
        c.second.window = 24 hours;
        hub.register(c);
        oracle.setCardinality(7_200);
        c.second.maxDivergenceBps = 99; // another config
        expectBad(c, "second.window");
        c.second.window = 300;
        oracle.setCardinality(25);
        expectBad(c, "second.window");
        oracle.setCardinality(26);
        hub.register(c);
        c.second.window = 311; // 25 whole blocks
        hub.register(c);
        c.second.window = 312;
        expectBad(c, "second.window");
    }

    /// What both opinions hang on would move both of them: they would agree on any error of it.
    function test_P7_pool_isNotPricedByAPartOfTheFirst() public {
        FeedConfig memory c = withPool(configOf(feed), address(oracle), true, 300, feed, 100);
        expectBad(c, "second.quoteFeed");
        c = withPool(withQuote(configOf(feed), dollar), address(oracle), true, 300, dollar, 100);
        expectBad(c, "second.quoteFeed");
        hub.register(withPool(withQuote(configOf(feed), dollar), address(oracle), true, 300, second, 100));
    }

    function test_P5_pool_registered() public {
        FeedConfig memory good = pooled();
        FeedConfig memory c = copy(good);
        c.second.maxDivergenceBps = 9;
        expectBad(c, "second.maxDivergenceBps");
        c = copy(good);
        c.second.source = address(0x77);
        expectBad(c, "second.source");
        c.second.source = address(dollar); // no pool
        expectBad(c, "second.source");
        c = copy(good);
        c.second.baseDecimals = 6;
        expectBad(c, "second.baseDecimals");
        c = copy(good);
        c.second.quoteDecimals = 18;
        expectBad(c, "second.quoteDecimals");
        c = copy(good);
        c.second.baseIsToken0 = false;
        expectBad(c, "second.baseDecimals");
        (c.second.baseDecimals, c.second.quoteDecimals) = (6, 18);
        hub.register(c); // for all the hub knows, the other token may be meant
        c = copy(good);
        c.second.quoteFeed = address(0);
        expectBad(c, "second.quoteFeed");
        c = copy(good);
        c.second.quoteHeartbeat = 59;
        expectBad(c, "second.quoteHeartbeat");
        c.second.quoteHeartbeat = 48 hours + 1;
        expectBad(c, "second.quoteHeartbeat");
        c = copy(good);
        c.second.quoteFeedDecimals = 18;
        expectBad(c, "second.quoteFeedDecimals");
        oracle.setToken0(address(new Token(19)));
        c = pooled();
        expectBad(c, "second.baseDecimals");
        // Tokens of a pool may have any number of decimals up to 18.
        oracle.setToken0(address(new Token(0)));
        hub.register(pooled());
    }

    /// With a wrapper the hub knows what the pool must price: the asset.
    function test_P7_pool_mustPriceTheAssetOfTheWrapper() public {
        Wrapper wrapper = new Wrapper(address(base), 18, 1e18);
        base.mint(address(wrapper), 2e18);
        FeedConfig memory c = withWrapper(pooled(), wrapper);
        assertTold(c, PriceStatus.Ok, 2_000e8, T0);
        c.second.baseIsToken0 = false;
        (c.second.baseDecimals, c.second.quoteDecimals) = (6, 18);
        expectBad(c, "second.baseIsToken0");
    }
}
