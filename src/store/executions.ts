/**
 * Durable runs. A run is leased to one keeper at a time; each claim raises the fence, and every write names the fence it was
 * claimed with, so that a keeper that lost its lease without noticing changes nothing. All clocks are the database's, except
 * `notBefore`, which is chain time.
 */
import { type Selectable, sql } from 'kysely';
import { decodeJson, encodeJson } from '../core/json.ts';
import type { DecisionRecord, Plan, Snapshot } from '../core/types.ts';
import { type BuildRecord, openCheck } from './checks.ts';
import { type Q, toNumber, transact } from './db.ts';
import { appendJournal, type RunEvent } from './journal.ts';
import type { ExecutionState, ExecutionTable } from './schema.ts';

/** `data` is the keeper's own state of the run. */
export type Execution<D> = {
  readonly id: number;
  readonly vaultId: number;
  readonly checkId: number;
  readonly plan: Plan;
  readonly state: ExecutionState;
  readonly step: string;
  readonly data: D;
  readonly fence: number;
  /** How often anything woke this run; `parkExecution` needs the value seen. */
  readonly wakes: number;
  /** How often the run was claimed. */
  readonly attempts: number;
  readonly notBefore: number;
  readonly error: string | null;
};

/** Proof of a claim. */
export type RunLease = { readonly id: number; readonly fence: number };

/** LOST_LEASE: another keeper has claimed the run, or it ended; nothing was written, stop silently. */
export type StepResult = 'OK' | 'LOST_LEASE';

function executionOf<D>(row: Selectable<ExecutionTable>): Execution<D> {
  return {
    id: toNumber(row.id),
    vaultId: toNumber(row.vault_id),
    checkId: toNumber(row.check_id),
    plan: decodeJson<Plan>(row.plan),
    state: row.state,
    step: row.step,
    data: decodeJson<D>(row.data),
    fence: toNumber(row.fence),
    wakes: toNumber(row.wakes),
    attempts: row.attempts,
    notBefore: toNumber(row.not_before),
    error: row.error,
  };
}

export type NewExecution<D> = {
  readonly vaultId: number;
  readonly checkId: number;
  readonly plan: Plan;
  readonly step: string;
  readonly data: D;
  readonly notBefore?: number;
};

/** Returns null, and writes nothing, when the vault has a live run. */
export async function createExecution<D>(q: Q, run: NewExecution<D>, event: RunEvent): Promise<Execution<D> | null> {
  return transact(q, async (t) => {
    const row = await t
      .insertInto('execution')
      .values({
        vault_id: BigInt(run.vaultId),
        check_id: BigInt(run.checkId),
        plan: encodeJson(run.plan),
        state: 'READY',
        step: run.step,
        data: encodeJson(run.data),
        not_before: BigInt(run.notBefore ?? 0),
      })
      .onConflict((c) => c.column('vault_id').where('state', '=', 'READY').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!row) return null;
    const execution = executionOf<D>(row);
    await journalRun(t, execution, [event]);
    return execution;
  });
}

/** Opens the check and its run together or not at all; null when the vault has a live run. */
export async function openRun<D>(
  q: Q,
  check: { readonly vaultId: number; readonly build: BuildRecord; readonly snapshot: Snapshot },
  run: Omit<NewExecution<D>, 'vaultId' | 'checkId'>,
  event: RunEvent,
): Promise<{ readonly record: DecisionRecord; readonly execution: Execution<D> } | null> {
  try {
    return await transact(q, async (t) => {
      const record = await openCheck(t, check.vaultId, check.build, check.snapshot);
      const ids = { vaultId: check.vaultId, checkId: record.checkId };
      const execution = await createExecution<D>(t, { ...run, ...ids }, event);
      if (!execution) throw new RunInProgress();
      return { record, execution };
    });
  } catch (e) {
    if (e instanceof RunInProgress && !q.isTransaction) return null;
    throw e;
  }
}

class RunInProgress extends Error {
  override readonly name = 'RunInProgress';
}

export type Claim = {
  /** Id of the keeper process. */
  readonly owner: string;
  readonly leaseS: number;
  /** Newest block's time: runs that wait for a later one are left alone. */
  readonly chainTime: number;
  readonly vaultId?: number;
};

/** Takes the longest-due run that nobody holds; null when there is none. */
export async function claimExecution<D>(q: Q, claim: Claim): Promise<Execution<D> | null> {
  const row = await q
    .updateTable('execution')
    .set((e) => ({
      lease_owner: claim.owner,
      lease_until: seconds(claim.leaseS),
      fence: e('fence', '+', 1n),
      attempts: e('attempts', '+', 1),
      updated_at: sql<Date>`now()`,
    }))
    .where('id', 'in', (e) => {
      let due = e
        .selectFrom('execution')
        .select('id')
        .where('state', '=', 'READY')
        .where('run_at', '<=', sql<Date>`now()`)
        .where('not_before', '<=', BigInt(claim.chainTime))
        .where((w) => w.or([w('lease_until', 'is', null), w('lease_until', '<', sql<Date>`now()`)]))
        .orderBy('run_at')
        .limit(1)
        .forUpdate()
        .skipLocked();
      if (claim.vaultId !== undefined) due = due.where('vault_id', '=', BigInt(claim.vaultId));
      return due;
    })
    .returningAll()
    .executeTakeFirst();
  return row ? executionOf<D>(row) : null;
}

