import type { Random } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState } from '../../src/core/types.ts';
import {
  baseUnits,
  E18,
  type PoolSpec,
  poolMaker,
  randomFees,
  randomRate,
  someTokens,
  type TestToken,
} from './balancerPools.ts';
import { conform } from './harness.ts';

function randomPool(r: Random, all: readonly TestToken[]): PoolSpec {
  const tokens = someTokens(r, all, r.int(2, 5));
  const size = r.magnitude(10n ** 18n, 10n ** 30n);
  const spread = r.pick([2n, 10n, 100n, 5_000n]);
  return {
    tokens,
    balances: tokens.map((t) => baseUnits(size * r.magnitude(1n, spread), t)),
    rates: tokens.map((t) => randomRate(r, t)),
    ...randomFees(r, 10n ** 12n),
    curve: { kind: 'STABLE', amp: r.pick([1n, 5_000n, r.magnitude(1n, 5_000n)]) },
  };
}

/** Up to the balance, and at times far beyond. */
function randomAmount(r: Random, pool: BalancerPoolState, tokenIn: Address): bigint {
  const i = pool.tokens.indexOf(tokenIn);
  const balance = ((pool.balancesE18[i] ?? 0n) * E18) / ((pool.scalingFactors[i] ?? 1n) * (pool.ratesE18[i] ?? E18));
  return r.magnitude(1n, balance * r.pick([1n, 1n, 4n, 10_000n]) + 1n);
}

conform<BalancerPoolState>({
  name: 'Balancer stable pools',
  seed: 33,
  deploy: (world) => poolMaker(world, randomPool),
  amountIn: randomAmount,
  atLeast: { refused: 100 },
});
