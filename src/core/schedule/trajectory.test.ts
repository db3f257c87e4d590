import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timingVariance, trajectory, urgency } from './trajectory.ts';

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);

/** What Almgren and Chriss minimise, per Q^2 and without the constant fee. */
function objective(shares: readonly number[], aversion: number, variance: number, depth: number): number {
  return sum(shares.map((s) => (s * s) / depth)) + aversion * timingVariance(shares, variance);
}

const problems = fc.tuple(
  fc.integer({ min: 2, max: 30 }),
  fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
  fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
  fc.double({ min: 1e3, max: 1e9, noNaN: true }),
);

describe('the trajectory of a risk-averse order', () => {
  it('follows sinh(kappa (T - t)) / sinh(kappa T)', () => {
    const a = urgency(1e-6, 1e-4, 1e9);
    expect(2 * (Math.cosh(a) - 1)).toBeCloseTo(1e-6 * 1e-4 * 1e9, 12);
    const shares = trajectory(10, a, 1);
    let left = 1;
    for (const [j, share] of shares.entries()) {
      left -= share;
      expect(left).toBeCloseTo(Math.sinh(a * (9 - j)) / Math.sinh(a * 10), 12);
    }
  });

  it('is the optimum: no shift between two slices improves it', () => {
    fc.assert(
      fc.property(problems, fc.nat(), fc.nat(), ([n, aversion, variance, depth], i, j) => {
        const shares = trajectory(n, urgency(aversion, variance, depth), 1);
        expect(sum(shares)).toBeCloseTo(1, 12);
        const best = objective(shares, aversion, variance, depth);
        for (const d of [1e-3, -1e-3]) {
          const other = shares.with(i % n, (shares[i % n] ?? 0) + d);
          const shifted = other.with(j % n, (other[j % n] ?? 0) - d);
          expect(objective(shifted, aversion, variance, depth)).toBeGreaterThanOrEqual(best * (1 - 1e-12));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('with a cap on each share is the optimum among those below it', () => {
    const pairs = fc.tuple(problems, fc.double({ min: 1, max: 3, noNaN: true }), fc.nat(), fc.nat());
    fc.assert(
      fc.property(pairs, ([[n, aversion, variance, depth], room, i, j]) => {
        const cap = Math.min(1, room / n);
        const shares = trajectory(n, urgency(aversion, variance, depth), cap);
        expect(sum(shares)).toBeCloseTo(1, 12);
        for (const s of shares) expect(s).toBeLessThanOrEqual(cap + 1e-12);
        const [from, to] = [i % n, j % n];
        const d = Math.min(1e-4, shares[from] ?? 0, cap - (shares[to] ?? 0));
        fc.pre(d > 1e-9 && from !== to);
        const shifted = shares.with(from, (shares[from] ?? 0) - d).with(to, (shares[to] ?? 0) + d);
        const best = objective(shares, aversion, variance, depth);
        expect(objective(shifted, aversion, variance, depth)).toBeGreaterThanOrEqual(best * (1 - 1e-12));
      }),
      { numRuns: 500 },
    );
  });

  it('is even without risk aversion, and bears sigma Q sqrt(T / 3)', () => {
    for (const s of trajectory(7, urgency(0, 1e-4, 1e9), 1)) expect(s).toBeCloseTo(1 / 7, 12);
    const n = 1_000;
    const perStep = 1e-4;
    const ratio = timingVariance(trajectory(n, 0, 1), perStep) / ((n * perStep) / 3);
    expect(Math.abs(ratio - 1)).toBeLessThan(2e-3);
  });

  it('does not overflow when waiting is unbearable', () => {
    const shares = trajectory(50, 100, 1);
    expect(shares[0]).toBe(1);
    expect(sum(shares)).toBe(1);
  });
});
