import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteExactIn } from '../amm/quote.ts';
import { seeded } from '../testing/random.ts';
import type { Address, PoolState } from '../types.ts';
import { type Basket, type BasketAsset, type BasketRoute, problemIn, routeBasket, solveRelaxed } from './basket.ts';
import { missCost } from './dual.ts';
import { compileMarket } from './market.ts';
import {
  BED_TOKENS,
  basketAsset,
  bedBasket,
  bedPools,
  type Kind,
  randomBasket,
  stableOf,
  v3Of,
  weightedOf,
} from './testing/markets.ts';

const ALL: readonly Kind[] = ['V2', 'V3', 'TICKS', 'WEIGHTED'];
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

const unitOf = (a: BasketAsset): number => Number(a.priceUsdE8) / 10 ** (a.decimals + 8);
const usd = (a: BasketAsset, amount: bigint): number => Number(amount) * unitOf(a);

/** Executes the fills one after the other on exact pools; throws where one could not be executed. */
function execute(b: Basket, route: BasketRoute): { balances: bigint[]; pools: PoolState[] } {
  const balances = b.assets.map((a) => a.balance);
  const pools = [...b.market.pools];
  for (const fill of route.fills) {
    let token = b.assets[fill.sell]?.token as Address;
    let amount = fill.amountIn;
    expect(amount).toBeGreaterThan(0n);
    expect(amount).toBeLessThanOrEqual(balances[fill.sell] as bigint);
    for (const hop of fill.hops) {
      const quote = quoteExactIn(pools[hop.pool] as PoolState, token, hop.tokenOut, amount);
      expect(quote.complete).toBe(true);
      pools[hop.pool] = quote.poolAfter;
      token = hop.tokenOut;
      amount = quote.amountOut;
    }
    expect(token).toBe(b.assets[fill.buy]?.token);
    expect(amount).toBe(fill.quotedOut);
    balances[fill.sell] = (balances[fill.sell] as bigint) - fill.amountIn;
    balances[fill.buy] = (balances[fill.buy] as bigint) + fill.quotedOut;
  }
  return { balances, pools };
}

/** What the vault allows: over the target only sales down to it, under it only purchases up to it. */
function towardsTargets(b: Basket): Basket {
  const assets = b.assets.map((a) => {
    const value = usd(a, a.balance);
    return {
      ...a,
      maxSellUsd: Math.max(0, value - a.targetUsd),
      maxBuyUsd: Math.max(0, a.targetUsd - value),
    };
  });
  return { ...b, assets };
}

function randomCase(seed: number, kinds = ALL): Basket {
  const r = seeded(seed);
  const n = r.int(2, 7);
  const gasUsd = r.pick([0, 0, 0.05, 1, 10]);
  const { basket } = randomBasket(r, n, r.int(1, 4 * n), kinds, 0.002, {
    navUsd: r.pick([1e3, 1e5, 1e7]),
    penalty: r.pick([3, 300, 3e4]),
    hopGasUsd: () => gasUsd,
    fillGasUsd: r.pick([0, gasUsd]),
  });
  return r.chance(0.5) ? towardsTargets(basket) : basket;
}

function idleMiss(b: Basket): number {
  const p = problemIn(b);
  solveRelaxed(p, b.navUsd);
  return p.value.subarray(0, p.assetCount).reduce((s, v, j) => s + missCost(p, j, v), 0);
}

