/** Numbers as people read them. Differences of weights are "points", never "%". Minus is "-"; the web maps it. */
import type { LeftOutPool, PoolState, VenueName } from './types.ts';
import { abs, divNearest, pow10, WEI_PER_GWEI } from './units.ts';

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Decimal text of value / 10^scale with `places` decimals, rounded half up in magnitude. */
export function decimalText(value: bigint, scale: number, places: number): string {
  const magnitude = abs(value);
  const rounded = places >= scale ? magnitude * pow10(places - scale) : divNearest(magnitude, pow10(scale - places));
  const digits = rounded.toString().padStart(places + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - places));
  const text = places === 0 ? whole : `${whole}.${digits.slice(digits.length - places)}`;
  return value < 0n && rounded > 0n ? `-${text}` : text;
}

/** "$1,234.56"; from $100,000 on without cents. */
export function usdText(valueUsdE8: bigint): string {
  const text = decimalText(abs(valueUsdE8), 8, abs(valueUsdE8) >= 100_000n * 10n ** 8n ? 0 : 2);
  return valueUsdE8 < 0n && /[1-9]/.test(text) ? `-$${text}` : `$${text}`;
}

/** 520 -> "5.2", 500 -> "5.0", 501 -> "5.01": one decimal unless that would hide a digit. */
export function pointsText(bps: number): string {
  const magnitude = Math.abs(bps);
  const text = (magnitude / 100).toFixed(magnitude % 10 === 0 ? 1 : 2);
  return bps < 0 ? `-${text}` : text;
}

/** 4,500 bps -> "45.0 percent" */
export function percentText(bps: number): string {
  return `${pointsText(bps)} percent`;
}

/** Up to three significant digits below 100, whole gwei above: "61 gwei", "0.052 gwei". */
export function gweiText(wei: bigint): string {
  if (wei >= 100n * WEI_PER_GWEI) return `${decimalText(wei, 9, 0)} gwei`;
  const whole = wei / WEI_PER_GWEI;
  const digitsAfter = whole >= 10n ? 1 : whole >= 1n ? 2 : 3 + leadingZeros(wei);
  return `${trimZeros(decimalText(wei, 9, Math.min(9, digitsAfter)))} gwei`;
}

/** Zeros between the point and the first digit of wei as gwei. */
function leadingZeros(wei: bigint): number {
  return wei === 0n ? 0 : 9 - wei.toString().length;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Token amounts with five significant digits: "0.45140", "1,290.9". */
export function amountText(amount: bigint, decimals: number): string {
  if (amount === 0n) return '0';
  const digits = abs(amount).toString().length;
  const wholeDigits = Math.max(1, digits - decimals);
  const zeros = digits < decimals ? decimals - digits : 0;
  return decimalText(
    amount,
    decimals,
    Math.max(0, Math.min(decimals, digits > decimals ? 5 - wholeDigits : zeros + 5)),
  );
}

/** "45 s", "12 min", "3 h", "2 days": rounded up, so that waiting this long is enough. */
export function durationText(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds));
  if (s < 120) return `${s} s`;
  if (s < 120 * 60) return `${Math.ceil(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.ceil(s / 3600)} h`;
  return `${Math.ceil(s / 86_400)} days`;
}

export const VENUE_TEXT: Readonly<Record<VenueName, string>> = {
  UNISWAP_V2: 'Uniswap V2',
  UNISWAP_V3: 'Uniswap V3',
  UNISWAP_V4: 'Uniswap V4',
  BALANCER_V3: 'Balancer V3',
};

export function leftOutText({ venue, pool, reason }: LeftOutPool): string {
  return `${VENUE_TEXT[venue]} ${pool}, ${reason}`;
}

/** "Uniswap V3 0.05%": enough to tell the pools of one pair apart. */
export function poolText(pool: PoolState): string {
  const name = VENUE_TEXT[pool.venue];
  switch (pool.venue) {
    case 'UNISWAP_V2':
      return name;
    case 'UNISWAP_V3':
      return `${name} ${pool.feePips / 10_000}%`;
    case 'UNISWAP_V4':
      return `${name} ${pool.lpFeePips / 10_000}%`;
    case 'BALANCER_V3':
      return `${name} ${Number(pool.swapFeeE18 / 10n ** 10n) / 1e6}%`;
  }
}

/** "a, b and c" */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
