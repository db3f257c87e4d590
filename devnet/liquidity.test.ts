import { describe, expect, it } from 'vitest';
import { feeBand, isqrt, rangesOf, sqrtPriceOf } from './liquidity.ts';

const eth = { priceUsdE8: 157_850_000_000n, decimals: 18 };
const usdc = { priceUsdE8: 100_000_000n, decimals: 6 };
const Q192 = 1n << 192n;

describe('liquidity', () => {
  it('takes floors of square roots', () => {
    for (const n of [0n, 1n, 2n, 3n, 4n, 15n, 16n, 17n, 10n ** 40n - 1n, 10n ** 40n, (1n << 256n) - 1n]) {
      const r = isqrt(n);
      expect(r * r <= n && n < (r + 1n) * (r + 1n)).toBe(true);
    }
  });

  it('prices a pool as token1 per token0 in base units, in either order', () => {
    const price = (Number(sqrtPriceOf(eth, usdc)) / 2 ** 96) ** 2;
    expect(price).toBeCloseTo(1578.5e-12, 18);
    const inverse = (Number(sqrtPriceOf(usdc, eth)) / 2 ** 96) ** 2;
    expect(price * inverse).toBeCloseTo(1, 12);
  });

  it('leaves no gain at the edges of the band and some gain beyond them', () => {
    for (const feePips of [500, 3_000]) {
      const { low, high } = feeBand(eth, usdc, feePips);
      const market = { num: eth.priceUsdE8 * 10n ** 6n, den: usdc.priceUsdE8 * 10n ** 18n };
      const keep = 1_000_000n - BigInt(feePips);
      // Below: token0 costs pool price / (1 - fee). Above: token0 brings pool price * (1 - fee).
      const buys = (s: bigint): boolean => s * s * 1_000_000n * market.den < market.num * keep * Q192;
      const sells = (s: bigint): boolean => s * s * keep * market.den > market.num * 1_000_000n * Q192;
      expect([buys(low), buys(low - 2n), sells(high), sells(high + 2n)]).toEqual([false, true, false, true]);
    }
  });

  it('nests ten ranges in a full one, the widest useful after a fall by 60 %', () => {
    const sqrt = sqrtPriceOf(eth, usdc);
    const tick = Math.log((Number(sqrt) / 2 ** 96) ** 2) / Math.log(1.0001);
    for (const [feePips, spacing] of [
      [500, 10],
      [3_000, 60],
    ] as const) {
      const ranges = rangesOf(sqrt, feePips, 10n ** 18n);
      expect(ranges).toHaveLength(11);
      for (const r of ranges) {
        expect([Math.abs(r.lower % spacing), Math.abs(r.upper % spacing)]).toEqual([0, 0]);
        expect(r.lower < tick && tick < r.upper).toBe(true);
      }
      const fallen = tick + Math.log(0.4) / Math.log(1.0001);
      expect(ranges.filter((r) => r.lower < fallen).length).toBeGreaterThanOrEqual(2);
      const total = ranges.reduce((s, r) => s + r.liquidity, 0n);
      expect(10n ** 18n - total).toBeLessThan(11n);
    }
  });
});
