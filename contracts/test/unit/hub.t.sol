// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Feed} from "../mocks/Feeds.sol";
import {HubFixture} from "../utils/HubFixture.sol";

contract HubTest is HubFixture {
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

    function test_register_refusesBadConfigs() public {
        FeedConfig memory good = configOf(new Feed(8, 1e8));
        FeedConfig memory c = copy(good);
        c.feed = address(0x77);
        expectBad(c, "feed");

        c = copy(good);
        c.heartbeat = 59;
        expectBad(c, "heartbeat");
        c.heartbeat = 48 hours + 1;
        expectBad(c, "heartbeat");
        c.heartbeat = 60;
        hub.register(c);
        c.heartbeat = 48 hours;
        hub.register(c);

        c = copy(good);
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
        assertTold(new Feed(6, 3_000_123456), PriceStatus.Ok, 3_000_12345600, T0);
        assertTold(new Feed(8, 3_000_12345678), PriceStatus.Ok, 3_000_12345678, T0);
        assertTold(new Feed(18, 3_000_123456789999999999), PriceStatus.Ok, 3_000_12345678, T0);
    }

    function test_P4_prices_staleAfterTheHeartbeat() public {
        Feed feed = new Feed(8, 1e8);
        register(feed);
        vm.warp(T0 + 48 hours);
        assertTold(feed, PriceStatus.Ok, 1e8, T0);
        vm.warp(T0 + 48 hours + 1);
        assertTold(feed, PriceStatus.Stale, 0, T0);
    }

    function test_P4_prices_staleFromTheFuture() public {
        Feed feed = new Feed(8, 1e8);
        feed.setUpdatedAt(T0 + 1);
        assertTold(feed, PriceStatus.Stale, 0, T0 + 1);
        feed.setUpdatedAt(type(uint256).max);
        assertTold(feed, PriceStatus.Stale, 0, type(uint40).max);
    }

    function test_P5_prices_invalid() public {
        Feed feed = new Feed(8, 1e8);
        feed.set(0);
        assertTold(feed, PriceStatus.Invalid, 0, T0);
        feed.set(-1);
        assertTold(feed, PriceStatus.Invalid, 0, T0);
        feed.set(type(int256).min);
        assertTold(feed, PriceStatus.Invalid, 0, T0);
        feed.set(1e8);
        feed.setUpdatedAt(0); // a round that has not been answered
        assertTold(feed, PriceStatus.Invalid, 0, 0);
    }

    function test_P5_prices_outOfBounds() public {
        Feed feed = new Feed(8, 1e4);
        assertTold(feed, PriceStatus.OutOfBounds, 0, T0);
        feed.set(1e4 + 1);
        assertTold(feed, PriceStatus.Ok, 1e4 + 1, T0);
        feed.set(10_000_000e8);
        assertTold(feed, PriceStatus.OutOfBounds, 0, T0);
        feed.set(10_000_000e8 - 1);
        assertTold(feed, PriceStatus.Ok, 10_000_000e8 - 1, T0);
        feed.set(type(int256).max);
        assertTold(feed, PriceStatus.OutOfBounds, 0, T0);
    }

    /// A feed whose aggregator was replaced by one of other decimals falls out of its bounds.
    function test_P5_prices_decimalsChanged() public {
        Feed feed = new Feed(8, 3_000e8);
        register(feed);
        feed.set(3_000e18);
        assertTold(feed, PriceStatus.OutOfBounds, 0, T0);
    }

    /* -------------------------------------------- hostile feeds --------------------------------------------- */

    function test_P4_peek_survivesHostileFeeds() public {
        Feed feed = new Feed(8, 1e8);
        FeedConfig memory c = configOf(feed);
        for (uint256 m = 1; m <= uint256(type(Feed.Mode).max); ++m) {
            feed.setMode(Feed.Mode(m));
            // A feed that says enough and then a lot more has only wasted its own gas; what it said here is zero.
            bool bomb = Feed.Mode(m) == Feed.Mode.Bomb;
            assertTold(c, bomb ? PriceStatus.Invalid : PriceStatus.Unreachable, 0, 0);
        }
        vm.etch(address(feed), "");
        assertTold(c, PriceStatus.Unreachable, 0, 0);
    }

    function test_peek_aHostileFeedCostsAtMostItsShare() public {
        Feed feed = new Feed(8, 1e8);
        bytes32 bad = register(feed);
        bytes32 good = register(wbtcFeed);
        for (uint256 m = 1; m <= uint256(type(Feed.Mode).max); ++m) {
            feed.setMode(Feed.Mode(m));
            uint256 before = gasleft();
            Price[] memory p = hub.peek(ids(bad, good));
            assertLt(before - gasleft(), 260_000, "gas");
            assertEq(p[1].usdE8, 60_000e8, "the other price is still told");
        }
    }

    /// Whoever brings too little gas can make a price go missing, never make one.
    function test_P4_prices_withTooLittleGas() public {
        bytes memory packed = hub.packedOf(register(wbtcFeed));
        uint256 told;
        for (uint256 gas = 2_000; gas < 60_000; gas += 500) {
            (bool ok, bytes memory answer) =
                address(hub).staticcall{gas: gas}(abi.encodeCall(IOracleHub.pricesOf, (packed)));
            if (!ok) continue;
            (uint256[] memory usdE8,) = abi.decode(answer, (uint256[], uint40));
            assertEq(usdE8[0], 60_000e8, "the price");
            ++told;
        }
        assertLt(0, told, "enough in the end");
    }

    /* --------------------------------------------- packed configs -------------------------------------------- */

    function test_packedOf_aPlainConfig() public {
        FeedConfig memory c = configOf(wbtcFeed);
        bytes memory packed = hub.packedOf(hub.register(c));
        assertEq(packed.length, 42, "length");
        bytes memory expected = abi.encodePacked(
            uint8(0), address(wbtcFeed), uint32(48 hours), uint8(8), uint64(1e4), uint64(10_000_000e8)
        );
        assertEq(keccak256(packed), keccak256(expected), "bytes");
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.packedOf(bytes32(uint256(1)));
    }

    /// Configs of different lengths, one after the other.
    function test_pricesOf_walksOverAllForms() public {
        bytes memory plain = hub.packedOf(register(wbtcFeed));
        bytes memory checked = hub.packedOf(hub.register(withSecond(configOf(usdcFeed), new Feed(8, 1.001e8), 100)));
        assertEq(checked.length, 69, "length");
        bytes memory quoted = hub.packedOf(hub.register(withQuote(configOf(new Feed(18, 0.5e18)), wethFeed)));
        assertEq(quoted.length, 67, "length");
        (uint256[] memory usdE8, uint40 upSince) = hub.pricesOf(bytes.concat(checked, plain, quoted, plain));
        assertEq(usdE8.length, 4, "count");
        assertEq(usdE8[0], 1e8, "checked");
        assertEq(usdE8[1], 60_000e8, "plain");
        assertEq(usdE8[2], 1_500e8, "quoted");
        assertEq(usdE8[3], 60_000e8, "plain");
        assertEq(upSince, 0, "no sequencer");
        (Price[] memory quotes, uint40 since) = hub.peekOf(bytes.concat(checked, plain, quoted, plain));
        assertEq(quotes.length, 4, "count");
        for (uint256 i; i < 4; ++i) {
            assertPrice(quotes[i], PriceStatus.Ok, usdE8[i], T0);
        }
        assertEq(since, 0, "no sequencer");
        (usdE8,) = hub.pricesOf("");
        assertEq(usdE8.length, 0, "none");
        (quotes,) = hub.peekOf("");
        assertEq(quotes.length, 0, "none");
    }

    /// The price that is to blame is named, wherever it lies.
    function test_P4_pricesOf_namesTheBadOne() public {
        FeedConfig memory second = withSecond(configOf(usdcFeed), new Feed(8, 1.02e8), 100);
        bytes memory plain = hub.packedOf(register(wbtcFeed));
        bytes32 id = hub.register(second);
        bytes memory many = bytes.concat(plain, hub.packedOf(id), plain);
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.Diverged, T0));
        hub.pricesOf(many);
        wbtcFeed.set(0);
        id = register(wbtcFeed);
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, PriceStatus.Invalid, T0));
        hub.pricesOf(many);
    }

    function expectMalformed(bytes memory packed, uint256 at) private {
        bytes memory why = abi.encodeWithSelector(IOracleHub.MalformedConfigs.selector, at);
        vm.expectRevert(why);
        hub.pricesOf(packed);
        vm.expectRevert(why);
        hub.peekOf(packed);
    }

    function test_pricesOf_refusesWhatIsNoConfig() public {
        bytes memory good = hub.packedOf(register(wbtcFeed));
        bytes memory bad = new bytes(300);
        for (uint256 flags = 12; flags < 256; ++flags) {
            bad[0] = bytes1(uint8(flags));
            expectMalformed(bad, 0);
        }
        expectMalformed(bytes.concat(good, bad), 42);
        expectMalformed(bytes.concat(good, hex"00"), 42);
        bytes memory cut = new bytes(41);
        for (uint256 i; i < 41; ++i) {
            cut[i] = good[i];
        }
        expectMalformed(cut, 0);
        expectMalformed(bytes.concat(good, good, cut), 84);
        // Every form, one byte short of its length.
        uint8[12] memory lengths = [42, 67, 64, 89, 69, 94, 91, 116, 96, 121, 118, 143];
        for (uint256 flags; flags < 12; ++flags) {
            cut = new bytes(lengths[flags] - 1);
            cut[0] = bytes1(uint8(flags));
            expectMalformed(cut, 0);
            (Price[] memory quotes,) = hub.peekOf(bytes.concat(cut, hex"00"));
            assertEq(quotes.length, 1, "the whole of it is a config");
            assertEq(uint256(quotes[0].status), uint256(PriceStatus.Unreachable), "of a feed that is not there");
        }
    }

    /* -------------------------------------------------- gas -------------------------------------------------- */

    /// What every trade pays: a plain feed may cost what reading it costs, and little more.
    function test_pricesOf_gas_aPlainFeedCostsLittleMoreThanItsReads() public {
        address feed = address(new OneRoundFeed());
        FeedConfig memory c;
        (c.feed, c.heartbeat, c.decimals) = (feed, 48 hours, 8);
        (c.minPriceUsdE8, c.maxPriceUsdE8) = (1e4, 10_000_000e8);
        bytes memory one = hub.packedOf(hub.register(c));
        bytes memory two = bytes.concat(one, one);
        bytes memory three = bytes.concat(two, one);
        uint256 bare = gasOf(feed, hex"feaf968c", feed);
        bare = gasOf(feed, hex"feaf968c", feed); // by now nothing of the measuring is cold
        uint256 forOne = gasOf(address(hub), abi.encodeCall(IOracleHub.pricesOf, (one)), feed);
        uint256 forTwo = gasOf(address(hub), abi.encodeCall(IOracleHub.pricesOf, (two)), feed);
        uint256 forThree = gasOf(address(hub), abi.encodeCall(IOracleHub.pricesOf, (three)), feed);
        emit Measured(bare, forOne, forTwo - forOne, forThree - forTwo);
        assertLt(forThree - forTwo, 1_400, "a warm one");
        assertLt(forOne, bare + 3_400, "a cold one, and the hub itself");
    }

    event Measured(uint256 bare, uint256 one, uint256 second, uint256 third);

    function gasOf(address target, bytes memory data, address cold) private returns (uint256 used) {
        vm.cool(cold);
        vm.cool(target);
        assembly {
            let before := gas()
            pop(staticcall(gas(), target, add(data, 32), mload(data), 0, 0))
            used := sub(before, gas())
        }
    }
}

/// @notice As cheap as a feed can be: one slot.
contract OneRoundFeed {
    uint8 public constant decimals = 8;
    int128 private _answer = 1e8;
    uint128 private _updatedAt = uint128(block.timestamp);

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _answer, _updatedAt, _updatedAt, 1);
    }
}
