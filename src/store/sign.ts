/**
 * Signing. The money rule: sign, persist, commit, then broadcast; afterwards only these bytes are ever sent
 * for that slice. Whoever is unsure whether something was sent finds it here and sends the same bytes again.
 *
 * Nonces: a slice's first transaction takes the signer's next nonce, or an earlier one that nothing of ours can use any more
 * (otherwise every later nonce would wait behind it for ever). While a slice's nonce is open, a further attempt (fee bump, cancel) reuses it.
 */
import { type Selectable, sql } from 'kysely';
import { sliceText } from '../core/runState.ts';
import type { Address, Hex } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';
import type { RunLease } from './executions.ts';
import { journalTx, type OutboxTx, txOf } from './outbox.ts';
import type { TxTable } from './schema.ts';
import { haltSigner, usedElsewhere } from './signers.ts';

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
  /** Mined transactions of the signer as the chain counts them now: the lowest nonce that it still accepts. */
  readonly chainNonce: number;
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
    const chainNonce = BigInt(request.chainNonce);
    if (chainNonce > signer.next_nonce) {
      const key = { chainId: request.chainId, address: request.signer };
      const reason = usedElsewhere(key, request.chainNonce, signer.next_nonce);
      await haltSigner(t, key, reason);
      return { kind: 'SIGNER_HALTED', reason };
    }
    const nonce =
      open?.nonce ?? (await freeNonce(t, chain, address, chainNonce)) ?? (await nextNonce(t, chain, address));

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
    await journalTx(t, tx, 'SIGNED', `${sliceText(slice)} was signed with nonce ${tx.nonce}.`);
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

/**
 * Lowest nonce that the chain still accepts although it was given out: its every transaction expired unmined, or there is
 * none, because the chain lost a transaction that was counted when this database began. Every later one would wait behind it.
 */
async function freeNonce(t: Q, chain: bigint, signer: string, chainNonce: bigint): Promise<bigint | null> {
  const { rows } = await sql<{ nonce: bigint }>`
    select given.nonce
    from signer s
    cross join lateral generate_series(${chainNonce}::bigint, s.next_nonce - 1) as given(nonce)
    where s.chain_id = ${chain} and s.address = ${signer}
      and not exists (
        select from tx
        where tx.chain_id = s.chain_id and tx.signer = s.address and tx.nonce = given.nonce and tx.status <> 'EXPIRED'
      )
    order by given.nonce
    limit 1`.execute(t);
  return rows[0]?.nonce ?? null;
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
