/** The guard ladder: every limit that stands between a plan and a transaction, as value, limit and verdict. */

import { pathMidPrice, type Step, stepsOf } from './amm/path.ts';
import { priceReason } from './due.ts';
import { poolText } from './format.ts';
import { gasPriceWei } from './gas.ts';
import { broughtPips, lossCapUsdE8, lossLevel, minTradeUsdE8, requiredPipsAt, sizingNavUsdE8 } from './limits.ts';
import { bestWait, type Wait } from './policy/gasTiming.ts';
import { divergenceBps } from './poolChecks.ts';
import { isStopped } from './stops.ts';
import type { AssetState, DueState, Guard, GuardUnit, KeeperRule, Leg, Plan, Reason, Snapshot } from './types.ts';
import { BPS, divUp, largest, max, PIPS, PIPS_PER_BPS, pow10, WEI_PER_MWEI } from './units.ts';
import { firstBadPrice, firstUnknownBalance, portfolioValue, valueUsdE8 } from './value.ts';

export type GuardInputs = {
  readonly snapshot: Snapshot;
  readonly rule: KeeperRule;
  readonly due: DueState;
  readonly plan: Plan | null;
  /** {s} time the decision is made for. */
  readonly now: number;
  readonly runInProgress: boolean;
};

function atMost(
  code: Reason,
  name: string,
  unit: GuardUnit,
  value: bigint,
  limit: bigint,
  enforcedBy: Guard['enforcedBy'],
): Guard {
  return { code, name, unit, value: value.toString(), limit: limit.toString(), pass: value <= limit, enforcedBy };
}

function atLeast(
  code: Reason,
  name: string,
  unit: GuardUnit,
  value: bigint,
  limit: bigint,
  enforcedBy: Guard['enforcedBy'],
): Guard {
  return { ...atMost(code, name, unit, value, limit, enforcedBy), pass: value >= limit };
}

/** 1 = as it should be; the limit is 1. */
function flag(code: Reason, name: string, ok: boolean, enforcedBy: Guard['enforcedBy']): Guard {
  return atLeast(code, name, 'FLAG', ok ? 1n : 0n, 1n, enforcedBy);
}

function priceGuards(asset: AssetState, now: number): Guard[] {
  const status = asset.priceStatus;
  const code = status === 'OK' ? 'PRICE_INVALID' : priceReason(status);
  const good = flag(code, `price ${asset.symbol}`, status === 'OK', 'VAULT');
  if (asset.heartbeatS === undefined) return [good];
  const age = BigInt(now - asset.priceUpdatedAt);
  return [good, atMost('PRICE_STALE', `price age ${asset.symbol}`, 'SECONDS', age, BigInt(asset.heartbeatS), 'VAULT')];
}

/** {bps, rounded up} how much less than its oracle value a leg is quoted; negative when it is quoted more. */
export function shortfallBps(leg: Leg, sell: AssetState, buy: AssetState): bigint {
  const fair = leg.amountIn * sell.priceUsdE8 * pow10(buy.decimals);
  const quoted = leg.quotedOut * buy.priceUsdE8 * pow10(sell.decimals);
  if (fair === 0n) return 0n;
  const missing = (fair - quoted) * BPS;
  return missing >= 0n ? divUp(missing, fair) : missing / fair;
}

/** A leg, and what it must bring in 1e-6 of its oracle value when its slice may run. */
type Demanded = { readonly leg: Leg; readonly pips: bigint };
type LegGroup = { readonly name: string; readonly steps: readonly Step[]; readonly legs: Demanded[] };

function demandedLegs(plan: Plan, vault: Snapshot['vault']): Demanded[] {
  const begins = plan.kind !== 'CONTINUE';
  const start = begins ? (plan.slices[0]?.notBefore ?? 0) : vault.state.epochStart;
  return plan.slices.flatMap(({ legs, notBefore }) =>
    legs.map((leg) => ({ leg, pips: requiredPipsAt(vault, start, notBefore) })),
  );
}

