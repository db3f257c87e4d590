import { describe, expect, it } from 'vitest';
import { SCENARIOS, scenarioByName } from '../scenarios/catalogue.ts';
import { baseFeeAt, gasSeries, YEARLY_MEAN_GWEI } from './gas.ts';
import { buildPath } from './path.ts';

const mean = (v: readonly number[]): number => v.reduce((s, x) => s + x, 0) / v.length;

describe('gas series', () => {
  it('has the mean of its year in every episode, and is never free', () => {
    for (const scenario of SCENARIOS) {
      if (scenario.market.kind !== 'daily') continue;
      const series = gasSeries(scenario, buildPath(scenario, 7), 7);
      expect(series).toHaveLength(scenario.hours);
      expect(mean(series)).toBeCloseTo(YEARLY_MEAN_GWEI[Number(scenario.name.slice(0, 4))] ?? Number.NaN, 6);
      expect(Math.min(...series)).toBeGreaterThan(0);
    }
  });

  it('is dearer in the hours in which the market moves', () => {
    const scenario = scenarioByName('2022-11-ftx');
    const path = buildPath(scenario, 7);
    const price = (h: number): number => path.priceAt('WETH', path.startTime + h * 3_600);
    const hours = gasSeries(scenario, path, 7)
      .map((gwei, h) => ({ gwei, move: Math.abs(Math.log(price(h + 1) / price(h))) }))
      .sort((a, b) => b.move - a.move);
    const wild = mean(hours.slice(0, 36).map((h) => h.gwei));
    expect(wild).toBeGreaterThan(1.5 * mean(hours.slice(36).map((h) => h.gwei)));
  });

  it('obeys the events of the scenario and repeats by seed', () => {
    const scenario = scenarioByName('gas-spike');
    const path = buildPath(scenario, 7);
    const series = gasSeries(scenario, path, 7);
    expect(series.slice(8, 20)).toEqual(Array(12).fill(900));
    expect(series[7]).toBeLessThan(200);
    expect(gasSeries(scenario, path, 7)).toEqual(series);
    expect(gasSeries(scenario, path, 8)).not.toEqual(series);
    expect(baseFeeAt(series, path.startTime, path.startTime + 9 * 3_600 + 1)).toBe(900_000_000_000n);
  });
});
