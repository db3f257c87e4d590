/** The last look before a slice is signed: on a fresh snapshot it may stay, shrink, wait or stop, never grow. */

import { INCLUSION_MARGIN_S } from '../core/allocate.ts';
import { pathCost, pathMidPrice, poolsAfter, quotePath, stepsOf } from '../core/amm/path.ts';
import { dueOf, isEpochOpen, nextSliceAt, priceReason } from '../core/due.ts';
import { gweiText, usdText } from '../core/format.ts';
import { expectedGasUsdE8, gasPriceWei } from '../core/gas.ts';
import { sellsStopped } from '../core/guards.ts';
import {
  broughtPips,
  checkFill,
  type FillInputs,
  lossCapUsdE8,
  lossLevel,
  maxSellAmount,
  minTradeUsdE8,
  relaxedToAfterS,
  relaxesFrom,
  requiredOut,
  requiredPipsAt,
  sizingNavUsdE8,
} from '../core/limits.ts';
import { planGasUnits } from '../core/plan.ts';
import { divergenceBps, toleratedOut } from '../core/poolChecks.ts';
import { stopCheckOf, stopReason, stopSentence } from '../core/stopCheck.ts';
import { hasBit, inForce } from '../core/stops.ts';
import type { AssetState, KeeperRule, Leg, Plan, PlannedSlice, Reason, Snapshot } from '../core/types.ts';
import { max, min, WEI_PER_MWEI } from '../core/units.ts';
import { firstBadPrice, firstUnknownBalance, valueUsdE8 } from '../core/value.ts';

export type Recheck =
  | { readonly kind: 'go'; readonly legs: readonly Leg[] }
  /** Not now, but this epoch may still see it. */
  | { readonly kind: 'wait'; readonly reason: Reason; readonly sentence: string; readonly until: number }
  | { readonly kind: 'stop'; readonly reason: Reason; readonly sentence: string };

/** {s} between two looks at gas that is too dear, or at pools that do not pay yet what is demanded. */
export const RETRY_S = 300;

function stop(reason: Reason, sentence: string): Recheck {
  return { kind: 'stop', reason, sentence };
}

/** {wei} the lowest ceiling in force; null = none. The keeper's own holds back no sale after a stop. */
export function gasCeilingWei(snapshot: Snapshot, rule: KeeperRule, plan: Plan): bigint | null {
  const { maxGasPriceMwei } = snapshot.vault.policy;
  const own = sellsStopped(plan, snapshot) ? null : rule.maxGasPriceWei;
  const caps = [own, maxGasPriceMwei > 0 ? BigInt(maxGasPriceMwei) * WEI_PER_MWEI : null];
  return caps.reduce<bigint | null>((low, c) => (c === null ? low : low === null || c < low ? c : low), null);
}

/** What a stop may be about to sell is not bought any more: the run ends, so that the vault can be told. */
function stopNews(snapshot: Snapshot, plan: Plan): Extract<Recheck, { kind: 'stop' }> | null {
  const { vault, block } = snapshot;
  const check = sellsStopped(plan, snapshot) ? null : stopCheckOf(vault, block.time);
  if (check === null || check.act === 'REFERENCE') return null;
  return { kind: 'stop', reason: stopReason(check), sentence: stopSentence(vault, check) };
}

