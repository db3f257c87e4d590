/**
 * The largest swap that nobody can sandwich at a profit. An attacker pays the fee on the way in and on the way out, so
 * that moving the price by less than both fees feeds nobody: a swap is safe when it moves the marginal price by at most
 * 1 / ((1 - fee) (1 - fee back)) from wherever the attacker can have pushed it. Own derivation. In one line for a
 * constant-product pool: input / reserve below the fee. For a pool whose depth falls off the bound is on the safe side.
 */
import { sideOf } from '../amm/balancer/swap.ts';
import { V2_FEE_PIPS } from '../amm/constantProduct.ts';
import { midPrice, poolFeePips, quoteExactIn } from '../amm/quote.ts';
import type { Address, BalancerPoolState, PoolState } from '../types.ts';
import { min } from '../units.ts';
import { inputCurve, netInputTo, outputTo, type TickPool } from './curve.ts';
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
  const swapFrom = (u: number): number => netInputTo(curve, u * ratio) - netInputTo(curve, u);
  let least = Math.min(swapFrom(now), netInputTo(curve, curve.end));
  if (!(least > 0)) return 0n;
  // Nobody can push the price beyond the worst average at which the swap still goes through.
  const worst = least / outputTo(curve, now * ratio) / (1 - slackBps / 10_000);
  const furthest = Math.sqrt(worst);
  // Between two places where liquidity changes at either end, the input is linear in the start: least at one of them.
  const corners = [furthest, ...curve.starts, ...curve.starts.map((u) => u / ratio)];
  for (const u of corners) if (u >= now && u <= furthest) least = Math.min(least, swapFrom(u));
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

/** {base units of tokenOut per base unit of tokenIn} */
type Price = { readonly numerator: bigint; readonly denominator: bigint };

/** Largest input that is executable and leaves the marginal price at `floor` or above. */
function inputToPrice(pool: PoolState, tokenIn: Address, tokenOut: Address, floor: Price, upTo: bigint): bigint {
  return greatest(upTo, (amount) => {
    const quote = quoteExactIn(pool, tokenIn, tokenOut, amount);
    if (!quote.complete) return false;
    const after = midPrice(quote.poolAfter, tokenIn, tokenOut);
    return after.numerator * floor.denominator >= floor.numerator * after.denominator;
  });
}

/** Largest input that moves the marginal price by no more than the fees of both ways. */
function feedsNobody(pool: PoolState, tokenIn: Address, tokenOut: Address, upTo: bigint): bigint {
  const { numerator, denominator } = midPrice(pool, tokenIn, tokenOut);
  const kept = keptE18(pool, tokenIn, tokenOut) * keptE18(pool, tokenOut, tokenIn);
  const floor = { numerator: numerator * kept, denominator: denominator * E18 * E18 };
  return inputToPrice(pool, tokenIn, tokenOut, floor, upTo);
}

/**
 * The same by exact quotes alone, for curves without a closed form whose depth has a single peak: the least of the present
 * price and of the furthest one that the attacker can push it to.
 * @param upTo {base units of tokenIn} neither a cap nor an attack above it is looked for
 */
export function sandwichCapByQuotes(
  pool: PoolState,
  tokenIn: Address,
  tokenOut: Address,
  slackBps: number,
  upTo: bigint,
): bigint {
  const now = feedsNobody(pool, tokenIn, tokenOut, upTo);
  if (now === 0n) return 0n;
  const quote = quoteExactIn(pool, tokenIn, tokenOut, now);
  const worst = {
    numerator: quote.amountOut * BigInt(10_000 - slackBps),
    denominator: (now - quote.feeAmount) * 10_000n,
  };
  const pushed = quoteExactIn(pool, tokenIn, tokenOut, inputToPrice(pool, tokenIn, tokenOut, worst, upTo));
  return pushed.complete ? min(now, feedsNobody(pushed.poolAfter, tokenIn, tokenOut, upTo)) : now;
}

/** {base units of tokenIn} worth the whole stable pool: more never goes in. */
function worthOf(pool: BalancerPoolState, tokenIn: Address): bigint {
  return (pool.balancesE18.reduce((a, b) => a + b) * E18) / sideOf(pool, tokenIn).unitE36;
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
        : sandwichCapByQuotes(pool, tokenIn, tokenOut, slackBps, worthOf(pool, tokenIn));
  }
}
