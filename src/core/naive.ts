/** What the usual rule would have done instead: a fixed band, everything back to target, pair by pair through cash. */
import { hopOf, type PathQuote, pathCost, poolsAfter, quotePath, stepsOf } from './amm/path.ts';
import { connects, tokensOf } from './amm/quote.ts';
import { GAS_TICK_CROSSED, gasUsdE8 } from './gas.ts';
import type { Address, AssetState, CostEstimate, Hop, NaiveAlternative, PoolState, Snapshot } from './types.ts';
import { abs, BPS, max, min, mulDiv, pow10 } from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

/** The band that bots and guides usually start with. */
export const NAIVE_BAND_BPS = 500;

/** A transaction of its own for each swap, through a router: the bare swap and the router of bench/gas/gas.json. */
const GAS_SWAP = 108_800n;
const GAS_FURTHER_HOP = 71_400n;

function pathsBetween(pools: readonly PoolState[], from: Address, to: Address): Hop[][] {
  const direct = pools.filter((p) => connects(p, from, to)).map((p) => [hopOf(p, to)]);
  const twice = pools.flatMap((first) =>
    tokensOf(first)
      .filter((middle) => middle !== to && connects(first, from, middle))
      .flatMap((middle) =>
        pools
          .filter((second) => second.address !== first.address && connects(second, middle, to))
          .map((second) => [hopOf(first, middle), hopOf(second, to)]),
      ),
  );
  return [...direct, ...twice];
}

/** The single path that brings most; null when none can take the whole amount. */
function bestPath(pools: readonly PoolState[], sell: AssetState, buy: AssetState, amountIn: bigint): PathQuote | null {
  let best: PathQuote | null = null;
  for (const hops of pathsBetween(pools, sell.token, buy.token)) {
    const steps = stepsOf(pools, sell.token, hops);
    const path = steps === null ? null : quotePath(steps, amountIn);
    if (path?.complete && (best === null || path.amountOut > best.amountOut)) best = path;
  }
  return best;
}

/** What everybody trades against: the safe asset with the largest target, or else the one with the most pools. */
function cashOf(assets: readonly AssetState[], pools: readonly PoolState[]): number {
  const links = (a: AssetState): number => pools.filter((p) => tokensOf(p).includes(a.token)).length;
  const rank = (a: AssetState): readonly number[] => [a.safe ? 1 : 0, a.safe ? a.targetBps : links(a)];
  return assets.reduce((best, a, i) => {
    const [x, y] = [rank(a), rank(assets[best] ?? a)];
    const better = x[0] !== y[0] ? (x[0] ?? 0) > (y[0] ?? 0) : (x[1] ?? 0) > (y[1] ?? 0);
    return better ? i : best;
  }, 0);
}

/**
 * Every asset above its target is sold for cash, and what is then there beyond cash's own target buys the others, each
 * in one swap along the best single path of one or two pools. Costs are defined as those of a plan.
 * @param snapshot targets in force, prices and balances good
 * @returns null when the pools were not read
 */
export function naiveAlternative({ vault, pools, gas }: Snapshot): NaiveAlternative | null {
  if (pools.length === 0 || vault.assets.length < 2) return null;
  const { values, navUsdE8 } = portfolioValue(vault.assets);
  const targets = vault.assets.map((a) => targetValueUsdE8(a.targetBps, navUsdE8));
  const cash = cashOf(vault.assets, pools);
  const assets = [...vault.assets];
  let market = pools;
  let units = 0n;
  let swaps = 0;
  let movedUsdE8 = 0n;
  const cost = { feeUsdE8: 0n, impactUsdE8: 0n };
  const unreachable: string[] = [];

  const swap = (from: number, to: number, wantedUsdE8: bigint): void => {
    const [sell, buy] = [assets[from], assets[to]];
    if (sell === undefined || buy === undefined || wantedUsdE8 <= 0n) return;
    const amountIn = min(sell.balance, mulDiv(wantedUsdE8, pow10(sell.decimals), sell.priceUsdE8));
    if (amountIn === 0n) return;
    const path = bestPath(market, sell, buy, amountIn);
    if (path === null) {
      unreachable.push((from === cash ? buy : sell).symbol);
      return;
    }
    const lost = pathCost(path, sell, buy);
    cost.feeUsdE8 += lost.feeUsdE8;
    cost.impactUsdE8 += lost.impactUsdE8;
    units += GAS_SWAP + BigInt(path.steps.length - 1) * GAS_FURTHER_HOP;
    units += path.steps.reduce((sum, s) => sum + BigInt(s.quote.crossed), 0n) * GAS_TICK_CROSSED;
    swaps += 1;
    movedUsdE8 += valueUsdE8(amountIn, sell.priceUsdE8, sell.decimals);
    assets[from] = { ...sell, balance: sell.balance - amountIn };
    assets[to] = { ...buy, balance: buy.balance + path.amountOut };
    market = poolsAfter(market, path);
  };

  for (const i of assets.keys()) if (i !== cash) swap(i, cash, (values[i] ?? 0n) - (targets[i] ?? 0n));
  const held = assets[cash];
  const spare = held === undefined ? 0n : max(0n, assetValueUsdE8(held) - (targets[cash] ?? 0n));
  const lacking = values.map((v, i) => (i === cash ? 0n : max(0n, (targets[i] ?? 0n) - v)));
  const all = lacking.reduce((sum, l) => sum + l, 0n);
  for (const [i, lack] of lacking.entries()) if (all > 0n) swap(cash, i, min(lack, mulDiv(spare, lack, all)));

  const gasCost = gasUsdE8(units, gas);
  const total: CostEstimate = { gasUsdE8: gasCost, ...cost, totalUsdE8: gasCost + cost.feeUsdE8 + cost.impactUsdE8 };
  const outside = values.some((v, i) => {
    const away = v * BPS - BigInt(vault.assets[i]?.targetBps ?? 0) * navUsdE8;
    return abs(away) > BigInt(NAIVE_BAND_BPS) * navUsdE8;
  });
  return { cash: vault.assets[cash]?.symbol ?? '', trades: outside, swaps, movedUsdE8, cost: total, unreachable };
}