function gate(snapshot: Snapshot, rule: KeeperRule, plan: Plan, slice: PlannedSlice, begins: boolean): Recheck | null {
  const { vault, block } = snapshot;
  const { state } = vault;
  const now = block.time;
  if (state.pausedUntil > now) return stop('PAUSED', 'Trading was paused.');
  const bad = firstBadPrice(vault.assets);
  if (bad !== undefined && bad.priceStatus !== 'OK') {
    return stop(priceReason(bad.priceStatus), `The price of ${bad.symbol} is not usable any more.`);
  }
  const news = stopNews(snapshot, plan);
  if (news !== null) return news;
  const unknown = firstUnknownBalance(vault.assets);
  if (unknown !== undefined)
    return stop('BALANCE_UNREADABLE', `The balance of ${unknown.symbol} cannot be read any more.`);
  if (begins) {
    const due = dueOf(vault, now);
    if (due.kind === 'NONE' || due.kind === 'CONTINUE') {
      return stop(due.reason, 'By the time the first slice was to be signed, no rebalance was due any more.');
    }
    if (state.epoch + 1 !== plan.epoch) {
      return stop('TX_REPLACED', `Somebody else opened epoch ${state.epoch} in the meantime.`);
    }
  } else {
    if (state.epoch !== plan.epoch || state.sequence !== slice.sequence) {
      return stop(
        'TX_REPLACED',
        `The vault is at slice ${state.sequence} of epoch ${state.epoch}: somebody else traded.`,
      );
    }
    if (!isEpochOpen(vault, now + INCLUSION_MARGIN_S)) {
      return stop('TX_EXPIRED', `Epoch ${plan.epoch} ended before slice ${slice.sequence + 1} could run.`);
    }
  }
  const at = nextSliceAt(vault, now);
  if (at > now && slice.legs.length > 0)
    return { kind: 'wait', reason: 'COOLDOWN', sentence: 'The slice cooldown is not over.', until: at };
  const price = gasPriceWei(snapshot.gas);
  const ceiling = gasCeilingWei(snapshot, rule, plan);
  if (ceiling !== null && price > ceiling) {
    const sentence = `Gas of ${gweiText(price)} is above the ceiling of ${gweiText(ceiling)}.`;
    return begins
      ? stop('GAS_ABOVE_CAP', sentence)
      : { kind: 'wait', reason: 'GAS_ABOVE_CAP', sentence, until: now + RETRY_S };
  }
  if (snapshot.gas.nativeUsdE8 === 0n) {
    return stop('PRICE_UNREACHABLE', 'The price of the native coin is not usable, so gas cannot be valued.');
  }
  const cost = expectedGasUsdE8(planGasUnits(plan.slices, vault.assets.length, plan.kind !== 'CONTINUE'), snapshot.gas);
  if (rule.maxGasUsdE8 !== null && cost > rule.maxGasUsdE8 && !sellsStopped(plan, snapshot)) {
    const sentence = `Gas would now cost ${usdText(cost)}, more than the ceiling of ${usdText(rule.maxGasUsdE8)}.`;
    return begins
      ? stop('GAS_ABOVE_CAP', sentence)
      : { kind: 'wait', reason: 'GAS_ABOVE_CAP', sentence, until: now + RETRY_S };
  }
  return null;
}

/**
 * @param begins the slice opens its epoch
 * @returns legs of at most the planned size, quoted on the fresh pools in the order in which they will run
 */
export function recheckSlice(
  seen: Snapshot,
  rule: KeeperRule,
  plan: Plan,
  slice: PlannedSlice,
  begins: boolean,
): Recheck {
  if (plan.kind === 'STOP_CHECK') return recheckStops(seen);
  return recheckInForce({ ...seen, vault: inForce(seen.vault) }, rule, plan, slice, begins);
}

/** Another act than the one that was planned is as good: the vault decides which. */
function recheckStops({ vault, block }: Snapshot): Recheck {
  return stopCheckOf(vault, block.time) === null
    ? stop('IN_BAND', 'There is nothing more to tell the stops: prices came back, or somebody else has told them.')
    : { kind: 'go', legs: [] };
}

