import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divergence, leastPathLoss, linearPath, midpoint, pathLoss, sphericalPath } from './weightPath.ts';

/** Lambert's W for x >= 0. */
function lambertW(x: number): number {
  let w = Math.log1p(x);
  for (let i = 0; i < 50; i++) {
    const e = Math.exp(w);
    const step = (w * e - x) / (e * (w + 1));
    w -= step;
    if (Math.abs(step) < 1e-15 * (1 + w)) break;
  }
  return w;
}

/** The best point between two others: ln(w/a) - b/w = mu in every asset, with mu such that the weights sum to one. */
function between(a: readonly number[], b: readonly number[]): number[] {
  const at = (mu: number) => a.map((ai, i) => (b[i] ?? 0) / lambertW(((b[i] ?? 0) / ai) * Math.exp(-mu)));
  let lo = -50;
  let hi = 50;
  for (let i = 0; i < 80; i++) {
    const mu = (lo + hi) / 2;
    if (at(mu).reduce((x, y) => x + y, 0) < 1) lo = mu;
    else hi = mu;
  }
  return at((lo + hi) / 2);
}

/** The cheapest path by relaxing one point after the other. */
function optimalPath(from: readonly number[], to: readonly number[], steps: number): number[][] {
  const path = sphericalPath(from, to, steps);
  for (let round = 0; round < 150; round++)
    for (let i = 1; i < steps; i++) path[i] = between(path[i - 1] ?? [], path[i + 1] ?? []);
  return path;
}

const BPS = 1e4;

describe('T7 weight paths', () => {
  it.each([
    [[0.5, 0.5], [0.9, 0.1], 3_079, [420.92, 413.94, 413.89], [43.75, 42.83], [4.393, 4.298]],
    [[0.1, 0.9], [0.9, 0.1], 8_276, [1_611.96, 1_581.79, 1_579.42], [174.24, 170.51], [17.56, 17.18]],
    [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], 3_924, [521.36, 513.63, 513.55], [53.95, 52.98], [5.414, 5.314]],
    [[0.5, 0.5], [0.55, 0.45], 50, [5.015, 5.015, 5.015], [0.502, 0.502], [0.05, 0.05]],
  ])('T7 %j to %j loses what the table says', (from, to, once, ten, hundred, thousand) => {
    const linear = (n: number) => pathLoss(linearPath(from, to, n)) * BPS;
    const spherical = (n: number) => pathLoss(sphericalPath(from, to, n)) * BPS;
    const near = (x: number, expected: number | undefined) =>
      expect(Math.abs(x - (expected ?? Number.NaN))).toBeLessThanOrEqual(0.01);
    expect(Math.abs(linear(1) - once)).toBeLessThanOrEqual(0.5);
    near(linear(10), ten[0]);
    near(spherical(10), ten[1]);
    near(pathLoss(optimalPath(from, to, 10)) * BPS, ten[2]);
    near(linear(100), hundred[0]);
    near(spherical(100), hundred[1]);
    near(linear(1_000), thousand[0]);
    near(spherical(1_000), thousand[1]);
  });

  const weights = (n: number) =>
    fc.array(fc.double({ min: 1e-3, max: 1, noNaN: true }), { minLength: n, maxLength: n }).map((raw) => {
      const sum = raw.reduce((a, b) => a + b, 0);
      return raw.map((x) => x / sum);
    });
  const pair = fc.integer({ min: 2, max: 8 }).chain((n) => fc.tuple(weights(n), weights(n)));

  it('T7 the midpoint without trigonometry is that of the great circle', () => {
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const [, middle = []] = sphericalPath(from, to, 2);
        for (const [i, w] of midpoint(from, to).entries()) expect(Math.abs(w - (middle[i] ?? 0))).toBeLessThan(1e-12);
      }),
      { numRuns: 1_000 },
    );
  });

  it('paths start and end where they should, and every point sums to one', () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: 1, max: 20 }), ([from, to], n) => {
        for (const path of [linearPath(from, to, n), sphericalPath(from, to, n)]) {
          expect(path).toHaveLength(n + 1);
          for (const [i, w] of from.entries()) expect(path[0]?.[i]).toBeCloseTo(w, 12);
          for (const [i, w] of to.entries()) expect(path[n]?.[i]).toBeCloseTo(w, 12);
          for (const point of path) expect(point.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        }
      }),
    );
  });

  it('nears the bound as the steps get finer, and stays put at no cost', () => {
    const [from, to] = [
      [0.5, 0.5],
      [0.9, 0.1],
    ];
    const ratio = (n: number) =>
      pathLoss(sphericalPath(from ?? [], to ?? [], n)) / leastPathLoss(from ?? [], to ?? [], n);
    expect(Math.abs(ratio(1_000) - 1)).toBeLessThan(1e-3);
    expect(Math.abs(ratio(1_000) - 1)).toBeLessThan(Math.abs(ratio(10) - 1));
    expect(pathLoss(sphericalPath([0.3, 0.7], [0.3, 0.7], 5))).toBe(0);
    expect(divergence([0, 1], [0.5, 0.5])).toBeCloseTo(Math.LN2, 12);
  });
});
