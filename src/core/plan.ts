/** From a snapshot to the fills that bring the portfolio back. Pure: the same plan from the same inputs. */
import { type Allocation, allocate, predictedNav } from './allocate.ts';
import { nextSliceAt } from './due.ts';
import { expectedGasUsdE8, sliceGasUnits } from './gas.ts';
import { destinationBps, minTradeUsdE8, sizingNavUsdE8 } from './limits.ts';
import { naiveAlternative } from './naive.ts';
import type { Note } from './notes.ts';
import { paybackDays, squaredDrift, yearlySavingUsdE8 } from './saving.ts';
import { inForce } from './stops.ts';
import type {
  AssetState,
  CostEstimate,
  DueState,
  KeeperRule,
  Plan,
  PlannedSlice,
  Reason,
  Snapshot,
  VaultPolicy,
} from './types.ts';
import { abs, BPS, max, mulDiv } from './units.ts';
import {
  assetValueUsdE8,
  driftBps,
  firstBadPrice,
  firstUnknownBalance,
  portfolioValue,
  targetValueUsdE8,
} from './value.ts';

export type LeftOver = Plan['leftOver'];

export type PlanResult = {
  /** null when there is nothing to do, or nothing that can be done: then `blockedBy` says why. */
  readonly plan: Plan | null;
  readonly leftOver: LeftOver;
  /** null when nothing is left to trade. */
  readonly blockedBy: Reason | null;
};

const NOTHING: PlanResult = { plan: null, leftOver: [], blockedBy: null };

function noteFor(a: Allocation, index: number): Note {
  return (
    a.notes.get(index) ??
    a.stopped ?? { reason: 'BELOW_MIN_TRADE', detail: 'no other asset is far enough on the other side of its target' }
  );
}

/**
 * What lies beyond the destinations and is large enough to trade, largest first. Less than 0.1 points is what fees leave
 * behind, not drift.
 */
function leftOverOf(a: Allocation, policy: VaultPolicy, epochNavUsdE8: bigint, begins: boolean): LeftOver {
  // When the vault calls a rebalance due and nothing can be done, even a small remainder is the reason.
  const stuck = begins && a.slices.length === 0;
  const worthTelling = stuck ? 1n : max(minTradeUsdE8(policy), mulDiv(epochNavUsdE8, 10n, BPS) + 1n);
  return a.assets
    .map((asset, index) => {
      const gap = assetValueUsdE8(asset) - targetValueUsdE8(asset.targetBps, epochNavUsdE8);
      const beyond = abs(gap) - mulDiv(destinationBps(asset, policy), epochNavUsdE8, BPS);
      return { asset, index, gap, open: beyond >= worthTelling };
    })
    .filter((x) => x.open)
    .sort((x, y) => (abs(y.gap) > abs(x.gap) ? 1 : abs(y.gap) < abs(x.gap) ? -1 : x.index - y.index))
    .map(({ asset, index }) => {
      const { reason, detail } = noteFor(a, index);
      return { symbol: asset.symbol, reason, detail };
    });
}

/** Expected gas of all slices of a plan of a vault with `assetCount` assets. */
export function planGasUnits(slices: readonly PlannedSlice[], assetCount: number, begins: boolean): bigint {
  let units = 0n;
  for (const [i, slice] of slices.entries()) {
    units += sliceGasUnits(begins && i === 0, assetCount);
    for (const leg of slice.legs) units += leg.gasUnits;
  }
  return units;
}

function costOf(slices: readonly PlannedSlice[], snapshot: Snapshot, begins: boolean): CostEstimate {
  let feeUsdE8 = 0n;
  let impactUsdE8 = 0n;
  for (const leg of slices.flatMap((s) => s.legs)) {
    feeUsdE8 += leg.feeUsdE8;
    impactUsdE8 += leg.impactUsdE8;
  }
  const gas = expectedGasUsdE8(planGasUnits(slices, snapshot.vault.assets.length, begins), snapshot.gas);
  return { gasUsdE8: gas, feeUsdE8, impactUsdE8, totalUsdE8: gas + feeUsdE8 + impactUsdE8 };
}

function squaredAt(assets: readonly AssetState[], targets: readonly bigint[]): bigint {
  return squaredDrift(assets.map(assetValueUsdE8), targets);
}

/**
 * Nets buys against sells and sizes every fill as the vault will clamp it. Legs that break a keeper's limit are
 * planned all the same when no other pool is better, so that the guards can say by how much; `evaluateGuards` decides.
 */
export function planRebalance(seen: Snapshot, rule: KeeperRule, due: DueState): PlanResult {
  const snapshot: Snapshot = { ...seen, vault: inForce(seen.vault) };
  const { vault, block } = snapshot;
  if (due.kind === 'NONE' || vault.assets.length === 0) return NOTHING;
  if (firstBadPrice(vault.assets) || firstUnknownBalance(vault.assets)) return NOTHING;
  const begins = due.kind !== 'CONTINUE';
  const { navUsdE8 } = portfolioValue(vault.assets);
  // A stop waits for no cooldown, but slices keep their distance across epochs too.
  const startAt = begins ? nextSliceAt(vault, due.retryAt) : due.retryAt;
  const epochNavUsdE8 = sizingNavUsdE8(vault, startAt, begins);
  if (navUsdE8 === 0n || epochNavUsdE8 === 0n) return NOTHING;

  const inputs = {
    snapshot,
    rule,
    epochNavUsdE8,
    firstSequence: begins ? 0 : vault.state.sequence,
    startAt,
    epochStart: begins ? startAt : vault.state.epochStart,
    epochEnd: begins ? startAt + vault.policy.ttlS : vault.state.epochEnd,
    begins,
  };
  const targets = vault.assets.map((a) => targetValueUsdE8(a.targetBps, epochNavUsdE8));
  const best = allocate(inputs);
  const leftOver = leftOverOf(best, vault.policy, epochNavUsdE8, begins);
  if (best.slices.length === 0) return { plan: null, leftOver, blockedBy: leftOver[0]?.reason ?? null };

  const cost = costOf(best.slices, snapshot, begins);
  const saving = yearlySavingUsdE8(
    rule,
    epochNavUsdE8,
    squaredAt(vault.assets, targets),
    squaredAt(best.assets, targets),
  );
  const navAfter = predictedNav(best);
  const plan: Plan = {
    schema: 'evenkeel.plan/3',
    vault: vault.address,
    chainId: snapshot.chainId,
    block,
    kind: due.kind,
    epoch: begins ? vault.state.epoch + 1 : vault.state.epoch,
    slices: best.slices,
    cost,
    naive: naiveAlternative(snapshot),
    yearlySavingUsdE8: saving,
    paybackDays: paybackDays(cost.totalUsdE8, saving),
    driftAfterBps: best.assets.map((a) => driftBps(assetValueUsdE8(a), a.targetBps, navAfter)),
    leftOver,
  };
  return { plan, leftOver, blockedBy: null };
}
