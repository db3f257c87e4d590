/** Port of Uniswap V3 SqrtPriceMath.sol for exact input, with its rounding and its 256-bit overflow rules. */
import { divUp } from '../units.ts';

export const Q96 = 1n << 96n;
const TWO_256 = 1n << 256n;
const MAX_UINT160 = (1n << 160n) - 1n;

/** {token0} liquidity * (1/sqrt(a) - 1/sqrt(b)) */
export function amount0Delta(sqrtA: bigint, sqrtB: bigint, liquidity: bigint, roundUp: boolean): bigint {
  const lower = sqrtA < sqrtB ? sqrtA : sqrtB;
  const upper = sqrtA < sqrtB ? sqrtB : sqrtA;
  const numerator = (liquidity << 96n) * (upper - lower);
  return roundUp ? divUp(divUp(numerator, upper), lower) : numerator / upper / lower;
}

/** {token1} liquidity * (sqrt(b) - sqrt(a)) */
export function amount1Delta(sqrtA: bigint, sqrtB: bigint, liquidity: bigint, roundUp: boolean): bigint {
  const product = liquidity * (sqrtA < sqrtB ? sqrtB - sqrtA : sqrtA - sqrtB);
  return roundUp ? divUp(product, Q96) : product >> 96n;
}

function nextFromAmount0(sqrtPrice: bigint, liquidity: bigint, amount: bigint): bigint {
  if (amount === 0n) return sqrtPrice;
  const numerator = liquidity << 96n;
  const product = amount * sqrtPrice;
  // The contract computes in 256 bits and falls back to a less precise formula when either step overflows.
  if (product < TWO_256 && numerator + product < TWO_256) return divUp(numerator * sqrtPrice, numerator + product);
  return divUp(numerator, numerator / sqrtPrice + amount);
}

/**
 * Price after `amountIn` (less fee) of token0 or token1 went in; null when it would leave 160 bits, where the
 * contract reverts.
 */
export function nextSqrtPriceFromInput(
  sqrtPrice: bigint,
  liquidity: bigint,
  amountIn: bigint,
  zeroForOne: boolean,
): bigint | null {
  if (zeroForOne) return nextFromAmount0(sqrtPrice, liquidity, amountIn);
  const next = sqrtPrice + (amountIn << 96n) / liquidity;
  return next > MAX_UINT160 ? null : next;
}
