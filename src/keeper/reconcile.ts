/** Compares what was signed with what the chain says. Only chain evidence changes the status of a transaction. */
import type { Head } from '../chain/head.ts';
import { type Receipt, readReceipt } from '../chain/receipts.ts';
import { readNonce } from '../chain/simulate.ts';
import type { Hex } from '../core/types.ts';
import { appendJournal } from '../store/journal.ts';
import { type OutboxTx, openTx, pendingTx, recordSend, unfinalTx } from '../store/outbox.ts';
import { backToSigned, markExpired, markFinal, markForeign, markMined, markReverted } from '../store/receipts.ts';
import { appendRun } from './appendRun.ts';
import type { Ctx } from './context.ts';

/** A transaction that is neither mined nor refused goes out again after so many blocks. */
const RESEND_AFTER_BLOCKS = 3;
/** A nonce counts as taken by a stranger when no receipt of ours has shown up for so many blocks. */
const STRANGE_AFTER_BLOCKS = 2;

function stored(r: Receipt) {
  return {
    blockNumber: r.blockNumber,
    blockHash: r.blockHash,
    gasUsed: r.gasUsed,
    effectiveGasPriceWei: r.gasPriceWei,
  };
}

async function settle(ctx: Ctx, tx: OutboxTx, receipt: Receipt): Promise<void> {
  if (receipt.ok) await markMined(ctx.q, tx.id, stored(receipt));
  else await markReverted(ctx.q, tx.id, stored(receipt));
  ctx.memory.lastSent.delete(tx.id);
  await emitTx(ctx, 'run.mined', tx, receipt.ok ? `landed in block ${receipt.blockNumber}` : 'was reverted');
}

async function emitTx(ctx: Ctx, kind: 'run.mined' | 'run.sent' | 'run.reorged', tx: OutboxTx, what: string) {
  const checkId = await checkOf(ctx, tx.executionId);
  ctx.emit({ kind, checkId, slice: tx.slice, hash: tx.hash, detail: `Slice ${tx.slice + 1} ${what}.` });
}

async function checkOf(ctx: Ctx, executionId: number): Promise<number> {
  const row = await ctx.q
    .selectFrom('execution')
    .select('check_id')
    .where('id', '=', BigInt(executionId))
    .executeTakeFirstOrThrow();
  return Number(row.check_id);
}

/** Receipts we have: still there, in the same block, deep enough? */
async function recheckMined(ctx: Ctx, head: Head): Promise<number> {
  let left = 0;
  for (const tx of await unfinalTx(ctx.q, ctx.key)) {
    const receipt = await readReceipt(ctx.chain, tx.hash);
    if (receipt === null || receipt.blockHash !== tx.blockHash) {
      await backToSigned(ctx.q, tx.id);
      ctx.memory.lastSent.delete(tx.id);
      await emitTx(ctx, 'run.reorged', tx, 'was reorganised away');
      left += 1;
      continue;
    }
    if (head.number - receipt.blockNumber + 1 >= ctx.confirmations) await markFinal(ctx.q, tx.id);
    else left += 1;
  }
  return left;
}

/** Nonce used, no receipt: a stranger holds the key, unless the node is only slow to show the receipt. */
async function suspect(ctx: Ctx, head: Head, tx: OutboxTx): Promise<boolean> {
  const since = ctx.memory.strangeNonce.get(tx.nonce) ?? head.number;
  ctx.memory.strangeNonce.set(tx.nonce, since);
  if (head.number - since < STRANGE_AFTER_BLOCKS) return false;
  const reason = `Nonce ${tx.nonce} of ${ctx.key.address} was used by a transaction that this keeper did not sign.`;
  await markForeign(ctx.q, ctx.key, tx.nonce, reason);
  await halt(ctx, reason);
  return true;
}

export async function halt(ctx: Ctx, reason: string): Promise<void> {
  ctx.memory.halted = reason;
  const payload = { state: 'signer-halted', detail: reason };
  await appendJournal(ctx.q, [{ kind: 'KEEPER', vaultId: ctx.vaultId, payload }]);
  ctx.emit({ kind: 'keeper', state: 'signer-halted', detail: reason });
}

async function settleOpen(ctx: Ctx, head: Head): Promise<number> {
  const open = await openTx(ctx.q, ctx.key);
  if (open.length === 0) return 0;
  const used = await readNonce(ctx.chain, head, ctx.key.address);
  let left = 0;
  const landed = new Set<number>();
  for (const tx of open) {
    const receipt = await readReceipt(ctx.chain, tx.hash);
    if (receipt !== null) {
      await settle(ctx, tx, receipt);
      landed.add(tx.nonce);
      ctx.memory.strangeNonce.delete(tx.nonce);
    }
    left += 1;
  }
  for (const tx of open) {
    if (landed.has(tx.nonce)) continue;
    if (used > tx.nonce) await suspect(ctx, head, tx);
    // The receipts were read after `head`, so a transaction that landed up to it has one; later blocks are too late.
    else if (tx.status === 'SIGNED' && head.time > tx.deadline) await markExpired(ctx.q, tx.id);
  }
  return left;
}

/** @throws KeelError RPC_UNREACHABLE */
export async function reconcile(ctx: Ctx, head: Head): Promise<void> {
  if (!ctx.memory.mayHaveOpenTx) return;
  const unfinal = await recheckMined(ctx, head);
  const open = await settleOpen(ctx, head);
  const fresh = open > 0 ? await recheckMined(ctx, head) : 0;
  ctx.memory.mayHaveOpenTx = unfinal + open + fresh > 0;
}

/**
 * Hands every signed, unmined transaction to the node, in nonce order, when that was not done lately. Sending the same
 * bytes twice is harmless; what the node answers is noted and proves nothing.
 */
export async function broadcast(ctx: Ctx, head: Head): Promise<readonly Hex[]> {
  const sent: Hex[] = [];
  for (const tx of await pendingTx(ctx.q, ctx.key)) {
    const last = ctx.memory.lastSent.get(tx.id);
    if (last !== undefined && head.number - last < RESEND_AFTER_BLOCKS && head.number >= last) continue;
    const result = await ctx.submit(ctx.chain, tx.raw);
    ctx.memory.lastSent.set(tx.id, head.number);
    const error = result.status === 'accepted' ? null : `${result.status}: ${result.message}`;
    await recordSend(ctx.q, tx.id, error);
    const detail = `Slice ${tx.slice + 1} was handed to the node${error === null ? '' : ` (${error})`}.`;
    await appendRun(ctx, tx.executionId, [{ state: 'sent', detail, hash: tx.hash }]);
    await emitTx(ctx, 'run.sent', tx, 'was handed to the node');
    sent.push(tx.hash);
  }
  return sent;
}

/** After a lost connection or a reorganisation nobody knows what the node still has. */
export function forgetSends(ctx: Ctx): void {
  ctx.memory.lastSent.clear();
}
