/** One check: snapshot, decision, simulation, and then its record, with its run if it trades. */
import type { Head } from '../chain/head.ts';
import { readSnapshot } from '../chain/snapshot.ts';
import { missedChecks, nextCheckAt } from '../core/checkTimes.ts';
import { type Decision, decide } from '../core/decide.ts';
import { KeelError } from '../core/errors.ts';
import { durationText } from '../core/format.ts';
import { UNSCALED_E4 } from '../core/gas.ts';
import { planGasUnits } from '../core/plan.ts';
import { startRun } from '../core/runState.ts';
import { hasStops } from '../core/stops.ts';
import type { DecisionRecord, Plan, Snapshot } from '../core/types.ts';
import { finaliseCheck, recordCheck, runningChecks } from '../store/checks.ts';
import { liveExecution, openRun } from '../store/executions.ts';
import { gasHours } from '../store/gasHours.ts';
import { haltedBecause } from '../store/signers.ts';
import { type Ctx, maxHeadAgeS } from './context.ts';
import { holdingsAt } from './holdings.ts';
import { buildRecord, closeRecord, heldBack, type Judged, others, type Verdict, verdictOf } from './records.ts';
import { type RunData, stepName } from './run.ts';
import { prepareSlice, type Refused } from './slice.ts';

/** Reads and decides; stores nothing but vault events. @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND */
export async function judge(ctx: Ctx, head: Head): Promise<Judged> {
  const { chain, config } = ctx;
  const [snapshot, held] = await Promise.all([readSnapshot(chain, config, config.mode, head), holdingsAt(ctx, head)]);
  return { snapshot, decision: decideOn(ctx, snapshot), held };
}

function decideOn(ctx: Ctx, snapshot: Snapshot): Decision {
  ctx.memory.snapshot = snapshot;
  ctx.memory.watchesStops = hasStops(snapshot.vault);
  return decide(snapshot, ctx.config.rule, { now: snapshot.block.time, runInProgress: false });
}

/** {1/10,000} */
function scaleOf(plan: Plan, snapshot: Snapshot, usedUnits: bigint): number {
  if (plan.kind === 'STOP_CHECK') return snapshot.gas.scaleE4;
  const expected = planGasUnits([firstSlice(plan)], snapshot.vault.assets.length, plan.kind !== 'CONTINUE');
  return Number((usedUnits * BigInt(UNSCALED_E4)) / expected);
}

/** Final at once. */
async function record(ctx: Ctx, judged: Judged, verdict: Verdict): Promise<DecisionRecord> {
  const made = await recordCheck(ctx.q, ctx.vaultId, (id) => buildRecord(id, judged, verdict), judged.snapshot);
  ctx.memory.lastCheckAt = judged.snapshot.block.time;
  announce(ctx, made);
  return made;
}

export function announce(ctx: Ctx, made: DecisionRecord): void {
  const { frequency } = ctx.config.rule;
  ctx.emit({ kind: 'check.final', record: made, nextCheckAt: nextCheckAt(frequency, made.block.time) });
}

/** Why a decision to trade cannot be carried out now, although the vault would allow it. */
async function obstacle(
  ctx: Ctx,
  head: Head,
): Promise<{ reason: 'SIGNER_HALTED' | 'CHAIN_BEHIND'; sentence: string; otherwise: string } | null> {
  // Read every time: a person may clear the key while the keeper runs.
  const halted = await haltedBecause(ctx.q, ctx.key);
  if (halted !== null) {
    return {
      reason: 'SIGNER_HALTED',
      sentence: `The keeper's key is halted: ${halted}`,
      otherwise: 'would trade once `keel doctor` has cleared the key',
    };
  }
  const limit = maxHeadAgeS(ctx.config.mode);
  const age = Math.floor(Date.now() / 1_000) - head.time;
  if (limit !== null && age > limit) {
    return {
      reason: 'CHAIN_BEHIND',
      sentence: `The newest block is ${durationText(age)} old, more than ${durationText(limit)}: the node lags.`,
      otherwise: 'would decide again on a fresh block',
    };
  }
  return null;
}

