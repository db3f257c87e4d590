/** Keys and their nonces. A signer whose nonce moved without us is halted until a person has looked. */
import { sql } from 'kysely';
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';

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
      const reason = usedElsewhere(signer, chainNonce, row.next_nonce);
      await haltSigner(t, signer, reason);
      return { nextNonce: toNumber(row.next_nonce), halted: reason };
    }
    return { nextNonce: toNumber(row.next_nonce), halted: row.halted };
  });
}

export function usedElsewhere(signer: SignerKey, chainNonce: number, nextNonce: bigint): string {
  return `The chain counts ${chainNonce} transactions of ${signer.address}, this database gave out ${nextNonce}: the key was used elsewhere.`;
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

/** The evidence behind exactly this halt turned out to be wrong. */
export async function undoHalt(q: Q, signer: SignerKey, reason: string): Promise<void> {
  await q
    .updateTable('signer')
    .set({ halted: null, updated_at: sql<Date>`now()` })
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('address', '=', signer.address.toLowerCase())
    .where('halted', '=', reason)
    .execute();
}

/** Why the signer is halted; null while it may sign. */
export async function haltedBecause(q: Q, signer: SignerKey): Promise<string | null> {
  const row = await q
    .selectFrom('signer')
    .select('halted')
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('address', '=', signer.address.toLowerCase())
    .executeTakeFirst();
  return row?.halted ?? null;
}

/** A person has looked: go on with the chain's nonce. Refused while transactions of ours are open. */
export async function resumeSigner(q: Q, signer: SignerKey, chainNonce: number): Promise<SignerState> {
  return transact(q, async (t) => {
    const row = await lockSigner(t, signer);
    const open = await countOpen(t, signer);
    if (open > 0) {
      throw new KeelError({
        code: 'SIGNER_HAS_OPEN_TRANSACTIONS',
        exit: EXIT.heldBack,
        field: 'signer',
        value: signer.address,
        reason: `${open} signed transactions have neither a receipt nor a final replacement`,
        remedy: 'Let the keeper settle them first',
        retry: 'later',
      });
    }
    // What was given up for a stranger's transaction is settled now.
    await t
      .updateTable('tx')
      .set({ final: true, updated_at: sql<Date>`now()` })
      .where('chain_id', '=', BigInt(signer.chainId))
      .where('signer', '=', signer.address.toLowerCase())
      .where('status', '=', 'REPLACED')
      .where('nonce', '<', BigInt(chainNonce))
      .where('nonce', 'not in', (e) =>
        // A transaction of ours that a reorganisation could still undo takes those it replaced with it.
        e
          .selectFrom('tx as ours')
          .select('ours.nonce')
          .where('ours.chain_id', '=', BigInt(signer.chainId))
          .where('ours.signer', '=', signer.address.toLowerCase())
          .where('ours.status', 'in', ['MINED', 'REVERTED'])
          .where('ours.final', '=', false),
      )
      .execute();
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

async function countOpen(t: Q, signer: SignerKey): Promise<number> {
  const row = await t
    .selectFrom('tx')
    .select((e) => e.fn.countAll<bigint>().as('n'))
    .where('chain_id', '=', BigInt(signer.chainId))
    .where('signer', '=', signer.address.toLowerCase())
    .where('status', 'in', ['SIGNED', 'EXPIRED'])
    .executeTakeFirstOrThrow();
  return toNumber(row.n);
}
