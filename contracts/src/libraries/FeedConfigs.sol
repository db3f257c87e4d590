// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, SecondKind, SecondSource} from "../interfaces/IOracleHub.sol";

/// @notice A FeedConfig in as few bytes as it needs: the form in which vaults keep it and pass it to the hub.
/// @dev flags 1 | feed 20 | heartbeat 4 | decimals 1 | min price 8 | max price 8, which is all of a plain Chainlink feed
///      (flags 0), and then, each if its flag is set:
///      QUOTE        quoteFeed 20 | quoteHeartbeat 4 | quoteDecimals 1
///      WRAPPER      wrapper 20 | wrapperDecimals 1 | wrapperAssetDecimals 1
///      SECOND_FEED  source 20 | window 4 | decimals 1 | maxDivergenceBps 2
///      SECOND_TWAP  source 20 | window 4 | baseIsToken0 1 | baseDecimals 1 | quoteDecimals 1
///                   | quoteFeed 20 | quoteHeartbeat 4 | quoteFeedDecimals 1 | maxDivergenceBps 2
library FeedConfigs {
    uint256 internal constant QUOTE = 1;
    uint256 internal constant WRAPPER = 2;
    uint256 internal constant SECOND_FEED = 4;
    uint256 internal constant SECOND_TWAP = 8;

    /// @dev {bytes} of a config without options.
    uint256 internal constant PLAIN = 42;

    /// @dev Byte `flags` is the length of such a config: 42, and 25, 22, 27 and 54 for the four flags. No config has two
    ///      second sources (12 to 15), and none has a flag that is not listed (16 and above).
    uint256 private constant LENGTHS = uint256(bytes32(hex"2a434059455e5b746079768f"));

    /// @notice {bytes} of the config whose first byte is `flags`; 0 when no config begins so.
    function lengthOf(uint256 flags) internal pure returns (uint256 length) {
        uint256 lengths = LENGTHS;
        assembly ("memory-safe") {
            length := byte(flags, lengths)
        }
    }

    function idOf(FeedConfig memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(c));
    }

    function pack(FeedConfig memory c) internal pure returns (bytes memory packed) {
        uint256 flags;
        bytes memory options;
        if (c.quoteFeed != address(0)) {
            flags = QUOTE;
            options = abi.encodePacked(c.quoteFeed, c.quoteHeartbeat, c.quoteDecimals);
        }
        if (c.wrapper != address(0)) {
            flags |= WRAPPER;
            options = abi.encodePacked(options, c.wrapper, c.wrapperDecimals, c.wrapperAssetDecimals);
        }
        SecondSource memory s = c.second;
        if (s.kind == SecondKind.Feed) {
            flags |= SECOND_FEED;
            options = abi.encodePacked(options, s.source, s.window, s.decimals, s.maxDivergenceBps);
        } else if (s.kind == SecondKind.Twap) {
            flags |= SECOND_TWAP;
            options = abi.encodePacked(options, s.source, s.window, s.baseIsToken0, s.baseDecimals, s.quoteDecimals);
            options = abi.encodePacked(options, s.quoteFeed, s.quoteHeartbeat, s.quoteFeedDecimals, s.maxDivergenceBps);
        }
        return
            abi.encodePacked(uint8(flags), c.feed, c.heartbeat, c.decimals, c.minPriceUsdE8, c.maxPriceUsdE8, options);
    }

    /// @param packed one config
    /// @return minPriceUsdE8 {USD E8}
    /// @return maxPriceUsdE8 {USD E8}
    function bounds(bytes memory packed) internal pure returns (uint64 minPriceUsdE8, uint64 maxPriceUsdE8) {
        uint256 w = _word(packed, 26);
        return (uint64(w >> 192), uint64(w >> 128));
    }

    /// @notice The config that begins at byte `at` of `blob`. Reverts with MalformedConfigs when there is none.
    function unpack(bytes memory blob, uint256 at) internal pure returns (FeedConfig memory c) {
        require(at < blob.length, IOracleHub.MalformedConfigs(at));
        uint256 flags = _word(blob, at) >> 248;
        uint256 length = lengthOf(flags);
        require(length != 0 && length <= blob.length - at, IOracleHub.MalformedConfigs(at));

        (c.feed, c.heartbeat, c.decimals) = _feed(blob, at + 1);
        uint256 w = _word(blob, at + 26);
        (c.minPriceUsdE8, c.maxPriceUsdE8) = (uint64(w >> 192), uint64(w >> 128));
        at += PLAIN;
        if (flags & QUOTE != 0) {
            (c.quoteFeed, c.quoteHeartbeat, c.quoteDecimals) = _feed(blob, at);
            at += 25;
        }
        if (flags & WRAPPER != 0) {
            w = _word(blob, at);
            (c.wrapper, c.wrapperDecimals, c.wrapperAssetDecimals) =
            (address(uint160(w >> 96)), uint8(w >> 88), uint8(w >> 80));
            at += 22;
        }
        SecondSource memory s = c.second;
        if (flags & SECOND_FEED != 0) {
            s.kind = SecondKind.Feed;
            (s.source, s.window, s.decimals) = _feed(blob, at);
            s.maxDivergenceBps = uint16(_word(blob, at + 25) >> 240);
        } else if (flags & SECOND_TWAP != 0) {
            s.kind = SecondKind.Twap;
            w = _word(blob, at);
            (s.source, s.window) = (address(uint160(w >> 96)), uint32(w >> 64));
            (s.baseIsToken0, s.baseDecimals, s.quoteDecimals) = (uint8(w >> 56) != 0, uint8(w >> 48), uint8(w >> 40));
            (s.quoteFeed, s.quoteHeartbeat, s.quoteFeedDecimals) = _feed(blob, at + 27);
            s.maxDivergenceBps = uint16(_word(blob, at + 52) >> 240);
        }
    }

    function _feed(bytes memory blob, uint256 at)
        private
        pure
        returns (address feed, uint32 heartbeat, uint8 decimals)
    {
        uint256 w = _word(blob, at);
        return (address(uint160(w >> 96)), uint32(w >> 64), uint8(w >> 56));
    }

    /// @dev May reach beyond the blob: whoever asks uses no more of the word than lies inside.
    function _word(bytes memory blob, uint256 at) private pure returns (uint256 w) {
        assembly ("memory-safe") {
            w := mload(add(add(blob, 0x20), at))
        }
    }
}
