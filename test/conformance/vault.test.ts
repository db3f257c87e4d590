/** From a snapshot to the vault and back, on every venue: a leg brings what it was quoted, and its fill is known again. */
import { type Abi, erc20Abi, parseAbi, zeroHash } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devAggregatorAbi, devAggregatorBytecode } from '../../devnet/artifacts/DevAggregator.ts';
import { devTokenAbi } from '../../devnet/artifacts/DevToken.ts';
import { poolSeederAbi } from '../../devnet/artifacts/PoolSeeder.ts';
import { oracleHubAbi, oracleHubBytecode } from '../../src/abi/OracleHub.ts';
import { pathFillerAbi, pathFillerBytecode } from '../../src/abi/PathFiller.ts';
import { rulebookAbi, rulebookBytecode } from '../../src/abi/Rulebook.ts';
import { vaultAbi } from '../../src/abi/Vault.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../../src/abi/VaultFactory.ts';
import { vaultLensAbi, vaultLensBytecode } from '../../src/abi/VaultLens.ts';
import { plainFeedConfig } from '../../src/chain/feedConfig.ts';
import { type Deployment, readSnapshot } from '../../src/chain/snapshot.ts';
import { decodeVaultEvents, encodeSlice, type RawLog } from '../../src/chain/vault.ts';
import { hopOf } from '../../src/core/amm/path.ts';
import { legOf as planLeg } from '../../src/core/legs.ts';
import { planGasUnits } from '../../src/core/plan.ts';
import { realise } from '../../src/core/report.ts';
import type { Address, Hex, Hop, Leg, PoolRef, PoolState, Snapshot, V4Key } from '../../src/core/types.ts';
import { portfolioValue } from '../../src/core/value.ts';
import { poolMakerAbi } from '../golden/artifacts/PoolMaker.ts';
import { deployBalancer, E18 } from './balancerPools.ts';
import { makeWeth } from './ether.ts';
import { NO_ADDRESS, SENDER, shipped, startConformanceWorld, vendored, type World } from './world.ts';

const factoriesAbi = parseAbi([
  'constructor(address)',
  'function createPair(address, address)',
  'function getPair(address, address) view returns (address)',
  'function createPool(address, address, uint24)',
  'function getPool(address, address, uint24) view returns (address)',
]);
const PRICE_ONE = 1n << 96n;
const RANGE = { lower: -6_000, upper: 6_000, liquidity: 10n ** 25n };
const POLICY = {
  ...{ destinationBps: 0, innerBandBps: 0, scheduleS: 0, cooldownS: 0, maxSlipBps: 200, lossBpsPerDay: 300 },
  ...{ maxSliceBps: 10_000, sliceCooldownS: 0, minTradeUsdE2: 100, maxGasPriceMwei: 0, ttlS: 86_400 },
  ...{ premiumBps: 0, relaxS: 0, open: false, snapshotS: 0, stopLossBps: 0, takeProfitBps: 0, confirmS: 0 },
  ...{ tipBps: 0, maxTipUsdE2: 0, tipPerDayUsdE2: 0 },
};

let world: World;
let deployment: Deployment;
let weth: Address;
/** What the vault buys, and what lies in between; every token is worth a dollar. */
let bought: Address;
let between: Address;

const inOrder = (a: Address, b: Address): [Address, Address] => (BigInt(a) < BigInt(b) ? [a, b] : [b, a]);

async function feedOf(hub: Address): Promise<Hex> {
  const feed = await world.deploy({ abi: devAggregatorAbi, bytecode: devAggregatorBytecode }, [SENDER, 8, 'dollars']);
  await world.send(feed, devAggregatorAbi, 'transmit', [10n ** 8n, BigInt((await world.head()).time)]);
  const config = plainFeedConfig({
    ...{ feed, heartbeat: 86_400, decimals: 8, minPriceUsdE8: 10n ** 6n, maxPriceUsdE8: 10n ** 10n },
  });
  const id = (await world.read(hub, oracleHubAbi, 'register', [config])) as Hex;
  await world.send(hub, oracleHubAbi, 'register', [config]);
  return id;
}

