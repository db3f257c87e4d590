import { expect, it } from 'vitest';
import type { ApiCheckSummary, ApiChecks } from './api.ts';
import { appendOlder, mergeNewest, upsertCheck } from './data.ts';

function check(checkId: number, sentence = 'as it was'): ApiCheckSummary {
  const [time, block] = [checkId * 3600, checkId];
  return {
    checkId,
    time,
    block,
    outcome: 'NO_TRADE',
    reason: 'IN_BAND',
    sentence,
    maxDriftBps: 0,
    costUsdE8: null,
    txHashes: [],
  };
}
function page(ids: readonly number[], nextBefore: number | null): ApiChecks {
  return { schema: 'evenkeel.checks/1', checks: ids.map((id) => check(id)), nextBefore };
}
const ids = (list: ApiChecks): readonly number[] => list.checks.map((c) => c.checkId);

it('a new check goes to the top, a changed one replaces itself', () => {
  const list = page([5, 4, 3], 3);
  expect(ids(upsertCheck(list, check(6)))).toEqual([6, 5, 4, 3]);
  const changed = upsertCheck(list, check(4, 'traded after all'));
  expect(ids(changed)).toEqual([5, 4, 3]);
  expect(changed.checks[1]?.sentence).toBe('traded after all');
});

it('a late event for a page that is not loaded changes nothing', () => {
  const list = page([5, 4, 3], 3);
  expect(upsertCheck(list, check(1))).toBe(list);
  expect(ids(upsertCheck(page([5, 4, 3], null), check(1)))).toEqual([5, 4, 3, 1]);
});

it('older pages join without doubles', () => {
  const joined = appendOlder(page([5, 4, 3], 3), page([3, 2, 1], null));
  expect(ids(joined)).toEqual([5, 4, 3, 2, 1]);
  expect(joined.nextBefore).toBeNull();
});

it('a fresh first page keeps loaded older ones only when nothing is missing between them', () => {
  const loaded = page([5, 4, 3, 2, 1], null);
  expect(ids(mergeNewest(loaded, page([6, 5, 4], 4)))).toEqual([6, 5, 4, 3, 2, 1]);
  expect(mergeNewest(loaded, page([6, 5, 4], 4)).nextBefore).toBeNull();
  expect(ids(mergeNewest(loaded, page([20, 19, 18], 18)))).toEqual([20, 19, 18]);
  expect(ids(mergeNewest(null, page([2, 1], null)))).toEqual([2, 1]);
});
