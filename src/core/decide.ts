/** One check: from what the chain says and what the owner wants to a proposal that explains itself. */
import { counterfactualFor, driftPhrase, mostDrifted, type Situation } from './counterfactual.ts';
import { dueOf } from './due.ts';
import { durationText, gweiText, percentText, pointsText, usdText } from './format.ts';
import { evaluateGuards } from './guards.ts';
import { planRebalance } from './plan.ts';
import type { AssetView, DueState, GasState, Guard, KeeperRule, Plan, Reason, Snapshot } from './types.ts';
import { assetViews, firstBadPrice, nav } from './value.ts';

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
  /** An epoch is open and has nothing left to trade: the keeper may `finish` it. */
  readonly finishEpoch: boolean;
};

/** Reasons of `due()` that mean "nothing to do" rather than "cannot". */
const QUIET: ReadonlySet<Reason> = new Set(['IN_BAND', 'BELOW_MIN_TRADE', 'NO_TARGETS', 'EMPTY']);

type Verdict = { readonly proposal: Proposal; readonly reason: Reason };

function verdictOf(s: Situation, guards: readonly Guard[], blockedBy: Reason | null): Verdict {
  const { due, plan, snapshot } = s;
  if (due.kind === 'NONE') return { proposal: QUIET.has(due.reason) ? 'NO_TRADE' : 'HELD_BACK', reason: due.reason };
  const failed = guards.find((g) => !g.pass);
  if (failed && (plan || blockedBy || firstBadPrice(snapshot.vault.assets)))
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

function listed(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function tradeSentence(plan: Plan, views: readonly AssetView[]): string {
  const legs = plan.slices.flatMap((s) => s.legs);
  const moved = legs.reduce((sum, l) => sum + l.valueUsdE8, 0n);
  const from = listed([...new Set(legs.map((l) => l.sellSymbol))]);
  const to = listed([...new Set(legs.map((l) => l.buySymbol))]);
  const worst = mostDrifted(views);
  const slices = plan.slices.length === 1 ? '' : ` in ${plan.slices.length} slices`;
  const why =
    plan.kind === 'CONTINUE'
      ? 'the open rebalance is not finished'
      : worst
        ? `${worst.symbol} is ${driftPhrase(worst)}`
        : 'a rebalance is due';
  const scheduled = plan.kind === 'SCHEDULE' ? 'the schedule is due and ' : '';
  return `${usdText(moved)} moves from ${from} to ${to}${slices} because ${scheduled}${why}; expected cost ${usdText(plan.cost.totalUsdE8)}.`;
}

/** The failing guard as a fact: value first, then the limit. */
function guardFact(guard: Guard | undefined): string {
  if (!guard) return 'A limit was not met';
  const [value, limit] = [BigInt(guard.value), BigInt(guard.limit)];
  switch (guard.unit) {
    case 'WEI':
      return `Gas of ${gweiText(value)} is above the ceiling of ${gweiText(limit)}`;
    case 'USD_E8':
      return `${usdText(value)} of ${guard.name} is over the limit of ${usdText(limit)}`;
    case 'BPS':
      return `${percentText(Number(value))} ${guard.name} is over the limit of ${percentText(Number(limit))}`;
    case 'DAYS':
      return `${value} days to earn the cost back are over the limit of ${limit}`;
    case 'SECONDS':
      return `${durationText(Number(value))} ${guard.name} is over the limit of ${durationText(Number(limit))}`;
    default:
      return `${guard.name}: ${guard.value}, limit ${guard.limit}`;
  }
}

function sentenceFor(verdict: Verdict, s: Situation, guards: readonly Guard[]): string {
  const worst = mostDrifted(s.views);
  const drift = worst ? `${worst.symbol} is ${driftPhrase(worst)}` : 'the portfolio has drifted';
  if (verdict.proposal === 'TRADE' && s.plan) return tradeSentence(s.plan, s.views);
  switch (verdict.reason) {
    case 'IN_BAND':
      if (s.due.kind === 'CONTINUE') return 'Nothing is left to trade in the open rebalance.';
      return worst
        ? `${pointsText(Math.abs(worst.driftBps))} of ${pointsText(worst.bandBps)} points is the closest any asset is to its band (${worst.symbol}), so no trade is needed.`
        : 'No asset is outside its band, so no trade is needed.';
    case 'COOLDOWN':
      return `${durationText(s.due.retryAt - s.now)} of cooldown are left since the last rebalance; ${drift}.`;
    case 'BELOW_MIN_TRADE':
      return `${usdText(BigInt(s.snapshot.vault.policy.minTradeUsdE2) * 1_000_000n)} is the smallest trade and less than that is to be moved; ${drift}.`;
    case 'EMPTY':
      return 'The vault is empty.';
    case 'NO_TARGETS':
      return 'The vault has no targets yet.';
    case 'PAUSED_BY_USER':
      return 'Trading is paused by the owner.';
    case 'RUN_IN_PROGRESS':
      return 'A run of this vault is still in progress.';
    case 'NO_ROUTE':
    case 'COST_EXCEEDS_BENEFIT':
    case 'IMPACT_ABOVE_CAP': {
      const failed = guards.find((g) => !g.pass && g.code === verdict.reason);
      const left = s.leftOver.find((l) => l.reason === verdict.reason);
      if (failed) return `${guardFact(failed)}, so the trade waits; ${drift}.`;
      return left ? `Not traded because ${left.detail}; ${drift}.` : `Not traded; ${drift}.`;
    }
    case 'PRICE_STALE':
    case 'PRICE_INVALID':
    case 'PRICE_OUT_OF_BOUNDS':
    case 'PRICE_UNREACHABLE':
      return priceSentence(s, verdict.reason);
    default: {
      const failed = guards.find((g) => !g.pass && g.code === verdict.reason);
      return `${guardFact(failed)}, so the trade waits; ${drift}.`;
    }
  }
}

const PRICE_WORDS: Partial<Record<Reason, string>> = {
  PRICE_STALE: 'is too old',
  PRICE_INVALID: 'is not a valid answer',
  PRICE_OUT_OF_BOUNDS: 'is outside its plausible bounds',
  PRICE_UNREACHABLE: 'could not be read',
};

function priceSentence(s: Situation, reason: Reason): string {
  const bad = s.snapshot.vault.assets.filter((a) => a.priceStatus !== 'OK');
  const of = bad.length === 0 ? 'The price of the native coin' : `The price of ${listed(bad.map((a) => a.symbol))}`;
  const first = bad[0];
  const age = first && reason === 'PRICE_STALE' ? ` (${durationText(s.now - first.priceUpdatedAt)})` : '';
  return `${of} ${PRICE_WORDS[reason] ?? 'is not usable'}${age}, so nothing is decided on a guess.`;
}

/** Pure: the same snapshot, rule and context give the same decision, byte for byte. */
export function decide(snapshot: Snapshot, rule: KeeperRule, context: DecisionContext): Decision {
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
    sentence: sentenceFor(verdict, situation, guards),
    counterfactual: verdict.proposal === 'TRADE' ? null : counterfactualFor(verdict.reason, situation),
    due,
    navUsdE8: nav(snapshot.vault.assets),
    gas: snapshot.gas,
    assets: views,
    guards,
    plan,
    leftOver,
    finishEpoch:
      due.kind === 'CONTINUE' && plan === null && blockedBy === null && !firstBadPrice(snapshot.vault.assets),
  };
}
