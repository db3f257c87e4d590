import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normals, uniforms } from '../testing/normal.ts';
import { seeded } from '../testing/random.ts';
import { pushLeft, recoveryBlocks } from './recovery.ts';
import {
  fastSlicesCostUsd,
  idealSliceCount,
  type SlicedLeg,
  slicesCostUsd,
  slowSlicesCostUsd,
  swapCostUsd,
} from './slicing.ts';
import { sigmaOver } from './walk.ts';

const SIGMA = 0.8;
const BLOCK_S = 12;

function leg(feePips: number, sizeUsd = 100_000): SlicedLeg {
  return { sizeUsd, depthUsd: 10_000_000, feePips, recoveryBlocks: recoveryBlocks(feePips, SIGMA, BLOCK_S) };
}

const even = (n: number): number[] => Array.from({ length: n }, () => 1 / n);

/**
 * Mean loss against the price on arrival: slices into a constant-product pool that arbitrage brings back, block by block, to the
 * edge of its fee band, while the market walks. The market's own move has mean zero and is taken out, to need fewer paths.
 */
function simulate(l: SlicedLeg, count: number, spacing: number, paths: number): number {
  const random = seeded(13);
  const normal = normals(random);
  const uniform = uniforms(random);
  const fee = l.feePips / 1e6;
  const edge = -Math.log(1 - fee);
  const step = sigmaOver(SIGMA, BLOCK_S);
  const q = l.sizeUsd / count;
  let lost = 0;
  for (let path = 0; path < paths; path++) {
    // Log price of the pool over the market's: stationary inside the band.
    let gap = edge * (2 * uniform() - 1);
    let market = 0;
    let got = 0;
    for (let s = 0; s < count; s++) {
      const root = Math.exp((market + gap) / 2);
      const x = l.depthUsd / root;
      const y = l.depthUsd * root;
      const kept = q * (1 - fee);
      const out = (y * kept) / (x + kept);
      got += out - q * Math.expm1(market);
      gap = Math.log((y - out) / (x + kept)) - market;
      for (let block = 0; block < spacing; block++) {
        const move = step * normal();
        market += move - (step * step) / 2;
        gap = Math.max(-edge, Math.min(edge, gap - move));
      }
    }
    lost += l.sizeUsd - got;
  }
  return lost / paths;
}

describe('T13 cost of slices', () => {
  it('T13 the ideal number of slices is Q / sqrt(R g), as a scan finds it', () => {
    const free = { depthUsd: 10_000_000, feePips: 500 };
    const cost = (n: number) => n * swapCostUsd(free, 100_000 / n) + n * 5;
    expect(idealSliceCount(100_000, 10_000_000, 5)).toBeCloseTo(14.14, 2);
    const counts = Array.from({ length: 400 }, (_, i) => i + 1);
    expect(counts.reduce((a, n) => (cost(n) < cost(a) ? n : a))).toBe(14);
    expect(cost(1)).toBeCloseTo(1_044, 0);
    expect(cost(14)).toBeCloseTo(191, 0);
    const dear = { depthUsd: 10_000_000, feePips: 3_000 };
    expect(swapCostUsd(dear, 100_000) + 5).toBeCloseTo(1_289, 0);
    expect(14 * swapCostUsd(dear, 100_000 / 14) + 70).toBeCloseTo(441, 0);
  });

  it('T13 twenty slices in twenty blocks at 30 bp cost $608 in simulation, and nearly that by formula', () => {
    const simulated = simulate(leg(3_000), 20, 1, 10_000);
    expect(Math.abs(simulated / 608 - 1)).toBeLessThan(0.03);
    expect(fastSlicesCostUsd(leg(3_000), 20)).toBeCloseTo(635, 6);
  });

  it.each([
    [500, 5, 1, 290],
    [500, 20, 1, 149],
    [500, 20, 5, 109],
    [500, 20, 25, 101],
    [3_000, 5, 1, 729],
    [3_000, 20, 1, 608],
    [3_000, 20, 5, 550],
    [3_000, 20, 25, 416],
  ])('the model of recovery holds at %d pips, %d slices, %d blocks apart', (feePips, count, spacing, usd) => {
    const l = leg(feePips);
    const { swapUsd, recoveryUsd } = slicesCostUsd(l, even(count), spacing);
    const modelled = swapUsd + recoveryUsd;
    expect(Math.abs(modelled / usd - 1)).toBeLessThan(0.08);
    const simulated = simulate(l, count, spacing, 3_000);
    // Errs on the dear side.
    expect(modelled / simulated).toBeGreaterThan(0.99);
    expect(modelled / simulated).toBeLessThan(1.08);
  });

  it('lies between slices long apart and slices in quick succession', () => {
    const args = fc.tuple(
      fc.constantFrom(100, 500, 3_000, 10_000),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 3_000 }),
      fc.double({ min: 100, max: 300_000, noNaN: true }),
    );
    fc.assert(
      fc.property(args, ([feePips, count, spacing, size]) => {
        const l = leg(feePips, size);
        const { swapUsd, recoveryUsd } = slicesCostUsd(l, even(count), spacing);
        const impact = size ** 2 / (count * l.depthUsd);
        // The quadratic leaves out terms of the order of impact times (fee + q/R).
        const slack = impact * (2.1 * (feePips / 1e6) + size / count / l.depthUsd) + 1e-9;
        expect(swapUsd + recoveryUsd).toBeGreaterThanOrEqual(slowSlicesCostUsd(l, count) - slack);
        expect(swapUsd + recoveryUsd).toBeLessThanOrEqual(fastSlicesCostUsd(l, count) + slack);
      }),
    );
  });

  it('recovers in fee^2 / sigma^2 blocks, and less the longer one waits', () => {
    expect(recoveryBlocks(500, SIGMA, BLOCK_S)).toBeCloseTo(1.03, 2);
    expect(recoveryBlocks(3_000, SIGMA, BLOCK_S)).toBeCloseTo(37, 0);
    expect(recoveryBlocks(10_000, SIGMA, BLOCK_S)).toBeCloseTo(411, 0);
    expect(pushLeft(37, 1)).toBe(1);
    expect(pushLeft(37, 38)).toBeGreaterThan(pushLeft(37, 39));
    expect(pushLeft(37, 1_000)).toBeLessThan(1e-9);
  });
});
