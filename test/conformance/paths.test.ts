/** Paths of several hops: what the path filler does with their bytes is what core has quoted, to the wei. */
import { type Abi, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolSeederAbi } from '../../devnet/artifacts/PoolSeeder.ts';
import { pathFillerAbi, pathFillerBytecode } from '../../src/abi/PathFiller.ts';
import { vaultLensAbi, vaultLensBytecode } from '../../src/abi/VaultLens.ts';
import { encodePath } from '../../src/chain/path.ts';
import { readPools } from '../../src/chain/snapshot.ts';
import { hopOf, poolsAfter, quotePath, stepsOf } from '../../src/core/amm/path.ts';
import { hasToken, tokensOf } from '../../src/core/amm/quote.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import type { Address, Hex, Hop, PoolRef, PoolState, V4Key } from '../../src/core/types.ts';
import { poolMakerAbi } from '../golden/artifacts/PoolMaker.ts';
import { swapCallerAbi } from '../golden/artifacts/SwapCaller.ts';
import { makeWeth } from './ether.ts';
import { KINDS } from './harness.ts';
import { NO_ADDRESS, SENDER, shipped, startConformanceWorld, vendored, type World } from './world.ts';

const abi = parseAbi([
  'constructor(address)',
  'function createPair(address, address)',
  'function getPair(address, address) view returns (address)',
  'function createPool(address, address, uint24)',
  'function getPool(address, address, uint24) view returns (address)',
]);
const PRICE_ONE = 1n << 96n;
const RANGES = [
  { lower: -60_000, upper: 60_000, liquidity: 10n ** 23n },
  { lower: -600, upper: 1_200, liquidity: 10n ** 24n },
];

let world: World;
let filler: Address;
let weth: Address;
let pools: readonly PoolState[];

const inOrder = (a: Address, b: Address): [Address, Address] => (BigInt(a) < BigInt(b) ? [a, b] : [b, a]);

beforeAll(async () => {
  world = await startConformanceWorld();
  weth = await makeWeth(world);
  const [x, y, z] = [await world.token(), await world.token(), await world.token(6)] as [Address, Address, Address];
  const manager = await world.deploy(vendored('PoolManager'), [SENDER]);
  filler = await world.deploy({ abi: pathFillerAbi as Abi, bytecode: pathFillerBytecode }, [manager, weth]);
  const lens = await world.deploy({ abi: vaultLensAbi, bytecode: vaultLensBytecode });
  const v2 = await world.deploy(shipped('@uniswap/v2-core/build/UniswapV2Factory.json', abi), [SENDER]);
  const v3 = await world.deploy(
    shipped('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json'),
  );
  const refs: PoolRef[] = [];
  for (const pair of [inOrder(x, weth), inOrder(y, z)]) {
    await world.send(v2, abi, 'createPair', pair);
    const address = (await world.read(v2, abi, 'getPair', pair)) as Address;
    await world.send(world.seeder, poolSeederAbi, 'seedV2', [address, 10n ** 24n, 10n ** 24n]);
    refs.push({ venue: 'UNISWAP_V2', address });
  }
  for (const pair of [inOrder(x, y), inOrder(y, weth), inOrder(x, z)]) {
    await world.send(v3, abi, 'createPool', [...pair, 3_000]);
    const address = (await world.read(v3, abi, 'getPool', [...pair, 3_000])) as Address;
    await world.send(world.seeder, poolSeederAbi, 'seedV3', [address, PRICE_ONE, RANGES]);
    refs.push({ venue: 'UNISWAP_V3', address });
  }
  for (const [currency0, currency1] of [
    [NO_ADDRESS, x],
    [NO_ADDRESS, y],
    [NO_ADDRESS, z],
    inOrder(x, y),
    inOrder(z, weth),
    inOrder(y, weth),
  ] as const) {
    const key: V4Key = { currency0, currency1, fee: 500, tickSpacing: 60, hooks: NO_ADDRESS };
    await world.send(world.maker, poolMakerAbi, 'seedV4', [manager, key, PRICE_ONE, RANGES]);
    refs.push({ venue: 'UNISWAP_V4', key });
  }
  const read = await readPools(
    world.chain,
    {
      contracts: { hub: NO_ADDRESS, lens, weth, pathFiller: filler, poolManager: manager, balancerVault: null },
      vault: NO_ADDRESS,
      tokens: [],
      pools: refs,
    },
    await world.head(),
  );
  expect(read.leftOut).toEqual([]);
  expect(read.pools.map((p) => p.venue)).toEqual(refs.map((p) => p.venue));
  pools = read.pools;
});

