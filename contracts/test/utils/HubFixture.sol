// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus, SecondKind} from "../../src/interfaces/IOracleHub.sol";
import {Feed, Wrapper} from "../mocks/Feeds.sol";
import {Fixture} from "./Fixture.sol";

interface IPair {
    function token0() external view returns (address);
    function token1() external view returns (address);
}

interface IDecimals {
    function decimals() external view returns (uint8);
}

/// @notice Builds configs, and asks the hub for one price in all the ways there are.
abstract contract HubFixture is Fixture {
    /* ------------------------------------------------ configs ------------------------------------------------ */

    function copy(FeedConfig memory c) internal pure returns (FeedConfig memory) {
        return abi.decode(abi.encode(c), (FeedConfig));
    }

    function withQuote(FeedConfig memory c, Feed quote) internal view returns (FeedConfig memory d) {
        d = copy(c);
        (d.quoteFeed, d.quoteHeartbeat, d.quoteDecimals) = (address(quote), 24 hours, quote.decimals());
    }

    function withWrapper(FeedConfig memory c, Wrapper wrapper) internal view returns (FeedConfig memory d) {
        d = copy(c);
        d.wrapper = address(wrapper);
        d.wrapperDecimals = wrapper.decimals();
        d.wrapperAssetDecimals = IDecimals(address(uint160(wrapper.asset()))).decimals();
    }

    function withSecond(FeedConfig memory c, Feed second, uint16 bps) internal view returns (FeedConfig memory d) {
        d = copy(c);
        d.second.kind = SecondKind.Feed;
        d.second.maxDivergenceBps = bps;
        (d.second.source, d.second.window, d.second.decimals) = (address(second), 12 hours, second.decimals());
    }

    function withPool(FeedConfig memory c, address pool_, bool baseIsToken0, uint32 window, Feed quote, uint16 bps)
        internal
        view
        returns (FeedConfig memory d)
    {
        d = copy(c);
        d.second.kind = SecondKind.Twap;
        d.second.maxDivergenceBps = bps;
        (d.second.source, d.second.window, d.second.baseIsToken0) = (pool_, window, baseIsToken0);
        uint8 decimals0 = IDecimals(IPair(pool_).token0()).decimals();
        uint8 decimals1 = IDecimals(IPair(pool_).token1()).decimals();
        (d.second.baseDecimals, d.second.quoteDecimals) = baseIsToken0 ? (decimals0, decimals1) : (decimals1, decimals0);
        d.second.quoteFeed = address(quote);
        d.second.quoteHeartbeat = 6 hours;
        d.second.quoteFeedDecimals = quote.decimals();
    }

    function expectBad(FeedConfig memory c, string memory field) internal {
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadFeedConfig.selector, field));
        hub.register(c);
    }

    /* ------------------------------------------------- prices ------------------------------------------------ */

    function ids(bytes32 a) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = a;
    }

    function ids(bytes32 a, bytes32 b) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (a, b);
    }

    function assertTold(Feed feed, PriceStatus status, uint256 usdE8, uint256 updatedAt) internal {
        assertTold(configOf(feed), status, usdE8, updatedAt);
    }

    /// @dev By id and by content, to those who want to know and to those who rely on it.
    function assertTold(FeedConfig memory c, PriceStatus status, uint256 usdE8, uint256 updatedAt) internal {
        bytes32 id = hub.register(c);
        bytes memory packed = hub.packedOf(id);
        assertPrice(hub.peek(ids(id))[0], status, usdE8, updatedAt);
        (Price[] memory quotes,) = hub.peekOf(packed);
        assertEq(quotes.length, 1, "count");
        assertPrice(quotes[0], status, usdE8, updatedAt);
        if (status != PriceStatus.Ok) {
            bytes memory why = abi.encodeWithSelector(IOracleHub.BadPrice.selector, id, status, updatedAt);
            vm.expectRevert(why);
            hub.prices(ids(id));
            vm.expectRevert(why);
            hub.pricesOf(packed);
            return;
        }
        assertEq(hub.prices(ids(id))[0], usdE8, "prices");
        (uint256[] memory usd,) = hub.pricesOf(packed);
        assertEq(usd.length, 1, "count");
        assertEq(usd[0], usdE8, "pricesOf");
    }

    function assertPrice(Price memory p, PriceStatus status, uint256 usdE8, uint256 updatedAt) internal pure {
        assertEq(uint256(p.status), uint256(status), "status");
        assertEq(p.usdE8, usdE8, "usdE8");
        assertEq(p.updatedAt, updatedAt, "updatedAt");
    }
}
