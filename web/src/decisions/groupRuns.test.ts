import { expect, it } from 'vitest';
import type { Outcome, Reason } from '../../../src/core/types.ts';
import type { ApiCheckSummary } from '../api.ts';
import { groupRuns } from './groupRuns.ts';

let next = 1000;
function check(outcome: Outcome, reason: Reason, maxDriftBps = 0): ApiCheckSummary {
  const checkId = next--;
  return {
    checkId,
    time: checkId,
    block: checkId,
    outcome,
    reason,
    sentence: '',
    maxDriftBps,
    costUsdE8: null,
    txHashes: [],
  };
}

it('collapses neighbours that say the same and reports their largest drift', () => {
  const runs = groupRuns([
    check('NO_TRADE', 'IN_BAND', 200),
    check('NO_TRADE', 'IN_BAND', 340),
    check('NO_TRADE', 'COOLDOWN'),
    check('HELD_BACK', 'GAS_ABOVE_CAP'),
    check('HELD_BACK', 'GAS_ABOVE_CAP'),
    check('NO_TRADE', 'IN_BAND', 100),
  ]);
  expect(runs.map((r) => r.checks.length)).toEqual([2, 1, 2, 1]);
  expect(runs[0]?.maxDriftBps).toBe(340);
});

it('never hides a trade or a failure in a run', () => {
  const runs = groupRuns([
    check('TRADED', 'DEVIATION'),
    check('TRADED', 'DEVIATION'),
    check('FAILED', 'TX_REVERTED'),
    check('FAILED', 'TX_REVERTED'),
  ]);
  expect(runs.map((r) => r.checks.length)).toEqual([1, 1, 1, 1]);
});
