/** How long the router takes, over many random baskets, after warming up. */

import { type Basket, problemIn, routeBasket, solveRelaxed } from '../../src/core/route/basket.ts';
import { compileMarket } from '../../src/core/route/market.ts';
import { type Kind, randomBasket } from '../../src/core/route/testing/markets.ts';
import { seeded } from '../../src/core/testing/random.ts';

export type Size = {
  readonly name: string;
  readonly tokens: number;
  readonly pools: number;
  readonly kinds: readonly Kind[];
};

const CLOSED: readonly Kind[] = ['V2', 'V3', 'WEIGHTED'];

export const SIZES: readonly Size[] = [
  { name: '5x20', tokens: 5, pools: 20, kinds: CLOSED },
  { name: '10x100', tokens: 10, pools: 100, kinds: CLOSED },
  { name: '50x1000', tokens: 50, pools: 1_000, kinds: CLOSED },
  { name: '10x100ticks', tokens: 10, pools: 100, kinds: ['TICKS'] },
];

/** {share} pools lie off the oracles' prices by up to half of this, as between two arbitrages. */
const MISPRICED = 0.001;
const HOP_GAS_USD = 2;
const PASSES = 4;

export type Percentiles = { readonly p50: number; readonly p95: number };

function percentiles(samples: number[]): Percentiles {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (q: number): number => Math.round((sorted[Math.floor(q * (sorted.length - 1))] as number) * 1e4) / 1e4;
  return { p50: at(0.5), p95: at(0.95) };
}

function timed(baskets: readonly Basket[], passes: number, run: (b: Basket) => () => void): Percentiles {
  const samples: number[] = [];
  for (let pass = 0; pass < passes; pass++)
    for (const b of baskets) {
      const work = run(b);
      const start = performance.now();
      work();
      if (pass > 0) samples.push(performance.now() - start);
    }
  return percentiles(samples);
}

export type Timing = {
  /** Optimum of the basket with its certificate, on a compiled market, from a cold start. */
  readonly solve: Percentiles;
  readonly compile: Percentiles;
  /** Everything from a compiled market to exact fills, at $2 a hop; null where it is not a size to route with gas. */
  readonly route: Percentiles | null;
  /** Largest gap as a share of the value. */
  readonly gap: number;
};

export function timingOf(size: Size): Timing {
  const r = seeded(7);
  const count = size.tokens >= 50 ? 60 : 200;
  const baskets = Array.from(
    { length: count },
    () => randomBasket(r, size.tokens, size.pools, size.kinds, MISPRICED).basket,
  );
  let gap = 0;
  const solve = timed(baskets, PASSES, (b) => {
    const p = problemIn(b);
    return () => {
      const s = solveRelaxed(p, b.navUsd);
      gap = Math.max(gap, s.gap / b.navUsd);
    };
  });
  const few = baskets.slice(0, 20);
  const compile = timed(few, PASSES, (b) => () => compileMarket(b.market.pools));
  const route =
    size.tokens >= 50
      ? null
      : timed(few, 2, (b) => () => routeBasket({ ...b, hopGasUsd: () => HOP_GAS_USD, fillGasUsd: HOP_GAS_USD }));
  return { solve, compile, route, gap };
}
