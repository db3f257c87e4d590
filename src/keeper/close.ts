/** The end of a run: what it did, from receipts, and its final decision record. */

import { parseTransaction } from 'viem';
import { readHead } from '../chain/head.ts';
import { requestAt } from '../chain/read.ts';
import { type Receipt, readReceipt } from '../chain/receipts.ts';
import { decodeRevert } from '../chain/reverts.ts';
import { chainBehind, rpcFailure } from '../chain/rpc.ts';
import { decodeVaultEvents } from '../chain/vault.ts';
import { KeelError } from '../core/errors.ts';
import { usdText } from '../core/format.ts';
import { type FilledEvent, realise } from '../core/report.ts';
import { type RunState, sliceText } from '../core/runState.ts';
import type { DecisionRecord, Hex, Realised, Reason } from '../core/types.ts';
import { finaliseCheck, getCheck } from '../store/checks.ts';
import { transact } from '../store/db.ts';
import { type Execution, finishExecution } from '../store/executions.ts';
import { type OutboxTx, txOfExecution } from '../store/outbox.ts';
import { announce } from './check.ts';
import type { Ctx } from './context.ts';
import { closeRecord, others, type Verdict } from './records.ts';
import { type RunData, stepName } from './run.ts';
import { isTransient } from './transient.ts';

type Landed = { readonly tx: OutboxTx; readonly receipt: Receipt };

async function landedOf(ctx: Ctx, txs: readonly OutboxTx[]): Promise<readonly Landed[]> {
  const landed: Landed[] = [];
  for (const tx of txs) {
    if (tx.blockHash === null) continue;
    const receipt = await readReceipt(ctx.chain, tx.hash);
    if (receipt === null)
      throw chainBehind('receipt', tx.hash, 'the node does not show it although it showed it before');
    landed.push({ tx, receipt });
  }
  return landed;
}

/** Runs the reverted bytes again on the block before the one that reverted them. */
async function whyReverted(ctx: Ctx, { tx, receipt }: Landed): Promise<string> {
  const parent = await readHead(ctx.chain, receipt.blockNumber - 1);
  const sent = parseTransaction(tx.raw);
  if (parent === null) return 'the block before it is not available';
  try {
    await requestAt<Hex>(ctx.chain, parent, 'eth_call', [
      { from: tx.signer, to: sent.to, data: sent.data, gas: `0x${(sent.gas ?? 0n).toString(16)}` },
    ]);
  } catch (error) {
    const failure = rpcFailure(error);
    if (failure?.kind !== 'answered') throw error;
    const revert = decodeRevert(failure.data);
    return `${revert.name}: ${revert.sentence}`;
  }
  // Out of gas in a call leaves the caller 1/64, which may not be all spent.
  return receipt.gasUsed * 20n >= (sent.gas ?? 0n) * 19n
    ? 'it ran out of gas'
    : 'the market had moved within its block';
}

function fillsOf(ctx: Ctx, landed: readonly Landed[]): readonly FilledEvent[] {
  return landed.flatMap(({ receipt }) =>
    decodeVaultEvents(ctx.config.vault, receipt.logs).flatMap((e) => (e.event === 'Filled' ? [e] : [])),
  );
}

