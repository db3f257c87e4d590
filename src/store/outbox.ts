/**
 * The transactions we signed. The money rule: sign, persist, commit, then broadcast; afterwards only these bytes are ever sent
 * for that slice. Whoever is unsure whether something was sent finds it here and sends the same bytes again.
 *
 * Nonces: a slice's first transaction takes the signer's next nonce, or one whose transaction expired unmined (otherwise every
 * later nonce would wait behind it for ever). While a slice's nonce is open, a further attempt (fee bump, cancel) reuses it.
 */
import { type Selectable, sql } from 'kysely';
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address, Hex } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';
import { journalRun, type RunLease, wakeExecution } from './executions.ts';
import type { RunEvent } from './journal.ts';
import type { TxStatus, TxTable } from './schema.ts';

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

export type Signed = {
  readonly raw: Hex;
  readonly hash: Hex;
  readonly maxFeeWei: bigint;
  readonly priorityFeeWei: bigint;
  readonly deadline: number;
};

export type NonceGrant = {
  readonly nonce: number;
  readonly bump: number;
  /** Highest fees already signed for this nonce: nodes want at least 10 % more to replace them. Null when there are none. */
  readonly floor: { readonly maxFeeWei: bigint; readonly priorityFeeWei: bigint } | null;
};

export type SignRequest = {
  readonly lease: RunLease;
  readonly slice: number;
  /** 0 first; a fee bump or cancel is the next one. */
  readonly attempt: number;
  readonly chainId: number;
  readonly signer: Address;
  /** Signs locally. May be called again when the transaction had to be retried; what it returned before was never stored. */
  readonly sign: (grant: NonceGrant) => Promise<Signed>;
};

export type SignResult =
  | { readonly kind: 'SIGNED'; readonly tx: OutboxTx; readonly fresh: boolean }
  | { readonly kind: 'LOST_LEASE' }
  | { readonly kind: 'SIGNER_HALTED'; readonly reason: string }
  /** The slice's previous attempt is on the chain: nothing is left to sign. */
  | { readonly kind: 'ALREADY_MINED'; readonly tx: OutboxTx }
  /** The previous attempt's nonce went to another slice, or to a transaction that a reorg could still undo: ask again later. */
  | { readonly kind: 'NOT_FINAL'; readonly tx: OutboxTx };