function firstSlice(plan: Plan): Plan['slices'][number] {
  const [first] = plan.slices;
  if (first === undefined) throw new Error(`the plan of epoch ${plan.epoch} has no slice`);
  return first;
}

export type Checked = {
  readonly record: DecisionRecord;
  /** A run was created: the record is a draft until the run closes. */
  readonly running: boolean;
};

/** Checks that nobody made, as one record. */
async function recordSkipped(ctx: Ctx, judged: Judged, count: number, busy: boolean): Promise<void> {
  const times = count === 1 ? 'One check was' : `${count} checks were`;
  const verdict: Verdict = {
    outcome: 'SKIPPED',
    reason: busy ? 'RUN_IN_PROGRESS' : 'MISSED_CHECK',
    secondary: [],
    sentence: busy
      ? `${times} not made because a run was in progress.`
      : `${times} not made because the keeper was not running or had no connection.`,
    counterfactual: busy ? 'would have been made without that run' : 'would have been made with the keeper running',
  };
  const made = await recordCheck(ctx.q, ctx.vaultId, (id) => buildRecord(id, judged, verdict), judged.snapshot);
  // Not lastCheckAt: the check at this block is still to be made, also when what follows has to be tried again.
  ctx.memory.skipsToldAt = judged.snapshot.block.time;
  announce(ctx, made);
}

/**
 * @param gap whether check times since the last check count as missed, and why: the keeper was away, or busy with a run
 * @param measured the same check once more, with the gas that a simulation of its first slice has shown, and gas by the hour
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND: nothing was recorded, the check is still due
 */
export async function makeCheck(
  ctx: Ctx,
  head: Head,
  gap: 'away' | 'busy' | null,
  measured: Judged | null = null,
): Promise<Checked> {
  const judged = measured ?? (await judge(ctx, head));
  const { decision, snapshot } = judged;
  const { config } = ctx;
  const { lastCheckAt, skipsToldAt } = ctx.memory;
  const last = lastCheckAt === null ? null : Math.max(lastCheckAt, skipsToldAt);
  const missed = gap === null || last === null ? 0 : missedChecks(ctx.config.rule.frequency, last, head.time).count;
  const skipped = async () => {
    if (missed > 0) await recordSkipped(ctx, judged, missed, gap === 'busy');
  };

  if (decision.proposal !== 'TRADE' || decision.plan === null) {
    await skipped();
    return { record: await record(ctx, judged, verdictOf(decision)), running: false };
  }
  const blocked = await obstacle(ctx, head);
  if (blocked !== null) {
    const verdict = heldBack(decision, blocked.reason, blocked.sentence, blocked.otherwise);
    await skipped();
    return { record: await record(ctx, judged, verdict), running: false };
  }

  const { plan } = decision;
  const first = firstSlice(plan);
  // Everything that the node may fail comes before the first write, so that a failed check leaves nothing behind.
  // A slice that is to wait cannot be tried yet.
  const waits = first.notBefore > head.time;
  const prepared = waits ? null : await prepareSlice(ctx, snapshot, plan, first.sequence, first.legs).catch(asRefusal);
  if (prepared !== null && !prepared.ok) {
    const verdict = heldBack(decision, prepared.reason, prepared.sentence, prepared.counterfactual);
    await skipped();
    return { record: await record(ctx, judged, verdict), running: false };
  }
  if (!measured) {
    const scaleE4 = prepared === null ? UNSCALED_E4 : scaleOf(plan, snapshot, prepared.gasUnits);
    const hourlyGas = config.rule.waitForGas ? await gasHours(ctx.q, ctx.vaultId, head.time) : null;
    if (scaleE4 !== snapshot.gas.scaleE4 || hourlyGas !== null) {
      const informed = { ...snapshot, gas: { ...snapshot.gas, scaleE4 }, hourlyGas };
      return makeCheck(ctx, head, gap, { ...judged, snapshot: informed, decision: decideOn(ctx, informed) });
    }
  }
  await skipped();
  const state = startRun(first.sequence);
  const data: RunData = { state, sent: [], stop: null };
  const detail = plan.slices.length === 1 ? 'One slice is planned.' : `${plan.slices.length} slices are planned.`;
  const opened = await openRun<RunData>(
    ctx.q,
    { vaultId: ctx.vaultId, build: (id) => buildRecord(id, judged, verdictOf(decision)), snapshot },
    { plan, step: stepName(state), data },
    { state: 'planned', detail },
  );
  if (opened === null) throw new Error(`vault ${ctx.config.vault} has a live run although this keeper knows of none`);
  const draft = opened.record;
  ctx.memory.lastCheckAt = head.time;
  ctx.memory.mayHaveRun = true;
  ctx.emit({ kind: 'check.opened', record: draft });
  ctx.emit({ kind: 'run.planned', checkId: draft.checkId, slice: first.sequence, hash: null, detail });
  return { record: draft, running: true };
}

