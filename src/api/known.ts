/** What the database knows about one vault, in the shape the status needs. */

import { decodeJson } from '../core/json.ts';
import type { CheckSummary, DecisionRecord } from '../core/types.ts';
import { getCheck, listChecks } from '../store/checks.ts';
import type { Q } from '../store/db.ts';
import { liveExecution } from '../store/executions.ts';
import { health } from '../store/health.ts';
import { journalOfExecution, type RunEvent } from '../store/journal.ts';
import { costTotals } from '../store/series.ts';
import type { Known } from './status.ts';

async function runSentence(q: Q, vaultId: number): Promise<string | null> {
  const run = await liveExecution(q, vaultId);
  if (run === null) return null;
  const told = (await journalOfExecution(q, run.id)).findLast((entry) => entry.kind === 'RUN');
  return told === undefined ? 'It has just begun.' : decodeJson<RunEvent>(told.payload).detail;
}

async function newestCheck(
  q: Q,
  vaultId: number,
): Promise<{ lastCheck: DecisionRecord | null; lastSummary: CheckSummary | null }> {
  const [lastSummary = null] = (await listChecks(q, vaultId, { limit: 1 })).checks;
  const stored = lastSummary === null ? null : await getCheck(q, lastSummary.checkId);
  return { lastCheck: stored?.record ?? null, lastSummary };
}

const NO_COSTS: Known['costs'] = { gasUsdE8: 0n, feeUsdE8: 0n, impactUsdE8: 0n, slippageUsdE8: 0n, totalUsdE8: 0n };

/** There is no database yet: nobody has ever run a keeper here. */
export const NOTHING_KNOWN: Known = {
  lastCheck: null,
  lastSummary: null,
  run: null,
  costs: NO_COSTS,
  keeperSeenS: null,
};

export async function readKnown(q: Q, vaultId: number, lease: string): Promise<Known> {
  const [newest, run, costs, life] = await Promise.all([
    newestCheck(q, vaultId),
    runSentence(q, vaultId),
    costTotals(q, vaultId),
    health(q, vaultId, lease),
  ]);
  return {
    ...newest,
    run,
    costs,
    keeperSeenS: life.keeperSeenS,
  };
}
