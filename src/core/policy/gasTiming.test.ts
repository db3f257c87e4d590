import { describe, expect, it } from 'vitest';
import { KeelError } from '../errors.ts';
import { USD } from '../testing/fixtures.ts';
import { bandNow, bestWait, checkHourlyGas, leastUsefulTradeUsdE8, tradeHorizon, waitSentence } from './gasTiming.ts';
import { optimalBand } from './optimalBand.ts';

const GWEI = 1e9;
/** 10 to 30 gwei at night (0 to 6 UTC), 30 to 50 gwei by day. */
const TABLE: HourlyGas = {
  probabilities: [0, 0.5, 1],
  quantilesWei: Array.from({ length: 24 }, (_, h) =>
    h < 6 ? [10 * GWEI, 20 * GWEI, 30 * GWEI] : [30 * GWEI, 40 * GWEI, 50 * GWEI],
  ),
};
/** 20:30 UTC */
const EVENING = 19_700 * 86_400 + 20 * 3_600 + 1_800;
const NOW = {
  now: EVENING,
  gasPriceWei: 40n * 10n ** 9n,
  gasUsdE8: 10n * USD,
  yearlySavingUsdE8: 876n * USD,
  hours: 12,
};

import type { HourlyGas } from '../types.ts';

describe('waiting for gas', () => {
  it('weighs the gas of the best hour against tracking until then', () => {
    const w = bestWait(NOW, TABLE);
    expect(w.until).toBe(19_701 * 86_400);
    expect(w.waitS).toBe(12_600);
    // 20 instead of 40 gwei on average; 3.5 hours of 10 cents.
    expect(w.gasSavedUsdE8).toBe(5n * USD);
    expect(w.trackingUsdE8).toBe(35_000_000n);
    expect([w.fallsBps, w.worthIt]).toEqual([10_000, true]);
    expect(waitSentence(w)).toBe(
      'Waiting 4 h is expected to save $5.00 of gas (100.0 percent chance that it falls) and costs $0.35 of tracking.',
    );
  });

  it('does not wait when drift costs more than gas saves, or gas is at its lowest', () => {
    expect(bestWait({ ...NOW, yearlySavingUsdE8: 20_000n * USD }, TABLE).worthIt).toBe(false);
    const cheap = bestWait({ ...NOW, gasPriceWei: 10n * 10n ** 9n }, TABLE);
    expect([cheap.worthIt, cheap.fallsBps]).toEqual([false, 0]);
    expect(waitSentence(cheap)).toMatch(/is expected to cost \$[\d.]+ more gas/);
    expect(bestWait({ ...NOW, gasUsdE8: 0n }, TABLE).worthIt).toBe(false);
    expect(bestWait({ ...NOW, gasPriceWei: 0n }, TABLE).worthIt).toBe(false);
  });

  it('looks no further than it may', () => {
    const w = bestWait({ ...NOW, hours: 2 }, TABLE);
    expect(w.waitS).toBeLessThanOrEqual(2 * 3_600);
    expect(w.worthIt).toBe(false);
  });

  it('is monotone: dearer gas now makes waiting worth more, more drift makes it worth less', () => {
    const net = (change: Partial<typeof NOW>) => {
      const w = bestWait({ ...NOW, ...change }, TABLE);
      return w.gasSavedUsdE8 - w.trackingUsdE8;
    };
    for (let gwei = 12n; gwei < 90n; gwei += 7n)
      expect(net({ gasPriceWei: (gwei + 7n) * 10n ** 9n })).toBeGreaterThanOrEqual(
        net({ gasPriceWei: gwei * 10n ** 9n }),
      );
    for (let usd = 0n; usd < 30_000n; usd += 3_000n)
      expect(net({ yearlySavingUsdE8: (usd + 3_000n) * USD })).toBeLessThanOrEqual(
        net({ yearlySavingUsdE8: usd * USD }),
      );
  });

  it('keeps its word about the expected gas, drawn from the table', () => {
    const w = bestWait({ ...NOW, gasPriceWei: 24n * 10n ** 9n }, TABLE);
    // Even steps through the quantiles of the night: E = 20 gwei, P(< 24) = 0.7.
    expect(w.fallsBps).toBe(7_000);
    expect(w.gasSavedUsdE8).toBe((10n * USD * 166_666n) / 1_000_000n);
  });

  it('refuses a table that is none', () => {
    const bad: HourlyGas[] = [
      { ...TABLE, quantilesWei: TABLE.quantilesWei.slice(1) },
      { ...TABLE, probabilities: [0, 0.5] },
      { ...TABLE, probabilities: [0, 0.5, 0.9] },
      { ...TABLE, quantilesWei: TABLE.quantilesWei.map((row) => row.toReversed()) },
    ];
    for (const table of bad) expect(() => checkHourlyGas(table)).toThrow(KeelError);
    expect(() => checkHourlyGas(TABLE)).not.toThrow();
  });
});

describe('the band at the gas price of now', () => {
  const model = { weight: 0.5, proportional: 0.003, riskAversion: 3, varianceScale: 1 };

  it('calls for a trade at cheap gas and for patience at dear gas', () => {
    const at = (fixed: number) => bandNow([{ ...model, fixed }], [0.08])?.ratio ?? 0;
    expect(at(5e-5)).toBeGreaterThan(1);
    expect(at(5e-4)).toBeLessThan(1);
  });

  it('is that of the asset furthest beyond', () => {
    const models = [0.1, 0.4, 0.5].map((weight) => ({ ...model, weight, fixed: 5e-5 }));
    const worst = bandNow(models, [0.03, -0.08, 0.05]);
    expect(worst?.index).toBe(1);
    expect(bandNow([], [])).toBeNull();
  });
});

describe('the least useful trade', () => {
  it('saves its gas within its horizon, and a dollar less does not', () => {
    const use = {
      gasUsdE8: 3n * USD,
      navUsdE8: 100_000n * USD,
      riskAversionE2: 300,
      volatilityBps: 8_000,
      horizonS: 31_536_000,
    };
    const least = leastUsefulTradeUsdE8(use);
    const saved = (drift: bigint) => (1.5 * 0.64 * (Number(drift) / 1e8) ** 2) / 100_000;
    expect(saved(least)).toBeGreaterThanOrEqual(3);
    expect(saved(least - USD)).toBeLessThan(3);
    expect(leastUsefulTradeUsdE8({ ...use, gasUsdE8: 12n * USD })).toBeLessThanOrEqual(2n * least);
    expect(leastUsefulTradeUsdE8({ ...use, gasUsdE8: 0n })).toBe(0n);
  });

  it('has the horizon at which one asset on the edge gains nothing by a trade', () => {
    const { trigger } = optimalBand({ weight: 0.5, fixed: 0, proportional: 0.003, riskAversion: 3, varianceScale: 1 });
    const years = tradeHorizon(0.003, 3, 0.8, trigger);
    // gamma tau sigma^2 h = lambda: the marginal benefit of the horizon is the marginal cost.
    expect(3 * years * 0.64 * trigger).toBeCloseTo(0.003, 12);
  });
});
