/** When the next check is due, and which ones nobody made. Times are chain time. */
import type { Frequency } from './types.ts';

/** {s} between two checks; 0 = every block. */
export const CHECK_INTERVAL_S: Readonly<Record<Frequency, number>> = {
  hourly: 3_600,
  'six-hourly': 21_600,
  'every-block': 0,
};

const YEAR_S = 31_536_000;

/** Infinity for every block: nothing goes unseen for long enough to matter. */
export function looksPerYear(frequency: Frequency): number {
  return YEAR_S / CHECK_INTERVAL_S[frequency];
}

/**
 * {s} first check time after `after`. Checks fall on whole multiples of the interval since the epoch (each hour on the
 * hour), so that every keeper agrees on them without talking. `every-block`: any later block, hence `after + 1`.
 */
export function nextCheckAt(frequency: Frequency, after: number): number {
  const interval = CHECK_INTERVAL_S[frequency];
  return interval === 0 ? after + 1 : (Math.floor(after / interval) + 1) * interval;
}

/** Is a check due at `now`, the last one having been made at `last` (null = never)? */
export function isCheckDue(frequency: Frequency, last: number | null, now: number): boolean {
  return last === null || now >= nextCheckAt(frequency, last);
}

export type Missed = {
  /** {s} the newest check times that nobody made, oldest first, at most `limit`. */
  readonly times: readonly number[];
  /** All of them, also the ones beyond `limit`. */
  readonly count: number;
};

/**
 * Check times strictly between the last check and the one that is due now. A keeper that was down reports them as
 * SKIPPED; it does not make them up. Blocks do not count: `every-block` misses nothing.
 */
export function missedChecks(frequency: Frequency, last: number, now: number, limit = 1_000): Missed {
  const interval = CHECK_INTERVAL_S[frequency];
  if (interval === 0 || now <= last) return { times: [], count: 0 };
  const first = nextCheckAt(frequency, last);
  const current = Math.floor(now / interval) * interval;
  const count = Math.max(0, (current - first) / interval);
  const shown = Math.min(count, Math.max(0, limit));
  const from = current - shown * interval;
  return { times: Array.from({ length: shown }, (_, i) => from + i * interval), count };
}
