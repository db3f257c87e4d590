/**
 * Stable pools: Curve's invariant D of balances x_1 ... x_n with amplification A,
 *   A n S + D = A n D + D^(n+1) / (n^n P),  S the sum of the balances and P their product,
 * and both unknowns, D and one balance, by Newton's method in whole numbers, rounded step by step as StableMath rounds.
 * null = the pool reverts: no convergence, a number beyond 256 bits, a division by zero.
 */
import { divUp, largest, min } from '../../units.ts';
import { fitsUint256 } from './fixedPoint.ts';

/** Amplification comes times this. */
export const AMP_PRECISION = 1_000n;
/** No balance may become this many times another. */
export const MAX_IMBALANCE = 10_000n;
const MAX_ROUNDS = 255;

const isNear = (a: bigint, b: bigint): boolean => a - b <= 1n && b - a <= 1n;

export function stableInvariant(ampE3: bigint, balancesE18: readonly bigint[]): bigint | null {
  if (balancesE18.some((x) => x <= 0n)) return null;
  const n = BigInt(balancesE18.length);
  const ampN = ampE3 * n;
  const sum = balancesE18.reduce((a, x) => a + x, 0n);
  const ampSum = (ampN * sum) / AMP_PRECISION;
  let d = sum;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let dp = d;
    for (const x of balancesE18) {
      if (!fitsUint256(dp * d)) return null;
      dp = (dp * d) / (x * n);
    }
    const numerator = (ampSum + dp * n) * d;
    const scaled = (ampN - AMP_PRECISION) * d;
    const denominator = scaled / AMP_PRECISION + (n + 1n) * dp;
    if (!fitsUint256(numerator) || !fitsUint256(scaled) || !fitsUint256(denominator) || denominator === 0n) return null;
    const next = numerator / denominator;
    if (isNear(next, d)) return next;
    d = next;
  }
  return null;
}

/** The balance at `index` that keeps `d` when the others are as given; rounded up. */
export function stableBalance(ampE3: bigint, balancesE18: readonly bigint[], d: bigint, index: number): bigint | null {
  const n = BigInt(balancesE18.length);
  const ampN = ampE3 * n;
  const own = balancesE18[index] ?? 0n;
  let sum = 0n;
  let pd = d;
  for (const x of balancesE18) {
    // The first round of the contract does not divide, and neither does d / d.
    const product = pd * x * n;
    if (sum > 0n && !fitsUint256(product)) return null;
    pd = product / d;
    sum += x;
  }
  const squareD = d * d;
  if (!fitsUint256(squareD * AMP_PRECISION) || !fitsUint256(ampN * pd) || pd === 0n) return null;
  const c = divUp(squareD * AMP_PRECISION, ampN * pd) * own;
  const b = sum - own + (d * AMP_PRECISION) / ampN;
  if (!fitsUint256(squareD + c)) return null;
  let y = divUp(squareD + c, d + b);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const numerator = y * y + c;
    const denominator = 2n * y + b - d;
    if (!fitsUint256(numerator) || denominator <= 0n) return null;
    const next = divUp(numerator, denominator);
    if (isNear(next, y)) return next;
    y = next;
  }
  return null;
}

/** StablePool's answer to an exact input: the invariant of now, then the balance that keeps it. */
export function stableAmountOut(
  ampE3: bigint,
  balancesE18: readonly bigint[],
  indexIn: number,
  indexOut: number,
  amountInE18: bigint,
): bigint | null {
  const d = stableInvariant(ampE3, balancesE18);
  if (d === null) return null;
  const after = balancesE18.map((x, i) => (i === indexIn ? x + amountInE18 : x));
  const left = stableBalance(ampE3, after, d, indexOut);
  if (left === null) return null;
  const amountOut = (balancesE18[indexOut] ?? 0n) - left - 1n;
  if (amountOut < 0n) return null;
  const ends = after.map((x, i) => (i === indexOut ? x - amountOut : x));
  return isBalanced([...balancesE18, ...ends]) ? amountOut : null;
}

function isBalanced(balancesE18: readonly bigint[]): boolean {
  const least = balancesE18.reduce(min);
  return least > 0n && largest(balancesE18) / least < MAX_IMBALANCE;
}