function seconds(s: number) {
  return sql<Date>`now() + make_interval(secs => ${s})`;
}

/** Prolongs the lease; call it every third of its length while working. */
export async function renewExecution(q: Q, lease: RunLease, leaseS: number): Promise<StepResult> {
  const row = await held(q, lease)
    .set({ lease_until: seconds(leaseS) })
    .returning('id')
    .executeTakeFirst();
  return row ? 'OK' : 'LOST_LEASE';
}

/** The run as this lease still holds it. */
function held(q: Q, lease: RunLease) {
  return q
    .updateTable('execution')
    .set({ updated_at: sql<Date>`now()` })
    .where('id', '=', BigInt(lease.id))
    .where('fence', '=', BigInt(lease.fence))
    .where('state', '=', 'READY');
}

/** Moves the run from `expectedStep` to `next.step` and journals why, in one transaction. */
export async function stepExecution<D>(
  q: Q,
  lease: RunLease,
  expectedStep: string,
  next: { readonly step: string; readonly data: D },
  events: readonly RunEvent[],
): Promise<StepResult> {
  return transact(q, async (t) => {
    const row = await held(t, lease)
      .where('step', '=', expectedStep)
      .set({ step: next.step, data: encodeJson(next.data) })
      .returning(['vault_id', 'check_id'])
      .executeTakeFirst();
    if (!row) return 'LOST_LEASE';
    await journalRun(t, { ...ids(row), id: lease.id }, events);
    return 'OK';
  });
}

export type Park = {
  /** Wall-clock seconds until the run is due again. */
  readonly afterS: number;
  /** ... and not before this chain time. */
  readonly notBefore?: number;
  /** `wakes` as claimed: when the run was woken since, it stays due. */
  readonly wakes: number;
};

/** Gives the lease back until later. Waiting never holds a lease. */
export async function parkExecution(
  q: Q,
  lease: RunLease,
  park: Park,
  events: readonly RunEvent[] = [],
): Promise<StepResult> {
  return transact(q, async (t) => {
    const row = await held(t, lease)
      .set((e) => ({
        run_at: e.case().when('wakes', '=', BigInt(park.wakes)).then(seconds(park.afterS)).else(sql<Date>`now()`).end(),
        not_before: BigInt(park.notBefore ?? 0),
        lease_owner: null,
        lease_until: null,
      }))
      .returning(['vault_id', 'check_id'])
      .executeTakeFirst();
    if (!row) return 'LOST_LEASE';
    await journalRun(t, { ...ids(row), id: lease.id }, events);
    return 'OK';
  });
}

/** Something the run waits for has happened: it is due now, even if it is about to be parked. */
export async function wakeExecution(q: Q, executionId: number): Promise<void> {
  await q
    .updateTable('execution')
    .set((e) => ({ run_at: sql<Date>`now()`, wakes: e('wakes', '+', 1n) }))
    .where('id', '=', BigInt(executionId))
    .where('state', '=', 'READY')
    .execute();
}

export type End<D> = {
  readonly state: Exclude<ExecutionState, 'READY'>;
  readonly step: string;
  readonly data: D;
  readonly error?: string;
};

/** Ends the run for good; run `finaliseCheck` in the same transaction. */
export async function finishExecution<D>(
  q: Q,
  lease: RunLease,
  end: End<D>,
  events: readonly RunEvent[],
): Promise<StepResult> {
  return transact(q, async (t) => {
    const row = await held(t, lease)
      .set({
        state: end.state,
        step: end.step,
        data: encodeJson(end.data),
        error: end.error ?? null,
        lease_owner: null,
        lease_until: null,
      })
      .returning(['vault_id', 'check_id'])
      .executeTakeFirst();
    if (!row) return 'LOST_LEASE';
    await journalRun(t, { ...ids(row), id: lease.id }, events);
    return 'OK';
  });
}

export async function getExecution<D>(q: Q, id: number): Promise<Execution<D> | null> {
  const row = await q.selectFrom('execution').selectAll().where('id', '=', BigInt(id)).executeTakeFirst();
  return row ? executionOf<D>(row) : null;
}

export async function liveExecution<D>(q: Q, vaultId: number): Promise<Execution<D> | null> {
  const row = await q
    .selectFrom('execution')
    .selectAll()
    .where('vault_id', '=', BigInt(vaultId))
    .where('state', '=', 'READY')
    .executeTakeFirst();
  return row ? executionOf<D>(row) : null;
}

/** Leases of a keeper that is known to be dead end at once. */
export async function dropLeasesOf(q: Q, owner: string): Promise<void> {
  await q
    .updateTable('execution')
    .set({ lease_owner: null, lease_until: null, run_at: sql<Date>`now()` })
    .where('lease_owner', '=', owner)
    .where('state', '=', 'READY')
    .execute();
}

type RunIds = { readonly id: number; readonly vaultId: number; readonly checkId: number };

function ids(row: { vault_id: bigint; check_id: bigint }): { vaultId: number; checkId: number } {
  return { vaultId: toNumber(row.vault_id), checkId: toNumber(row.check_id) };
}

export async function journalRun(q: Q, run: RunIds, events: readonly RunEvent[]): Promise<void> {
  const { id: executionId, vaultId, checkId } = run;
  await appendJournal(
    q,
    events.map((payload) => ({ kind: 'RUN', vaultId, checkId, executionId, payload })),
  );
}
