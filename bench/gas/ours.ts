/** What our vault pays. The only module of this benchmark that knows our contracts. */
import {
  type Address,
  concatHex,
  encodeDeployData,
  encodeFunctionData,
  encodePacked,
  type Hex,
  keccak256,
  maxUint256,
  numberToHex,
  parseAbi,
  stringToHex,
} from 'viem';
import { oracleHubAbi, oracleHubBytecode } from '../../src/abi/OracleHub.ts';
import { rulebookAbi, rulebookBytecode } from '../../src/abi/Rulebook.ts';
import { trampolineBytecode } from '../../src/abi/Trampoline.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../../src/abi/VaultFactory.ts';
import { type Chain, type Measured, measure } from './chain.ts';
import { amountOf, give, type Market, minOutOf, NO_ADDRESS, type Token, type Trade, tokenAbi } from './market.ts';
import { type DenseTicks, dense, routerSwap } from './peers.ts';
import { rebalance, single, TRADE_USD } from './trades.ts';

/** null: not there yet. */
type Row = Measured | null;

export type OurRows = {
  readonly fillV2: Row;
  readonly fillV3: Row;
  readonly fillV3OneSlotFeeds: Row;
  readonly fillV4: Row;
  readonly fillBalancerV3: Row;
  readonly fillTrampoline: Row;
  /** Four fills of an open epoch, each through another pool. */
  readonly fourV3: Row;
  readonly fourV4: Row;
  /** The same four with the begin and the end of their epoch. */
  readonly rebalanceV3: Row;
  readonly rebalanceV3OneSlotFeeds: Row;
  readonly rebalanceV4: Row;
  readonly begin: Readonly<Record<2 | 5 | 10 | 20, Measured>>;
  readonly finish: Row;
  readonly deposit: Row;
  readonly withdraw1: Row;
  readonly withdraw5: Row;
  /** The vault of the first example, 60 % and 40 %. */
  readonly deploy: Row;
  readonly deploy5: Row;
  readonly dense: Readonly<Record<DenseTicks, Measured>>;
};

type System = {
  readonly hub: Address;
  readonly factory: Address;
  readonly trampoline: Address;
  readonly feedIds: ReadonlyMap<string, Hex>;
};
type Feeds = 'chainlink' | 'packedFeed';
type Holding = { readonly token: Token; readonly targetBps: number; readonly usd: number };
type Vault = { readonly address: Address; readonly order: readonly Address[] };

const VENUE = { uniswapV2: 0, uniswapV3: 1, filler: 2, uniswapV4: 3, balancerV3: 4 } as const;

/** Half of a vault answers for the other: what is called here, whichever half it is in. */
const vaultAbi = parseAbi([
  'struct Slice { uint32 epoch; uint32 sequence; uint40 deadline; bool last; }',
  'struct Fill { uint8 sell; uint8 buy; uint8 venue; address target; uint128 amountIn; uint128 minOut; bytes data; }',
  'function begin() returns (uint32)',
  'function fill(Slice slice, Fill[] fills)',
  'function beginAndFill(Slice slice, Fill[] fills)',
  'function finish()',
  'function deposit(address token, uint256 amount)',
  'function withdraw(address token, uint256 amount)',
  'function withdrawAll(address[] skip)',
]);

const FOREVER = 2 ** 40 - 1;

const POLICY = {
  destinationBps: 0,
  innerBandBps: 0,
  scheduleS: 0,
  cooldownS: 0,
  maxSlipBps: 100,
  lossBpsPerDay: 300,
  maxSliceBps: 10_000,
  sliceCooldownS: 0,
  minTradeUsdE2: 100,
  maxGasPriceMwei: 0,
  ttlS: 86_400,
  premiumBps: 0,
  relaxS: 0,
  open: false,
  snapshotS: 0,
  stopLossBps: 0,
  takeProfitBps: 0,
  confirmS: 0,
  tipBps: 0,
  maxTipUsdE2: 0,
  tipPerDayUsdE2: 0,
} as const;
const BAND_BPS = 50;

/** A million dollars over five assets, as far from target as three repetitions of the rebalance need. */
const FIVE: readonly (readonly [symbol: string, usd: number])[] = [
  ['WETH', 300_000],
  ['USDC', 130_000],
  ['WBTC', 240_000],
  ['LINK', 165_000],
  ['UNI', 165_000],
];

