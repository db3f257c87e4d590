/** Quotes equal what the shipped Uniswap bytecode does, to the wei, over many ticks and in both directions. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Abi,
  type ContractFunctionArgs,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  parseAbi,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devTokenAbi, devTokenBytecode } from '../../devnet/artifacts/DevToken.ts';
import { poolSeederAbi, poolSeederBytecode } from '../../devnet/artifacts/PoolSeeder.ts';
import { vaultLensAbi, vaultLensBytecode } from '../../src/abi/VaultLens.ts';
import { startAnvil, type TestAnvil } from '../../src/chain/testing/anvil.ts';
import { quoteExactIn, tokensOf } from '../../src/core/amm/quote.ts';
import { amount0Delta, amount1Delta } from '../../src/core/amm/sqrtPriceMath.ts';
import { sqrtRatioAtTick, tickAtSqrtRatio } from '../../src/core/amm/tickMath.ts';
import { type Position, v3PoolOf } from '../../src/core/testing/fixtures.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import type { Address, Hex, PoolState, V2PoolState, V3PoolState } from '../../src/core/types.ts';
import { swapCallerAbi, swapCallerBytecode } from './artifacts/SwapCaller.ts';

const sender: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const GAS = '0x77359400';
const HUGE = 10n ** 40n;
const V3_FEES = [
  { feePips: 500, spacing: 10 },
  { feePips: 3_000, spacing: 60 },
  { feePips: 10_000, spacing: 200 },
] as const;

const factories = parseAbi([
  'function createPair(address a, address b) returns (address)',
  'function getPair(address a, address b) view returns (address)',
  'function createPool(address a, address b, uint24 fee) returns (address)',
  'function getPool(address a, address b, uint24 fee) view returns (address)',
]);

let anvil: TestAnvil;

function shipped(path: string): Hex {
  const file = createRequire(import.meta.url).resolve(path);
  const { bytecode } = JSON.parse(readFileSync(file, 'utf8')) as { bytecode: string };
  return `0x${bytecode.replace(/^0x/, '')}`;
}

async function send(to: Address | null, data: Hex): Promise<Address> {
  const hash = await anvil.rpc<Hex>('eth_sendTransaction', [
    { from: sender, ...(to === null ? {} : { to }), data, gas: GAS },
  ]);
  await anvil.rpc('evm_mine');
  const receipt = await anvil.rpc<{ status: Hex; contractAddress: Address }>('eth_getTransactionReceipt', [hash]);
  if (receipt.status !== '0x1') throw new Error(`set-up transaction to ${to} reverted`);
  return receipt.contractAddress;
}

const deploy = (abi: Abi, bytecode: Hex, args: readonly unknown[] = []): Promise<Address> =>
  send(null, encodeDeployData({ abi, bytecode, args }));

async function read<const A extends Abi>(to: Address, abi: A, functionName: string, args: readonly unknown[]) {
  const data = encodeFunctionData({ abi: abi as Abi, functionName, args });
  const result = await anvil.rpc<Hex>('eth_call', [{ from: sender, to, data, gas: GAS }, 'latest']);
  return decodeFunctionResult({ abi: abi as Abi, functionName, data: result });
}

type World = {
  readonly caller: Address;
  readonly seeder: Address;
  readonly lens: Address;
  readonly v2: Address;
  readonly v3: Address;
};
let world: World;

async function tokenPair(): Promise<readonly [Address, Address]> {
  const tokens: Address[] = [];
  for (const name of ['A', 'B']) {
    const token = await deploy(devTokenAbi, devTokenBytecode, [name, name, 18]);
    for (const to of [world.caller, world.seeder])
      await send(token, encodeFunctionData({ abi: devTokenAbi, functionName: 'mint', args: [to, HUGE] }));
    tokens.push(token);
  }
  const [a, b] = tokens.sort((x, y) => (BigInt(x) < BigInt(y) ? -1 : 1));
  if (!a || !b) throw new Error('no tokens');
  return [a, b];
}

beforeAll(async () => {
  anvil = await startAnvil(['--gas-limit', '4000000000']);
  world = {
    caller: await deploy(swapCallerAbi, swapCallerBytecode),
    seeder: await deploy(poolSeederAbi, poolSeederBytecode),
    lens: await deploy(vaultLensAbi, vaultLensBytecode),
    v2: await send(
      null,
      `${shipped('@uniswap/v2-core/build/UniswapV2Factory.json')}${sender.slice(2).padStart(64, '0')}`,
    ),
    v3: await send(null, shipped('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json')),
  };
});

afterAll(() => anvil.stop());

/** Nested, overlapping and disjoint ranges, some of one spacing only, with holes of no liquidity between them. */
function randomPositions(r: Random, tick: number, spacing: number): Position[] {
  const snap = (t: number): number => Math.floor(t / spacing) * spacing;
  const widths = [1, 2, 5, 20, 100, 400];
  const count = r.int(3, 14);
  const positions = Array.from({ length: count }, () => {
    const middle = tick + r.int(-30, 30) * spacing * r.pick([1, 1, 10]);
    const half = r.pick(widths) * spacing;
    const lower = snap(middle - half);
    return {
      lower,
      upper: Math.max(snap(middle + half), lower + spacing),
      liquidity: r.magnitude(10n ** 6n, 10n ** 24n),
    };
  });
  if (r.chance(0.7)) {
    const edge = 800_000;
    positions.push({ lower: snap(-edge), upper: snap(edge), liquidity: r.magnitude(10n ** 12n, 10n ** 22n) });
  }
  return positions;
}

