// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAggregator} from "./interfaces/External.sol";
import {FeedConfig, IOracleHub, Price, PriceStatus} from "./interfaces/IOracleHub.sol";

/// @title OracleHub
/// @notice Content-addressed price sources. Nobody's admin: the id of a feed is the hash of everything that is believed
///         about it, so what an owner chose can never be changed under his feet.
/// @dev A feed may be hostile: it is called with bounded gas, and only 160 bytes of its answer are ever copied.
contract OracleHub is IOracleHub {
    uint256 private constant MIN_HEARTBEAT_S = 60;
    uint256 private constant MAX_HEARTBEAT_S = 48 hours;
    uint256 private constant MIN_DECIMALS = 6;
    uint256 private constant MAX_DECIMALS = 18;

    /// @dev A price is kept in steps of 1e-8 dollars. Below 0.0001 dollars a step is more than a basis point, and what
    ///      the rounding gives away no budget would see.
    uint256 private constant MIN_PRICE_USD_E8 = 10_000;

    /// @dev A Chainlink proxy in front of its aggregator needs about 20,000 when cold. A caller who passes less gas than
    ///      this makes the feed look unreachable, and a missing price can only ever hold a trade back.
    uint256 private constant FEED_GAS = 200_000;

    uint256 private constant PACKED_CONFIG = 41;

    mapping(bytes32 id => FeedConfig) private _feeds;

    /* ---------------------------------------------- registration ---------------------------------------------- */

    /// @inheritdoc IOracleHub
    function register(FeedConfig calldata config) external returns (bytes32 id) {
        require(config.feed.code.length != 0, BadFeedConfig("feed"));
        require(config.heartbeat >= MIN_HEARTBEAT_S && config.heartbeat <= MAX_HEARTBEAT_S, BadFeedConfig("heartbeat"));
        require(config.decimals >= MIN_DECIMALS && config.decimals <= MAX_DECIMALS, BadFeedConfig("decimals"));
        require(config.minPriceUsdE8 >= MIN_PRICE_USD_E8, BadFeedConfig("minPriceUsdE8"));
        require(config.minPriceUsdE8 < config.maxPriceUsdE8, BadFeedConfig("maxPriceUsdE8"));

        id = keccak256(abi.encode(config));
        if (_feeds[id].feed != address(0)) return id;

        (bool ok, uint256[5] memory words) = _call(config.feed, IAggregator.decimals.selector, 0x20);
        require(ok && words[0] == config.decimals, BadFeedConfig("decimals")); // P:[5]
        _feeds[id] = config;
        emit FeedRegistered(id, config);
    }

    /// @inheritdoc IOracleHub
    function configOf(bytes32 id) public view returns (FeedConfig memory config) {
        config = _feeds[id];
        require(config.feed != address(0), UnknownFeed(id));
    }

    /* ------------------------------------------------- prices ------------------------------------------------- */

    /// @inheritdoc IOracleHub
    function prices(bytes32[] calldata ids) external view returns (uint256[] memory usdE8) {
        usdE8 = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            usdE8[i] = _mustRead(configOf(ids[i]));
        }
    }

    /// @inheritdoc IOracleHub
    function peek(bytes32[] calldata ids) external view returns (Price[] memory result) {
        result = new Price[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            result[i] = _read(configOf(ids[i]));
        }
    }

    /// @inheritdoc IOracleHub
    function pricesOf(bytes calldata configs) external view returns (uint256[] memory usdE8) {
        usdE8 = new uint256[](configs.length / PACKED_CONFIG);
        for (uint256 i; i < usdE8.length; ++i) {
            usdE8[i] = _mustRead(_unpack(configs, i));
        }
    }

    /// @inheritdoc IOracleHub
    function peekOf(bytes calldata configs) external view returns (Price[] memory result) {
        result = new Price[](configs.length / PACKED_CONFIG);
        for (uint256 i; i < result.length; ++i) {
            result[i] = _read(_unpack(configs, i));
        }
    }

    /* ------------------------------------------------ internal ------------------------------------------------ */

    function _unpack(bytes calldata configs, uint256 i) private pure returns (FeedConfig memory config) {
        uint256 at = i * PACKED_CONFIG;
        config.feed = address(bytes20(configs[at:]));
        config.heartbeat = uint32(bytes4(configs[at + 20:]));
        config.decimals = uint8(configs[at + 24]);
        config.minPriceUsdE8 = uint64(bytes8(configs[at + 25:]));
        config.maxPriceUsdE8 = uint64(bytes8(configs[at + 33:]));
    }

    function _mustRead(FeedConfig memory config) private view returns (uint256) {
        Price memory p = _read(config);
        require(p.status == PriceStatus.Ok, BadPrice(keccak256(abi.encode(config)), p.status, p.updatedAt)); // P:[4] P:[5]
        return p.usdE8;
    }

    /// @dev A round without a time is incomplete. `answeredInRound` is deprecated by Chainlink and not looked at.
    function _read(FeedConfig memory config) private view returns (Price memory p) {
        (bool ok, uint256[5] memory words) = _call(config.feed, IAggregator.latestRoundData.selector, 0xa0);
        if (!ok) {
            p.status = PriceStatus.Unreachable;
            return p;
        }
        int256 answer = int256(words[1]);
        uint256 updatedAt = words[3];
        p.updatedAt = updatedAt > type(uint40).max ? type(uint40).max : uint40(updatedAt);

        if (answer <= 0 || updatedAt == 0) {
            p.status = PriceStatus.Invalid;
        } else if (updatedAt > block.timestamp || block.timestamp - updatedAt > config.heartbeat) {
            p.status = PriceStatus.Stale;
        } else {
            (bool inside, uint64 usdE8) = _toUsdE8(uint256(answer), config);
            if (inside) p.usdE8 = usdE8;
            else p.status = PriceStatus.OutOfBounds;
        }
    }

    /// @return inside strictly between the bounds
    function _toUsdE8(uint256 answer, FeedConfig memory config) private pure returns (bool inside, uint64 usdE8) {
        if (answer > type(uint128).max) return (false, 0); // far beyond any bound, and safe to scale from here on
        uint256 scaled =
            config.decimals > 8 ? answer / 10 ** (config.decimals - 8) : answer * 10 ** (8 - config.decimals);
        inside = scaled > config.minPriceUsdE8 && scaled < config.maxPriceUsdE8;
        if (inside) usdE8 = uint64(scaled); // scaled < maxPriceUsdE8 < 2**64
    }

    /// @dev Copies `length` bytes of the answer; an answer that is shorter, a revert or a missing contract is not ok.
    function _call(address feed, bytes4 selector, uint256 length)
        private
        view
        returns (bool ok, uint256[5] memory words)
    {
        assembly ("memory-safe") {
            mstore(0x00, selector)
            ok := staticcall(FEED_GAS, feed, 0x00, 0x04, words, length)
            ok := and(ok, iszero(lt(returndatasize(), length)))
        }
    }
}
