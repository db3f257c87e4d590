// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PriceStatus} from "../../interfaces/IOracleHub.sol";

/// @notice Reads Chainlink-style aggregators. This is what every trade pays for, so it is written tight.
/// @dev See BoundedCall for what a hostile feed or a caller with too little gas can achieve: nothing but a missing price.
library Aggregator {
    /// @dev A Chainlink proxy in front of its aggregator needs about 20,000 when cold.
    uint256 internal constant FEED_GAS = 200_000;

    /// @dev The highest price of a config, 2**64 USD E8, in 18 decimals is below 2**98. What fits here can be scaled by
    ///      any power of ten between 6 and 18 decimals, and two of them multiplied, without a thought of overflow.
    uint256 internal constant MAX_ANSWER = 0xffffffffffffffffffffffffff; // 2**104 - 1

    uint256 private constant LATEST_ROUND_DATA = 0xfeaf968c;

    /// @return ok false when the feed failed or answered less than five words
    /// @return answer {units of the feed} a negative one looks huge
    /// @return startedAt {s}
    /// @return updatedAt {s}
    function latestRound(address feed)
        internal
        view
        returns (bool ok, uint256 answer, uint256 startedAt, uint256 updatedAt)
    {
        assembly ("memory-safe") {
            let m := mload(0x40) // 128 bytes of scratch space that nobody keeps
            mstore(0x00, LATEST_ROUND_DATA)
            // The call is evaluated first: arguments go from last to first.
            ok := and(gt(returndatasize(), 0x9f), staticcall(FEED_GAS, feed, 0x1c, 0x04, m, 0x80))
            answer := mload(add(m, 0x20))
            startedAt := mload(add(m, 0x40))
            updatedAt := mload(add(m, 0x60))
        }
    }

    /// @dev A round without a time is incomplete. `answeredInRound` is deprecated by Chainlink and not looked at.
    /// @return status Ok, Unreachable, Invalid, Stale, or OutOfBounds when the answer is absurd
    /// @return answer {units of the feed} 1 .. MAX_ANSWER when Ok
    /// @return updatedAt {s} 0 when unreachable
    function read(address feed, uint256 heartbeat)
        internal
        view
        returns (PriceStatus status, uint256 answer, uint256 updatedAt)
    {
        bool ok;
        (ok, answer,, updatedAt) = latestRound(feed);
        if (!ok) return (PriceStatus.Unreachable, 0, 0);
        if (int256(answer) <= 0 || updatedAt == 0) status = PriceStatus.Invalid; // P:[5]
        else if (updatedAt > block.timestamp || block.timestamp - updatedAt > heartbeat) status = PriceStatus.Stale; // P:[4]
        else if (answer > MAX_ANSWER) status = PriceStatus.OutOfBounds;
    }

    /// @notice The price that a plain config tells: one aggregator in dollars, flags 0.
    /// @param head the first 32 bytes of the packed config: see FeedConfigs
    /// @param tail the 32 bytes that end where the packed config ends, 10 bytes further on
    /// @return status as `read`, or OutOfBounds
    /// @return usdE8 {USD E8} of one whole token; meaningless unless Ok
    /// @return updatedAt {s}
    function plainPrice(uint256 head, uint256 tail)
        internal
        view
        returns (PriceStatus status, uint256 usdE8, uint256 updatedAt)
    {
        (status, usdE8, updatedAt) = read(address(uint160(head >> 88)), uint32(head >> 56));
        if (status != PriceStatus.Ok) return (status, 0, updatedAt);
        uint256 decimals = uint8(head >> 48);
        // {USD E8} = {units of the feed} * {USD E8 / unit}
        usdE8 = decimals > 8 ? usdE8 / 10 ** (decimals - 8) : usdE8 * 10 ** (8 - decimals);
        if (usdE8 <= uint64(tail >> 64) || usdE8 >= uint64(tail)) status = PriceStatus.OutOfBounds; // P:[5]
    }

    /// @notice As `plainPrice`, in as little gas as it takes when all is well, as it nearly always is.
    /// @return usdE8 {USD E8} 0 when there is no price, or `plainPrice` must be asked: answers of less than 8 decimals
    function plainPriceOrZero(uint256 head, uint256 tail) internal view returns (uint256 usdE8) {
        assembly ("memory-safe") {
            let m := mload(0x40) // 128 bytes of scratch space that nobody keeps
            mstore(0x00, LATEST_ROUND_DATA)
            if and(gt(returndatasize(), 0x9f), staticcall(FEED_GAS, shr(96, shl(8, head)), 0x1c, 0x04, m, 0x80)) {
                // 10 ** -1 and 10 ** -2 are 0 in 256 bits, and so is what is divided by 0.
                let price := div(mload(add(m, 0x20)), exp(10, sub(and(shr(48, head), 0xff), 8)))
                // What is negative looks too large. P:[5]
                let inside :=
                    and(gt(price, and(shr(64, tail), 0xffffffffffffffff)), lt(price, and(tail, 0xffffffffffffffff)))
                // A round from the future looks too old, and so does one without a time. P:[4]
                let stale := gt(sub(timestamp(), mload(add(m, 0x60))), and(shr(56, head), 0xffffffff))
                usdE8 := mul(price, gt(inside, stale))
            }
        }
    }
}
