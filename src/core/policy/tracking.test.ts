import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { squaredDrift, yearlySavingUsdE8 } from '../saving.ts';
import { RULE, USD } from '../testing/fixtures.ts';
import { evenRisk, trackingSavingUsdE8, trackingVarianceE12 } from './tracking.ts';
import { covarianceOf, trackingVariance } from './trackingBall.ts';

const anyValues = fc.array(fc.bigInt({ min: 0n, max: 10n ** 16n }), { minLength: 6, maxLength: 6 });

describe('tracking variance', () => {
  it('is d Sigma d of the covariance it stands for', () => {
    const risk = { volatilitiesBps: [8_000, 6_000, 0], correlationBps: 6_000 };
    const values = [450n * USD, 320n * USD, 230n * USD];
    const targets = [400n * USD, 350n * USD, 250n * USD];
    const exact = trackingVarianceE12(values, targets, risk);
    const float = trackingVariance([50, -30, -20], covarianceOf([0.8, 0.6, 0], 0.6));
    expect(Number(exact) / 1e28).toBeCloseTo(float, 9);
    expect(float).toBeCloseTo(0.64 * 2_500 + 0.36 * 900 - 2 * 0.6 * 0.48 * 1_500, 9);
  });

  it('gives the saving of independent assets of one volatility as before, to the unit', () => {
    fc.assert(
      fc.property(anyValues, anyValues, anyValues, (before, after, targets) => {
        const nav = before.reduce((a, v) => a + v, 0n);
        const risk = evenRisk(6, RULE.volatilityBps);
        const of = (values: readonly bigint[]) => trackingVarianceE12(values, targets, risk);
        expect(trackingSavingUsdE8(RULE.riskAversionE2, nav, of(before), of(after))).toBe(
          yearlySavingUsdE8(RULE, nav, squaredDrift(before, targets), squaredDrift(after, targets)),
        );
      }),
      { numRuns: 200, seed: 51 },
    );
  });

  it('counts a drift between assets that move together for less', () => {
    const [values, targets] = [
      [550n * USD, 450n * USD],
      [500n * USD, 500n * USD],
    ];
    const at = (correlationBps: number) =>
      trackingVarianceE12(values, targets, { volatilitiesBps: [8_000, 8_000], correlationBps });
    expect(at(9_000)).toBe(at(0) / 10n);
    expect(at(10_000)).toBe(0n);
    // Against cash, correlation changes nothing.
    const cash = (correlationBps: number) =>
      trackingVarianceE12(values, targets, { volatilitiesBps: [8_000, 0], correlationBps });
    expect(cash(9_000)).toBe(cash(0));
  });
});
