// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "./IOracleHub.sol";

/// @notice What a vault holds and how far each asset may drift.
struct Asset {
    address token;
    uint8 decimals; //          of the token, read from it by `setTargets`
    uint16 targetBps; //        {bps of NAV}; all targets sum to 10,000
    uint16 bandBps; //          {bps of NAV} drift that triggers; 50 .. 2,000
    bool safe; //               what a stop sells into; never stopped itself
    uint64 stopPriceUsdE8; //   {USD E8} at or below it the asset is sold out; 0 = no stop
    uint64 takePriceUsdE8; //   {USD E8} at or above it the asset is sold out; 0 = no take-profit
    bytes32 feedId; //          OracleHub id
}

/// @notice What the owner passes to `setTargets`. Tokens strictly ascending, so duplicates cannot exist.
struct Target {
    address token;
    uint16 targetBps;
    uint16 bandBps;
    bool safe;
    uint64 stopPriceUsdE8; //   needs a feed with a second source, and a safe asset
    uint64 takePriceUsdE8;
    bytes32 feedId;
}

/// @notice The owner's limits. Two words.
struct Policy {
    uint16 destinationBps; //   {bps of the band} drift a rebalance trades back to; 0 = to target
    uint16 innerBandBps; //     {bps of NAV} smallest drift that a scheduled rebalance acts on
    uint32 scheduleS; //        {s} scheduled rebalance this long after the last one; 0 = only on drift
    uint32 cooldownS; //        {s} between the end of one epoch and the begin of the next
    uint16 maxSlipBps; //       {bps} a fill may return this much less than the oracle value; at most 500
    uint16 lossBpsPerDay; //    {bps of NAV} loss budget against oracle prices; at most 300
    uint16 maxSliceBps; //      {bps of NAV} sold by one slice (all fills of one call)
    uint16 sliceCooldownS; //   {s} between two slices of an epoch
    uint32 minTradeUsdE2; //    {USD cents} smallest fill
    uint32 maxGasPriceMwei; //  {1e6 wei} ceiling on tx.gasprice; 0 = none
    uint24 ttlS; //             {s} an epoch ends by itself after this; 60 .. 86,400
    uint16 premiumBps; //       {bps} better than the oracle value that a fill must be when an epoch begins
    uint24 relaxS; //           {s} over which that demand relaxes to maxSlipBps; 0 = maxSlipBps at once
    bool open; //               anyone may begin and fill; needs a relaxation
    uint24 snapshotS; //        {s} a slice later than this after the NAV was taken takes it anew; 0 = never
    uint16 stopLossBps; //      {bps} fall of NAV from its highest checkpoint that sells everything; 0 = no stop
    uint16 takeProfitBps; //    {bps} rise of NAV over its first checkpoint that sells everything; 0 = none
    uint24 confirmS; //         {s} a stop must hold this long after it was armed before it fires
    uint8 tipBps; //            {bps of value moved} paid to whoever executed a slice; at most 20
    uint32 maxTipUsdE2; //      {USD cents} most of one slice
    uint32 tipPerDayUsdE2; //   {USD cents} most of one UTC day
}

/// @notice What changes while a vault trades.
struct State {
    uint32 epoch; //          id of the newest epoch, 0 before the first
    uint32 sequence; //       slices executed in that epoch
    uint40 epochStart; //     {s}
    uint40 lastSliceAt; //    {s}
    uint40 epochEnd; //       {s} when the newest epoch was closed; start + TTL while nobody closed it
    uint40 pausedUntil; //    {s} trading is off before this time; type(uint32).max = until the owner resumes
    uint40 snapshotAt; //     {s} when epochNavUsdE8 was taken
    uint96 epochNavUsdE8; //  {USD E8} NAV at begin, or at the newest snapshot of the epoch
    uint96 lossUsdE8; //      {USD E8} level of the loss bucket at lastSliceAt
    uint32 sold; //           bit i: asset i was sold in this epoch, so nobody may buy it in this epoch
    uint32 stopped; //        bit i: asset i was stopped, its target is 0 until the owner resets
    bool referenceLive; //    the stop's reference is that of the present holdings
    bool ownerMoved; //       the owner is no longer the one the vault was made for
}

/// @notice What a portfolio stop is measured against, and what is armed.
struct Stop {
    uint96 baseUsdE8; //   {USD E8} NAV at the first checkpoint since coins were last moved by the owner; 0 = none yet
    uint96 highUsdE8; //   {USD E8} highest NAV at a checkpoint since then
    uint40 armedAt; //     {s}
    uint32 armed; //       bit i: asset i will be stopped if the condition still holds confirmS after armedAt
}

enum Due {
    None,
    Deviation, //  an asset is outside its band
    Schedule, //   the schedule is due and an asset is outside the inner band
    Continue, //   an epoch is open
    Stop //        a stopped asset is still held
}

