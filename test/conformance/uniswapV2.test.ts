import { decodeFunctionResult, encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem';
import { poolSeederAbi } from '../../devnet/artifacts/PoolSeeder.ts';
import type { Address, V2PoolState } from '../../src/core/types.ts';
import { conform } from './harness.ts';
import { SENDER, shipped } from './world.ts';

const factoryAbi = parseAbi([
  'constructor(address feeToSetter)',
  'function createPair(address a, address b) returns (address)',
  'function getPair(address a, address b) view returns (address)',
  'function setFeeTo(address)',
]);
const pairAbi = parseAbi(['function getReserves() view returns (uint112, uint112, uint32)']);

conform<V2PoolState>({
  name: 'Uniswap V2',
  seed: 2,
  async deploy(world) {
    const factory = await world.deploy(shipped('@uniswap/v2-core/build/UniswapV2Factory.json', factoryAbi), [SENDER]);
    await world.send(factory, factoryAbi, 'setFeeTo', [SENDER]);
    return async (r) => {
      const [token0, token1] = await world.tokenPair();
      const [reserve0, reserve1] = [r.magnitude(10n ** 4n, 10n ** 30n), r.magnitude(10n ** 4n, 10n ** 30n)];
      await world.send(factory, factoryAbi, 'createPair', [token0, token1]);
      const pair = (await world.read(factory, factoryAbi, 'getPair', [token0, token1])) as Address;
      await world.send(world.seeder, poolSeederAbi, 'seedV2', [pair, reserve0, reserve1]);
      return {
        pool: { venue: 'UNISWAP_V2', address: pair, token0, token1, reserve0, reserve1 },
        looks: [{ target: pair, question: encodeFunctionData({ abi: pairAbi }) }],
        seen: ([data = '0x']) => decodeFunctionResult({ abi: pairAbi, data }).slice(0, 2),
        expected: (p) => [p.reserve0, p.reserve1],
        swap: (out) => ({ kind: 'V2', target: pair, data: encodeAbiParameters([{ type: 'uint256' }], [out]) }),
        greedy: true,
        unknown: () => false,
      };
    };
  },
  amountIn: (r) => r.magnitude(1n, r.pick([10n ** 12n, 10n ** 20n, 10n ** 26n, 10n ** 34n])),
  atLeast: { refused: 30 },
});
