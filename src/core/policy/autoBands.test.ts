import { describe, expect, it } from 'vitest';
import { KeelError } from '../errors.ts';
import { type AutoInputs, autoBands } from './autoBands.ts';
import { optimalBand } from './optimalBand.ts';
import { bandsRule, simulate } from './testing/market.ts';
import { covarianceOf } from './trackingBall.ts';

const WEIGHTS = [3_500, 2_500, 2_000, 1_500, 500];
const VOLATILITIES = [0.6, 0.8, 0.9, 1, 1.1];

const FIVE: AutoInputs = {
  targets: WEIGHTS.map((targetBps, i) => ({ symbol: `T${i}`, targetBps, cost: 0.003, bandBps: null })),
  portfolioUsd: 100_000,
  gasUsd: 5,
  preference: { riskAversion: 3 },
  risk: { relativeVolatility: 0.65 },
  looksPerYear: 8_760,
  varianceScale: 1,
  destinationBps: null,
};

function failure(inputs: AutoInputs): KeelError {
  try {
    autoBands(inputs);
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const PER_ASSET = FIVE.risk;
const BALL = { covariance: covarianceOf(VOLATILITIES, 0.6) };

describe('auto bands', () => {
  it('are the optimum of each asset where the vault can hold it', () => {
    const two = autoBands({
      ...FIVE,
      targets: FIVE.targets.slice(0, 2).map((t) => ({ ...t, targetBps: 5_000 })),
      looksPerYear: Number.POSITIVE_INFINITY,
    });
    // The row k = 5e-5, 30 bp of the table: h = 7.5 points, b = 2.5 points.
    expect(two.bands.map((b) => b.bandBps)).toEqual([750, 750]);
    expect(two.destinationBps).toBe(3_333);
    expect(two.addedCost).toBeLessThan(1e-6);
    expect(two.trackingError).toBeCloseTo(0.65 * Math.sqrt((0.075 ** 2 + 0.025 ** 2) / 6), 9);
  });

  it('are set narrower by what a look comes too late', () => {
    const rare = autoBands({ ...FIVE, looksPerYear: 365 });
    const often = autoBands({ ...FIVE, looksPerYear: Number.POSITIVE_INFINITY });
    for (const [i, b] of rare.bands.entries()) expect(b.bandBps).toBeLessThan(often.bands[i]?.bandBps ?? 0);
  });

  it('lose less than a tenth of a percent to the one destination of the vault', () => {
    for (const gasUsd of [0.5, 5, 50]) {
      const { addedCost } = autoBands({ ...FIVE, gasUsd });
      expect(addedCost).toBeGreaterThan(0);
      expect(addedCost).toBeLessThan(0.001);
    }
  });

  it('lose more where costs differ by asset, and any other share loses more still', () => {
    const targets = FIVE.targets.map((t, i) => ({ ...t, cost: i < 2 ? 0.0005 : 0.01 }));
    const best = autoBands({ ...FIVE, targets });
    expect(best.addedCost).toBeGreaterThan(0.001);
    expect(best.addedCost).toBeLessThan(0.03);
    for (const destinationBps of [0, best.destinationBps - 1_000, best.destinationBps + 1_000, 8_000])
      expect(autoBands({ ...FIVE, targets, destinationBps }).addedCost).toBeGreaterThan(best.addedCost);
  });

  it('cost in a market what they promise, per asset and out of one ball', () => {
    for (const risk of [PER_ASSET, BALL]) {
      const auto = autoBands({ ...FIVE, risk });
      const triggers = auto.bands.map((b) => b.bandBps / 10_000);
      const seen = simulate(
        {
          weights: WEIGHTS.map((w) => w / 10_000),
          volatilities: VOLATILITIES,
          correlation: 0.6,
          looksPerYear: 8_760,
          years: 150,
          riskAversion: 3,
          seed: 8,
        },
        { fixed: 5e-5, proportional: 0.003 },
        bandsRule(
          triggers,
          triggers.map((h) => (h * auto.destinationBps) / 10_000),
        ),
      );
      // The study's own bands cost 25.6 bp, its ball 25.8.
      expect(Math.abs(seen.cost / 25.7e-4 - 1)).toBeLessThan(0.03);
      if (risk === BALL) expect(Math.abs(auto.trackingError / seen.trackingError - 1)).toBeLessThan(0.06);
    }
  });

  it('take a preference as tracking error and show it as risk aversion, and back', () => {
    for (const risk of [PER_ASSET, BALL]) {
      const byGamma = autoBands({ ...FIVE, risk });
      const byError = autoBands({ ...FIVE, risk, preference: { trackingError: byGamma.trackingError } });
      expect(byError.riskAversion).toBeCloseTo(3, 8);
      expect(byError.bands.map((b) => b.bandBps)).toEqual(byGamma.bands.map((b) => b.bandBps));
    }
  });

  it('keep a band that the owner chose', () => {
    const targets = FIVE.targets.map((t, i) => ({ ...t, bandBps: i === 0 ? 200 : null }));
    const auto = autoBands({ ...FIVE, targets });
    expect(auto.bands[0]?.bandBps).toBe(200);
    expect(auto.addedCost).toBeGreaterThan(autoBands(FIVE).addedCost);
    for (const destinationBps of [autoBands(FIVE).destinationBps, auto.destinationBps - 300, auto.destinationBps + 300])
      expect(autoBands({ ...FIVE, targets, destinationBps }).addedCost).toBeGreaterThan(auto.addedCost);
  });

  it('widen with costs, with gas and with targets that move', () => {
    const wider = [
      { ...FIVE, gasUsd: 10 },
      { ...FIVE, targets: FIVE.targets.map((t) => ({ ...t, cost: 0.005 })) },
      { ...FIVE, varianceScale: 2 },
      { ...FIVE, portfolioUsd: 50_000 },
    ];
    const base = autoBands(FIVE);
    for (const inputs of wider)
      for (const [i, b] of autoBands(inputs).bands.entries())
        expect(b.optimal.trigger).toBeGreaterThan(base.bands[i]?.optimal.trigger ?? 0);
  });

  it('do not depend on the order of targets', () => {
    for (const risk of [PER_ASSET, BALL]) {
      const there = autoBands({ ...FIVE, risk });
      const turned = 'covariance' in risk ? { covariance: covarianceOf(VOLATILITIES.toReversed(), 0.6) } : risk;
      const back = autoBands({ ...FIVE, targets: FIVE.targets.toReversed(), risk: turned });
      expect(back.bands.toReversed().map((b) => b.bandBps)).toEqual(there.bands.map((b) => b.bandBps));
      expect(back.destinationBps).toBe(there.destinationBps);
    }
  });

  it('say so where the vault cannot hold the optimum, with a way out', () => {
    const narrow = failure({ ...FIVE, gasUsd: 0, targets: FIVE.targets.map((t) => ({ ...t, cost: 1e-6 })) });
    expect([narrow.code, narrow.field, narrow.exit]).toEqual(['BAND_TOO_NARROW', 'targets.T0.band', 2]);
    expect(narrow.message).toContain('Write { "points": 0.5 }');
    const wide = failure({ ...FIVE, portfolioUsd: 50 });
    expect(wide.code).toBe('BAND_TOO_WIDE');
    const small = failure({ ...FIVE, gasUsd: 250 });
    expect([small.code, small.field]).toEqual(['BAND_WIDER_THAN_TARGET', 'targets.T4.band']);
    expect(
      optimalBand({ weight: 0.05, fixed: 25e-4, proportional: 0.003, riskAversion: 3, varianceScale: 1 }).trigger,
    ).toBeGreaterThan(0.05);
    // The way out works.
    const targets = FIVE.targets.map((t) => ({ ...t, bandBps: t.symbol === 'T4' ? 500 : null }));
    expect(autoBands({ ...FIVE, gasUsd: 250, targets }).bands[4]?.bandBps).toBe(500);
  });

  it('name the volatility that is missing', () => {
    const covariance = covarianceOf([0.6, Number.NaN, 0.9, 1, 1.1], 0.6);
    expect(failure({ ...FIVE, risk: { covariance } }).value).toBe('60%, none, 90%, 100%, 110%');
  });

  it('name what is wrong with an input', () => {
    const rows: [AutoInputs, string][] = [
      [{ ...FIVE, portfolioUsd: 0 }, 'auto.portfolioUsd'],
      [{ ...FIVE, gasUsd: Number.NaN }, 'auto.gasUsd'],
      [{ ...FIVE, preference: { riskAversion: -1 } }, 'rule.riskAversion'],
      [{ ...FIVE, preference: { trackingError: 0 } }, 'auto.maxTrackingErrorPercent'],
      [{ ...FIVE, preference: { trackingError: 1e9 } }, 'auto.maxTrackingErrorPercent'],
      [{ ...FIVE, looksPerYear: 0 }, 'auto.looksPerYear'],
      [{ ...FIVE, varianceScale: 0 }, 'auto.varianceScale'],
      [{ ...FIVE, risk: { relativeVolatility: 0 } }, 'rule.volatilityPercent'],
      [{ ...FIVE, risk: { covariance: [[1]] } }, 'auto.volatilities'],
      [{ ...FIVE, risk: { covariance: covarianceOf([0, 0, 0, 0, 0], 0) } }, 'auto.volatilities'],
      [{ ...FIVE, targets: FIVE.targets.slice(1) }, 'targets'],
      [{ ...FIVE, targets: FIVE.targets.map((t) => ({ ...t, cost: 1 })) }, 'targets.T0.band.auto.costPercent'],
    ];
    for (const [inputs, field] of rows)
      expect([failure(inputs).code, failure(inputs).field]).toEqual(['AUTO_BAND_INVALID', field]);
  });
});
