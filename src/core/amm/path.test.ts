import { describe, expect, it } from 'vitest';
import { asset, USD, v2Pool, v3Pool } from '../testing/fixtures.ts';
import type { PoolState } from '../types.ts';
import {
  hopOf,
  maxPathInWithinImpact,
  pathCost,
  pathFeePips,
  pathMidPrice,
  poolsAfter,
  quotePath,
  stepsOf,
} from './path.ts';
import { impactOf, quoteExactIn } from './quote.ts';

const weth = asset(0, { symbol: 'WETH', decimals: 18, price: 2_000, targetBps: 5_000, bandBps: 500, value: 1 });
const usdc = asset(1, { symbol: 'USDC', decimals: 6, price: 1, targetBps: 2_500, bandBps: 500, value: 1 });
const wbtc = asset(2, { symbol: 'WBTC', decimals: 8, price: 40_000, targetBps: 2_500, bandBps: 500, value: 1 });
const first = v2Pool(1, weth, usdc, 1_000_000n);
const second = v3Pool(2, usdc, wbtc, 500, 2_000_000n);
const pools: readonly PoolState[] = [v2Pool(9, weth, wbtc, 1n), second, first];
const hops = [hopOf(first, usdc.token), hopOf(second, wbtc.token)];
const E18 = 10n ** 18n;

function steps() {
  const found = stepsOf(pools, weth.token, hops);
  if (found === null) throw new Error('a pool is missing');
  return found;
}

describe('a path', () => {
  it('sells in each pool exactly what the pool before brought', () => {
    const path = quotePath(steps(), 10n * E18);
    const one = quoteExactIn(first, weth.token, usdc.token, 10n * E18);
    const two = quoteExactIn(second, usdc.token, wbtc.token, one.amountOut);
    expect([path.complete, path.amountOut]).toEqual([true, two.amountOut]);
    expect(poolsAfter(pools, path)).toEqual([pools[0], two.poolAfter, one.poolAfter]);
  });

  it('is priced at the product of its pools, and charged at the sum of their fees', () => {
    const { numerator, denominator } = pathMidPrice(steps());
    // 1 WETH = 0.05 WBTC
    expect((Number(numerator) / Number(denominator)) * 1e10).toBeCloseTo(0.05, 6);
    expect(pathFeePips(steps())).toBe(3_500);
  });

  it('costs its fees and its impacts, whatever tokens they are in', () => {
    const path = quotePath(steps(), 10n * E18);
    const cost = pathCost(path, weth, wbtc);
    const given = 20_000n * USD;
    const got = (path.amountOut * wbtc.priceUsdE8) / 10n ** 8n;
    // What is lost between both ends is a fee or an impact; what they lose of each other is of second order.
    const lost = Number(given - got);
    expect(Math.abs(Number(cost.feeUsdE8 + cost.impactUsdE8) / lost - 1)).toBeLessThan(0.01);
    expect(Number(cost.feeUsdE8) / Number(given)).toBeCloseTo(0.0035, 4);
    const worst = path.steps.map((s) => impactOf(s.pool, s.tokenIn, s.tokenOut, s.amountIn, s.quote).impactBps);
    expect(cost.impactBps).toBe(Math.max(...worst));
  });

  it('of one hop costs what its pool says', () => {
    const [step] = steps();
    if (!step) throw new Error('no step');
    const path = quotePath([step], E18);
    const [only] = path.steps;
    if (!only) throw new Error('no quote');
    const { feeUsdE8, impactUsdE8 } = pathCost(path, weth, usdc);
    const { impactAmount } = impactOf(first, weth.token, usdc.token, E18, only.quote);
    expect(feeUsdE8).toBe((only.quote.feeAmount * weth.priceUsdE8) / E18);
    expect(impactUsdE8).toBe((impactAmount * usdc.priceUsdE8) / 10n ** 6n);
  });

  it('moves no pool further than it may', () => {
    const most = maxPathInWithinImpact(steps(), 50, 1_000n * E18);
    const worst = (amount: bigint) => pathCost(quotePath(steps(), amount), weth, wbtc).impactBps;
    expect(worst(most)).toBeLessThanOrEqual(50);
    expect(worst(most + most / 1_000n)).toBeGreaterThan(50);
  });

  it('through a pool that is not there, or beyond what one can take, is none', () => {
    expect(stepsOf([first], weth.token, hops)).toBeNull();
    expect(quotePath(steps(), 1n << 200n)).toMatchObject({ complete: false, amountOut: 0n });
    expect(quotePath([], E18).complete).toBe(false);
  });
});
