import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BandModel, bandCost, bandTrackingError, optimalBand, overshoot, tradesPerYear } from './optimalBand.ts';
import { bandsRule, type Market, simulate } from './testing/market.ts';

function model(weight: number, fixed: number, proportional: number, riskAversion = 3): BandModel {
  return { weight, fixed, proportional, riskAversion, varianceScale: 1 };
}

type Ggms = { readonly mu: number; readonly sigma: number; readonly gamma: number; readonly spread: number };

/**
 * Half-width of the exact no-trade region under proportional costs (Gerhold, Guasoni, Muhle-Karbe, Schachermayer): a
 * Riccati equation with free boundaries, solved by Runge-Kutta and bisection in the gap between them.
 */
function exactHalfWidth({ mu, sigma, gamma, spread }: Ggms): number {
  const v = gamma * sigma * sigma;
  const miss = (gap: number): number => {
    const product = (gamma * (mu - gap) * (mu + gap)) / (v * v);
    const slope = (w: number): number => -((1 - gamma) * w * w + ((2 * mu) / (sigma * sigma) - 1) * w - product);
    const end = Math.log(((mu + gap) * (mu - gap - v)) / ((1 - spread) * (mu - gap) * (mu + gap - v)));
    const step = end / 2_000;
    let w = (mu - gap) / v;
    for (let i = 0; i < 2_000; i++) {
      const a = slope(w);
      const b = slope(w + (step / 2) * a);
      const c = slope(w + (step / 2) * b);
      const d = slope(w + step * c);
      w += (step / 6) * (a + 2 * b + 2 * c + d);
    }
    return w - (mu + gap) / v;
  };
  const share = mu / v;
  const first = v * Math.cbrt((3 / (4 * gamma)) * (share * (1 - share)) ** 2 * spread);
  let [low, high] = [0.4 * first, Math.min(1.8 * first, 0.999 * mu, 0.999 * Math.abs(v - mu))];
  const below = miss(low) > 0;
  expect(miss(high) > 0).toBe(!below);
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (miss(middle) > 0 === below) low = middle;
    else high = middle;
  }
  return (low + high) / 2 / v;
}

describe('T2 no-trade band', () => {
  // mu, sigma, gamma, spread, formula (3)
  const rows: readonly [number, number, number, number, number][] = [
    [0.08, 0.16, 5, 0.01, 0.04351],
    [0.08, 0.16, 5, 0.001, 0.02019],
    [0.08, 0.16, 5, 0.02, 0.05481],
    [0.3, 0.8, 1.5, 0.006, 0.05174],
    [0.3, 0.8, 1.5, 0.002, 0.03588],
  ];
  for (const [mu, sigma, gamma, spread, formula] of rows)
    it(`T2 is within 1.6 %, to one decimal, of the exact free boundary for mu ${mu}, sigma ${sigma}, spread ${spread}`, () => {
      const band = optimalBand(model(mu / (gamma * sigma * sigma), 0, spread / 2, gamma));
      expect(Math.abs(band.trigger - formula)).toBeLessThan(1e-4);
      expect(band.destination).toBe(band.trigger);
      const exact = exactHalfWidth({ mu, sigma, gamma, spread });
      expect(Math.abs(band.trigger / exact - 1)).toBeLessThan(0.0165);
    });

  it('T2 trades back to the target where only gas costs', () => {
    const band = optimalBand(model(0.5, 5e-4, 0));
    expect(band.trigger).toBeCloseTo(0.105737, 6);
    expect(band.destination).toBe(0);
  });

  it('T2 solves the mixed case in closed form', () => {
    const mixed: readonly [number, number, number, number, number][] = [
      [0.5, 5e-4, 30e-4, 0.112892, 0.013175],
      [0.5, 5e-5, 30e-4, 0.075, 0.025],
      [0.5, 5e-6, 5e-4, 0.041792, 0.013519],
      [0.1, 5e-4, 30e-4, 0.066166, 0.00515],
    ];
    for (const [weight, fixed, proportional, trigger, destination] of mixed) {
      const band = optimalBand(model(weight, fixed, proportional));
      expect(Math.abs(band.trigger - trigger)).toBeLessThan(1e-6);
      expect(Math.abs(band.destination - destination)).toBeLessThan(1e-6);
    }
    const exact = optimalBand(model(0.5, 5e-5, 30e-4));
    expect(exact.trigger).toBeCloseTo(0.075, 14);
    expect(exact.destination).toBeCloseTo(0.025, 14);
  });
});

