/** Swaps in pools of Balancer's V3 vault, exact in, equal to the wei. */
import type { Address, BalancerPoolState } from '../../types.ts';

export type BalancerSwap = {
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
  readonly complete: boolean;
  readonly pool: BalancerPoolState;
};

export function swapBalancer(
  pool: BalancerPoolState,
  _tokenIn: Address,
  _tokenOut: Address,
  _amountIn: bigint,
): BalancerSwap {
  throw new Error(`pool ${pool.address} cannot be quoted yet`);
}

export function balancerMidPrice(
  pool: BalancerPoolState,
  _tokenIn: Address,
  _tokenOut: Address,
): { numerator: bigint; denominator: bigint } {
  throw new Error(`pool ${pool.address} cannot be quoted yet`);
}
