import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powUpE18 } from '../../src/core/amm/balancer/fixedPoint.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState } from '../../src/core/types.ts';
import { max, pow10 } from '../../src/core/units.ts';
import {
  baseUnits,
  deployBalancer,
  E18,
  type PoolSpec,
  poolAbi,
  poolMaker,
  randomFees,
  randomRate,
  someTokens,
  type TestToken,
} from './balancerPools.ts';
import { conform } from './harness.ts';
import { startConformanceWorld, type World } from './world.ts';

const PERCENT = E18 / 100n;
/** {1e-18} The power function takes another way from here: near one, and from e^64 as it knows it. */
const WHERE_IT_TURNS = [(9n * E18) / 10n, (11n * E18) / 10n, 6_235_149_080_811_616_882_910_000_000n * E18];

/** Whole per cent at times, so that the power function takes its short ways for exponents of one, two and four. */
function randomWeights(r: Random, count: number): bigint[] {
  if (count === 2 && r.chance(0.4)) {
    const first = BigInt(r.pick([20, 50, 80])) * PERCENT;
    return [first, E18 - first];
  }
  const weights = Array.from({ length: count }, () => PERCENT);
  let left = E18 - BigInt(count) * PERCENT;
  for (let i = 0; i < count - 1; i++) {
    const share = r.chance(0.3) ? BigInt(r.int(0, Number(left / PERCENT))) * PERCENT : r.big(0n, left);
    weights[i] = PERCENT + share;
    left -= share;
  }
  weights[count - 1] = PERCENT + left;
  return weights;
}

function randomPool(r: Random, all: readonly TestToken[]): PoolSpec {
  const tokens = someTokens(r, all, r.int(2, 8));
  return {
    tokens,
    balances: tokens.map((t) => baseUnits(r.magnitude(10n ** 15n, 10n ** 30n), t) + pow10(t.decimals)),
    rates: tokens.map((t) => randomRate(r, t)),
    ...randomFees(r, 10n ** 13n),
    curve: { kind: 'WEIGHTED', weightsE18: randomWeights(r, tokens.length) },
  };
}

/** Up to what a pool takes at most, fee included, at times right there, and seldom beyond. */
function randomAmount(r: Random, pool: BalancerPoolState, tokenIn: Address): bigint {
  const i = pool.tokens.indexOf(tokenIn);
  const balance = ((pool.balancesE18[i] ?? 0n) * E18) / ((pool.scalingFactors[i] ?? 1n) * (pool.ratesE18[i] ?? E18));
  const limit = (balance * 3n * E18) / (10n * (E18 - pool.swapFeeE18));
  if (r.chance(0.1)) return max(1n, limit + BigInt(r.int(-3, 3)));
  return r.chance(0.05) ? r.magnitude(limit + 1n, 10n ** 50n) : r.magnitude(1n, limit + 1n);
}

conform<BalancerPoolState>({
  name: 'Balancer weighted pools',
  seed: 31,
  deploy: (world) => poolMaker(world, randomPool),
  amountIn: randomAmount,
  atLeast: { refused: 100 },
});

describe('Balancer weighted pools: the power function', () => {
  let world: World;
  beforeAll(async () => {
    world = await startConformanceWorld();
  });
  afterAll(() => world.stop());

  it('equals the contract far beyond what a swap asks of it', async () => {
    const r = seeded(32);
    const { tokens, makePool } = await deployBalancer(world);
    let equal = 0;
    for (let p = 0; p < 6; p++) {
      const weightsE18 = p === 0 ? [99n * PERCENT, PERCENT] : randomWeights(r, 2);
      const two = tokens.filter((t) => t.decimals === 18).slice(0, 2);
      const pool = await makePool({
        tokens: two.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1)),
        ...{ balances: [E18, E18], rates: [null, null], swapFeeE18: E18 / 100n, creatorFeeE18: null },
        curve: { kind: 'WEIGHTED', weightsE18 },
      });
      if (pool === null) throw new Error('the pool was refused');
      for (let k = 0; k < 60; k++) {
        const index = r.int(0, 1);
        const ratio = r.pick([
          r.magnitude(1n, 10n ** 40n),
          r.big((8n * E18) / 10n, (12n * E18) / 10n),
          r.pick(WHERE_IT_TURNS),
        ]);
        const weight = weightsE18[index] ?? 0n;
        const exponent = ratio > E18 ? (E18 * E18 - 1n) / weight + 1n : (E18 * E18) / weight;
        const power = powerOrNull(ratio, exponent);
        // One whole token times the ratio to the power of 1 / weight; a pool keeps a million units, in 256 bits.
        const asked = world.read(pool.address, poolAbi.WEIGHTED, 'computeBalance', [[E18, E18], BigInt(index), ratio]);
        if (power === null || power < 1_000_000n || power * E18 >= 1n << 256n) {
          await expect(asked, `${ratio} ^ ${exponent}`).rejects.toThrow('revert');
        } else {
          expect(await asked, `${ratio} ^ ${exponent}`).toBe(power);
          equal++;
        }
      }
    }
    expect(equal).toBeGreaterThan(180);
    expect(equal).toBeLessThan(350);
  });
});

/** null where it is out of the contract's range */
function powerOrNull(base: bigint, exponent: bigint): bigint | null {
  try {
    return powUpE18(base, exponent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}
