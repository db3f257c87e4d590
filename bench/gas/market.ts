/**
 * The scenario all figures share: tokens, price feeds of two kinds, and the same prices and depth on Uniswap V2, V3,
 * V4 and Balancer V3, every pool traded both ways once so that no figure pays for somebody's first write.
 */
import { type Address, encodeDeployData, encodeFunctionData, type Hex, parseAbi } from 'viem';
import { devTokenAbi, devTokenBytecode } from '../../devnet/artifacts/DevToken.ts';
import { eacAggregatorProxyAbi, eacAggregatorProxyBytecode } from '../../devnet/artifacts/EACAggregatorProxy.ts';
import { poolSeederAbi, poolSeederBytecode } from '../../devnet/artifacts/PoolSeeder.ts';
import { sqrtPriceOf } from '../../devnet/liquidity.ts';
import { sortTokens, uniswapCode, v2PairAddress, v3PoolAddress } from '../../devnet/uniswap.ts';
import type { Chain } from './chain.ts';
import { built, creation, vendored } from './code.ts';

export type Token = {
  readonly symbol: string;
  readonly address: Address;
  readonly decimals: number;
  readonly priceUsd: number;
  /** Chainlink's proxy before an aggregator with the storage and access check of its OCR2 one. */
  readonly chainlink: Address;
  readonly packedFeed: Address;
};

export type Pool = { readonly address: Address; readonly feePips: number; readonly tokens: readonly [Token, Token] };

export type PoolKey = {
  readonly currency0: Address;
  readonly currency1: Address;
  readonly fee: number;
  readonly tickSpacing: number;
  readonly hooks: Address;
};

export type Market = {
  readonly token: (symbol: string) => Token;
  readonly tokens: readonly Token[];
  readonly weth9: Address;
  readonly v3Router: Address;
  readonly v3Factory: Address;
  readonly manager: Address;
  readonly balancer: Address;
  readonly v2: (a: string, b: string) => Pool;
  readonly v3: (a: string, b: string) => Pool;
  /** An initialised tick at every tick spacing. */
  readonly dense: Pool;
  readonly v4: (a: string, b: string) => PoolKey;
  readonly weighted: (a: string, b: string) => Address;
  /** Full of every token, and the ones that have traded all pools warm. */
  readonly traders: Swappers;
};

/** The least that a contract can be and swap its own coins, one for each venue. The deployer owns them. */
export type Swappers = Readonly<Record<'v2' | 'v3' | 'v4' | 'balancer', Address>>;

export async function createSwappers(chain: Chain, manager: Address, balancer: Address): Promise<Swappers> {
  const make = (name: string, args: readonly unknown[] = []): Promise<Address> =>
    chain.create(creation(built(name, 'BareSwapper'), args));
  return {
    v2: await make('BareV2'),
    v3: await make('BareV3'),
    v4: await make('BareV4', [manager]),
    balancer: await make('BareBalancer', [balancer]),
  };
}

export const NO_ADDRESS: Address = '0x0000000000000000000000000000000000000000';

const NAMED: readonly (readonly [symbol: string, decimals: number, priceUsd: number])[] = [
  ['WETH', 18, 3_000],
  ['USDC', 6, 1],
  ['WBTC', 8, 60_000],
  ['LINK', 18, 15],
  ['UNI', 18, 8],
];
/** Enough for a vault of twenty. */
const OTHERS = 15;

const PAIRS: readonly (readonly [a: string, b: string, feePips: number])[] = [
  ['WETH', 'USDC', 500],
  ['WBTC', 'USDC', 500],
  ['LINK', 'USDC', 3_000],
  ['UNI', 'USDC', 3_000],
  ['LINK', 'WETH', 3_000],
  ['UNI', 'WETH', 3_000],
];
const TICK_SPACING: Readonly<Record<number, number>> = { 400: 10, 500: 10, 3000: 60 };

/** Dollars a side: one full range, ten nested ones of which the narrowest spans 4.3 % and the widest 42 %. */
const FULL_RANGE_USD = 10_000_000;
const NESTED_USD = 1_000_000;
const NESTED_TICKS = Array.from({ length: 10 }, (_, i) => 420 * (i + 1));
const OBSERVATIONS = 50;
const V2_USD = 50_000_000;
const WEIGHTED_USD = 50_000_000;

/** One interval of the dense pool takes about this much before the next initialised tick is crossed. */
export const DENSE_USD_PER_TICK = 1_250;
const DENSE_FEE_PIPS = 400;
/** Initialised ticks on either side of the price. */
const DENSE_TICKS = 40;

const INVENTORY_USD = 1_000_000_000;
const WARMING_USD = 100;