afterAll(() => world.stop());

/** Through pools that it has not used yet, never back to where it began. */
function randomPath(r: Random, tokenIn: Address): Hop[] {
  const hops: Hop[] = [];
  const seen = new Set<string>([tokenIn]);
  let token = tokenIn;
  for (let left = r.int(1, 4); left > 0; left--) {
    const open = pools.filter((p) => hasToken(p, token) && tokensOf(p).some((t) => !seen.has(t)));
    if (open.length === 0) break;
    const pool = r.pick(open);
    const next = tokensOf(pool).find((t) => t !== token) ?? token;
    if (hops.some((h) => h.pool === pool.address)) break;
    hops.push(hopOf(pool, next));
    seen.add(next);
    token = next;
  }
  return hops;
}

/** Inside the manager ether stays ether, so a pool of wrapped ether cannot be next. */
function impossible(hops: readonly Hop[]): boolean {
  return hops.some((h, i) => {
    const next = hops[i + 1];
    const bringsEther = h.venue === 'UNISWAP_V4' && h.native && h.tokenOut === weth;
    return bringsEther && next?.venue === 'UNISWAP_V4' && !next.native;
  });
}

describe('paths on the chain', () => {
  it('bring what core says, one after the other, over 300 of them', async () => {
    const r = seeded(5);
    const tally = { paths: 0, impossible: 0, long: 0, ether: 0 };
    const tokens = [...new Set(pools.flatMap(tokensOf))];
    const cases: { swap: unknown; amountIn: bigint; amountOut: bigint; name: string }[][] = [];
    while (tally.paths < 300) {
      let state = pools;
      const row: (typeof cases)[number] = [];
      for (let k = r.int(1, 3); k > 0; k--) {
        const tokenIn = r.pick(tokens);
        const hops = randomPath(r, tokenIn);
        const amountIn = r.magnitude(10n ** 6n, 10n ** 22n);
        const steps = stepsOf(state, tokenIn, hops);
        const tokenOut = hops.at(-1)?.tokenOut;
        if (steps === null || tokenOut === undefined) throw new Error('a path of nothing');
        if (impossible(hops)) {
          expect(() => encodePath({ hops }, weth)).toThrow('a pool of wrapped ether cannot follow');
          tally.impossible++;
          continue;
        }
        const data = encodePath({ hops }, weth);
        const quote = quotePath(steps, amountIn);
        expect(quote.complete).toBe(true);
        state = poolsAfter(state, quote);
        const name = `case ${cases.length}: ${hops.map((h) => `${h.venue} to ${h.tokenOut}`).join(', ')}`;
        const swap = { kind: KINDS.indexOf('FILLER'), target: filler, tokenIn, tokenOut, amountIn, data };
        row.push({ swap, amountIn, amountOut: quote.amountOut, name });
        tally.paths++;
        if (hops.length > 2) tally.long++;
        if (hops.some((h) => h.venue === 'UNISWAP_V4' && h.native)) tally.ether++;
      }
      cases.push(row);
    }
    for (let i = 0; i < cases.length; i += 25) {
      const batch = cases.slice(i, i + 25);
      const args = [[], batch.map((c) => c.map((s) => s.swap))];
      const results = (await world.read(world.caller, swapCallerAbi, 'run', args)) as {
        ok: boolean;
        spent: bigint;
        received: bigint;
      }[][];
      for (const [c, row] of batch.entries())
        for (const [k, { amountIn, amountOut, name }] of row.entries())
          expect(results[c]?.[k], name).toMatchObject({ ok: true, spent: amountIn, received: amountOut });
    }
    expect(Math.min(tally.long, tally.ether)).toBeGreaterThan(80);
    expect(tally.impossible).toBeGreaterThan(5);
  });

  it('cannot pass through Balancer', () => {
    const hops: Hop[] = [
      { venue: 'BALANCER_V3', pool: '0x01', tokenOut: weth },
      { venue: 'UNISWAP_V2', pool: pools[0]?.address ?? ('0x' as Hex), tokenOut: SENDER },
    ];
    expect(() => encodePath({ hops }, weth)).toThrow('a pool of Balancer cannot be part of a path');
  });
});
