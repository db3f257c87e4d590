// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice One price source of one token, in US dollars.
/// @dev The id of a config is the hash of its content, so nobody can change what an id means.
struct FeedConfig {
    address feed; //           Chainlink-style aggregator (latestRoundData, decimals)
    uint32 heartbeat; //       {s} oldest answer that is still a price; 1 .. 48 h
    uint8 decimals; //         of the answer; must equal feed.decimals() at registration; 6 .. 18
    uint64 minPriceUsdE8; //   {USD E8} an answer at or below it is a clamp, not a price
    uint64 maxPriceUsdE8; //   {USD E8} an answer at or above it is a clamp, not a price
}

enum PriceStatus {
    Ok,
    Stale, //        updatedAt is older than the heartbeat (or lies in the future)
    Invalid, //      zero, negative, or an incomplete round
    OutOfBounds, //  at or beyond the configured bounds
    Unreachable //   the feed reverted or returned too little
}

struct Price {
    uint64 usdE8; //       {USD E8} of one whole token; 0 unless status is Ok
    uint40 updatedAt; //   {s} as the feed reports it, whatever the status
    PriceStatus status;
}

interface IOracleHub {
    event FeedRegistered(bytes32 indexed id, FeedConfig config);

    /// @param field the struct member that is wrong
    error BadFeedConfig(string field);
    error UnknownFeed(bytes32 id);
    error BadPrice(bytes32 id, PriceStatus status, uint40 updatedAt);

    /// @notice Anyone may register; registering the same config twice is a no-op.
    /// @return id keccak256(abi.encode(config))
    function register(FeedConfig calldata config) external returns (bytes32 id);

    function configOf(bytes32 id) external view returns (FeedConfig memory);

    /// @notice Fresh prices or a revert. {USD E8} of one whole token, in the order of `ids`.
    function prices(bytes32[] calldata ids) external view returns (uint256[] memory usdE8);

    /// @notice As `prices`, but reports a bad price instead of reverting (views, planners, dashboards).
    function peek(bytes32[] calldata ids) external view returns (Price[] memory);

    /// @notice As `prices` and `peek`, for callers that keep the configs themselves: no storage is read.
    /// @param configs for each feed 41 bytes: feed 20 | heartbeat 4 | decimals 1 | minPriceUsdE8 8 | maxPriceUsdE8 8,
    ///        taken from `configOf`; the hub does not ask again whether they are registered
    function pricesOf(bytes calldata configs) external view returns (uint256[] memory usdE8);
    function peekOf(bytes calldata configs) external view returns (Price[] memory);
}
