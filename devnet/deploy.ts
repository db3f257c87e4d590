/** Puts everything on an empty chain in one block. The addresses depend on the deployer alone. */
import {
  type Abi,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  getAbiItem,
  getContractAddress,
  keccak256,
  parseAbi,
} from 'viem';
import { oracleHubAbi, oracleHubBytecode } from '../src/abi/OracleHub.ts';
import { pathFillerAbi, pathFillerBytecode } from '../src/abi/PathFiller.ts';
import { rulebookAbi, rulebookBytecode } from '../src/abi/Rulebook.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../src/abi/VaultFactory.ts';
import { vaultLensAbi, vaultLensBytecode } from '../src/abi/VaultLens.ts';
import { NO_ADDRESS, plainFeedConfig } from '../src/chain/feedConfig.ts';
import type { Address, Hex } from '../src/core/types.ts';
import type { DevAccounts } from './accounts.ts';
import { devAggregatorAbi, devAggregatorBytecode } from './artifacts/DevAggregator.ts';
import { devTokenAbi, devTokenBytecode } from './artifacts/DevToken.ts';
import { eacAggregatorProxyAbi, eacAggregatorProxyBytecode } from './artifacts/EACAggregatorProxy.ts';
import { marketAbi, marketBytecode } from './artifacts/Market.ts';
import { poolSeederAbi, poolSeederBytecode } from './artifacts/PoolSeeder.ts';
import {
  HEARTBEAT_MARGIN_S,
  KEEPER_ETH,
  OWNER_ETH,
  OWNER_USD_PER_TOKEN,
  POOLS,
  type PoolSpec,
  SYMBOLS,
  TOKENS,
  type TokenSymbol,
} from './layout.ts';
import { liquidityOf, type Range, rangesOf, sqrtPriceOf } from './liquidity.ts';
import { type Call, hex, type Rpc } from './rpc.ts';
import { sortTokens, uniswapCode, v2PairAddress, v3PoolAddress } from './uniswap.ts';

export type PricesE8 = Readonly<Record<TokenSymbol, bigint>>;

export type PoolDeployment = PoolSpec & {
  readonly address: Address;
  readonly token0: TokenSymbol;
  readonly token1: TokenSymbol;
  /** What the liquidity provider minted; empty for a V2 pair. */
  readonly ranges: readonly Range[];
};

export type Deployment = {
  /** `contracts`, `tokens` and `pools` as keel.config.json has them. */
  readonly contracts: {
    readonly factory: Address;
    readonly hub: Address;
    readonly lens: Address;
    readonly weth: Address;
    readonly pathFiller: Address;
    /** The devnet has neither Uniswap V4 nor Balancer. */
    readonly poolManager: null;
    readonly balancerVault: null;
  };
  readonly tokens: readonly {
    readonly symbol: TokenSymbol;
    readonly address: Address;
    readonly decimals: number;
    readonly feedId: Hex;
  }[];
  readonly pools: readonly PoolDeployment[];
  readonly feeds: readonly { readonly symbol: TokenSymbol; readonly proxy: Address; readonly aggregator: Address }[];
  readonly market: Address;
  readonly seeder: Address;
};

const ETHER = 10n ** 18n;
const GAS_PER_TX = 60_000_000n;
/** What the arbitrageur and the liquidity providers own of each token, in dollars: more than they can ever need. */
const INVENTORY_USD = 10_000_000_000n;
/** As on mainnet, once everything is in place. */
const BLOCK_GAS_LIMIT = 60_000_000;

const FEED_CONFIG = getAbiItem({ abi: oracleHubAbi, name: 'register' }).inputs;
const FEED_DECIMALS = 8;

const factoriesAbi = parseAbi([
  'function createPair(address,address) returns (address)',
  'function createPool(address,address,uint24) returns (address)',
  'function deposit() payable',
  'function transfer(address,uint256) returns (bool)',
]);

const V2_FACTORY_CONSTRUCTOR = parseAbi(['constructor(address feeToSetter)']);

/** The deployer's transactions, in order, each with its nonce. */
type Batch = {
  readonly calls: Call[];
  create: (data: Hex) => Address;
  send: (to: Address, data: Hex, value?: bigint) => void;
};

