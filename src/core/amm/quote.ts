/** One face for every venue: exact quotes, mid prices and impact. */
import { sameAddress } from '../address.ts';
import type { Address, BalancerPoolState, PoolState } from '../types.ts';
import { BPS, divUp, mulDiv } from '../units.ts';
import { balancerMidPrice, swapBalancer } from './balancer/swap.ts';
import { swapV3, swapV4, v4FeePips } from './concentrated.ts';
import { swapV2, V2_FEE_PIPS } from './constantProduct.ts';

export type Quote = {
  /** {base units of tokenOut} exactly what the venue pays for `amountIn` in this state. */
  readonly amountOut: bigint;
  /** {base units of tokenIn} kept by the pool. */
  readonly feeAmount: bigint;
  /** false: not executable as asked. Never trade on the other figures then. */
  readonly complete: boolean;
  /** Initialised ticks crossed; 0 where a pool has none. */
  readonly crossed: number;
  /** The pool after this swap, to quote the next leg of the same transaction. */
  readonly poolAfter: PoolState;
};

export function tokensOf(pool: PoolState): readonly Address[] {
  return pool.venue === 'BALANCER_V3' ? pool.tokens : [pool.token0, pool.token1];
}

export function hasToken(pool: PoolState, token: Address): boolean {
  return tokensOf(pool).some((t) => sameAddress(t, token));
}

export function connects(pool: PoolState, a: Address, b: Address): boolean {
  return !sameAddress(a, b) && hasToken(pool, a) && hasToken(pool, b);
}

function isZeroForOne(pool: Exclude<PoolState, BalancerPoolState>, tokenIn: Address, tokenOut: Address): boolean {
  if (sameAddress(pool.token0, tokenIn) && sameAddress(pool.token1, tokenOut)) return true;
  if (sameAddress(pool.token1, tokenIn) && sameAddress(pool.token0, tokenOut)) return false;
  throw new RangeError(`tokens ${tokenIn} and ${tokenOut} are not those of pool ${pool.address}`);
}

/** {1e-6 of the input} */
export function poolFeePips(pool: PoolState, tokenIn: Address, tokenOut: Address): number {
  switch (pool.venue) {
    case 'UNISWAP_V2':
      return V2_FEE_PIPS;
    case 'UNISWAP_V3':
      return pool.feePips;
    case 'UNISWAP_V4':
      return v4FeePips(pool, isZeroForOne(pool, tokenIn, tokenOut));
    case 'BALANCER_V3':
      return Number(divUp(pool.swapFeeE18, 10n ** 12n));
  }
}

export function quoteExactIn(pool: PoolState, tokenIn: Address, tokenOut: Address, amountIn: bigint): Quote {
  switch (pool.venue) {
    case 'UNISWAP_V2': {
      const { pool: poolAfter, ...s } = swapV2(pool, isZeroForOne(pool, tokenIn, tokenOut), amountIn);
      return { ...s, crossed: 0, poolAfter };
    }
    case 'UNISWAP_V3': {
      const { pool: poolAfter, ...s } = swapV3(pool, isZeroForOne(pool, tokenIn, tokenOut), amountIn);
      return { ...s, poolAfter };
    }
    case 'UNISWAP_V4': {
      const { pool: poolAfter, ...s } = swapV4(pool, isZeroForOne(pool, tokenIn, tokenOut), amountIn);
      return { ...s, poolAfter };
    }
    case 'BALANCER_V3': {
      const { pool: poolAfter, ...s } = swapBalancer(pool, tokenIn, tokenOut, amountIn);
      return { ...s, crossed: 0, poolAfter };
    }
  }
}

/** Marginal price before fees, as an exact fraction: base units of tokenOut per base unit of tokenIn. */
export function midPrice(
  pool: PoolState,
  tokenIn: Address,
  tokenOut: Address,
): { numerator: bigint; denominator: bigint } {
  if (pool.venue === 'BALANCER_V3') return balancerMidPrice(pool, tokenIn, tokenOut);
  const zeroForOne = isZeroForOne(pool, tokenIn, tokenOut);
  const [token1PerToken0, one] =
    pool.venue === 'UNISWAP_V2' ? [pool.reserve1, pool.reserve0] : [pool.sqrtPriceX96 * pool.sqrtPriceX96, 1n << 192n];
  return zeroForOne
    ? { numerator: token1PerToken0, denominator: one }
    : { numerator: one, denominator: token1PerToken0 };
}

/** {base units of tokenOut}, rounded down: output at the mid price, no fee, no impact. */
export function midOut(pool: PoolState, tokenIn: Address, tokenOut: Address, amountIn: bigint): bigint {
  const { numerator, denominator } = midPrice(pool, tokenIn, tokenOut);
  return denominator === 0n ? 0n : mulDiv(amountIn, numerator, denominator);
}

/**
 * What moving the pool costs: output at the mid price of the input less fee, minus the quote.
 * `impactBps` is that loss as a share of the mid output, rounded up.
 */
export function impactOf(
  pool: PoolState,
  tokenIn: Address,
  tokenOut: Address,
  amountIn: bigint,
  quote: Quote,
): { impactAmount: bigint; impactBps: number } {
  const atMid = midOut(pool, tokenIn, tokenOut, amountIn - quote.feeAmount);
  if (atMid <= quote.amountOut) return { impactAmount: 0n, impactBps: 0 };
  const impactAmount = atMid - quote.amountOut;
  return { impactAmount, impactBps: Number(divUp(impactAmount * BPS, atMid)) };
}

/** {base units of tokenIn} largest input up to `upTo` that is executable within `maxImpactBps`; 0 when none is. */
export function maxInWithinImpact(
  pool: PoolState,
  tokenIn: Address,
  tokenOut: Address,
  maxImpactBps: number,
  upTo: bigint,
): bigint {
  return largestThat(upTo, (amountIn) => {
    const q = quoteExactIn(pool, tokenIn, tokenOut, amountIn);
    return q.complete && impactOf(pool, tokenIn, tokenOut, amountIn, q).impactBps <= maxImpactBps;
  });
}

/** Where `fits` turns from true to false, from below and to 2^-40 of `upTo`. */
export function largestThat(upTo: bigint, fits: (amount: bigint) => boolean): bigint {
  if (upTo <= 0n) return 0n;
  if (fits(upTo)) return upTo;
  let lo = 0n;
  let hi = upTo;
  // 2^-40 of the asked amount is far below a cent, and 40 quotes take well under a millisecond.
  for (let i = 0; i < 40 && hi - lo > 1n; i++) {
    const mid = (lo + hi) / 2n;
    if (fits(mid)) lo = mid;
    else hi = mid;
  }
  return lo;
}
