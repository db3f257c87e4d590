/**
 * Uniswap V3 and V4 pools, exact in over many ticks: the loop of UniswapV3Pool.swap and of V4's Pool.swap, equal to the
 * wei inside the known window.
 */
import type { TickState, V3PoolState, V4PoolState } from '../types.ts';
import { computeSwapStep } from './swapMath.ts';
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts';

const MAX_INT128 = (1n << 127n) - 1n;

type Curve = Pick<V3PoolState, 'ticks' | 'tickSpacing' | 'minTick' | 'maxTick' | 'sqrtPriceX96' | 'tick' | 'liquidity'>;

export type TickSwap<Pool> = {
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
  /** false: the price limit or the edge of the known ticks was reached, or the pool would revert. */
  readonly complete: boolean;
  /** Initialised ticks crossed; each costs gas. */
  readonly crossed: number;
  readonly pool: Pool;
};

/** Number of ticks whose index is at most `tick`; `ticks` ascend. */
function countUpTo(ticks: readonly TickState[], tick: number): number {
  let lo = 0;
  let hi = ticks.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((ticks[mid]?.index ?? MAX_TICK) <= tick) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/**
 * Edge of the bitmap word that UniswapV3Pool searches from `tick`. The contract stops there even when nothing is
 * initialised, and every stop rounds, so a quote that skipped it would be off by a wei.
 */
function wordEdge(tick: number, tickSpacing: number, zeroForOne: boolean): number {
  const compressed = Math.floor(tick / tickSpacing);
  return zeroForOne
    ? Math.floor(compressed / 256) * 256 * tickSpacing
    : (Math.floor((compressed + 1) / 256) * 256 + 255) * tickSpacing;
}

/** @param amountIn what the pool is asked to take; without a caller's price limit, as the vault asks. */
export function swapV3(pool: V3PoolState, zeroForOne: boolean, amountIn: bigint): TickSwap<V3PoolState> {
  return swapOverTicks(pool, zeroForOne, amountIn, BigInt(pool.feePips));
}

/** Pools whose hooks may act on a swap cannot be quoted: they never become a V4PoolState. */
export function swapV4(pool: V4PoolState, zeroForOne: boolean, amountIn: bigint): TickSwap<V4PoolState> {
  const swap = swapOverTicks(pool, zeroForOne, amountIn, BigInt(v4FeePips(pool, zeroForOne)));
  // The manager keeps accounts in int128.
  return amountIn > MAX_INT128 || swap.amountOut > MAX_INT128 ? { ...swap, complete: false } : swap;
}

/** {1e-6 of the input} protocol and providers together, as ProtocolFeeLibrary.calculateSwapFee rounds it: up. */
export function v4FeePips(pool: V4PoolState, zeroForOne: boolean): number {
  const protocol = pool.protocolFeePips[zeroForOne ? 0 : 1];
  return protocol + pool.lpFeePips - Math.floor((protocol * pool.lpFeePips) / 1_000_000);
}

function swapOverTicks<Pool extends Curve>(
  pool: Pool,
  zeroForOne: boolean,
  amountIn: bigint,
  feePips: bigint,
): TickSwap<Pool> {
  const { ticks, tickSpacing, minTick, maxTick } = pool;
  const limit = zeroForOne ? MIN_SQRT_RATIO + 1n : MAX_SQRT_RATIO - 1n;
  let { sqrtPriceX96: price, tick, liquidity } = pool;
  let remaining = amountIn;
  let amountOut = 0n;
  let feeAmount = 0n;
  let crossed = 0;
  let known = countUpTo(ticks, tick);
  // A pool that was never initialised has no price.
  let complete = amountIn > 0n && price > 0n;

  while (complete && remaining > 0n) {
    if (price === limit || (zeroForOne ? tick < minTick : tick >= maxTick)) {
      complete = false;
      break;
    }
    const candidate = zeroForOne ? ticks[known - 1] : ticks[known];
    const word = wordEdge(tick, tickSpacing, zeroForOne);
    const initialised = candidate !== undefined && (zeroForOne ? candidate.index >= word : candidate.index <= word);
    let next = initialised ? candidate.index : word;
    // Beyond the window there may be ticks nobody read: walk to its edge, and no further.
    const blind = zeroForOne ? next < minTick : next > maxTick;
    if (blind) next = zeroForOne ? minTick : maxTick;
    next = Math.max(MIN_TICK, Math.min(MAX_TICK, next));
    const priceAtNext = sqrtRatioAtTick(next);
    const target = (zeroForOne ? priceAtNext < limit : priceAtNext > limit) ? limit : priceAtNext;
    const step = computeSwapStep(price, target, liquidity, remaining, feePips);
    if (step === null || (blind && step.sqrtPriceNext === target)) {
      complete = false;
      break;
    }
    remaining -= step.amountIn + step.feeAmount;
    amountOut += step.amountOut;
    feeAmount += step.feeAmount;
    const start = price;
    price = step.sqrtPriceNext;
    if (price === priceAtNext) {
      if (initialised && candidate !== undefined) {
        liquidity += zeroForOne ? -candidate.liquidityNet : candidate.liquidityNet;
        known += zeroForOne ? -1 : 1;
        crossed++;
      }
      tick = zeroForOne ? next - 1 : next;
    } else if (price !== start) {
      tick = tickAtSqrtRatio(price);
    }
  }
  return { amountOut, feeAmount, complete, crossed, pool: { ...pool, sqrtPriceX96: price, tick, liquidity } };
}
