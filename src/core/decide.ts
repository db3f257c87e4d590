/** One check: from what the chain says and what the owner wants to a proposal that explains itself. */
import { counterfactualFor, type Situation } from './counterfactual.ts';
import { dueOf } from './due.ts';
import { evaluateGuards } from './guards.ts';
import { planRebalance } from './plan.ts';
import { sentenceFor } from './sentence.ts';
import { planStopCheck, stopCheckOf, stopReason, stopSentence } from './stopCheck.ts';
import { inForce } from './stops.ts';
import type { AssetView, DueState, GasState, Guard, KeeperRule, Plan, Reason, Snapshot } from './types.ts';
import { assetViews, firstBadPrice, firstUnknownBalance, nav } from './value.ts';

export type DecisionContext = {
  /** {s} time the decision is made for: the newest block's, or the one the transaction would land in. */
  readonly now: number;
  /** A run of this vault is already under way. */
  readonly runInProgress: boolean;
};

/** TRADE becomes TRADED or FAILED once the chain has answered; the other two are outcomes already. */
export type Proposal = 'TRADE' | 'NO_TRADE' | 'HELD_BACK';

export type Decision = {
  readonly proposal: Proposal;
  readonly reason: Reason;
  readonly secondary: readonly Reason[];
  readonly sentence: string;
  readonly counterfactual: string | null;
  readonly due: DueState;
  readonly navUsdE8: bigint;
  readonly gas: GasState;
  readonly assets: readonly AssetView[];
  readonly guards: readonly Guard[];
  /** What would be done; present also when a guard holds it back. Execute it only when `proposal` is TRADE. */
  readonly plan: Plan | null;
  readonly leftOver: Plan['leftOver'];
};

/** Reasons of `due()` that mean "nothing to do" rather than "cannot". */
const QUIET: ReadonlySet<Reason> = new Set(['IN_BAND', 'BELOW_MIN_TRADE', 'NO_TARGETS', 'EMPTY']);

type Verdict = { readonly proposal: Proposal; readonly reason: Reason };

function verdictOf(s: Situation, guards: readonly Guard[], blockedBy: Reason | null): Verdict {
  const { due, plan, snapshot } = s;
  if (due.kind === 'NONE') return { proposal: QUIET.has(due.reason) ? 'NO_TRADE' : 'HELD_BACK', reason: due.reason };
  const failed = guards.find((g) => !g.pass);
  const { assets } = snapshot.vault;
  if (failed && (plan || blockedBy || firstBadPrice(assets) || firstUnknownBalance(assets)))
    return { proposal: 'HELD_BACK', reason: failed.code };
  if (plan) return { proposal: 'TRADE', reason: due.reason };
  if (blockedBy === null) return { proposal: 'NO_TRADE', reason: 'IN_BAND' };
  return { proposal: blockedBy === 'BELOW_MIN_TRADE' ? 'NO_TRADE' : 'HELD_BACK', reason: blockedBy };
}

function secondaryOf(verdict: Verdict, due: DueState, guards: readonly Guard[], blockedBy: Reason | null): Reason[] {
  const all: Reason[] = [];
  if (due.kind !== 'NONE') all.push(due.reason);
  for (const g of guards) if (!g.pass) all.push(g.code);
  if (blockedBy) all.push(blockedBy);
  return [...new Set(all)].filter((r) => r !== verdict.reason);
}

/** The stops come before any trade: what they sell is not to be bought first. */
function decideStopCheck(snapshot: Snapshot, rule: KeeperRule, context: DecisionContext): Decision | null {
  const check = stopCheckOf(snapshot.vault, context.now);
  if (check === null) return null;
  const { now, runInProgress } = context;
  const due = dueOf(snapshot.vault, now);
  const views = assetViews(snapshot);
  const plan = planStopCheck(snapshot, now);
  const guards = evaluateGuards({ snapshot, rule, due, plan, now, runInProgress });
  const failed = guards.find((g) => !g.pass);
  const reason = failed?.code ?? stopReason(check);
  const situation: Situation = { snapshot, rule, due, plan, views, leftOver: [], now };
  const act = stopSentence(snapshot.vault, check);
  return {
    proposal: failed ? 'HELD_BACK' : 'TRADE',
    reason,
    secondary: failed ? [stopReason(check)] : [],
    sentence: failed ? `${sentenceFor(false, reason, situation, guards)} Otherwise: ${act}` : act,
    counterfactual: failed ? counterfactualFor(reason, situation) : null,
    due,
    navUsdE8: nav(snapshot.vault.assets),
    gas: snapshot.gas,
    assets: views,
    guards,
    plan,
    leftOver: [],
  };
}

/** Pure: the same snapshot, rule and context give the same decision, byte for byte. */
export function decide(seen: Snapshot, rule: KeeperRule, context: DecisionContext): Decision {
  const snapshot: Snapshot = { ...seen, vault: inForce(seen.vault) };
  const stopCheck = decideStopCheck(snapshot, rule, context);
  if (stopCheck !== null) return stopCheck;
  const due = dueOf(snapshot.vault, context.now);
  const views = assetViews(snapshot);
  const { plan, leftOver, blockedBy } = planRebalance(snapshot, rule, due);
  const guards = evaluateGuards({ snapshot, rule, due, plan, now: context.now, runInProgress: context.runInProgress });
  const situation: Situation = { snapshot, rule, due, plan, views, leftOver, now: context.now };
  const verdict = verdictOf(situation, guards, blockedBy);
  return {
    proposal: verdict.proposal,
    reason: verdict.reason,
    secondary: secondaryOf(verdict, due, guards, blockedBy),
    sentence: sentenceFor(verdict.proposal === 'TRADE', verdict.reason, situation, guards),
    counterfactual: verdict.proposal === 'TRADE' ? null : counterfactualFor(verdict.reason, situation),
    due,
    navUsdE8: nav(snapshot.vault.assets),
    gas: snapshot.gas,
    assets: views,
    guards,
    plan,
    leftOver,
  };
}
