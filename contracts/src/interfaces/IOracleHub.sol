// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Where the price of one token comes from, in US dollars: feed [x quoteFeed] [x rate of the wrapper],
///         cross-checked against a second source if there is one.
/// @dev What a wrapper tells of its rate nobody cross-checks. Whoever holds most of its shares can move a rate that is made
///      of its balance within one transaction, at no cost: choose wrappers that keep their own accounts, and narrow bounds.
///      The id of a config is the hash of its content, so nobody can change what an id means. A member that the config
///      makes no use of is zero, so that one meaning has one id.
struct FeedConfig {
    address feed; //                Chainlink-style aggregator (latestRoundData, decimals)
    uint32 heartbeat; //            {s} oldest answer that is still a price; 60 s .. 48 h
    uint8 decimals; //              of the answer; must equal feed.decimals() at registration; 6 .. 18
    address quoteFeed; //           zero: `feed` answers in dollars; else an aggregator that prices its unit, e.g. ETH / USD
    uint32 quoteHeartbeat; //       {s}
    uint8 quoteDecimals;
    address wrapper; //             zero, or the ERC-4626 vault whose share is the token; the feeds then price its asset
    uint8 wrapperDecimals; //       of the share; 0 .. 18
    uint8 wrapperAssetDecimals; //  of its asset; 0 .. 18
    SecondSource second;
    uint64 minPriceUsdE8; //        {USD E8} a price of the token at or below it is a clamp, not a price
    uint64 maxPriceUsdE8; //        {USD E8} a price of the token at or above it is a clamp, not a price
}

enum SecondKind {
    None,
    Feed, //  an aggregator that answers in dollars
    Twap //   the mean price of a Uniswap V3 pool
}

/// @notice Another opinion on what feed [x quoteFeed] prices, before the rate of the wrapper.
struct SecondSource {
    SecondKind kind;
    uint16 maxDivergenceBps; //  {bps of the first price} beyond it there is no price; 10 .. 2,000
    address source; //           Feed: the aggregator. Twap: the pool
    uint32 window; //            {s} Feed: its heartbeat. Twap: the time to average over; 5 min .. 24 h
    uint8 decimals; //           Feed only: of its answer
    // Twap only from here on
    bool baseIsToken0; //        which token of the pool is the one to be priced; the other one is the quote
    uint8 baseDecimals; //       {decimals of the token} 0 .. 18
    uint8 quoteDecimals; //      {decimals of the token} 0 .. 18
    address quoteFeed; //        aggregator that prices the quote token in dollars
    uint32 quoteHeartbeat; //    {s}
    uint8 quoteFeedDecimals; //  of its answer
}

enum PriceStatus {
    Ok,
    Stale, //         a feed's updatedAt is older than its heartbeat (or lies in the future)
    Invalid, //       zero, negative, an incomplete round, or nonsense
    OutOfBounds, //   at or beyond the configured bounds
    Unreachable, //   a source reverted or returned too little
    Diverged, //      the two sources differ by more than they may
    SequencerDown //  the chain's sequencer is down, or up for no longer than the grace period
}

struct Price {
    uint64 usdE8; //       {USD E8} of one whole token; 0 unless status is Ok
    uint40 updatedAt; //   {s} of the feed that made the status what it is; the oldest of all when they are all good
    PriceStatus status;
}

interface IOracleHub {
    event FeedRegistered(bytes32 indexed id, FeedConfig config);

    /// @param field the struct member that is wrong
    error BadFeedConfig(string field);
    error UnknownFeed(bytes32 id);
    error BadPrice(bytes32 id, PriceStatus status, uint40 updatedAt);

    /// @param at {bytes} where in the packed configs no config begins, or one ends too early
    error MalformedConfigs(uint256 at);

    /// @notice Checks all that can be checked on chain. Anyone may register; registering the same config twice is a no-op.
    /// @return id keccak256(abi.encode(config))
    function register(FeedConfig calldata config) external returns (bytes32 id);

    function configOf(bytes32 id) external view returns (FeedConfig memory);

    /// @notice The config as `pricesOf` takes it: see FeedConfigs.
    function packedOf(bytes32 id) external view returns (bytes memory);

    /// @notice As `packedOf`, but reverts with BadFeedConfig when the config names another token: the wrapper that it rates
    ///         or the one that its pool prices.
    function packedFor(bytes32 id, address token) external view returns (bytes memory);

    /// @notice The way back: ids of packed configs, one after the other.
    function idsOf(bytes calldata packed) external pure returns (bytes32[] memory ids);

    /// @notice Fresh prices or a revert. {USD E8} of one whole token, in the order of `ids`.
    function prices(bytes32[] calldata ids) external view returns (uint256[] memory usdE8);

    /// @notice As `prices`, but reports a bad price instead of reverting (views, planners, dashboards).
    function peek(bytes32[] calldata ids) external view returns (Price[] memory);

    /// @notice As `prices` and `peek`, for callers that keep the configs themselves: no storage is read.
    /// @param packed one config after the other, each as `packedOf` tells it; the hub does not ask again whether they are
    ///        registered
    /// @return usdE8 {USD E8}
    /// @return upSince as `sequencer` tells it
    function pricesOf(bytes calldata packed) external view returns (uint256[] memory usdE8, uint40 upSince);
    function peekOf(bytes calldata packed) external view returns (Price[] memory quotes, uint40 upSince);

    /// @notice Is the chain's sequencer up, and has been for longer than the grace period?
    /// @return up true on chains that have no sequencer
    /// @return upSince {s} end of the grace period after the last outage: since when there are prices again. Never later
    ///         than now: while down or in grace it is now. 0 on chains that have no sequencer
    function sequencer() external view returns (bool up, uint40 upSince);

    /// @notice Chainlink's L2 uptime feed, or zero on chains that have no sequencer.
    function sequencerFeed() external view returns (address);

    /// @notice {s} for how long after an outage there are no prices, so that everybody can act before trades do
    function graceS() external view returns (uint256);
}
