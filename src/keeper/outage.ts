/** A chain that does not answer, or stands still: said once per outage, as a record when there is something to show. */
import type { Head } from '../chain/head.ts';
import { nextCheckAt } from '../core/checkTimes.ts';
import { decide } from '../core/decide.ts';
import { durationText } from '../core/format.ts';
import type { Reason } from '../core/types.ts';
import { recordCheck } from '../store/checks.ts';
import { appendJournal } from '../store/journal.ts';
import { type Ctx, maxHeadAgeS } from './context.ts';
import { buildRecord, heldBack } from './records.ts';

export type Outage = {
  /** Told at every failure; acts on the first. */
  lost(reason: 'RPC_UNREACHABLE' | 'CHAIN_BEHIND', why: string): Promise<void>;
  /** Told at every head; true when it ended an outage. */
  back(head: Head): Promise<boolean>;
  readonly down: boolean;
};

async function journal(ctx: Ctx, state: 'rpc-lost' | 'rpc-back', detail: string): Promise<void> {
  await appendJournal(ctx.q, [{ kind: 'KEEPER', vaultId: ctx.vaultId, payload: { state, detail } }]);
  ctx.emit({ kind: 'keeper', state, detail });
}

/** On the last snapshot there was: the record names its block, so nobody takes it for news. */
async function recordOutage(ctx: Ctx, reason: Reason, sentence: string): Promise<void> {
  const { snapshot, flows } = ctx.memory;
  if (snapshot === null) return;
  const { rule } = ctx.config;
  const decision = decide(snapshot, rule, { now: snapshot.block.time, runInProgress: false });
  const verdict = heldBack(decision, reason, sentence, 'would decide again as soon as the chain answers');
  const judged = { snapshot, decision, held: flows?.held ?? {} };
  const made = await recordCheck(ctx.q, ctx.vaultId, (id) => buildRecord(id, judged, verdict), snapshot);
  ctx.emit({ kind: 'check.final', record: made, nextCheckAt: nextCheckAt(rule.frequency, snapshot.block.time) });
}

export function watchOutages(ctx: Ctx): Outage {
  let down = false;
  return {
    get down() {
      return down;
    },
    async lost(reason, why) {
      if (down) return;
      down = true;
      ctx.log.warn({ reason, why }, 'the chain cannot be read');
      await journal(ctx, 'rpc-lost', why);
      await recordOutage(ctx, reason, `${why} Nothing is decided until it answers again.`);
    },
    async back(head) {
      if (!down) return false;
      const limit = maxHeadAgeS(ctx.config.mode);
      if (limit !== null && Math.floor(Date.now() / 1_000) - head.time > limit) return false;
      if (aheadOfTime(ctx, head) !== null) return false;
      down = false;
      ctx.log.info({ block: head.number }, 'the chain answers again');
      await journal(ctx, 'rpc-back', `The chain answers again at block ${head.number}.`);
      return true;
    },
  };
}

/** {s} what the clocks of this machine and of honest block producers may differ by. */
const CLOCK_SKEW_S = 60;

/** One sentence about a head that claims to be from the future; null where chain time is not wall time, or it fits. */
export function aheadOfTime(ctx: Ctx, head: Head): string | null {
  if (maxHeadAgeS(ctx.config.mode) === null) return null;
  const ahead = head.time - Math.floor(Date.now() / 1_000);
  if (ahead <= CLOCK_SKEW_S) return null;
  return `Block ${head.number} is dated ${durationText(ahead)} in the future: the node or this machine's clock is wrong.`;
}

/** One sentence about a head that has not moved for too long; null while it is young enough. */
export function standstill(ctx: Ctx, lastHead: Head | null): string | null {
  const limit = maxHeadAgeS(ctx.config.mode);
  if (limit === null || lastHead === null) return null;
  const age = Math.floor(Date.now() / 1_000) - lastHead.time;
  return age > limit ? `The newest block is ${durationText(age)} old, more than ${durationText(limit)}.` : null;
}
