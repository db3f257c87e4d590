/** Is a rebalance due? The same answer as `Vault.due()`, from the same integers, in the same order. */
import { destinationBps, minTradeUsdE8, sliceCapUsdE8 } from './limits.ts';
import { inForce, isStopped } from './stops.ts';
import type { AssetState, DueState, PriceStatus, Reason, VaultPolicy, VaultState } from './types.ts';
import { abs, BPS, subFloor } from './units.ts';
import { firstBadPrice, firstUnknownBalance, portfolioValue, targetValueUsdE8 } from './value.ts';

/** {bps of NAV} of a stopped asset that are worth an epoch of their own: such an epoch waits for no cooldown. */
const STOPPED_BAND_BPS = 50n;

/** Is so much of a stopped asset left that its sale is worth a rebalance of its own? */
export function isWorthSellingOut(policy: VaultPolicy, valueUsdE8: bigint, navUsdE8: bigint): boolean {
  return valueUsdE8 >= minTradeUsdE8(policy) && valueUsdE8 * BPS > STOPPED_BAND_BPS * navUsdE8;
}

export function priceReason(status: Exclude<PriceStatus, 'OK'>): Reason {
  return status === 'SEQUENCER_DOWN' ? 'SEQUENCER_DOWN' : `PRICE_${status}`;
}

/** An epoch is open from `begin` until it is closed or its TTL is over. */
export function isEpochOpen(vault: VaultState, now: number): boolean {
  return now < vault.state.epochEnd;
}

/** {s} earliest time at which the next slice may execute, in whatever epoch. */
export function nextSliceAt(vault: VaultState, now: number): number {
  return Math.max(now, vault.state.lastSliceAt + vault.policy.sliceCooldownS);
}

/** Is there any pair between which a fill of the smallest size or more is possible? `assets` with targets in force. */
export function fillable(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  values: readonly bigint[],
  navUsdE8: bigint,
): boolean {
  const minTrade = minTradeUsdE8(policy);
  if (sliceCapUsdE8(policy, navUsdE8) < minTrade) return false;
  let [surplus, deficit, sellReach, buyReach] = [false, false, false, false];
  for (const [i, asset] of assets.entries()) {
    const value = values[i] ?? 0n;
    const target = targetValueUsdE8(asset.targetBps, navUsdE8);
    const away = Number(destinationBps(asset, policy));
    if (value > target) {
      surplus ||= value - target >= minTrade;
      sellReach ||= subFloor(value, targetValueUsdE8(asset.targetBps + away, navUsdE8)) >= minTrade;
    } else {
      deficit ||= target - value >= minTrade;
      const lower = targetValueUsdE8(Math.max(0, asset.targetBps - away), navUsdE8);
      buyReach ||= subFloor(lower, value) >= minTrade;
    }
  }
  return (sellReach && deficit) || (buyReach && surplus);
}

/**
 * @param now {s} block time at which the answer is asked for
 * @returns retryAt {s} earliest time at which the answer may change by itself; 0 = when prices or balances move
 */
export function dueOf(configured: VaultState, now: number): DueState {
  const vault = inForce(configured);
  const { policy, state, assets } = vault;
  if (state.pausedUntil > now) return { kind: 'NONE', reason: 'PAUSED', retryAt: state.pausedUntil };
  if (assets.length === 0) return { kind: 'NONE', reason: 'NO_TARGETS', retryAt: 0 };
  if (isEpochOpen(vault, now)) return { kind: 'CONTINUE', reason: 'CONTINUE', retryAt: nextSliceAt(vault, now) };
  const bad = firstBadPrice(assets);
  if (bad && bad.priceStatus !== 'OK') return { kind: 'NONE', reason: priceReason(bad.priceStatus), retryAt: 0 };
  // Where a balance cannot be read, `Vault.due()` has no answer: it reverts.
  if (firstUnknownBalance(assets)) return { kind: 'NONE', reason: 'BALANCE_UNREADABLE', retryAt: 0 };
  const { values, navUsdE8 } = portfolioValue(assets);
  if (navUsdE8 === 0n) return { kind: 'NONE', reason: 'EMPTY', retryAt: 0 };

  const inner = BigInt(policy.innerBandBps) * navUsdE8;
  let [stoppedHeld, outsideBand, outsideInner] = [false, false, false];
  for (const [i, asset] of assets.entries()) {
    const value = values[i] ?? 0n;
    if (isStopped(vault, i)) {
      stoppedHeld ||= isWorthSellingOut(policy, value, navUsdE8);
      continue;
    }
    const deviation = abs(value * BPS - BigInt(asset.targetBps) * navUsdE8);
    outsideBand ||= deviation > BigInt(asset.bandBps) * navUsdE8;
    outsideInner ||= deviation > inner;
  }
  const possible = fillable(policy, assets, values, navUsdE8);

  if (stoppedHeld && possible) return { kind: 'STOP', reason: 'STOPPED', retryAt: now };
  if (outsideBand && possible) {
    const ready = state.epochEnd + policy.cooldownS;
    if (state.epoch !== 0 && now < ready) return { kind: 'NONE', reason: 'COOLDOWN', retryAt: ready };
    return { kind: 'DEVIATION', reason: 'DEVIATION', retryAt: now };
  }
  let retryAt = 0;
  if (policy.scheduleS > 0 && outsideInner && possible) {
    const at = state.epochEnd + Math.max(policy.scheduleS, policy.cooldownS);
    if (now >= at) return { kind: 'SCHEDULE', reason: 'SCHEDULE', retryAt: now };
    retryAt = at;
  }
  return { kind: 'NONE', reason: outsideBand ? 'BELOW_MIN_TRADE' : 'IN_BAND', retryAt };
}
