/** What the chain says about the transactions we signed. Only this, or an expired deadline, settles one. */
import { sql } from 'kysely';
import { sliceText } from '../core/runState.ts';
import type { Hex } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';
import { wakeExecution } from './executions.ts';
import { journalTx, type OutboxTx, txOf } from './outbox.ts';
import { haltSigner, type SignerKey } from './signers.ts';

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
    await journalTx(t, tx, status, `${sliceText(tx.slice)} ${what} in block ${receipt.blockNumber}.`);
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
    await journalTx(t, tx, 'FINAL', `${sliceText(tx.slice)} is final.`);
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
    await journalTx(t, tx, 'EXPIRED', `${sliceText(tx.slice)} was not mined before its deadline.`);
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
