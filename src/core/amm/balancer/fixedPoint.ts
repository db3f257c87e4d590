/** Numbers with 18 decimals, rounded as Balancer's contracts round them. Inputs are not negative. */
import { divUp, mulDivUp } from '../../units.ts';
import { powE18 } from './logExp.ts';

export const ONE_E18 = 10n ** 18n;
const MAX_UINT256 = (1n << 256n) - 1n;
const MAX_UINT128 = (1n << 128n) - 1n;
/** {1e-18} by which the power function may be off, relative to its result. */
const POW_ERROR_E18 = 10_000n;

export const mulDownE18 = (a: bigint, b: bigint): bigint => (a * b) / ONE_E18;
export const mulUpE18 = (a: bigint, b: bigint): bigint => mulDivUp(a, b, ONE_E18);
export const divDownE18 = (a: bigint, b: bigint): bigint => (a * ONE_E18) / b;
export const divUpE18 = (a: bigint, b: bigint): bigint => divUp(a * ONE_E18, b);

/** Checked arithmetic reverts beyond this, also in the middle of a formula. */
export const fitsUint256 = (a: bigint): boolean => a <= MAX_UINT256;
/** The vault stores a balance in 128 bits. */
export const fitsUint128 = (a: bigint): boolean => a <= MAX_UINT128;

/** base ^ exponent, never below the true value. Whole exponents that pools often have are multiplied out. */
export function powUpE18(baseE18: bigint, exponentE18: bigint): bigint {
  if (exponentE18 === ONE_E18) return baseE18;
  if (exponentE18 === 2n * ONE_E18) return mulUpE18(baseE18, baseE18);
  if (exponentE18 === 4n * ONE_E18) {
    const square = mulUpE18(baseE18, baseE18);
    return mulUpE18(square, square);
  }
  const near = powE18(baseE18, exponentE18);
  return near + mulUpE18(near, POW_ERROR_E18) + 1n;
}
