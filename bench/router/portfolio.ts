/** The bed as a world in which baselines trade: exact balances, exact pools, every hop counted. */
import { quoteExactIn } from '../../src/core/amm/quote.ts';
import type { BasketAsset } from '../../src/core/route/basket.ts';
import {
  BED_FROM,
  BED_TO,
  BED_TOKENS,
  basketAsset,
  bedPools,
  type TokenSpec,
} from '../../src/core/route/testing/markets.ts';
import type { Address, PoolState } from '../../src/core/types.ts';

export type World = { readonly pools: PoolState[]; readonly balances: bigint[]; hops: number };

export type Outcome = {
  /** {USD} at oracle prices, gas left out. */
  readonly lossUsd: number;
  readonly hops: number;
  /** {USD} */
  readonly costUsd: number;
  /** Largest distance of a final weight from its target. */
  readonly weightError: number;
};

/** One hop: a pool and the token that comes out. */
export type Step = { readonly pool: number; readonly tokenOut: Address };

export const COUNT = BED_TOKENS.length;

export function assetsOf(navUsd: number): BasketAsset[] {
  return BED_TOKENS.map((t, i) => basketAsset(i, t, (BED_FROM[i] as number) * navUsd, (BED_TO[i] as number) * navUsd));
}

export function unitUsd(i: number): number {
  const t = BED_TOKENS[i] as TokenSpec;
  return t.price / 10 ** t.decimals;
}

export function amountOf(i: number, usd: number): bigint {
  return usd > 0 ? BigInt(Math.floor(usd / unitUsd(i))) : 0n;
}

export function valuesOf(balances: readonly bigint[]): number[] {
  return balances.map((b, i) => Number(b) * unitUsd(i));
}

export function sum(values: readonly number[]): number {
  return values.reduce((s, v) => s + v, 0);
}

export function freshWorld(navUsd: number): World {
  return { pools: bedPools(), balances: assetsOf(navUsd).map((a) => a.balance), hops: 0 };
}

/** {base units} what comes out; null when a pool refuses. */
export function quotePath(
  pools: readonly PoolState[],
  tokenIn: Address,
  steps: readonly Step[],
  amountIn: bigint,
): bigint | null {
  let token = tokenIn;
  let amount = amountIn;
  for (const step of steps) {
    const q = quoteExactIn(pools[step.pool] as PoolState, token, step.tokenOut, amount);
    if (!q.complete) return null;
    amount = q.amountOut;
    token = step.tokenOut;
  }
  return amount;
}

export function tradePath(
  w: World,
  from: number,
  to: number,
  tokenIn: Address,
  steps: readonly Step[],
  amountIn: bigint,
): void {
  let token = tokenIn;
  let amount = amountIn;
  for (const step of steps) {
    const q = quoteExactIn(w.pools[step.pool] as PoolState, token, step.tokenOut, amount);
    if (!q.complete) throw new Error(`pool ${step.pool} refuses ${amount}`);
    w.pools[step.pool] = q.poolAfter;
    amount = q.amountOut;
    token = step.tokenOut;
    w.hops++;
  }
  w.balances[from] = (w.balances[from] as bigint) - amountIn;
  w.balances[to] = (w.balances[to] as bigint) + amount;
}

export function outcomeOf(w: World, navUsd: number, gasUsd: number): Outcome {
  const values = valuesOf(w.balances);
  const nav = sum(values);
  const start = sum(valuesOf(assetsOf(navUsd).map((a) => a.balance)));
  const lossUsd = start - nav;
  const weightError = Math.max(...values.map((v, i) => Math.abs(v / nav - (BED_TO[i] as number))));
  return { lossUsd, hops: w.hops, costUsd: lossUsd + gasUsd * w.hops, weightError };
}

/** How one asset becomes another. */
export type Converter = (w: World, from: number, to: number, amountIn: bigint) => void;

/**
 * Everything that is over its target is sold into the first asset (USDC), then what is missing is bought from it; the
 * purchases are repeated until all final weights are the targets.
 */
export function throughCash(navUsd: number, convert: Converter, rounds: number): World {
  const share = BED_TO.map(() => 1);
  let nav = navUsd;
  let world = freshWorld(navUsd);
  for (let round = 0; round < rounds; round++) {
    world = freshWorld(navUsd);
    const start = valuesOf(world.balances);
    const target = (i: number): number => (BED_TO[i] as number) * nav;
    for (let i = 1; i < COUNT; i++)
      if ((BED_TO[i] as number) < (BED_FROM[i] as number))
        convert(world, i, 0, amountOf(i, (start[i] as number) - target(i)));
    const cash = (valuesOf(world.balances)[0] as number) - target(0);
    const buys = BED_TO.flatMap((t, i) => (i > 0 && t > (BED_FROM[i] as number) ? [i] : []));
    const need = (i: number): number => (target(i) - (start[i] as number)) * (share[i] as number);
    const total = sum(buys.map(need));
    for (const i of buys) convert(world, 0, i, amountOf(0, (cash * need(i)) / total));
    const values = valuesOf(world.balances);
    nav = sum(values);
    for (const i of buys)
      share[i] =
        ((share[i] as number) * ((BED_TO[i] as number) * nav - (start[i] as number))) /
        ((values[i] as number) - (start[i] as number));
  }
  return world;
}

/**
 * The largest surplus pays for the largest deficit until nothing is left; the amounts are repeated until all final weights
 * are the targets.
 */
export function pairByPair(navUsd: number, convert: Converter, rounds: number): World {
  const gaps = BED_TO.map((t, i) => ((BED_FROM[i] as number) - t) * navUsd);
  const pairs: { from: number; to: number; usd: number }[] = [];
  for (;;) {
    const from = gaps.indexOf(Math.max(...gaps));
    const to = gaps.indexOf(Math.min(...gaps));
    const usd = Math.min(gaps[from] as number, -(gaps[to] as number));
    if (!(usd > 1e-6 * navUsd)) break;
    pairs.push({ from, to, usd });
    gaps[from] = (gaps[from] as number) - usd;
    gaps[to] = (gaps[to] as number) + usd;
  }
  let world = freshWorld(navUsd);
  for (let round = 0; round < rounds; round++) {
    world = freshWorld(navUsd);
    const start = valuesOf(world.balances);
    for (const p of pairs) convert(world, p.from, p.to, amountOf(p.from, p.usd));
    const values = valuesOf(world.balances);
    const nav = sum(values);
    for (const side of ['to', 'from'] as const) {
      const moved = new Map<number, number>();
      for (const p of pairs) moved.set(p[side], (moved.get(p[side]) ?? 0) + p.usd);
      for (const p of pairs) {
        const i = p[side];
        const wanted = Math.abs((BED_TO[i] as number) * nav - (start[i] as number));
        p.usd *=
          side === 'to' ? wanted / ((values[i] as number) - (start[i] as number)) : wanted / (moved.get(i) as number);
      }
    }
  }
  return world;
}
