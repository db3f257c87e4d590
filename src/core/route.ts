/** Which pool, or which two, should carry one fill. */
import type { Fraction } from './amm/path.ts';
import { connects, impactOf, midPrice, type Quote, quoteExactIn } from './amm/quote.ts';
import { fillGasUnits, gasUsdE8 } from './gas.ts';
import { requiredOut } from './limits.ts';
import type { AssetState, GasState, PoolState } from './types.ts';
import { abs, BPS, divUp, pow10 } from './units.ts';
import { valueUsdE8 } from './value.ts';

export type RoutePart = {
  /** Index into the pools that were offered. */
  readonly pool: number;
  readonly amountIn: bigint;
  readonly quote: Quote;
  readonly gasUnits: bigint;
};

export type RouteInputs = {
  readonly pools: readonly PoolState[];
  readonly sell: AssetState;
  readonly buy: AssetState;
  readonly amountIn: bigint;
  readonly gas: GasState;
  /** {1e-6} of the oracle value that a fill must bring. */
  readonly pips: bigint;
  /** How far a pool's price may lie from the oracle's. */
  readonly maxSlipBps: number;
  readonly maxImpactBps: number;
  readonly minTradeUsdE8: bigint;
  /** Tokens this slice has not touched yet; they cost gas once, on the first part. */
  readonly newTokens: number;
};

export type Route =
  | { readonly parts: readonly RoutePart[] }
  | { readonly parts: null; readonly why: 'NO_POOL' | 'TOO_THIN' };

/** Distance {bps, rounded up} of the mid price of a pool, or of a path, from the oracle's for the same two tokens. */
export function divergenceBps(mid: Fraction, sell: AssetState, buy: AssetState): number {
  const oracleNumerator = sell.priceUsdE8 * pow10(buy.decimals);
  const oracleDenominator = buy.priceUsdE8 * pow10(sell.decimals);
  const scaledOracle = oracleNumerator * mid.denominator;
  if (scaledOracle === 0n) return Number(BPS);
  return Number(divUp(abs(mid.numerator * oracleDenominator - scaledOracle) * BPS, scaledOracle));
}

function partOf(r: RouteInputs, pool: number, amountIn: bigint, newTokens: number): RoutePart | null {
  const state = r.pools[pool];
  if (state === undefined || amountIn <= 0n) return null;
  const quote = quoteExactIn(state, r.sell.token, r.buy.token, amountIn);
  if (!quote.complete) return null;
  return { pool, amountIn, quote, gasUnits: fillGasUnits(state.venue, quote.crossed, newTokens) };
}

/** {USD E8} output at the oracle price, less gas. */
function netUsdE8(r: RouteInputs, parts: readonly RoutePart[]): bigint {
  let out = 0n;
  let units = 0n;
  for (const p of parts) {
    out += p.quote.amountOut;
    units += p.gasUnits;
  }
  return valueUsdE8(out, r.buy.priceUsdE8, r.buy.decimals) - gasUsdE8(units, r.gas);
}

/** Would every part get past the vault's slippage rule and the keeper's guards? */
function passes(r: RouteInputs, parts: readonly RoutePart[]): boolean {
  return parts.every((p) => {
    const pool = r.pools[p.pool];
    return (
      pool !== undefined &&
      p.quote.amountOut >= requiredOut(p.amountIn, r.sell, r.buy, r.pips) &&
      impactOf(pool, r.sell.token, r.buy.token, p.amountIn, p.quote).impactBps <= r.maxImpactBps &&
      divergenceBps(midPrice(pool, r.sell.token, r.buy.token), r.sell, r.buy) <= r.maxSlipBps
    );
  });
}

const SPLIT_GRID = 1_024n;

/** Share of pool `a` on a grid of 1/1024 that maximises the joint output, by ternary search: output is concave in it. */
function bestShare(r: RouteInputs, a: PoolState, b: PoolState): bigint {
  const out = (share: bigint): bigint => {
    const inA = (r.amountIn * share) / SPLIT_GRID;
    const toA = inA === 0n ? 0n : quoteExactIn(a, r.sell.token, r.buy.token, inA).amountOut;
    const inB = r.amountIn - inA;
    return toA + (inB === 0n ? 0n : quoteExactIn(b, r.sell.token, r.buy.token, inB).amountOut);
  };
  let lo = 0n;
  let hi = SPLIT_GRID;
  while (hi - lo > 2n) {
    const third = (hi - lo) / 3n;
    const left = lo + third;
    const right = hi - third;
    if (out(left) < out(right)) lo = left + 1n;
    else hi = right;
  }
  let best = lo;
  for (let s = lo + 1n; s <= hi; s++) if (out(s) > out(best)) best = s;
  return best;
}

/**
 * The better venue by output net of gas; or a split between the two best when that is better by more than the gas of
 * the second fill. A route that passes every per-leg guard beats any that does not: a thin pool with the nicer quote
 * must not hold back a trade that another pool can carry.
 */
export function bestRoute(r: RouteInputs): Route {
  const offered = r.pools.flatMap((p, i) => (connects(p, r.sell.token, r.buy.token) ? [i] : []));
  if (offered.length === 0) return { parts: null, why: 'NO_POOL' };

  const options: RoutePart[][] = [];
  for (const i of offered) {
    const whole = partOf(r, i, r.amountIn, r.newTokens);
    if (whole) options.push([whole]);
  }
  // Two pools are worth splitting between when they are the best ones for half the amount each.
  const halves = offered
    .flatMap((i) => partOf(r, i, (r.amountIn + 1n) / 2n, 0) ?? [])
    .sort((x, y) => (netUsdE8(r, [y]) > netUsdE8(r, [x]) ? 1 : -1));
  const [first, second] = halves;
  const a = first && r.pools[first.pool];
  const b = second && r.pools[second.pool];
  if (first && second && a && b) {
    const inA = (r.amountIn * bestShare(r, a, b)) / SPLIT_GRID;
    const smallest = inA < r.amountIn - inA ? inA : r.amountIn - inA;
    if (smallest > 0n && valueUsdE8(smallest, r.sell.priceUsdE8, r.sell.decimals) >= r.minTradeUsdE8) {
      const partA = partOf(r, first.pool, inA, r.newTokens);
      const partB = partOf(r, second.pool, r.amountIn - inA, 0);
      if (partA && partB) options.push([partA, partB]);
    }
  }
  if (options.length === 0) return { parts: null, why: 'TOO_THIN' };

  const ranked = options.map((parts) => ({ parts, ok: passes(r, parts), net: netUsdE8(r, parts) }));
  const better = ranked.reduce((best, o) => ((o.ok !== best.ok ? o.ok : o.net > best.net) ? o : best));
  return { parts: better.parts };
}

/**
 * {bps} how much less than the quote a leg may pay before it is better not to trade: the pools' own fee, and at
 * least 10 bps. Within its fee a pool's price wanders without anyone correcting it, and a sandwich cannot gain from a
 * victim whose impact is below the fee; 10 bps is about two standard deviations of one 12-second block at 80 % annual
 * volatility, so that ordinary movement between planning and inclusion does not waste gas on a revert.
 */
export function plannedToleranceBps(feePips: number): bigint {
  const fee = divUp(BigInt(feePips), 100n);
  return fee > 10n ? fee : 10n;
}
