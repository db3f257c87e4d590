/** Random liquidity, and amounts that move a price across it. */
import { amount0Delta, amount1Delta } from '../../src/core/amm/sqrtPriceMath.ts';
import { sqrtRatioAtTick, tickAtSqrtRatio } from '../../src/core/amm/tickMath.ts';
import type { Position } from '../../src/core/testing/fixtures.ts';
import type { Random } from '../../src/core/testing/random.ts';
import type { V3PoolState, V4PoolState } from '../../src/core/types.ts';

/** Nested, overlapping and disjoint ranges, some of one spacing only, with holes of no liquidity between them. */
function randomPositions(r: Random, tick: number, spacing: number): Position[] {
  const snap = (t: number): number => Math.floor(t / spacing) * spacing;
  const widths = [1, 2, 5, 20, 100, 400];
  const positions = Array.from({ length: r.int(3, 14) }, () => {
    const middle = tick + r.int(-30, 30) * spacing * r.pick([1, 1, 10]);
    const half = r.pick(widths) * spacing;
    const lower = snap(middle - half);
    return {
      lower,
      upper: Math.max(snap(middle + half), lower + spacing),
      liquidity: r.magnitude(10n ** 6n, 10n ** 24n),
    };
  });
  if (r.chance(0.7)) {
    const edge = 800_000;
    positions.push({ lower: snap(-edge), upper: snap(edge), liquidity: r.magnitude(10n ** 12n, 10n ** 22n) });
  }
  return positions.filter((p) => p.lower >= -880_000 && p.upper <= 880_000 && p.lower < p.upper);
}

export type RandomCurve = { readonly sqrtPriceX96: bigint; readonly positions: readonly Position[] };

export function randomCurve(r: Random, spacing: number): RandomCurve {
  const tick = r.pick([0, r.int(-100, 100), r.int(-250_000, 250_000)]);
  const low = sqrtRatioAtTick(tick);
  const sqrtPriceX96 = r.chance(0.3) ? low : r.big(low, sqrtRatioAtTick(tick + 1) - 1n);
  return { sqrtPriceX96, positions: randomPositions(r, tickAtSqrtRatio(sqrtPriceX96), spacing) };
}

/** An amount that moves the pool across the known ticks, or any amount at all. */
export function amountAcross(r: Random, pool: V3PoolState | V4PoolState, zeroForOne: boolean): bigint {
  if (pool.liquidity > 0n && r.chance(0.75)) {
    const { tick, minTick, maxTick, tickSpacing, sqrtPriceX96, liquidity } = pool;
    const room = Math.min(zeroForOne ? tick - minTick : maxTick - tick, 60 * tickSpacing);
    const target = sqrtRatioAtTick(tick + (zeroForOne ? -1 : 1) * r.int(1, Math.max(1, room)));
    const amount = (zeroForOne ? amount0Delta : amount1Delta)(target, sqrtPriceX96, liquidity, true);
    if (amount > 0n) return amount * r.pick([1n, 2n, 5n, 50n]) + r.big(0n, 1_000n);
  }
  return r.magnitude(1n, r.pick([10n ** 12n, 10n ** 20n, 10n ** 26n, 10n ** 30n]));
}
