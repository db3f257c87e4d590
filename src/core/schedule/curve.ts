/**
 * The liquidity that a swap meets in a pool of ticks, in float64, for search only. Along the coordinate u, which is sqrt(P)
 * when token1 goes in and 1/sqrt(P) when token0 does, the net input is the integral of the liquidity and u only grows.
 */
import { sameAddress } from '../address.ts';
import { sqrtRatioAtTick } from '../amm/tickMath.ts';
import type { Address, V3PoolState, V4PoolState } from '../types.ts';

export type TickPool = V3PoolState | V4PoolState;

/**
 * Piece k covers [starts[k], starts[k + 1]]. The known ticks end at `end`; liquidity is taken to go on beyond it as it is
 * there.
 */
export type InputCurve = {
  readonly starts: readonly number[];
  readonly liquidity: readonly number[];
  /** Net input from the present price to `starts[k]`. */
  readonly before: readonly number[];
  readonly end: number;
};

const Q96 = 2 ** 96;

function coordinateOf(sqrtPriceX96: bigint, zeroForOne: boolean): number {
  const s = Number(sqrtPriceX96) / Q96;
  return zeroForOne ? 1 / s : s;
}

/** Reserve of `tokenIn` that a pool without ticks would have at this price and liquidity. */
export function virtualReserveIn(pool: TickPool, tokenIn: Address): number {
  return Number(pool.liquidity) * coordinateOf(pool.sqrtPriceX96, sameAddress(pool.token0, tokenIn));
}

export function inputCurve(pool: TickPool, tokenIn: Address): InputCurve {
  const zeroForOne = sameAddress(pool.token0, tokenIn);
  const coordinate = (sqrtPriceX96: bigint): number => coordinateOf(sqrtPriceX96, zeroForOne);
  const ahead = pool.ticks.filter((t) => (zeroForOne ? t.index <= pool.tick : t.index > pool.tick));
  if (zeroForOne) ahead.reverse();
  const starts = [coordinate(pool.sqrtPriceX96)];
  const liquidity = [Number(pool.liquidity)];
  const before = [0];
  let active = pool.liquidity;
  for (const t of ahead) {
    const k = starts.length - 1;
    const at = coordinate(sqrtRatioAtTick(t.index));
    before.push((before[k] ?? 0) + (liquidity[k] ?? 0) * (at - (starts[k] ?? 0)));
    active += zeroForOne ? -t.liquidityNet : t.liquidityNet;
    starts.push(at);
    liquidity.push(Number(active));
  }
  return { starts, liquidity, before, end: coordinate(sqrtRatioAtTick(zeroForOne ? pool.minTick : pool.maxTick)) };
}

/** Net input that moves the coordinate from the present price to `u`. */
export function netInputTo(c: InputCurve, u: number): number {
  let k = c.starts.length - 1;
  while (k > 0 && (c.starts[k] ?? 0) > u) k--;
  return (c.before[k] ?? 0) + (c.liquidity[k] ?? 0) * (u - (c.starts[k] ?? 0));
}

/** Output of the swap that moves the coordinate from the present price to `u`: the integral of the liquidity over 1/u. */
export function outputTo(c: InputCurve, u: number): number {
  let sum = 0;
  for (const [k, from] of c.starts.entries()) {
    if (from >= u) break;
    sum += (c.liquidity[k] ?? 0) * (1 / from - 1 / Math.min(c.starts[k + 1] ?? u, u));
  }
  return sum;
}