enum Venue {
    UniswapV2, //  target = pair
    UniswapV3, //  target = pool
    Filler, //     target = IFiller, data is handed to it
    UniswapV4, //  target = hooks of the pool (0 = none), data = abi.encodePacked(uint24 fee, int24 tickSpacing)
    BalancerV3 //  target = pool
}

/// @notice One swap. The caller chooses route and moment; the vault derives direction and maximal size.
struct Fill {
    uint8 sell; //        index into assets()
    uint8 buy; //         index into assets()
    Venue venue;
    address target; //    pool, pair or filler: all are untrusted and see at most amountIn
    uint128 amountIn; //  {base units of sell} clamped to what the policy allows
    uint128 minOut; //    {base units of buy} caller's own bound for amountIn, scaled down when clamped
    bytes data; //        as the venue wants it
}

/// @notice The fills of one call. (epoch, sequence) can be used once.
struct Slice {
    uint32 epoch;
    uint32 sequence;
    uint40 deadline; //  {s} last block time at which the slice may execute
    bool last; //        close the epoch afterwards; ignored from a stranger, who has finish()
}

/// @notice All that a vault keeps, as it keeps it: see the libraries Words and Rules.
struct Raw {
    IOracleHub hub;
    address owner;
    address guardian;
    uint40 nextGuardianPauseAt; // {s}
    uint256 hot;
    uint256 cold;
    uint256 stop;
    uint256 tip;
    bytes rules;
}

/// @notice One entry of `powers()`.
struct Power {
    bytes32 role; //         "OWNER", "PENDING_OWNER", "GUARDIAN", "KEEPER", "ANYONE"
    address holder; //       zero for "ANYONE"
    bytes4[] functions; //   all that this holder may call and that changes anything
}

interface IVault {
    /* ------------------------------------------------ events ------------------------------------------------ */

    // What a vault begins with is told by the factory: see IVaultFactory.VaultCreated.

    event OwnerSet(address indexed owner);
    event PendingOwnerSet(address indexed pendingOwner);
    event GuardianSet(address indexed guardian);
    event KeeperSet(address indexed keeper, bool allowed);
    event PolicySet(Policy policy);
    event TargetsSet(Asset[] assets);
    event Deposited(address indexed token, address indexed from, uint256 amount);
    /// @param remaining balance left in the vault; lets anyone rebuild "same coins, never rebalanced" from events
    event Withdrawn(address indexed token, uint256 amount, uint256 remaining);
    event PausedUntil(uint40 until);
    event EpochOpened(uint32 indexed epoch, Due kind, uint256 navUsdE8);
    event SnapshotTaken(uint32 indexed epoch, uint256 navUsdE8);
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
    event Tipped(address indexed keeper, address indexed token, uint256 amount, uint256 valueUsdE8);
    event EpochClosed(uint32 indexed epoch, uint32 slices);
    /// @param assets bit i: asset i; 0 = what was armed is armed no longer
    event StopArmed(uint32 assets, uint40 confirmAt);
    event StopFired(uint32 assets, uint256 navUsdE8);
    event StopReset();

    /* ------------------------------------------------ errors ------------------------------------------------ */

    error NotOwner(address caller);
    error NotKeeper(address caller);
    error NotGuardian(address caller);
    error NotPendingOwner(address caller);
    /// @param field member that is wrong
    error BadPolicy(string field, uint256 value, uint256 min, uint256 max);
    error BadTarget(string field, address token, uint256 value);
    error TargetsDoNotSumTo10000(uint256 sumBps);
    error TooManyKeepers(uint256 max);
    error UnknownToken(address token);
    error Paused(uint40 until);
    error PauseTooLong(uint256 seconds_, uint256 max);
    error PauseTooSoon(uint40 retryAt);
    error NotDue(bytes32 reason, uint40 retryAt);
    error EpochIsOpen(uint32 epoch);
    error NoOpenEpoch();
    error WrongSlice(uint32 epoch, uint32 sequence);
    error DeadlinePassed(uint40 deadline);
    error GasPriceAboveCap(uint256 gasPrice, uint256 cap);
    error SliceCooldown(uint40 until);
    error SliceAboveCap(uint256 soldUsdE8, uint256 capUsdE8);
    error NothingToTrade(uint8 sell, uint8 buy);
    error SoldBefore(uint8 asset);
    /// @dev From a stranger, who has to take all that is wanted or the rest of the slice.
    error TooLittle(uint256 amount, uint256 wanted);
    error BelowMinTrade(uint256 valueUsdE8, uint256 minUsdE8);
    error SlippageAboveCap(uint256 amountOut, uint256 requiredOut);
    error BelowCallersMinOut(uint256 amountOut, uint256 minOut);
    error SpentTooMuch(uint256 spent, uint256 allowed);
    error Overshoot(uint8 asset);
    error DriftDidNotShrink();
    error LossBudgetExceeded(uint256 lossUsdE8, uint256 budgetUsdE8);
    error UnexpectedCallback(address caller);
    error VenueUnavailable(Venue venue);
    error TransferFailed(address token);
    /// @dev The token does not tell the vault's balance, or tells 2**128 or more.
    error BadBalance(address token);
    error NothingToDeposit();
    error StopIsLatched(uint32 stopped);
    error NothingToStop();

