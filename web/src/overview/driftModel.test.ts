import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ApiSeries } from '../api.ts';
import { domainOf, labelled, linePath, type Trade, thin, ticks, WEEK_S } from './driftModel.ts';

function series(times: readonly number[]): ApiSeries {
  const points = times.map((time) => ({ time, navUsdE8: '1', holdNavUsdE8: '1', driftBps: [0] }));
  return { schema: 'evenkeel.series/1', symbols: ['WETH'], points, trades: [] };
}

it('shows the last seven days, or what there is of them', () => {
  expect(domainOf(series([0, WEEK_S, 3 * WEEK_S]))).toEqual([2 * WEEK_S, 3 * WEEK_S]);
  expect(domainOf(series([1000, 5000]))).toEqual([1000, 5000]);
  expect(domainOf(series([9000]))).toEqual([5400, 9000]);
});

it('thinning keeps the ends, the extremes and the gaps, in order and within its bound', () => {
  const value = fc.option(fc.integer({ min: -900, max: 900 }), { freq: 20 });
  void fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 2000 }),
      fc.integer({ min: 2, max: 200 }),
      (raw, buckets) => {
        const values = raw.map((v, i) => [i, v] as const);
        const kept = thin(values, buckets);
        const nulls = raw.filter((v) => v === null).length;
        expect(kept.length).toBeLessThanOrEqual(Math.max(raw.length === 0 ? 0 : buckets * 2 + 2 + nulls, 1));
        expect(kept[0]).toEqual(values[0]);
        expect(kept.at(-1)).toEqual(values.at(-1));
        const known = (list: typeof values): number[] => list.flatMap(([, v]) => (v === null ? [] : [v]));
        expect(Math.max(...known([...kept]))).toBe(Math.max(...known(values)));
        expect(Math.min(...known([...kept]))).toBe(Math.min(...known(values)));
        expect([...kept].map(([t]) => t)).toEqual([...kept].map(([t]) => t).sort((a, b) => a - b));
      },
    ),
  );
});

it('a missing value lifts the pen', () => {
  const same = (v: number): number => v;
  expect(
    linePath(
      [
        [0, 1],
        [1, 2],
        [2, null],
        [3, 4],
      ],
      same,
      same,
    ),
  ).toBe('M0.0 1.0L1.0 2.0M3.0 4.0');
});

it('never draws more ticks than asked for, give or take the first', () => {
  for (const span of [1200, 7200, 86_400, 3 * 86_400, WEEK_S])
    expect(ticks(1_668_000_000, 1_668_000_000 + span, 8).length).toBeLessThanOrEqual(9);
  expect(ticks(1_668_000_000, 1_668_000_000 + WEEK_S, 8).every((t) => t.kind === 'day')).toBe(true);
});

it('labels the newest trade first and none that would touch another', () => {
  const trades: Trade[] = [0, 10, 300].map((time, i) => ({ time, checkId: i, costUsdE8: '1' }));
  const x = (time: number): number => time;
  expect([...labelled(trades, x, () => 80, 1000)]).toEqual([2, 1]);
  expect([...labelled(trades, x, () => 80, 350)]).toEqual([1]);
});
