/** Decision records: one per check, written once. A check that trades is opened first and made final from its receipts. */
import { type Insertable, type Selectable, sql } from 'kysely';
import { EXIT, KeelError } from '../core/errors.ts';
import { decodeJson, encodeJson } from '../core/json.ts';
import type { CheckSummary, DecisionRecord, Hex, Snapshot } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';
import { appendJournal } from './journal.ts';
import type { CheckTable } from './schema.ts';

/** Gets the id that the record must carry. */
export type BuildRecord = (checkId: number) => DecisionRecord;

export function summaryOf(record: DecisionRecord): CheckSummary {
  return {
    checkId: record.checkId,
    time: record.block.time,
    block: record.block.number,
    outcome: record.outcome,
    reason: record.reason,
    sentence: record.sentence,
    maxDriftBps: maxDriftBps(record),
    costUsdE8: record.realised?.totalUsdE8 ?? null,
    txHashes: record.txHashes,
  };
}

/** Largest distance of any weight from its target. */
function maxDriftBps(record: DecisionRecord): number {
  return record.assets.reduce((most, a) => Math.max(most, Math.abs(a.driftBps)), 0);
}

/** Writes a check whose outcome is known at once (everything but TRADED). */
export async function recordCheck(
  q: Q,
  vaultId: number,
  build: BuildRecord,
  snapshot: Snapshot,
): Promise<DecisionRecord> {
  return insert(q, vaultId, build, snapshot, 'FINAL');
}

/** Writes the draft of a check that is about to trade; `finaliseCheck` ends it. Drafts are not listed. */
export async function openCheck(
  q: Q,
  vaultId: number,
  build: BuildRecord,
  snapshot: Snapshot,
): Promise<DecisionRecord> {
  return insert(q, vaultId, build, snapshot, 'RUNNING');
}

async function insert(
  q: Q,
  vaultId: number,
  build: BuildRecord,
  snapshot: Snapshot,
  status: 'RUNNING' | 'FINAL',
): Promise<DecisionRecord> {
  return transact(q, async (t) => {
    const next = await t
      .selectNoFrom(sql<bigint>`nextval(pg_get_serial_sequence('check_record', 'check_id'))`.as('id'))
      .executeTakeFirstOrThrow();
    const checkId = toNumber(next.id);
    const record = build(checkId);
    if (record.checkId !== checkId) throw new RangeError(`record says check ${record.checkId}, it must be ${checkId}`);
    await t
      .insertInto('check_record')
      .values({
        ...columnsOf(record),
        check_id: next.id,
        vault_id: BigInt(vaultId),
        status,
        final_at: status === 'FINAL' ? sql<Date>`now()` : null,
        snapshot: encodeJson(snapshot),
      })
      .execute();
    const kind = status === 'FINAL' ? 'CHECK_FINAL' : 'CHECK_OPENED';
    await appendJournal(t, [{ kind, vaultId, checkId, payload: summaryOf(record) }]);
    return record;
  });
}

/** Replaces the draft by what really happened. Throws CHECK_NOT_RUNNING when it is final already or unknown. */
export async function finaliseCheck(q: Q, record: DecisionRecord): Promise<DecisionRecord> {
  return transact(q, async (t) => {
    const row = await t
      .updateTable('check_record')
      .set({ ...columnsOf(record), status: 'FINAL', final_at: sql<Date>`now()` })
      .where('check_id', '=', BigInt(record.checkId))
      .where('status', '=', 'RUNNING')
      .returning('vault_id')
      .executeTakeFirst();
    if (!row) {
      throw new KeelError({
        code: 'CHECK_NOT_RUNNING',
        exit: EXIT.bug,
        field: 'checkId',
        value: String(record.checkId),
        reason: 'this check is final already or was never opened',
        remedy: 'Report this as a bug',
      });
    }
    const vaultId = toNumber(row.vault_id);
    await appendJournal(t, [{ kind: 'CHECK_FINAL', vaultId, checkId: record.checkId, payload: summaryOf(record) }]);
    return record;
  });
}

