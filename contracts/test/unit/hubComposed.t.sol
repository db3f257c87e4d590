// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Feed, Wrapper} from "../mocks/Feeds.sol";
import {Token} from "../mocks/Tokens.sol";
import {HubFixture} from "../utils/HubFixture.sol";

/// Prices that come of two feeds, and of shares.
contract HubComposedTest is HubFixture {
    /* ----------------------------------------------- quote feed ---------------------------------------------- */

    function quoted(Feed feed, Feed quote) private view returns (FeedConfig memory) {
        return withQuote(configOf(feed), quote);
    }

    function test_P5_quote_anyDecimals() public {
        Feed eth = new Feed(8, 3_000_12345678);
        assertTold(quoted(new Feed(18, 0.5e18), eth), PriceStatus.Ok, 1_500_06172839, T0);
        assertTold(quoted(new Feed(6, 0.5e6), eth), PriceStatus.Ok, 1_500_06172839, T0);
        assertTold(quoted(new Feed(8, 0.5e8), new Feed(18, 3_000.12345678e18)), PriceStatus.Ok, 1_500_06172839, T0);
        assertTold(quoted(new Feed(6, 0.5e6), new Feed(6, 3_000.123456e6)), PriceStatus.Ok, 1_500_06172800, T0);
        assertTold(quoted(new Feed(18, 0.5e18), new Feed(18, 3_000.12345678e18)), PriceStatus.Ok, 1_500_06172839, T0);
    }

    /// Nothing is lost between the two: a 1e-12th of something that costs 1e10 dollars.
    function test_P5_quote_keepsItsPrecisionOnTheWay() public {
        assertTold(quoted(new Feed(18, 1_234_567), new Feed(8, 1e18)), PriceStatus.Ok, 1_234_567, T0);
    }

    function test_P4_quote_isStaleByItsOwnHeartbeat() public {
        Feed feed = new Feed(8, 2e8);
        Feed quote = new Feed(8, 3e8);
        FeedConfig memory c = quoted(feed, quote);
        vm.warp(T0 + 24 hours);
        assertTold(c, PriceStatus.Ok, 6e8, T0);
        feed.set(2e8);
        assertTold(c, PriceStatus.Ok, 6e8, T0); // the older one
        vm.warp(T0 + 24 hours + 1);
        assertTold(c, PriceStatus.Stale, 0, T0);
        quote.set(3e8);
        assertTold(c, PriceStatus.Ok, 6e8, T0 + 24 hours); // the older one again
        quote.setUpdatedAt(block.timestamp + 1);
        assertTold(c, PriceStatus.Stale, 0, block.timestamp + 1);
        quote.set(3e8);
        vm.warp(T0 + 72 hours + 1);
        quote.set(3e8);
        assertTold(c, PriceStatus.Stale, 0, T0 + 24 hours); // now it is the feed
    }

    function test_P5_quote_mustBeAPrice() public {
        Feed quote = new Feed(8, 0);
        FeedConfig memory c = quoted(new Feed(8, 1e8), quote);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        quote.set(-1);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        quote.set(type(int256).max);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        quote.setMode(Feed.Mode.Revert);
        assertTold(c, PriceStatus.Unreachable, 0, 0);
        quote.setMode(Feed.Mode.Short);
        assertTold(c, PriceStatus.Unreachable, 0, 0);
    }

    /// The bounds are the bounds of the product.
    function test_P5_quote_clamps() public {
        Feed quote = new Feed(8, 2e8);
        Feed feed = new Feed(8, 5_000);
        FeedConfig memory c = quoted(feed, quote);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0); // 10,000
        quote.set(2.0002e8);
        assertTold(c, PriceStatus.Ok, 10_001, T0);
        feed.set(5_000_000e8);
        quote.set(2e8);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0); // 10,000,000 dollars
        feed.set(5_000_000e8 - 1);
        assertTold(c, PriceStatus.Ok, 10_000_000e8 - 2, T0);
    }

    /// No two answers, however large, make the product overflow.
    function test_P5_quote_hugeAnswers() public {
        int256 most = int256(uint256(type(uint104).max));
        Feed feed = new Feed(18, most);
        Feed quote = new Feed(18, 1e6);
        FeedConfig memory c = quoted(feed, quote);
        assertTold(c, PriceStatus.Ok, 20_28240960, T0); // (2**104 - 1) / 1e18 * 1e-12 dollars
        feed.set(most + 1);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        feed.set(1e6);
        quote.set(most);
        assertTold(c, PriceStatus.Ok, 20_28240960, T0);
        quote.set(most + 1);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        assertTold(quoted(new Feed(6, most), new Feed(6, most)), PriceStatus.OutOfBounds, 0, T0);
        assertTold(quoted(new Feed(18, most), new Feed(18, most)), PriceStatus.OutOfBounds, 0, T0);
    }

    function test_P5_quote_registeredAsStrictlyAsTheFeed() public {
        FeedConfig memory good = quoted(new Feed(8, 1e8), new Feed(8, 1e8));
        FeedConfig memory c = copy(good);
        c.quoteFeed = address(0x77);
        expectBad(c, "quoteFeed");
        c = copy(good);
        c.quoteHeartbeat = 59;
        expectBad(c, "quoteHeartbeat");
        c.quoteHeartbeat = 48 hours + 1;
        expectBad(c, "quoteHeartbeat");
        c.quoteHeartbeat = 60;
        hub.register(c);
        c.quoteHeartbeat = 48 hours;
        hub.register(c);
        c.quoteDecimals = 9;
        expectBad(c, "quoteDecimals");
        expectBad(quoted(new Feed(8, 1e8), new Feed(5, 1e5)), "quoteDecimals");
        expectBad(quoted(new Feed(8, 1e8), new Feed(19, 1e5)), "quoteDecimals");
        hub.register(quoted(new Feed(8, 1e8), new Feed(6, 1e5)));
        hub.register(quoted(new Feed(8, 1e8), new Feed(18, 1e5)));
    }

    /* ------------------------------------------------ wrappers ----------------------------------------------- */

    /// @dev A wrapper of `asset` whose shares are worth 1.25 assets each.
    function wrap(Token asset, uint8 decimals) private returns (Wrapper wrapper) {
        wrapper = new Wrapper(address(asset), decimals, 8 * 10 ** decimals);
        asset.mint(address(wrapper), 10 * 10 ** asset.decimals());
    }

    function test_P5_wrapper_anyDecimals() public {
        FeedConfig memory eth = configOf(new Feed(8, 3_000e8));
        assertTold(withWrapper(eth, wrap(new Token(18), 18)), PriceStatus.Ok, 3_750e8, T0);
        assertTold(withWrapper(eth, wrap(new Token(6), 6)), PriceStatus.Ok, 3_750e8, T0);
        assertTold(withWrapper(eth, wrap(new Token(6), 18)), PriceStatus.Ok, 3_750e8, T0);
        assertTold(withWrapper(eth, wrap(new Token(18), 6)), PriceStatus.Ok, 3_750e8, T0);
        assertTold(withWrapper(eth, wrap(new Token(0), 0)), PriceStatus.Ok, 3_000e8, T0); // whole assets only
        FeedConfig memory both = quoted(new Feed(18, 0.5e18), new Feed(8, 3_000e8));
        assertTold(withWrapper(both, wrap(new Token(18), 18)), PriceStatus.Ok, 1_875e8, T0);
    }

    /// A donation makes the shares dearer, which they are; beyond the bounds they have no price.
    function test_P8_wrapper_donated() public {
        Token asset = new Token(18);
        Wrapper wrapper = wrap(asset, 18);
        FeedConfig memory c = withWrapper(configOf(new Feed(8, 3_000e8)), wrapper);
        c.minPriceUsdE8 = 3_000e8;
        c.maxPriceUsdE8 = 4_500e8;
        assertTold(c, PriceStatus.Ok, 3_750e8, T0);
        asset.mint(address(wrapper), 2e18 - 1e10);
        assertTold(c, PriceStatus.Ok, 449_999_999_625, T0); // a 1e-10th of the price below
        asset.mint(address(wrapper), 1e10);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        asset.burn(address(wrapper), 4e18);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0); // 3,000 dollars: robbed
        asset.mint(address(wrapper), 1e10);
        assertTold(c, PriceStatus.Ok, 300_000_000_375, T0);
    }

    function test_P5_wrapper_worthless() public {
        Token asset = new Token(18);
        Wrapper wrapper = wrap(asset, 18);
        FeedConfig memory c = withWrapper(configOf(new Feed(8, 3_000e8)), wrapper);
        asset.burn(address(wrapper), 10e18);
        assertTold(c, PriceStatus.Invalid, 0, T0);
        wrapper.setAnswer(1); // one wei for a share
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        wrapper.setAnswer(type(uint256).max);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
    }

    function test_P4_wrapper_survivesHostileOnes() public {
        Wrapper wrapper = wrap(new Token(18), 18);
        FeedConfig memory c = withWrapper(configOf(new Feed(8, 3_000e8)), wrapper);
        for (uint256 m = 1; m <= uint256(type(Feed.Mode).max); ++m) {
            wrapper.setMode(Feed.Mode(m));
            bool bomb = Feed.Mode(m) == Feed.Mode.Bomb;
            assertTold(c, bomb ? PriceStatus.Invalid : PriceStatus.Unreachable, 0, T0);
            uint256 before = gasleft();
            hub.peek(ids(hub.register(c)));
            assertLt(before - gasleft(), 1_100_000, "gas");
        }
        vm.etch(address(wrapper), "");
        assertTold(c, PriceStatus.Unreachable, 0, T0);
    }

    /// A vault of vaults may need a lot of gas to add itself up.
    function test_wrapper_mayBeSlow() public {
        Token asset = new Token(18);
        SlowWrapper wrapper = new SlowWrapper(address(asset));
        FeedConfig memory c = configOf(new Feed(8, 3_000e8));
        (c.wrapper, c.wrapperDecimals, c.wrapperAssetDecimals) = (address(wrapper), 18, 18);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
    }

    /// Between the feeds and the rate of the wrapper there is room for 2**128 - 1 USD E18, to the last one.
    function test_P5_wrapper_limits() public {
        Token asset = new Token(18);
        Wrapper wrapper = wrap(asset, 18);
        Feed feed = new Feed(8, 1);
        Feed quote = new Feed(10, 1);
        FeedConfig memory c = withWrapper(quoted(feed, quote), wrapper);
        c.maxPriceUsdE8 = type(uint64).max;
        hub.register(c);
        // 2**128 - 1 = (2**64 - 1) * (2**64 + 1), times 1e-18 assets a share
        feed.set(int256(2 ** 64 - 1));
        quote.set(int256(2 ** 64 + 1));
        wrapper.setAnswer(1);
        assertTold(c, PriceStatus.Ok, 34_028_236_692, T0);
        feed.set(int256(2 ** 64));
        quote.set(int256(2 ** 64));
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        // The other way round: 1e-18 dollars each, 2**128 - 1 of them a share.
        feed.set(1);
        quote.set(1);
        wrapper.setAnswer(type(uint128).max);
        assertTold(c, PriceStatus.Ok, 34_028_236_692, T0);
        wrapper.setAnswer(2 ** 128);
        assertTold(c, PriceStatus.OutOfBounds, 0, T0);
    }

    function test_P5_wrapper_registered() public {
        Token asset = new Token(6);
        Wrapper wrapper = wrap(asset, 18);
        FeedConfig memory good = withWrapper(configOf(new Feed(8, 1e8)), wrapper);
        FeedConfig memory c = copy(good);
        c.wrapper = address(0x77);
        expectBad(c, "wrapper");
        c.wrapper = address(asset); // a token that wraps nothing
        expectBad(c, "wrapper");
        c = copy(good);
        c.wrapperDecimals = 17;
        expectBad(c, "wrapperDecimals");
        c = copy(good);
        c.wrapperAssetDecimals = 7;
        expectBad(c, "wrapperAssetDecimals");
        expectBad(withWrapper(configOf(new Feed(8, 1e8)), wrap(asset, 19)), "wrapperDecimals");
        expectBad(withWrapper(configOf(new Feed(8, 1e8)), wrap(new Token(19), 18)), "wrapperAssetDecimals");
        wrapper.setAsset(uint256(uint160(address(asset))) | 1 << 160); // no address
        expectBad(good, "wrapper");
        wrapper.setAsset(0);
        expectBad(good, "wrapperAssetDecimals");
        wrapper.setAsset(uint256(uint160(address(asset))));
        hub.register(good);
    }
}

/// @notice Burns 900,000 gas before it answers.
contract SlowWrapper {
    uint8 public constant decimals = 18;
    address public immutable asset;

    constructor(address asset_) {
        asset = asset_;
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        uint256 until = gasleft() - 900_000;
        while (gasleft() > until) {}
        return shares;
    }
}
