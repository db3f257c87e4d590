/** One routed fill as a leg: exact amounts, clamped and quoted as the vault and the pools will. */
import { hopOf, type PathQuote, pathCost, poolsAfter, quotePath, stepsOf } from './amm/path.ts';
import { directHop } from './fillVenue.ts';
import { fillGasUnits, GAS_PATH, hopGasUnits } from './gas.ts';
import { type FillInputs, maxSellAmount, minTradeUsdE8 } from './limits.ts';
import { toleratedOut } from './poolChecks.ts';
import type { Hop, Leg, PoolState } from './types.ts';
import { min } from './units.ts';
import { valueUsdE8 } from './value.ts';

export type FillPlan = {
  readonly sell: number;
  readonly buy: number;
  readonly hops: readonly Pick<Hop, 'pool' | 'tokenOut'>[];
  readonly amountIn: bigint;
};

export type LegResult =
  | { readonly leg: Leg; readonly pools: readonly PoolState[] }
  /** SMALL: below the smallest trade once clamped. THIN: the pools cannot take it within their known depth. */
  | { readonly leg: null; readonly why: 'SMALL' | 'THIN' };

function gasUnitsOf(path: PathQuote, hops: readonly Hop[], newTokens: number): bigint {
  const [first, ...more] = path.steps;
  if (first === undefined) return 0n;
  const own = fillGasUnits(first.pool.venue, first.quote.crossed, newTokens);
  const further = more.reduce((sum, s) => sum + hopGasUnits(s.pool.venue, s.quote.crossed), 0n);
  return own + further + (directHop(hops) === null ? GAS_PATH : 0n);
}

/** @param newTokens tokens that this slice has not touched yet */
export function legOf(f: FillInputs, fill: FillPlan, pools: readonly PoolState[], newTokens: number): LegResult {
  const { sell, buy, policy } = f;
  const amountIn = min(fill.amountIn, maxSellAmount(f));
  const worth = valueUsdE8(amountIn, sell.priceUsdE8, sell.decimals);
  if (worth === 0n || worth < minTradeUsdE8(policy)) return { leg: null, why: 'SMALL' };
  const steps = stepsOf(pools, sell.token, fill.hops);
  if (steps === null) throw new RangeError('a fill was routed through a pool that is not there');
  const path = quotePath(steps, amountIn);
  if (!path.complete || path.amountOut === 0n) return { leg: null, why: 'THIN' };
  const hops = steps.map((s) => hopOf(s.pool, s.tokenOut));
  const leg: Leg = {
    sell: fill.sell,
    buy: fill.buy,
    sellSymbol: sell.symbol,
    buySymbol: buy.symbol,
    hops,
    amountIn,
    quotedOut: path.amountOut,
    minOut: toleratedOut(path.amountOut, steps),
    valueUsdE8: worth,
    ...pathCost(path, sell, buy),
    gasUnits: gasUnitsOf(path, hops, newTokens),
  };
  return { leg, pools: poolsAfter(pools, path) };
}
