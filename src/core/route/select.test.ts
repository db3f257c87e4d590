import { describe, expect, it } from 'vitest';
import { quoteExactIn } from '../amm/quote.ts';
import { seeded } from '../testing/random.ts';
import { type Basket, problemIn, routeBasket, solveRelaxed } from './basket.ts';
import { balanceFlows, solveDual } from './dual.ts';
import { compileMarket } from './market.ts';
import { decompose } from './paths.ts';
import type { Problem } from './problem.ts';
import { type Execution, lowerBound, selectEdges } from './select.ts';
import { bedBasket, bedPools, randomBasket } from './testing/markets.ts';

function usedCount(p: Problem): number {
  let used = 0;
  for (let e = 0; e < p.market.edgeCount; e++) if (p.active[e] === 1 && (p.gain[e] as number) > 0) used++;
  return used;
}

/** Every pool pays once, however many paths run through it: the objective of the table. */
const oncePerPool = (gasUsd: number): Execution => ({
  gasUsd: (p) => gasUsd * usedCount(p),
  obstacle: () => -1,
});

function solved(b: Basket): { p: Problem; price: Float64Array; relaxedCost: number; gap: number } {
  const p = problemIn(b);
  const s = solveRelaxed(p, b.navUsd);
  return { p, price: p.price.slice(), relaxedCost: s.gap - s.dual, gap: s.gap };
}

/** The cheapest of all subsets of the edges. */
function exhaustive(p: Problem, price: Float64Array, gasUsd: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < 1 << p.market.edgeCount; mask++) {
    for (let e = 0; e < p.market.edgeCount; e++) p.active[e] = (mask >> e) & 1;
    p.price.set(price);
    const s = solveDual(p, 1e-9 * p.total);
    best = Math.min(best, s.gap - s.dual + gasUsd * usedCount(p));
  }
  return best;
}

/** Cost and number of hops by value and gas, as science found them by trying all 2^14 subsets; bounds where given. */
const TABLE = [
  { navUsd: 1e5, gasUsd: 0.02, cost: 87.39, hops: 10, bound: 87.39 },
  { navUsd: 1e5, gasUsd: 2, cost: 100.55, hops: 6, bound: 99.31 },
  { navUsd: 1e5, gasUsd: 20, cost: 178.95, hops: 4, bound: 146.05 },
  { navUsd: 1e6, gasUsd: 0.02, cost: 2_049.55, hops: 10, bound: 2_049.54 },
  { navUsd: 1e6, gasUsd: 2, cost: 2_069.35, hops: 10, bound: 2_069.35 },
  { navUsd: 1e6, gasUsd: 20, cost: 2_240.3, hops: 8, bound: 2_236.24 },
  { navUsd: 1e7, gasUsd: 0.02, cost: 131_549.38, hops: 13, bound: 131_549.38 },
  { navUsd: 1e7, gasUsd: 2, cost: 131_575.12, hops: 13, bound: 131_575.12 },
  { navUsd: 1e7, gasUsd: 20, cost: 131_809.12, hops: 13, bound: 131_809.12 },
] as const;

describe('T12 router', () => {
  for (const row of TABLE)
    it(`T12 $${row.navUsd} at $${row.gasUsd} a hop costs $${row.cost} over ${row.hops} hops`, () => {
      const { p, price } = solved(bedBasket(row.navUsd, row.gasUsd));
      const all = p.active.slice();
      const s = selectEdges(p, oncePerPool(row.gasUsd), true);
      expect(Math.abs(s.costUsd - row.cost)).toBeLessThanOrEqual(0.0051);
      expect(usedCount(p)).toBe(row.hops);
      const chosen = p.price.slice();
      p.active.set(all);
      const bound = lowerBound(p, [chosen, price]);
      expect(bound).toBeGreaterThanOrEqual(row.bound - 0.0051);
      expect(bound).toBeLessThanOrEqual(s.costUsd + 1e-6);
    });

  it('T12 loses $87.19 of $100,000 without gas, with a gap below 1e-8 of the value', () => {
    for (const navUsd of [1e5, 1e6, 1e7]) {
      const { gap, relaxedCost } = solved(bedBasket(navUsd, 0));
      expect(gap).toBeLessThanOrEqual(1e-8 * navUsd);
      if (navUsd === 1e5) expect(relaxedCost).toBeCloseTo(87.39 - 10 * 0.02, 2);
    }
  });

  it('T12 leaves every used pool at the ratio of the prices, within 1e-9', () => {
    for (const navUsd of [1e5, 1e6, 1e7]) {
      const b = bedBasket(navUsd, 0);
      const { p } = solved(b);
      let used = 0;
      for (let e = 0; e < p.market.edgeCount; e++) {
        const pool = p.market.pools[p.market.pool[e] as number];
        const fa = p.fa[e] as number;
        if (fa === 0 || pool?.venue !== 'UNISWAP_V3') continue;
        const [a, c] = [p.na[e] as number, p.nb[e] as number];
        const [input, output] = fa < 0 ? [a, c] : [c, a];
        const given = Math.abs(fa < 0 ? fa : (p.fb[e] as number)) / (p.unitUsd[input] as number);
        const tokens = p.market.tokens;
        const quote = quoteExactIn(
          pool,
          tokens[p.tokenOf[input] as number] as `0x${string}`,
          tokens[p.tokenOf[output] as number] as `0x${string}`,
          BigInt(Math.round(given)),
        );
        if (quote.poolAfter.venue !== 'UNISWAP_V3') throw new Error('a pool never changes its venue');
        const root = Number(quote.poolAfter.sqrtPriceX96) / 2 ** 96;
        const mid = fa < 0 ? root * root : 1 / (root * root);
        const marginal = mid * (1 - pool.feePips / 1e6);
        const unit = (j: number): number => (p.price[j] as number) * (p.unitUsd[j] as number);
        // The input and its fee were rounded to base units, of which the WBTC of the smallest pool has less than 1e9.
        const oneUnit = (fa < 0 ? root : 1 / root) / Number(pool.liquidity);
        expect(Math.abs((marginal * unit(output)) / unit(input) - 1)).toBeLessThanOrEqual(1e-9 + 2 * oneUnit);
        used++;
      }
      expect(used).toBeGreaterThanOrEqual(9);
    }
  });

  it('T12 conjures no token: what only passes through nets to no less than -1e-12 of the value', () => {
    const whole = bedBasket(1e6, 0);
    for (const left of ['USDC', 'LINK', 'WETH']) {
      const assets = whole.assets.filter((a) => a.symbol !== left);
      const { p } = solved({ ...whole, assets, market: compileMarket(bedPools()) });
      balanceFlows(p);
      expect(p.nodeCount).toBe(6);
      for (let j = 0; j < p.nodeCount; j++)
        expect((p.value[j] as number) + (p.net[j] as number)).toBeGreaterThanOrEqual(-1e-12 * 1e6);
      expect(usedCount(p)).toBeGreaterThanOrEqual(5);
    }
  });
});

