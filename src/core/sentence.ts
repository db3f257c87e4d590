/** One plain sentence per decision: the figure first, then why. */
import { badPrices, mostDrifted, type Situation } from './counterfactual.ts';
import { durationText, gweiText, listed, percentText, pointsText, usdText } from './format.ts';
import { plannedLossUsdE8, waitOf } from './guards.ts';
import { minTradeUsdE8 } from './limits.ts';
import { waitSentence } from './policy/gasTiming.ts';
import { isStopped } from './stops.ts';
import type { AssetView, Guard, Plan, Reason } from './types.ts';
import { SECONDS_PER_DAY, subFloor } from './units.ts';

/** "6.2 points above its target of 40.0 percent (band 5.0)" */
export function driftPhrase(v: AssetView): string {
  const side = v.driftBps < 0 ? 'below' : 'above';
  return `${pointsText(Math.abs(v.driftBps))} points ${side} its target of ${percentText(v.targetBps)} (band ${pointsText(v.bandBps)})`;
}

function tradeSentence(plan: Plan, s: Situation): string {
  const { views } = s;
  const legs = plan.slices.flatMap((s) => s.legs);
  const moved = legs.reduce((sum, l) => sum + l.valueUsdE8, 0n);
  const from = listed([...new Set(legs.map((l) => l.sellSymbol))]);
  const to = listed([...new Set(legs.map((l) => l.buySymbol))]);
  const worst = mostDrifted(views);
  const trading = plan.slices.filter((x) => x.legs.length > 0);
  const slices = trading.length === 1 ? '' : ` in ${trading.length} slices`;
  const drift = worst ? `${worst.symbol} is ${driftPhrase(worst)}` : 'a rebalance is due';
  const wait = (trading[0]?.notBefore ?? s.now) - s.now;
  const later =
    wait > 0 && plan.slices.length > trading.length ? `, ${durationText(wait)} after the rebalance is opened,` : '';
  const expected = `expected cost ${usdText(plan.cost.totalUsdE8)}`;
  if (legs.some((l) => isStopped(s.snapshot.vault, l.sell)))
    return `Stop-loss: selling ${usdText(moved)} of ${from} into ${to}${slices}${later}; ${expected}.`;
  const why = {
    STOP: drift,
    DEVIATION: drift,
    SCHEDULE: `the schedule is due and ${drift}`,
    CONTINUE: 'the open rebalance is not finished',
    STOP_CHECK: 'the stops are to be looked at',
  }[plan.kind];
  return `${usdText(moved)} moves from ${from} to ${to}${slices}${later} because ${why}; ${expected}.`;
}

/** "impact WETH to USDC (Uniswap V3 0.05%)" -> "WETH to USDC (Uniswap V3 0.05%)" */
function subject(guard: Guard, noun: string): string {
  return guard.name.startsWith(noun) ? guard.name.slice(noun.length).trim() : guard.name;
}

/** A failed guard as a fact: its value first, then the limit. */
function guardFact(guard: Guard, s: Situation): string {
  const [value, limit] = [BigInt(guard.value), BigInt(guard.limit)];
  const percent = percentText(Number(value));
  const allowed = percentText(Number(limit));
  switch (guard.code) {
    case 'GAS_ABOVE_CAP':
      return guard.unit === 'WEI'
        ? `Gas of ${gweiText(value)} is above the ceiling of ${gweiText(limit)}`
        : `${usdText(value)} of gas is above the ceiling of ${usdText(limit)}`;
    case 'POOL_PRICE_DIVERGES':
      return `${percent} lie between the oracle price and the pool price of ${subject(guard, 'pool price')}, the limit is ${allowed}`;
    case 'IMPACT_ABOVE_CAP':
      return `${percent} is how far ${subject(guard, 'impact')} would move the pool, the limit is ${allowed}`;
    case 'SLIPPAGE_WOULD_EXCEED':
      return limit < 0n
        ? `${percent} below oracle value is what ${subject(guard, 'slippage')} would pay, and at least ${percentText(-Number(limit))} above it is demanded now`
        : `${percent} below oracle value is what ${subject(guard, 'slippage')} would pay, the limit is ${allowed}`;
    case 'LOSS_BUDGET_SPENT': {
      const loss = plannedLossUsdE8(s.plan, s.snapshot.vault.assets);
      return `${usdText(loss)} would be lost against oracle prices and ${usdText(subFloor(limit, value - loss))} of the daily loss budget is left`;
    }
    case 'GAS_MAY_FALL': {
      const wait = s.plan && waitOf(s.plan, s.snapshot, s.now);
      return wait ? waitSentence(wait).replace(/\.$/, '') : guard.name;
    }
    case 'COST_EXCEEDS_BENEFIT':
      return `${value} days would pass until the expected cost of ${usdText(s.plan?.cost.totalUsdE8 ?? 0n)} is earned back, the limit is ${limit}`;
    default:
      return `${guard.name}: ${guard.value}, limit ${guard.limit}`;
  }
}

