import { describe, expect, it } from 'vitest';
import { asset, v2Pool, v3Pool } from '../testing/fixtures.ts';
import { type PricedHop, sliceLegOf } from './leg.ts';
import { fillSlackBps } from './slack.ts';

const holding = { targetBps: 5_000, bandBps: 500, value: 1 };
const weth = asset(0, { symbol: 'WETH', decimals: 18, price: 2_000, ...holding });
const usdc = asset(1, { symbol: 'USDC', decimals: 6, price: 1, ...holding });
const wbtc = asset(2, { symbol: 'WBTC', decimals: 8, price: 60_000, ...holding });
const MARKET = { sigma: 0.8, blockTimeS: 12 };

const hop = (pool: PricedHop['pool'], from: typeof weth, to: typeof weth): PricedHop => ({
  pool,
  tokenIn: from.token,
  tokenOut: to.token,
  priceInUsdE8: from.priceUsdE8,
  decimalsIn: from.decimals,
});

describe('a leg as a schedule sees it', () => {
  const first = hop(v2Pool(1, weth, usdc, 1_000_000n), weth, usdc);
  const second = hop(v3Pool(2, usdc, wbtc, 500, 1_000_000n), usdc, wbtc);

  it('of one pool is that pool, in dollars', () => {
    const leg = sliceLegOf(10_000, [first], MARKET, 50);
    expect(leg.depthUsd).toBeCloseTo(1_000_000, 3);
    expect(leg.feePips).toBeCloseTo(3_000, 6);
    expect(leg.sandwichCapUsd).toBeCloseTo(3_013.5, 0);
    expect(leg.recoveryBlocks).toBeCloseTo(37, 0);
    expect(leg.sizeUsd).toBe(10_000);
  });

  it('of two pools has both fees, both impacts, the lower threshold and the longer recovery', () => {
    const [a, b] = [sliceLegOf(10_000, [first], MARKET, 50), sliceLegOf(10_000, [second], MARKET, 50)];
    const leg = sliceLegOf(10_000, [first, second], MARKET, 50);
    expect(b.depthUsd).toBeCloseTo(4_000_000, -2);
    expect(1 / leg.depthUsd).toBeCloseTo(1 / a.depthUsd + 1 / b.depthUsd, 15);
    expect(leg.feePips).toBeCloseTo(3_000 + 500 - 1.5, 6);
    expect(b.sandwichCapUsd).toBeLessThan(a.sandwichCapUsd);
    expect(leg.sandwichCapUsd).toBe(b.sandwichCapUsd);
    expect(leg.recoveryBlocks).toBe(a.recoveryBlocks);
  });

  it('is given the slack that the market needs and no more', () => {
    expect(fillSlackBps(0.8, 24, 1)).toBe(Math.ceil(1.645 * 4.933 * Math.SQRT2));
    expect(fillSlackBps(0.01, 12, 3)).toBe(3);
  });
});
