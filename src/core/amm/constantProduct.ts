/** Uniswap V2 pair, exact in, as UniswapV2Pair.swap and UniswapV2Library.getAmountOut compute it. */
import type { V2PoolState } from '../types.ts';

/** V2 takes 0.3 % of the input, whatever the pair. {1e-6} */
export const V2_FEE_PIPS = 3_000;
const MAX_UINT112 = (1n << 112n) - 1n;

export type V2Swap = {
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
  readonly complete: boolean;
  readonly pool: V2PoolState;
};

/** {base units of the other token}, rounded down: the largest output that keeps (x*1000 - 3*in) * y*1000 from falling. */
export function v2AmountOut(amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint {
  if (amountIn <= 0n || reserveIn <= 0n || reserveOut <= 0n) return 0n;
  const inLessFee = amountIn * 997n;
  return (inLessFee * reserveOut) / (reserveIn * 1_000n + inLessFee);
}

/** `complete` is false when the pair would revert: nothing comes out, or a reserve leaves 112 bits. */
export function swapV2(pool: V2PoolState, zeroForOne: boolean, amountIn: bigint): V2Swap {
  const reserveIn = zeroForOne ? pool.reserve0 : pool.reserve1;
  const reserveOut = zeroForOne ? pool.reserve1 : pool.reserve0;
  const amountOut = v2AmountOut(amountIn, reserveIn, reserveOut);
  if (amountOut === 0n || reserveIn + amountIn > MAX_UINT112)
    return { amountOut: 0n, feeAmount: 0n, complete: false, pool };
  const inAfter = reserveIn + amountIn;
  const outAfter = reserveOut - amountOut;
  return {
    amountOut,
    feeAmount: amountIn - (amountIn * 997n) / 1_000n,
    complete: true,
    pool: {
      ...pool,
      reserve0: zeroForOne ? inAfter : outAfter,
      reserve1: zeroForOne ? outAfter : inAfter,
    },
  };
}
