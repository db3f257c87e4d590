/** The guard ladder: every limit that stands between a plan and a transaction, as value, limit and verdict. */
import { poolText } from './format.ts';
import { gasPriceWei } from './gas.ts';
import { lossCapUsdE8, lossLevel, minTradeUsdE8, requiredOut } from './limits.ts';
import { divergenceBps } from './route.ts';
import type {
  AssetState,
  DueState,
  Guard,
  GuardUnit,
  KeeperRule,
  Leg,
  Plan,
  PoolState,
  Reason,
  Snapshot,
} from './types.ts';
import { BPS, divUp, largest, pow10, WEI_PER_MWEI } from './units.ts';
import { firstBadPrice, portfolioValue, valueUsdE8 } from './value.ts';

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
  const code = status === 'OK' ? 'PRICE_INVALID' : (`PRICE_${status}` as const);
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

type LegGroup = { readonly name: string; readonly pool: PoolState | undefined; readonly legs: Leg[] };

/** Slices repeat the same leg; one guard per pair and pool shows the worst of them. */
function groupLegs(plan: Plan | null, pools: readonly PoolState[]): LegGroup[] {
  const groups = new Map<string, LegGroup>();
  for (const leg of plan?.slices.flatMap((s) => s.legs) ?? []) {
    const key = `${leg.sell}>${leg.buy}@${leg.pool}`;
    const pool = pools.find((p) => p.address === leg.pool);
    const through = pool ? ` (${poolText(pool)})` : '';
    const group = groups.get(key) ?? { name: `${leg.sellSymbol} to ${leg.buySymbol}${through}`, pool, legs: [] };
    group.legs.push(leg);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function legGuards(inputs: GuardInputs): Guard[] {
  const { snapshot, rule } = inputs;
  const { assets, policy } = snapshot.vault;
  const slip = BigInt(policy.maxSlipBps);
  const groups = groupLegs(inputs.plan, snapshot.pools);
  const divergence: Guard[] = [];
  const impact: Guard[] = [];
  const slippage: Guard[] = [];
  const size: Guard[] = [];
  for (const { name, pool, legs } of groups) {
    const first = legs[0];
    const sell = first && assets[first.sell];
    const buy = first && assets[first.buy];
    if (!first || !sell || !buy || !pool) continue;
    const away = BigInt(divergenceBps(pool, sell, buy));
    divergence.push(atMost('POOL_PRICE_DIVERGES', `pool price ${name}`, 'BPS', away, slip, 'KEEPER'));
    const moved = largest(legs.map((l) => BigInt(l.impactBps)));
    impact.push(atMost('IMPACT_ABOVE_CAP', `impact ${name}`, 'BPS', moved, BigInt(rule.maxImpactBps), 'KEEPER'));
    const short = largest(legs.map((l) => shortfallBps(l, sell, buy)));
    const g = atMost('SLIPPAGE_WOULD_EXCEED', `slippage ${name}`, 'BPS', short, slip, 'VAULT');
    const enough = legs.every((l) => l.quotedOut >= requiredOut(l.amountIn, sell, buy, policy.maxSlipBps));
    slippage.push({ ...g, pass: enough });
    const smallest = -largest(legs.map((l) => -l.valueUsdE8));
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

/**
 * All guards that can be evaluated, in the order in which a failure becomes the primary reason. Nothing is skipped
 * after a failure: the record shows the whole ladder. Guards on legs and costs need a plan.
 */
export function evaluateGuards(inputs: GuardInputs): Guard[] {
  const { snapshot, rule, due, plan, now } = inputs;
  const { vault, gas } = snapshot;
  const { policy, state, assets } = vault;
  const guards: Guard[] = [
    flag('PAUSED_BY_USER', 'not paused', state.pausedUntil <= now, 'VAULT'),
    flag('RUN_IN_PROGRESS', 'no other run', !inputs.runInProgress, 'KEEPER'),
    ...assets.flatMap((a) => priceGuards(a, now)),
  ];
  const priced = firstBadPrice(assets) === undefined;
  const nav = portfolioValue(assets).navUsdE8;
  if (priced) guards.push(atLeast('EMPTY', 'portfolio value', 'USD_E8', nav, 1n, 'VAULT'));
  const wait = due.reason === 'COOLDOWN' ? BigInt(Math.max(0, due.retryAt - now)) : 0n;
  guards.push(atMost('COOLDOWN', 'cooldown left', 'SECONDS', wait, 0n, 'VAULT'));

  guards.push(flag('PRICE_UNREACHABLE', 'price of the native coin', gas.nativeUsdE8 > 0n, 'KEEPER'));
  const price = gasPriceWei(gas);
  if (policy.maxGasPriceMwei > 0) {
    const cap = BigInt(policy.maxGasPriceMwei) * WEI_PER_MWEI;
    guards.push(atMost('GAS_ABOVE_CAP', 'gas price (vault)', 'WEI', price, cap, 'VAULT'));
  }
  if (rule.maxGasPriceWei !== null)
    guards.push(atMost('GAS_ABOVE_CAP', 'gas price', 'WEI', price, rule.maxGasPriceWei, 'KEEPER'));
  if (plan && rule.maxGasUsdE8 !== null)
    guards.push(atMost('GAS_ABOVE_CAP', 'gas cost', 'USD_E8', plan.cost.gasUsdE8, rule.maxGasUsdE8, 'KEEPER'));

  guards.push(...legGuards(inputs));
  if (priced) {
    const epochNav = due.kind === 'CONTINUE' ? state.epochNavUsdE8 : nav;
    // The bucket empties until the first slice runs, which is what the plan was made for.
    const runsAt = plan?.slices[0]?.notBefore ?? now;
    const level = lossLevel(state, policy, epochNav, runsAt) + plannedLossUsdE8(plan, assets);
    guards.push(atMost('LOSS_BUDGET_SPENT', 'loss budget', 'USD_E8', level, lossCapUsdE8(policy, epochNav), 'VAULT'));
  }
  if (plan)
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
