// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {FeedConfig, PriceStatus, SecondKind, SecondSource} from "../../interfaces/IOracleHub.sol";
import {Aggregator} from "./Aggregator.sol";
import {BoundedCall} from "./BoundedCall.sol";
import {PoolMean} from "./PoolMean.sol";

/// @notice The price that a config of any form tells.
/// @dev Between the sources and the final price everything is kept in {USD E18} and below 2**128, so that no product here
///      needs more than 256 bits.
library FeedReader {
    uint256 private constant BPS = 10_000;

    /// @dev A vault of vaults adds up all its markets.
    uint256 private constant WRAPPER_GAS = 1_000_000;

    /// @return status
    /// @return usdE8 {USD E8} of one whole token; meaningless unless Ok
    /// @return updatedAt {s} of the feed that is to blame; the oldest of all when none is
    function price(FeedConfig memory c) internal view returns (PriceStatus status, uint256 usdE8, uint256 updatedAt) {
        uint256 firstE18;
        (status, firstE18, updatedAt) = _first(c);
        if (status != PriceStatus.Ok) return (status, 0, updatedAt);

        (status, usdE8) = _wrapped(c, firstE18);
        if (status != PriceStatus.Ok) return (status, 0, updatedAt);
        if (usdE8 <= c.minPriceUsdE8 || usdE8 >= c.maxPriceUsdE8) return (PriceStatus.OutOfBounds, 0, updatedAt); // P:[5]

        if (c.second.kind == SecondKind.None) return (status, usdE8, updatedAt);
        (PriceStatus status2, uint256 secondE18, uint256 updatedAt2) = _second(c.second, updatedAt);
        if (status2 != PriceStatus.Ok) return (status2, 0, updatedAt2);
        updatedAt = Math.min(updatedAt, updatedAt2);
        uint256 apart = firstE18 > secondE18 ? firstE18 - secondE18 : secondE18 - firstE18;
        if (apart * BPS > c.second.maxDivergenceBps * firstE18) return (PriceStatus.Diverged, 0, updatedAt); // P:[7]
    }

    /// @dev feed [x quoteFeed]
    function _first(FeedConfig memory c) private view returns (PriceStatus status, uint256 usdE18, uint256 updatedAt) {
        uint256 decimals = c.decimals;
        (status, usdE18, updatedAt) = Aggregator.read(c.feed, c.heartbeat);
        if (status != PriceStatus.Ok) return (status, 0, updatedAt);
        if (c.quoteFeed != address(0)) {
            (PriceStatus statusQ, uint256 answer, uint256 updatedAtQ) = Aggregator.read(c.quoteFeed, c.quoteHeartbeat);
            if (statusQ != PriceStatus.Ok) return (statusQ, 0, updatedAtQ);
            usdE18 *= answer;
            decimals += c.quoteDecimals;
            updatedAt = Math.min(updatedAt, updatedAtQ);
        }
        (status, usdE18) = _toE18(usdE18, decimals);
    }

    /// @dev x what one share is worth in its asset. A donation to the wrapper raises this; the bounds are on the result.
    function _wrapped(FeedConfig memory c, uint256 assetUsdE18)
        private
        view
        returns (PriceStatus status, uint256 usdE8)
    {
        if (c.wrapper == address(0)) {
            return (PriceStatus.Ok, assetUsdE18 / 1e10);
        }
        (bool ok, uint256[] memory words) = BoundedCall.read(
            c.wrapper, WRAPPER_GAS, abi.encodeCall(IERC4626.convertToAssets, (10 ** c.wrapperDecimals)), 1
        );
        if (!ok) return (PriceStatus.Unreachable, 0);
        uint256 assets = words[0]; // {base units of the asset} of one whole share
        if (assets == 0) return (PriceStatus.Invalid, 0);
        if (assets > type(uint128).max) return (PriceStatus.OutOfBounds, 0);
        usdE8 = assetUsdE18 * assets / 10 ** (uint256(c.wrapperAssetDecimals) + 10);
    }

    /// @param oldest {s} of the first source, to be told when a pool is to blame, which has no time of its own
    function _second(SecondSource memory s, uint256 oldest)
        private
        view
        returns (PriceStatus status, uint256 usdE18, uint256 updatedAt)
    {
        if (s.kind == SecondKind.Feed) {
            (status, usdE18, updatedAt) = Aggregator.read(s.source, s.window);
            if (status == PriceStatus.Ok) (status, usdE18) = _toE18(usdE18, s.decimals);
            return (status, usdE18, updatedAt);
        }
        (status, usdE18, updatedAt) = Aggregator.read(s.quoteFeed, s.quoteHeartbeat);
        if (status == PriceStatus.Ok) (status, usdE18) = _toE18(usdE18, s.quoteFeedDecimals);
        if (status != PriceStatus.Ok) return (status, 0, updatedAt);
        int256 tick;
        (status, tick) = PoolMean.tickOver(s.source, s.window);
        if (status != PriceStatus.Ok) return (status, 0, oldest);
        usdE18 = PoolMean.price(s.baseIsToken0 ? tick : -tick, s.baseDecimals, usdE18, s.quoteDecimals);
    }

    /// @param answer below 2**104, or the product of two such
    /// @param decimals 6 .. 36, and at least 12 if it is a product
    function _toE18(uint256 answer, uint256 decimals) private pure returns (PriceStatus status, uint256 usdE18) {
        usdE18 = decimals > 18 ? answer / 10 ** (decimals - 18) : answer * 10 ** (18 - decimals);
        if (usdE18 > type(uint128).max) status = PriceStatus.OutOfBounds;
    }
}
