/** Weighted pools: the product of balance ^ weight is kept. Everything is in 18 decimals, as the pool sees it. */
import { subFloor } from '../../units.ts';
import { divDownE18, divUpE18, mulDownE18, ONE_E18, powUpE18 } from './fixedPoint.ts';

/** {1e-18} of the balance, beyond which a pool takes nothing. */
export const MAX_IN_RATIO_E18 = 3n * 10n ** 17n;

/**
 * WeightedMath.computeOutGivenExactIn: balanceOut * (1 - (balanceIn / (balanceIn + amountIn)) ^ (weightIn / weightOut)),
 * each step rounded for the pool. null = the pool reverts.
 */
export function weightedAmountOut(
  balanceInE18: bigint,
  weightInE18: bigint,
  balanceOutE18: bigint,
  weightOutE18: bigint,
  amountInE18: bigint,
): bigint | null {
  if (amountInE18 > mulDownE18(balanceInE18, MAX_IN_RATIO_E18)) return null;
  const left = powUpE18(divUpE18(balanceInE18, balanceInE18 + amountInE18), divDownE18(weightInE18, weightOutE18));
  return mulDownE18(balanceOutE18, subFloor(ONE_E18, left));
}