async function makeV3(r: Random, words: number): Promise<V3PoolState> {
  const [token0, token1] = await tokenPair();
  const { feePips, spacing } = r.pick(V3_FEES);
  const tick = r.pick([0, r.int(-100, 100), r.int(-250_000, 250_000)]);
  const low = sqrtRatioAtTick(tick);
  const sqrtPriceX96 = r.chance(0.3) ? low : r.big(low, sqrtRatioAtTick(tick + 1) - 1n);
  const args = [token0, token1, feePips] as const;
  await send(world.v3, encodeFunctionData({ abi: factories, functionName: 'createPool', args }));
  const pool = (await read(world.v3, factories, 'getPool', args)) as Address;
  const positions = randomPositions(r, tickAtSqrtRatio(sqrtPriceX96), spacing);
  await send(
    world.seeder,
    encodeFunctionData({ abi: poolSeederAbi, functionName: 'seedV3', args: [pool, sqrtPriceX96, positions] }),
  );
  const [view] = (await read(world.lens, vaultLensAbi, 'v3Pools', [[pool], words])) as readonly Omit<
    V3PoolState,
    'venue' | 'address'
  >[];
  if (!view) throw new Error('the lens returned nothing');
  const state: V3PoolState = { ...view, token0, token1, venue: 'UNISWAP_V3', address: pool };
  const made = v3PoolOf(0, [token0, token1], feePips, spacing, sqrtPriceX96, positions);
  expect(state.liquidity).toBe(made.liquidity);
  const known = made.ticks.filter((t) => t.liquidityNet !== 0n && t.index >= state.minTick && t.index <= state.maxTick);
  expect(state.ticks.filter((t) => t.liquidityNet !== 0n)).toEqual(known);
  return state;
}

async function makeV2(r: Random): Promise<V2PoolState> {
  const [token0, token1] = await tokenPair();
  const [reserve0, reserve1] = [r.magnitude(10n ** 4n, 10n ** 30n), r.magnitude(10n ** 4n, 10n ** 30n)];
  await send(world.v2, encodeFunctionData({ abi: factories, functionName: 'createPair', args: [token0, token1] }));
  const pair = (await read(world.v2, factories, 'getPair', [token0, token1])) as Address;
  const args = [pair, reserve0, reserve1] as const;
  await send(world.seeder, encodeFunctionData({ abi: poolSeederAbi, functionName: 'seedV2', args }));
  return { venue: 'UNISWAP_V2', address: pair, token0, token1, reserve0, reserve1 };
}

type Swap = ContractFunctionArgs<typeof swapCallerAbi, 'nonpayable', 'run'>[0][number][number];
type Result = {
  readonly ok: boolean;
  readonly spent: bigint;
  readonly received: bigint;
  readonly price: bigint;
  readonly liquidity: bigint;
  readonly tick: number;
};

async function runOnChain(cases: readonly (readonly Swap[])[]): Promise<readonly (readonly Result[])[]> {
  const out: (readonly Result[])[] = [];
  for (let i = 0; i < cases.length; i += 40) {
    const batch = cases.slice(i, i + 40);
    out.push(...((await read(world.caller, swapCallerAbi, 'run', [batch])) as (readonly Result[])[]));
  }
  return out;
}

type Expected = {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly complete: boolean;
  readonly crossed: number;
  readonly after: PoolState;
};

/** An amount that moves the pool across the known ticks, or any amount at all. */
function randomAmount(r: Random, pool: PoolState, zeroForOne: boolean): bigint {
  if (pool.venue === 'UNISWAP_V3' && pool.liquidity > 0n && r.chance(0.7)) {
    const { tick, minTick, maxTick, tickSpacing, sqrtPriceX96, liquidity } = pool;
    const room = Math.min(zeroForOne ? tick - minTick : maxTick - tick, 60 * tickSpacing);
    const target = sqrtRatioAtTick(tick + (zeroForOne ? -1 : 1) * r.int(1, Math.max(1, room)));
    const amount = (zeroForOne ? amount0Delta : amount1Delta)(target, sqrtPriceX96, liquidity, true);
    if (amount > 0n) return amount * r.pick([1n, 2n, 5n]) + r.big(0n, 1_000n);
  }
  return r.magnitude(1n, r.pick([10n ** 12n, 10n ** 20n, 10n ** 26n, 10n ** 30n]));
}