export const amountOf = (token: Token, usd: number): bigint =>
  (BigInt(Math.round(usd * 1e6)) * 10n ** BigInt(token.decimals)) / BigInt(Math.round(token.priceUsd * 1e6));

export const tokenAbi = parseAbi([
  'function transfer(address,uint256) returns (bool)',
  'function approve(address,uint256) returns (bool)',
  'function balanceOf(address) view returns (uint256)',
  'function deposit() payable',
]);

const setupAbi = parseAbi([
  'function createPair(address,address) returns (address)',
  'function createPool(address,address,uint24) returns (address)',
  'function enableFeeAmount(uint24,int24)',
  'function increaseObservationCardinalityNext(uint16)',
  'function addAccess(address)',
  'function transmit(int192)',
  'function registerPool(address pool, (address token, uint8 tokenType, address rateProvider, bool paysYieldFees)[] tokens, uint256 swapFee, uint32 pauseWindowEnd, bool feeExempt, (address pauseManager, address swapFeeManager, address poolCreator) roles, address hooks, (bool a, bool b, bool c, bool d) liquidity)',
]);

const singleAbi = parseAbi([
  'function swap(address pool, address tokenIn, bool zeroForOne, uint128 amountIn, uint128 minOut)',
]);
const v2Abi = parseAbi([
  'function swap(address pair, address tokenIn, bool zeroForOne, uint256 amountIn, uint256 minOut)',
]);
const manyV3Abi = parseAbi([
  'struct Swap { address pool; address tokenIn; bool zeroForOne; uint128 amountIn; uint128 minOut; }',
  'function swapMany(Swap[] swaps)',
]);
const manyV4Abi = parseAbi([
  'struct Key { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }',
  'struct Swap { Key key; bool zeroForOne; uint128 amountIn; uint128 minOut; }',
  'function swapMany(Swap[] swaps)',
]);
const balancerAbi = parseAbi([
  'function swap(address pool, address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut)',
]);

export type Trade = { readonly sell: Token; readonly buy: Token; readonly usd: number };

const zeroForOne = (trade: Trade): boolean => BigInt(trade.sell.address) < BigInt(trade.buy.address);

/** The caller's own bound, loose enough for any fee here. */
export const minOutOf = (trade: Trade): bigint => amountOf(trade.buy, trade.usd * 0.98);

const swapArgs = (t: Trade) => ({
  zeroForOne: zeroForOne(t),
  amountIn: amountOf(t.sell, t.usd),
  minOut: minOutOf(t),
});

/** Calldata of the swappers. */
export const bare = {
  v2: (pool: Address, t: Trade): Hex => {
    const args = [pool, t.sell.address, zeroForOne(t), amountOf(t.sell, t.usd), minOutOf(t)] as const;
    return encodeFunctionData({ abi: v2Abi, args });
  },
  v3: (pool: Address, t: Trade): Hex => {
    const args = [pool, t.sell.address, zeroForOne(t), amountOf(t.sell, t.usd), minOutOf(t)] as const;
    return encodeFunctionData({ abi: singleAbi, args });
  },
  manyV3: (trades: readonly (readonly [pool: Address, trade: Trade])[]): Hex => {
    const swaps = trades.map(([pool, t]) => ({ pool, tokenIn: t.sell.address, ...swapArgs(t) }));
    return encodeFunctionData({ abi: manyV3Abi, args: [swaps] });
  },
  manyV4: (trades: readonly (readonly [key: PoolKey, trade: Trade])[]): Hex => {
    return encodeFunctionData({ abi: manyV4Abi, args: [trades.map(([key, t]) => ({ key, ...swapArgs(t) }))] });
  },
  balancer: (pool: Address, t: Trade): Hex => {
    const args = [pool, t.sell.address, t.buy.address, amountOf(t.sell, t.usd), minOutOf(t)] as const;
    return encodeFunctionData({ abi: balancerAbi, args });
  },
};

type Range = { readonly lower: number; readonly upper: number; readonly liquidity: bigint };

const TICK_BASE = Math.log(1.0001) / 2;
const sqrtAt = (tick: number): number => Math.exp(tick * TICK_BASE);

/** Ranges around a price, as square root of token1 per token0 in base units. */
function nestedRanges(sqrtPrice: number, spacing: number, fullAmount1: number, nestedAmount1: number): Range[] {
  const centre = Math.round(Math.log(sqrtPrice) / TICK_BASE / spacing) * spacing;
  const edge = Math.floor(887_272 / spacing) * spacing;
  const range = (lower: number, upper: number, amount1: number): Range => ({
    lower,
    upper,
    liquidity: BigInt(Math.floor(amount1 / (sqrtPrice - sqrtAt(lower)))),
  });
  return [
    range(-edge, edge, fullAmount1),
    ...NESTED_TICKS.map((half) => range(centre - half, centre + half, nestedAmount1)),
  ];
}

