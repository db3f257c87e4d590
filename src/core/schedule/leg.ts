/** From the pools of a leg to what a schedule needs to know of it. */
import { poolFeePips } from '../amm/quote.ts';
import type { Address, PoolState } from '../types.ts';
import { localDepth, usdOf } from './depth.ts';
import type { SliceLeg } from './planSlices.ts';
import { recoveryBlocks } from './recovery.ts';
import { sandwichCap } from './sandwich.ts';

export type PricedHop = {
  readonly pool: PoolState;
  readonly tokenIn: Address;
  readonly tokenOut: Address;
  readonly priceInUsdE8: bigint;
  readonly decimalsIn: number;
};

/**
 * A path of hops as one pool: fees compound, impacts q^2 / R add, the slowest pool sets the recovery. A sandwich of a part
 * of the path, or of all of it, pays where at least one of its hops is above its own threshold.
 * @param slackBps by how much less than its quote the leg may bring
 */
export function sliceLegOf(
  sizeUsd: number,
  hops: readonly PricedHop[],
  market: { readonly sigma: number; readonly blockTimeS: number },
  slackBps: number,
): SliceLeg {
  let kept = 1;
  let impactPerUsd2 = 0;
  let slowest = 0;
  let sandwichCapUsd = Number.POSITIVE_INFINITY;
  for (const { pool, tokenIn, tokenOut, priceInUsdE8, decimalsIn } of hops) {
    const feePips = poolFeePips(pool, tokenIn, tokenOut);
    const cap = Number(sandwichCap(pool, tokenIn, tokenOut, slackBps));
    kept *= 1 - feePips / 1e6;
    impactPerUsd2 += 1 / usdOf(localDepth(pool, tokenIn, tokenOut), priceInUsdE8, decimalsIn);
    slowest = Math.max(slowest, recoveryBlocks(feePips, market.sigma, market.blockTimeS));
    sandwichCapUsd = Math.min(sandwichCapUsd, usdOf(cap, priceInUsdE8, decimalsIn));
  }
  return {
    sizeUsd,
    depthUsd: 1 / impactPerUsd2,
    feePips: (1 - kept) * 1e6,
    recoveryBlocks: slowest,
    sandwichCapUsd,
  };
}
