/** Pools that must be left out, each with its reason, and those whose reading is special. */
import { type Abi, concatHex, getContractAddress, parseAbi, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBalancerPool } from '../../src/chain/venues/balancerV3.ts';
import { readV4Pool, v4PoolId } from '../../src/chain/venues/uniswapV4.ts';
import type { Address, V4Key } from '../../src/core/types.ts';
import { poolMakerAbi } from '../golden/artifacts/PoolMaker.ts';
import { deployBalancer, E18 } from './balancerPools.ts';
import { NO_ADDRESS, SENDER, startConformanceWorld, vendored, type World } from './world.ts';

const PRICE_ONE = 1n << 96n;
const WETH: Address = '0x00000000000000000000000000000000000000ee';

let world: World;
beforeAll(async () => {
  world = await startConformanceWorld();
});
afterAll(() => world.stop());

describe('readV4Pool', () => {
  let manager: Address;
  let tokens: readonly [Address, Address];
  const keyOf = (change: Partial<V4Key> = {}): V4Key => ({
    ...{ currency0: tokens[0], currency1: tokens[1], fee: 500, tickSpacing: 10, hooks: NO_ADDRESS },
    ...change,
  });
  const seed = (key: V4Key, ranges: readonly unknown[]) =>
    world.send(world.maker, poolMakerAbi, 'seedV4', [manager, key, PRICE_ONE, ranges]);
  const read = async (key: V4Key, words = 2) =>
    readV4Pool(world.chain, { manager, weth: WETH }, await world.head(), key, words);

  beforeAll(async () => {
    manager = await world.deploy(vendored('PoolManager'), [SENDER]);
    tokens = await world.tokenPair();
  });

  it('leaves out pools whose hooks may act on a swap, and no others', async () => {
    for (const bit of [7, 6, 3, 2]) {
      const hooks = toHex(0xabc0000000n + (1n << BigInt(bit)), { size: 20 });
      expect(await read(keyOf({ hooks }))).toMatchObject({
        venue: 'UNISWAP_V4',
        reason: expect.stringMatching(/hooks/),
      });
    }
    const key = keyOf({ hooks: toHex(0xabc0000000n + (1n << 4n), { size: 20 }) }); // after a donation
    await seed(key, []);
    expect(await read(key)).toMatchObject({ hooks: key.hooks, liquidity: 0n, ticks: [] });
  });

  it('leaves out a pool that nobody has initialised', async () => {
    const key = keyOf({ fee: 12_345 });
    expect(await read(key)).toEqual({
      venue: 'UNISWAP_V4',
      pool: v4PoolId(key),
      reason: 'it has never been initialised',
    });
  });

  it('takes ether for wrapped ether, unless that is the other side', async () => {
    await world.ether(world.maker, 10n ** 30n);
    const key = keyOf({ currency0: NO_ADDRESS });
    await seed(key, [{ lower: -100, upper: 100, liquidity: 10n ** 20n }]);
    expect(await read(key)).toMatchObject({ token0: WETH, token1: tokens[1], native: true, liquidity: 10n ** 20n });
    expect(await read(keyOf({ currency0: NO_ADDRESS, currency1: WETH }))).toMatchObject({
      reason: 'it trades ether for wrapped ether',
    });
  });

  it('reads fewer ticks where there are more than an answer can hold', async () => {
    const key = keyOf({ tickSpacing: 1 });
    // Every tick from -520 to 779 begins a range or ends one, or both: more than 1,150.
    const ranges = Array.from({ length: 1_299 }, (_, i) => ({
      lower: i - 520,
      upper: i - 519,
      liquidity: 10n ** 12n + BigInt(i),
    }));
    await seed(key, ranges.slice(0, 1));
    await world.send(world.maker, poolMakerAbi, 'seedV4', [manager, { ...key, fee: 501 }, PRICE_ONE, ranges]);
    const few = await read(key);
    expect(few).toMatchObject({ minTick: -512, maxTick: 767 });
    const many = await read({ ...key, fee: 501 });
    if ('reason' in many) throw new Error(many.reason);
    expect([many.minTick, many.maxTick, many.ticks.length]).toEqual([-256, 511, 768]);
    expect(many.ticks.map((t) => t.index)).toEqual(Array.from({ length: 768 }, (_, i) => i - 256));
    expect(many.ticks.every((t) => t.liquidityNet === 1n)).toBe(true);
    expect(many.liquidity).toBe(10n ** 12n + 520n);
  });

  it('says so when the manager is none', async () => {
    manager = SENDER;
    await expect(read(keyOf())).rejects.toMatchObject({
      code: 'CONTRACT_UNREADABLE',
      field: 'contracts.poolManager',
      value: SENDER,
    });
  });
});

