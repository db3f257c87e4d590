/**
 * Port of Uniswap V3 SwapMath.computeSwapStep for exact input. V4's moves the same amounts; it only calls a rounding fee
 * that V3 calls input.
 */
import { mulDivUp } from '../units.ts';
import { amount0Delta, amount1Delta, nextSqrtPriceFromInput } from './sqrtPriceMath.ts';

export const PIPS = 1_000_000n;

export type SwapStep = {
  readonly sqrtPriceNext: bigint;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
};

/** One step inside one tick range. The direction follows from the two prices. null = the contract would revert. */
export function computeSwapStep(
  sqrtPrice: bigint,
  sqrtTarget: bigint,
  liquidity: bigint,
  remaining: bigint,
  feePips: bigint,
): SwapStep | null {
  const zeroForOne = sqrtPrice >= sqrtTarget;
  const remainingLessFee = (remaining * (PIPS - feePips)) / PIPS;
  const toTarget = zeroForOne
    ? amount0Delta(sqrtTarget, sqrtPrice, liquidity, true)
    : amount1Delta(sqrtPrice, sqrtTarget, liquidity, true);
  const next =
    remainingLessFee >= toTarget
      ? sqrtTarget
      : nextSqrtPriceFromInput(sqrtPrice, liquidity, remainingLessFee, zeroForOne);
  if (next === null) return null;
  const reached = next === sqrtTarget;
  const amountIn = reached
    ? toTarget
    : zeroForOne
      ? amount0Delta(next, sqrtPrice, liquidity, true)
      : amount1Delta(sqrtPrice, next, liquidity, true);
  const amountOut = zeroForOne
    ? amount1Delta(next, sqrtPrice, liquidity, false)
    : amount0Delta(sqrtPrice, next, liquidity, false);
  const feeAmount = reached ? mulDivUp(amountIn, feePips, PIPS - feePips) : remaining - amountIn;
  return { sqrtPriceNext: next, amountIn, amountOut, feeAmount };
}