describe('routeBasket', () => {
  it('conjures no token: fills execute in their order, from what is held at the start, as quoted', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = randomCase(seed);
        const route = routeBasket(b);
        execute(b, route);
        const sold = new Set(route.fills.map((f) => f.sell));
        for (const f of route.fills) expect(sold.has(f.buy)).toBe(false);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('is never worse than doing nothing, and loses exactly what it states', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = randomCase(seed);
        const route = routeBasket(b);
        const { balances } = execute(b, route);
        const before = b.assets.reduce((s, a) => s + usd(a, a.balance), 0);
        const after = b.assets.reduce((s, a, j) => s + usd(a, balances[j] as bigint), 0);
        expect(Math.abs(before - after - route.lossUsd)).toBeLessThanOrEqual(1e-9 * b.navUsd);
        const gas = route.fills.reduce((s, f) => s + f.gasUsd, 0);
        expect(route.gasUsd).toBeCloseTo(gas, 6);
        expect(route.lossUsd + route.gasUsd + route.missUsd).toBeLessThanOrEqual(idleMiss(b) + 1e-9 * b.navUsd);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('never lets drift grow where assets may only move towards their targets', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = towardsTargets(randomCase(seed));
        const { balances } = execute(b, routeBasket(b));
        b.assets.forEach((a, j) => {
          const before = usd(a, a.balance) - a.targetUsd;
          const after = usd(a, balances[j] as bigint) - a.targetUsd;
          // A base unit may be worth something where a token has few decimals.
          const slack = 1e-9 * b.navUsd + 2 * unitOf(a);
          if (before > 0) expect(after).toBeGreaterThanOrEqual(-slack);
          else expect(after).toBeLessThanOrEqual(slack);
          expect(Math.abs(after)).toBeLessThanOrEqual(Math.abs(before) + slack);
        });
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('keeps its certificate: the bound lies below the cost, and the flows close their gap to 1e-8 of the value', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = randomCase(seed);
        const route = routeBasket(b);
        expect(route.gapUsd).toBeGreaterThanOrEqual(-1e-9 * b.navUsd);
        expect(route.flowGapUsd).toBeLessThanOrEqual(1e-8 * b.navUsd);
        const stated = route.lossUsd + route.gasUsd + route.missUsd - route.boundUsd;
        expect(route.gapUsd).toBeCloseTo(stated, 6);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('closes the gap of almost flat pools too', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const r = seeded(seed);
        const { basket } = randomBasket(r, r.int(2, 5), r.int(2, 12), ['STABLE', 'TICKS'], 0.0005);
        const route = routeBasket(basket);
        execute(basket, route);
        expect(route.flowGapUsd).toBeLessThanOrEqual(1e-8 * basket.navUsd);
        expect(route.gapUsd).toBeGreaterThanOrEqual(-1e-9 * basket.navUsd);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('costs no less when gas rises, within its certificate', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = randomCase(seed);
        const at = (gasUsd: number): BasketRoute =>
          routeBasket({ ...b, hopGasUsd: () => gasUsd, fillGasUsd: gasUsd / 2 });
        const [cheap, dear] = [at(0.1), at(5)];
        const cost = (r: BasketRoute): number => r.lossUsd + r.gasUsd + r.missUsd;
        expect(cost(dear)).toBeGreaterThanOrEqual(cost(cheap) - cheap.gapUsd - 1e-9 * b.navUsd);
        expect(dear.fills.length).toBeLessThanOrEqual(cheap.fills.length + 1);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('does not depend on the order of tokens and pools', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const r = seeded(seed);
        const b = randomBasket(r, 5, 15, ALL, 0.001).basket;
        const turned: Basket = {
          ...b,
          assets: [...b.assets].reverse(),
          market: compileMarket([...b.market.pools].reverse()),
        };
        const relaxed = (x: Basket): number => {
          const p = problemIn(x);
          return solveRelaxed(p, x.navUsd).dual;
        };
        expect(Math.abs(relaxed(b) - relaxed(turned))).toBeLessThanOrEqual(1e-9 * b.navUsd);
        expect(Math.abs(routeBasket(b).boundUsd - routeBasket(turned).boundUsd)).toBeLessThanOrEqual(1e-9 * b.navUsd);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('does not depend on decimals beyond the value of a base unit', () => {
    const cost = (decimals: number): number => {
      const tokens = BED_TOKENS.map((t) => ({ ...t, decimals }));
      const side = (i: number, value: number) => ({ i, spec: tokens[i] as (typeof tokens)[number], usd: value });
      const pools = [
        v3Of(1, side(0, 4e6), side(1, 4e6), 500),
        v3Of(2, side(1, 2e6), side(2, 2e6), 3_000),
        v3Of(3, side(0, 1e6), side(2, 1e6), 3_000),
      ];
      const assets = [0, 1, 2].map((i) =>
        basketAsset(
          i,
          tokens[i] as (typeof tokens)[number],
          [1e5, 6e5, 3e5][i] as number,
          [3e5, 3e5, 4e5][i] as number,
        ),
      );
      const r = routeBasket({ ...bedBasket(1e6, 1), assets, market: compileMarket(pools) });
      expect(r.fills.length).toBeGreaterThan(1);
      return r.lossUsd + r.missUsd + r.gasUsd;
    };
    const exact = cost(18);
    for (const decimals of [9, 12, 15]) expect(cost(decimals)).toBeCloseTo(exact, 2);
  });
});

describe('bounds, caps and reach', () => {
  const deep = (): PoolState[] => bedPools().slice(0, 5);

  it('ends inside the bounds even where the target alone would not pay', () => {
    const b = bedBasket(1e5, 0, { penalty: 0.001 });
    expect(routeBasket(b).fills).toEqual([]);
    const assets = b.assets.map((a) => ({ ...a, loUsd: a.targetUsd - 2_000, hiUsd: a.targetUsd + 2_000 }));
    const bounded = { ...b, assets };
    const route = routeBasket(bounded);
    const { balances } = execute(bounded, route);
    expect(route.unreachable).toEqual([]);
    assets.forEach((a, j) => {
      const value = usd(a, balances[j] as bigint);
      expect(value).toBeGreaterThanOrEqual(a.loUsd - 0.2);
      expect(value).toBeLessThanOrEqual(a.hiUsd + 0.2);
    });
    // No further than it must: most assets stop at the edge.
    const atEdge = assets.filter((a, j) => {
      const value = usd(a, balances[j] as bigint);
      return Math.min(Math.abs(value - a.loUsd), Math.abs(value - a.hiUsd)) < 0.2;
    });
    expect(atEdge.length).toBeGreaterThanOrEqual(4);
  });

  it('leaves a locked asset alone, but may pass through it', () => {
    const b = bedBasket(1e5, 0);
    const locked = { ...b, assets: b.assets.map((a, j) => (j === 1 ? { ...a, maxSellUsd: 0, maxBuyUsd: 0 } : a)) };
    const route = routeBasket(locked);
    for (const f of route.fills) expect([f.sell, f.buy]).not.toContain(1);
    expect(route.fills.some((f) => f.hops.some((h) => h.tokenOut === b.assets[1]?.token))).toBe(true);
  });

  it('names what it cannot reach, and why', () => {
    const whole = bedBasket(1e5, 0, { market: compileMarket(deep()) });
    const b = {
      ...whole,
      assets: whole.assets.map((a) => ({ ...a, loUsd: a.targetUsd - 100, hiUsd: a.targetUsd + 100 })),
    };
    const details = Object.fromEntries(routeBasket(b).unreachable.map((u) => [u.symbol, u.detail]));
    expect(details).toMatchObject({
      UNI: 'no pool trades UNI',
      LINK: 'no pool trades LINK',
      AAVE: 'no pool trades AAVE',
    });
    const noBuy = { ...b, assets: b.assets.map((a) => (a.symbol === 'WBTC' ? { ...a, maxBuyUsd: 0 } : a)) };
    expect(routeBasket(noBuy).unreachable).toContainEqual({ symbol: 'WBTC', detail: 'WBTC may not be bought' });
    const little = { ...b, assets: b.assets.map((a) => (a.symbol === 'WBTC' ? { ...a, maxBuyUsd: 5_000 } : a)) };
    expect(routeBasket(little).unreachable).toContainEqual({
      symbol: 'WBTC',
      detail: 'no more of WBTC may be bought',
    });
    const dear = routeBasket({ ...b, hopGasUsd: () => 1e6 });
    expect(dear.fills).toEqual([]);
    expect(dear.unreachable).toContainEqual({
      symbol: 'WBTC',
      detail: 'the gas or the shape of the fills costs more than WBTC lies outside',
    });
    const [usdc, , , uni] = BED_TOKENS;
    if (!usdc || !uni) throw new Error('the bed has these tokens');
    const thin = v3Of(9, { i: 0, spec: usdc, usd: 500 }, { i: 3, spec: uni, usd: 500 }, 3_000);
    const two = [basketAsset(0, usdc, 1e4, 5e4), basketAsset(3, uni, 9e4, 5e4)];
    const tight = two.map((a) => ({ ...a, loUsd: a.targetUsd - 100, hiUsd: a.targetUsd + 100 }));
    const shallow = routeBasket({ ...b, assets: tight, market: compileMarket([...deep(), thin]) });
    expect(shallow.fills.length).toBe(1);
    expect(shallow.unreachable).toEqual([
      { symbol: 'USDC', detail: "the pools cannot take USDC further at twice the oracle's price or better" },
      { symbol: 'UNI', detail: "the pools cannot take UNI further at half the oracle's price or better" },
    ]);
    const island = v3Of(9, { i: 3, spec: uni, usd: 1e6 }, { i: 40, spec: usdc, usd: 1e6 }, 3_000);
    const alone = { ...b, market: compileMarket([...deep(), island]) };
    expect(routeBasket(alone).unreachable).toContainEqual({
      symbol: 'UNI',
      detail: 'the pools of UNI lead to no other asset',
    });
  });

  it('moves no pool further than the limit on impact, also where gas makes paths fewer', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const r = seeded(seed);
        const maxImpact = r.pick([0.0005, 0.002, 0.01]);
        const { pools, basket } = randomBasket(r, r.int(2, 5), r.int(2, 12), ['V3', 'TICKS'], 0.001, {
          ...{ navUsd: 1e6, hopGasUsd: () => 5, fillGasUsd: 5 },
        });
        const b = { ...basket, market: compileMarket(pools, maxImpact) };
        const after = execute(b, routeBasket(b)).pools;
        pools.forEach((pool, i) => {
          const moved = after[i];
          if (pool.venue !== 'UNISWAP_V3' || moved?.venue !== 'UNISWAP_V3') throw new Error('all pools are of V3');
          const ratio = Number(moved.sqrtPriceX96) / Number(pool.sqrtPriceX96);
          // Fitting the amounts may shift a little between pools.
          expect(Math.min(ratio, 1 / ratio)).toBeGreaterThanOrEqual(1 - 1.02 * maxImpact);
        });
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('leaves out fills below the smallest one', () => {
    const all = routeBasket(bedBasket(1e5, 0));
    const b = bedBasket(1e5, 0, { minFillUsd: 1_000 });
    const few = routeBasket(b);
    expect(few.fills.length).toBeLessThan(all.fills.length);
    for (const f of few.fills)
      expect(usd(b.assets[f.sell] as BasketAsset, f.amountIn)).toBeGreaterThanOrEqual(0.999 * 1_000);
  });

  it('sells out to the last base unit', () => {
    const b = bedBasket(1e5, 0);
    const assets = b.assets.map((a) => {
      if (a.symbol === 'UNI') return { ...a, targetUsd: 0, hiUsd: 0 };
      return a.symbol === 'USDC' ? { ...a, targetUsd: a.targetUsd + 5_000 } : a;
    });
    const { balances } = execute({ ...b, assets }, routeBasket({ ...b, assets }));
    expect(balances[3]).toBe(0n);
  });
});

describe("pools of Balancer's vault", () => {
  const [usdc, weth, wbtc] = BED_TOKENS;
  if (!usdc || !weth || !wbtc) throw new Error('the bed has these tokens');
  const at = (i: number, value: number) => ({ i, spec: BED_TOKENS[i] as typeof usdc, usd: value });

  it('are a whole fill, or not used', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const b = randomCase(seed, ['WEIGHTED', 'V3']);
        for (const f of routeBasket(b).fills)
          if (f.hops.length > 1) for (const h of f.hops) expect(b.market.pools[h.pool]?.venue).not.toBe('BALANCER_V3');
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('carry one pair at most when they have several', () => {
    const three = weightedOf(
      1,
      [
        { ...at(0, 1e6), weight: 0.34 },
        { ...at(1, 1e6), weight: 0.33 },
        { ...at(2, 1e6), weight: 0.33 },
      ],
      0.0005,
    );
    const assets = [basketAsset(0, usdc, 2e4, 5e4), basketAsset(1, weth, 6e4, 2e4), basketAsset(2, wbtc, 2e4, 3e4)];
    const pools = [three, v3Of(2, at(0, 1e6), at(1, 1e6), 3_000), v3Of(3, at(1, 1e6), at(2, 1e6), 3_000)];
    const b: Basket = { ...bedBasket(1e5, 0), assets, market: compileMarket(pools) };
    const route = routeBasket(b);
    execute(b, route);
    const pairs = route.fills.filter((f) => f.hops[0]?.pool === 0).map((f) => `${f.sell}>${f.buy}`);
    expect(new Set(pairs).size).toBe(1);
    expect(route.gapUsd).toBeGreaterThanOrEqual(0);
  });

  it('of stable tokens route like any other', () => {
    const dai = { symbol: 'DAI', decimals: 18, price: 1 };
    const stable = stableOf(1, [at(0, 5e6), { i: 7, spec: dai, usd: 5e6 }], 0.0001, 500);
    const assets = [basketAsset(0, usdc, 8e5, 4e5), basketAsset(7, dai, 2e5, 6e5)];
    const b: Basket = { ...bedBasket(1e6, 0), assets, market: compileMarket([stable]) };
    const route = routeBasket(b);
    execute(b, route);
    expect(route.fills.length).toBe(1);
    expect(route.lossUsd).toBeLessThan(400_000 * 0.0003);
    expect(route.gapUsd).toBeLessThanOrEqual(1e-8 * 1e6);
  });
});
