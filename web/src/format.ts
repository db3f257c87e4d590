/**
 * Numbers, times and addresses as the page shows them. Minus is U+2212; differences of percentages are "points";
 * dollars have two decimals up to 100,000 and none above. Inputs are exact integers, outputs are text.
 */
const whole = new Intl.NumberFormat('en-US');
const MINUS = '\u2212';

export type SignStyle = 'minus-only' | 'always';

function signOf(negative: boolean, zero: boolean, style: SignStyle): string {
  if (negative) return MINUS;
  return style === 'always' && !zero ? '+' : '';
}

function roundDiv(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value < 0n ? -((-value + half) / by) : (value + half) / by;
}

/** USD E8 to whole cents, half away from zero. */
export function toCents(usdE8: bigint): bigint {
  return roundDiv(usdE8, 1_000_000n);
}

/** `cents` is exact; from 100,000 dollars on the cents are rounded away. */
export function centsText(cents: bigint, style: SignStyle = 'minus-only'): string {
  const negative = cents < 0n;
  const abs = negative ? -cents : cents;
  const sign = signOf(negative, cents === 0n, style);
  return abs >= 10_000_000n ? `${sign}$${whole.format(roundDiv(abs, 100n))}` : `${sign}${exactCents(abs)}`;
}

/** Always with cents, for columns that must add up to the cent. */
export function exactCents(cents: bigint): string {
  const abs = cents < 0n ? -cents : cents;
  return `${cents < 0n ? MINUS : ''}$${whole.format(abs / 100n)}.${(abs % 100n).toString().padStart(2, '0')}`;
}

/** A sentence of the server with real minus signs before its numbers. */
export function prose(sentence: string): string {
  return sentence.replace(/(^|[\s(])-(?=[$\d])/g, `$1${MINUS}`);
}

export function usd(usdE8: bigint, style: SignStyle = 'minus-only'): string {
  const cents = toCents(usdE8);
  if (cents === 0n && usdE8 !== 0n) return `${signOf(usdE8 < 0n, false, style)}$0.00`;
  return centsText(cents, style);
}

/**
 * Parts of a total as cents that sum exactly to the total's cents: each is rounded down, the cents left over go to the
 * largest remainders.
 */
export function splitCents(partsUsdE8: readonly bigint[], totalUsdE8: bigint): readonly bigint[] {
  const unit = 1_000_000n;
  const floors = partsUsdE8.map((p) => (p >= 0n ? p / unit : -((-p + unit - 1n) / unit)));
  let left = toCents(totalUsdE8) - floors.reduce((a, b) => a + b, 0n);
  const order = partsUsdE8
    .map((p, index) => ({ index, rest: p - (floors[index] ?? 0n) * unit }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const out = [...floors];
  for (const { index } of order) {
    if (left <= 0n) break;
    out[index] = (out[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return out;
}

/** Bps as percent: 4210 -> "42.1%". */
export function percent(bps: number, decimals = 1): string {
  return `${bps < 0 ? MINUS : ''}${(Math.abs(bps) / 100).toFixed(decimals)}%`;
}

/** A share of a whole in percent with two decimals and a sign: "+1.69%". Null when the whole is nothing. */
export function share(partE8: bigint, wholeE8: bigint, style: SignStyle = 'always'): string | null {
  if (wholeE8 <= 0n) return null;
  const e4 = roundDiv(partE8 * 10_000n, wholeE8);
  const abs = e4 < 0n ? -e4 : e4;
  return `${signOf(e4 < 0n, e4 === 0n, style)}${whole.format(abs / 100n)}.${(abs % 100n).toString().padStart(2, '0')}%`;
}

/** Bps as points without the unit: 210 -> "2.1". */
export function points(bps: number, style: SignStyle = 'minus-only'): string {
  const text = (Math.abs(bps) / 100).toFixed(1);
  return `${signOf(bps < 0 && text !== '0.0', text === '0.0', style)}${text}`;
}

/** A band or target without trailing ".0": 500 -> "5", 1250 -> "12.5". */
export function plainPercent(bps: number): string {
  return (bps / 100).toFixed(2).replace(/\.?0+$/, '');
}

/** The whole amount, every digit: 214000000000000000n, 18 -> "0.214". */
export function tokenExact(amount: bigint, decimals: number): string {
  const negative = amount < 0n;
  const digits = (negative ? -amount : amount).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  const fraction = digits.slice(cut).replace(/0+$/, '');
  const integer = whole.format(BigInt(digits.slice(0, cut)));
  return `${negative ? MINUS : ''}${integer}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Five significant digits, never fewer than the whole units. */
export function tokenShort(amount: bigint, decimals: number): string {
  const abs = amount < 0n ? -amount : amount;
  const digits = abs.toString().length;
  const integerDigits = digits - decimals;
  const keep = Math.max(5, integerDigits);
  if (digits <= keep) return tokenExact(amount, decimals);
  const unit = 10n ** BigInt(digits - keep);
  return tokenExact(roundDiv(amount, unit) * unit, decimals);
}

export function gwei(wei: bigint): string {
  const e3 = roundDiv(wei, 1_000_000n);
  if (e3 === 0n && wei > 0n) return 'under 0.001 gwei';
  const fraction = (e3 % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${whole.format(e3 / 1000n)}${fraction === '' ? '' : `.${fraction}`} gwei`;
}

export function integer(value: number | bigint): string {
  return whole.format(value);
}

/** "4 s", "2 min", "3 h", "12 days". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 100) return `${s} s`;
  if (s < 100 * 60) return `${Math.floor(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h`;
  return `${whole.format(Math.floor(s / 86400))} days`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const full = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
});

export function hourMinute(time: number): string {
  return clock.format(time * 1000);
}
export function dayMonth(time: number): string {
  return day.format(time * 1000);
}
export function weekdayName(time: number): string {
  return weekday.format(time * 1000);
}
export function fullTime(time: number): string {
  return full.format(time * 1000);
}
/** "13:00" on the day of `now`, otherwise "12 Nov 13:00". */
export function when(time: number, now: number): string {
  return dayMonth(time) === dayMonth(now) ? hourMinute(time) : `${dayMonth(time)} ${hourMinute(time)}`;
}

/** " It is due at 14:00." with its leading space; nothing when no time is set. */
export function dueText(what: string, at: number | null, now: number): string {
  if (at === null) return '';
  return at <= now ? ` ${what} is due now.` : ` ${what} is due at ${when(at, now)}.`;
}

/** Six and six: 0xf39Fd6…b92266. */
export function shortHex(hex: string): string {
  return hex.length <= 15 ? hex : `${hex.slice(0, 8)}\u2026${hex.slice(-6)}`;
}