/** Tiles of one tick spacing each, of different liquidity, so that every boundary is initialised and changes it. */
function denseRanges(sqrtPrice: number, spacing: number, amount1PerTick: number): Range[] {
  const centre = Math.floor(Math.log(sqrtPrice) / TICK_BASE / spacing) * spacing;
  return Array.from({ length: 2 * DENSE_TICKS }, (_, i) => {
    const lower = centre + (i - DENSE_TICKS) * spacing;
    const width = sqrtAt(lower + spacing) - sqrtAt(lower);
    return {
      lower,
      upper: lower + spacing,
      liquidity: BigInt(Math.floor((amount1PerTick / width) * (1 + (i % 2) / 1_000))),
    };
  });
}

export async function deployMarket(chain: Chain): Promise<Market> {
  const weth9 = await chain.create(uniswapCode().weth9);
  const tokens: Token[] = [];
  for (const [symbol, decimals, priceUsd] of NAMED) {
    tokens.push(await createToken(chain, symbol, decimals, priceUsd, symbol === 'WETH' ? weth9 : undefined));
  }
  for (let i = 0; i < OTHERS; i++) tokens.push(await createToken(chain, `T${i}`, 18, 10 + i));
  const token = (symbol: string): Token => {
    const found = tokens.find((t) => t.symbol === symbol);
    if (!found) throw new Error(`no token ${symbol}`);
    return found;
  };

  const seeder = await chain.create(poolSeederBytecode);
  const benchSeeder = await chain.create(creation(built('BenchSeeder')));
  const manager = await chain.create(creation(vendored('PoolManager'), [chain.deployer]));
  const balancer = await deployBalancer(chain);
  const traders = await createSwappers(chain, manager, balancer);
  const five = NAMED.map(([symbol]) => token(symbol));
  for (const holder of [seeder, benchSeeder, ...Object.values(traders)]) {
    for (const t of five) await give(chain, t, holder, INVENTORY_USD);
  }

  const code = uniswapCode();
  const v2Factory = await chain.create(
    encodeDeployData({ abi: parseAbi(['constructor(address)']), bytecode: code.v2Factory, args: [chain.deployer] }),
  );
  const v3Factory = await chain.create(code.v3Factory);
  const v3Router = await chain.create(creation(vendored('SwapRouter'), [v3Factory, weth9]));
  await call(chain, v3Factory, 'enableFeeAmount', [DENSE_FEE_PIPS, 10]);

  const v2 = new Map<string, Pool>();
  const v3 = new Map<string, Pool>();
  const v4 = new Map<string, PoolKey>();
  const weighted = new Map<string, Address>();
  for (const [a, b, feePips] of PAIRS) {
    const pair = inOrder(token(a), token(b));
    const name = nameOf(a, b);
    v3.set(name, await createV3(chain, v3Factory, seeder, pair, feePips));
    v4.set(name, await createV4(chain, manager, benchSeeder, pair, feePips));
    weighted.set(name, await createWeighted(chain, balancer, benchSeeder, pair, feePips));
  }
  const wethUsdc = inOrder(token('WETH'), token('USDC'));
  v2.set(nameOf('WETH', 'USDC'), await createV2(chain, v2Factory, seeder, wethUsdc));
  const dense = await createV3(chain, v3Factory, seeder, wethUsdc, DENSE_FEE_PIPS);

  const get =
    <T>(map: Map<string, T>) =>
    (a: string, b: string): T => {
      const found = map.get(nameOf(a, b));
      if (found === undefined) throw new Error(`no pool ${nameOf(a, b)}`);
      return found;
    };
  const market: Market = {
    ...{ token, tokens, weth9, v3Router, v3Factory, manager, balancer, dense, traders },
    v2: get(v2),
    v3: get(v3),
    v4: get(v4),
    weighted: get(weighted),
  };
  await warmPools(chain, market);
  return market;
}

const nameOf = (a: string, b: string): string => [a, b].sort().join('/');

const inOrder = (a: Token, b: Token): [Token, Token] =>
  sortTokens(a.address, b.address)[0] === a.address ? [a, b] : [b, a];

async function call(chain: Chain, to: Address, functionName: string, args: readonly unknown[]): Promise<void> {
  const data = encodeFunctionData({ abi: setupAbi, functionName, args } as Parameters<typeof encodeFunctionData>[0]);
  await chain.send({ from: chain.deployer, to, data });
}

