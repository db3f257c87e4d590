import { decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem';
import { expect } from 'vitest';
import { poolSeederAbi } from '../../devnet/artifacts/PoolSeeder.ts';
import { vaultLensAbi, vaultLensBytecode } from '../../src/abi/VaultLens.ts';
import { readV3Pools } from '../../src/chain/venues/uniswapV3.ts';
import { v3PoolOf } from '../../src/core/testing/fixtures.ts';
import type { Address, V3PoolState } from '../../src/core/types.ts';
import { conform } from './harness.ts';
import { amountAcross, randomCurve } from './ranges.ts';
import { shipped } from './world.ts';

const factoryAbi = parseAbi([
  'function createPool(address a, address b, uint24 fee) returns (address)',
  'function getPool(address a, address b, uint24 fee) view returns (address)',
  'function enableFeeAmount(uint24 fee, int24 spacing)',
]);
const poolAbi = parseAbi([
  'function slot0() view returns (uint160 price, int24 tick, uint16, uint16, uint16, uint8, bool)',
  'function liquidity() view returns (uint128)',
  'function setFeeProtocol(uint8 of0, uint8 of1)',
]);
const SLOT0 = encodeFunctionData({ abi: poolAbi, functionName: 'slot0' });
const LIQUIDITY = encodeFunctionData({ abi: poolAbi, functionName: 'liquidity' });

/** The factory's own, and what governance can add, up to the dearest there can be. */
const FEES = [
  { feePips: 100, spacing: 1 },
  { feePips: 500, spacing: 10 },
  { feePips: 3_000, spacing: 60 },
  { feePips: 10_000, spacing: 200 },
  { feePips: 999_999, spacing: 16_383 },
] as const;
const WEIGHTED_FEES = [...FEES.slice(0, 4), ...FEES.slice(0, 4), ...FEES];

type Seen = readonly [price: bigint, tick: number, liquidity: bigint];

function seen([slot0 = '0x', liquidity = '0x']: readonly `0x${string}`[]): Seen {
  const [price, tick] = decodeFunctionResult({ abi: poolAbi, functionName: 'slot0', data: slot0 });
  return [price, tick, decodeFunctionResult({ abi: poolAbi, functionName: 'liquidity', data: liquidity })];
}

conform<V3PoolState>({
  name: 'Uniswap V3',
  seed: 3,
  async deploy(world) {
    const artifacts = '@uniswap/v3-core/artifacts/contracts';
    const factory = await world.deploy(shipped(`${artifacts}/UniswapV3Factory.sol/UniswapV3Factory.json`));
    for (const [fee, spacing] of [
      [100, 1],
      [999_999, 16_383],
    ])
      await world.send(factory, factoryAbi, 'enableFeeAmount', [fee, spacing]);
    const lens = await world.deploy({ abi: vaultLensAbi, bytecode: vaultLensBytecode });
    return async (r) => {
      const [token0, token1] = await world.tokenPair();
      const { feePips, spacing } = r.pick(WEIGHTED_FEES);
      await world.send(factory, factoryAbi, 'createPool', [token0, token1, feePips]);
      const at = (await world.read(factory, factoryAbi, 'getPool', [token0, token1, feePips])) as Address;
      const { sqrtPriceX96, positions } = randomCurve(r, spacing);
      await world.send(world.seeder, poolSeederAbi, 'seedV3', [at, sqrtPriceX96, positions]);
      if (r.chance(0.5)) await world.send(at, poolAbi, 'setFeeProtocol', [r.int(4, 10), r.int(4, 10)]);
      const [pool] = await readV3Pools(world.chain, lens, await world.head(), [at], r.pick([1, 2, 6]));
      if (!pool) throw new Error('the pool was not read');
      const made = v3PoolOf(0, [token0, token1], feePips, spacing, sqrtPriceX96, positions);
      const known = made.ticks.filter(
        (t) => t.liquidityNet !== 0n && t.index >= pool.minTick && t.index <= pool.maxTick,
      );
      expect(pool.ticks.filter((t) => t.liquidityNet !== 0n)).toEqual(known);
      expect(pool.liquidity).toBe(made.liquidity);
      return {
        pool,
        looks: [SLOT0, LIQUIDITY].map((question) => ({ target: at, question })),
        seen,
        expected: (p) => [p.sqrtPriceX96, p.tick, p.liquidity] satisfies Seen,
        swap: () => ({ kind: 'V3', target: at, data: '0x' }),
        greedy: false,
        unknown: (answers) => {
          const [, tick] = seen(answers);
          return tick <= pool.minTick || tick >= pool.maxTick;
        },
      };
    };
  },
  amountIn: (r, pool, tokenIn) => amountAcross(r, pool, tokenIn.toLowerCase() === pool.token0),
  atLeast: { manyTicks: 500, refused: 30 },
});