/** Signs at most once per (run, slice, attempt), whoever calls how often at the same time. */
export async function signOnce(q: Q, request: SignRequest): Promise<SignResult> {
  const { lease, slice, attempt } = request;
  return transact(q, async (t): Promise<SignResult> => {
    const run = await t
      .selectFrom('execution')
      .select(['vault_id', 'check_id'])
      .where('id', '=', BigInt(lease.id))
      .where('fence', '=', BigInt(lease.fence))
      .where('state', '=', 'READY')
      .forUpdate()
      .executeTakeFirst();
    if (!run) return { kind: 'LOST_LEASE' };

    const mine = await t
      .selectFrom('tx')
      .selectAll()
      .where('execution_id', '=', BigInt(lease.id))
      .where('slice', '=', slice)
      .where('attempt', 'in', [attempt, attempt - 1])
      .execute();
    const existing = mine.find((r) => r.attempt === attempt);
    if (existing) return { kind: 'SIGNED', tx: txOf(existing), fresh: false };
    const previous = mine.find((r) => r.attempt === attempt - 1);
    if (attempt > 0 && !previous) throw new RangeError(`slice ${slice} has no attempt ${attempt - 1} to replace`);

    const chain = BigInt(request.chainId);
    const address = request.signer.toLowerCase();
    const signer = await t
      .selectFrom('signer')
      .selectAll()
      .where('chain_id', '=', chain)
      .where('address', '=', address)
      .forUpdate()
      .executeTakeFirst();
    if (!signer) throw new RangeError(`signer ${address} was never initialised on chain ${chain}`);
    if (signer.halted !== null) return { kind: 'SIGNER_HALTED', reason: signer.halted };

    if (previous?.status === 'MINED' || previous?.status === 'FINAL')
      return { kind: 'ALREADY_MINED', tx: txOf(previous) };
    if (previous?.status === 'REPLACED' && !previous.final) return { kind: 'NOT_FINAL', tx: txOf(previous) };
    const open = previous?.status === 'SIGNED' || previous?.status === 'EXPIRED' ? previous : null;
    if (open && (await takenOver(t, open))) return { kind: 'NOT_FINAL', tx: txOf(open) };
    const nonce = open?.nonce ?? (await expiredNonce(t, chain, address)) ?? (await nextNonce(t, chain, address));

    const before = await t
      .selectFrom('tx')
      .select((e) => [
        e.fn.max('bump').as('bump'),
        e.fn.max('max_fee_wei').as('fee'),
        e.fn.max('priority_fee_wei').as('tip'),
      ])
      .where('chain_id', '=', chain)
      .where('signer', '=', address)
      .where('nonce', '=', nonce)
      .executeTakeFirstOrThrow();
    const bump = before.bump === null ? 0 : before.bump + 1;
    const floor =
      before.fee === null || before.tip === null ? null : { maxFeeWei: before.fee, priorityFeeWei: before.tip };
    const signed = await request.sign({ nonce: toNumber(nonce), bump, floor });
    const row = await t
      .insertInto('tx')
      .values({
        execution_id: BigInt(lease.id),
        slice,
        attempt,
        chain_id: chain,
        signer: address,
        nonce,
        bump,
        raw: signed.raw,
        hash: signed.hash,
        max_fee_wei: signed.maxFeeWei,
        priority_fee_wei: signed.priorityFeeWei,
        deadline: BigInt(signed.deadline),
        status: 'SIGNED',
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const tx = txOf(row);
    await journalTx(t, tx, 'SIGNED', `Slice ${slice + 1} was signed with nonce ${tx.nonce}.`);
    return { kind: 'SIGNED', tx, fresh: true };
  });
}

/** Was the nonce given to another slice after ours expired? Then only one of the two can land, and which is not known yet. */
async function takenOver(t: Q, ours: Selectable<TxTable>): Promise<boolean> {
  const newest = await t
    .selectFrom('tx')
    .select(['execution_id', 'slice'])
    .where('chain_id', '=', ours.chain_id)
    .where('signer', '=', ours.signer)
    .where('nonce', '=', ours.nonce)
    .orderBy('bump', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  return newest.execution_id !== ours.execution_id || newest.slice !== ours.slice;
}

/** Lowest nonce whose every transaction expired unmined. */
async function expiredNonce(t: Q, chain: bigint, signer: string): Promise<bigint | null> {
  const row = await t
    .selectFrom('tx')
    .select('nonce')
    .where('chain_id', '=', chain)
    .where('signer', '=', signer)
    .groupBy('nonce')
    .having(sql<boolean>`bool_and(status = 'EXPIRED')`)
    .orderBy('nonce')
    .limit(1)
    .executeTakeFirst();
  return row?.nonce ?? null;
}

async function nextNonce(t: Q, chain: bigint, signer: string): Promise<bigint> {
  const row = await t
    .updateTable('signer')
    .set((e) => ({ next_nonce: e('next_nonce', '+', 1n), updated_at: sql<Date>`now()` }))
    .where('chain_id', '=', chain)
    .where('address', '=', signer)
    .returning('next_nonce')
    .executeTakeFirstOrThrow();
  return row.next_nonce - 1n;
}

async function journalTx(t: Q, tx: OutboxTx, state: TxStatus | 'ROLLED_BACK', detail: string): Promise<void> {
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

export type Receipt = {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  readonly effectiveGasPriceWei: bigint;
};

/** The receipt says success. Other transactions with this nonce become REPLACED; every run concerned wakes up. */
export async function markMined(q: Q, txId: number, receipt: Receipt): Promise<void> {
  await mark(q, txId, 'MINED', receipt);
}

/** The receipt says failure: the nonce is used, the slice is not done. */
export async function markReverted(q: Q, txId: number, receipt: Receipt): Promise<void> {
  await mark(q, txId, 'REVERTED', receipt);
}

async function mark(q: Q, txId: number, status: 'MINED' | 'REVERTED', receipt: Receipt): Promise<void> {
  await transact(q, async (t) => {
    const all = await sameNonce(t, txId);
    const tx = all.find((r) => r.id === txId);
    if (!tx || tx.final || (tx.status === status && tx.blockHash === receipt.blockHash)) return;
    for (const other of all) {
      if (other.id === txId) continue;
      await setStatus(t, other.id, 'REPLACED');
    }
    await t
      .updateTable('tx')
      .set({
        status,
        block_number: BigInt(receipt.blockNumber),
        block_hash: receipt.blockHash,
        gas_used: receipt.gasUsed,
        effective_gas_price_wei: receipt.effectiveGasPriceWei,
        updated_at: sql<Date>`now()`,
      })
      .where('id', '=', BigInt(txId))
      .execute();
    await wakeAll(t, all);
    const what = status === 'MINED' ? 'landed' : 'was reverted';
    await journalTx(t, tx, status, `Slice ${tx.slice + 1} ${what} in block ${receipt.blockNumber}.`);
  });
}

/** No reorg can undo the receipt any more. */
export async function markFinal(q: Q, txId: number): Promise<void> {
  await transact(q, async (t) => {
    const all = await sameNonce(t, txId);
    const tx = all.find((r) => r.id === txId);
    if (!tx || tx.final || (tx.status !== 'MINED' && tx.status !== 'REVERTED')) return;
    for (const row of all) {
      const status = row.id === txId && row.status === 'MINED' ? 'FINAL' : row.status;
      await t
        .updateTable('tx')
        .set({ status, final: true, updated_at: sql<Date>`now()` })
        .where('id', '=', BigInt(row.id))
        .execute();
    }
    await wakeAll(t, all);
    await journalTx(t, tx, 'FINAL', `Slice ${tx.slice + 1} is final.`);
  });
}

/** The deadline passed without a receipt: the vault refuses these bytes from now on, and the nonce may be given away. */
export async function markExpired(q: Q, txId: number): Promise<void> {
  await transact(q, async (t) => {
    const all = await sameNonce(t, txId);
    const tx = all.find((r) => r.id === txId);
    if (tx?.status !== 'SIGNED') return;
    await setStatus(t, txId, 'EXPIRED');
    await wakeAll(t, [tx]);
    await journalTx(t, tx, 'EXPIRED', `Slice ${tx.slice + 1} was not mined before its deadline.`);
  });
}

/** A reorg took the block away: the same bytes are pending again, and so are those they had replaced. */
export async function backToSigned(q: Q, txId: number): Promise<void> {
  await transact(q, async (t) => {
    const all = await sameNonce(t, txId);
    const tx = all.find((r) => r.id === txId);
    if (!tx || tx.final || (tx.status !== 'MINED' && tx.status !== 'REVERTED')) return;
    for (const row of all) await setStatus(t, row.id, 'SIGNED');
    await wakeAll(t, all);
    await journalTx(t, tx, 'ROLLED_BACK', `Block ${tx.blockNumber} with slice ${tx.slice + 1} was reorganised away.`);
  });
}

/** The nonce was used by a transaction that is not ours: halts the signer until a person has looked. */
export async function markForeign(q: Q, signer: SignerKey, nonce: number, reason: string): Promise<void> {
  await transact(q, async (t) => {
    const rows = await t
      .selectFrom('tx')
      .selectAll()
      .where('chain_id', '=', BigInt(signer.chainId))
      .where('signer', '=', signer.address.toLowerCase())
      .where('nonce', '=', BigInt(nonce))
      .where('status', 'in', ['SIGNED', 'EXPIRED'])
      .orderBy('id')
      .forUpdate()
      .execute();
    for (const row of rows) await setStatus(t, toNumber(row.id), 'REPLACED');
    await haltSigner(t, signer, reason);
    const txs = rows.map(txOf);
    await wakeAll(t, txs);
    for (const tx of txs) await journalTx(t, tx, 'REPLACED', reason);
  });
}

async function sameNonce(t: Q, txId: number): Promise<readonly OutboxTx[]> {
  const rows = await t
    .selectFrom('tx as mine')
    .innerJoin('tx', (j) =>
      j
        .onRef('tx.chain_id', '=', 'mine.chain_id')
        .onRef('tx.signer', '=', 'mine.signer')
        .onRef('tx.nonce', '=', 'mine.nonce'),
    )
    .selectAll('tx')
    .where('mine.id', '=', BigInt(txId))
    .orderBy('tx.id')
    .forUpdate('tx')
    .execute();
  return rows.map(txOf);
}

async function setStatus(t: Q, txId: number, status: 'SIGNED' | 'REPLACED' | 'EXPIRED'): Promise<void> {
  await t
    .updateTable('tx')
    .set({
      status,
      block_number: null,
      block_hash: null,
      gas_used: null,
      effective_gas_price_wei: null,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', BigInt(txId))
    .execute();
}

async function wakeAll(t: Q, txs: readonly OutboxTx[]): Promise<void> {
  for (const id of [...new Set(txs.map((x) => x.executionId))].sort((a, b) => a - b)) await wakeExecution(t, id);
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

export type SignerKey = { readonly chainId: number; readonly address: Address };
export type SignerState = { readonly nextNonce: number; readonly halted: string | null };

/**
 * Start-up check. `chainNonce` is the number of mined transactions of the key: when it is beyond what this database gave out,
 * someone else used the key or this database lost rows, and signing on would be a guess. Then the signer is halted.
 */
export async function initSigner(q: Q, signer: SignerKey, chainNonce: number): Promise<SignerState> {
  return transact(q, async (t) => {
    await t
      .insertInto('signer')
      .values({
        chain_id: BigInt(signer.chainId),
        address: signer.address.toLowerCase(),
        next_nonce: BigInt(chainNonce),
      })
      .onConflict((c) => c.doNothing())
      .execute();
    const row = await lockSigner(t, signer);
    if (row.halted === null && BigInt(chainNonce) > row.next_nonce) {
      const reason = `The chain counts ${chainNonce} transactions of ${signer.address}, this database gave out ${row.next_nonce}: the key was used elsewhere.`;
      await haltSigner(t, signer, reason);
      return { nextNonce: toNumber(row.next_nonce), halted: reason };
    }
    return { nextNonce: toNumber(row.next_nonce), halted: row.halted };
  });
}

async function lockSigner(t: Q, signer: SignerKey): Promise<{ next_nonce: bigint; halted: string | null }> {
  return t
    .selectFrom('signer')
    .select(['next_nonce', 'halted'])
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('address', '=', signer.address.toLowerCase())
    .forUpdate()
    .executeTakeFirstOrThrow();
}

export async function haltSigner(q: Q, signer: SignerKey, reason: string): Promise<void> {
  await q
    .updateTable('signer')
    .set({ halted: reason, updated_at: sql<Date>`now()` })
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('address', '=', signer.address.toLowerCase())
    .where('halted', 'is', null)
    .execute();
}

/** A person has looked: go on with the chain's nonce. Refused while transactions of ours are open. */
export async function resumeSigner(q: Q, signer: SignerKey, chainNonce: number): Promise<SignerState> {
  return transact(q, async (t) => {
    const row = await lockSigner(t, signer);
    const open = await openTx(t, signer);
    if (open.length > 0) {
      throw new KeelError({
        code: 'SIGNER_HAS_OPEN_TRANSACTIONS',
        exit: EXIT.heldBack,
        field: 'signer',
        value: signer.address,
        reason: `${open.length} signed transactions have neither a receipt nor a final replacement`,
        remedy: 'Let the keeper settle them first',
        retry: 'later',
      });
    }
    const next = BigInt(chainNonce) > row.next_nonce ? BigInt(chainNonce) : row.next_nonce;
    await t
      .updateTable('signer')
      .set({ next_nonce: next, halted: null, updated_at: sql<Date>`now()` })
      .where('chain_id', '=', BigInt(signer.chainId))
      .where('address', '=', signer.address.toLowerCase())
      .execute();
    return { nextNonce: toNumber(next), halted: null };
  });
}