async function createToken(
  chain: Chain,
  symbol: string,
  decimals: number,
  priceUsd: number,
  existing?: Address,
): Promise<Token> {
  const address =
    existing ??
    (await chain.create(
      encodeDeployData({ abi: devTokenAbi, bytecode: devTokenBytecode, args: [symbol, symbol, decimals] }),
    ));
  const answer = BigInt(priceUsd * 1e8);
  const aggregator = await chain.create(creation(built('Ocr2Aggregator'), [8]));
  const chainlink = await chain.create(
    encodeDeployData({
      abi: eacAggregatorProxyAbi,
      bytecode: eacAggregatorProxyBytecode,
      args: [aggregator, NO_ADDRESS],
    }),
  );
  await call(chain, aggregator, 'addAccess', [chainlink]);
  const packedFeed = await chain.create(creation(built('PackedFeed')));
  for (const feed of [aggregator, packedFeed]) await call(chain, feed, 'transmit', [answer]);
  return { symbol, address, decimals, priceUsd, chainlink, packedFeed };
}

/** Out of nothing, or out of ether for the one token that cannot be minted. */
export async function give(chain: Chain, token: Token, to: Address, usd: number): Promise<void> {
  const amount = amountOf(token, usd);
  const from = chain.deployer;
  if (token.symbol === 'WETH') {
    const deposit = encodeFunctionData({ abi: tokenAbi, functionName: 'deposit' });
    await chain.send({ from, to: token.address, data: deposit, value: amount });
    const data = encodeFunctionData({ abi: tokenAbi, functionName: 'transfer', args: [to, amount] });
    await chain.send({ from, to: token.address, data });
  } else {
    const data = encodeFunctionData({ abi: devTokenAbi, functionName: 'mint', args: [to, amount] });
    await chain.send({ from, to: token.address, data });
  }
}

const side = (t: Token): { priceUsdE8: bigint; decimals: number } => ({
  priceUsdE8: BigInt(t.priceUsd * 1e8),
  decimals: t.decimals,
});

const floatSqrt = (sqrtPriceX96: bigint): number => Number(sqrtPriceX96) / 2 ** 96;

async function createV2(chain: Chain, factory: Address, seeder: Address, pair: readonly [Token, Token]): Promise<Pool> {
  const [a, b] = pair;
  await call(chain, factory, 'createPair', [a.address, b.address]);
  const address = v2PairAddress(factory, uniswapCode(), a.address, b.address);
  const args = [address, amountOf(a, V2_USD), amountOf(b, V2_USD)] as const;
  const data = encodeFunctionData({ abi: poolSeederAbi, functionName: 'seedV2', args });
  await chain.send({ from: chain.deployer, to: seeder, data });
  return { address, feePips: 3_000, tokens: pair };
}

async function createV3(
  chain: Chain,
  factory: Address,
  seeder: Address,
  pair: readonly [Token, Token],
  feePips: number,
): Promise<Pool> {
  const [a, b] = pair;
  const spacing = TICK_SPACING[feePips] ?? 0;
  await call(chain, factory, 'createPool', [a.address, b.address, feePips]);
  const address = v3PoolAddress(factory, uniswapCode(), a.address, b.address, feePips);
  const { sqrtPriceX96, ranges } =
    feePips === DENSE_FEE_PIPS
      ? denseStart(a, b, spacing)
      : { sqrtPriceX96: sqrtPriceOf(side(a), side(b)), ranges: rangesOf(a, b, spacing) };
  const args = [address, sqrtPriceX96, ranges] as const;
  const data = encodeFunctionData({ abi: poolSeederAbi, functionName: 'seedV3', args });
  await chain.send({ from: chain.deployer, to: seeder, data });
  await call(chain, address, 'increaseObservationCardinalityNext', [OBSERVATIONS]);
  return { address, feePips, tokens: pair };
}

function rangesOf(a: Token, b: Token, spacing: number): Range[] {
  const sqrtPrice = floatSqrt(sqrtPriceOf(side(a), side(b)));
  const amount1 = (usd: number): number => Number(amountOf(b, usd));
  return nestedRanges(sqrtPrice, spacing, amount1(FULL_RANGE_USD), amount1(NESTED_USD));
}

/** In the middle between two initialised ticks, so that a small trade crosses none. */
function denseStart(a: Token, b: Token, spacing: number): { sqrtPriceX96: bigint; ranges: Range[] } {
  const exact = floatSqrt(sqrtPriceOf(side(a), side(b)));
  const centre = Math.floor(Math.log(exact) / TICK_BASE / spacing) * spacing;
  const middle = sqrtAt(centre + spacing / 2);
  return {
    sqrtPriceX96: BigInt(Math.floor(middle * 2 ** 48)) << 48n,
    ranges: denseRanges(middle, spacing, Number(amountOf(b, DENSE_USD_PER_TICK))),
  };
}