describe('readBalancerPool', () => {
  /** Says yes to everything, and so to a say in swaps. */
  const YES_TO_ALL = concatHex([
    ...Array.from({ length: 10 }, (_, i) => concatHex(['0x600161', toHex(i * 32, { size: 2 }), '0x52'])),
    '0x6101405ff3',
  ]);
  /** Asked for its rate (679aefce) it answers 1e18, until anything else was asked of it; then it reverts. */
  const FAILS_WHEN_POKED =
    '0x5f3560e01c63679aefce1460135760015f55005b5f54602857670de0b6b3a76400005f5260205ff35b5f5ffd' as const;
  const creationOf = (code: `0x${string}`) =>
    concatHex(['0x61', toHex((code.length - 2) / 2, { size: 2 }), '0x80600a5f395ff3', code]);
  const vaultAbi: Abi = [
    ...vendored('BalancerVault').abi,
    ...vendored('BalancerVaultExtension').abi,
    ...vendored('BalancerVaultAdmin').abi,
  ];
  let balancer: Awaited<ReturnType<typeof deployBalancer>>;
  const read = async (pool: Address) => readBalancerPool(world.chain, balancer.vault, await world.head(), pool);

  async function weighted(): Promise<Address> {
    const half = E18 / 2n;
    const least = [1_000_000n, 1_000_000n];
    const params = {
      name: '',
      symbol: '',
      version: '',
      numTokens: 2n,
      normalizedWeights: [half, half],
      minTokenBalances: least,
    };
    return world.deploy(vendored('BalancerWeightedPool'), [params, balancer.vault]);
  }
  async function register(pool: Address, hooks: Address, pauseEnds: number, rate = NO_ADDRESS): Promise<void> {
    const [a, b] = sorted();
    const token = (address: Address, rateProvider: Address) => ({
      ...{ token: address, tokenType: rateProvider === NO_ADDRESS ? 0 : 1, rateProvider, paysYieldFees: false },
    });
    const roles = { pauseManager: SENDER, swapFeeManager: SENDER, poolCreator: NO_ADDRESS };
    const liquidity = {
      disableUnbalancedLiquidity: true,
      enableAddLiquidityCustom: false,
      enableRemoveLiquidityCustom: false,
      enableDonation: false,
    };
    const args = [pool, [token(a, rate), token(b, NO_ADDRESS)], E18 / 1_000n, pauseEnds, true, roles, hooks, liquidity];
    await world.send(balancer.vault, vaultAbi, 'registerPool', args);
  }
  const sorted = (): [Address, Address] => {
    const [a, b] = [balancer.tokens[17]?.address, balancer.tokens[18]?.address];
    if (!a || !b) throw new Error('too few tokens');
    return BigInt(a) < BigInt(b) ? [a, b] : [b, a];
  };
  const fill = (pool: Address) =>
    world.send(world.maker, poolMakerAbi, 'seedBalancer', [balancer.vault, pool, sorted(), [E18, E18]]);

  beforeAll(async () => {
    balancer = await deployBalancer(world);
  });

  it('leaves out what the vault does not know, and what is empty', async () => {
    const pool = await weighted();
    expect(await read(pool)).toMatchObject({ pool, reason: expect.stringMatching(/does not know it/) });
    await register(pool, NO_ADDRESS, 0);
    expect(await read(pool)).toMatchObject({ reason: 'it has never been initialised' });
    await fill(pool);
    expect(await read(pool)).toMatchObject({ curve: { kind: 'WEIGHTED', weightsE18: [E18 / 2n, E18 / 2n] } });
  });

  it('leaves out a paused pool', async () => {
    const pool = await weighted();
    await register(pool, NO_ADDRESS, (await world.head()).time + 86_400);
    await fill(pool);
    expect(await read(pool)).toMatchObject({ tokens: sorted() });
    await world.send(balancer.vault, vaultAbi, 'pausePool', [pool]);
    expect(await read(pool)).toMatchObject({ reason: expect.stringMatching(/paused/) });
  });

  it('leaves out a pool whose hooks have a say in swaps', async () => {
    const pool = await weighted();
    const hooks = getContractAddress({ from: SENDER, nonce: await world.nonce() });
    await world.deploy({ abi: [], bytecode: creationOf(YES_TO_ALL) });
    await register(pool, hooks, 0);
    await fill(pool);
    expect(await read(pool)).toMatchObject({ reason: expect.stringMatching(/hooks/) });
  });

  it('leaves out a stable pool while its amplification moves', async () => {
    const params = { name: '', symbol: '', version: '', amplificationParameter: 100n };
    const stable = vendored('BalancerStablePool');
    const pool = await world.deploy(stable, [params, balancer.vault]);
    await register(pool, NO_ADDRESS, 0);
    await fill(pool);
    expect(await read(pool)).toMatchObject({ curve: { kind: 'STABLE', ampE3: 100_000n } });
    const inTwoDays = (await world.head()).time + 2 * 86_400;
    await world.send(pool, stable.abi, 'startAmplificationParameterUpdate', [150n, inTwoDays]);
    expect(await read(pool)).toMatchObject({ reason: expect.stringMatching(/amplification/) });
  });

  it('leaves out a pool whose rate provider fails', async () => {
    const pool = await weighted();
    const provider = getContractAddress({ from: SENDER, nonce: await world.nonce() });
    await world.deploy({ abi: [], bytecode: creationOf(FAILS_WHEN_POKED) });
    await register(pool, NO_ADDRESS, 0, provider);
    await fill(pool);
    expect(await read(pool)).toMatchObject({ ratesE18: [E18, E18] });
    await world.send(provider, parseAbi(['function poke()']), 'poke', []);
    expect(await read(pool)).toMatchObject({ reason: expect.stringMatching(/rate provider/) });
  });

  it('says so when the vault is none', async () => {
    const head = await world.head();
    await expect(readBalancerPool(world.chain, SENDER, head, WETH)).rejects.toMatchObject({
      code: 'CONTRACT_UNREADABLE',
      field: 'contracts.balancerVault',
    });
  });
});
