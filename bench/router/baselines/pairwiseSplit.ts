/**
 * (a) Every leg runs through USDC and is split over all pools and paths as well as possible, net of gas: the same solver,
 * for one pair, and free of the rule that pools of Balancer's vault are fills of their own.
 */
import { quoteExactIn } from '../../../src/core/amm/quote.ts';
import { problemIn, solveRelaxed } from '../../../src/core/route/basket.ts';
import { compileMarket } from '../../../src/core/route/market.ts';
import type { Problem } from '../../../src/core/route/problem.ts';
import { selectEdges } from '../../../src/core/route/select.ts';
import { BED_TOKENS, basketAsset, type TokenSpec } from '../../../src/core/route/testing/markets.ts';
import type { Address, PoolState } from '../../../src/core/types.ts';
import { type Converter, unitUsd } from '../portfolio.ts';

function used(p: Problem): number[] {
  const edges: number[] = [];
  for (let e = 0; e < p.market.edgeCount; e++) if (p.active[e] === 1 && (p.gain[e] as number) > 0) edges.push(e);
  return edges;
}

export function pairwiseSplit(gasUsd: number): Converter {
  return (world, from, to, amountIn) => {
    if (amountIn === 0n) return;
    const usd = Number(amountIn) * unitUsd(from);
    const asset = (i: number, target: number) => basketAsset(i, BED_TOKENS[i] as TokenSpec, 0, target);
    const p = problemIn({
      assets: [
        { ...asset(from, 0), balance: amountIn, hiUsd: 0 },
        { ...asset(to, usd), balance: 0n },
      ],
      market: compileMarket(world.pools),
      ...{ navUsd: usd, penalty: 1_000, hopGasUsd: () => gasUsd, fillGasUsd: 0, minFillUsd: 0 },
    });
    solveRelaxed(p, usd);
    selectEdges(p, { gasUsd: () => gasUsd * used(p).length, obstacle: () => -1 }, gasUsd > 0);
    let bought = 0n;
    for (const e of used(p)) {
      const forward = (p.fa[e] as number) < 0;
      const [a, b] = [p.na[e] as number, p.nb[e] as number];
      const [input, output] = forward ? [a, b] : [b, a];
      const flow = forward ? (p.fa[e] as number) : (p.fb[e] as number);
      const given = BigInt(Math.round(-flow / (p.unitUsd[input] as number)));
      if (given === 0n) continue;
      const pool = p.market.pool[e] as number;
      const token = (node: number): Address => p.market.tokens[p.tokenOf[node] as number] as Address;
      const q = quoteExactIn(world.pools[pool] as PoolState, token(input), token(output), given);
      if (!q.complete) throw new Error(`pool ${pool} refuses ${given}`);
      world.pools[pool] = q.poolAfter;
      if (output === 1) bought += q.amountOut;
      if (input === 1) bought -= given;
      world.hops++;
    }
    world.balances[from] = (world.balances[from] as bigint) - amountIn;
    world.balances[to] = (world.balances[to] as bigint) + bought;
  };
}
