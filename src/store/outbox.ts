/** The transactions we signed, as stored: reading them, and noting what nodes answered. sign.ts makes them, receipts.ts settles them. */
import { type Selectable, sql } from 'kysely';
import type { Address, Hex } from '../core/types.ts';
import { type Q, toNumber } from './db.ts';
import { journalRun } from './executions.ts';
import type { RunEvent } from './journal.ts';
import type { TxStatus, TxTable } from './schema.ts';
import type { SignerKey } from './signers.ts';

export type OutboxTx = {
  readonly id: number;
  readonly executionId: number;
  readonly slice: number;
  readonly attempt: number;
  readonly chainId: number;
  readonly signer: Address;
  readonly nonce: number;
  /** 0 for the first transaction with this nonce, 1 for what replaces it, ... */
  readonly bump: number;
  readonly raw: Hex;
  readonly hash: Hex;
  readonly maxFeeWei: bigint;
  readonly priorityFeeWei: bigint;
  /** Chain time after which the vault refuses it. */
  readonly deadline: number;
  readonly status: TxStatus;
  readonly sends: number;
  readonly lastError: string | null;
  readonly blockNumber: number | null;
  readonly blockHash: Hex | null;
  readonly gasUsed: bigint | null;
  readonly effectiveGasPriceWei: bigint | null;
  readonly final: boolean;
};

export function txOf(row: Selectable<TxTable>): OutboxTx {
  return {
    id: toNumber(row.id),
    executionId: toNumber(row.execution_id),
    slice: row.slice,
    attempt: row.attempt,
    chainId: toNumber(row.chain_id),
    signer: row.signer as Address,
    nonce: toNumber(row.nonce),
    bump: row.bump,
    raw: row.raw as Hex,
    hash: row.hash as Hex,
    maxFeeWei: row.max_fee_wei,
    priorityFeeWei: row.priority_fee_wei,
    deadline: toNumber(row.deadline),
    status: row.status,
    sends: row.sends,
    lastError: row.last_error,
    blockNumber: row.block_number === null ? null : toNumber(row.block_number),
    blockHash: row.block_hash as Hex | null,
    gasUsed: row.gas_used,
    effectiveGasPriceWei: row.effective_gas_price_wei,
    final: row.final,
  };
}

/** Notes an attempt to send; `error` is what the node answered, null when it accepted. An error proves nothing. */
export async function recordSend(q: Q, txId: number, error: string | null): Promise<void> {
  await q
    .updateTable('tx')
    .set((e) => ({ sends: e('sends', '+', 1), last_error: error, updated_at: sql<Date>`now()` }))
    .where('id', '=', BigInt(txId))
    .execute();
}

/**
 * What the signer's one sender has to put on the wire, in nonce order: the newest transaction of every open nonce. Expired
 * ones appear only where a later nonce waits behind them; sending them costs a revert and frees the rest.
 */
export async function pendingTx(q: Q, signer: SignerKey): Promise<readonly OutboxTx[]> {
  const newest = new Map<number, OutboxTx>();
  for (const tx of await openTx(q, signer)) newest.set(tx.nonce, tx);
  const inOrder = [...newest.values()];
  const last = inOrder.findLastIndex((t) => t.status === 'SIGNED');
  return inOrder.slice(0, last + 1);
}

/** Every transaction that may still get a receipt (SIGNED, EXPIRED), by nonce and bump. */
export async function openTx(q: Q, signer: SignerKey): Promise<readonly OutboxTx[]> {
  return select(q, signer, ['SIGNED', 'EXPIRED']);
}

/** Mined or reverted, and not final: their block must be looked at again. */
export async function unfinalTx(q: Q, signer: SignerKey): Promise<readonly OutboxTx[]> {
  return (await select(q, signer, ['MINED', 'REVERTED'])).filter((t) => !t.final);
}

/** Given up for a stranger's transaction, and nobody has looked yet: a receipt of ours would undo that. */
export async function strayTx(q: Q, signer: SignerKey): Promise<readonly OutboxTx[]> {
  const given = (await select(q, signer, ['REPLACED'])).filter((t) => !t.final);
  if (given.length === 0) return [];
  const ours = new Set((await unfinalTx(q, signer)).map((t) => t.nonce));
  return given.filter((t) => !ours.has(t.nonce));
}

export async function isOurs(q: Q, signer: SignerKey, hash: Hex): Promise<boolean> {
  const row = await q
    .selectFrom('tx')
    .select('id')
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('signer', '=', signer.address.toLowerCase())
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row !== undefined;
}

/** Did another transaction of ours land with this one's nonce? */
export async function siblingLanded(q: Q, tx: OutboxTx): Promise<boolean> {
  const row = await q
    .selectFrom('tx')
    .select('id')
    .where('chain_id', '=', BigInt(tx.chainId))
    .where('signer', '=', tx.signer)
    .where('nonce', '=', BigInt(tx.nonce))
    .where('id', '!=', BigInt(tx.id))
    .where('status', 'in', ['MINED', 'FINAL', 'REVERTED'])
    .executeTakeFirst();
  return row !== undefined;
}

async function select(q: Q, signer: SignerKey, statuses: readonly TxStatus[]): Promise<readonly OutboxTx[]> {
  const rows = await q
    .selectFrom('tx')
    .selectAll()
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('signer', '=', signer.address.toLowerCase())
    .where('status', 'in', statuses)
    .orderBy('nonce')
    .orderBy('bump')
    .execute();
  return rows.map(txOf);
}

/** All transactions of a run, by slice and attempt. */
export async function txOfExecution(q: Q, executionId: number): Promise<readonly OutboxTx[]> {
  const rows = await q
    .selectFrom('tx')
    .selectAll()
    .where('execution_id', '=', BigInt(executionId))
    .orderBy('slice')
    .orderBy('attempt')
    .execute();
  return rows.map(txOf);
}

/** Journals what became of a transaction, with its run. */
export async function journalTx(t: Q, tx: OutboxTx, state: TxStatus | 'ROLLED_BACK', detail: string): Promise<void> {
  const run = await t
    .selectFrom('execution')
    .select(['vault_id', 'check_id'])
    .where('id', '=', BigInt(tx.executionId))
    .executeTakeFirstOrThrow();
  const event: RunEvent & { readonly hash: Hex } = { state, detail, hash: tx.hash };
  await journalRun(t, { id: tx.executionId, vaultId: toNumber(run.vault_id), checkId: toNumber(run.check_id) }, [
    event,
  ]);
}
