// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "../utils/Fixture.sol";

contract HubTest is Fixture {
    function ids(bytes32 a) private pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = a;
    }

    function ids(bytes32 a, bytes32 b) private pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (a, b);
    }

    function peek(Feed feed) private returns (Price memory) {
        return hub.peek(ids(register(feed)))[0];
    }

    function assertPrice(Feed feed, PriceStatus status, uint256 usdE8, uint256 updatedAt) private {
        Price memory p = peek(feed);
        assertEq(uint256(p.status), uint256(status), "status");
        assertEq(p.usdE8, usdE8, "usdE8");
        assertEq(p.updatedAt, updatedAt, "updatedAt");
        if (status == PriceStatus.Ok) {
            assertEq(hub.prices(ids(register(feed)))[0], usdE8, "prices");
        } else {
            bytes32 id = register(feed);
            vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, status, updatedAt));
            hub.prices(ids(id));
        }
    }

    /* ----------------------------------------------- register ----------------------------------------------- */

    function test_register_isContentAddressed() public {
        Feed feed = new Feed(8, 1e8);
        FeedConfig memory c = configOf(feed);
        bytes32 expected = keccak256(abi.encode(c));
        vm.expectEmit(address(hub));
        emit IOracleHub.FeedRegistered(expected, c);
        vm.prank(STRANGER);
        assertEq(hub.register(c), expected, "id");
        assertEq(keccak256(abi.encode(hub.configOf(expected))), expected, "config");
        c.heartbeat -= 1;
        assertTrue(hub.register(c) != expected, "another config, another id");
    }

    function test_register_twiceIsNoOp() public {
        Feed feed = new Feed(8, 1e8);
        bytes32 id = register(feed);
        vm.recordLogs();
        assertEq(register(feed), id, "id");
        assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function expectBad(FeedConfig memory c, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadFeedConfig.selector, field));
        hub.register(c);
    }

    function test_register_refusesBadConfigs() public {
        FeedConfig memory good = configOf(new Feed(8, 1e8));
        FeedConfig memory c = abi.decode(abi.encode(good), (FeedConfig));
        c.feed = address(0x77);
        expectBad(c, "feed");

        c = abi.decode(abi.encode(good), (FeedConfig));
        c.heartbeat = 59;
        expectBad(c, "heartbeat");
        c.heartbeat = 48 hours + 1;
        expectBad(c, "heartbeat");
        c.heartbeat = 60;
        hub.register(c);
        c.heartbeat = 48 hours;
        hub.register(c);

        c = abi.decode(abi.encode(good), (FeedConfig));
        c.minPriceUsdE8 = c.maxPriceUsdE8;
        expectBad(c, "maxPriceUsdE8");
        c.minPriceUsdE8 = 9_999; // a coin so cheap that rounding its price would give it away
        expectBad(c, "minPriceUsdE8");
        c.minPriceUsdE8 = 10_000;
        hub.register(c);
    }

    function test_P5_register_decimalsMustBeTheFeeds() public {
        FeedConfig memory c = configOf(new Feed(8, 1e8));
        c.decimals = 18;
        expectBad(c, "decimals");
        c = configOf(new Feed(5, 1e5));
        expectBad(c, "decimals");
        c = configOf(new Feed(19, 1e19));
        expectBad(c, "decimals");
        c = configOf(new Feed(8, 1e8));
        c.feed = address(filler); // knows no decimals()
        expectBad(c, "decimals");
        hub.register(configOf(new Feed(6, 1e6)));
        hub.register(configOf(new Feed(18, 1e18)));
    }

    function test_configOf_refusesUnknownIds() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.configOf(bytes32(uint256(1)));
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.prices(ids(bytes32(uint256(1))));
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.peek(ids(bytes32(uint256(1))));
    }

    /* ------------------------------------------------ prices ------------------------------------------------ */

    function test_prices_inTheOrderAsked() public {
        bytes32 a = register(wbtcFeed);
        bytes32 b = register(usdcFeed);
        uint256[] memory p = hub.prices(ids(a, b));
        assertEq(p[0], 60_000e8, "first");
        assertEq(p[1], 1e8, "second");
        assertEq(hub.prices(new bytes32[](0)).length, 0, "none");
    }

    /// The same price in 6, 8 and 18 decimals is the same price.
    function test_P5_prices_anyDecimals() public {
        assertPrice(new Feed(6, 3_000_123456), PriceStatus.Ok, 3_000_12345600, T0);
        assertPrice(new Feed(8, 3_000_12345678), PriceStatus.Ok, 3_000_12345678, T0);
        assertPrice(new Feed(18, 3_000_123456789999999999), PriceStatus.Ok, 3_000_12345678, T0);
    }

    function test_P4_prices_staleAfterTheHeartbeat() public {
        Feed feed = new Feed(8, 1e8);
        register(feed);
        vm.warp(T0 + 48 hours);
        assertPrice(feed, PriceStatus.Ok, 1e8, T0);
        vm.warp(T0 + 48 hours + 1);
        assertPrice(feed, PriceStatus.Stale, 0, T0);
    }

    function test_P4_prices_staleFromTheFuture() public {
        Feed feed = new Feed(8, 1e8);
        feed.setUpdatedAt(T0 + 1);
        assertPrice(feed, PriceStatus.Stale, 0, T0 + 1);
        feed.setUpdatedAt(type(uint256).max);
        assertPrice(feed, PriceStatus.Stale, 0, type(uint40).max);
    }

    function test_P5_prices_invalid() public {
        Feed feed = new Feed(8, 1e8);
        feed.set(0);
        assertPrice(feed, PriceStatus.Invalid, 0, T0);
        feed.set(-1);
        assertPrice(feed, PriceStatus.Invalid, 0, T0);
        feed.set(type(int256).min);
        assertPrice(feed, PriceStatus.Invalid, 0, T0);
        feed.set(1e8);
        feed.setUpdatedAt(0); // a round that has not been answered
        assertPrice(feed, PriceStatus.Invalid, 0, 0);
    }

    function test_P5_prices_outOfBounds() public {
        Feed feed = new Feed(8, 1e4);
        assertPrice(feed, PriceStatus.OutOfBounds, 0, T0);
        feed.set(1e4 + 1);
        assertPrice(feed, PriceStatus.Ok, 1e4 + 1, T0);
        feed.set(10_000_000e8);
        assertPrice(feed, PriceStatus.OutOfBounds, 0, T0);
        feed.set(10_000_000e8 - 1);
        assertPrice(feed, PriceStatus.Ok, 10_000_000e8 - 1, T0);
        feed.set(type(int256).max);
        assertPrice(feed, PriceStatus.OutOfBounds, 0, T0);
    }

    /// A feed whose aggregator was replaced by one of other decimals falls out of its bounds.
    function test_P5_prices_decimalsChanged() public {
        Feed feed = new Feed(8, 3_000e8);
        register(feed);
        feed.set(3_000e18);
        bytes32 id = hub.register(FeedConfig(address(feed), 48 hours, 8, 1e4, 10_000_000e8));
        assertEq(uint256(hub.peek(ids(id))[0].status), uint256(PriceStatus.OutOfBounds), "status");
    }

    /* -------------------------------------------- hostile feeds --------------------------------------------- */

    function test_P4_peek_survivesHostileFeeds() public {
        Feed feed = new Feed(8, 1e8);
        feed.setMode(Feed.Mode.Revert);
        assertPrice(feed, PriceStatus.Unreachable, 0, 0);
        feed.setMode(Feed.Mode.Short);
        assertPrice(feed, PriceStatus.Unreachable, 0, 0);
        feed.setMode(Feed.Mode.BurnGas);
        assertPrice(feed, PriceStatus.Unreachable, 0, 0);
        feed.setMode(Feed.Mode.Bomb);
        assertPrice(feed, PriceStatus.Unreachable, 0, 0);
        register(feed);
        bytes32 id = register(feed);
        vm.etch(address(feed), "");
        assertEq(uint256(hub.peek(ids(id))[0].status), uint256(PriceStatus.Unreachable), "no code any more");
    }

    function test_peek_aHostileFeedCostsAtMostItsShare() public {
        Feed feed = new Feed(8, 1e8);
        feed.setMode(Feed.Mode.BurnGas);
        bytes32 bad = register(feed);
        bytes32 good = register(wbtcFeed);
        uint256 before = gasleft();
        Price[] memory p = hub.peek(ids(bad, good));
        assertLt(before - gasleft(), 260_000, "gas");
        assertEq(p[1].usdE8, 60_000e8, "the other price is still told");
    }
}