describe('selection', () => {
  it('is the exhaustive optimum of small baskets, and its certificate holds', () => {
    const r = seeded(41);
    let optimal = 0;
    const cases = 12;
    for (let i = 0; i < cases; i++) {
      const gasUsd = [0.5, 5, 50][i % 3] as number;
      const { basket } = randomBasket(r, 4, 10, ['V2', 'V3', 'TICKS', 'WEIGHTED'], 0.001, {
        navUsd: 1e5,
        hopGasUsd: () => gasUsd,
      });
      const { p, price } = solved(basket);
      const all = p.active.slice();
      const s = selectEdges(p, oncePerPool(gasUsd), true);
      const chosen = p.price.slice();
      p.active.set(all);
      const bound = lowerBound(p, [chosen, price]);
      const best = exhaustive(p, price, gasUsd);
      expect(bound).toBeLessThanOrEqual(best + 1e-6);
      expect(s.costUsd).toBeGreaterThanOrEqual(best - 1e-3);
      // Never more than one hop's gas from the optimum, and nearly always on it.
      expect(s.costUsd).toBeLessThanOrEqual(best + gasUsd);
      if (s.costUsd <= best + 1e-3) optimal++;
    }
    expect(optimal).toBeGreaterThanOrEqual(cases - 1);
  });

  it('routes as cheaply as the best subset of the pools, every fill and hop counted', () => {
    const r = seeded(43);
    let optimal = 0;
    for (let i = 0; i < 9; i++) {
      const gasUsd = [0.5, 5, 50][i % 3] as number;
      const { basket } = randomBasket(r, 4, 10, ['V2', 'V3', 'TICKS', 'WEIGHTED'], 0.001, {
        ...{ navUsd: 1e5, hopGasUsd: () => gasUsd, fillGasUsd: gasUsd },
      });
      const route = routeBasket(basket);
      const cost = route.lossUsd + route.gasUsd + route.missUsd;
      const { p, price } = solved(basket);
      let best = Number.POSITIVE_INFINITY;
      for (let mask = 0; mask < 1 << p.market.edgeCount; mask++) {
        for (let e = 0; e < p.market.edgeCount; e++) p.active[e] = (mask >> e) & 1;
        p.price.set(price);
        const s = solveDual(p, 1e-9 * p.total);
        const { stuck, gasUsd: gas } = decompose(p, basket);
        if (stuck < 0) best = Math.min(best, s.gap - s.dual + gas);
      }
      expect(route.boundUsd).toBeLessThanOrEqual(best + 1e-6);
      // Never more than one hop's gas from it, and mostly on it: rounding and the order of fills move cents.
      expect(cost).toBeLessThanOrEqual(best + gasUsd);
      if (cost <= best + 0.05) optimal++;
    }
    expect(optimal).toBeGreaterThanOrEqual(8);
  });

  it('costs no less, and uses no more hops, when gas rises', () => {
    for (const navUsd of [1e5, 1e6]) {
      let cost = 0;
      let hops = Number.POSITIVE_INFINITY;
      for (const gasUsd of [0.001, 0.02, 0.2, 1, 2, 5, 10, 20, 50, 100, 500, 5_000, 1_000_000]) {
        const { p } = solved(bedBasket(navUsd, gasUsd));
        const s = selectEdges(p, oncePerPool(gasUsd), true);
        expect(s.costUsd).toBeGreaterThanOrEqual(cost);
        expect(usedCount(p)).toBeLessThanOrEqual(hops);
        cost = s.costUsd;
        hops = usedCount(p);
      }
      expect(hops).toBe(0);
    }
  });
});