export async function ours(chain: Chain, market: Market): Promise<OurRows> {
  const system = await deploySystem(chain, market);
  const five = FIVE.map(([symbol, usd]) => ({ token: market.token(symbol), usd, targetBps: 2_000 }));
  const vault = await createVault(chain, system, five, 'chainlink', 'five');
  const oneSlot = await createVault(chain, system, five, 'packedFeed', 'five, one slot');
  return {
    ...(await fillRows(chain, market, system, vault, oneSlot)),
    begin: {
      2: await beginOf(chain, market, system, 2),
      5: await beginOf(chain, market, system, 5),
      10: await beginOf(chain, market, system, 10),
      20: await beginOf(chain, market, system, 20),
    },
    finish: await finish(chain, vault),
    ...(await ownerRows(chain, market, vault)),
    deploy: await deploy(chain, system, sixtyForty(market)),
    deploy5: await deploy(chain, system, five),
    dense: {
      0: await denseFill(chain, market, vault, 0),
      1: await denseFill(chain, market, vault, 1),
      3: await denseFill(chain, market, vault, 3),
      8: await denseFill(chain, market, vault, 8),
    },
  };
}

/* -------------------------------------------------- set-up ------------------------------------------------- */

async function deploySystem(chain: Chain, market: Market): Promise<System> {
  const hub = await chain.create(
    encodeDeployData({ abi: oracleHubAbi, bytecode: oracleHubBytecode, args: [NO_ADDRESS, 0n] }),
  );
  const rulebook = await chain.create(encodeDeployData({ abi: rulebookAbi, bytecode: rulebookBytecode, args: [hub] }));
  const args = [rulebook, market.weth9, market.manager, market.balancer] as const;
  const factory = await chain.create(encodeDeployData({ abi: vaultFactoryAbi, bytecode: vaultFactoryBytecode, args }));
  const trampoline = await chain.create(trampolineBytecode);
  const feedIds = new Map<string, Hex>();
  for (const token of market.tokens) {
    for (const feed of [token.chainlink, token.packedFeed]) {
      const data = encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args: [feedOf(feed)] });
      feedIds.set(feed, await chain.ask(hub, data));
      await chain.send({ from: chain.deployer, to: hub, data });
    }
  }
  return { hub, factory, trampoline, feedIds };
}

const NO_SECOND_SOURCE = {
  kind: 0,
  maxDivergenceBps: 0,
  source: NO_ADDRESS,
  window: 0,
  decimals: 0,
  baseIsToken0: false,
  baseDecimals: 0,
  quoteDecimals: 0,
  quoteFeed: NO_ADDRESS,
  quoteHeartbeat: 0,
  quoteFeedDecimals: 0,
} as const;

const feedOf = (feed: Address) => ({
  feed,
  heartbeat: 172_800,
  decimals: 8,
  quoteFeed: NO_ADDRESS,
  quoteHeartbeat: 0,
  quoteDecimals: 0,
  wrapper: NO_ADDRESS,
  wrapperDecimals: 0,
  wrapperAssetDecimals: 0,
  second: NO_SECOND_SOURCE,
  minPriceUsdE8: 10_000n,
  maxPriceUsdE8: 100_000_000_000_000n,
});

function creationOf(chain: Chain, system: System, holdings: readonly Holding[], feeds: Feeds, salt: Hex): Hex {
  const targets = [...holdings]
    .sort((a, b) => (BigInt(a.token.address) < BigInt(b.token.address) ? -1 : 1))
    .map(({ token, targetBps }) => ({
      token: token.address,
      targetBps,
      bandBps: BAND_BPS,
      safe: false,
      stopPriceUsdE8: 0n,
      takePriceUsdE8: 0n,
      feedId: system.feedIds.get(token[feeds]) ?? '0x',
    }));
  const args = [chain.owner, chain.keeper, POLICY, targets, salt] as const;
  return encodeFunctionData({ abi: vaultFactoryAbi, functionName: 'create', args });
}

/** Addresses are the same in every run. */
const saltOf = (name: string): Hex => keccak256(stringToHex(name));

