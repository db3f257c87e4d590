import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { USD } from '../testing/fixtures.ts';
import { targetValueUsdE8 } from '../value.ts';
import { type Held, raiseWithdrawal, spendDeposit } from './cashFlow.ts';

function held(dollars: number, targetBps: number, volatilityBps = 6_000, tradable = true): Held {
  return { valueUsdE8: BigInt(dollars) * USD, targetBps, volatilityBps, tradable };
}

const dollars = (xs: readonly bigint[]): number[] => xs.map((x) => Number(x) / 1e8);
const sum = (xs: readonly bigint[]): bigint => xs.reduce((a, x) => a + x, 0n);

describe('a deposit', () => {
  it('buys the most underweight until it is level with the next, in dollars of drift', () => {
    // Of 100,000 in all, targets 40 / 30 / 20 / 10; the deposit is 6,000 of the last.
    const assets = [held(35_000, 4_000), held(28_000, 3_000), held(21_000, 2_000), held(16_000, 1_000)];
    // Drifts before it is spent: -5,000, -2,000, +1,000, 0. First -5,000 to -2,000, then both to -500.
    expect(dollars(spendDeposit(assets, 3, 6_000n * USD))).toEqual([4_500, 1_500, 0, 0]);
  });

  it('keeps what its own asset is short of, and buys nothing that is locked', () => {
    const assets = [held(50_000, 5_000, 6_000, false), held(20_000, 3_000), held(30_000, 2_000)];
    // Drifts: locked 0, -10,000, and 30,000 - 20,000 - 20,000 = -10,000 of the cash itself.
    expect(dollars(spendDeposit(assets, 2, 20_000n * USD))).toEqual([0, 10_000, 10_000]);
    const locked = [held(30_000, 5_000, 6_000, false), held(30_000, 3_000), held(40_000, 2_000)];
    expect(dollars(spendDeposit(locked, 2, 20_000n * USD))).toEqual([0, 10_000, 10_000]);
  });

  it('levels drift times variance where volatilities differ', () => {
    const assets = [held(40_000, 5_000, 8_000), held(40_000, 5_000, 4_000), held(20_000, 0, 0)];
    const [a = 0, b = 0, c = 0] = dollars(spendDeposit(assets, 2, 15_000n * USD));
    expect(c).toBe(0);
    // 64 (10,000 - a) = 16 (10,000 - b) with a + b = 15,000
    expect([a, b]).toEqual([9_000, 6_000]);
  });

  it('gives the units that do not divide to the first', () => {
    const assets = [
      held(0, 3_000),
      held(0, 3_000),
      held(0, 3_000),
      { ...held(0, 1_000, 6_000, false), valueUsdE8: 100n },
    ];
    expect(spendDeposit(assets, 3, 100n)).toEqual([30n, 30n, 30n, 10n]);
    const odd = [held(0, 3_000), held(0, 3_000), held(0, 3_000), { ...held(0, 1_000), valueUsdE8: 102n }];
    expect(spendDeposit(odd, 3, 102n)).toEqual([31n, 31n, 30n, 10n]);
  });

  it('leaves a riskless rest in its own asset', () => {
    const assets = [held(45_000, 5_000), held(45_000, 5_000), held(20_000, 0, 0)];
    const [a = 0, b = 0, c = 0] = dollars(spendDeposit(assets, 2, 20_000n * USD));
    expect([a, b, c]).toEqual([10_000, 10_000, 0]);
  });
});

describe('a withdrawal', () => {
  it('is raised from the most overweight, its own asset included', () => {
    // 90,000 stay: targets 36,000 / 27,000 / 27,000; drifts +14,000, -2,000, -2,000.
    const assets = [held(50_000, 4_000), held(25_000, 3_000), held(25_000, 3_000)];
    expect(dollars(raiseWithdrawal(assets, 2, 10_000n * USD))).toEqual([10_000, 0, 0]);
    // 60,000 stay: drifts +26,000, +7,000, +7,000; 40,000 leave them all at 0.
    expect(dollars(raiseWithdrawal(assets, 2, 40_000n * USD))).toEqual([26_000, 7_000, 7_000]);
  });

  it('gives all there is when more is asked for', () => {
    const assets = [held(10, 5_000), held(20, 5_000, 6_000, false), held(5, 0)];
    expect(dollars(raiseWithdrawal(assets, 2, 1_000n * USD))).toEqual([10, 0, 5]);
  });
});

const anyAssets = fc.array(
  fc.record({
    valueUsdE8: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    targetBps: fc.integer({ min: 1, max: 3_000 }),
    volatilityBps: fc.integer({ min: 1, max: 12_000 }),
    tradable: fc.boolean(),
  }),
  { minLength: 2, maxLength: 8 },
);

/** The cost that is levelled: sum of variance * drift^2. */
function cost(assets: readonly Held[], values: readonly bigint[], nav: bigint): bigint {
  return assets.reduce((a, x, i) => {
    const drift = (values[i] ?? 0n) - targetValueUsdE8(x.targetBps, nav);
    return a + BigInt(x.volatilityBps) ** 2n * drift * drift;
  }, 0n);
}

describe('cash flow', () => {
  it('sums to the unit, stays within what may be traded, and no exchange of a dollar lowers the cost', () => {
    fc.assert(
      fc.property(
        anyAssets,
        fc.boolean(),
        fc.nat(),
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        (assets, deposit, n, money) => {
          const cash = n % assets.length;
          const own = assets[cash]?.valueUsdE8 ?? 0n;
          const amount = deposit ? (money < own ? money : own) : money;
          const moved = deposit ? spendDeposit(assets, cash, amount) : raiseWithdrawal(assets, cash, amount);
          const most = sum(assets.map((a, i) => (a.tradable || i === cash ? a.valueUsdE8 : 0n)));
          expect(sum(moved)).toBe(deposit || amount < most ? amount : most);
          for (const [i, x] of moved.entries()) {
            expect(x).toBeGreaterThanOrEqual(0n);
            if (assets[i]?.tradable === false && i !== cash) expect(x).toBe(0n);
            if (!deposit) expect(x).toBeLessThanOrEqual(assets[i]?.valueUsdE8 ?? 0n);
          }
          const all = sum(assets.map((a) => a.valueUsdE8));
          const nav = deposit ? all : all > amount ? all - amount : 0n;
          const valuesOf = (xs: readonly bigint[]): bigint[] =>
            assets.map((a, i) => {
              const x = xs[i] ?? 0n;
              return deposit ? a.valueUsdE8 - (i === cash ? amount : 0n) + x : a.valueUsdE8 - x;
            });
          const least = cost(assets, valuesOf(moved), nav);
          for (const i of assets.keys())
            for (const j of assets.keys()) {
              const other = [...moved];
              if (i === j || (assets[j]?.tradable === false && j !== cash) || (other[i] ?? 0n) < USD) continue;
              if (!deposit && (other[j] ?? 0n) + USD > (assets[j]?.valueUsdE8 ?? 0n)) continue;
              other[i] = (other[i] ?? 0n) - USD;
              other[j] = (other[j] ?? 0n) + USD;
              expect(cost(assets, valuesOf(other), nav)).toBeGreaterThanOrEqual(least);
            }
        },
      ),
      { numRuns: 400, seed: 31 },
    );
  });
});
