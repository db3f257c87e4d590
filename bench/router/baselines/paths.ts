/** Every path of at most `maxHops` pools between two tokens, no pool and no token twice. */

import { sameAddress } from '../../../src/core/address.ts';
import { tokensOf } from '../../../src/core/amm/quote.ts';
import type { Address, PoolState } from '../../../src/core/types.ts';
import type { Step } from '../portfolio.ts';

export function pathsBetween(pools: readonly PoolState[], from: Address, to: Address, maxHops: number): Step[][] {
  const found: Step[][] = [];
  const visit = (token: Address, steps: readonly Step[], seen: readonly Address[]): void => {
    if (steps.length > 0 && sameAddress(token, to)) {
      found.push([...steps]);
      return;
    }
    if (steps.length === maxHops) return;
    pools.forEach((pool, index) => {
      const tokens = tokensOf(pool);
      if (!tokens.some((t) => sameAddress(t, token)) || steps.some((s) => s.pool === index)) return;
      for (const tokenOut of tokens)
        if (!seen.some((t) => sameAddress(t, tokenOut)))
          visit(tokenOut, [...steps, { pool: index, tokenOut }], [...seen, tokenOut]);
    });
  };
  visit(from, [], [from]);
  return found;
}
