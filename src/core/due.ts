/** Is a rebalance due? The same answer as `Vault.due()`, from the same integers, in the same order. */
import type { DueState, PriceStatus, Reason, VaultState } from './types.ts';
import { abs, BPS, USD_E8_PER_CENT } from './units.ts';
import { firstBadPrice, portfolioValue, targetValueUsdE8 } from './value.ts';

export function priceReason(status: Exclude<PriceStatus, 'OK'>): Reason {
  return `PRICE_${status}`;
}

/** An epoch is open from `begin` until it is closed or its TTL is over. */
export function isEpochOpen(vault: VaultState, now: number): boolean {
  return vault.state.epoch !== 0 && now < vault.state.epochEnd;
}

/** {s} earliest time at which the next slice of the open epoch may execute. */
export function nextSliceAt(vault: VaultState, now: number): number {
  const { sequence, lastSliceAt } = vault.state;
  return sequence > 0 ? Math.max(now, lastSliceAt + vault.policy.sliceCooldownS) : now;
}

/**
 * @param now {s} block time at which the answer is asked for
 * @returns retryAt {s} earliest time at which the answer may change by itself; 0 = when prices or balances move
 */
export function dueOf(vault: VaultState, now: number): DueState {
  const { policy, state, assets } = vault;
  if (state.pausedUntil > now) return { kind: 'NONE', reason: 'PAUSED_BY_USER', retryAt: state.pausedUntil };
  if (assets.length === 0) return { kind: 'NONE', reason: 'NO_TARGETS', retryAt: 0 };
  if (isEpochOpen(vault, now)) return { kind: 'CONTINUE', reason: 'CONTINUE', retryAt: nextSliceAt(vault, now) };
  const bad = firstBadPrice(assets);
  if (bad && bad.priceStatus !== 'OK') return { kind: 'NONE', reason: priceReason(bad.priceStatus), retryAt: 0 };
  const { values, navUsdE8 } = portfolioValue(assets);
  if (navUsdE8 === 0n) return { kind: 'NONE', reason: 'EMPTY', retryAt: 0 };

  const minTradeUsdE8 = BigInt(policy.minTradeUsdE2) * USD_E8_PER_CENT;
  const inner = BigInt(policy.innerBandBps) * navUsdE8;
  let outsideBand = false;
  let tradableOutsideBand = false;
  let tradableOutsideInner = false;
  for (const [i, asset] of assets.entries()) {
    const value = values[i] ?? 0n;
    const deviation = abs(value * BPS - BigInt(asset.targetBps) * navUsdE8);
    const tradable = abs(value - targetValueUsdE8(asset.targetBps, navUsdE8)) >= minTradeUsdE8;
    if (deviation > BigInt(asset.bandBps) * navUsdE8) {
      outsideBand = true;
      tradableOutsideBand ||= tradable;
    }
    tradableOutsideInner ||= tradable && deviation > inner;
  }

  if (tradableOutsideBand) {
    const ready = state.epochEnd + policy.cooldownS;
    if (state.epoch !== 0 && now < ready) return { kind: 'NONE', reason: 'COOLDOWN', retryAt: ready };
    return { kind: 'DEVIATION', reason: 'DEVIATION', retryAt: now };
  }
  let retryAt = 0;
  if (policy.scheduleS > 0 && tradableOutsideInner) {
    const at = state.epochEnd + Math.max(policy.scheduleS, policy.cooldownS);
    if (now >= at) return { kind: 'SCHEDULE', reason: 'SCHEDULE', retryAt: now };
    retryAt = at;
  }
  return { kind: 'NONE', reason: outsideBand ? 'BELOW_MIN_TRADE' : 'IN_BAND', retryAt };
}