async function createVault(
  chain: Chain,
  system: System,
  holdings: readonly Holding[],
  feeds: Feeds,
  name: string,
): Promise<Vault> {
  const data = creationOf(chain, system, holdings, feeds, saltOf(name));
  const address = `0x${(await chain.ask(system.factory, data, chain.owner)).slice(26, 66)}` as Address;
  await chain.send({ from: chain.owner, to: system.factory, data });
  for (const { token, usd } of holdings) await give(chain, token, address, usd);
  const order = holdings.map((h) => h.token.address).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return { address, order };
}

/* -------------------------------------------------- trading ------------------------------------------------ */

type Leg = {
  readonly venue: keyof typeof VENUE;
  readonly target: Address;
  readonly trade: Trade;
  readonly data?: Hex;
};

const fillOf = (vault: Vault, { venue, target, trade, data }: Leg) => ({
  sell: vault.order.indexOf(trade.sell.address),
  buy: vault.order.indexOf(trade.buy.address),
  venue: VENUE[venue],
  target,
  amountIn: amountOf(trade.sell, trade.usd),
  minOut: minOutOf(trade),
  data: data ?? '0x',
});

function fillData(vault: Vault, legs: readonly Leg[], sequence: number): Hex {
  const slice = { epoch: 1, sequence, deadline: FOREVER, last: false };
  const fills = legs.map((leg) => fillOf(vault, leg));
  return encodeFunctionData({ abi: vaultAbi, functionName: 'fill', args: [slice, fills] });
}

function rebalanceData(vault: Vault, legs: readonly Leg[], repetition: number): Hex {
  const slice = { epoch: repetition + 1, sequence: 0, deadline: FOREVER, last: true };
  const fills = legs.map((leg) => fillOf(vault, leg));
  return encodeFunctionData({ abi: vaultAbi, functionName: 'beginAndFill', args: [slice, fills] });
}

const asKeeper = (chain: Chain, vault: Vault, data: Hex) => ({ from: chain.keeper, to: vault.address, data });

const beginData = encodeFunctionData({ abi: vaultAbi, functionName: 'begin' });
const finishData = encodeFunctionData({ abi: vaultAbi, functionName: 'finish' });

async function begin(chain: Chain, vault: Vault, repetition: number): Promise<void> {
  if (repetition === 0) await chain.send(asKeeper(chain, vault, beginData));
}

const onV3 = (market: Market, trade: Trade): Leg => ({
  venue: 'uniswapV3',
  target: market.v3(trade.sell.symbol, trade.buy.symbol).address,
  trade,
});

function onV4(market: Market, trade: Trade): Leg {
  const { fee, tickSpacing, hooks } = market.v4(trade.sell.symbol, trade.buy.symbol);
  return { venue: 'uniswapV4', target: hooks, trade, data: encodePacked(['uint24', 'int24'], [fee, tickSpacing]) };
}

const onBalancer = (market: Market, trade: Trade): Leg => ({
  venue: 'balancerV3',
  target: market.weighted(trade.sell.symbol, trade.buy.symbol),
  trade,
});

/** The calldata of an aggregator: here of the V3 router, which the row is compared with. */
function throughTrampoline(market: Market, system: System, vault: Vault, trade: Trade, salt: number): Leg {
  const header = concatHex([market.v3Router, market.v3Router, numberToHex(salt, { size: 24 })]);
  const data = concatHex([header, routerSwap(market, trade, vault.address)]);
  return { venue: 'filler', target: system.trampoline, trade, data };
}

