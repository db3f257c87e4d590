/** What a rebalance is worth per year, and how long it takes to earn its cost back. */
import type { KeeperRule } from './types.ts';
import { BPS, divUp } from './units.ts';

const DAYS_PER_YEAR = 365n;
/** Reported when the saving is nothing, so that the figure stays an integer. */
export const NEVER_DAYS = 1_000_000;

/** {USD E8 squared} sum of (value - target value)^2 */
export function squaredDrift(values: readonly bigint[], targets: readonly bigint[]): bigint {
  let sum = 0n;
  for (const [i, v] of values.entries()) {
    const d = v - (targets[i] ?? 0n);
    sum += d * d;
  }
  return sum;
}

/**
 * {USD E8 per year} (gamma/2) * volatility^2 * NAV * (sum d_before^2 - sum d_after^2), d as a fraction of NAV:
 * the tracking-error term of equation (1) of the policy study, (gamma/2) * E[tracking-error variance]. It takes the
 * assets as independent with one volatility, which needs no forecast of correlations. Rounded down; negative when
 * drift grows.
 */
export function yearlySavingUsdE8(
  rule: Pick<KeeperRule, 'riskAversionE2' | 'volatilityBps'>,
  navUsdE8: bigint,
  squaredBefore: bigint,
  squaredAfter: bigint,
): bigint {
  if (navUsdE8 === 0n) return 0n;
  const volatility = BigInt(rule.volatilityBps);
  const numerator = BigInt(rule.riskAversionE2) * volatility * volatility * (squaredBefore - squaredAfter);
  // riskAversionE2 / (2 * 100), volatility^2 / 10000^2, and d^2 * NAV = (value - target)^2 / NAV
  return numerator / (200n * BPS * BPS * navUsdE8);
}

/** {days}, rounded up. */
export function paybackDays(costUsdE8: bigint, savingUsdE8: bigint): number {
  if (costUsdE8 <= 0n) return 0;
  if (savingUsdE8 <= 0n) return NEVER_DAYS;
  const days = divUp(costUsdE8 * DAYS_PER_YEAR, savingUsdE8);
  return days > BigInt(NEVER_DAYS) ? NEVER_DAYS : Number(days);
}

/** Does a saving at this yearly rate earn `costUsdE8` back within `days`? */
export function paysBackWithin(costUsdE8: bigint, savingUsdE8: bigint, days: number): boolean {
  return paybackDays(costUsdE8, savingUsdE8) <= days;
}
