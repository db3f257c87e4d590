// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What a vault holds and how far each asset may drift.
struct Asset {
    address token;
    uint8 decimals; //    of the token, read from it by `setTargets`
    uint16 targetBps; //  {bps of NAV}; all targets sum to 10,000
    uint16 bandBps; //    {bps of NAV} drift that triggers; 50 .. 2,000
    bytes32 feedId; //    OracleHub id
}

/// @notice What the owner passes to `setTargets`. Tokens strictly ascending, so duplicates cannot exist.
struct Target {
    address token;
    uint16 targetBps;
    uint16 bandBps;
    bytes32 feedId;
}

/// @notice The owner's limits. One storage word.
struct Policy {
    uint16 destinationBps; //   {bps of the band} drift a rebalance trades back to; 0 = to target
    uint16 innerBandBps; //     {bps of NAV} smallest drift that a scheduled rebalance acts on
    uint32 scheduleS; //        {s} scheduled rebalance this long after the last one; 0 = only on drift
    uint32 cooldownS; //        {s} between the end of one epoch and the begin of the next
    uint16 maxSlipBps; //       {bps} a fill may return this much less than the oracle value; at most 500
    uint16 lossBpsPerDay; //    {bps of NAV} loss budget against oracle prices; at most 300
    uint16 maxSliceBps; //      {bps of NAV} sold by one slice (all fills of one transaction)
    uint16 sliceCooldownS; //   {s} between two slices of an epoch
    uint32 minTradeUsdE2; //    {USD cents} smallest fill
    uint32 maxGasPriceMwei; //  {1e6 wei} ceiling on tx.gasprice; 0 = none
    uint24 ttlS; //             {s} an epoch ends by itself after this; 60 .. 86,400
}

/// @notice All mutable state but the targets. Two storage words.
struct State {
    uint32 epoch; //          id of the newest epoch, 0 before the first
    uint32 sequence; //       slices executed in that epoch
    uint40 epochStart; //     {s}
    uint40 lastSliceAt; //    {s}
    uint40 epochEnd; //       {s} when the newest epoch was closed; start + TTL while nobody closed it
    uint40 pausedUntil; //    {s} trading is off before this time; max = until the owner resumes
    uint96 epochNavUsdE8; //  {USD E8} NAV at begin
    uint96 lossUsdE8; //      {USD E8} level of the loss bucket at lossAt
    uint40 lossAt; //         {s}
}

enum Due {
    None,
    Deviation, //  an asset is outside its band
    Schedule, //   the schedule is due and an asset is outside the inner band
    Continue //    an epoch is open
}

enum Venue {
    UniswapV2, //  target = pair
    UniswapV3, //  target = pool
    Filler //      target = IFiller, data is handed to it
}

/// @notice One swap. The caller chooses route and moment; the vault derives direction and maximal size.
struct Fill {
    uint8 sell; //        index into assets()
    uint8 buy; //         index into assets()
    Venue venue;
    address target; //    pool, pair or filler: all are untrusted and see at most amountIn
    uint128 amountIn; //  {base units of sell} clamped to what the policy allows
    uint128 minOut; //    {base units of buy} caller's own bound for amountIn, scaled down when clamped
    bytes data; //        for a filler
}

/// @notice The fills of one transaction. (epoch, sequence) can be used once.
struct Slice {
    uint32 epoch;
    uint32 sequence;
    uint40 deadline; //  {s} last block time at which the slice may execute
    bool last; //        close the epoch afterwards
}

interface IVault {
    /* ------------------------------------------------ events ------------------------------------------------ */

    event OwnerSet(address indexed owner);
    event KeeperSet(address indexed keeper, bool allowed);
    event PolicySet(Policy policy);
    event TargetsSet(Asset[] assets);
    event Deposited(address indexed token, address indexed from, uint256 amount);
    /// @param remaining balance left in the vault; lets anyone rebuild "same coins, never rebalanced" from events
    event Withdrawn(address indexed token, uint256 amount, uint256 remaining);
    event PausedUntil(uint40 until);
    event EpochOpened(uint32 indexed epoch, Due kind, uint256 navUsdE8);
    /// @param lossUsdE8 value given up against oracle prices, 0 when the fill gained
    event Filled(
        uint32 indexed epoch,
        uint32 indexed sequence,
        address indexed keeper,
        uint8 sell,
        uint8 buy,
        Venue venue,
        address target,
        uint256 amountIn,
        uint256 amountOut,
        uint256 lossUsdE8
    );
    event EpochClosed(uint32 indexed epoch, uint32 slices);

