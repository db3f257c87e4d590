/** Swaps one after the other, each selling what the one before it brought. */
import { sameAddress } from '../address.ts';
import type { Address, AssetState, Hop, PoolState } from '../types.ts';
import { mulDiv } from '../units.ts';
import { valueUsdE8 } from '../value.ts';
import { impactOf, largestThat, midPrice, poolFeePips, type Quote, quoteExactIn } from './quote.ts';

export type Fraction = { readonly numerator: bigint; readonly denominator: bigint };

/** A hop with the token it sells and the pool as the snapshot has it. */
export type Step = {
  readonly tokenIn: Address;
  readonly tokenOut: Address;
  /** Index into the pools that were searched. */
  readonly at: number;
  readonly pool: PoolState;
};

export type SteppedQuote = Step & { readonly amountIn: bigint; readonly quote: Quote };

export type PathQuote = {
  readonly amountOut: bigint;
  readonly complete: boolean;
  readonly steps: readonly SteppedQuote[];
};

export type PathCost = {
  readonly feeUsdE8: bigint;
  readonly impactUsdE8: bigint;
  /** Of the step that moves its pool most. */
  readonly impactBps: number;
};

export function hopOf(pool: PoolState, tokenOut: Address): Hop {
  const { address } = pool;
  if (pool.venue !== 'UNISWAP_V4') return { venue: pool.venue, pool: address, tokenOut };
  const { keyFee, tickSpacing, hooks, native } = pool;
  return { venue: 'UNISWAP_V4', pool: address, tokenOut, keyFee, tickSpacing, hooks, native };
}

/** null: one of the pools is not among `pools`. */
export function stepsOf(
  pools: readonly PoolState[],
  tokenIn: Address,
  hops: readonly Pick<Hop, 'pool' | 'tokenOut'>[],
): readonly Step[] | null {
  const steps: Step[] = [];
  let token = tokenIn;
  for (const hop of hops) {
    const at = pools.findIndex((p) => sameAddress(p.address, hop.pool));
    const pool = pools[at];
    if (pool === undefined) return null;
    steps.push({ tokenIn: token, tokenOut: hop.tokenOut, at, pool });
    token = hop.tokenOut;
  }
  return steps;
}

/** Each pool at most once: a second swap through the same pool would meet the state that the first one left. */
export function quotePath(steps: readonly Step[], amountIn: bigint): PathQuote {
  const done: SteppedQuote[] = [];
  let amount = amountIn;
  for (const step of steps) {
    const quote = quoteExactIn(step.pool, step.tokenIn, step.tokenOut, amount);
    done.push({ ...step, amountIn: amount, quote });
    if (!quote.complete) return { amountOut: 0n, complete: false, steps: done };
    amount = quote.amountOut;
  }
  return { amountOut: amount, complete: steps.length > 0, steps: done };
}

export function poolsAfter(pools: readonly PoolState[], path: PathQuote): PoolState[] {
  const after = [...pools];
  for (const { at, quote } of path.steps) after[at] = quote.poolAfter;
  return after;
}

/** Base units of the last token per base unit of the first, before fees. */
export function pathMidPrice(steps: readonly Step[]): Fraction {
  let [numerator, denominator] = [1n, 1n];
  for (const { pool, tokenIn, tokenOut } of steps) {
    const mid = midPrice(pool, tokenIn, tokenOut);
    numerator *= mid.numerator;
    denominator *= mid.denominator;
  }
  return { numerator, denominator };
}

/** {1e-6 of the input} the sum of the pools' fees: never less than what they take together. */
export function pathFeePips(steps: readonly Step[]): number {
  return steps.reduce((sum, s) => sum + poolFeePips(s.pool, s.tokenIn, s.tokenOut), 0);
}

/** {base units of the first token} largest input up to `upTo` that moves no pool by more than `maxImpactBps`; 0 when none is. */
export function maxPathInWithinImpact(steps: readonly Step[], maxImpactBps: number, upTo: bigint): bigint {
  return largestThat(upTo, (amount) => {
    const path = quotePath(steps, amount);
    return path.complete && impactsOf(path).every((i) => i.impactBps <= maxImpactBps);
  });
}

function impactsOf(path: PathQuote) {
  return path.steps.map((s) => impactOf(s.pool, s.tokenIn, s.tokenOut, s.amountIn, s.quote));
}

/**
 * Tokens in between have no oracle price: what a step costs is carried to the sold token (its fee) or to the bought one
 * (its impact) at the mid prices of the other pools.
 */
export function pathCost(path: PathQuote, sell: AssetState, buy: AssetState): PathCost {
  let feeUsdE8 = 0n;
  let impactUsdE8 = 0n;
  let impactBps = 0;
  const impacts = impactsOf(path);
  for (const [i, step] of path.steps.entries()) {
    const before = pathMidPrice(path.steps.slice(0, i));
    const after = pathMidPrice(path.steps.slice(i + 1));
    const fee = before.numerator === 0n ? 0n : mulDiv(step.quote.feeAmount, before.denominator, before.numerator);
    const impact = impacts[i] ?? { impactAmount: 0n, impactBps: 0 };
    const lost = after.denominator === 0n ? 0n : mulDiv(impact.impactAmount, after.numerator, after.denominator);
    feeUsdE8 += valueUsdE8(fee, sell.priceUsdE8, sell.decimals);
    impactUsdE8 += valueUsdE8(lost, buy.priceUsdE8, buy.decimals);
    impactBps = Math.max(impactBps, impact.impactBps);
  }
  return { feeUsdE8, impactUsdE8, impactBps };
}
