import type { Guard, GuardUnit, Reason } from '../../../src/core/types.ts';
import { duration, gwei, integer, percent, points, usd } from '../format.ts';

/** Reasons whose bps are a distance between two weights, which is said in points; all other bps are percent. */
const IN_POINTS: readonly Reason[] = ['DEVIATION', 'SCHEDULE', 'IN_BAND'];

function flag(value: bigint): string {
  return value === 0n ? 'no' : 'yes';
}

export function guardText(code: Reason, unit: GuardUnit, value: string, suffix: string): string {
  const v = BigInt(value);
  if (unit === 'BPS') return IN_POINTS.includes(code) ? `${points(Number(v))} points` : percent(Number(v), 2);
  if (unit === 'USD_E8') return `${usd(v)}${suffix}`;
  if (unit === 'SECONDS') return duration(Number(v));
  if (unit === 'WEI') return gwei(v);
  if (unit === 'DAYS') return `${integer(v)} ${v === 1n ? 'day' : 'days'}`;
  if (unit === 'FLAG') return flag(v);
  return integer(v);
}

/**
 * Whether the limit is a floor or a ceiling. The record carries the verdict, so value against limit tells which;
 * equal says nothing.
 */
export function limitKind(guard: Guard): 'at least' | 'at most' | 'limit' {
  const value = BigInt(guard.value);
  const limit = BigInt(guard.limit);
  if (value === limit || guard.unit === 'FLAG') return 'limit';
  return value > limit === guard.pass ? 'at least' : 'at most';
}

export function limitText(guard: Guard, suffix: string): string {
  if (guard.code === 'EMPTY') return 'more than nothing';
  const kind = limitKind(guard);
  return `${kind === 'limit' ? '' : `${kind} `}${guardText(guard.code, guard.unit, guard.limit, suffix)}`;
}

/** Both on one scale from 0, as shares of the width. The larger of the two sits at 5/6 so that the other can be compared. */
export function bullet(guard: Guard): { readonly value: number; readonly limit: number } {
  const value = Math.max(0, Number(guard.value));
  const limit = Math.max(0, Number(guard.limit));
  const end = Math.max(value, limit) * 1.2;
  return end === 0 ? { value: 0, limit: 0 } : { value: value / end, limit: limit / end };
}
