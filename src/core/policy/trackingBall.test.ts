import { describe, expect, it } from 'vitest';
import { bandTrackingError, optimalBand } from './optimalBand.ts';
import { riskAversionFor, type Setting, trackingErrorOf } from './preference.ts';
import { bandsRule, type Market, type Rebalance, simulate } from './testing/market.ts';
import {
  ballCost,
  ballTrackingError,
  covarianceOf,
  driftShape,
  isCovariance,
  optimalBall,
  trackingVariance,
} from './trackingBall.ts';

const WEIGHTS = [0.35, 0.25, 0.2, 0.15, 0.05];
const VOLATILITIES = [0.6, 0.8, 0.9, 1, 1.1];
const COVARIANCE = covarianceOf(VOLATILITIES, 0.6);
const SHAPE = driftShape(WEIGHTS, COVARIANCE);

const five: Market = {
  weights: WEIGHTS,
  volatilities: VOLATILITIES,
  correlation: 0.6,
  looksPerYear: 8 * 365,
  years: 600,
  riskAversion: 3,
  seed: 5,
};

function setting(fixed: number, proportional: number): Setting {
  return { shape: SHAPE, fixed, proportional, varianceScale: 1 };
}

function ballRule(trigger: number, destination: number): Rebalance {
  return (d) => {
    let [squares, linear] = [0, 0];
    for (let i = 0; i < d.length; i++) {
      const risk = (VOLATILITIES[i] ?? 0) * (d[i] ?? 0);
      squares += risk * risk;
      linear += risk;
    }
    const variance = 0.4 * squares + 0.6 * linear * linear;
    if (variance <= trigger * trigger) return false;
    const scale = destination / Math.sqrt(variance);
    for (let i = 0; i < d.length; i++) d[i] = (d[i] ?? 0) * scale;
    return true;
  };
}

describe('T3 five assets', () => {
  it('T3 costs 45 to 47 bp a year with one ball, as equation (5) says, and bands per asset cost at most 4 % more', () => {
    const model = { ...setting(5e-4, 30e-4), riskAversion: 3 };
    const ball = optimalBall(model);
    expect(ballCost(model, ball) * 1e4).toBeCloseTo(46.9, 0);
    const seen = simulate(five, model, ballRule(ball.trigger, ball.destination));
    expect(seen.cost).toBeGreaterThan(45e-4);
    expect(seen.cost).toBeLessThan(47e-4);
    expect(Math.abs(ballTrackingError(SHAPE, ball) / seen.trackingError - 1)).toBeLessThan(0.03);
    const bands = WEIGHTS.map((weight) =>
      optimalBand({ weight, fixed: 5e-4, proportional: 30e-4, riskAversion: 3, varianceScale: 1 }),
    );
    const perAsset = simulate(
      five,
      model,
      bandsRule(
        bands.map((b) => b.trigger),
        bands.map((b) => b.destination),
      ),
    );
    expect(perAsset.cost).toBeLessThan(seen.cost * 1.04);
  });
});

describe('the tracking ball', () => {
  it('is the band when there are two assets', () => {
    const model = { fixed: 5e-4, proportional: 30e-4, riskAversion: 3, varianceScale: 1 };
    const shape = driftShape([0.3, 0.7], covarianceOf([0.8, 0], 0));
    expect(shape.relativeVolatilities[0]).toBeCloseTo(0.8, 12);
    expect(shape.reach).toBeCloseTo(1, 12);
    const ball = optimalBall({ ...model, shape });
    const band = optimalBand({ ...model, weight: 0.3 });
    expect(ball.trigger / 0.8).toBeCloseTo(band.trigger, 12);
    expect(ball.destination / 0.8).toBeCloseTo(band.destination, 12);
    expect(ballTrackingError(shape, ball)).toBeCloseTo(bandTrackingError(0.8, band), 12);
  });

  it('is the least of equation (5)', () => {
    for (const [fixed, proportional] of [
      [5e-4, 30e-4],
      [5e-6, 5e-4],
      [0, 30e-4],
      [5e-4, 0],
    ] as const) {
      const model = { ...setting(fixed, proportional), riskAversion: 3 };
      const ball = optimalBall(model);
      const least = ballCost(model, ball);
      for (const f of [0.9, 0.99, 1.01, 1.1])
        for (const g of [0.9, 0.99, 1, 1.01, 1.1]) {
          const trigger = ball.trigger * f;
          const destination = Math.min(ball.destination * g, fixed === 0 ? trigger : trigger * 0.999);
          expect(ballCost(model, { trigger, destination })).toBeGreaterThan(least);
        }
    }
  });

  it('does not depend on the order of assets, and takes an asset without risk', () => {
    const order = [3, 1, 4, 0, 2];
    const at = <T>(xs: readonly T[]): T[] => order.flatMap((i) => xs.slice(i, i + 1));
    const other = driftShape(at(WEIGHTS), covarianceOf(at(VOLATILITIES), 0.6));
    expect(other.growth).toBeCloseTo(SHAPE.growth, 14);
    expect(other.turnover).toBeCloseTo(SHAPE.turnover, 12);
    expect(other.reach).toBeCloseTo(SHAPE.reach, 12);
    const withCash = driftShape([0.5, 0.3, 0.2], covarianceOf([0.8, 0.6, 0], 0.5));
    expect(withCash.relativeVolatilities.every((v) => v > 0.3 && v < 0.9)).toBe(true);
  });

  it('knows what no covariance can be', () => {
    expect(isCovariance(COVARIANCE)).toBe(true);
    expect(isCovariance(covarianceOf([0.8, 0.6, 0], 1))).toBe(true);
    expect(isCovariance(covarianceOf([0.8, 0.6, 0.5], -0.6))).toBe(false);
    expect(isCovariance(covarianceOf([0.8, Number.NaN], 0))).toBe(false);
    expect(isCovariance(covarianceOf([0, 0], 0))).toBe(false);
    expect(
      isCovariance([
        [0.4, 0.1],
        [0.2, 0.4],
      ]),
    ).toBe(false);
    // Nothing left of its own, but a covariance with another: impossible.
    expect(
      isCovariance([
        [0, 0.1],
        [0.1, 0.4],
      ]),
    ).toBe(false);
  });

  it('measures d Sigma d', () => {
    expect(trackingVariance([0.1, -0.1], covarianceOf([0.8, 0], 0))).toBeCloseTo(0.0064, 15);
    expect(trackingVariance([0.1, -0.1], covarianceOf([0.5, 0.5], 1))).toBeCloseTo(0, 15);
  });
});

describe('the preference', () => {
  it('reads the same as risk aversion and as tracking error', () => {
    for (const gamma of [0.5, 3, 20]) {
      const error = trackingErrorOf(setting(5e-5, 30e-4), gamma);
      expect(riskAversionFor(setting(5e-5, 30e-4), error)).toBeCloseTo(gamma, 8);
    }
    expect(trackingErrorOf(setting(5e-5, 30e-4), 20)).toBeLessThan(trackingErrorOf(setting(5e-5, 30e-4), 3));
  });

  it('has no gamma where trading is free', () => {
    expect(riskAversionFor(setting(0, 0), 0.02)).toBeNull();
  });
});
