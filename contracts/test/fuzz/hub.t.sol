// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus, SecondKind} from "../../src/interfaces/IOracleHub.sol";
import {FeedConfigs} from "../../src/libraries/FeedConfigs.sol";
import {Feed, Parrot, Wrapper} from "../mocks/Feeds.sol";
import {Token} from "../mocks/Tokens.sol";
import {HubFixture} from "../utils/HubFixture.sol";

contract HubFuzz is HubFixture {
    Parrot private parrot;

    function setUp() public override {
        super.setUp();
        parrot = new Parrot();
    }

    /* ------------------------------------------------ packing ------------------------------------------------ */

    /// @dev Any config of any form, from one number: forge does not know how to make up an enum.
    /// @param form the flags, folded into those there are
    function anyConfig(uint256 seed, uint256 form) private pure returns (FeedConfig memory c, uint256 flags) {
        (c.feed, c.heartbeat, c.decimals) =
        (address(uint160(word(seed, 0))), uint32(word(seed, 1)), uint8(word(seed, 2)));
        (c.quoteFeed, c.quoteHeartbeat, c.quoteDecimals) =
        (address(uint160(word(seed, 3))), uint32(word(seed, 4)), uint8(word(seed, 5)));
        (c.wrapper, c.wrapperDecimals, c.wrapperAssetDecimals) =
        (address(uint160(word(seed, 6))), uint8(word(seed, 7)), uint8(word(seed, 8)));
        (c.minPriceUsdE8, c.maxPriceUsdE8) = (uint64(word(seed, 9)), uint64(word(seed, 10)));
        (c.second.maxDivergenceBps, c.second.source) = (uint16(word(seed, 11)), address(uint160(word(seed, 12))));
        (c.second.window, c.second.decimals) = (uint32(word(seed, 13)), uint8(word(seed, 14)));
        (c.second.baseIsToken0, c.second.baseDecimals) = (word(seed, 15) & 1 != 0, uint8(word(seed, 16)));
        (c.second.quoteDecimals, c.second.quoteFeed) = (uint8(word(seed, 17)), address(uint160(word(seed, 18))));
        (c.second.quoteHeartbeat, c.second.quoteFeedDecimals) = (uint32(word(seed, 19)), uint8(word(seed, 20)));
        flags = trim(c, form);
    }

    function word(uint256 seed, uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, i)));
    }

    /// @dev Leaves only what the config's form makes use of.
    function trim(FeedConfig memory c, uint256 form) private pure returns (uint256 flags) {
        flags = bound(form, 0, 11);
        if (flags & FeedConfigs.QUOTE == 0) (c.quoteFeed, c.quoteHeartbeat, c.quoteDecimals) = (address(0), 0, 0);
        if (flags & FeedConfigs.WRAPPER == 0) {
            (c.wrapper, c.wrapperDecimals, c.wrapperAssetDecimals) = (address(0), 0, 0);
        }
        if (flags & FeedConfigs.SECOND_TWAP != 0) {
            c.second.kind = SecondKind.Twap;
            c.second.decimals = 0;
            return flags;
        }
        c.second.baseIsToken0 = false;
        (c.second.baseDecimals, c.second.quoteDecimals, c.second.quoteFeedDecimals) = (0, 0, 0);
        (c.second.quoteFeed, c.second.quoteHeartbeat) = (address(0), 0);
        if (flags & FeedConfigs.SECOND_FEED != 0) {
            c.second.kind = SecondKind.Feed;
            return flags;
        }
        c.second.kind = SecondKind.None;
        (c.second.source, c.second.window, c.second.decimals, c.second.maxDivergenceBps) = (address(0), 0, 0, 0);
    }

    function testFuzz_packAndUnpack(uint256 seed, uint256 form, bytes memory before, bytes memory behind) public pure {
        (FeedConfig memory c, uint256 flags) = anyConfig(seed, form);
        bytes memory packed = FeedConfigs.pack(c);
        assertEq(uint8(packed[0]), flags, "flags");
        assertEq(packed.length, FeedConfigs.lengthOf(flags), "length");
        bytes32 id = FeedConfigs.idOf(c);
        assertEq(id, keccak256(abi.encode(c)), "id");
        assertEq(FeedConfigs.idOf(FeedConfigs.unpack(packed, 0)), id, "alone");
        bytes memory blob = bytes.concat(before, packed, behind);
        assertEq(FeedConfigs.idOf(FeedConfigs.unpack(blob, before.length)), id, "among others");
        if (flags == 0) assertEq(packed.length, 42, "plain");
    }

    function test_lengthOf() public pure {
        for (uint256 flags; flags < 300; ++flags) {
            uint256 expected =
                42 + (flags & 1) * 25 + (flags >> 1 & 1) * 22 + (flags >> 2 & 1) * 27 + (flags >> 3 & 1) * 54;
            assertEq(FeedConfigs.lengthOf(flags), flags < 12 ? expected : 0, "length");
        }
    }

    /* ------------------------------------------------- prices ------------------------------------------------ */

    function feedOf(uint256 decimals, uint256 answer) private returns (Feed) {
        return new Feed(uint8(decimals), int256(answer));
    }

    /// Against the same in one line: the plain feed.
    function testFuzz_P5_plain(uint256 decimals, uint256 answer, uint64 min, uint64 max) public {
        decimals = bound(decimals, 6, 18);
        answer = bound(answer, 1, type(uint104).max);
        min = uint64(bound(min, 10_000, type(uint64).max - 1));
        max = uint64(bound(max, min + 1, type(uint64).max));
        FeedConfig memory c = configOf(feedOf(decimals, answer));
        (c.minPriceUsdE8, c.maxPriceUsdE8) = (min, max);
        uint256 price = answer * 1e8 / 10 ** decimals;
        bool inside = price > min && price < max;
        assertTold(c, inside ? PriceStatus.Ok : PriceStatus.OutOfBounds, inside ? price : 0, T0);
    }

    struct Case {
        uint256 decimals;
        uint256 answer;
        uint256 quoteDecimals;
        uint256 quoteAnswer;
        uint256 shareDecimals;
        uint256 assetDecimals;
        uint256 assets;
        uint256 secondDecimals;
        uint256 secondAnswer;
        uint16 bps;
    }

    /// Against the same by plain fractions: two feeds, a wrapper and a second feed.
    function testFuzz_P7_composed(Case memory k) public {
        k.decimals = bound(k.decimals, 6, 18);
        k.quoteDecimals = bound(k.quoteDecimals, 6, 18);
        k.shareDecimals = bound(k.shareDecimals, 0, 18);
        k.assetDecimals = bound(k.assetDecimals, 0, 18);
        k.secondDecimals = bound(k.secondDecimals, 6, 18);
        k.answer = bound(k.answer, 1, 10 ** (k.decimals + 4));
        k.quoteAnswer = bound(k.quoteAnswer, 1, 10 ** (k.quoteDecimals + 4));
        k.assets = bound(k.assets, 1, 100 * 10 ** k.assetDecimals);
        k.bps = uint16(bound(k.bps, 10, 2_000));
        // {USD E18}
        uint256 first = k.answer * k.quoteAnswer * 1e18 / 10 ** (k.decimals + k.quoteDecimals);
        uint256 around = first * 10 ** k.secondDecimals / 1e18;
        k.secondAnswer = bound(k.secondAnswer, around * 7 / 10 + 1, around * 13 / 10 + 1);
        uint256 second = k.secondAnswer * 1e18 / 10 ** k.secondDecimals;

        FeedConfig memory c = withQuote(configOf(feedOf(k.decimals, k.answer)), feedOf(k.quoteDecimals, k.quoteAnswer));
        Wrapper wrapper =
            new Wrapper(address(new Token(uint8(k.assetDecimals))), uint8(k.shareDecimals), 10 ** k.shareDecimals);
        wrapper.setAnswer(k.assets);
        c = withSecond(withWrapper(c, wrapper), feedOf(k.secondDecimals, k.secondAnswer), k.bps);

        uint256 price = first * k.assets / 10 ** k.assetDecimals / 1e10;
        uint256 apart = first > second ? first - second : second - first;
        if (price <= c.minPriceUsdE8 || price >= c.maxPriceUsdE8) assertTold(c, PriceStatus.OutOfBounds, 0, T0);
        else if (apart * 10_000 > first * k.bps) assertTold(c, PriceStatus.Diverged, 0, T0);
        else assertTold(c, PriceStatus.Ok, price, T0);
    }

    /// Whatever the sources say, of whatever length: peekOf tells something and pricesOf tells the same or reverts.
    function testFuzz_P4_peekOf_neverReverts(
        uint256 seed,
        uint256 form,
        uint256[8] memory words,
        uint256 length,
        bool reverts,
        uint256 which
    ) public {
        (FeedConfig memory c,) = anyConfig(seed, form);
        (c.feed, c.heartbeat) = (address(wbtcFeed), 48 hours);
        c.decimals = uint8(bound(c.decimals, 6, 18));
        c.quoteDecimals = c.quoteFeed == address(0) ? 0 : uint8(bound(c.quoteDecimals, 6, 18));
        c.wrapperDecimals = uint8(bound(c.wrapperDecimals, 0, 18));
        c.wrapperAssetDecimals = uint8(bound(c.wrapperAssetDecimals, 0, 18));
        c.second.decimals = uint8(bound(c.second.decimals, 6, 18));
        c.second.baseDecimals = uint8(bound(c.second.baseDecimals, 0, 18));
        c.second.quoteDecimals = uint8(bound(c.second.quoteDecimals, 0, 18));
        c.second.quoteFeedDecimals = uint8(bound(c.second.quoteFeedDecimals, 6, 18));
        c.second.window = uint32(bound(c.second.window, 60, 48 hours));
        // Half of the time a source is a parrot, else a good feed.
        if (which & 1 != 0) c.feed = address(parrot);
        if (c.quoteFeed != address(0)) c.quoteFeed = which & 2 != 0 ? address(parrot) : address(wethFeed);
        if (c.wrapper != address(0)) c.wrapper = address(parrot);
        if (c.second.kind == SecondKind.Feed) c.second.source = which & 4 != 0 ? address(parrot) : address(wethFeed);
        if (c.second.kind == SecondKind.Twap) {
            c.second.source = address(parrot);
            c.second.quoteFeed = which & 4 != 0 ? address(parrot) : address(usdcFeed);
        }
        // Some of the words are what an honest answer has at that place.
        if (which & 8 != 0) words[3] = T0;
        if (which & 16 != 0) words[1] = bound(words[1], 1, type(uint104).max);
        if (which & 32 != 0) (words[0], words[2]) = (0x40, 2);
        if (which & 64 != 0) {
            (words[3], words[4]) = (uint40(words[3]), uint40(words[3]) + 300 * ((which >> 8) % 900_000));
        }
        if (which & 128 != 0) (c.minPriceUsdE8, c.maxPriceUsdE8) = (1e4, type(uint64).max);
        bytes memory answer = abi.encode(words);
        length = bound(length, 0, 0x180);
        assembly {
            mstore(answer, length)
        }
        parrot.set(answer, reverts);

        bytes memory packed = FeedConfigs.pack(c);
        (Price[] memory quotes,) = hub.peekOf(packed);
        assertEq(quotes.length, 1, "count");
        try hub.pricesOf(packed) returns (uint256[] memory usdE8, uint40) {
            assertEq(uint256(quotes[0].status), uint256(PriceStatus.Ok), "status");
            assertEq(usdE8[0], quotes[0].usdE8, "price");
            assertLt(c.minPriceUsdE8, usdE8[0], "above the lower bound");
            assertLt(usdE8[0], c.maxPriceUsdE8, "below the upper bound");
        } catch (bytes memory why) {
            assertTrue(bytes4(why) == IOracleHub.BadPrice.selector, "BadPrice and nothing else");
            assertTrue(quotes[0].status != PriceStatus.Ok, "status");
            assertEq(quotes[0].usdE8, 0, "no price");
        }
    }

    /// Whatever the bytes are: they are configs, or refused as such, and the walk ends.
    function testFuzz_P4_peekOf_anyBytes(bytes memory packed, uint256 form) public view {
        if (packed.length != 0) packed[0] = bytes1(uint8(bound(form, 0, 15)));
        try hub.peekOf(packed) returns (Price[] memory quotes, uint40) {
            assertLe(quotes.length * 42, packed.length, "count");
        } catch (bytes memory why) {
            assertTrue(bytes4(why) == IOracleHub.MalformedConfigs.selector, "MalformedConfigs and nothing else");
        }
    }
}
