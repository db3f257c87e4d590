import { describe, expect, it } from 'vitest';
import { seeded } from '../testing/random.ts';
import { type Basket, problemIn, solveRelaxed } from './basket.ts';
import { solveCholesky } from './cholesky.ts';
import { compileMarket } from './market.ts';
import { decompose } from './paths.ts';
import type { Problem } from './problem.ts';
import { BED_TOKENS, basketAsset, bedBasket, uniform, v2Of, v3Of } from './testing/markets.ts';

const at = (i: number, usd: number) => ({ i, spec: BED_TOKENS[i] as (typeof BED_TOKENS)[number], usd });

function solved(b: Basket): Problem {
  const p = problemIn(b);
  solveRelaxed(p, b.navUsd);
  return p;
}

const sum = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0);

describe('decompose', () => {
  it('sells and buys what the flows do, along pools that connect', () => {
    for (const navUsd of [1e5, 1e6, 1e7]) {
      const p = solved(bedBasket(navUsd, 0));
      const { paths, stuck, gasUsd } = decompose(p, { fillGasUsd: 0, minFillUsd: 0 });
      expect([stuck, gasUsd]).toEqual([-1, 0]);
      for (let j = 0; j < p.assetCount; j++) {
        const sold = sum(paths.filter((x) => x.sell === j).map((x) => x.amountUsd));
        const net = p.net[j] as number;
        expect(Math.abs(sold - Math.max(0, -net))).toBeLessThanOrEqual(1e-6 * navUsd);
        if (net < 0) expect(paths.every((x) => x.buy !== j)).toBe(true);
      }
      for (const path of paths) {
        let node = path.sell;
        path.edges.forEach((e, i) => {
          const next = path.nodes[i] as number;
          expect([p.na[e], p.nb[e]].sort()).toEqual([node, next].sort());
          node = next;
        });
        expect(node).toBe(path.buy);
        expect(new Set([path.sell, ...path.nodes]).size).toBe(path.nodes.length + 1);
      }
    }
  });

  it('needs fewer hops where what is sold fits what is bought', () => {
    // UNI to WBTC and WETH to LINK both meet WETH: crossed over, they would be three fills.
    const pools = [
      v3Of(1, at(3, 1e7), at(1, 1e7), 500),
      v3Of(2, at(1, 1e7), at(2, 1e7), 500),
      v3Of(3, at(1, 1e7), at(4, 1e7), 500),
    ];
    const asset = (i: number, value: number, target: number) =>
      basketAsset(i, BED_TOKENS[i] as (typeof BED_TOKENS)[number], value, target);
    const assets = [asset(1, 4e4, 2.5e4), asset(3, 3e4, 2e4), asset(2, 2e4, 3e4), asset(4, 1e4, 2.5e4)];
    const b = { ...bedBasket(1e5, 0.01), assets, market: compileMarket(pools) };
    const { paths } = decompose(solved(b), { fillGasUsd: 0.01, minFillUsd: 0 });
    expect(paths.map((x) => x.edges.length).sort()).toEqual([1, 2]);
  });

  it('finds flows in circles, which no fill can carry', () => {
    const cheap = v2Of(1, at(0, 1e6), at(1, 1.05e6));
    const dear = v2Of(2, at(0, 1.05e6), at(1, 1e6));
    const asset = (i: number) => basketAsset(i, BED_TOKENS[i] as (typeof BED_TOKENS)[number], 5e4, 5e4);
    const b = { ...bedBasket(1e5, 0), assets: [asset(0), asset(1)], market: compileMarket([cheap, dear]) };
    expect(decompose(solved(b), { fillGasUsd: 0, minFillUsd: 0 }).stuck).toBeGreaterThanOrEqual(0);
  });
});

describe('solveCholesky', () => {
  it('solves what has curvature and leaves out what has none', () => {
    const r = seeded(3);
    for (let round = 0; round < 50; round++) {
      const n = r.int(1, 12);
      const flat = r.int(0, n);
      const g = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, () => (i === flat ? 0 : uniform(r) - 0.5)),
      );
      // G G' plus a little on the diagonal, but nothing in the flat direction.
      const h = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          h[i * n + j] =
            sum((g[i] as number[]).map((v, k) => v * ((g[j] as number[])[k] as number))) +
            (i === j && i !== flat ? 0.1 : 0);
      const x = Float64Array.from({ length: n }, (_, i) => (i === flat ? 0 : uniform(r) - 0.5));
      const rhs = x.map((_, i) => sum([...x].map((v, k) => (h[i * n + k] as number) * v)));
      solveCholesky(h, rhs, n);
      for (let i = 0; i < n; i++) expect(rhs[i]).toBeCloseTo(x[i] as number, 8);
    }
  });
});
