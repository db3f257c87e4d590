/**
 * Concentrated liquidity for the search: every initialised tick of every pool in shared arrays, with the amounts from the
 * present price to each of them, so that one evaluation costs a binary search.
 */
import type { TickState, V3PoolState, V4PoolState } from '../types.ts';

/** ln(sqrt(1.0001)): the product with a tick keeps 15 digits where a power of 1.0001 would keep 11. */
const LN_SQRT_TICK = Math.log1p(1e-4) / 2;
const TWO_96 = 2 ** 96;
/** Flows stop short of the edge of the known ticks: integers that round past it could not be quoted. */
const EDGE = 1e-10;

export type TickTable = {
  /** Ascending square roots of prices {token1 / token0, base units} at the boundaries. */
  readonly sqrt: number[];
  /** Between this boundary and the next. */
  readonly liquidity: number[];
  /** {base units, without fee} of token0 and token1 between the present price and this boundary, as positive numbers. */
  readonly amount0: number[];
  readonly amount1: number[];
};

/** Where one pool's boundaries lie in the table, and where its price is. */
export type TickRange = {
  readonly first: number;
  /** Index of the last boundary. */
  readonly last: number;
  /** Index of the boundary below the present price. */
  readonly at: number;
  readonly sqrtPrice: number;
};

export function emptyTickTable(): TickTable {
  return { sqrt: [], liquidity: [], amount0: [], amount1: [] };
}

/** Appends the pool to the table; null when it has no price or liquidity among the ticks that were read. */
export function appendTicks(table: TickTable, pool: V3PoolState | V4PoolState): TickRange | null {
  const { tick, minTick, maxTick } = pool;
  if (pool.sqrtPriceX96 <= 0n || tick < minTick || tick >= maxTick) return null;
  const inside: readonly TickState[] = pool.ticks.filter((t) => t.index > minTick && t.index < maxTick);
  const below = inside.filter((t) => t.index <= tick).length;
  const sqrt = [minTick, ...inside.map((t) => t.index), maxTick].map((t) => Math.exp(t * LN_SQRT_TICK));
  const last = sqrt.length - 1;
  const liquidity = new Array<number>(sqrt.length).fill(0);
  let exact = pool.liquidity;
  for (let i = below; i < last; i++) {
    liquidity[i] = Number(exact);
    exact += inside[i]?.liquidityNet ?? 0n;
  }
  exact = pool.liquidity;
  for (let i = below - 1; i >= 0; i--) {
    exact -= inside[i]?.liquidityNet ?? 0n;
    liquidity[i] = Number(exact);
  }
  if (!liquidity.some((l) => l > 0)) return null;
  // A price on a boundary belongs to the side that `tick` names; rounding must not push it across.
  const [floor, ceiling] = [sqrt[below] as number, sqrt[below + 1] as number];
  const sqrtPrice = Math.min(Math.max(Number(pool.sqrtPriceX96) / TWO_96, floor), ceiling);
  const amount0 = new Array<number>(sqrt.length).fill(0);
  const amount1 = new Array<number>(sqrt.length).fill(0);
  for (const direction of [1, -1]) {
    let sum0 = 0;
    let sum1 = 0;
    let from = sqrtPrice;
    for (let i = direction > 0 ? below + 1 : below; i >= 0 && i <= last; i += direction) {
      const to = sqrt[i] as number;
      const l = liquidity[direction > 0 ? i - 1 : i] as number;
      sum0 += (l * Math.abs(to - from)) / (to * from);
      sum1 += l * Math.abs(to - from);
      amount0[i] = sum0;
      amount1[i] = sum1;
      from = to;
    }
  }
  const first = table.sqrt.length;
  for (let i = 0; i <= last; i++) {
    table.sqrt.push(sqrt[i] as number);
    table.liquidity.push(liquidity[i] as number);
    table.amount0.push(amount0[i] as number);
    table.amount1.push(amount1[i] as number);
  }
  return { first, last: first + last, at: first + below, sqrtPrice };
}

/** What moving the price to `sqrt` exchanges, without fee. Written by `moveTo`. */
export type TickMove = { amount0: number; amount1: number; liquidity: number; sqrt: number };

/** The table's arrays, packed. */
export type PackedTicks = {
  readonly sqrt: Float64Array;
  readonly liquidity: Float64Array;
  readonly amount0: Float64Array;
  readonly amount1: Float64Array;
};

export function packTicks(t: TickTable): PackedTicks {
  return {
    sqrt: Float64Array.from(t.sqrt),
    liquidity: Float64Array.from(t.liquidity),
    amount0: Float64Array.from(t.amount0),
    amount1: Float64Array.from(t.amount1),
  };
}

/** `liquidity` of the result is 0 where the price stops at the edge of the known ticks: there it does not respond. */
export function moveTo(
  t: PackedTicks,
  first: number,
  last: number,
  at: number,
  sqrtPrice: number,
  wanted: number,
  out: TickMove,
): void {
  const { sqrt } = t;
  const floor = (sqrt[first] as number) * (1 + EDGE);
  const ceiling = (sqrt[last] as number) * (1 - EDGE);
  const up = wanted > sqrtPrice;
  const edge = up ? wanted >= ceiling : wanted <= floor;
  const target = edge ? (up ? Math.max(ceiling, sqrtPrice) : Math.min(floor, sqrtPrice)) : wanted;
  let lo = up ? at : first;
  let hi = up ? last - 1 : at;
  while (lo < hi) {
    const mid = (lo + hi + 1) >>> 1;
    if ((sqrt[mid] as number) <= target) lo = mid;
    else hi = mid - 1;
  }
  const l = t.liquidity[lo] as number;
  let from = sqrtPrice;
  let amount0 = 0;
  let amount1 = 0;
  if (lo !== at) {
    const near = up ? lo : lo + 1;
    from = sqrt[near] as number;
    amount0 = t.amount0[near] as number;
    amount1 = t.amount1[near] as number;
  }
  const span = Math.abs(target - from);
  out.amount0 = amount0 + (l * span) / (target * from);
  out.amount1 = amount1 + l * span;
  out.liquidity = edge ? 0 : l;
  out.sqrt = target;
}
