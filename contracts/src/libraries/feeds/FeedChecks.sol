// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

import {IUniswapV3Pool} from "../../interfaces/External.sol";
import {FeedConfig, IOracleHub, SecondKind, SecondSource} from "../../interfaces/IOracleHub.sol";
import {Aggregator} from "./Aggregator.sol";
import {BoundedCall} from "./BoundedCall.sol";
import {PoolMean} from "./PoolMean.sol";

/// @notice What a config must fulfil to be registered. Reverts with BadFeedConfig, naming the member.
library FeedChecks {
    uint256 private constant MIN_HEARTBEAT_S = 60;
    uint256 private constant MAX_HEARTBEAT_S = 48 hours;
    uint256 private constant MIN_ANSWER_DECIMALS = 6;
    uint256 private constant MAX_DECIMALS = 18; // of answers and of tokens

    /// @dev A price is kept in steps of 1e-8 dollars. Below 0.0001 dollars a step is more than a basis point, and what
    ///      the rounding gives away no budget would see.
    uint256 private constant MIN_PRICE_USD_E8 = 10_000;

    uint256 private constant MIN_DIVERGENCE_BPS = 10;
    uint256 private constant MAX_DIVERGENCE_BPS = 2_000;
    uint256 private constant MIN_WINDOW_S = 5 minutes;
    uint256 private constant MAX_WINDOW_S = 24 hours;

    /// @dev A pool notes at most one observation a block, so with this many it remembers the whole window where blocks
    ///      take 12 s and each one holds a trade. Where they are quicker it may need more; what a pool has forgotten makes
    ///      it unreachable, never wrong.
    uint256 private constant BLOCK_S = 12;

    function check(FeedConfig memory c) internal view {
        _bounds(c);
        _aggregator(c.feed, c.heartbeat, c.decimals, "feed", "heartbeat", "decimals");
        if (c.quoteFeed != address(0)) {
            _aggregator(c.quoteFeed, c.quoteHeartbeat, c.quoteDecimals, "quoteFeed", "quoteHeartbeat", "quoteDecimals");
        }
        address priced; // what the feeds price, as far as it is known
        if (c.wrapper != address(0)) priced = _wrapper(c);
        if (c.second.kind == SecondKind.None) return;
        SecondSource memory s = c.second;
        _range(s.maxDivergenceBps, MIN_DIVERGENCE_BPS, MAX_DIVERGENCE_BPS, "second.maxDivergenceBps");
        // The same feed twice is no second opinion, not even as a part of it. P:[7]
        require(!_isOf(s.source, c), IOracleHub.BadFeedConfig("second.source"));
        require(!_isOf(s.quoteFeed, c), IOracleHub.BadFeedConfig("second.quoteFeed"));
        if (s.kind == SecondKind.Feed) {
            _aggregator(s.source, s.window, s.decimals, "second.source", "second.window", "second.decimals");
        } else {
            _pool(s, priced);
        }
    }

    function _isOf(address source, FeedConfig memory c) private pure returns (bool) {
        return source != address(0) && (source == c.feed || source == c.quoteFeed);
    }

    function _bounds(FeedConfig memory c) private pure {
        require(c.minPriceUsdE8 >= MIN_PRICE_USD_E8, IOracleHub.BadFeedConfig("minPriceUsdE8"));
        require(c.minPriceUsdE8 < c.maxPriceUsdE8, IOracleHub.BadFeedConfig("maxPriceUsdE8"));
    }

    function _aggregator(
        address feed,
        uint256 heartbeat,
        uint256 decimals,
        string memory feedField,
        string memory heartbeatField,
        string memory decimalsField
    ) private view {
        _code(feed, feedField);
        _range(heartbeat, MIN_HEARTBEAT_S, MAX_HEARTBEAT_S, heartbeatField);
        _range(decimals, MIN_ANSWER_DECIMALS, MAX_DECIMALS, decimalsField);
        _decimals(feed, decimals, decimalsField); // P:[5]
    }

    /// @return asset what the wrapper wraps
    function _wrapper(FeedConfig memory c) private view returns (address asset) {
        asset = _address(c.wrapper, abi.encodeCall(IERC4626.asset, ()), "wrapper");
        _decimals(c.wrapper, c.wrapperDecimals, "wrapperDecimals"); // P:[5]
        _decimals(asset, c.wrapperAssetDecimals, "wrapperAssetDecimals");
    }

    function _pool(SecondSource memory s, address priced) private view {
        address base = _address(s.source, abi.encodeCall(IUniswapV3Pool.token0, ()), "second.source");
        address quote = _address(s.source, abi.encodeCall(IUniswapV3Pool.token1, ()), "second.source");
        if (!s.baseIsToken0) (base, quote) = (quote, base);
        require(priced == address(0) || priced == base, IOracleHub.BadFeedConfig("second.baseIsToken0"));
        _decimals(base, s.baseDecimals, "second.baseDecimals"); // P:[5]
        _decimals(quote, s.quoteDecimals, "second.quoteDecimals");
        _range(s.window, MIN_WINDOW_S, MAX_WINDOW_S, "second.window");
        _aggregator(
            s.quoteFeed,
            s.quoteHeartbeat,
            s.quoteFeedDecimals,
            "second.quoteFeed",
            "second.quoteHeartbeat",
            "second.quoteFeedDecimals"
        );
        // P:[7]
        require(PoolMean.cardinality(s.source) >= s.window / BLOCK_S + 1, IOracleHub.BadFeedConfig("second.window"));
    }

    function _code(address account, string memory field) private view {
        require(account.code.length != 0, IOracleHub.BadFeedConfig(field));
    }

    function _range(uint256 value, uint256 min, uint256 max, string memory field) private pure {
        require(value >= min && value <= max, IOracleHub.BadFeedConfig(field));
    }

    /// @dev `decimals()` of aggregators and of tokens is the same function.
    function _decimals(address of_, uint256 expected, string memory field) private view {
        (bool ok, uint256[] memory words) =
            BoundedCall.read(of_, Aggregator.FEED_GAS, abi.encodeCall(IERC20Metadata.decimals, ()), 1);
        require(ok && words[0] == expected && expected <= MAX_DECIMALS, IOracleHub.BadFeedConfig(field));
    }

    function _address(address of_, bytes memory data, string memory field) private view returns (address) {
        (bool ok, uint256[] memory words) = BoundedCall.read(of_, Aggregator.FEED_GAS, data, 1);
        require(ok && words[0] >> 160 == 0, IOracleHub.BadFeedConfig(field));
        return address(uint160(words[0]));
    }
}