async function fillRows(chain: Chain, market: Market, system: System, vault: Vault, oneSlot: Vault) {
  const fills = (of: Vault, legsOf: (repetition: number) => readonly Leg[]): Promise<Measured> =>
    measure(
      chain,
      (i) => asKeeper(chain, of, fillData(of, legsOf(i), i)),
      (i) => begin(chain, of, i),
    );
  const whole = (of: Vault, legs: readonly Leg[]): Promise<Measured> =>
    measure(chain, (i) => asKeeper(chain, of, rebalanceData(of, legs, i)));
  const one = single(market);
  const four = rebalance(market);
  const [fourV3, fourV4] = [four.map((t) => onV3(market, t)), four.map((t) => onV4(market, t))];
  const v2: Leg = { venue: 'uniswapV2', target: market.v2('WETH', 'USDC').address, trade: one };
  return {
    fillV2: await fills(vault, () => [v2]),
    fillV3: await fills(vault, () => [onV3(market, one)]),
    fillV3OneSlotFeeds: await fills(oneSlot, () => [onV3(market, one)]),
    fillV4: await fills(vault, () => [onV4(market, one)]),
    fillBalancerV3: await fills(vault, () => [onBalancer(market, one)]),
    fillTrampoline: await fills(vault, (i) => [throughTrampoline(market, system, vault, one, i)]),
    fourV3: await fills(vault, () => fourV3),
    fourV4: await fills(vault, () => fourV4),
    rebalanceV3: await whole(vault, fourV3),
    rebalanceV3OneSlotFeeds: await whole(oneSlot, fourV3),
    rebalanceV4: await whole(vault, fourV4),
  };
}

function denseFill(chain: Chain, market: Market, vault: Vault, crossed: DenseTicks): Promise<Measured> {
  return dense(
    chain,
    market,
    crossed,
    (trade, i) =>
      asKeeper(chain, vault, fillData(vault, [{ venue: 'uniswapV3', target: market.dense.address, trade }], i)),
    (i) => begin(chain, vault, i),
  );
}

/** Equal targets, and the first two assets so far from theirs that it is due. */
async function beginOf(chain: Chain, market: Market, system: System, assets: number): Promise<Measured> {
  const each = 1_000_000 / assets;
  const holdings = market.tokens.slice(0, assets).map((token, i) => ({
    token,
    targetBps: 10_000 / assets,
    usd: i === 0 ? each + 2 * TRADE_USD : i === 1 ? each - 2 * TRADE_USD : each,
  }));
  const vault = await createVault(chain, system, holdings, 'chainlink', `begin ${assets}`);
  return measure(
    chain,
    () => asKeeper(chain, vault, beginData),
    async (i) => {
      if (i > 0) await chain.send(asKeeper(chain, vault, finishData));
    },
  );
}

function finish(chain: Chain, vault: Vault): Promise<Measured> {
  return measure(
    chain,
    () => asKeeper(chain, vault, finishData),
    async () => {
      await chain.send(asKeeper(chain, vault, beginData));
    },
  );
}

/* --------------------------------------------------- owner ------------------------------------------------- */

async function ownerRows(chain: Chain, market: Market, vault: Vault) {
  const from = chain.owner;
  const to = vault.address;
  const usdc = market.token('USDC');
  const amount = amountOf(usdc, 1_000);
  const deposit = encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [usdc.address, amount] });
  const withdraw = encodeFunctionData({ abi: vaultAbi, functionName: 'withdraw', args: [usdc.address, amount] });
  const withdrawAll = encodeFunctionData({ abi: vaultAbi, functionName: 'withdrawAll', args: [[]] });
  const approve = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [to, maxUint256] });
  const fund = async (i: number): Promise<void> => {
    if (i > 0) return;
    await give(chain, usdc, from, 10_000);
    await chain.send({ from, to: usdc.address, data: approve });
  };
  const refill = async (i: number): Promise<void> => {
    if (i > 0) for (const [symbol, usd] of FIVE) await give(chain, market.token(symbol), to, usd);
  };
  return {
    deposit: await measure(chain, () => ({ from, to, data: deposit }), fund),
    withdraw1: await measure(chain, () => ({ from, to, data: withdraw })),
    withdraw5: await measure(chain, () => ({ from, to, data: withdrawAll }), refill),
  };
}

const sixtyForty = (market: Market): Holding[] => [
  { token: market.token('WETH'), usd: 0, targetBps: 6_000 },
  { token: market.token('USDC'), usd: 0, targetBps: 4_000 },
];

function deploy(chain: Chain, system: System, holdings: readonly Holding[]): Promise<Measured> {
  return measure(chain, (i) => ({
    from: chain.owner,
    to: system.factory,
    data: creationOf(chain, system, holdings, 'chainlink', saltOf(`deploy ${holdings.length} ${i}`)),
  }));
}
