import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOW, randomAssets, snapshotOf, wethOver } from './testing/fixtures.ts';
import { seeded } from './testing/random.ts';
import { abs, BPS, divNearest, divUp, mulDiv, mulDivUp, pow10 } from './units.ts';
import { assetViews, driftBps, nav, portfolioValue, valueUsdE8 } from './value.ts';

describe('integer division', () => {
  const big = fc.bigInt({ min: 0n, max: 1n << 256n });
  const positive = fc.bigInt({ min: 1n, max: 1n << 128n });

  it('mulDiv and mulDivUp enclose the exact quotient', () => {
    fc.assert(
      fc.property(big, big, positive, (a, b, d) => {
        const down = mulDiv(a, b, d);
        const up = mulDivUp(a, b, d);
        expect(down * d).toBeLessThanOrEqual(a * b);
        expect(up * d).toBeGreaterThanOrEqual(a * b);
        expect(up - down).toBe((a * b) % d === 0n ? 0n : 1n);
        expect(divUp(a, d)).toBe(mulDivUp(a, 1n, d));
      }),
    );
  });

  it('rounds halves up', () => {
    expect([5n, 14n, 15n, 16n].map((x) => divNearest(x, 10n))).toEqual([1n, 1n, 2n, 2n]);
  });

  it('knows the powers of ten that fit a word, and no others', () => {
    expect(pow10(0)).toBe(1n);
    expect(pow10(77)).toBe(10n ** 77n);
    expect(() => pow10(78)).toThrow(RangeError);
    expect(() => pow10(-1)).toThrow(RangeError);
  });
});

describe('value', () => {
  it('is balance times price over 10^decimals, rounded down', () => {
    expect(valueUsdE8(15n * 10n ** 17n, 200_000_000_000n, 18)).toBe(300_000_000_000n);
    expect(valueUsdE8(1n, 199_999_999_999n, 18)).toBe(0n);
    expect(valueUsdE8(1_999_999n, 100_000_001n, 6)).toBe(199_999_901n);
  });

  it('is unknown, hence 0, while any price is bad', () => {
    const { assets } = wethOver(0).vault;
    expect(nav(assets)).toBe(portfolioValue(assets).navUsdE8);
    expect(nav(assets.map((a, i) => (i === 1 ? { ...a, priceStatus: 'STALE' } : a)))).toBe(0n);
  });
});

describe('drift', () => {
  it('is beyond the band exactly when the vault says so, to the last unit', () => {
    const navUsdE8 = 10n ** 12n;
    const edge = (navUsdE8 * 4_500n) / BPS;
    expect(driftBps(edge, 4_000, navUsdE8)).toBe(500);
    expect(driftBps(edge + 1n, 4_000, navUsdE8)).toBe(501);
    expect(driftBps((navUsdE8 * 3_500n) / BPS - 1n, 4_000, navUsdE8)).toBe(-501);
    expect(driftBps(0n, 4_000, 0n)).toBe(0);
  });

  it('agrees with the exact comparison on random portfolios', () => {
    const r = seeded(11);
    for (let i = 0; i < 2_000; i++) {
      const assets = randomAssets(r, r.int(1, 6), r.magnitude(10n ** 6n, 10n ** 18n));
      const { values, navUsdE8 } = portfolioValue(assets);
      for (const [k, a] of assets.entries()) {
        const outside = abs((values[k] ?? 0n) * BPS - BigInt(a.targetBps) * navUsdE8) > BigInt(a.bandBps) * navUsdE8;
        expect(Math.abs(driftBps(values[k] ?? 0n, a.targetBps, navUsdE8)) > a.bandBps).toBe(outside);
      }
    }
  });
});

describe('assetViews', () => {
  it('shows weight as target plus drift, and the age of the price at the block', () => {
    const [weth, usdc, wbtc] = assetViews(wethOver(6_000));
    expect([weth?.weightBps, weth?.driftBps, weth?.valueUsdE8]).toEqual([4_600, 600, 46_000n * 10n ** 8n]);
    expect([usdc?.weightBps, usdc?.driftBps]).toEqual([3_400, -600]);
    expect([wbtc?.weightBps, wbtc?.driftBps, wbtc?.priceAgeS]).toEqual([2_000, 0, 60]);
  });

  it('claims no weights while a price is missing', () => {
    const s = wethOver(6_000);
    const assets = s.vault.assets.map((a, i) =>
      i === 0 ? { ...a, priceStatus: 'UNREACHABLE' as const, priceUsdE8: 0n } : a,
    );
    for (const v of assetViews(snapshotOf(assets, []))) expect([v.weightBps, v.driftBps]).toEqual([0, 0]);
    expect(assetViews(snapshotOf([], []))).toEqual([]);
    expect(NOW).toBe(s.block.time);
  });
});