async function makePools(manager: Address, balancer: Awaited<ReturnType<typeof deployBalancer>>): Promise<PoolRef[]> {
  const v2 = await world.deploy(shipped('@uniswap/v2-core/build/UniswapV2Factory.json', factoriesAbi), [SENDER]);
  const v3 = await world.deploy(
    shipped('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json'),
  );
  const pair = inOrder(weth, bought);
  await world.send(v2, factoriesAbi, 'createPair', pair);
  const address = (await world.read(v2, factoriesAbi, 'getPair', pair)) as Address;
  await world.send(world.seeder, poolSeederAbi, 'seedV2', [address, 10n ** 25n, 10n ** 25n]);
  const refs: PoolRef[] = [{ venue: 'UNISWAP_V2', address }];
  for (const tokens of [pair, inOrder(between, bought)]) {
    await world.send(v3, factoriesAbi, 'createPool', [...tokens, 500]);
    const pool = (await world.read(v3, factoriesAbi, 'getPool', [...tokens, 500])) as Address;
    await world.send(world.seeder, poolSeederAbi, 'seedV3', [pool, PRICE_ONE, [RANGE]]);
    refs.push({ venue: 'UNISWAP_V3', address: pool });
  }
  for (const [currency0, currency1] of [pair, [NO_ADDRESS, bought], [NO_ADDRESS, between]] as const) {
    const key: V4Key = { currency0, currency1, fee: 400, tickSpacing: 60, hooks: NO_ADDRESS };
    await world.send(world.maker, poolMakerAbi, 'seedV4', [manager, key, PRICE_ONE, [RANGE]]);
    refs.push({ venue: 'UNISWAP_V4', key });
  }
  const pool = await balancer.makePool({
    tokens: pair.map((token) => ({ address: token, decimals: 18 })),
    balances: [10n ** 25n, 10n ** 25n],
    rates: [null, null],
    swapFeeE18: E18 / 1_000n,
    creatorFeeE18: null,
    curve: { kind: 'WEIGHTED', weightsE18: [E18 / 2n, E18 / 2n] },
  });
  if (pool === null) throw new Error('no pool of Balancer');
  return [...refs, { venue: 'BALANCER_V3', address: pool.address }];
}

beforeAll(async () => {
  world = await startConformanceWorld();
  weth = await makeWeth(world);
  bought = (await world.token()).toLowerCase() as Address;
  between = (await world.token()).toLowerCase() as Address;
  const manager = await world.deploy(vendored('PoolManager'), [SENDER]);
  const balancer = await deployBalancer(world);
  const make = (abi: Abi, bytecode: Hex, args: readonly unknown[] = []) => world.deploy({ abi, bytecode }, args);
  const hub = await make(oracleHubAbi, oracleHubBytecode, [NO_ADDRESS, 0n]);
  const rulebook = await make(rulebookAbi, rulebookBytecode, [hub]);
  const factory = await make(vaultFactoryAbi, vaultFactoryBytecode, [rulebook, weth, manager, balancer.vault]);
  const lens = await make(vaultLensAbi, vaultLensBytecode);
  const pathFiller = await make(pathFillerAbi, pathFillerBytecode, [manager, weth]);
  const tokens = [
    { symbol: 'WETH', address: weth, decimals: 18, feedId: await feedOf(hub) },
    { symbol: 'BUY', address: bought, decimals: 18, feedId: await feedOf(hub) },
  ];
  const targets = tokens
    .map(({ address: token, feedId }) => ({
      ...{ token, feedId, targetBps: 5_000, bandBps: 500, safe: false, stopPriceUsdE8: 0n, takePriceUsdE8: 0n },
    }))
    .sort((a, b) => (BigInt(a.token) < BigInt(b.token) ? -1 : 1));
  const args = [SENDER, SENDER, POLICY, targets, zeroHash];
  const vault = (await world.read(factory, vaultFactoryAbi, 'create', args)) as Address;
  await world.send(factory, vaultFactoryAbi, 'create', args);
  await world.send(bought, devTokenAbi, 'mint', [SENDER, 20_000n * E18]);
  for (const [token, amount] of [
    [weth, 80_000n * E18],
    [bought, 20_000n * E18],
  ] as const) {
    await world.send(token, erc20Abi, 'approve', [vault, amount]);
    await world.send(vault, vaultAbi, 'deposit', [token, amount]);
  }
  deployment = {
    contracts: { hub, lens, weth, pathFiller, poolManager: manager, balancerVault: balancer.vault },
    ...{ vault, tokens, pools: await makePools(manager, balancer) },
  };
});
afterAll(() => world.stop());

async function look(): Promise<Snapshot> {
  return readSnapshot(world.chain, deployment, 'REHEARSAL', await world.head());
}

