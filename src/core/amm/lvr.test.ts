import { describe, expect, it } from 'vitest';
import { normals, uniforms } from '../testing/normal.ts';
import { seeded } from '../testing/random.ts';
import {
  arbitrageProbability,
  arbitrageShareOfLvrFixed,
  arbitrageShareOfLvrPoisson,
  concentrationMultiple,
  gasHalfWidth,
  impermanentLoss,
  lvrRate,
  positionAt,
  rangeImpermanentLoss,
  rangeLvrRate,
} from './lvr.ts';

const two = (w: number, variance: number) =>
  lvrRate(
    [w, 1 - w],
    [
      [variance, 0],
      [0, 0],
    ],
  );

describe('T4 impermanent loss and LVR', () => {
  const ratios = [1.25, 1.5, 1.75, 2, 3, 4, 5, 0.5];
  it.each([
    [0.5, [-0.619, -2.02, -3.791, -5.719, -13.397, -20, -25.464, -5.719]],
    [0.8, [-0.38, -1.203, -2.206, -3.272, -7.376, -10.84, -13.717, -4.275]],
    [0.95, [-0.111, -0.346, -0.63, -0.93, -2.081, -3.062, -3.887, -1.403]],
    [0.98, [-0.045, -0.142, -0.258, -0.381, -0.851, -1.253, -1.593, -0.592]],
  ])('T4 loses what the table says at a weight of %d', (w, percents) => {
    const losses = ratios.map((r) => impermanentLoss([w, 1 - w], [r, 1]) * 100);
    for (const [i, percent] of percents.entries()) expect(Math.abs((losses[i] ?? 0) - percent)).toBeLessThan(1e-3);
  });

  it('T4 gives the LVR of two and three assets', () => {
    expect(two(0.5, 0.05 ** 2) * 1e4).toBeCloseTo(3.125, 9);
    expect(two(0.5, 0.05 ** 2) * 365 * 100).toBeCloseTo(11.41, 2);
    expect(two(0.8, 0.05 ** 2) * 1e4).toBeCloseTo(2, 9);
    expect(two(0.5, 0.64)).toBeCloseTo(0.08, 12);
    expect(two(0.8, 0.64)).toBeCloseTo(0.0512, 12);
    const third = [1 / 3, 1 / 3, 1 / 3];
    expect(
      lvrRate(third, [
        [0.64, 0, 0],
        [0, 0.64, 0],
        [0, 0, 0.64],
      ]),
    ).toBeCloseTo(0.2133, 4);
    expect(
      lvrRate(third, [
        [0.64, 0.64, 0.64],
        [0.64, 0.64, 0.64],
        [0.64, 0.64, 0.64],
      ]),
    ).toBeCloseTo(0, 12);
  });

  it('T4 multiplies by the concentration', () => {
    const m = [1.1, 1.2, 1.5, 2, 4].map(concentrationMultiple);
    for (const [i, x] of [21.49, 11.48, 5.45, 3.41, 2].entries()) expect(m[i]).toBeCloseTo(x, 2);
    for (const r of [1.1, 1.2, 1.5, 2, 4]) {
      const p = { liquidity: 7, lower: 100 / r, upper: 100 * r };
      const multiple = rangeLvrRate(p, 100, 0.8) / positionAt(p, 100).value / two(0.5, 0.64);
      expect(multiple).toBeCloseTo(concentrationMultiple(r), 9);
    }
  });

  it('T4 loses in ranges what the table says', () => {
    const at = (r: number) =>
      [1.1, 0.9, 1.2, 0.8].map((p) => rangeImpermanentLoss({ liquidity: 1, lower: 1 / r, upper: r }, 1, p) * 100);
    /** {1e-3 %} */
    const expected = { 1.2: [1_302, 1_591, 4_752, 6_869], 2: [387, 473, 1_414, 2_114] };
    for (const [r, row] of Object.entries(expected))
      for (const [i, x] of at(Number(r)).entries()) expect(Math.abs(x * 1_000 + (row[i] ?? 0))).toBeLessThan(1);
  });

  it('has neither LVR nor two coins outside the range', () => {
    const p = { liquidity: 3, lower: 4, upper: 9 };
    expect(rangeLvrRate(p, 4, 0.8)).toBe(0);
    expect(rangeLvrRate(p, 16, 0.8)).toBe(0);
    expect(positionAt(p, 16)).toEqual({ amount0: 0, amount1: 3, value: 3 });
    expect(positionAt(p, 1)).toEqual({ amount0: 0.5, amount1: 0, value: 0.5 });
  });
});