/** Slices repeat the same leg; one guard per pair and path shows the worst of them. */
function groupLegs(plan: Plan | null, { vault, pools }: Snapshot): LegGroup[] {
  const groups = new Map<string, LegGroup>();
  for (const { leg, pips } of plan === null ? [] : demandedLegs(plan, vault)) {
    const key = `${leg.sell}>${leg.buy}@${leg.hops.map((h) => h.pool)}`;
    const sell = vault.assets[leg.sell];
    const steps = sell === undefined ? null : stepsOf(pools, sell.token, leg.hops);
    if (steps === null) continue;
    const through = steps.map((s) => poolText(s.pool)).join(', then ');
    const name = `${leg.sellSymbol} to ${leg.buySymbol} (${through})`;
    const group = groups.get(key) ?? { name, steps, legs: [] };
    group.legs.push({ leg, pips });
    groups.set(key, group);
  }
  return [...groups.values()];
}

function legGuards(inputs: GuardInputs): Guard[] {
  const { snapshot, rule } = inputs;
  const { assets, policy } = snapshot.vault;
  const slip = BigInt(policy.maxSlipBps);
  const groups = groupLegs(inputs.plan, snapshot);
  const divergence: Guard[] = [];
  const impact: Guard[] = [];
  const slippage: Guard[] = [];
  const size: Guard[] = [];
  for (const { name, steps, legs } of groups) {
    const first = legs[0];
    const sell = first && assets[first.leg.sell];
    const buy = first && assets[first.leg.buy];
    if (!first || !sell || !buy) continue;
    const away = BigInt(divergenceBps(pathMidPrice(steps), sell, buy));
    divergence.push(atMost('POOL_PRICE_DIVERGES', `pool price ${name}`, 'BPS', away, slip, 'KEEPER'));
    const moved = largest(legs.map((l) => BigInt(l.leg.impactBps)));
    impact.push(atMost('IMPACT_ABOVE_CAP', `impact ${name}`, 'BPS', moved, BigInt(rule.maxImpactBps), 'KEEPER'));
    const short = largest(legs.map((l) => shortfallBps(l.leg, sell, buy)));
    const enough = legs.every(({ leg, pips }) => broughtPips(leg.amountIn, leg.quotedOut, sell, buy) >= pips);
    const limit = (PIPS - first.pips) / PIPS_PER_BPS;
    const g = atMost('SLIPPAGE_WOULD_EXCEED', `slippage ${name}`, 'BPS', short, limit, 'VAULT');
    slippage.push({ ...g, pass: enough });
    const smallest = -largest(legs.map((l) => -l.leg.valueUsdE8));
    size.push(atLeast('BELOW_MIN_TRADE', `trade size ${name}`, 'USD_E8', smallest, minTradeUsdE8(policy), 'VAULT'));
  }
  return [...divergence, ...impact, ...slippage, ...size];
}

/** {USD E8} value the planned fills give up against oracle prices. */
export function plannedLossUsdE8(plan: Plan | null, assets: readonly AssetState[]): bigint {
  let loss = 0n;
  for (const leg of plan?.slices.flatMap((s) => s.legs) ?? []) {
    const buy = assets[leg.buy];
    if (!buy) continue;
    const given = leg.valueUsdE8 - valueUsdE8(leg.quotedOut, buy.priceUsdE8, buy.decimals);
    if (given > 0n) loss += given;
  }
  return loss;
}

/** null: too little is known of gas, the rebalance is under way already, or it is a stop that sells. */
export function waitOf(plan: Plan, snapshot: Snapshot, now: number): Wait | null {
  const { hourlyGas, gas } = snapshot;
  if (hourlyGas === null || plan.kind === 'CONTINUE' || plan.slices.length === 0 || sellsStopped(plan, snapshot))
    return null;
  const { yearlySavingUsdE8 } = plan;
  const gasPrice = gasPriceWei(gas);
  return bestWait(
    { now, gasPriceWei: gasPrice, gasUsdE8: plan.cost.gasUsdE8, yearlySavingUsdE8, hours: 24 },
    hourlyGas,
  );
}