function unreadable(s: Situation): string[] {
  return s.snapshot.vault.assets.filter((a) => !a.balanceKnown).map((a) => a.symbol);
}

const PRICE_WORDS: Partial<Record<Reason, string>> = {
  PRICE_STALE: 'is too old',
  PRICE_INVALID: 'is not a valid answer',
  PRICE_OUT_OF_BOUNDS: 'is outside its plausible bounds',
  PRICE_UNREACHABLE: 'could not be read',
  PRICE_DIVERGED: 'differs too much between its two sources',
  SEQUENCER_DOWN: 'does not count while the sequencer of the chain is down or has only just come back',
};

function priceSentence(s: Situation, reason: Reason): string {
  const bad = badPrices(s);
  const first = bad[0];
  const of = first ? listed(bad.map((a) => a.symbol)) : 'the native coin';
  const age = first && reason === 'PRICE_STALE' ? ` (${durationText(s.now - first.priceUpdatedAt)})` : '';
  return `The price of ${of} ${PRICE_WORDS[reason] ?? 'is not usable'}${age}, so nothing is decided on a guess.`;
}

export function sentenceFor(trade: boolean, reason: Reason, s: Situation, guards: readonly Guard[]): string {
  if (trade && s.plan) return tradeSentence(s.plan, s);
  const worst = mostDrifted(s.views);
  const drift = worst ? `${worst.symbol} is ${driftPhrase(worst)}` : 'the portfolio has drifted';
  switch (reason) {
    case 'IN_BAND':
      if (s.due.kind === 'CONTINUE') return 'Nothing is left to trade in the open rebalance.';
      return worst
        ? `${pointsText(Math.abs(worst.driftBps))} of ${pointsText(worst.bandBps)} points is the closest any asset is to its band (${worst.symbol}), so no trade is needed.`
        : 'No asset is outside its band, so no trade is needed.';
    case 'COOLDOWN':
      return `${durationText(s.due.retryAt - s.now)} of cooldown are left since the last rebalance; ${drift}.`;
    case 'BELOW_MIN_TRADE':
      return `${usdText(minTradeUsdE8(s.snapshot.vault.policy))} is the smallest trade and less than that is to be moved; ${drift}.`;
    case 'EMPTY':
      return 'The vault is empty.';
    case 'NO_TARGETS':
      return 'The vault has no targets yet.';
    case 'PAUSED':
      return s.snapshot.vault.state.pausedUntil - s.now > 10 * 365 * SECONDS_PER_DAY
        ? 'Trading is paused by the owner.'
        : 'Trading is paused by the guardian.';
    case 'BALANCE_UNREADABLE':
      return `The balance of ${listed(unreadable(s))} cannot be read, so nothing is decided on a guess.`;
    case 'RUN_IN_PROGRESS':
      return 'A run of this vault is still in progress.';
    case 'PRICE_STALE':
    case 'PRICE_INVALID':
    case 'PRICE_OUT_OF_BOUNDS':
    case 'PRICE_UNREACHABLE':
    case 'PRICE_DIVERGED':
    case 'SEQUENCER_DOWN':
      return priceSentence(s, reason);
    default: {
      const failed = guards.find((g) => !g.pass && g.code === reason);
      if (failed) return `${guardFact(failed, s)}, so the trade waits; ${drift}.`;
      const left = s.leftOver.find((l) => l.reason === reason);
      return left ? `Not traded because ${left.detail}; ${drift}.` : `Not traded; ${drift}.`;
    }
  }
}
