/**
 * Routes a whole basket at once: which assets to sell into which, how much, and through which pools, so that the value lost
 * at oracle prices, the gas and the distance from the targets are together as small as possible. Floats choose, the exact
 * integers of the venues decide: every figure of the result comes from them, and `gapUsd` says how far from the best
 * possible it can be at most.
 */
import type { Address } from '../types.ts';
import { pow10 } from '../units.ts';
import { balanceFlows, missCost, solveDual } from './dual.ts';
import { costOf, type Fills, fillsOf, type Limits, type RoutedFill } from './fills.ts';
import type { Market } from './market.ts';
import { decompose } from './paths.ts';
import { type Problem, problemOf } from './problem.ts';
import { lowerBound, selectEdges } from './select.ts';
import { type Unreachable, unreachableOf } from './unreachable.ts';

export type BasketAsset = {
  readonly token: Address;
  readonly symbol: string;
  readonly decimals: number;
  /** More than 0n. */
  readonly priceUsdE8: bigint;
  readonly balance: bigint;
  /** At `navUsd`; the router scales it by what its own cost leaves of that. */
  readonly targetUsd: number;
  /** The value after the trade ends within, wherever that is reachable at up to twice or half the oracle's price. */
  readonly loUsd: number;
  readonly hiUsd: number;
  /** {USD} 0 = may not be sold, or bought. An asset may still lie on a path between two others. */
  readonly maxSellUsd: number;
  readonly maxBuyUsd: number;
};

export type Basket = {
  readonly assets: readonly BasketAsset[];
  /** Compiled once per snapshot. */
  readonly market: Market;
  readonly navUsd: number;
  /** Kappa: missing the target by a share s of NAV costs penalty / 2 * s^2 of NAV. */
  readonly penalty: number;
  /** By index of the pool. */
  readonly hopGasUsd: (pool: number) => number;
  readonly fillGasUsd: number;
  /** Smaller fills are left out. */
  readonly minFillUsd: number;
};

export type BasketRoute = {
  /** In an order in which they can be executed: what one fill buys no other sells. */
  readonly fills: readonly RoutedFill[];
  /** Value at oracle prices before minus after. */
  readonly lossUsd: number;
  readonly gasUsd: number;
  /** What the distance from targets and bounds afterwards counts. */
  readonly missUsd: number;
  /** No trade can have a lower sum of loss, gas and miss than this. */
  readonly boundUsd: number;
  /** That sum minus the bound. */
  readonly gapUsd: number;
  /** Gap of the flows before gas and before anything was taken apart or rounded. */
  readonly flowGapUsd: number;
  readonly unreachable: readonly Unreachable[];
  readonly iterations: number;
};

const TOLERANCE = 1e-10;
/** Rounds of the value after costs, which scales the targets. */
const MAX_ROUNDS = 8;
const SETTLED = 1e-10;

/** {USD per base unit} */
function unitOf(a: BasketAsset): number {
  return Number(a.priceUsdE8) / 10 ** (a.decimals + 8);
}

/** {base units} of a value, at most all that fits into 256 bits. */
function amountOf(usd: number, a: BasketAsset): bigint {
  if (!(usd > 0)) return 0n;
  const e8 = usd * 1e8;
  if (e8 >= 1e60) return (1n << 256n) - 1n;
  return (BigInt(Math.floor(e8)) * pow10(a.decimals)) / a.priceUsdE8;
}

/** The optimum without gas, with targets scaled to what is left of the value after its own cost. */
export function solveRelaxed(p: Problem, navUsd: number): { dual: number; gap: number; iterations: number } {
  let iterations = 0;
  let loss = 0;
  for (let round = 0; ; round++) {
    for (let j = 0; j < p.assetCount; j++) p.target[j] = ((p.asked[j] as number) * (navUsd - loss)) / navUsd;
    const s = solveDual(p, (round === 0 ? 1e-6 : TOLERANCE) * p.total);
    iterations += s.iterations;
    const before = loss;
    loss = 0;
    for (let j = 0; j < p.assetCount; j++) loss -= p.net[j] as number;
    if (round > 0 && (Math.abs(loss - before) <= SETTLED * navUsd || round >= MAX_ROUNDS)) return { ...s, iterations };
  }
}

export function problemIn(b: Basket): Problem {
  const holdings = b.assets.map((a) => {
    if (a.priceUsdE8 <= 0n) throw new RangeError(`${a.symbol} has no price`);
    const unitUsd = unitOf(a);
    return { ...a, unitUsd, valueUsd: Number(a.balance) * unitUsd };
  });
  return problemOf(b.market, holdings, b.navUsd, b.penalty, b.hopGasUsd);
}

export function routeBasket(b: Basket): BasketRoute {
  const p = problemIn(b);
  const relaxed = solveRelaxed(p, b.navUsd);
  const relaxedPrice = p.price.slice();
  const relaxedNet = p.net.slice();
  const all = p.active.slice();
  const gasMatters = b.fillGasUsd > 0 || p.gas.some((g) => g > 0);

  const selection = selectEdges(
    p,
    {
      gasUsd: () => {
        const { stuck, gasUsd } = decompose(p, b);
        return stuck < 0 ? gasUsd : Number.POSITIVE_INFINITY;
      },
      obstacle: () => decompose(p, b).stuck,
    },
    gasMatters,
  );
  balanceFlows(p);
  const limits = b.assets.map(
    (a): Limits => ({
      token: a.token,
      maxSell: a.maxSellUsd === 0 ? 0n : min(a.balance, amountOf(a.maxSellUsd, a)),
      maxBuy: amountOf(a.maxBuyUsd, a),
    }),
  );
  const traded = fillsOf(p, decompose(p, b).paths, limits, b.fillGasUsd);
  const still: Fills = {
    fills: [],
    values: Array.from(p.value.subarray(0, p.assetCount)),
    ...{ lossUsd: 0, gasUsd: 0 },
    missUsd: p.value.subarray(0, p.assetCount).reduce((s, v, j) => s + missCost(p, j, v), 0),
  };
  const chosen = costOf(traded) < costOf(still) ? traded : still;

  const chosenPrice = p.price.slice();
  p.active.set(all);
  const trades = gasMatters ? lowerBound(p, [chosenPrice, relaxedPrice]) + b.fillGasUsd : -relaxed.dual;
  const boundUsd = Math.min(trades, costOf(still));
  return {
    fills: chosen.fills,
    ...{ lossUsd: chosen.lossUsd, gasUsd: chosen.gasUsd, missUsd: chosen.missUsd },
    boundUsd,
    gapUsd: costOf(chosen) - boundUsd,
    flowGapUsd: relaxed.gap,
    unreachable: unreachableOf(p, b.assets, chosen.values, relaxedNet, relaxedPrice),
    iterations: relaxed.iterations + selection.iterations,
  };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
