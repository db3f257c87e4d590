import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECK_INTERVAL_S, isCheckDue, looksPerYear, missedChecks, nextCheckAt } from './checkTimes.ts';

const HOUR = 3_600;
const T = 1_700_000_000 - (1_700_000_000 % 86_400); // midnight

describe('looksPerYear', () => {
  it('counts the checks of a year, and blocks as always', () => {
    expect([looksPerYear('hourly'), looksPerYear('six-hourly')]).toEqual([8_760, 1_460]);
    expect(looksPerYear('every-block')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('nextCheckAt', () => {
  it('is the next full hour, the next quarter of the day, or any later block', () => {
    expect(nextCheckAt('hourly', T)).toBe(T + HOUR);
    expect(nextCheckAt('hourly', T + HOUR - 1)).toBe(T + HOUR);
    expect(nextCheckAt('six-hourly', T + 7 * HOUR)).toBe(T + 12 * HOUR);
    expect(nextCheckAt('every-block', T + 5)).toBe(T + 6);
  });

  it('is due at once when nothing was ever checked, and then once per interval', () => {
    expect(isCheckDue('hourly', null, T)).toBe(true);
    expect(isCheckDue('hourly', T, T + HOUR - 1)).toBe(false);
    expect(isCheckDue('hourly', T, T + HOUR)).toBe(true);
    expect(isCheckDue('every-block', T, T)).toBe(false);
    expect(isCheckDue('every-block', T, T + 1)).toBe(true);
  });
});

describe('missedChecks', () => {
  it('lists what lies between the last check and the present one, and not the present one', () => {
    expect(missedChecks('hourly', T, T + HOUR + 10)).toEqual({ times: [], count: 0 });
    expect(missedChecks('hourly', T, T + 4 * HOUR + 10)).toEqual({
      times: [T + HOUR, T + 2 * HOUR, T + 3 * HOUR],
      count: 3,
    });
    expect(missedChecks('six-hourly', T + 10, T + 13 * HOUR)).toEqual({ times: [T + 6 * HOUR], count: 1 });
    expect(missedChecks('every-block', T, T + 1_000)).toEqual({ times: [], count: 0 });
    expect(missedChecks('hourly', T, T - 5)).toEqual({ times: [], count: 0 });
  });

  it('counts a long absence whole and lists its newest part', () => {
    const m = missedChecks('hourly', T, T + 5_000 * HOUR, 10);
    expect([m.count, m.times.length, m.times[0], m.times[9]]).toEqual([4_999, 10, T + 4_990 * HOUR, T + 4_999 * HOUR]);
  });

  it('together with the check made accounts for every check time', () => {
    fc.assert(
      fc.property(
        fc.nat(10 * HOUR),
        fc.nat(100 * HOUR),
        fc.constantFrom('hourly', 'six-hourly'),
        (from, span, frequency) => {
          const last = T + from;
          const now = last + span;
          fc.pre(isCheckDue(frequency, last, now));
          const interval = CHECK_INTERVAL_S[frequency];
          const all = Math.floor(now / interval) - Math.floor(last / interval);
          const { times, count } = missedChecks(frequency, last, now);
          expect(count + 1).toBe(all);
          expect(new Set(times).size).toBe(count);
          for (const t of times) expect(t > last && t < now && t % interval === 0).toBe(true);
        },
      ),
    );
  });
});
