/**
 * Local depth R: an input q that is small against it loses q^2 / R to moving the pool. For a constant-product pool that is
 * the reserve of the token that goes in; inside one tick range its virtual reserve.
 */
import { sameAddress } from '../address.ts';
import { sideOf, sidesOf, weightOf } from '../amm/balancer/swap.ts';
import { midPrice, quoteExactIn } from '../amm/quote.ts';
import type { Address, PoolState } from '../types.ts';
import { virtualReserveIn } from './curve.ts';

/** Share of the reserve that a stable pool is asked for, to see how its price gives way. */
const PROBE = 1_000_000n;

/** {base units of tokenIn} held by the pool, without decimals scaling and rates; virtual where there are ticks. */
export function reserveIn(pool: PoolState, tokenIn: Address): number {
  switch (pool.venue) {
    case 'UNISWAP_V2':
      return Number(sameAddress(pool.token0, tokenIn) ? pool.reserve0 : pool.reserve1);
    case 'UNISWAP_V3':
    case 'UNISWAP_V4':
      return virtualReserveIn(pool, tokenIn);
    case 'BALANCER_V3': {
      const side = sideOf(pool, tokenIn);
      return (Number(side.balanceE18) * 1e18) / Number(side.unitE36);
    }
  }
}

/** Weight of `tokenIn` over that of `tokenOut`; 1 for pools that do not weigh. */
export function weightRatio(pool: PoolState, tokenIn: Address, tokenOut: Address): number {
  if (pool.venue !== 'BALANCER_V3' || pool.curve.kind !== 'WEIGHTED') return 1;
  const { weightsE18 } = pool.curve;
  const [sideIn, sideOut] = sidesOf(pool, tokenIn, tokenOut);
  return Number(weightOf(weightsE18, sideIn)) / Number(weightOf(weightsE18, sideOut));
}

/** R from what a small swap does to the marginal price: a constant product moves by (1 + d)^2. */
function depthByQuotes(pool: PoolState, tokenIn: Address, tokenOut: Address): number {
  const probe = BigInt(Math.floor(reserveIn(pool, tokenIn))) / PROBE;
  const quote = quoteExactIn(pool, tokenIn, tokenOut, probe);
  if (!quote.complete) return 0;
  const before = midPrice(pool, tokenIn, tokenOut);
  const after = midPrice(quote.poolAfter, tokenIn, tokenOut);
  const moved = before.numerator * after.denominator;
  const fall = Number(moved - after.numerator * before.denominator) / Number(moved);
  return (2 * Number(probe - quote.feeAmount)) / fall;
}

/** {base units of tokenIn} */
export function localDepth(pool: PoolState, tokenIn: Address, tokenOut: Address): number {
  if (pool.venue === 'BALANCER_V3' && pool.curve.kind === 'STABLE') return depthByQuotes(pool, tokenIn, tokenOut);
  // A weighted pool loses (1 + r) q^2 / 2x.
  return (2 * reserveIn(pool, tokenIn)) / (1 + weightRatio(pool, tokenIn, tokenOut));
}