function legOf(snapshot: Snapshot, hops: readonly Hop[], amountIn: bigint, newTokens = 2): Leg {
  const { assets, policy, state } = snapshot.vault;
  const [sell, buy] = [weth, bought].map((t) => assets.find((a) => a.token === t));
  if (!sell || !buy) throw new Error('the snapshot is incomplete');
  const epochNavUsdE8 = state.epoch === 0 ? portfolioValue(assets).navUsdE8 : state.epochNavUsdE8;
  const f = { policy, sell, buy, pips: 980_000n, epochNavUsdE8, soldInSliceUsdE8: 0n };
  const { leg } = planLeg(f, { sell: sell.index, buy: buy.index, hops, amountIn }, snapshot.pools, newTokens);
  if (leg === null) throw new Error('no leg');
  expect([leg.amountIn, leg.hops]).toEqual([amountIn, hops]);
  return leg;
}

async function filled(legs: readonly Leg[], snapshot: Snapshot) {
  const { state } = snapshot.vault;
  const begin = state.epoch === 0;
  const call = {
    ...{ begin, epoch: begin ? 1 : state.epoch, sequence: begin ? 0 : state.sequence, last: false, legs },
    deadline: snapshot.block.time + 3_600,
  };
  const { vault, contracts } = deployment;
  await world.raw(vault, encodeSlice(call, contracts));
  const at: Hex = `0x${(await world.head()).number.toString(16)}`;
  const logs = (await world.chain.client.request({
    method: 'eth_getLogs',
    params: [{ address: vault, fromBlock: at, toBlock: at }],
  })) as unknown as RawLog[];
  const fills = decodeVaultEvents(vault, logs).flatMap((e) => (e.event === 'Filled' ? [e] : []));
  const slices = [{ sequence: call.sequence, notBefore: 0, legs }];
  const { gasUsed } = await world.chain.client.getBlock();
  // Feeds here are bare aggregators, and a first swap pays for a pool's first writes.
  const share = Number(planGasUnits(slices, 2, begin)) / Number(gasUsed);
  expect(share > 0.8 && share < 1.3, `the estimate is ${share} of the gas used`).toBe(true);
  return { fills, realised: realise({ snapshot, slices, fills, receipts: [], pathFiller: contracts.pathFiller }) };
}

describe('the vault', () => {
  const pool = (snapshot: Snapshot, n: number): PoolState => {
    const found = snapshot.pools[n];
    if (!found) throw new Error(`no pool ${n}`);
    return found;
  };
  type Ways = [name: string, venue: string, hops: (s: Snapshot) => Hop[]];
  it.each<Ways>([
    ['a pair of Uniswap V2', 'UNISWAP_V2', (s) => [hopOf(pool(s, 0), bought)]],
    ['a pool of Uniswap V3', 'UNISWAP_V3', (s) => [hopOf(pool(s, 1), bought)]],
    ['a pool of Uniswap V4', 'UNISWAP_V4', (s) => [hopOf(pool(s, 3), bought)]],
    ['a pool of ether in Uniswap V4', 'FILLER', (s) => [hopOf(pool(s, 4), bought)]],
    [
      'a pool of ether, then one of Uniswap V3',
      'FILLER',
      (s) => [hopOf(pool(s, 5), between), hopOf(pool(s, 2), bought)],
    ],
    ['a pool of Balancer', 'BALANCER_V3', (s) => [hopOf(pool(s, 6), bought)]],
  ])('gets exactly what was quoted from %s', async (_name, venue, hops) => {
    const snapshot = await look();
    expect([snapshot.pools.length, snapshot.leftOut]).toEqual([7, []]);
    const leg = legOf(snapshot, hops(snapshot), 2_000n * E18);
    const { fills, realised } = await filled([leg], snapshot);
    expect(fills.map((f) => [f.venue, f.amountIn, f.amountOut])).toEqual([[venue, leg.amountIn, leg.quotedOut]]);
    expect(realised).toMatchObject({ slippageUsdE8: 0n, fills: [{ sellSymbol: 'WETH', amountOut: leg.quotedOut }] });
  });

  it('gets it in one slice from all of them', async () => {
    const snapshot = await look();
    const ways = [[0], [3], [6], [4], [1]].map((at) => at.map((n) => hopOf(pool(snapshot, n), bought)));
    const legs = ways.map((hops, i) => legOf(snapshot, hops, BigInt(500 + i) * E18, i === 0 ? 2 : 0));
    const { fills, realised } = await filled(legs, snapshot);
    expect(fills.map((f) => f.amountOut)).toEqual(legs.map((l) => l.quotedOut));
    expect(realised.slippageUsdE8).toBe(0n);
  });
});