const DAY_SIGMA = 0.05 / Math.sqrt(86_400);

/** Mean share of LVR taken by arbitrage of a constant-product pool, and share of blocks with one. */
function simulate(fee: number, blockS: number, poisson: boolean, blocks: number): { traded: number; share: number } {
  const random = seeded(20_260_101);
  const normal = normals(random);
  const uniform = uniforms(random);
  const sigma = DAY_SIGMA * Math.sqrt(blockS);
  let z = 0;
  let profit = 0;
  let trades = 0;
  for (let i = 0; i < blocks; i++) {
    z += (poisson ? sigma * Math.sqrt(-Math.log(1 - uniform())) : sigma) * normal();
    const beyond = Math.abs(z) - fee;
    if (beyond <= 0) continue;
    trades++;
    // Value V = 2: V/2 e^(+-f/2) (e^(x/2) - 2 + e^(-x/2)), per unit of V.
    profit += 0.5 * Math.exp((Math.sign(z) * fee) / 2) * (Math.exp(beyond / 2) - 2 + Math.exp(-beyond / 2));
    z = Math.sign(z) * fee;
  }
  return { traded: trades / blocks, share: profit / (blocks * two(0.5, sigma * sigma)) };
}

describe('T6 arbitrage with fees and block times', () => {
  it('T6 gives the table of probabilities', () => {
    const seconds = [600, 120, 12, 2, 0.05];
    const table: readonly (readonly [number, readonly number[]])[] = [
      [1, [96.7, 92.9, 80.6, 63, 21.2]],
      [5, [85.5, 72.5, 45.5, 25.4, 5.1]],
      [10, [74.7, 56.9, 29.4, 14.5, 2.6]],
      [30, [49.5, 30.5, 12.2, 5.4, 0.9]],
      [100, [22.8, 11.6, 4, 1.7, 0.3]],
    ];
    for (const [bps, row] of table)
      for (const [i, percent] of row.entries()) {
        const p = arbitrageProbability(bps / 1e4, DAY_SIGMA * Math.sqrt(seconds[i] ?? 0)) * 100;
        expect(Math.abs(p - percent)).toBeLessThanOrEqual(0.0501);
      }
  });

  it('T6 agrees with a simulation of Poisson blocks', () => {
    const s = simulate(0.003, 12, true, 4_000_000);
    const sigma = DAY_SIGMA * Math.sqrt(12);
    expect(Math.abs(s.share - 0.122)).toBeLessThan(0.002);
    expect(Math.abs(s.traded - arbitrageProbability(0.003, sigma))).toBeLessThan(0.002);
    expect(arbitrageShareOfLvrPoisson(0.003, sigma)).toBeCloseTo(0.122, 3);
  });

  it.each([
    [0.0001, 2, 1_000_000],
    [0.0005, 12, 2_000_000],
    [0.003, 12, 8_000_000],
  ])('T6 agrees with a simulation of fixed blocks at a fee of %d every %d s', (fee, blockS, blocks) => {
    const expected = arbitrageShareOfLvrFixed(fee, DAY_SIGMA * Math.sqrt(blockS));
    expect(Math.abs(simulate(fee, blockS, false, blocks).share / expected - 1)).toBeLessThan(0.015);
  });

  it('pays for the gas at the edge of the wider band, and not before', () => {
    const z = gasHalfWidth(5, 1_000_000);
    const profit = (x: number) => 500_000 * (Math.exp(x / 2) - 2 + Math.exp(-x / 2));
    expect(profit(z)).toBeCloseTo(5, 4);
    expect(gasHalfWidth(0, 1_000_000)).toBe(0);
  });
});