function batchOf(from: Address): Batch {
  const calls: Call[] = [];
  const push = (tx: { to?: Address; data: Hex; value?: Hex }): void => {
    calls.push(['eth_sendTransaction', [{ from, nonce: hex(calls.length), gas: hex(GAS_PER_TX), ...tx }]]);
  };
  return {
    calls,
    create: (data) => {
      const address = getContractAddress({ from, nonce: BigInt(calls.length) });
      push({ data });
      return address;
    },
    send: (to, data, value) => push({ to, data, ...(value === undefined ? {} : { value: hex(value) }) }),
  };
}

const amountOf = (usd: bigint, symbol: TokenSymbol, prices: PricesE8): bigint =>
  (usd * 100_000_000n * 10n ** BigInt(TOKENS[symbol].decimals)) / prices[symbol];

function createTokens(batch: Batch, weth9: Hex): Record<TokenSymbol, Address> {
  const token = (symbol: TokenSymbol): Address =>
    batch.create(
      encodeDeployData({
        abi: devTokenAbi,
        bytecode: devTokenBytecode,
        args: [TOKENS[symbol].name, symbol, TOKENS[symbol].decimals],
      }),
    );
  return {
    WETH: batch.create(weth9),
    USDC: token('USDC'),
    WBTC: token('WBTC'),
    LINK: token('LINK'),
    UNI: token('UNI'),
  };
}

function fund(batch: Batch, tokens: Record<TokenSymbol, Address>, prices: PricesE8, to: Address, usd: bigint): void {
  for (const symbol of SYMBOLS) {
    const amount = amountOf(usd, symbol, prices);
    if (symbol === 'WETH') {
      batch.send(tokens.WETH, encodeFunctionData({ abi: factoriesAbi, functionName: 'deposit' }), amount);
      batch.send(tokens.WETH, encodeFunctionData({ abi: factoriesAbi, functionName: 'transfer', args: [to, amount] }));
    } else {
      batch.send(tokens[symbol], encodeFunctionData({ abi: devTokenAbi, functionName: 'mint', args: [to, amount] }));
    }
  }
}

function createFeeds(
  batch: Batch,
  market: Address,
  hub: Address,
): { feeds: Deployment['feeds']; ids: Map<string, Hex> } {
  const ids = new Map<string, Hex>();
  const feeds = SYMBOLS.map((symbol) => {
    const { feed } = TOKENS[symbol];
    const aggregator = batch.create(
      encodeDeployData({
        abi: devAggregatorAbi,
        bytecode: devAggregatorBytecode,
        args: [market, FEED_DECIMALS, feed.description],
      }),
    );
    const proxy = batch.create(
      encodeDeployData({
        abi: eacAggregatorProxyAbi as Abi,
        bytecode: eacAggregatorProxyBytecode,
        args: [aggregator, '0x0000000000000000000000000000000000000000'],
      }),
    );
    const config = plainFeedConfig({
      feed: proxy,
      heartbeat: feed.heartbeatS + HEARTBEAT_MARGIN_S,
      decimals: FEED_DECIMALS,
      minPriceUsdE8: feed.minPriceUsdE8,
      maxPriceUsdE8: feed.maxPriceUsdE8,
    });
    batch.send(hub, encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args: [config] }));
    ids.set(symbol, keccak256(encodeAbiParameters(FEED_CONFIG, [config])));
    return { symbol, proxy, aggregator };
  });
  return { feeds, ids };
}

function createPools(
  batch: Batch,
  tokens: Record<TokenSymbol, Address>,
  prices: PricesE8,
  seeder: Address,
): PoolDeployment[] {
  const code = uniswapCode();
  const setter = [seeder] as const;
  const v2Factory = batch.create(
    encodeDeployData({ abi: V2_FACTORY_CONSTRUCTOR, bytecode: code.v2Factory, args: setter }),
  );
  const v3Factory = batch.create(code.v3Factory);
  const side = (symbol: TokenSymbol) => ({ priceUsdE8: prices[symbol], decimals: TOKENS[symbol].decimals });
  return POOLS.map((spec) => {
    const [a, b] = [tokens[spec.pair[0]], tokens[spec.pair[1]]];
    const [token0, token1] = sortTokens(a, b)[0] === a ? spec.pair : ([spec.pair[1], spec.pair[0]] as const);
    const depth = BigInt(spec.depthUsd);
    const amount1 = amountOf(depth, token1, prices);
    if (spec.venue === 'UNISWAP_V2') {
      const address = v2PairAddress(v2Factory, code, a, b);
      batch.send(v2Factory, encodeFunctionData({ abi: factoriesAbi, functionName: 'createPair', args: [a, b] }));
      const args = [address, amountOf(depth, token0, prices), amount1] as const;
      batch.send(seeder, encodeFunctionData({ abi: poolSeederAbi, functionName: 'seedV2', args }));
      return { ...spec, address, token0, token1, ranges: [] };
    }
    const address = v3PoolAddress(v3Factory, code, a, b, spec.feePips);
    const sqrtPriceX96 = sqrtPriceOf(side(token0), side(token1));
    const ranges = rangesOf(sqrtPriceX96, spec.feePips, liquidityOf(amount1, sqrtPriceX96));
    const create = { abi: factoriesAbi, functionName: 'createPool', args: [a, b, spec.feePips] } as const;
    batch.send(v3Factory, encodeFunctionData(create));
    const seed = { abi: poolSeederAbi, functionName: 'seedV3', args: [address, sqrtPriceX96, ranges] } as const;
    batch.send(seeder, encodeFunctionData(seed));
    return { ...spec, address, token0, token1, ranges };
  });
}