    /* ------------------------------------------------ owner ------------------------------------------------- */

    /// @notice Pulls exactly `amount` from the owner, who must have approved it. Closes an open epoch.
    function deposit(address token, uint256 amount) external;

    /// @notice As `deposit`, with the approval signed: 65 bytes are an EIP-2612 permit (r, s, v), any other length is handed
    ///         to the token's `permit(address,address,uint256,uint256,bytes)`, which ERC-1271 owners use. A permit that
    ///         somebody else sent first does not stop the deposit.
    function depositWithPermit(address token, uint256 amount, uint256 deadline, bytes calldata signature) external;

    /// @notice Wraps msg.value to WETH. Closes an open epoch.
    function depositEth() external payable;

    /// @notice Any token, listed or not, any time, any state, to the owner only. No oracle, keeper or pause can stop it.
    /// @param amount type(uint256).max = the whole balance
    function withdraw(address token, uint256 amount) external;

    /// @notice Every listed asset except those in `skip`, to the owner.
    function withdrawAll(address[] calldata skip) external;

    /// @notice An ERC-721 that came here by mistake, to the owner. Not for listed tokens.
    function withdrawNft(address collection, uint256 id) external;

    function setPolicy(Policy calldata policy) external;
    /// @dev Not while a stop is latched: `resetStop` first.
    function setTargets(Target[] calldata targets) external;
    function setKeeper(address keeper, bool allowed) external;
    function setGuardian(address guardian) external;
    function pause() external;
    function resume() external;
    /// @notice Takes back every stop: stopped assets get their targets back, the reference is taken anew. Closes an open
    ///         epoch.
    function resetStop() external;
    /// @notice Two steps: the new owner must accept, so that a vault is not lost to a wrong address.
    function transferOwnership(address newOwner) external;
    function acceptOwnership() external;

    /* ----------------------------------------------- guardian ----------------------------------------------- */

    /// @notice Stops trading for `seconds_`, at most 7 days and at most a quarter of the time. Nothing else: an open epoch
    ///         stays open. The owner may resume at once; the guardian waits for his next pause all the same.
    function guardianPause(uint32 seconds_) external;

    /* ------------------------------------------------ keeper ------------------------------------------------ */

    function begin() external returns (uint32 epoch);
    function fill(Slice calldata slice, Fill[] calldata fills) external;
    /// @dev slice.epoch must be the id that begin() will return, slice.sequence 0.
    function beginAndFill(Slice calldata slice, Fill[] calldata fills) external;
    /// @notice Closes the open epoch. The owner and keepers at any time; anyone once no fill is possible any more.
    ///         (Inside the band would not do: a stranger could then stop a scheduled or sliced rebalance half-way.)
    function finish() external;

    /* ------------------------------------------------ anyone ------------------------------------------------ */

    /// @notice Looks at the stops at fresh prices: takes the reference, arms what has been reached, disarms what has
    ///         recovered, fires what still holds after the confirmation time. Reverts when there is nothing to do.
    function checkStop() external;

    /* ------------------------------------------------- views ------------------------------------------------ */

    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    /// @return account zero = none
    /// @return nextPauseAt {s} earliest next guardian pause
    function guardian() external view returns (address account, uint40 nextPauseAt);
    function isKeeper(address account) external view returns (bool);
    function keepers() external view returns (address[] memory);
    function policy() external view returns (Policy memory);
    function state() external view returns (State memory);
    function stop() external view returns (Stop memory);
    /// @return as the owner set them, whatever is stopped
    function assets() external view returns (Asset[] memory);
    /// @notice Every privileged power there is.
    function powers() external view returns (Power[] memory);
    /// @return dayUsdE8 {USD E8} tips paid on the UTC day of the newest tip
    /// @return day that day, counted from the epoch of the clock
    function tips() external view returns (uint256 dayUsdE8, uint256 day);
    /// @return kind what may be done now
    /// @return reason why (not), in the vocabulary of decision records, e.g. "IN_BAND"
    /// @return retryAt {s} earliest time at which the answer may change by itself; 0 = when prices move
    function due() external view returns (Due kind, bytes32 reason, uint40 retryAt);
    /// @return reached bit i: the condition that stops asset i holds now and the asset is not stopped yet
    /// @return act what `checkStop` would do: "REFERENCE", "ARM", "DISARM", "FIRE", or 0 for nothing (or while paused)
    /// @return retryAt {s} when what is armed can fire; 0 = nothing armed
    function stopDue() external view returns (uint32 reached, bytes32 act, uint40 retryAt);
    /// @notice Everything at once, for lenses that read many vaults.
    function raw() external view returns (Raw memory);
}
