import { describe, expect, it } from 'vitest';
import { normals } from '../testing/normal.ts';
import { seeded } from '../testing/random.ts';
import { positionAt } from './lvr.ts';
import { bestHalfWidth, type RangeMarket, rangeYield } from './range.ts';

const MARKET: RangeMarket = { sigma: 0.8, fullRangeFeeYield: 0.12, swapCost: 0.001, gasCost: 1e-4 };

/** Positions over many years of a random walk, looked at four times an hour, centred anew when the price leaves the range. */
function simulate(m: RangeMarket, halfWidth: number, years: number): number {
  const normal = normals(seeded(7));
  const steps = years * 365 * 96;
  const dt = 1 / (365 * 96);
  const step = m.sigma * Math.sqrt(dt);
  const drift = -0.5 * m.sigma * m.sigma * dt;
  const worthPerLiquidity = 2 - 2 * Math.exp(-halfWidth / 2);
  let price = 1;
  let fees = 0;
  let lvr = 0;
  let exits = 0;
  // The yields are shares of value: the value at the start of each range may be anything, so it is 1.
  const centred = () => ({
    liquidity: 1 / worthPerLiquidity,
    lower: Math.exp(-halfWidth),
    upper: Math.exp(halfWidth),
  });
  const position = centred();
  let held = positionAt(position, price);
  for (let i = 0; i < steps; i++) {
    const next = price * Math.exp(step * normal() + drift);
    const after = positionAt(position, next);
    lvr -= (after.value - held.value - held.amount0 * (next - price)) / held.value;
    fees += (m.fullRangeFeeYield * dt * position.liquidity * 2 * Math.sqrt(next)) / held.value;
    price = next;
    held = after;
    if (Math.abs(Math.log(price)) >= halfWidth) {
      exits++;
      price = 1;
      held = positionAt(position, price);
    }
  }
  return (fees - lvr - exits * (m.swapCost / 2 + m.gasCost)) / years;
}

describe('T14 ranges that are centred anew', () => {
  it.each([
    [0.1, 0.782],
    [0.2, 0.411],
    [0.4, 0.218],
  ])('T14 at a half-width of %d earns what a simulation earns', (halfWidth, expected) => {
    const { net } = rangeYield(MARKET, halfWidth);
    expect(Math.abs(net - expected)).toBeLessThan(0.0006);
    expect(Math.abs(simulate(MARKET, halfWidth, 100) / net - 1)).toBeLessThan(0.03);
  });

  it('T14 splits the yield into its three parts', () => {
    const y = rangeYield(MARKET, 0.1);
    expect(y.fees).toBeCloseTo(2.46, 3);
    expect(y.lvr).toBeCloseTo(1.64, 3);
    expect(y.recentring).toBeCloseTo(0.0384, 4);
    expect(rangeYield({ ...MARKET, gasCost: 2e-3 }, 0.05).net).toBeCloseTo(0.98, 2);
  });

  it('finds the best half-width nearly, and says when not to concentrate', () => {
    const best = bestHalfWidth(MARKET) ?? 0;
    expect(best).toBeCloseTo((0.0006 * 0.64) / 0.04, 12);
    const at = (a: number) => rangeYield(MARKET, a).net;
    expect(at(best)).toBeGreaterThan(at(best * 0.8));
    expect(at(best)).toBeGreaterThan(at(best * 1.25));
    expect(bestHalfWidth({ ...MARKET, fullRangeFeeYield: 0.08 })).toBeNull();
  });
});
