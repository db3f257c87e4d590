/**
 * What the basket router costs in time and money, beside what others would do with the same portfolio and pools.
 *
 *   npm run -s bench:router    one JSON object on stdout, how it stands against its goals on stderr
 */
import { type BasketRoute, routeBasket } from '../../src/core/route/basket.ts';
import { bedBasket } from '../../src/core/route/testing/markets.ts';
import { bestSingle } from './baselines/bestSingle.ts';
import { grid } from './baselines/grid.ts';
import { pairwiseSplit } from './baselines/pairwiseSplit.ts';
import { freshWorld, type Outcome, outcomeOf, pairByPair, throughCash } from './portfolio.ts';
import { SIZES, type Timing, timingOf } from './timing.ts';

const GAS_USD = 2;
/** Rounds in which a baseline approaches the same final weights. */
const ROUNDS = 12;

type Costs = {
  readonly joint: Outcome;
  readonly pairwiseSplit: Outcome;
  readonly bestSingle: Outcome;
  readonly grid: Outcome;
  readonly gridViaUsdc: Outcome;
  /** {USD} no trade of any kind to these weights can cost less: the dual bound of the basket, gas once per pool. */
  readonly bound: number;
};

function jointOutcome(route: BasketRoute, navUsd: number, gasUsd: number): Outcome {
  const world = freshWorld(navUsd);
  for (const f of route.fills) {
    world.balances[f.sell] = (world.balances[f.sell] as bigint) - f.amountIn;
    world.balances[f.buy] = (world.balances[f.buy] as bigint) + f.quotedOut;
    world.hops += f.hops.length;
  }
  return outcomeOf(world, navUsd, gasUsd);
}

function costsOf(navUsd: number, gasUsd: number): Costs {
  const route = routeBasket(bedBasket(navUsd, gasUsd));
  return {
    joint: jointOutcome(route, navUsd, gasUsd),
    pairwiseSplit: outcomeOf(throughCash(navUsd, pairwiseSplit(gasUsd), ROUNDS), navUsd, gasUsd),
    bestSingle: outcomeOf(throughCash(navUsd, bestSingle(gasUsd), ROUNDS), navUsd, gasUsd),
    grid: outcomeOf(pairByPair(navUsd, grid(gasUsd), ROUNDS), navUsd, gasUsd),
    gridViaUsdc: outcomeOf(throughCash(navUsd, grid(gasUsd), ROUNDS), navUsd, gasUsd),
    bound: route.boundUsd,
  };
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;

function rows(c: Costs, pick: (o: Outcome) => number): Record<string, number> {
  const { bound, ...outcomes } = c;
  return Object.fromEntries(Object.entries(outcomes).map(([name, o]) => [name, pick(o)]));
}

/** {%} by which the joint route is cheaper than a baseline. */
function savings(c: Costs): Record<string, number> {
  return rows(c, (o) => Math.round(1_000 * (1 - c.joint.costUsd / o.costUsd)) / 10);
}

const timings = Object.fromEntries(SIZES.map((s) => [s.name, timingOf(s)])) as Record<string, Timing>;
const tables = {
  free100k: costsOf(1e5, 0),
  free1m: costsOf(1e6, 0),
  gas100k: costsOf(1e5, GAS_USD),
  gas1m: costsOf(1e6, GAS_USD),
};
const gap = Math.max(...Object.values(timings).map((t) => t.gap));

const by = <T>(f: (t: Timing) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(timings).map(([name, t]) => [name, f(t)]));

/** {%} by which any route could be cheaper at most. */
function possible(c: Costs): Record<string, number> {
  return rows(c, (o) => Math.round(1_000 * (1 - c.bound / o.costUsd)) / 10);
}

const table = (c: Costs) => ({
  ...rows(c, (o) => cents(o.costUsd)),
  bound: cents(c.bound),
  hops: rows(c, (o) => o.hops),
  savesPercent: savings(c),
  savesAtMostPercent: possible(c),
  weightError: rows(c, (o) => Number(o.weightError.toExponential(1))),
});

console.log(
  JSON.stringify(
    {
      ms: by((t) => t.solve),
      gap,
      cost100k: table(tables.free100k),
      cost1m: table(tables.free1m),
      gasUsdPerHop: GAS_USD,
      cost100kWithGas: table(tables.gas100k),
      cost1mWithGas: table(tables.gas1m),
      routeMsWithGas: by((t) => t.route),
      compileMs: by((t) => t.compile),
    },
    null,
    2,
  ),
);

function tell(name: string, value: number, limit: number, most: boolean): void {
  const met = most ? value <= limit : value >= limit;
  const sense = most ? 'at most ' : 'at least';
  console.error(
    `${name.padEnd(46)} ${String(value).padStart(10)}  ${sense} ${String(limit).padStart(6)}  ${met ? 'met' : 'MISSED'}`,
  );
}

const MEDIAN_MS: Readonly<Record<string, number>> = { '5x20': 0.2, '10x100': 1, '50x1000': 5, '10x100ticks': 3 };
for (const [name, limit] of Object.entries(MEDIAN_MS)) {
  const { p50, p95 } = (timings[name] as Timing).solve;
  tell(`ms ${name} p50`, p50, limit, true);
  tell(`ms ${name} p95`, p95, 2 * limit, true);
}
tell('gap / value, without gas', gap, 1e-8, true);
for (const [label, c] of [
  ['without gas', tables.free100k],
  [`at $${GAS_USD} a hop`, tables.gas100k],
] as const) {
  const saved = savings(c);
  tell(`% less than pairwiseSplit at $100k ${label}`, saved.pairwiseSplit as number, 20, false);
  tell(`% less than bestSingle at $100k ${label}`, saved.bestSingle as number, 28, false);
  tell(`% less than grid at $100k ${label}`, saved.grid as number, 10, false);
}