function recheckInForce(
  snapshot: Snapshot,
  rule: KeeperRule,
  plan: Plan,
  slice: PlannedSlice,
  begins: boolean,
): Recheck {
  const blocked = gate(snapshot, rule, plan, slice, begins);
  if (blocked !== null) return blocked;
  if (slice.legs.length === 0) return { kind: 'go', legs: [] };
  const { vault, block } = snapshot;
  const { policy, state } = vault;
  const assets: AssetState[] = [...vault.assets];
  let pools = snapshot.pools;
  const epochNavUsdE8 = sizingNavUsdE8(vault, block.time, begins);
  const epochStart = begins ? block.time : state.epochStart;
  const pips = requiredPipsAt(vault, epochStart, block.time);
  /** {s} when the demand will have relaxed to what a leg brings */
  let metAt: number | null = null;
  const budget = lossCapUsdE8(policy, epochNavUsdE8);
  let level = lossLevel(state, policy, epochNavUsdE8, block.time);
  let soldInSliceUsdE8 = 0n;
  let dropped: { reason: Reason; sentence: string } | null = null;
  const legs: Leg[] = [];

  for (const leg of slice.legs) {
    const pair = `${leg.sellSymbol} to ${leg.buySymbol}`;
    const drop = (reason: Reason, why: string): void => {
      dropped ??= { reason, sentence: `${pair}: ${why}.` };
    };
    const [sell, buy] = [assets[leg.sell], assets[leg.buy]];
    const steps = sell === undefined ? null : stepsOf(pools, sell.token, leg.hops);
    const untouched = sell === undefined ? null : stepsOf(snapshot.pools, sell.token, leg.hops);
    const changed = sell?.symbol !== leg.sellSymbol || buy?.symbol !== leg.buySymbol;
    if (sell === undefined || buy === undefined || changed || steps === null || untouched === null) {
      return stop('TX_REPLACED', `The owner changed the targets after the plan was made (${pair}).`);
    }
    // The pools as they are on the chain, not as earlier legs of this slice will leave them.
    if (divergenceBps(pathMidPrice(untouched), sell, buy) > policy.maxSlipBps) {
      drop('POOL_PRICE_DIVERGES', "the pool's price is too far from the oracle's now");
      continue;
    }
    if (!begins && hasBit(state.sold, leg.buy)) {
      drop('SOLD_IN_EPOCH', `${leg.buySymbol} was sold in this rebalance`);
      continue;
    }
    const f: FillInputs = { policy, sell, buy, pips, epochNavUsdE8, soldInSliceUsdE8 };
    const amountIn = min(leg.amountIn, maxSellAmount(f));
    const worth = valueUsdE8(amountIn, sell.priceUsdE8, sell.decimals);
    if (amountIn === 0n || worth < minTradeUsdE8(policy)) {
      drop(amountIn === 0n ? 'IN_BAND' : 'BELOW_MIN_TRADE', `${usdText(worth)} is left to trade`);
      continue;
    }
    const quote = quotePath(steps, amountIn);
    const cost = pathCost(quote, sell, buy);
    if (!quote.complete || cost.impactBps > rule.maxImpactBps) {
      drop('IMPACT_ABOVE_CAP', 'the pool has become too thin for it');
      continue;
    }
    const required = requiredOut(amountIn, sell, buy, pips);
    const verdict = checkFill(f, amountIn, quote.amountOut);
    if (!verdict.ok) {
      const bySlip = verdict.error === 'SlippageAboveCap';
      const after = bySlip ? relaxedToAfterS(policy, broughtPips(amountIn, quote.amountOut, sell, buy)) : null;
      if (after !== null) {
        const at = relaxesFrom(vault, epochStart) + after;
        metAt = metAt === null ? at : Math.min(metAt, at);
      }
      drop(bySlip ? 'SLIPPAGE_WOULD_EXCEED' : 'IN_BAND', `the vault would refuse it now (${verdict.error})`);
      continue;
    }
    if (level + verdict.lossUsdE8 > budget) {
      drop('LOSS_BUDGET_SPENT', `it would exceed the loss budget of ${usdText(budget)}`);
      continue;
    }
    level += verdict.lossUsdE8;
    soldInSliceUsdE8 += worth;
    assets[leg.sell] = verdict.sell;
    assets[leg.buy] = verdict.buy;
    pools = poolsAfter(pools, quote);
    legs.push({
      ...leg,
      amountIn,
      quotedOut: quote.amountOut,
      minOut: max(required, toleratedOut(quote.amountOut, steps)),
      valueUsdE8: worth,
      ...cost,
    });
  }
  if (legs.length > 0) return { kind: 'go', legs };
  if (metAt !== null && metAt > block.time && !begins && metAt < state.epochEnd - INCLUSION_MARGIN_S) {
    const until = Math.min(metAt, block.time + RETRY_S);
    const sentence = 'The pools do not pay yet what the vault demands.';
    return { kind: 'wait', reason: 'SLIPPAGE_WOULD_EXCEED', sentence, until };
  }
  const why = dropped as { reason: Reason; sentence: string } | null;
  return stop(why?.reason ?? 'IN_BAND', why?.sentence ?? 'Nothing is left to trade.');
}
