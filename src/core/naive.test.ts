import { describe, expect, it } from 'vitest';
import { naiveAlternative } from './naive.ts';
import { asset, snapshotOf, USD, v2Pool, v3Pool } from './testing/fixtures.ts';

const weth = (value: number) =>
  asset(0, { symbol: 'WETH', decimals: 18, price: 2_000, targetBps: 4_000, bandBps: 500, value });
const wbtc = (value: number) =>
  asset(1, { symbol: 'WBTC', decimals: 8, price: 40_000, targetBps: 3_000, bandBps: 500, value });
const usdc = (value: number) =>
  asset(2, { symbol: 'USDC', decimals: 6, price: 1, targetBps: 3_000, bandBps: 500, value });

function world(values: readonly [number, number, number], pools: 'all' | 'no WBTC/USDC' | 'only WETH/USDC') {
  const [e, b, u] = [weth(values[0]), wbtc(values[1]), usdc(values[2])];
  const all = [v3Pool(1, e, u, 500, 5_000_000n), v2Pool(2, e, b, 5_000_000n), v2Pool(3, b, u, 5_000_000n)];
  const kept = pools === 'all' ? all : pools === 'no WBTC/USDC' ? all.slice(0, 2) : all.slice(0, 1);
  return snapshotOf([e, b, u], kept);
}

describe('naiveAlternative', () => {
  it('sells to cash and buys from it: two swaps where one would do', () => {
    const naive = naiveAlternative(world([50_000, 20_000, 30_000], 'all'));
    expect(naive).toMatchObject({ cash: 'USDC', trades: true, swaps: 2, unreachable: [] });
    // 10,000 dollars go through USDC and out again: 0.05 % of it, then 0.3 %.
    expect(Number(naive?.movedUsdE8) / 1e8).toBeCloseTo(20_000, -2);
    expect(Number(naive?.cost.feeUsdE8) / 1e8).toBeCloseTo(5 + 30, 0);
    const { gasUsdE8, feeUsdE8, impactUsdE8, totalUsdE8 } = naive?.cost ?? {};
    expect(totalUsdE8).toBe((gasUsdE8 ?? 0n) + (feeUsdE8 ?? 0n) + (impactUsdE8 ?? 0n));
    expect(impactUsdE8).toBeGreaterThan(5n * USD);
  });

  it('takes a second pool where none is direct, and names what it cannot reach', () => {
    const far = naiveAlternative(world([50_000, 20_000, 30_000], 'no WBTC/USDC'));
    expect(far).toMatchObject({ swaps: 2, unreachable: [] });
    expect(naiveAlternative(world([50_000, 20_000, 30_000], 'only WETH/USDC'))).toMatchObject({
      swaps: 1,
      unreachable: ['WBTC'],
    });
  });

  it('says that nothing would have happened yet inside five points, exactly', () => {
    expect(naiveAlternative(world([45_000, 25_000, 30_000], 'all'))?.trades).toBe(false);
    expect(naiveAlternative(world([45_100, 24_900, 30_000], 'all'))?.trades).toBe(true);
  });

  it('has nothing to say where no pools were read', () => {
    expect(naiveAlternative({ ...world([50_000, 20_000, 30_000], 'all'), pools: [] })).toBeNull();
  });
});
