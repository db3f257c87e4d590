import { describe, expect, it } from 'vitest';
import { fillGasUnits, gasUsdE8, sliceGasUnits } from './gas.ts';
import { NEVER_DAYS, paybackDays, paysBackWithin, squaredDrift, yearlySavingUsdE8 } from './saving.ts';
import { RULE, USD } from './testing/fixtures.ts';

describe('the yearly saving', () => {
  it('is the tracking-error term of equation (1), in dollars', () => {
    // gamma 3, volatility 80 %, $1m, one asset 5 points over and one 5 points under:
    // 1.5 * 0.64 * 1,000,000 * (0.05^2 + 0.05^2) = 4,800
    const nav = 1_000_000n * USD;
    const before = squaredDrift([550_000n * USD, 450_000n * USD], [500_000n * USD, 500_000n * USD]);
    expect(yearlySavingUsdE8(RULE, nav, before, 0n)).toBe(4_800n * USD);
    expect(yearlySavingUsdE8(RULE, nav, before, before)).toBe(0n);
    expect(yearlySavingUsdE8(RULE, nav, 0n, before)).toBe(-4_800n * USD);
    expect(yearlySavingUsdE8(RULE, 0n, before, 0n)).toBe(0n);
  });

  it('grows with the square of volatility and of drift', () => {
    const of = (volatilityBps: number, drift: bigint) =>
      yearlySavingUsdE8({ ...RULE, volatilityBps }, 10n ** 14n, drift * drift * 10n ** 16n, 0n);
    expect(of(8_000, 300n)).toBe(4n * of(4_000, 300n));
    expect(of(8_000, 600n)).toBe(4n * of(8_000, 300n));
  });
});

describe('payback', () => {
  it('is cost over saving in whole days, rounded up', () => {
    expect(paybackDays(10n * USD, 365n * USD)).toBe(10);
    expect(paybackDays(10n * USD + 1n, 365n * USD)).toBe(11);
    expect(paybackDays(0n, 0n)).toBe(0);
    expect(paysBackWithin(10n * USD, 365n * USD, 10)).toBe(true);
    expect(paysBackWithin(10n * USD + 1n, 365n * USD, 10)).toBe(false);
  });

  it('never comes when nothing is saved, and stays an integer', () => {
    expect(paybackDays(1n, 0n)).toBe(NEVER_DAYS);
    expect(paybackDays(1n, -5n)).toBe(NEVER_DAYS);
    expect(paybackDays(10n ** 30n, 1n)).toBe(NEVER_DAYS);
  });
});

describe('gas', () => {
  it('costs units times price times the native coin, rounded up', () => {
    const gas = { baseFeeWei: 20n * 10n ** 9n, priorityFeeWei: 10n ** 9n, scaleE4: 10_000, nativeUsdE8: 2_000n * USD };
    expect(gasUsdE8(100_000n, gas)).toBe(420_000_000n); // 0.0021 native
    expect(gasUsdE8(1n, { ...gas, baseFeeWei: 1n, priorityFeeWei: 0n })).toBe(1n);
    expect(gasUsdE8(0n, gas)).toBe(0n);
  });

  it('counts begin once, every first touch of a token, and every tick crossed', () => {
    expect(sliceGasUnits(true, 5) - sliceGasUnits(false, 5)).toBe(
      sliceGasUnits(true, 4) - sliceGasUnits(false, 4) + 21_000n,
    );
    expect(fillGasUnits('UNISWAP_V3', 2, 1) - fillGasUnits('UNISWAP_V3', 0, 0)).toBe(2n * 27_000n + 21_000n);
    expect(fillGasUnits('UNISWAP_V2', 0, 0)).toBeLessThan(fillGasUnits('UNISWAP_V3', 0, 0));
  });
});
