/** Drives the run of a vault to its next durable state. Nothing here sleeps: waiting is parking. */
import { type Head, latestHead } from '../chain/head.ts';
import { readNonce } from '../chain/simulate.ts';
import { readSnapshot } from '../chain/snapshot.ts';
import { isFinal, type RunState, reduceRun, type RunEvent as StateEvent, sliceText } from '../core/runState.ts';
import type { DecisionRecord, PlannedSlice, Reason, Snapshot } from '../core/types.ts';
import { transact } from '../store/db.ts';
import {
  claimExecution,
  type Execution,
  journalRun,
  liveExecution,
  parkExecution,
  type StepResult,
  stepExecution,
} from '../store/executions.ts';
import type { RunEvent } from '../store/journal.ts';
import { type OutboxTx, siblingLanded, txOfExecution } from '../store/outbox.ts';
import { signOnce } from '../store/sign.ts';
import { closeRun } from './close.ts';
import type { Ctx } from './context.ts';
import type { ParkedEvent } from './events.ts';
import { aheadOfTime, standstill } from './outage.ts';
import { RETRY_S, recheckSlice } from './recheck.ts';
import { broadcast, halt, reconcile } from './reconcile.ts';
import { type RunData, stepName } from './run.ts';
import { begins, prepareSlice, SigningRefused, signPrepared } from './slice.ts';

/** {s} longer than every wait inside one step; a keeper that died earlier loses its lease at once on its own machine. */
const RUN_LEASE_S = 120;
/** {s} wall clock: a run that waits for the chain looks again after this even if no block woke it. */
const WAIT_S = 15;
/** {s} chain time: what a scripted clock may advance while a transaction waits for its block. */
const BLOCK_S = 12;

type Run = Execution<RunData>;
type Waits = { readonly until: number; readonly detail: string; readonly forBlock: boolean };
type Progress = { readonly run: Run; readonly wait: Waits | null } | null;

export type Advanced = {
  /** The record of the run that was closed in this call. */
  readonly closed: DecisionRecord | null;
  /** A run is still live. */
  readonly live: boolean;
};

async function move(ctx: Ctx, run: Run, data: RunData, events: readonly RunEvent[]): Promise<Run | null> {
  const next = { step: stepName(data.state), data };
  const result = await stepExecution(ctx.q, { id: run.id, fence: run.fence }, run.step, next, events);
  return result === 'OK' ? { ...run, step: next.step, data } : null;
}

function withState(run: Run, event: StateEvent): RunData {
  return { ...run.data, state: reduceRun(run.data.state, event) };
}

async function stopRun(ctx: Ctx, run: Run, reason: Reason, sentence: string): Promise<Progress> {
  const data: RunData = { ...withState(run, { type: 'STOPPED' }), stop: { reason, sentence } };
  const moved = await move(ctx, run, data, [{ state: 'stopped', detail: sentence }]);
  return moved === null ? null : { run: moved, wait: null };
}

/** The decision's own snapshot serves when no block came since; otherwise a fresh one. */
async function freshSnapshot(ctx: Ctx, head: Head): Promise<Snapshot> {
  const { snapshot } = ctx.memory;
  if (snapshot?.block.hash === head.hash) return snapshot;
  const fresh = await readSnapshot(ctx.chain, ctx.config, ctx.config.mode, head);
  ctx.memory.snapshot = fresh;
  return fresh;
}

