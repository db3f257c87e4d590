import { describe, expect, it } from 'vitest';
import { SYMBOLS } from '../layout.ts';
import { SCENARIOS, scenarioByName } from '../scenarios/catalogue.ts';
import type { DayRow, Scenario } from '../scenarios/scenario.ts';
import { buildPath, type MarketPath, STEP_S } from './path.ts';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

const daysOf = (scenario: Scenario): readonly DayRow[] =>
  scenario.market.kind === 'daily' ? scenario.market.days : [];
const episodes = SCENARIOS.filter((s) => s.market.kind === 'daily');

const series = (path: MarketPath): number[] => {
  const out: number[] = [];
  for (let t = path.startTime; t <= path.endTime; t += STEP_S) for (const s of SYMBOLS) out.push(path.priceAt(s, t));
  return out;
};

const hourlyReturns = (path: MarketPath, symbol: 'WETH' | 'LINK'): number[] => {
  const out: number[] = [];
  for (let t = path.startTime; t < path.endTime; t += HOUR_S) {
    out.push(Math.log(path.priceAt(symbol, t + HOUR_S) / path.priceAt(symbol, t)));
  }
  return out;
};
const rms = (v: number[]): number => Math.sqrt(v.reduce((s, x) => s + x * x, 0) / v.length);

describe('price path of an episode', () => {
  it('covers the six episodes with thirty consecutive days each', () => {
    expect(episodes.map((s) => s.name)).toHaveLength(6);
    for (const scenario of episodes) {
      const days = daysOf(scenario);
      expect(days).toHaveLength(30);
      for (const [d, row] of days.entries()) {
        expect(Date.parse(`${row.day}T00:00:00Z`) / 1000).toBe(scenario.startTime + d * DAY_S);
      }
    }
  });

  it.each(episodes)('$name hits every daily close to the last digit', (scenario) => {
    const path = buildPath(scenario, 7);
    for (const [d, row] of daysOf(scenario).entries()) {
      const close = scenario.startTime + (d + 1) * DAY_S;
      for (const symbol of SYMBOLS) expect(path.priceAt(symbol, close)).toBe(row.close[symbol] ?? 1);
    }
  });

  it.each(episodes)('$name has each daily low as its lowest hourly close', (scenario) => {
    for (const seed of [1, 2, 3]) {
      const path = buildPath(scenario, seed);
      for (const [d, row] of daysOf(scenario).entries()) {
        for (const symbol of ['WETH', 'WBTC', 'USDC'] as const) {
          const low = row.low[symbol];
          if (low === null) continue;
          const hours = Array.from({ length: 24 }, (_, h) => scenario.startTime + d * DAY_S + (h + 1) * HOUR_S);
          expect(Math.min(...hours.map((t) => path.priceAt(symbol, t)))).toBe(low);
        }
      }
    }
  });

  it('is one dollar for USDC while it has no quote, and moves once it has', () => {
    const path = buildPath(scenarioByName('2023-03-usdc-depeg'), 7);
    for (let t = path.startTime; t <= path.startTime + 10 * DAY_S; t += STEP_S) expect(path.priceAt('USDC', t)).toBe(1);
    expect(path.priceAt('USDC', path.startTime + 11 * DAY_S)).toBe(0.9592);
  });

  it('depends on the seed and on nothing else', () => {
    const scenario = scenarioByName('2022-11-ftx');
    const first = series(buildPath(scenario, 7));
    expect(series(buildPath(scenario, 7))).toEqual(first);
    expect(series(buildPath(scenario, 8))).not.toEqual(first);
  });

  it('moves between the hours, and about as much as the closes say', () => {
    for (const scenario of episodes) {
      const path = buildPath(scenario, 7);
      const closes = [daysOf(scenario)[0], ...daysOf(scenario)].map((d) => d?.close.WETH ?? Number.NaN);
      const daily = rms(closes.slice(1).map((c, i) => Math.log(c / (closes[i] ?? Number.NaN))));
      const ratio = (rms(hourlyReturns(path, 'WETH')) * Math.sqrt(24)) / daily;
      expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(2);
      const half = path.startTime + HOUR_S / 2;
      expect(path.priceAt('WETH', half)).not.toBe(path.priceAt('WETH', path.startTime));
    }
  });

  it('moves LINK with ETH within the day', () => {
    const path = buildPath(scenarioByName('2022-05-luna'), 7);
    const [eth, link] = [hourlyReturns(path, 'WETH'), hourlyReturns(path, 'LINK')];
    const correlation = eth.reduce((s, r, i) => s + r * (link[i] ?? 0), 0) / eth.length / rms(eth) / rms(link);
    expect(correlation).toBeGreaterThan(0.5);
    expect(correlation).toBeLessThan(0.99);
  });
});

describe('price path of a drill', () => {
  it('passes through every turn', () => {
    for (const scenario of SCENARIOS) {
      if (scenario.market.kind !== 'turns') continue;
      const path = buildPath(scenario, 3);
      expect((path.endTime - path.startTime) / HOUR_S).toBe(scenario.hours);
      for (const { hour, price } of scenario.market.turns) {
        for (const s of SYMBOLS) expect(path.priceAt(s, path.startTime + hour * HOUR_S)).toBe(price[s]);
      }
    }
  });

  it('does not move at all when flat', () => {
    const path = buildPath(scenarioByName('flat'), 3);
    expect(new Set(series(path)).size).toBe(SYMBOLS.length);
  });
});

describe('scenarioByName', () => {
  it('names the known ones when asked for another', () => {
    expect(() => scenarioByName('2022-11-ftxx')).toThrow(/UNKNOWN_SCENARIO|2022-11-ftx, /);
  });
});
