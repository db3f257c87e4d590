import type { Outcome, Reason } from '../../../src/core/types.ts';
import type { ApiCheckSummary } from '../api.ts';

/** Neighbouring checks that said the same. `checks` is newest first and never empty. */
export type Run = {
  readonly newest: ApiCheckSummary;
  readonly oldest: ApiCheckSummary;
  readonly checks: readonly ApiCheckSummary[];
  readonly maxDriftBps: number;
};

const REPEATS: readonly Outcome[] = ['NO_TRADE', 'SKIPPED', 'HELD_BACK'];

function sameKind(a: ApiCheckSummary, b: ApiCheckSummary): boolean {
  return REPEATS.includes(a.outcome) && a.outcome === b.outcome && a.reason === b.reason;
}

/** Collapses neighbours with one outcome and reason. What moved coins, or failed to, stays a row of its own. */
export function groupRuns(checks: readonly ApiCheckSummary[]): readonly Run[] {
  const runs: ApiCheckSummary[][] = [];
  for (const check of checks) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && sameKind(last, check)) run.push(check);
    else runs.push([check]);
  }
  return runs.flatMap((run) => {
    const newest = run[0];
    const oldest = run.at(-1);
    if (newest === undefined || oldest === undefined) return [];
    return [{ newest, oldest, checks: run, maxDriftBps: run.reduce((m, c) => Math.max(m, c.maxDriftBps), 0) }];
  });
}

const REASON_WORDS: Partial<Record<Reason, string>> = {
  IN_BAND: 'in band',
  COOLDOWN: 'cooling down',
  BELOW_MIN_TRADE: 'below the smallest trade',
  NO_TARGETS: 'no targets',
  EMPTY: 'empty',
  PAUSED: 'paused',
  STOPPED: 'stop fired',
  SOLD_IN_EPOCH: 'sold in this rebalance',
  PRICE_DIVERGED: 'price sources differ',
  SEQUENCER_DOWN: 'sequencer down',
  BALANCE_UNREADABLE: 'balance unreadable',
  MISSED_CHECK: 'missed',
};

/** "in band"; a reason without a phrase is shown as its code, lower case. */
export function reasonWords(reason: Reason): string {
  return REASON_WORDS[reason] ?? reason.toLowerCase().replaceAll('_', ' ');
}
