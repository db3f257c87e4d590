/** Why an asset ends outside of what was asked for it. */
import { REACH } from './dual.ts';
import type { Problem } from './problem.ts';

export type Unreachable = { readonly symbol: string; readonly detail: string };

/** {share of the portfolio} closer than this counts as there. */
const CLOSE = 1e-6;
/** More than any fees of a path. */
const SPREAD = 1.2;

/** By asset: does a chain of pools lead to another asset? */
function connected(p: Problem): boolean[] {
  const group = Array.from({ length: p.nodeCount }, (_, j) => j);
  const root = (j: number): number => {
    let r = j;
    while (group[r] !== r) r = group[r] as number;
    return r;
  };
  for (let e = 0; e < p.market.edgeCount; e++)
    if ((p.na[e] as number) >= 0) group[root(p.na[e] as number)] = root(p.nb[e] as number);
  const assets = new Map<number, number>();
  for (let j = 0; j < p.assetCount; j++) assets.set(root(j), (assets.get(root(j)) ?? 0) + 1);
  return Array.from({ length: p.assetCount }, (_, j) => (assets.get(root(j)) ?? 0) > 1);
}

/** Is there another asset whose price lies further from this one's than fees explain, so that pools are what stops it? */
function isWillingOther(p: Problem, price: Float64Array, j: number, short: boolean): boolean {
  const own = price[j] as number;
  if (short ? own < REACH : own > 1 / REACH) return false;
  for (let i = 0; i < p.assetCount; i++) {
    const other = price[i] as number;
    if ((p.tokenOf[i] as number) >= 0 && (short ? own > SPREAD * other : other > SPREAD * own)) return true;
  }
  return false;
}

/**
 * @param values {USD} of the assets afterwards
 * @param freeNet {USD} what the optimum without gas exchanges @param freePrice its prices
 */
export function unreachableOf(
  p: Problem,
  assets: readonly { readonly symbol: string; readonly maxSellUsd: number; readonly maxBuyUsd: number }[],
  values: readonly number[],
  freeNet: Float64Array,
  freePrice: Float64Array,
): Unreachable[] {
  const close = CLOSE * p.total;
  const linked = connected(p);
  const out: Unreachable[] = [];
  assets.forEach((asset, j) => {
    const { symbol } = asset;
    const value = values[j] as number;
    const [lo, hi] = [p.lo[j] as number, p.hi[j] as number];
    const before = p.value[j] as number;
    const outside = value < lo - close || value > hi + close;
    if (!linked[j]) {
      const wanted = outside || Math.abs(before - (p.target[j] as number)) > close;
      const known = (p.tokenOf[j] as number) >= 0;
      const movable = before > (p.target[j] as number) ? asset.maxSellUsd > 0 : asset.maxBuyUsd > 0;
      if (wanted && movable)
        out.push({
          symbol,
          detail: known ? `the pools of ${symbol} lead to no other asset` : `no pool trades ${symbol}`,
        });
      else if (outside) out.push({ symbol, detail: `${symbol} may not be ${value < lo ? 'bought' : 'sold'}` });
      return;
    }
    if (!outside) return;
    const short = value < lo;
    const most = short ? asset.maxBuyUsd : asset.maxSellUsd;
    const missing = short ? lo - before : before - hi;
    const free = before + (freeNet[j] as number);
    const verb = short ? 'bought' : 'sold';
    if (most === 0) out.push({ symbol, detail: `${symbol} may not be ${verb}` });
    else if (most < missing - close) out.push({ symbol, detail: `no more of ${symbol} may be ${verb}` });
    else if (short ? free >= lo - close : free <= hi + close)
      out.push({ symbol, detail: `the gas or the shape of the fills costs more than ${symbol} lies outside` });
    else if (isWillingOther(p, freePrice, j, short))
      out.push({
        symbol,
        detail: `the pools cannot take ${symbol} further at ${short ? 'twice' : 'half'} the oracle's price or better`,
      });
    else out.push({ symbol, detail: `no other asset may be ${short ? 'sold' : 'bought'} for ${symbol}` });
  });
  return out;
}