const anyModel = fc.record({
  weight: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  fixed: fc.oneof(fc.constant(0), fc.double({ min: -18, max: -4, noNaN: true }).map(Math.exp)),
  proportional: fc.double({ min: -10, max: -3, noNaN: true }).map(Math.exp),
  riskAversion: fc.double({ min: 0.1, max: 50, noNaN: true }),
  varianceScale: fc.double({ min: 0.2, max: 5, noNaN: true }),
});

describe('the optimal band', () => {
  it('is where equation (1) is least', () => {
    fc.assert(
      fc.property(
        anyModel,
        fc.double({ min: -0.3, max: 0.3, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (m, x, y) => {
          const best = optimalBand(m);
          expect(best.destination).toBeLessThanOrEqual(best.trigger);
          const trigger = best.trigger * Math.exp(x);
          const other = { trigger, destination: Math.min(trigger * y, m.fixed === 0 ? trigger : trigger * (1 - 1e-9)) };
          expect(bandCost(m, 0.8, best)).toBeLessThanOrEqual(bandCost(m, 0.8, other) * (1 + 1e-9));
        },
      ),
      { numRuns: 500, seed: 11 },
    );
  });

  it('widens with every cost and narrows with aversion', () => {
    fc.assert(
      fc.property(anyModel, fc.double({ min: 1.01, max: 3, noNaN: true }), (m, f) => {
        const { trigger } = optimalBand(m);
        expect(optimalBand({ ...m, fixed: m.fixed * f + 1e-9 }).trigger).toBeGreaterThan(trigger);
        expect(optimalBand({ ...m, proportional: m.proportional * f }).trigger).toBeGreaterThan(trigger * (1 - 1e-12));
        expect(optimalBand({ ...m, riskAversion: m.riskAversion * f }).trigger).toBeLessThan(trigger);
      }),
      { numRuns: 300, seed: 12 },
    );
  });

  it('widens with a moving target by the cube root of its variance, or the fourth root where only gas costs', () => {
    const at = (m: BandModel, varianceScale: number) => optimalBand({ ...m, varianceScale }).trigger;
    const proportional = model(0.4, 0, 0.003);
    expect(at(proportional, 8) / at(proportional, 1)).toBeCloseTo(2, 12);
    const fixed = model(0.4, 5e-4, 0);
    expect(at(fixed, 16) / at(fixed, 1)).toBeCloseTo(2, 12);
  });

  it('goes half-way exactly where k = lambda h / 16', () => {
    const h = 0.06;
    const proportional = (3 * 0.75 * h ** 3) / (3 * 0.0625);
    const band = optimalBand(model(0.5, (proportional * h) / 16, proportional));
    expect(band.destination / band.trigger).toBeCloseTo(0.5, 12);
  });
});

const twoAssets: Market = {
  weights: [0.5, 0.5],
  volatilities: [0.8, 0],
  correlation: 0,
  looksPerYear: 8_760,
  years: 1_000,
  riskAversion: 3,
  seed: 2_026,
};

describe('T3 band Monte Carlo', () => {
  it('T3 costs what equation (1) says, seen hourly over 1,000 years', () => {
    const m = model(0.5, 5e-4, 30e-4);
    const { trigger, destination } = optimalBand(m);
    expect(bandCost(m, 0.8, { trigger, destination }) * 1e4).toBeCloseTo(46.1, 1);
    const seen = simulate(twoAssets, m, bandsRule([trigger, trigger], [destination, destination]));
    expect(Math.abs(seen.cost / 46.1e-4 - 1)).toBeLessThan(0.02);
    expect(Math.abs(seen.trades / 3 - 1)).toBeLessThan(0.05);
    expect(tradesPerYear(m, 0.8, { trigger, destination })).toBeGreaterThan(seen.trades);
    expect(Math.abs(bandTrackingError(0.8, { trigger, destination }) / seen.trackingError - 1)).toBeLessThan(0.03);
  });

  it('T3 costs less when a band seen once a day is set narrower by its overshoot', () => {
    const m = model(0.5, 5e-6, 5e-4);
    const { trigger, destination } = optimalBand(m);
    const daily: Market = { ...twoAssets, looksPerYear: 365, years: 8_000 };
    const beyond = overshoot(m, 0.8, 365);
    const costAt = (h: number) => simulate(daily, m, bandsRule([h, h], [destination, destination])).cost;
    const corrected = costAt(trigger - beyond);
    expect(corrected).toBeLessThan(costAt(trigger) * 0.985);
    expect(corrected).toBeLessThan(costAt(trigger - 2 * beyond) * 0.995);
  });
});
