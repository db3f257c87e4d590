// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Due, Policy, State, Asset} from "./IVault.sol";
import {Price} from "./IOracleHub.sol";

struct VaultView {
    address vault;
    address owner;
    Policy policy;
    State state;
    Asset[] assets;
    uint256[] balances; //  {base units} in the order of assets
    Price[] prices; //      in the order of assets
    uint256 navUsdE8; //    {USD E8} 0 when any price is not Ok
    Due due;
    bytes32 reason;
    uint40 retryAt;
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

/// @notice Batched views for keepers and dashboards. Holds nothing, can do nothing.
interface IVaultLens {
    function vaults(address[] calldata vaults_) external view returns (VaultView[] memory);
    function v2Pairs(address[] calldata pairs) external view returns (V2View[] memory);
    /// @param words tick-bitmap words to read on each side of the current one
    function v3Pools(address[] calldata pools, uint8 words) external view returns (V3View[] memory);
}
