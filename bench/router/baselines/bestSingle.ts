/** (b) Every leg runs through USDC along the one path that brings most net of gas. */
import { tokenAddress } from '../../../src/core/route/testing/markets.ts';
import { type Converter, quotePath, type Step, tradePath, unitUsd } from '../portfolio.ts';
import { pathsBetween } from './paths.ts';

export const MAX_HOPS = 3;

export function bestSingle(gasUsd: number): Converter {
  return (world, from, to, amountIn) => {
    if (amountIn === 0n) return;
    let best: Step[] | null = null;
    let most = Number.NEGATIVE_INFINITY;
    for (const steps of pathsBetween(world.pools, tokenAddress(from), tokenAddress(to), MAX_HOPS)) {
      const out = quotePath(world.pools, tokenAddress(from), steps, amountIn);
      if (out === null) continue;
      const net = Number(out) * unitUsd(to) - gasUsd * steps.length;
      if (net > most) {
        most = net;
        best = steps;
      }
    }
    if (best === null) throw new Error(`no path from asset ${from} to asset ${to} takes ${amountIn}`);
    tradePath(world, from, to, tokenAddress(from), best, amountIn);
  };
}
