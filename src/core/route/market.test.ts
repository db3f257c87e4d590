import { describe, expect, it } from 'vitest';
import type { PoolState } from '../types.ts';
import { routeBasket } from './basket.ts';
import { compileMarket, STABLE, TICKS, WEIGHTED } from './market.ts';
import { stableInvariant, stablePair } from './stablePair.ts';
import { BED_TOKENS, bedBasket, bedPools, stableOf, tokenAddress, v2Of, v3Of, weightedOf } from './testing/markets.ts';

const at = (i: number, usd: number) => ({ i, spec: BED_TOKENS[i] as (typeof BED_TOKENS)[number], usd });

describe('compileMarket', () => {
  it('makes one edge of a pair, and one of every pair of a larger pool', () => {
    const three = [at(0, 1e6), at(1, 1e6), at(2, 1e6)];
    const m = compileMarket([
      v2Of(1, at(0, 1e6), at(1, 1e6)),
      v3Of(2, at(1, 1e6), at(2, 1e6), 500),
      weightedOf(
        3,
        three.map((s) => ({ ...s, weight: 1 / 3 })),
        0.001,
      ),
      stableOf(4, three, 0.0001, 100),
    ]);
    expect(m.edgeCount).toBe(1 + 1 + 3 + 3);
    expect([...m.kind]).toEqual([WEIGHTED, TICKS, WEIGHTED, WEIGHTED, WEIGHTED, STABLE, STABLE, STABLE]);
    expect([...m.pool]).toEqual([0, 1, 2, 2, 2, 3, 3, 3]);
    expect(m.tokens).toEqual([0, 1, 2].map(tokenAddress));
  });

  it('passes over pools without price or liquidity, and reads the others as if they were not there', () => {
    const [first] = bedPools();
    if (first?.venue !== 'UNISWAP_V3') throw new Error('the bed starts with a pool of V3');
    const empty: PoolState[] = [
      { ...first, liquidity: 0n },
      { ...first, sqrtPriceX96: 0n },
      { ...first, tick: first.minTick - 1 },
      { ...v2Of(9, at(0, 1e6), at(1, 1e6)), reserve0: 0n },
    ];
    expect(compileMarket(empty).edgeCount).toBe(0);
    const alone = routeBasket(bedBasket(1e5, 0));
    const among = routeBasket(bedBasket(1e5, 0, { market: compileMarket([...empty, ...bedPools()]) }));
    expect(among.lossUsd).toBe(alone.lossUsd);
    expect(among.fills.map((f) => f.hops.map((h) => h.pool - empty.length))).toEqual(
      alone.fills.map((f) => f.hops.map((h) => h.pool)),
    );
  });

  it('stays inside the ticks that were read', () => {
    const [first, ...others] = bedPools();
    if (first?.venue !== 'UNISWAP_V3') throw new Error('the bed starts with a pool of V3');
    const narrow = { ...first, minTick: first.tick - 1, maxTick: first.tick + 2 };
    const basket = bedBasket(1e7, 0, { market: compileMarket([narrow, ...others]) });
    const route = routeBasket(basket);
    expect(route.flowGapUsd).toBeLessThanOrEqual(1e-8 * 1e7);
    // The gap counts the flows that decide: none was refused for leaving the window.
    expect(route.gapUsd).toBeLessThanOrEqual(1e-5 * 1e7);
  });
});

describe('stable pair', () => {
  it('has the invariant of its balances: equal ones are worth their sum', () => {
    expect(stableInvariant(200, [1e24, 1e24])).toBeCloseTo(2e24, -12);
    const d = stableInvariant(600, [3e24, 1e24, 2e24]);
    expect(d).toBeGreaterThan(5.9e24);
    expect(d).toBeLessThan(6e24);
    const p = stablePair(600, [3e24, 1e24, 2e24], 0, 2);
    // The equation itself, with the middle balance standing still.
    const left = 600 * (p.x + p.y + p.otherSum) + d;
    const right = 600 * d + p.product / (p.x * p.y);
    expect(Math.abs(left / right - 1)).toBeLessThan(1e-13);
  });
});
