/**
 * The largest swap that nobody can sandwich at a profit. An attacker pays the fee on the way in and on the way out, so
 * that moving the price by less than both fees feeds nobody: a swap is safe when it moves the marginal price by at most
 * 1 / ((1 - fee) (1 - fee back)) from wherever the attacker can have pushed it. Own derivation. In one line for a
 * constant-product pool: input / reserve below the fee.
 */
import { V2_FEE_PIPS } from '../amm/constantProduct.ts';
import { midPrice, poolFeePips, quoteExactIn } from '../amm/quote.ts';
import type { Address, BalancerPoolState, PoolState } from '../types.ts';
import { min } from '../units.ts';
import { inputCurve, netInputTo, type TickPool } from './curve.ts';
import { reserveIn, weightRatio } from './depth.ts';

const E18 = 10n ** 18n;
/** What float64 may have lost on the way to an amount, several times over. */
const FLOAT_MARGIN = 1e-9;

/** {1e-18} what is left of an input after the fee. */
function keptE18(pool: PoolState, tokenIn: Address, tokenOut: Address): bigint {
  if (pool.venue === 'BALANCER_V3') return E18 - pool.swapFeeE18;
  return E18 - BigInt(poolFeePips(pool, tokenIn, tokenOut)) * 10n ** 12n;
}

function toAmount(x: number): bigint {
  return x > 0 ? BigInt(Math.floor(x * (1 - FLOAT_MARGIN))) : 0n;
}

/**
 * Largest input over reserve in a pool of constant weighted mean: the root of (1 + h d) (1 + g d)^r = 1 / (g gBack), where
 * `h` of the input stays in the pool and `g` of it is swapped. The logarithm is concave, so Newton climbs from 0
 * without overshooting. Pushing such a pool only deepens it, so the present price is the worst one.
 * @param r weight of the token that goes in over the weight of the other
 */
export function safeShareOfReserve(r: number, g: number, gBack: number, h: number): number {
  const goal = -Math.log(g) - Math.log(gBack);
  let d = 0;
  for (let i = 0; i < 60; i++) {
    const missing = goal - Math.log1p(h * d) - r * Math.log1p(g * d);
    const step = missing / (h / (1 + h * d) + (r * g) / (1 + g * d));
    d += step;
    if (step <= d * 1e-15) break;
  }
  return d;
}

function capOfTicks(pool: TickPool, tokenIn: Address, tokenOut: Address, slackBps: number): bigint {
  const g = Number(keptE18(pool, tokenIn, tokenOut)) / 1e18;
  const gBack = Number(keptE18(pool, tokenOut, tokenIn)) / 1e18;
  const curve = inputCurve(pool, tokenIn);
  const now = curve.starts[0] ?? 0;
  const ratio = 1 / Math.sqrt(g * gBack);
  // The fill's average price may be worse than its quote by the slack, and its quote than the price by one `ratio`.
  const furthest = Math.min(now * Math.sqrt(ratio / (1 - slackBps / 10_000)), curve.end);
  // Between two places where liquidity changes at either end, the input is linear in the start: least at one of them.
  const corners = [now, furthest, ...curve.starts, ...curve.starts.map((u) => u / ratio)];
  let least = Number.POSITIVE_INFINITY;
  for (const u of corners)
    if (u >= now && u <= furthest) least = Math.min(least, netInputTo(curve, u * ratio) - netInputTo(curve, u));
  return toAmount(least / g);
}

/** Of a Balancer pool of constant weighted mean. */
function capOfWeighted(pool: BalancerPoolState, r: number, reserveIn: number): bigint {
  const fee = Number(pool.swapFeeE18) / 1e18;
  const stays = 1 - fee * (Number(pool.aggregateFeeE18) / 1e18);
  return toAmount(safeShareOfReserve(r, 1 - fee, 1 - fee, stays) * reserveIn);
}

/** Greatest amount up to `upTo` for which `fits` holds, to 2^-40 of it; from above, because dust may not be executable. */
function greatest(upTo: bigint, fits: (amount: bigint) => boolean): bigint {
  if (upTo > 0n && fits(upTo)) return upTo;
  let hi = upTo;
  let lo = hi / 2n;
  while (lo > 0n && !fits(lo)) {
    hi = lo;
    lo /= 2n;
  }
  while (hi - lo > 1n && (hi - lo) << 40n > hi) {
    const mid = (lo + hi) / 2n;
    if (fits(mid)) lo = mid;
    else hi = mid;
  }
  return lo;
}

/** Largest input that is executable and leaves at least `keepE18` of the marginal price. */
function inputToPrice(pool: PoolState, tokenIn: Address, tokenOut: Address, keepE18: bigint, upTo: bigint): bigint {
  const before = midPrice(pool, tokenIn, tokenOut);
  return greatest(upTo, (amount) => {
    const quote = quoteExactIn(pool, tokenIn, tokenOut, amount);
    if (!quote.complete) return false;
    const after = midPrice(quote.poolAfter, tokenIn, tokenOut);
    return after.numerator * before.denominator * E18 >= before.numerator * after.denominator * keepE18;
  });
}

/**
 * The same by exact quotes alone, for curves without a closed form whose depth has a single peak: the least of the present
 * price and of the furthest one that the attacker can push it to.
 * @param upTo {base units of tokenIn} no cap above it is looked for
 */
export function sandwichCapByQuotes(
  pool: PoolState,
  tokenIn: Address,
  tokenOut: Address,
  slackBps: number,
  upTo: bigint,
): bigint {
  const keepE18 = (keptE18(pool, tokenIn, tokenOut) * keptE18(pool, tokenOut, tokenIn)) / E18;
  const now = inputToPrice(pool, tokenIn, tokenOut, keepE18, upTo);
  const slackE18 = (keepE18 * BigInt(10_000 - slackBps)) / 10_000n;
  const push = inputToPrice(pool, tokenIn, tokenOut, slackE18, upTo);
  const pushed = quoteExactIn(pool, tokenIn, tokenOut, push);
  if (!pushed.complete) return now;
  const then = inputToPrice(pushed.poolAfter, tokenIn, tokenOut, keepE18, upTo);
  return min(then, now);
}

/**
 * {base units of tokenIn}
 * @param slackBps by how much less than its quote the swap may bring before it reverts; it bounds how far an attacker
 * can push the pool first
 */
export function sandwichCap(pool: PoolState, tokenIn: Address, tokenOut: Address, slackBps: number): bigint {
  switch (pool.venue) {
    case 'UNISWAP_V2': {
      const kept = 1 - V2_FEE_PIPS / 1e6;
      return toAmount(safeShareOfReserve(1, kept, kept, 1) * reserveIn(pool, tokenIn));
    }
    case 'UNISWAP_V3':
    case 'UNISWAP_V4':
      return capOfTicks(pool, tokenIn, tokenOut, slackBps);
    case 'BALANCER_V3':
      return pool.curve.kind === 'WEIGHTED'
        ? capOfWeighted(pool, weightRatio(pool, tokenIn, tokenOut), reserveIn(pool, tokenIn))
        : sandwichCapByQuotes(pool, tokenIn, tokenOut, slackBps, toAmount(reserveIn(pool, tokenIn)));
  }
}