/** A chain that does not answer in the middle of a check holds it back; anything else is a bug and goes on. */
function asRefusal(error: unknown): Refused {
  if (error instanceof KeelError && (error.code === 'RPC_UNREACHABLE' || error.code === 'CHAIN_BEHIND')) {
    return {
      ok: false,
      reason: error.code,
      sentence: `The chain could not be asked whether the trade would go through: ${error.reason}.`,
      counterfactual: 'would be tried again at the next check',
    };
  }
  throw error;
}

/** As `makeCheck`, but nothing is stored and nothing is signed; the record has no id. */
export async function dryCheck(ctx: Ctx, head: Head): Promise<DecisionRecord> {
  const judged = await judge(ctx, head);
  const { decision, snapshot } = judged;
  ctx.memory.lastCheckAt = head.time;
  let verdict = verdictOf(decision);
  if (decision.proposal === 'TRADE' && decision.plan !== null) {
    const first = firstSlice(decision.plan);
    const blocked = await obstacle(ctx, head);
    const prepared =
      first.notBefore > head.time
        ? null
        : await prepareSlice(ctx, snapshot, decision.plan, first.sequence, first.legs).catch(asRefusal);
    if (blocked !== null) verdict = heldBack(decision, blocked.reason, blocked.sentence, blocked.otherwise);
    else if (prepared !== null && !prepared.ok) {
      verdict = heldBack(decision, prepared.reason, prepared.sentence, prepared.counterfactual);
    } else {
      const sentence = `Dry run, so nothing was signed. ${decision.sentence}`;
      verdict = { ...verdict, outcome: 'SKIPPED', sentence, counterfactual: 'would trade without --dry-run' };
    }
  }
  const made = buildRecord(0, judged, verdict);
  announce(ctx, made);
  return made;
}

/** Drafts without a run, which earlier releases could leave at a crash: their check ends as skipped. */
export async function closeAbandoned(ctx: Ctx): Promise<void> {
  const live = await liveExecution<RunData>(ctx.q, ctx.vaultId);
  for (const { record: draft } of await runningChecks(ctx.q, ctx.vaultId)) {
    if (draft.checkId === live?.checkId) continue;
    const verdict: Verdict = {
      outcome: 'SKIPPED',
      reason: 'MISSED_CHECK',
      secondary: others('MISSED_CHECK', [draft.reason, ...draft.secondary]),
      sentence: 'The keeper stopped after it had decided and before it had planned a run; nothing was signed.',
      counterfactual: 'would have traded with the keeper running',
    };
    announce(ctx, await finaliseCheck(ctx.q, closeRecord(draft, verdict, { txHashes: [], realised: null })));
  }
}
