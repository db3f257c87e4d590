/** The append-only record of everything that happened; its ids follow the order of commits. */
import type { Selectable } from 'kysely';
import type { ClientBase } from 'pg';
import { encodeJson } from '../core/json.ts';
import { type Q, toNumber, toUnix } from './db.ts';
import type { JournalTable } from './schema.ts';

/**
 * `CHECK_OPENED` and `CHECK_FINAL` carry a CheckSummary, `RUN` a RunEvent; other kinds (alerts, signer) what their writer chose.
 */
export type JournalInput = {
  readonly kind: string;
  readonly vaultId?: number | null;
  readonly checkId?: number | null;
  readonly executionId?: number | null;
  /** Stored by encodeJson. */
  readonly payload: unknown;
};

/** Payload of `RUN`: `state` in the words of the run state machine, `detail` one plain sentence. */
export type RunEvent = { readonly state: string; readonly detail: string };

export type JournalEntry = {
  readonly id: number;
  readonly kind: string;
  readonly vaultId: number | null;
  readonly checkId: number | null;
  readonly executionId: number | null;
  /** JSON; read with decodeJson. */
  readonly payload: string;
  /** Unix seconds, the database's clock. */
  readonly at: number;
};

/**
 * Appends and announces. Journal writers wait for one another until commit (that keeps the ids in order), so write the journal
 * last in a transaction.
 */
export async function appendJournal(q: Q, entries: readonly JournalInput[]): Promise<readonly number[]> {
  if (entries.length === 0) return [];
  const rows = await q
    .insertInto('journal')
    .values(
      entries.map((e) => ({
        kind: e.kind,
        vault_id: e.vaultId == null ? null : BigInt(e.vaultId),
        check_id: e.checkId == null ? null : BigInt(e.checkId),
        execution_id: e.executionId == null ? null : BigInt(e.executionId),
        payload: encodeJson(e.payload),
      })),
    )
    .returning('id')
    .execute();
  return rows.map((r) => toNumber(r.id));
}

function entryOf(row: Selectable<JournalTable>): JournalEntry {
  return {
    id: toNumber(row.id),
    kind: row.kind,
    vaultId: row.vault_id === null ? null : toNumber(row.vault_id),
    checkId: row.check_id === null ? null : toNumber(row.check_id),
    executionId: row.execution_id === null ? null : toNumber(row.execution_id),
    payload: row.payload,
    at: toUnix(row.at),
  };
}

/** Entries with id > after, oldest first. */
export async function journalAfter(q: Q, after: number, limit = 500): Promise<readonly JournalEntry[]> {
  const rows = await q
    .selectFrom('journal')
    .selectAll()
    .where('id', '>', BigInt(after))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(entryOf);
}

/** Everything that happened to one run, oldest first. */
export async function journalOfExecution(q: Q, executionId: number): Promise<readonly JournalEntry[]> {
  const rows = await q
    .selectFrom('journal')
    .selectAll()
    .where('execution_id', '=', BigInt(executionId))
    .orderBy('id')
    .execute();
  return rows.map(entryOf);
}

type Row = {
  id: string;
  kind: string;
  vault_id: string | null;
  check_id: string | null;
  execution_id: string | null;
  payload: string;
  at: Date;
};

/** `journalAfter` on the listener's own connection. */
export async function readJournal(client: ClientBase, after: number, limit: number): Promise<readonly JournalEntry[]> {
  const { rows } = await client.query<Row>('select * from journal where id > $1 order by id limit $2', [after, limit]);
  return rows.map((r) => ({
    id: Number(r.id),
    kind: r.kind,
    vaultId: r.vault_id === null ? null : Number(r.vault_id),
    checkId: r.check_id === null ? null : Number(r.check_id),
    executionId: r.execution_id === null ? null : Number(r.execution_id),
    payload: r.payload,
    at: toUnix(r.at),
  }));
}