type Columns = Omit<Insertable<CheckTable>, 'check_id' | 'vault_id' | 'status' | 'snapshot' | 'opened_at' | 'final_at'>;

function columnsOf(record: DecisionRecord): Columns {
  const r = record.realised;
  return {
    block_number: BigInt(record.block.number),
    block_hash: record.block.hash,
    block_time: BigInt(record.block.time),
    outcome: record.outcome,
    reason: record.reason,
    sentence: record.sentence,
    nav_usd_e8: record.navUsdE8,
    hold_nav_usd_e8: record.holdNavUsdE8,
    max_drift_bps: maxDriftBps(record),
    symbols: record.assets.map((a) => a.symbol),
    drift_bps: record.assets.map((a) => a.driftBps),
    tx_hashes: [...record.txHashes],
    gas_usd_e8: r?.gasUsdE8 ?? null,
    fee_usd_e8: r?.feeUsdE8 ?? null,
    impact_usd_e8: r?.impactUsdE8 ?? null,
    slippage_usd_e8: r?.slippageUsdE8 ?? null,
    cost_usd_e8: r?.totalUsdE8 ?? null,
    record: encodeJson(record),
  };
}

export type StoredCheck = {
  readonly status: 'RUNNING' | 'FINAL';
  readonly vaultId: number;
  readonly record: DecisionRecord;
  readonly snapshot: Snapshot;
};

function stored(row: Pick<Selectable<CheckTable>, 'status' | 'vault_id' | 'record' | 'snapshot'>): StoredCheck {
  return {
    status: row.status,
    vaultId: toNumber(row.vault_id),
    record: decodeJson<DecisionRecord>(row.record),
    snapshot: decodeJson<Snapshot>(row.snapshot),
  };
}

export async function getCheck(q: Q, checkId: number): Promise<StoredCheck | null> {
  const row = await q
    .selectFrom('check_record')
    .select(['status', 'vault_id', 'record', 'snapshot'])
    .where('check_id', '=', BigInt(checkId))
    .executeTakeFirst();
  return row ? stored(row) : null;
}

/** Checks that were opened and are not final: after a crash, those of live runs. */
export async function runningChecks(q: Q, vaultId: number): Promise<readonly StoredCheck[]> {
  const rows = await q
    .selectFrom('check_record')
    .select(['status', 'vault_id', 'record', 'snapshot'])
    .where('vault_id', '=', BigInt(vaultId))
    .where('status', '=', 'RUNNING')
    .orderBy('check_id')
    .execute();
  return rows.map(stored);
}

export type CheckPage = { readonly checks: readonly CheckSummary[]; readonly nextBefore: number | null };

/** Final checks, newest first, with checkId < before. */
export async function listChecks(
  q: Q,
  vaultId: number,
  page: { readonly before?: number | null; readonly limit: number },
): Promise<CheckPage> {
  let query = q
    .selectFrom('check_record')
    .select([
      ...(['check_id', 'block_time', 'block_number', 'outcome', 'reason', 'sentence', 'max_drift_bps'] as const),
      ...(['cost_usd_e8', 'tx_hashes'] as const),
    ])
    .where('vault_id', '=', BigInt(vaultId))
    .where('status', '=', 'FINAL')
    .orderBy('check_id', 'desc')
    .limit(page.limit + 1);
  if (page.before != null) query = query.where('check_id', '<', BigInt(page.before));
  const rows = await query.execute();
  const checks = rows.slice(0, page.limit).map((r) => ({
    checkId: toNumber(r.check_id),
    time: toNumber(r.block_time),
    block: toNumber(r.block_number),
    outcome: r.outcome,
    reason: r.reason,
    sentence: r.sentence,
    maxDriftBps: r.max_drift_bps,
    costUsdE8: r.cost_usd_e8,
    txHashes: r.tx_hashes as Hex[],
  }));
  return { checks, nextBefore: rows.length > page.limit ? (checks.at(-1)?.checkId ?? null) : null };
}