async function verdictOfRun(
  ctx: Ctx,
  draft: DecisionRecord,
  data: RunData,
  state: RunState,
  landed: readonly Landed[],
  realised: Realised | null,
): Promise<Verdict> {
  const filled = (realised?.fills.length ?? 0) > 0;
  const partly = filled ? ' Earlier slices landed.' : '';
  const failed = (reason: Reason, sentence: string, counterfactual: string): Verdict => ({
    outcome: 'FAILED',
    reason,
    secondary: others(reason, [draft.reason, ...draft.secondary]),
    sentence: `${sentence}${partly}`,
    counterfactual,
  });
  switch (state.step) {
    case 'reverted': {
      const bad = landed.find((l) => l.tx.hash === state.txHash);
      const why = bad ? await whyReverted(ctx, bad) : 'its receipt says so';
      return failed(
        'TX_REVERTED',
        `${sliceText(state.sequence)} was reverted on chain (${why}); no coins moved in it, its gas was paid.`,
        'would be tried again at the next check if a rebalance is still due',
      );
    }
    case 'expired':
      return failed(
        'TX_EXPIRED',
        `${sliceText(state.sequence)} was not mined before its deadline, so it can never execute.`,
        'would have traded with a faster inclusion or a higher fee',
      );
    case 'replaced':
      return failed(
        'TX_REPLACED',
        `Nonce ${state.nonce} was used by a transaction that this keeper did not sign; the key is halted.`,
        'would have traded if nobody else used the key',
      );
    case 'done': {
      if (draft.plan?.kind === 'STOP_CHECK' && data.stop === null) {
        const { reason, secondary } = draft;
        const cost = realised === null ? '' : ` It cost ${usdText(realised.totalUsdE8)} of gas.`;
        return { outcome: 'NO_TRADE', reason, secondary, sentence: `${draft.sentence}${cost}`, counterfactual: null };
      }
      if (filled) {
        const cost = realised === null ? '' : ` It cost ${usdText(realised.totalUsdE8)}.`;
        const early = data.stop === null ? '' : ` The rest was given up: ${data.stop.sentence}`;
        return {
          outcome: 'TRADED',
          reason: draft.reason,
          secondary: others(draft.reason, [...draft.secondary, ...(data.stop ? [data.stop.reason] : [])]),
          sentence: `${draft.sentence}${cost}${early}`,
          counterfactual: null,
        };
      }
      const stop = data.stop ?? { reason: 'IN_BAND' as const, sentence: 'Nothing was left to trade.' };
      return {
        outcome: 'HELD_BACK',
        reason: stop.reason,
        secondary: others(stop.reason, [draft.reason, ...draft.secondary]),
        sentence: stop.sentence,
        counterfactual: 'would be tried again at the next check if a rebalance is still due',
      };
    }
    default:
      throw new Error(`a run in step ${state.step} cannot be closed`);
  }
}

/** A run must not stay live for ever because its result makes no sense to us: that is a bug, and is said so. */
function unexplained(draft: DecisionRecord, error: unknown): Verdict {
  const why = error instanceof KeelError ? `${error.code}: ${error.reason}` : String(error);
  return {
    outcome: 'FAILED',
    reason: draft.reason,
    secondary: draft.secondary,
    sentence: `The run has ended, but its result could not be worked out (${why}). The transactions are listed; report this as a bug.`,
    counterfactual: 'would show its fills and costs without that error',
  };
}

/** @returns the final record, or null when another keeper has taken the run over */
export async function closeRun(ctx: Ctx, run: Execution<RunData>): Promise<DecisionRecord | null> {
  const { data } = run;
  const check = await getCheck(ctx.q, run.checkId);
  if (check === null) throw new Error(`check ${run.checkId} of run ${run.id} is not in the database`);
  const txs = await txOfExecution(ctx.q, run.id);
  const landed = await landedOf(ctx, txs);
  const fills = fillsOf(ctx, landed);
  const workedOut = (): Realised | null =>
    landed.length === 0
      ? null
      : realise({
          snapshot: check.snapshot,
          slices: data.sent,
          fills,
          pathFiller: ctx.config.contracts.pathFiller,
          receipts: landed.map(({ tx, receipt }) => ({
            hash: tx.hash,
            gasUsed: receipt.gasUsed,
            gasPriceWei: receipt.gasPriceWei,
          })),
        });
  let realised: Realised | null = null;
  let verdict: Verdict;
  try {
    realised = workedOut();
    verdict = await verdictOfRun(ctx, check.record, data, data.state, landed, realised);
  } catch (error) {
    if (isTransient(error)) throw error;
    ctx.log.error({ error: String(error), run: run.id }, 'the result of a run could not be worked out');
    verdict = unexplained(check.record, error);
  }
  const txHashes = landed.map((l) => l.tx.hash);
  const record = closeRecord(check.record, verdict, { txHashes, realised });
  const failed = verdict.outcome === 'FAILED';
  const end = {
    state: failed ? ('FAILED' as const) : data.sent.length === 0 ? ('CANCELLED' as const) : ('DONE' as const),
    step: stepName(data.state),
    data,
    ...(failed ? { error: verdict.sentence } : {}),
  };
  const closed = await transact(ctx.q, async (t) => {
    const events = [{ state: data.state.step, detail: verdict.sentence }];
    const result = await finishExecution(t, { id: run.id, fence: run.fence }, end, events);
    if (result === 'OK') await finaliseCheck(t, record);
    return result;
  });
  if (closed !== 'OK') return null;
  ctx.memory.mayHaveRun = false;
  const { sequence } = data.state;
  ctx.emit({ kind: 'run.closed', checkId: run.checkId, slice: sequence, hash: null, detail: verdict.sentence });
  announce(ctx, record);
  return record;
}