/** @param time unix seconds of the block that holds the whole deployment and the first round of every feed */
export async function deploy(
  rpc: Rpc,
  accounts: Omit<DevAccounts, 'mnemonic'>,
  prices: PricesE8,
  time: number,
): Promise<Deployment> {
  const batch = batchOf(accounts.deployer.address);
  const tokens = createTokens(batch, uniswapCode().weth9);
  const market = batch.create(marketBytecode);
  const seeder = batch.create(poolSeederBytecode);
  // The devnet has no sequencer, no Uniswap V4 and no Balancer.
  const hub = batch.create(
    encodeDeployData({ abi: oracleHubAbi, bytecode: oracleHubBytecode, args: [NO_ADDRESS, 0n] }),
  );
  const rulebook = batch.create(encodeDeployData({ abi: rulebookAbi, bytecode: rulebookBytecode, args: [hub] }));
  const factoryArgs = [rulebook, tokens.WETH, NO_ADDRESS, NO_ADDRESS] as const;
  const factory = batch.create(
    encodeDeployData({ abi: vaultFactoryAbi, bytecode: vaultFactoryBytecode, args: factoryArgs }),
  );
  const lens = batch.create(encodeDeployData({ abi: vaultLensAbi, bytecode: vaultLensBytecode }));
  const pathFiller = batch.create(
    encodeDeployData({ abi: pathFillerAbi, bytecode: pathFillerBytecode, args: [NO_ADDRESS, tokens.WETH] }),
  );
  for (const account of [market, seeder]) fund(batch, tokens, prices, account, INVENTORY_USD);
  fund(batch, tokens, prices, accounts.owner.address, BigInt(OWNER_USD_PER_TOKEN));
  const { feeds, ids } = createFeeds(batch, market, hub);
  const pools = createPools(batch, tokens, prices, seeder);
  const rounds = feeds.map((f) => ({ aggregator: f.aggregator, answer: prices[f.symbol], updatedAt: BigInt(time) }));
  batch.send(market, encodeFunctionData({ abi: marketAbi, functionName: 'step', args: [rounds, []] }));

  await rpc.call('evm_setNextBlockTimestamp', time);
  await rpc.batch(batch.calls);
  await rpc.call('evm_mine');
  await requireSuccess(rpc, batch.calls.length);
  await rpc.batch([
    ['anvil_setBalance', [accounts.owner.address, hex(BigInt(OWNER_ETH) * ETHER)]],
    ['anvil_setBalance', [accounts.keeper.address, hex(BigInt(KEEPER_ETH) * ETHER)]],
    ['evm_setBlockGasLimit', [hex(BLOCK_GAS_LIMIT)]],
  ]);
  return {
    contracts: { factory, hub, lens, weth: tokens.WETH, pathFiller, poolManager: null, balancerVault: null },
    tokens: SYMBOLS.map((symbol) => ({
      symbol,
      address: tokens[symbol],
      decimals: TOKENS[symbol].decimals,
      feedId: ids.get(symbol) ?? '0x',
    })),
    pools,
    feeds,
    market,
    seeder,
  };
}

async function requireSuccess(rpc: Rpc, count: number): Promise<void> {
  const receipts = await rpc.call<{ status: Hex; gasUsed: Hex }[]>('eth_getBlockReceipts', 'latest');
  if (receipts.length !== count) throw new Error(`${receipts.length} of ${count} deployment transactions were mined`);
  const failed = receipts.findIndex((r) => r.status !== '0x1');
  if (failed >= 0) throw new Error(`deployment transaction ${failed} reverted`);
}