async function signSlice(ctx: Ctx, run: Run, slice: PlannedSlice, head: Head): Promise<Progress> {
  const untimely = standstill(ctx, head) ?? aheadOfTime(ctx, head);
  if (untimely !== null) return { run, wait: { until: head.time + BLOCK_S, detail: untimely, forBlock: true } };
  const snapshot = await freshSnapshot(ctx, head);
  const opens = begins(run.plan, slice.sequence);
  const asPlanned = snapshot.block.hash === run.plan.block.hash;
  if (asPlanned && slice.notBefore > head.time) {
    const until = Math.min(slice.notBefore, head.time + RETRY_S);
    return { run, wait: { until, detail: `${sliceText(slice.sequence)} waits for its time.`, forBlock: false } };
  }
  const look = asPlanned
    ? { kind: 'go' as const, legs: slice.legs }
    : recheckSlice(snapshot, ctx.config.rule, run.plan, slice, opens);
  if (look.kind === 'stop') return stopRun(ctx, run, look.reason, look.sentence);
  if (look.kind === 'wait') return { run, wait: { until: look.until, detail: look.sentence, forBlock: false } };

  const prepared = await prepareSlice(ctx, snapshot, run.plan, slice.sequence, look.legs);
  if (!prepared.ok) return stopRun(ctx, run, prepared.reason, prepared.sentence);

  const chainNonce = await readNonce(ctx.chain, snapshot.block, ctx.signer.address);

  const sent: PlannedSlice = { ...slice, legs: look.legs };
  const lease = { id: run.id, fence: run.fence };
  ctx.memory.mayHaveOpenTx = true;
  const signing = transact(ctx.q, async (t) => {
    const result = await signOnce(t, {
      lease,
      slice: slice.sequence,
      attempt: 0,
      chainId: ctx.key.chainId,
      signer: ctx.key.address,
      chainNonce,
      sign: (grant) => signPrepared(ctx, prepared, grant),
    });
    if (result.kind !== 'SIGNED') return { result, next: null };
    const { nonce, hash } = result.tx;
    const data: RunData = {
      ...withState(run, { type: 'SIGNED', nonce, txHash: hash }),
      sent: [...run.data.sent.filter((s) => s.sequence !== slice.sequence), sent],
    };
    const step = stepName(data.state);
    const stepped: StepResult = await stepExecution(t, lease, run.step, { step, data }, []);
    return { result, next: stepped === 'OK' ? { ...run, step, data } : null };
  });
  const signed = await signing.catch((error: unknown) => {
    if (error instanceof SigningRefused) return error.refused;
    throw error;
  });
  if ('ok' in signed) return stopRun(ctx, run, signed.reason, signed.sentence);
  if (signed.result.kind === 'SIGNER_HALTED') {
    await halt(ctx, signed.result.reason);
    return stopRun(ctx, run, 'SIGNER_HALTED', `The keeper's key is halted: ${signed.result.reason}`);
  }
  if (signed.next === null || signed.result.kind !== 'SIGNED') return null;
  const { tx } = signed.result;
  ctx.emit({
    kind: 'run.signed',
    checkId: run.checkId,
    slice: slice.sequence,
    hash: tx.hash,
    detail: `${sliceText(slice.sequence)} was signed with nonce ${tx.nonce}.`,
  });
  return { run: signed.next, wait: null };
}

/** What the outbox knows about the slice's transaction, as an event of the state machine; null = nothing new. */
async function evidence(ctx: Ctx, state: RunState, txs: readonly OutboxTx[]): Promise<StateEvent | null> {
  const mine = txs.filter((t) => t.slice === state.sequence);
  const landed = mine.find((t) => t.blockHash !== null);
  if (landed?.blockHash != null && landed.blockNumber !== null) {
    const ok = landed.status !== 'REVERTED';
    return { type: 'MINED', txHash: landed.hash, blockHash: landed.blockHash, blockNumber: landed.blockNumber, ok };
  }
  if (mine.some((t) => t.status === 'SIGNED')) return null;
  for (const tx of mine) {
    // A nonce is given on only after its deadline, so a sibling of ours that landed with it took nothing away.
    if (tx.status === 'REPLACED' && !(await siblingLanded(ctx.q, tx))) return { type: 'NONCE_TAKEN' };
  }
  return mine.length > 0 ? { type: 'DEADLINE_PASSED' } : null;
}

async function awaitReceipt(ctx: Ctx, run: Run, head: Head): Promise<Progress> {
  let current = run;
  if (current.data.state.step === 'signed') {
    await broadcast(ctx, head);
    const moved = await move(ctx, current, withState(current, { type: 'BROADCAST' }), []);
    if (moved === null) return null;
    current = moved;
    // A node that mines at once has the receipt already.
    await reconcile(ctx, await latestHead(ctx.chain));
  } else await broadcast(ctx, head);
  const event = await evidence(ctx, current.data.state, await txOfExecution(ctx.q, run.id));
  if (event === null) {
    const detail = `${sliceText(run.data.state.sequence)} waits for its block.`;
    return { run: current, wait: { until: head.time + BLOCK_S, detail, forBlock: true } };
  }
  const moved = await move(ctx, current, withState(current, event), []);
  return moved === null ? null : { run: moved, wait: null };
}

