// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IUniswapV2Pair, IUniswapV3Pool} from "../interfaces/External.sol";
import {IOracleHub, Price, PriceStatus} from "../interfaces/IOracleHub.sol";
import {Asset, IVault} from "../interfaces/IVault.sol";
import {IVaultLens, V2View, V3Tick, V3View, VaultView} from "../interfaces/IVaultLens.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";

interface IHasHub {
    function hub() external view returns (IOracleHub);
}

/// @title VaultLens
/// @notice Batched views for keepers and dashboards. Holds nothing, can do nothing.
contract VaultLens is IVaultLens {
    int24 private constant MAX_TICK = 887_272;

    /* ------------------------------------------------- vaults ------------------------------------------------ */

    /// @inheritdoc IVaultLens
    function vaults(address[] calldata vaults_) external view returns (VaultView[] memory views) {
        views = new VaultView[](vaults_.length);
        for (uint256 i; i < vaults_.length; ++i) {
            _vault(vaults_[i], views[i]);
        }
    }

    function _vault(address vault, VaultView memory v) private view {
        v.vault = vault;
        v.owner = IVault(vault).owner();
        v.policy = IVault(vault).policy();
        v.state = IVault(vault).state();
        v.assets = IVault(vault).assets();
        (v.due, v.reason, v.retryAt) = IVault(vault).due();

        uint256 n = v.assets.length;
        bytes32[] memory ids = new bytes32[](n);
        v.balances = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            ids[i] = v.assets[i].feedId;
            v.balances[i] = IERC20(v.assets[i].token).balanceOf(vault);
        }
        v.prices = IHasHub(vault).hub().peek(ids);
        v.navUsdE8 = _nav(v.assets, v.balances, v.prices);
    }

    /// @return nav {USD E8} 0 when any price is not Ok
    function _nav(Asset[] memory assets, uint256[] memory balances, Price[] memory prices)
        private
        pure
        returns (uint256 nav)
    {
        for (uint256 i; i < assets.length; ++i) {
            if (prices[i].status != PriceStatus.Ok) return 0;
            nav += RebalanceMath.value(balances[i], prices[i].usdE8, assets[i].decimals);
        }
    }

    /* ------------------------------------------------- pools ------------------------------------------------- */

    /// @inheritdoc IVaultLens
    function v2Pairs(address[] calldata pairs) external view returns (V2View[] memory views) {
        views = new V2View[](pairs.length);
        for (uint256 i; i < pairs.length; ++i) {
            IUniswapV2Pair pair = IUniswapV2Pair(pairs[i]);
            (uint112 reserve0, uint112 reserve1,) = pair.getReserves();
            views[i] = V2View(pairs[i], pair.token0(), pair.token1(), reserve0, reserve1);
        }
    }

    /// @inheritdoc IVaultLens
    function v3Pools(address[] calldata pools, uint8 words) external view returns (V3View[] memory views) {
        views = new V3View[](pools.length);
        for (uint256 i; i < pools.length; ++i) {
            V3View memory v = views[i];
            IUniswapV3Pool pool = IUniswapV3Pool(pools[i]);
            v.pool = pools[i];
            v.token0 = pool.token0();
            v.token1 = pool.token1();
            v.feePips = pool.fee();
            v.tickSpacing = pool.tickSpacing();
            (v.sqrtPriceX96, v.tick) = pool.slot0();
            v.liquidity = pool.liquidity();
            _ticks(pool, v, words);
        }
    }

    /// @dev Reads whole bitmap words, so the window begins and ends at word boundaries (or at the ends of the scale).
    function _ticks(IUniswapV3Pool pool, V3View memory v, uint8 words) private view {
        int24 spacing = v.tickSpacing;
        int256 middle = _floorDiv(v.tick, spacing) >> 8;
        int256 first = _max(middle - int256(uint256(words)), _floorDiv(-MAX_TICK, spacing) >> 8);
        int256 last = _min(middle + int256(uint256(words)), _floorDiv(MAX_TICK, spacing) >> 8);
        v.minTick = int24(_max((first << 8) * spacing, -MAX_TICK));
        v.maxTick = int24(_min(((last << 8) + 255) * spacing, MAX_TICK));

        uint256[] memory bitmap = new uint256[](uint256(last - first + 1));
        uint256 total;
        for (uint256 w; w < bitmap.length; ++w) {
            bitmap[w] = pool.tickBitmap(int16(first + int256(w)));
            for (uint256 rest = bitmap[w]; rest != 0; rest &= rest - 1) {
                ++total;
            }
        }

        v.ticks = new V3Tick[](total);
        uint256 found;
        for (uint256 w; w < bitmap.length; ++w) {
            if (bitmap[w] == 0) continue;
            for (uint256 bit; bit < 256; ++bit) {
                if (bitmap[w] >> bit & 1 == 0) continue;
                int24 index = int24((((first + int256(w)) << 8) + int256(bit)) * spacing);
                (, int128 net) = pool.ticks(index);
                v.ticks[found++] = V3Tick(index, net);
            }
        }
    }

    function _floorDiv(int256 a, int256 b) private pure returns (int256 q) {
        q = a / b;
        if (a % b != 0 && a < 0) --q;
    }

    function _max(int256 a, int256 b) private pure returns (int256) {
        return a > b ? a : b;
    }

    function _min(int256 a, int256 b) private pure returns (int256) {
        return a < b ? a : b;
    }
}
