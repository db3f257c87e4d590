/** What would have to change for a decision to come out differently, computed from the state it was made on. */
import { maxPathInWithinImpact, stepsOf } from './amm/path.ts';
import { durationText, gweiText, percentText, usdText } from './format.ts';
import { expectedGasUnits } from './gas.ts';
import { plannedLossUsdE8, waitOf } from './guards.ts';
import { lossCapUsdE8, lossLevel, minTradeUsdE8, sizingNavUsdE8 } from './limits.ts';
import { planGasUnits, planRebalance } from './plan.ts';
import type { AssetState, AssetView, DueState, KeeperRule, Leg, Plan, Reason, Snapshot } from './types.ts';
import { BPS, max, min, mulDiv, pow10, SECONDS_PER_DAY, subFloor, WEI_PER_MWEI, WEI_PER_NATIVE } from './units.ts';
import { portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

export type Situation = {
  readonly snapshot: Snapshot;
  readonly rule: KeeperRule;
  readonly due: DueState;
  readonly plan: Plan | null;
  readonly views: readonly AssetView[];
  readonly leftOver: Plan['leftOver'];
  readonly now: number;
};

/** The asset closest to (or furthest beyond) its band. */
export function mostDrifted(views: readonly AssetView[]): AssetView | undefined {
  return views.reduce<AssetView | undefined>((worst, v) => {
    if (!worst) return v;
    return Math.abs(v.driftBps) * worst.bandBps > Math.abs(worst.driftBps) * v.bandBps ? v : worst;
  }, undefined);
}

/** A token within 5 % of a dollar is taken for a stablecoin: naming a price at which it would trade says nothing. */
function isDollarLike(priceUsdE8: bigint): boolean {
  return priceUsdE8 > 95n * 10n ** 6n && priceUsdE8 < 105n * 10n ** 6n;
}

/**
 * {USD E8} price at which `view` would have weight `weightBps`, all else unchanged: v' = rest * w / (1 - w),
 * price' = v' / balance. null when no price can do it.
 */
export function priceAtWeight(view: AssetView, navUsdE8: bigint, weightBps: number): bigint | null {
  const rest = navUsdE8 - view.valueUsdE8;
  if (view.balance === 0n || rest <= 0n || weightBps <= 0 || weightBps >= 10_000) return null;
  const value = mulDiv(rest, BigInt(weightBps), BPS - BigInt(weightBps));
  return mulDiv(value, pow10(view.decimals), view.balance);
}

function whenOutsideBand(s: Situation): string | null {
  const v = mostDrifted(s.views);
  if (!v) return null;
  const { navUsdE8 } = portfolioValue(s.snapshot.vault.assets);
  const high = v.targetBps + v.bandBps;
  const low = v.targetBps - v.bandBps;
  const at = (weight: number): string => {
    const price = isDollarLike(v.priceUsdE8) ? null : priceAtWeight(v, navUsdE8, weight);
    return price === null ? '' : `, that is a price of about ${usdText(price)}`;
  };
  const parts: string[] = [];
  if (high < 10_000) parts.push(`rises above ${percentText(high)}${at(high)}`);
  if (low > 0) parts.push(`falls below ${percentText(low)}${at(low)}`);
  if (parts.length === 0) return null;
  const schedule =
    s.due.retryAt > s.now
      ? `; or on schedule in ${durationText(s.due.retryAt - s.now)} if the drift is still there`
      : '';
  return `Would trade if the weight of ${v.symbol} ${parts.join(', or ')}${schedule}.`;
}

/** {wei} highest gas price at which `plan` meets the gas limits and pays back; null when not even free gas helps. */
function breakEvenWei(plan: Plan, { rule, snapshot }: Situation): bigint | null {
  const planned = planGasUnits(plan.slices, snapshot.vault.assets.length, plan.kind !== 'CONTINUE');
  const units = expectedGasUnits(planned, snapshot.gas);
  const weiFor = (usdE8: bigint): bigint => mulDiv(usdE8, WEI_PER_NATIVE, units * snapshot.gas.nativeUsdE8);
  const affordable = mulDiv(max(0n, plan.yearlySavingUsdE8), BigInt(Math.floor(rule.maxPaybackDays)), 365n);
  const forGas = affordable - plan.cost.feeUsdE8 - plan.cost.impactUsdE8;
  if (forGas <= 0n) return null;
  return weiFor(rule.maxGasUsdE8 === null ? forGas : min(forGas, rule.maxGasUsdE8));
}

/** {wei} gas price at which this would trade; null when gas is not what keeps it. */
function affordableGasWei(s: Situation): bigint | null {
  const { rule, snapshot, due } = s;
  if (snapshot.gas.nativeUsdE8 === 0n) return null;
  const planAt = (baseFeeWei: bigint): Plan | null =>
    planRebalance({ ...snapshot, gas: { ...snapshot.gas, baseFeeWei, priorityFeeWei: 0n } }, rule, due).plan;
  const ceilings: bigint[] = [];
  if (snapshot.vault.policy.maxGasPriceMwei > 0)
    ceilings.push(BigInt(snapshot.vault.policy.maxGasPriceMwei) * WEI_PER_MWEI);
  if (rule.maxGasPriceWei !== null) ceilings.push(rule.maxGasPriceWei);
  const plan = s.plan ?? planAt(0n);
  if (plan) {
    let wei = breakEvenWei(plan, s);
    // Dearer gas makes for plainer plans, which can afford a little more: follow that as far as it goes.
    for (let round = 0; round < 4 && wei !== null; round++) {
      const plainer = planAt(wei);
      const next: bigint | null = plainer && breakEvenWei(plainer, s);
      if (next === null || next <= wei) break;
      wei = next;
    }
    if (wei === null) return null;
    ceilings.push(wei);
  }
  return ceilings.length === 0 ? null : ceilings.reduce(min);
}

function whenGasFalls(s: Situation): string | null {
  const wei = affordableGasWei(s);
  return wei === null ? null : `Would trade if gas is at most ${gweiText(wei)}.`;
}

function worstImpact(plan: Plan): Leg | undefined {
  return plan.slices
    .flatMap((x) => x.legs)
    .reduce<Leg | undefined>((worst, l) => (worst && worst.impactBps >= l.impactBps ? worst : l), undefined);
}

function whenImpactFits(s: Situation): string {
  const leg = s.plan ? worstImpact(s.plan) : undefined;
  const sell = leg && s.snapshot.vault.assets[leg.sell];
  const steps = leg && sell ? stepsOf(s.snapshot.pools, sell.token, leg.hops) : null;
  if (!leg || !sell || steps === null)
    return `Would trade if the pools were deeper: ${detailOf(s, 'IMPACT_ABOVE_CAP')}.`;
  const fits = maxPathInWithinImpact(steps, s.rule.maxImpactBps, leg.amountIn);
  const worth = usdText(valueUsdE8(fits, sell.priceUsdE8, sell.decimals));
  return `Would trade if that pool were deeper, if at most ${worth} went through it at once (a smaller largest slice), or with an impact limit of ${percentText(leg.impactBps)}.`;
}

function detailOf(s: Situation, reason: Reason): string {
  return s.leftOver.find((l) => l.reason === reason)?.detail ?? 'no detail';
}

function whenBudgetRefills(s: Situation): string {
  const { vault } = s.snapshot;
  const nav = sizingNavUsdE8(vault, s.now, s.due.kind !== 'CONTINUE');
  const cap = lossCapUsdE8(vault.policy, nav);
  const needed = plannedLossUsdE8(s.plan, vault.assets);
  if (cap === 0n || needed > cap) return 'Would trade with a larger daily loss budget, or if the pools were cheaper.';
  const excess = subFloor(lossLevel(vault.state, vault.policy, nav, s.now) + needed, cap);
  const wait = Number((excess * BigInt(SECONDS_PER_DAY)) / cap) + 1;
  return `Would trade in ${durationText(wait)}, when enough of the loss budget has refilled.`;
}

/** Assets whose price is bad, or too old for the time the decision is made for. */
export function badPrices(s: Situation): AssetState[] {
  return s.snapshot.vault.assets.filter(
    (a) => a.priceStatus !== 'OK' || (a.heartbeatS !== undefined && s.now - a.priceUpdatedAt > a.heartbeatS),
  );
}

function priceLine(asset: AssetState | undefined, now: number): string {
  if (!asset) return 'Would decide once the native coin has a price again.';
  const age = durationText(now - asset.priceUpdatedAt);
  const limit = asset.heartbeatS === undefined ? '' : `, limit ${durationText(asset.heartbeatS)}`;
  const last = asset.priceUpdatedAt > 0 ? ` (the last one is ${age} old${limit})` : '';
  return `Would decide once the feed of ${asset.symbol} gives a good price again${last}.`;
}

/** null = nothing useful can be said, or the outcome is a trade. */
export function counterfactualFor(reason: Reason, s: Situation): string | null {
  const { snapshot, due, now } = s;
  const { policy, assets, state } = snapshot.vault;
  switch (reason) {
    case 'IN_BAND':
      return whenOutsideBand(s);
    case 'BELOW_MIN_TRADE': {
      const { values, navUsdE8 } = portfolioValue(assets);
      const gaps = assets.map((a, i) => {
        const gap = (values[i] ?? 0n) - targetValueUsdE8(a.targetBps, navUsdE8);
        return { symbol: a.symbol, gap: gap < 0n ? -gap : gap };
      });
      const worst = gaps.reduce<(typeof gaps)[number] | undefined>((w, g) => (w && w.gap >= g.gap ? w : g), undefined);
      const which = worst ? `; ${worst.symbol} is ${usdText(worst.gap)} away from its target` : '';
      return `Would trade if the amount to move reached the smallest trade of ${usdText(minTradeUsdE8(policy))}${which}.`;
    }
    case 'COOLDOWN':
      return `Would trade in ${durationText(due.retryAt - now)}, when the cooldown is over, if the drift is still there.`;
    case 'GAS_ABOVE_CAP':
      return whenGasFalls(s) ?? 'Would trade if gas fell below its ceiling and the drift grew.';
    case 'GAS_MAY_FALL': {
      const wait = s.plan && waitOf(s.plan, snapshot, now);
      const later = wait ? `, looks best in ${durationText(wait.waitS)}` : '';
      return `Would trade once gas is no longer expected to fall by more than the drift costs${later}, or with waitForGas off.`;
    }
    case 'COST_EXCEEDS_BENEFIT':
      return (
        whenGasFalls(s) ??
        `Would trade if the drift grew or the cost fell${s.plan ? `, or with a payback limit of ${s.plan.paybackDays} days` : ''}.`
      );
    case 'PRICE_STALE':
    case 'PRICE_INVALID':
    case 'PRICE_OUT_OF_BOUNDS':
    case 'PRICE_UNREACHABLE':
    case 'PRICE_DIVERGED':
    case 'SEQUENCER_DOWN':
      return priceLine(badPrices(s)[0], now);
    case 'POOL_PRICE_DIVERGES':
      return `Would trade if the pool price came within ${percentText(policy.maxSlipBps)} of the oracle's.`;
    case 'IMPACT_ABOVE_CAP':
      return whenImpactFits(s);
    case 'SLIPPAGE_WOULD_EXCEED':
      return `Would trade if the pools paid at most ${percentText(policy.maxSlipBps)} less than the oracle value.`;
    case 'LOSS_BUDGET_SPENT':
      return whenBudgetRefills(s);
    case 'NO_ROUTE':
      return `Would trade with one more pool in the config: now ${detailOf(s, 'NO_ROUTE')}.`;
    case 'PAUSED':
      return state.pausedUntil - now > 10 * 365 * SECONDS_PER_DAY
        ? 'Would check again once the owner resumes.'
        : `Would check again in ${durationText(state.pausedUntil - now)}, when the pause ends, or once the owner resumes.`;
    case 'RUN_IN_PROGRESS':
      return 'Would decide once the run in progress has ended.';
    case 'BALANCE_UNREADABLE':
      return 'Would decide once the token tells its balance again, or without it among the targets.';
    case 'SOLD_IN_EPOCH':
      return 'Would trade in the next rebalance, if the drift is still there.';
    case 'EMPTY':
      return 'Would check again after a deposit.';
    case 'NO_TARGETS':
      return 'Would check again once the owner has set targets.';
    default:
      return null;
  }
}
