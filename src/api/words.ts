/** Guards as people read them; used by the dashboard's headline and by `keel explain`. */
import { decimalText, durationText, gweiText, pointsText, usdText } from '../core/format.ts';
import type { Guard, GuardUnit } from '../core/types.ts';

export function guardNumber(unit: GuardUnit, text: string): string {
  const value = BigInt(text);
  switch (unit) {
    case 'BPS':
      return `${decimalText(value, 2, 2).replace(/\.?0+$/, '')}%`;
    case 'USD_E8':
      return usdText(value);
    case 'SECONDS':
      return durationText(Number(value));
    case 'WEI':
      return gweiText(value);
    case 'DAYS':
      return `${value} days`;
    case 'FLAG':
      return value === 1n ? 'yes' : 'no';
    case 'COUNT':
      return value.toString();
  }
}

/** "gas price 61 gwei, limit 40 gwei" */
export function guardText(guard: Guard): string {
  if (guard.unit === 'FLAG') return `${guard.name}: ${guard.pass ? 'yes' : 'no'}`;
  return `${guard.name} is ${guardNumber(guard.unit, guard.value)}, the limit is ${guardNumber(guard.unit, guard.limit)}`;
}

/** "+5.6" */
export function signedPoints(bps: number): string {
  return `${bps > 0 ? '+' : ''}${pointsText(bps)}`;
}
