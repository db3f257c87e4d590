/** Compares what was signed with what the chain says. Only chain evidence changes the status of a transaction. */
import { type Head, readHead } from '../chain/head.ts';
import { findSentIn, type Receipt, readReceipt } from '../chain/receipts.ts';
import { readNonce } from '../chain/simulate.ts';
import { sliceText } from '../core/runState.ts';
import type { Hex } from '../core/types.ts';
import { appendJournal } from '../store/journal.ts';
import { isOurs, type OutboxTx, openTx, pendingTx, recordSend, strayTx, unfinalTx } from '../store/outbox.ts';
import { backToSigned, markExpired, markFinal, markForeign, markMined, markReverted } from '../store/receipts.ts';
import { undoHalt } from '../store/signers.ts';
import { appendRun } from './appendRun.ts';
import { type Ctx, maxHeadAgeS } from './context.ts';
import { aheadOfTime } from './outage.ts';

/** A transaction that is neither mined nor refused goes out again after so many blocks. */
const RESEND_AFTER_BLOCKS = 3;
/** {s} chain time: where it is wall time, a stranger's transaction must be this old before the key is halted for it. */
const STRANGE_AFTER_S = 120;
/** Blocks that are searched at most per head for whoever used a nonce. */
const SEARCH_BLOCKS = 64;

function stored(r: Receipt) {
  return {
    blockNumber: r.blockNumber,
    blockHash: r.blockHash,
    gasUsed: r.gasUsed,
    effectiveGasPriceWei: r.gasPriceWei,
  };
}

async function settle(ctx: Ctx, tx: OutboxTx, receipt: Receipt): Promise<void> {
  if (tx.status === 'REPLACED') await undoHalt(ctx.q, ctx.key, strangeReason(ctx, tx.nonce));
  if (receipt.ok) await markMined(ctx.q, tx.id, stored(receipt));
  else await markReverted(ctx.q, tx.id, stored(receipt));
  ctx.memory.lastSent.delete(tx.id);
  await emitTx(ctx, 'run.mined', tx, receipt.ok ? `landed in block ${receipt.blockNumber}` : 'was reverted');
}

async function emitTx(ctx: Ctx, kind: 'run.mined' | 'run.sent' | 'run.reorged', tx: OutboxTx, what: string) {
  const checkId = await checkOf(ctx, tx.executionId);
  ctx.emit({ kind, checkId, slice: tx.slice, hash: tx.hash, detail: `${sliceText(tx.slice)} ${what}.` });
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
      if (!(await orphaned(ctx, tx))) {
        left += 1; // one lagging backend answered: ask again at the next head
        continue;
      }
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

/** Does the chain show another block where the receipt's was? A missing receipt alone proves nothing. */
async function orphaned(ctx: Ctx, tx: OutboxTx): Promise<boolean> {
  if (tx.blockNumber === null) return false;
  const there = await readHead(ctx.chain, tx.blockNumber);
  return there !== null && there.hash !== tx.blockHash;
}

function strangeReason(ctx: Ctx, nonce: number): string {
  return `Nonce ${nonce} of ${ctx.key.address} was used by a transaction that this keeper did not sign.`;
}

/**
 * Nonce used, no receipt. Either the node is slow to show the receipt, or a stranger holds the key; only that stranger's
 * transaction, in a block that is deep enough, proves the latter.
 */
async function suspect(ctx: Ctx, head: Head, tx: OutboxTx): Promise<void> {
  const { memory, key } = ctx;
  const deep = head.number - ctx.confirmations;
  const from = (memory.strangeNonce.get(tx.nonce) ?? (await signedAfter(ctx, tx))) + 1;
  for (let at = from; at <= Math.min(deep, from + SEARCH_BLOCKS - 1); at++) {
    const found = await findSentIn(ctx.chain, at, key.address, tx.nonce);
    if (found === null) return;
    if (found.hash !== 'none') {
      if (await isOurs(ctx.q, key, found.hash)) return;
      if (maxHeadAgeS(ctx.config.mode) !== null && head.time - found.blockTime < STRANGE_AFTER_S) return;
      const reason = strangeReason(ctx, tx.nonce);
      await markForeign(ctx.q, key, tx.nonce, reason);
      await halt(ctx, reason);
      return;
    }
    memory.strangeNonce.set(tx.nonce, at);
    if (found.blockTime > tx.deadline && tx.status === 'SIGNED') {
      // Older than the run: nobody used the nonce while these bytes could land, and now they never will.
      await markExpired(ctx.q, tx.id);
      return;
    }
  }
}

/** The block that the decision looked at: nothing of its run can be older. */
async function signedAfter(ctx: Ctx, tx: OutboxTx): Promise<number> {
  const row = await ctx.q
    .selectFrom('execution')
    .innerJoin('check_record', 'check_record.check_id', 'execution.check_id')
    .select('check_record.block_number')
    .where('execution.id', '=', BigInt(tx.executionId))
    .executeTakeFirstOrThrow();
  return Number(row.block_number);
}

export async function halt(ctx: Ctx, reason: string): Promise<void> {
  const payload = { state: 'signer-halted', detail: reason };
  await appendJournal(ctx.q, [{ kind: 'KEEPER', vaultId: ctx.vaultId, payload }]);
  ctx.emit({ kind: 'keeper', state: 'signer-halted', detail: reason });
}

async function settleOpen(ctx: Ctx, head: Head): Promise<number> {
  const open = [...(await openTx(ctx.q, ctx.key)), ...(await strayTx(ctx.q, ctx.key))];
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
    if (landed.has(tx.nonce) || tx.status === 'REPLACED') continue;
    if (used > tx.nonce) await suspect(ctx, head, tx);
    // The receipts were read after `head`, so a transaction that landed up to it has one; later blocks are too late.
    else if (tx.status === 'SIGNED' && head.time > tx.deadline && aheadOfTime(ctx, head) === null)
      await markExpired(ctx.q, tx.id);
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
    const detail = `${sliceText(tx.slice)} was handed to the node${error === null ? '' : ` (${error})`}.`;
    await appendRun(ctx, tx.executionId, [{ state: 'sent', detail, hash: tx.hash }]);
    await emitTx(ctx, 'run.sent', tx, 'was handed to the node');
    sent.push(tx.hash);
  }
  return sent;
}

/** After a lost connection or a reorganisation nobody knows what the node still has. */
export function forgetSends(ctx: Ctx): void {
  ctx.memory.lastSent.clear();
  ctx.memory.strangeNonce.clear();
}
