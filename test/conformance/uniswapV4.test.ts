import {
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  hexToBigInt,
  keccak256,
  parseAbi,
} from 'viem';
import { expect } from 'vitest';
import { readV4Pool, v4PoolId } from '../../src/chain/venues/uniswapV4.ts';
import { v3PoolOf } from '../../src/core/testing/fixtures.ts';
import type { V4Key, V4PoolState } from '../../src/core/types.ts';
import { poolMakerAbi } from '../golden/artifacts/PoolMaker.ts';
import { conform } from './harness.ts';
import { amountAcross, randomCurve } from './ranges.ts';
import { NO_ADDRESS, SENDER, vendored } from './world.ts';

const managerAbi = parseAbi([
  'struct Key { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }',
  'function setProtocolFeeController(address)',
  'function setProtocolFee(Key key, uint24 fee)',
  'function extsload(bytes32 slot) view returns (bytes32)',
]);
const KEY = [
  {
    type: 'tuple',
    components: [
      { name: 'currency0', type: 'address' },
      { name: 'currency1', type: 'address' },
      { name: 'fee', type: 'uint24' },
      { name: 'tickSpacing', type: 'int24' },
      { name: 'hooks', type: 'address' },
    ],
  },
] as const;

/** Any fee goes with any spacing; everything is a fee in the last one. */
const FEES = [0, 1, 100, 500, 3_000, 10_000, 123_457, 999_999, 1_000_000] as const;
const SPACINGS = [1, 10, 10, 60, 60, 200, 32_767] as const;

type Seen = readonly [price: bigint, tick: number, liquidity: bigint];

const word = (data: Hex): bigint =>
  hexToBigInt(decodeFunctionResult({ abi: managerAbi, functionName: 'extsload', data }));

function seen([slot0 = '0x', liquidity = '0x']: readonly Hex[]): Seen {
  const packed = word(slot0);
  const tick = Number(BigInt.asIntN(24, packed >> 160n));
  return [packed & ((1n << 160n) - 1n), tick, word(liquidity) & ((1n << 128n) - 1n)];
}

conform<V4PoolState>({
  name: 'Uniswap V4',
  seed: 4,
  async deploy(world) {
    const manager = await world.deploy(vendored('PoolManager'), [SENDER]);
    await world.send(manager, managerAbi, 'setProtocolFeeController', [SENDER]);
    return async (r) => {
      const [currency0, currency1] = await world.tokenPair();
      const usual = r.chance(0.7);
      const fee = usual ? r.pick([100, 500, 3_000, 10_000]) : r.pick(FEES);
      const key: V4Key = { currency0, currency1, fee, tickSpacing: r.pick(SPACINGS), hooks: NO_ADDRESS };
      const { sqrtPriceX96, positions } = randomCurve(r, key.tickSpacing);
      await world.send(world.maker, poolMakerAbi, 'seedV4', [manager, key, sqrtPriceX96, positions]);
      const protocol = r.chance(0.6) ? ([r.int(0, 1_000), r.int(0, 1_000)] as const) : ([0, 0] as const);
      await world.send(manager, managerAbi, 'setProtocolFee', [key, protocol[0] + (protocol[1] << 12)]);

      const pool = await readV4Pool(world.chain, { manager, weth: SENDER }, await world.head(), key, r.pick([1, 2, 6]));
      if ('reason' in pool) throw new Error(pool.reason);
      const made = v3PoolOf(0, [currency0, currency1], fee, key.tickSpacing, sqrtPriceX96, positions);
      const known = made.ticks.filter(
        (t) => t.liquidityNet !== 0n && t.index >= pool.minTick && t.index <= pool.maxTick,
      );
      expect(pool.ticks.filter((t) => t.liquidityNet !== 0n)).toEqual(known);
      expect([pool.liquidity, pool.lpFeePips, pool.protocolFeePips]).toEqual([made.liquidity, fee, protocol]);

      const state = BigInt(
        keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [v4PoolId(key), 6n])),
      );
      const look = (slot: bigint) => ({
        target: manager,
        question: encodeFunctionData({
          abi: managerAbi,
          functionName: 'extsload',
          args: [`0x${slot.toString(16).padStart(64, '0')}`],
        }),
      });
      return {
        pool,
        looks: [look(state), look(state + 3n)],
        seen,
        expected: (p) => [p.sqrtPriceX96, p.tick, p.liquidity] satisfies Seen,
        swap: () => ({ kind: 'V4', target: manager, data: encodeAbiParameters(KEY, [key]) }),
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