export function sellsStopped(plan: Plan, snapshot: Snapshot): boolean {
  return plan.slices.some((s) => s.legs.some((leg) => isStopped(snapshot.vault, leg.sell)));
}

/**
 * All guards that can be evaluated, in the order in which a failure becomes the primary reason. Nothing is skipped
 * after a failure: the record shows the whole ladder. Guards on legs and costs need a plan.
 */
export function evaluateGuards(inputs: GuardInputs): Guard[] {
  const { snapshot, rule, due, plan, now } = inputs;
  const { vault, gas } = snapshot;
  const { policy, state, assets } = vault;
  const guards: Guard[] = [
    flag('PAUSED', 'not paused', state.pausedUntil <= now, 'VAULT'),
    flag('RUN_IN_PROGRESS', 'no other run', !inputs.runInProgress, 'KEEPER'),
    ...assets
      .filter((a) => !a.balanceKnown)
      .map((a) => flag('BALANCE_UNREADABLE', `balance ${a.symbol}`, false, 'VAULT')),
    ...assets.flatMap((a) => priceGuards(a, now)),
  ];
  const priced = firstBadPrice(assets) === undefined && firstUnknownBalance(assets) === undefined;
  const nav = portfolioValue(assets).navUsdE8;
  if (priced) guards.push(atLeast('EMPTY', 'portfolio value', 'USD_E8', nav, 1n, 'VAULT'));
  // No ceiling of gas holds back a stop.
  if (plan?.kind === 'STOP_CHECK') return guards;
  const wait = due.reason === 'COOLDOWN' ? BigInt(Math.max(0, due.retryAt - now)) : 0n;
  guards.push(atMost('COOLDOWN', 'cooldown left', 'SECONDS', wait, 0n, 'VAULT'));

  guards.push(flag('PRICE_UNREACHABLE', 'price of the native coin', gas.nativeUsdE8 > 0n, 'KEEPER'));
  const price = gasPriceWei(gas);
  if (policy.maxGasPriceMwei > 0) {
    const cap = BigInt(policy.maxGasPriceMwei) * WEI_PER_MWEI;
    guards.push(atMost('GAS_ABOVE_CAP', 'gas price (vault)', 'WEI', price, cap, 'VAULT'));
  }
  const flees = plan !== null && sellsStopped(plan, snapshot);
  if (rule.maxGasPriceWei !== null && !flees)
    guards.push(atMost('GAS_ABOVE_CAP', 'gas price', 'WEI', price, rule.maxGasPriceWei, 'KEEPER'));
  if (plan && rule.maxGasUsdE8 !== null && !flees)
    guards.push(atMost('GAS_ABOVE_CAP', 'gas cost', 'USD_E8', plan.cost.gasUsdE8, rule.maxGasUsdE8, 'KEEPER'));

  guards.push(...legGuards(inputs));
  if (priced) {
    // The bucket empties until the first slice runs, which is what the plan was made for.
    const runsAt = plan?.slices[0]?.notBefore ?? now;
    const epochNav = sizingNavUsdE8(vault, runsAt, due.kind !== 'CONTINUE');
    const level = lossLevel(state, policy, epochNav, runsAt) + plannedLossUsdE8(plan, assets);
    guards.push(atMost('LOSS_BUDGET_SPENT', 'loss budget', 'USD_E8', level, lossCapUsdE8(policy, epochNav), 'VAULT'));
  }
  const later = plan && rule.waitForGas ? waitOf(plan, snapshot, now) : null;
  if (later !== null)
    guards.push(
      atMost(
        'GAS_MAY_FALL',
        'gas saved by waiting',
        'USD_E8',
        max(0n, later.gasSavedUsdE8),
        later.trackingUsdE8,
        'KEEPER',
      ),
    );
  // A stop is there to sell, not to pay off.
  if (plan && !sellsStopped(plan, snapshot))
    guards.push(
      atMost(
        'COST_EXCEEDS_BENEFIT',
        'payback time',
        'DAYS',
        BigInt(plan.paybackDays),
        BigInt(Math.floor(rule.maxPaybackDays)),
        'KEEPER',
      ),
    );
  return guards;
}
