/** Exact integer arithmetic with the rounding of the contracts. All inputs are non-negative unless said otherwise. */

export const BPS = 10_000n;
/** Parts per million, the unit of what a fill must bring. */
export const PIPS = 1_000_000n;
export const PIPS_PER_BPS = 100n;
/** USD E8 per US cent: `minTradeUsdE2 * USD_E8_PER_CENT` is USD E8. */
export const USD_E8_PER_CENT = 1_000_000n;
/** Wei per "mwei" (1e6 wei), the unit of the vault's gas price ceiling. */
export const WEI_PER_MWEI = 1_000_000n;
export const WEI_PER_GWEI = 1_000_000_000n;
export const WEI_PER_NATIVE = 10n ** 18n;
export const SECONDS_PER_DAY = 86_400;

const POW10: readonly bigint[] = Array.from({ length: 78 }, (_, n) => 10n ** BigInt(n));

/** 10^n for 0 <= n <= 77 (the largest power of ten below 2^256). */
export function pow10(n: number): bigint {
  const p = POW10[n];
  if (p === undefined) throw new RangeError(`pow10(${n}) is outside 0..77`);
  return p;
}

/** floor(a * b / d) */
export function mulDiv(a: bigint, b: bigint, d: bigint): bigint {
  return (a * b) / d;
}

/** ceil(a * b / d) */
export function mulDivUp(a: bigint, b: bigint, d: bigint): bigint {
  return divUp(a * b, d);
}

/** ceil(a / d) */
export function divUp(a: bigint, d: bigint): bigint {
  return a === 0n ? 0n : (a - 1n) / d + 1n;
}

/** round half up of a / d */
export function divNearest(a: bigint, d: bigint): bigint {
  return (2n * a + d) / (2n * d);
}

export function abs(a: bigint): bigint {
  return a < 0n ? -a : a;
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Largest of a non-empty list. */
export function largest(values: readonly bigint[]): bigint {
  return values.reduce(max);
}

/** max(0, a - b) */
export function subFloor(a: bigint, b: bigint): bigint {
  return a > b ? a - b : 0n;
}
