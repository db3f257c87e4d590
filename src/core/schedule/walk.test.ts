import { describe, expect, it } from 'vitest';
import { normals, uniforms } from '../testing/normal.ts';
import { seeded } from '../testing/random.ts';
import { dutchRelaxation } from './dutch.ts';
import { overshootSigmas, sigmaOver, WALK_OVERSHOOT } from './walk.ts';

/** Mean overshoot and time of a demand that starts `start` volatilities above the market. */
function simulate(decay: number, start: number, runs: number): { overshoot: number; blocks: number } {
  const random = seeded(15);
  const normal = normals(random);
  const uniform = uniforms(random);
  let overshoot = 0;
  let blocks = 0;
  for (let i = 0; i < runs; i++) {
    // A start spread over a few steps: no more than any real one does it hit the level in step with the decay.
    let gap = start + 5 * (uniform() - 0.5);
    for (; gap > 0; blocks++) gap += normal() - decay;
    overshoot -= gap;
  }
  return { overshoot: overshoot / runs, blocks: blocks / runs };
}

describe('T15 Dutch auctions', () => {
  it.each([
    [0.25, 0.65, 60_000],
    [0.5, 0.72, 150_000],
    [1, 0.88, 200_000],
    [2, 1.25, 200_000],
  ])('T15 a decay of %d volatilities a block overshoots by %d', (decay, expected, runs) => {
    expect(Math.abs(overshootSigmas(decay) / expected - 1)).toBeLessThan(0.02);
    const s = simulate(decay, 12, runs);
    expect(Math.abs(s.overshoot / expected - 1)).toBeLessThan(0.02);
    expect(Math.abs(s.overshoot / overshootSigmas(decay) - 1)).toBeLessThan(0.01);
    expect(Math.abs(s.blocks / ((12 + overshootSigmas(decay)) / decay) - 1)).toBeLessThan(0.01);
  });

  it('starts at the overshoot of a walk without drift and goes over into its other formula smoothly', () => {
    expect(overshootSigmas(1e-9)).toBeCloseTo(WALK_OVERSHOOT, 8);
    expect(Math.abs(overshootSigmas(3) - overshootSigmas(3.000_001))).toBeLessThan(1e-3);
    for (let d = 0.05; d < 5; d += 0.05) expect(overshootSigmas(d + 0.05)).toBeGreaterThan(overshootSigmas(d));
    expect(() => overshootSigmas(0)).toThrow(RangeError);
  });

  it('relaxes by half a volatility a block, from a start that latency widens', () => {
    const order = { sigma: 0.8, blockTimeS: 12, latencyBlocks: 1, maxSlip: 0.01, sizeUsd: 100_000, fillerGasUsd: 5 };
    const r = dutchRelaxation(order);
    const block = sigmaOver(0.8, 12);
    expect(block * 1e4).toBeCloseTo(4.93, 2);
    expect(r.decayPerBlock).toBeCloseTo(block / 2, 12);
    expect((r.expectedGiveUp - 5 / 100_000) * 1e4).toBeCloseTo(3.54, 2);
    expect(r.start / block).toBeCloseTo(2.5, 9);
    expect(r.relaxS).toBe(Math.ceil(((r.start + 0.01) / r.decayPerBlock) * 12));
    expect(r.expectedS).toBeCloseTo((2 * (r.start + r.expectedGiveUp) * 12) / block, 6);
    const slow = dutchRelaxation({ ...order, latencyBlocks: 4 });
    expect(slow.start / r.start).toBeCloseTo(2, 9);
    expect(dutchRelaxation({ ...order, sizeUsd: 1_000 }).expectedGiveUp).toBeGreaterThan(r.expectedGiveUp);
  });
});