    /* ------------------------------------------------ errors ------------------------------------------------ */

    error NotOwner(address caller);
    error NotKeeper(address caller);
    error AlreadyInitialised();
    /// @param field member that is wrong
    error BadPolicy(string field, uint256 value, uint256 min, uint256 max);
    error BadTarget(string field, address token, uint256 value);
    error TargetsDoNotSumTo10000(uint256 sumBps);
    error UnknownToken(address token);
    error Paused(uint40 until);
    error NotDue(bytes32 reason, uint40 retryAt);
    error EpochIsOpen(uint32 epoch);
    error NoOpenEpoch();
    error WrongSlice(uint32 epoch, uint32 sequence);
    error DeadlinePassed(uint40 deadline);
    error GasPriceAboveCap(uint256 gasPrice, uint256 cap);
    error SliceCooldown(uint40 until);
    error SliceAboveCap(uint256 soldUsdE8, uint256 capUsdE8);
    error NothingToTrade(uint8 sell, uint8 buy);
    error BelowMinTrade(uint256 valueUsdE8, uint256 minUsdE8);
    error SlippageAboveCap(uint256 amountOut, uint256 requiredOut);
    error BelowCallersMinOut(uint256 amountOut, uint256 minOut);
    error SpentTooMuch(uint256 spent, uint256 allowed);
    error Overshoot(uint8 asset);
    error DriftDidNotShrink();
    error LossBudgetExceeded(uint256 lossUsdE8, uint256 budgetUsdE8);
    error UnexpectedCallback(address caller);
    error TransferFailed(address token);
    error NothingToDeposit();

    /* ------------------------------------------------ owner ------------------------------------------------- */

    /// @notice Pulls exactly `amount` from the owner, who must have approved it. Closes an open epoch.
    function deposit(address token, uint256 amount) external;

    /// @notice Wraps msg.value to WETH. Closes an open epoch.
    function depositEth() external payable;

    /// @notice Any token, any time, any state, to the owner only. No oracle, keeper or pause can stop it.
    /// @param amount type(uint256).max = the whole balance
    function withdraw(address token, uint256 amount) external;

    /// @notice Every listed asset except those in `skip`, to the owner.
    function withdrawAll(address[] calldata skip) external;

    function setPolicy(Policy calldata policy) external;
    function setTargets(Target[] calldata targets) external;
    function setKeeper(address keeper, bool allowed) external;
    function pause() external;
    function resume() external;

    /* ------------------------------------------------ keeper ------------------------------------------------ */

    function begin() external returns (uint32 epoch);
    function fill(Slice calldata slice, Fill calldata f) external;
    function fillMany(Slice calldata slice, Fill[] calldata fills) external;
    /// @dev slice.epoch must be the id that begin() will return, slice.sequence 0.
    function beginAndFill(Slice calldata slice, Fill[] calldata fills) external;
    /// @notice Closes the open epoch. The owner and keepers at any time; anyone once nothing is left to do, which is when
    ///         every asset is within its destination or closer to its target than the smallest trade. (Inside the band
    ///         would not do: a stranger could then stop a scheduled or sliced rebalance half-way.)
    function finish() external;

    /* ------------------------------------------------ views ------------------------------------------------- */

    function owner() external view returns (address);
    function isKeeper(address account) external view returns (bool);
    function policy() external view returns (Policy memory);
    function state() external view returns (State memory);
    function assets() external view returns (Asset[] memory);
    /// @return kind what may be done now
    /// @return reason why (not), in the vocabulary of decision records, e.g. "IN_BAND"
    /// @return retryAt {s} earliest time at which the answer may change by itself; 0 = when prices move
    function due() external view returns (Due kind, bytes32 reason, uint40 retryAt);
}