async function createV4(
  chain: Chain,
  manager: Address,
  seeder: Address,
  pair: readonly [Token, Token],
  feePips: number,
): Promise<PoolKey> {
  const [a, b] = pair;
  const tickSpacing = TICK_SPACING[feePips] ?? 0;
  const key = { currency0: a.address, currency1: b.address, fee: feePips, tickSpacing, hooks: NO_ADDRESS };
  const ranges = rangesOf(a, b, tickSpacing);
  const args = [manager, key, sqrtPriceOf(side(a), side(b)), ranges];
  const data = encodeFunctionData({ abi: built('BenchSeeder').abi, functionName: 'seedV4', args });
  await chain.send({ from: chain.deployer, to: seeder, data });
  return key;
}

/** The vault's parts name its address before it exists: it is the fourth contract from here. */
async function deployBalancer(chain: Chain): Promise<Address> {
  const vault = await chain.nextAddress(3);
  const pauseWindowS = 4 * 365 * 86_400;
  const admin = await chain.create(
    creation(vendored('BalancerVaultAdmin'), [vault, pauseWindowS, 90 * 86_400, 1_000_000n, 10_000n]),
  );
  const extension = await chain.create(creation(vendored('BalancerVaultExtension'), [vault, admin]));
  // Half of the swap fees, as on mainnet.
  const half = 5n * 10n ** 17n;
  const fees = await chain.create(creation(vendored('BalancerProtocolFeeController'), [vault, half, half]));
  return chain.create(creation(vendored('BalancerVault'), [extension, chain.deployer, fees]));
}

async function createWeighted(
  chain: Chain,
  vault: Address,
  seeder: Address,
  pair: readonly [Token, Token],
  feePips: number,
): Promise<Address> {
  const half = 5n * 10n ** 17n;
  const name = `${pair[0].symbol}-${pair[1].symbol}`;
  const params = {
    ...{ name, symbol: name, version: '', numTokens: 2n },
    normalizedWeights: [half, half],
    minTokenBalances: [1_000_000n, 1_000_000n],
  };
  const pool = await chain.create(creation(vendored('BalancerWeightedPool'), [params, vault]));
  await call(chain, vault, 'registerPool', [
    pool,
    pair.map((t) => ({ token: t.address, tokenType: 0, rateProvider: NO_ADDRESS, paysYieldFees: false })),
    BigInt(feePips) * 10n ** 12n,
    0,
    false,
    { pauseManager: NO_ADDRESS, swapFeeManager: NO_ADDRESS, poolCreator: NO_ADDRESS },
    NO_ADDRESS,
    { a: false, b: false, c: false, d: false },
  ]);
  const amounts = pair.map((t) => amountOf(t, WEIGHTED_USD));
  const args = [vault, pool, pair.map((t) => t.address), amounts];
  const data = encodeFunctionData({ abi: built('BenchSeeder').abi, functionName: 'seedBalancer', args });
  await chain.send({ from: chain.deployer, to: seeder, data });
  return pool;
}

/** Both ways, twice, so that no slot of any pool is written for the first time later on. */
async function warmPools(chain: Chain, market: Market): Promise<void> {
  const { traders } = market;
  const send = (to: Address, data: Hex): Promise<number> => chain.send({ from: chain.deployer, to, data });
  for (let round = 0; round < 2; round++) {
    for (const [a, b] of PAIRS) {
      for (const trade of bothWays(market.token(a), market.token(b), WARMING_USD)) {
        await send(traders.v3, bare.v3(market.v3(a, b).address, trade));
        await send(traders.v4, bare.manyV4([[market.v4(a, b), trade]]));
        await send(traders.balancer, bare.balancer(market.weighted(a, b), trade));
      }
    }
    const [weth, usdc] = [market.token('WETH'), market.token('USDC')];
    for (const trade of bothWays(weth, usdc, WARMING_USD)) {
      await send(traders.v2, bare.v2(market.v2('WETH', 'USDC').address, trade));
    }
    for (const trade of bothWays(weth, usdc, DENSE_USD_PER_TICK * 10)) {
      await send(traders.v3, bare.v3(market.dense.address, trade));
    }
  }
}

const bothWays = (a: Token, b: Token, usd: number): Trade[] => [
  { sell: a, buy: b, usd },
  { sell: b, buy: a, usd },
];