async function awaitFinality(ctx: Ctx, run: Run, head: Head): Promise<Progress> {
  const { state } = run.data;
  if (state.step !== 'mined') throw new Error(`a run in step ${state.step} does not wait for finality`);
  const txs = await txOfExecution(ctx.q, run.id);
  const tx = txs.find((t) => t.hash === state.mined.txHash);
  if (tx === undefined) throw new Error(`transaction ${state.mined.txHash} of run ${run.id} is not in the database`);
  if (tx.blockHash !== state.mined.blockHash) {
    const moved = await move(ctx, run, withState(run, { type: 'REORGED' }), []);
    return moved === null ? null : { run: moved, wait: null };
  }
  if (!tx.final) {
    const detail = `${sliceText(state.sequence)} is mined and waits for ${ctx.confirmations} blocks.`;
    return { run, wait: { until: head.time + BLOCK_S, detail, forBlock: true } };
  }
  const last = run.plan.slices.at(-1)?.sequence === state.sequence;
  const moved = await move(ctx, run, withState(run, { type: 'CONFIRMED', last }), []);
  return moved === null ? null : { run: moved, wait: null };
}

async function plannedStep(ctx: Ctx, run: Run, head: Head): Promise<Progress> {
  const { sequence } = run.data.state;
  const slice = run.plan.slices.find((s) => s.sequence === sequence);
  if (slice === undefined) throw new Error(`the plan of epoch ${run.plan.epoch} has no slice ${sequence}`);
  return signSlice(ctx, run, slice, head);
}

function nextStep(ctx: Ctx, run: Run, head: Head): Promise<Progress> {
  switch (run.data.state.step) {
    case 'planned':
      return plannedStep(ctx, run, head);
    case 'signed':
    case 'unknown':
      return awaitReceipt(ctx, run, head);
    default:
      return awaitFinality(ctx, run, head);
  }
}

async function park(ctx: Ctx, run: Run, wait: Waits): Promise<void> {
  const parked: ParkedEvent = { state: 'parked', detail: wait.detail, runAt: wait.until };
  await parkExecution(
    ctx.q,
    { id: run.id, fence: run.fence },
    {
      afterS: wait.forBlock ? WAIT_S : 0,
      notBefore: wait.forBlock ? 0 : wait.until,
      wakes: run.wakes,
    },
    [parked],
  );
  const { sequence } = run.data.state;
  ctx.emit({ kind: 'run.parked', checkId: run.checkId, slice: sequence, runAt: wait.until, detail: wait.detail });
}

/** After a restart: a run that waits for a later chain time says so again, since whoever moves the clock may not know. */
export async function announceParked(ctx: Ctx, head: Head): Promise<void> {
  const run = await liveExecution<RunData>(ctx.q, ctx.vaultId);
  if (run === null || run.notBefore <= head.time) return;
  const detail = `${sliceText(run.data.state.sequence)} still waits.`;
  const parked: ParkedEvent = { state: 'parked', detail, runAt: run.notBefore };
  await journalRun(ctx.q, run, [parked]);
  const { sequence } = run.data.state;
  ctx.emit({ kind: 'run.parked', checkId: run.checkId, slice: sequence, runAt: run.notBefore, detail });
}

/**
 * Takes the vault's run as far as it goes on what the chain says now, then parks or closes it.
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND: the run is parked and goes on at the next head
 */
export async function advanceRun(ctx: Ctx, head: Head): Promise<Advanced> {
  if (!ctx.memory.mayHaveRun) return { closed: null, live: false };
  const claimed = await claimExecution<RunData>(ctx.q, {
    owner: ctx.owner,
    leaseS: RUN_LEASE_S,
    chainTime: head.time,
    vaultId: ctx.vaultId,
  });
  if (claimed === null) return { closed: null, live: await stillLive(ctx) };
  let run: Run = claimed;
  try {
    for (let at = head; ; at = await latestHead(ctx.chain)) {
      if (isFinal(run.data.state)) return { closed: await closeRun(ctx, run), live: false };
      const progress = await nextStep(ctx, run, at);
      if (progress === null) return { closed: null, live: true };
      run = progress.run;
      if (progress.wait !== null) {
        await park(ctx, run, progress.wait);
        return { closed: null, live: true };
      }
    }
  } catch (error) {
    // Give the run back, so that the next head can go on with it; the lease would only end by itself.
    await parkExecution(ctx.q, { id: run.id, fence: run.fence }, { afterS: 0, wakes: run.wakes });
    throw error;
  }
}

async function stillLive(ctx: Ctx): Promise<boolean> {
  const row = await ctx.q
    .selectFrom('execution')
    .select('id')
    .where('vault_id', '=', BigInt(ctx.vaultId))
    .where('state', '=', 'READY')
    .executeTakeFirst();
  ctx.memory.mayHaveRun = row !== undefined;
  return row !== undefined;
}
