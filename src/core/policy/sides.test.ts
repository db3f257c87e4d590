import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { USD } from '../testing/fixtures.ts';
import { type PortfolioMode, SIDES, type Side, type SidedAsset, sideIn, tradeLimits } from './sides.ts';

const asset = (dollars: number, targetBps: number, side: Side = 'TRADE'): SidedAsset => ({
  valueUsdE8: BigInt(dollars) * USD,
  targetBps,
  side,
});
const reach = (assets: readonly SidedAsset[], mode: PortfolioMode = { kind: 'SIDES' }): number[] =>
  tradeLimits(assets, mode).map((l) => Number(l.reachUsdE8) / 1e8);

describe('sides', () => {
  it('reach every target where everything may be traded', () => {
    const limits = tradeLimits([asset(50, 4_000), asset(30, 4_000), asset(20, 2_000)], { kind: 'SIDES' });
    expect(limits.map((l) => [l.maxSellUsdE8 / USD, l.maxBuyUsdE8 / USD, l.reachable])).toEqual([
      [10n, 0n, true],
      [0n, 10n, true],
      [0n, 0n, true],
    ]);
  });

  it('leave locked weight out and scale the others', () => {
    // 40 of 100 are locked; the other 60 go 2 : 1.
    const assets = [asset(40, 2_500, 'LOCKED'), asset(10, 5_000), asset(50, 2_500)];
    expect(reach(assets)).toEqual([40, 40, 20]);
    expect(tradeLimits(assets, { kind: 'SIDES' }).map((l) => l.reachable)).toEqual([false, true, true]);
  });

  it('pin what is on the wrong side of what it may do', () => {
    // The first may only be bought and has too much: 50 stay, the other 50 go 1 : 1.
    expect(reach([asset(50, 4_000, 'BUY_ONLY'), asset(40, 3_000), asset(10, 3_000)])).toEqual([50, 25, 25]);
    // The first may only be sold and has too little: 10 stay, the other 90 go 1 : 2.
    expect(reach([asset(10, 4_000, 'SELL_ONLY'), asset(60, 2_000), asset(30, 4_000)])).toEqual([10, 30, 60]);
  });

  it('only buy, with cash', () => {
    const mode = { kind: 'BUY_ONLY', cash: 2 } as const;
    expect(reach([asset(50, 4_000), asset(20, 4_000), asset(30, 2_000)], mode)).toEqual([50, 33.33333334, 16.66666666]);
    expect(sideIn(mode, 'SELL_ONLY', 0)).toBe('LOCKED');
    expect(sideIn(mode, 'BUY_ONLY', 2)).toBe('LOCKED');
    expect(sideIn(mode, 'TRADE', 1)).toBe('BUY_ONLY');
  });

  it('sell nothing that nobody may buy', () => {
    expect(reach([asset(30, 0), asset(70, 10_000, 'LOCKED')])).toEqual([30, 70]);
    expect(reach([asset(0, 4_000), asset(0, 6_000)])).toEqual([0, 0]);
  });

  it('never conjure value, break a side, or move a reachable asset off the common scale', () => {
    const anyAsset = fc.record({
      valueUsdE8: fc.bigInt({ min: 0n, max: 10n ** 16n }),
      targetBps: fc.integer({ min: 0, max: 4_000 }),
      side: fc.constantFrom(...SIDES),
    });
    fc.assert(
      fc.property(
        fc.array(anyAsset, { minLength: 1, maxLength: 10 }),
        fc.option(fc.nat(), { nil: null }),
        (assets, n) => {
          const mode: PortfolioMode = n === null ? { kind: 'SIDES' } : { kind: 'BUY_ONLY', cash: n % assets.length };
          const limits = tradeLimits(assets, mode);
          let [sells, buys] = [0n, 0n];
          for (const [i, l] of limits.entries()) {
            const a = assets[i];
            if (a === undefined) throw new Error('no asset');
            const side = sideIn(mode, a.side, i);
            sells += l.maxSellUsdE8;
            buys += l.maxBuyUsdE8;
            expect(l.reachUsdE8).toBe(a.valueUsdE8 - l.maxSellUsdE8 + l.maxBuyUsdE8);
            expect(l.reachUsdE8).toBeGreaterThanOrEqual(0n);
            if (side === 'LOCKED' || side === 'BUY_ONLY') expect(l.maxSellUsdE8).toBe(0n);
            if (side === 'LOCKED' || side === 'SELL_ONLY') expect(l.maxBuyUsdE8).toBe(0n);
          }
          expect(sells).toBe(buys);
          // Once there, there is nothing more to do but what rounding leaves.
          const moved = assets.map((a, i) => ({ ...a, valueUsdE8: limits[i]?.reachUsdE8 ?? 0n }));
          for (const l of tradeLimits(moved, mode)) {
            expect(l.maxSellUsdE8).toBeLessThanOrEqual(BigInt(assets.length));
            expect(l.maxBuyUsdE8).toBeLessThanOrEqual(BigInt(assets.length));
          }
          const scaled = limits.flatMap((l, i) => {
            const targetBps = BigInt(assets[i]?.targetBps ?? 0);
            return l.reachable && targetBps > 0n ? [{ reach: l.reachUsdE8, targetBps }] : [];
          });
          for (const x of scaled)
            for (const y of scaled) {
              const apart = x.reach * y.targetBps - y.reach * x.targetBps;
              expect(apart <= 2n * (x.targetBps + y.targetBps) && -apart <= 2n * (x.targetBps + y.targetBps)).toBe(
                true,
              );
            }
        },
      ),
      { numRuns: 500, seed: 41 },
    );
  });
});