/** Up to four swaps in a row on one pool, each quoted on what the one before left. */
function randomCase(r: Random, start: PoolState): { swaps: Swap[]; expected: Expected[] } {
  const swaps: Swap[] = [];
  const expected: Expected[] = [];
  let pool = start;
  const [token0 = '0x', token1 = '0x'] = tokensOf(start);
  const oneWay = r.chance(0.5) ? r.chance(0.5) : null;
  for (let k = r.int(1, 4); k > 0; k--) {
    const zeroForOne = oneWay ?? r.chance(0.5);
    const amountIn = randomAmount(r, pool, zeroForOne);
    const q = zeroForOne ? quoteExactIn(pool, token0, token1, amountIn) : quoteExactIn(pool, token1, token0, amountIn);
    swaps.push({ pool: pool.address, v3: pool.venue === 'UNISWAP_V3', zeroForOne, amountIn, v2Out: q.amountOut });
    expected.push({ amountIn, amountOut: q.amountOut, complete: q.complete, crossed: q.crossed, after: q.poolAfter });
    if (!q.complete) break;
    expect(q.feeAmount).toBeGreaterThanOrEqual(0n);
    expect(q.feeAmount).toBeLessThanOrEqual(amountIn);
    pool = q.poolAfter;
  }
  return { swaps, expected };
}

describe('Uniswap V3', () => {
  it('quotes over many ticks, both ways and in sequence equal the chain', { timeout: 60_000 }, async () => {
    const r = seeded(3);
    const tally = { complete: 0, incomplete: 0, manyTicks: 0, sequences: 0, down: 0, up: 0 };
    for (let p = 0; p < 16; p++) {
      const pool = await makeV3(r, r.pick([1, 2, 6]));
      const cases = Array.from({ length: 40 }, () => randomCase(r, pool));
      const results = await runOnChain(cases.map((c) => c.swaps));
      for (const [c, { swaps, expected }] of cases.entries()) {
        if (expected.filter((e) => e.complete).length > 1) tally.sequences++;
        for (const [k, e] of expected.entries()) {
          const got = results[c]?.[k];
          const where = `pool ${p} case ${c} swap ${k}`;
          if (e.complete) {
            const after = e.after as V3PoolState;
            expect(got, where).toEqual({
              ok: true,
              spent: e.amountIn,
              received: e.amountOut,
              price: after.sqrtPriceX96,
              liquidity: after.liquidity,
              tick: after.tick,
            });
            tally.complete++;
            if (e.crossed >= 3) tally.manyTicks++;
            if (swaps[k]?.zeroForOne) tally.down++;
            else tally.up++;
          } else {
            // Refused only for a reason: the pool reverts, takes less, or ends at or beyond the known ticks.
            const refused = !got?.ok || got.spent < e.amountIn;
            const beyond = got && (got.tick <= pool.minTick || got.tick >= pool.maxTick);
            expect(refused || beyond, where).toBe(true);
            tally.incomplete++;
          }
        }
      }
    }
    expect(tally.complete).toBeGreaterThan(1_000);
    expect(tally.manyTicks).toBeGreaterThan(300);
    expect(tally.sequences).toBeGreaterThan(100);
    expect(tally.incomplete).toBeGreaterThan(30);
    expect(Math.min(tally.down, tally.up)).toBeGreaterThan(200);
  });
});

describe('Uniswap V2', () => {
  it('quotes are what the pair pays, and one unit more is refused', { timeout: 60_000 }, async () => {
    const r = seeded(2);
    let complete = 0;
    let refused = 0;
    for (let p = 0; p < 8; p++) {
      const pool = await makeV2(r);
      const cases = Array.from({ length: 40 }, () => randomCase(r, pool));
      const results = await runOnChain(cases.map((c) => c.swaps));
      const greedy = cases.map(({ swaps }) => {
        const first = swaps[0];
        if (!first) throw new Error('empty case');
        return [{ ...first, v2Out: first.v2Out + 1n }];
      });
      const tooMuch = await runOnChain(greedy);
      for (const [c, { expected }] of cases.entries()) {
        for (const [k, e] of expected.entries()) {
          const got = results[c]?.[k];
          if (!e.complete) {
            expect(got?.ok, `pool ${p} case ${c} swap ${k}`).toBe(false);
            refused++;
            continue;
          }
          const after = e.after as V2PoolState;
          expect(got, `pool ${p} case ${c} swap ${k}`).toEqual({
            ok: true,
            spent: e.amountIn,
            received: e.amountOut,
            price: after.reserve0,
            liquidity: after.reserve1,
            tick: 0,
          });
          complete++;
        }
        expect(tooMuch[c]?.[0]?.ok).toBe(false);
      }
    }
    expect(complete).toBeGreaterThan(400);
    expect(refused).toBeGreaterThan(10);
  });
});
