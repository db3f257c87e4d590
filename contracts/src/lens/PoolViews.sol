// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../interfaces/External.sol";
import {IPoolViews, V2View, V3Tick, V3View} from "../interfaces/IVaultLens.sol";
import {TickWindow} from "./TickWindow.sol";

/// @title PoolViews
/// @notice What a planner needs of the pools it may trade with.
abstract contract PoolViews is IPoolViews {
    /// @inheritdoc IPoolViews
    function v2Pairs(address[] calldata pairs) external view returns (V2View[] memory views) {
        views = new V2View[](pairs.length);
        for (uint256 i; i < pairs.length; ++i) {
            IUniswapV2Pair pair = IUniswapV2Pair(pairs[i]);
            (uint112 reserve0, uint112 reserve1,) = pair.getReserves();
            views[i] = V2View(pairs[i], pair.token0(), pair.token1(), reserve0, reserve1);
        }
    }

    /// @inheritdoc IPoolViews
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

    function _ticks(IUniswapV3Pool pool, V3View memory v, uint8 words) private view {
        int24 spacing = v.tickSpacing;
        int256 first;
        int256 last;
        (first, last, v.minTick, v.maxTick) = TickWindow.around(v.tick, spacing, words);

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
}
