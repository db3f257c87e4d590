// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Price} from "./IOracleHub.sol";
import {Asset, Due, Policy, State, Stop} from "./IVault.sol";

enum Trouble {
    None,
    NotAVault, //  no code, or no answer of a vault
    Failed //      reading it reverted, or took more gas than it was given
}

/// @notice One asset of a vault, as things stand.
struct Position {
    address token;
    uint8 decimals;
    uint16 targetBps; //    {bps of NAV} in force
    uint16 bandBps; //      {bps of NAV} in force
    uint16 weightBps; //    {bps of NAV} 0 while the NAV is unknown
    bool known; //          false: the token did not tell the balance, or nonsense
    uint256 balance; //     {base units} 0 unless known
    uint256 valueUsdE8; //  {USD E8} 0 without a price
    Price price;
}

/// @notice What the rules leave room for.
struct Room {
    uint256 sliceCapUsdE8; //  {USD E8} of one slice
    uint256 lossLeftUsdE8; //  {USD E8} of the loss budget
    uint256 tipLeftUsdE8; //   {USD E8} that one slice may pay now
    uint256 requiredPips; //   {1e-6} of the oracle value that a fill must bring; as an epoch begins, if none is open
}

/// @notice What may happen next, and when to look again.
struct Hint {
    Due due;
    bytes32 reason; //       as IVault.due, or "BALANCE_UNREADABLE" where that reverts
    uint40 retryAt; //       {s}
    uint32 stopReached; //   as IVault.stopDue, from here on; 0 while a price or balance is missing
    bytes32 stopAct;
    uint40 stopRetryAt; //   {s}
}

struct VaultLine {
    address vault;
    Trouble trouble; //          all that follows is empty unless it is None
    address owner;
    address guardian;
    uint40 guardianPauseAt; //   {s} earliest next pause of the guardian
    uint40 upSince; //           {s} see IOracleHub.sequencer
    uint256 navUsdE8; //         {USD E8} 0 while a price or balance is missing
    State state;
    Room room;
    Hint hint;
    Position[] positions; //     in the order of IVault.assets
    address[] keepers;
}

struct VaultView {
    VaultLine line;
    Policy policy;
    Stop stop;
    Asset[] assets;
}

struct V2View {
    address pair;
    address token0;
    address token1;
    uint112 reserve0;
    uint112 reserve1;
}

struct V3Tick {
    int24 index;
    int128 liquidityNet;
}

struct V3View {
    address pool;
    address token0;
    address token1;
    uint24 feePips;
    int24 tickSpacing;
    uint160 sqrtPriceX96;
    int24 tick;
    uint128 liquidity;
    int24 minTick; //   the window that `ticks` covers, inclusive
    int24 maxTick;
    V3Tick[] ticks; //  initialised ticks inside the window, ascending
}

interface IPoolViews {
    function v2Pairs(address[] calldata pairs) external view returns (V2View[] memory);
    /// @param words tick-bitmap words to read on each side of the current one
    function v3Pools(address[] calldata pools, uint8 words) external view returns (V3View[] memory);
}

/// @notice Batched views for keepers and dashboards. Holds nothing, can do nothing.
/// @dev Nobody on a list can spoil the answer for the others: each is read in a call of its own, with the gas given. A
///      vault that fails for want of gas of the caller's is no fault of its own, so then the page reverts.
interface IVaultLens is IPoolViews {
    error NotAVault();
    error PageTooLarge(uint256 read);

    /// @notice What changes, of many vaults. Each price is asked for once.
    /// @dev A vault of five assets costs about 115,000 gas in a page of 500, so 430 of them fit into 50 million gas, and
    ///      3,000 into 500 million.
    /// @param gasEach {gas} most that one vault may take
    function page(address[] calldata vaults_, uint256 gasEach) external view returns (VaultLine[] memory);

    /// @notice Everything, of a few.
    function vaults(address[] calldata vaults_, uint256 gasEach) external view returns (VaultView[] memory);
}
