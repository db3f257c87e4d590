/** What others pay: nobody's checks, the routers, and Set Protocol V2 on the same pools. */
import { type Address, encodeFunctionData, encodePacked, type Hex, maxUint256, parseAbi } from 'viem';
import { type Chain, type Measured, measure, type Tx } from './chain.ts';
import { built, creation, vendored } from './code.ts';
import {
  amountOf,
  bare,
  createSwappers,
  DENSE_USD_PER_TICK,
  give,
  type Market,
  minOutOf,
  NO_ADDRESS,
  type Swappers,
  type Token,
  type Trade,
  tokenAbi,
} from './market.ts';
import { rebalance, single, TRADE_USD, throughUsdc } from './trades.ts';

export type PeerRows = Readonly<
  Record<
    | 'bareV2'
    | 'bareV3'
    | 'bareV4'
    | 'bareBalancerV3'
    | 'bareV3Four'
    | 'bareV4Four'
    | 'bareV3FourThroughUsdc'
    | 'routerV3'
    | 'transfer'
    | 'setTrade'
    | 'setGeneralIndex'
    | 'setFour'
    | 'setFourThroughUsdc',
    Measured
  >
>;

export type DenseTicks = 0 | 1 | 3 | 8;

/** Ticks crossed -> dollars: the price starts half-way between two. */
const DENSE_USD: Readonly<Record<DenseTicks, number>> = {
  0: DENSE_USD_PER_TICK / 4,
  1: DENSE_USD_PER_TICK,
  3: DENSE_USD_PER_TICK * 3,
  8: DENSE_USD_PER_TICK * 8,
};

const poolAbi = parseAbi(['function slot0() view returns (uint160 sqrtPriceX96, int24 tick)']);

export async function peers(chain: Chain, market: Market): Promise<PeerRows> {
  return {
    ...(await bareRows(chain, market)),
    routerV3: await router(chain, market),
    transfer: await transfer(chain, market),
    ...(await setRows(chain, market)),
  };
}

/* -------------------------------------------------- bare --------------------------------------------------- */

async function bareRows(chain: Chain, market: Market) {
  // They have none of what they will buy: their first swap also pays for their first balance.
  const newcomers = await createSwappers(chain, market.manager, market.balancer);
  for (const to of Object.values(newcomers)) {
    for (const symbol of ['WETH', 'WBTC']) await give(chain, market.token(symbol), to, 10 * TRADE_USD);
  }
  const row = (venue: keyof Swappers, data: Hex, swappers = newcomers): Promise<Measured> =>
    measure(chain, () => ({ from: chain.deployer, to: swappers[venue], data }));

  const one = single(market);
  const v3 = (trades: Trade[]): Hex =>
    bare.manyV3(trades.map((t) => [market.v3(t.sell.symbol, t.buy.symbol).address, t] as const));
  const v4 = (trades: Trade[]): Hex =>
    bare.manyV4(trades.map((t) => [market.v4(t.sell.symbol, t.buy.symbol), t] as const));
  return {
    bareV2: await row('v2', bare.v2(market.v2('WETH', 'USDC').address, one)),
    bareV3: await row('v3', bare.v3(market.v3('WETH', 'USDC').address, one)),
    bareV4: await row('v4', v4([one])),
    bareBalancerV3: await row('balancer', bare.balancer(market.weighted('WETH', 'USDC'), one)),
    bareV3Four: await row('v3', v3(rebalance(market))),
    bareV4Four: await row('v4', v4(rebalance(market))),
    bareV3FourThroughUsdc: await row('v3', v3(throughUsdc(market)), market.traders),
  };
}

/** Gas of a swap that crosses so many initialised ticks, warm. Checked by the pool's own tick. */
export async function dense(
  chain: Chain,
  market: Market,
  crossed: DenseTicks,
  swap: (trade: Trade, repetition: number) => Tx,
  before?: (repetition: number) => Promise<void>,
): Promise<Measured> {
  const trade = { ...single(market), usd: DENSE_USD[crossed] };
  const back = { sell: trade.buy, buy: trade.sell, usd: trade.usd };
  const interval = async (): Promise<number> => {
    const answer = await chain.ask(market.dense.address, encodeFunctionData({ abi: poolAbi, functionName: 'slot0' }));
    return Math.floor(Number(BigInt.asIntN(24, BigInt(`0x${answer.slice(66, 130)}`))) / 10);
  };
  const start = await interval();
  let end = start;
  const measured = await measure(
    chain,
    (i) => swap(trade, i),
    async (i) => {
      if (before) await before(i);
      if (i === 0) return;
      end = await interval();
      await chain.send({ from: chain.deployer, to: market.traders.v3, data: bare.v3(market.dense.address, back) });
    },
  );
  if (Math.abs(end - start) !== crossed) throw new Error(`${Math.abs(end - start)} ticks were crossed, not ${crossed}`);
  return measured;
}

export const denseBare = (chain: Chain, market: Market, crossed: DenseTicks): Promise<Measured> =>
  dense(chain, market, crossed, (trade) => ({
    from: chain.deployer,
    to: market.traders.v3,
    data: bare.v3(market.dense.address, trade),
  }));

/** What one price costs a contract that has touched nothing yet. */
export async function coldRead(chain: Chain, feed: Address): Promise<number> {
  const probe = await chain.create(creation(built('ColdRead')));
  const latestRoundData: Hex = '0xfeaf968c';
  const data = encodeFunctionData({ abi: built('ColdRead').abi, functionName: 'cost', args: [feed, latestRoundData] });
  return Number(BigInt(await chain.ask(probe, data)));
}

/* -------------------------------------------- an ordinary account ------------------------------------------- */

const routerAbi = parseAbi([
  'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96) params) payable returns (uint256)',
]);

async function approve(chain: Chain, token: Token, from: Address, spender: Address): Promise<void> {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, maxUint256] });
  await chain.send({ from, to: token.address, data });
}

/** Calldata of the V3 router. */
export function routerSwap(market: Market, trade: Trade, recipient: Address): Hex {
  const params = {
    tokenIn: trade.sell.address,
    tokenOut: trade.buy.address,
    fee: market.v3(trade.sell.symbol, trade.buy.symbol).feePips,
    recipient,
    deadline: 2n ** 32n,
    amountIn: amountOf(trade.sell, trade.usd),
    amountOutMinimum: minOutOf(trade),
    sqrtPriceLimitX96: 0n,
  };
  return encodeFunctionData({ abi: routerAbi, functionName: 'exactInputSingle', args: [params] });
}

function router(chain: Chain, market: Market): Promise<Measured> {
  const from = chain.owner;
  const { sell, usd } = single(market);
  const data = routerSwap(market, single(market), from);
  return measure(
    chain,
    () => ({ from, to: market.v3Router, data }),
    async (i) => {
      if (i > 0) return;
      await give(chain, sell, from, 10 * usd);
      await approve(chain, sell, from, market.v3Router);
    },
  );
}

function transfer(chain: Chain, market: Market): Promise<Measured> {
  const usdc = market.token('USDC');
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'transfer', args: [chain.keeper, 1_000_000_000n] });
  return measure(
    chain,
    () => ({ from: chain.owner, to: usdc.address, data }),
    async (i) => {
      if (i === 0) await give(chain, usdc, chain.owner, 10 * TRADE_USD);
    },
  );
}

/* ------------------------------------------------ Set Protocol ---------------------------------------------- */

const setAbi = parseAbi([
  'function initialize(address[] factories, address[] modules, address[] resources, uint256[] ids)',
  'function batchAddIntegration(address[] modules, string[] names, address[] adapters)',
  'function create(address[] components, int256[] units, address[] modules, address manager, string name, string symbol) returns (address)',
  'function issue(address setToken, uint256 quantity, address to)',
  'function trade(address setToken, string exchange, address sendToken, uint256 sendQuantity, address receiveToken, uint256 minReceive, bytes data)',
]);
const issuanceAbi = parseAbi(['function initialize(address setToken, address preIssueHook)']);
const moduleAbi = parseAbi(['function initialize(address setToken)']);
const indexAbi = parseAbi([
  'function setTradeMaximums(address setToken, address[] components, uint256[] maximums)',
  'function setExchanges(address setToken, address[] components, string[] names)',
  'function setExchangeData(address setToken, address[] components, bytes[] data)',
  'function setCoolOffPeriods(address setToken, address[] components, uint256[] periods)',
  'function setTraderStatus(address setToken, address[] traders, bool[] statuses)',
  'function startRebalance(address setToken, address[] added, uint256[] addedUnits, uint256[] units, uint256 positionMultiplier)',
  'function trade(address setToken, address component, uint256 ethLimit)',
]);

const EXCHANGE = 'UNISWAPV3';
const ONE = 10n ** 18n;
/** Set tokens in existence, each of $1,000. */
const SUPPLY = 1_000n;

type SetWorld = {
  readonly issuance: Address;
  readonly trade: Address;
  readonly index: Address;
  readonly creator: Address;
};

async function deploySet(chain: Chain, market: Market): Promise<SetWorld> {
  const controller = await chain.create(creation(vendored('SetController'), [chain.deployer]));
  const creator = await chain.create(creation(vendored('SetTokenCreator'), [controller]));
  const registry = await chain.create(creation(vendored('SetIntegrationRegistry'), [controller]));
  const issuance = await chain.create(creation(vendored('SetBasicIssuanceModule'), [controller]));
  const trade = await chain.create(creation(vendored('SetTradeModule'), [controller]));
  const index = await chain.create(creation(vendored('SetGeneralIndexModule'), [controller, market.weth9]));
  const tradeAdapter = await chain.create(creation(vendored('SetUniswapV3ExchangeAdapter'), [market.v3Router]));
  const indexAdapter = await chain.create(creation(vendored('SetUniswapV3IndexExchangeAdapter'), [market.v3Router]));
  const from = chain.deployer;
  const send = (to: Address, data: Hex): Promise<number> => chain.send({ from, to, data });
  const parts = [[creator], [issuance, trade, index], [registry], [0n]] as const;
  await send(controller, encodeFunctionData({ abi: setAbi, functionName: 'initialize', args: parts }));
  const adapters = [
    [trade, index],
    [EXCHANGE, EXCHANGE],
    [tradeAdapter, indexAdapter],
  ] as const;
  await send(registry, encodeFunctionData({ abi: setAbi, functionName: 'batchAddIntegration', args: adapters }));
  return { issuance, trade, index, creator };
}

/** A basket of $1,000,000, equal parts of these, managed by the deployer. */
async function createSet(chain: Chain, set: SetWorld, components: readonly Token[]): Promise<Address> {
  const from = chain.deployer;
  const usdEach = 1_000 / components.length;
  const units = components.map((t) => amountOf(t, usdEach));
  const modules = [set.issuance, set.trade, set.index];
  const args = [components.map((t) => t.address), units, modules, from, 'Set', 'SET'] as const;
  const data = encodeFunctionData({ abi: setAbi, functionName: 'create', args });
  const setToken = `0x${(await chain.ask(set.creator, data)).slice(26, 66)}` as Address;
  await chain.send({ from, to: set.creator, data });
  const initialise = { abi: issuanceAbi, functionName: 'initialize', args: [setToken, NO_ADDRESS] } as const;
  await chain.send({ from, to: set.issuance, data: encodeFunctionData(initialise) });
  for (const to of [set.trade, set.index]) {
    const initialiseModule = { abi: moduleAbi, functionName: 'initialize', args: [setToken] } as const;
    await chain.send({ from, to, data: encodeFunctionData(initialiseModule) });
  }
  for (const t of components) {
    await give(chain, t, from, usdEach * Number(SUPPLY) * 2);
    await approve(chain, t, from, set.issuance);
  }
  const issue = { abi: setAbi, functionName: 'issue', args: [setToken, SUPPLY * ONE, from] } as const;
  await chain.send({ from, to: set.issuance, data: encodeFunctionData(issue) });
  return setToken;
}

async function setRows(chain: Chain, market: Market) {
  const set = await deploySet(chain, market);
  const five = ['WETH', 'USDC', 'WBTC', 'LINK', 'UNI'].map(market.token);
  const basket = await createSet(chain, set, five);
  const pair = await createSet(chain, set, [market.token('WETH'), market.token('USDC')]);
  const from = chain.deployer;

  const tradeData = (setToken: Address, t: Trade): Hex => {
    const { feePips } = market.v3(t.sell.symbol, t.buy.symbol);
    const path = encodePacked(['address', 'uint24', 'address'], [t.sell.address, feePips, t.buy.address]);
    const unit = amountOf(t.sell, t.usd) / SUPPLY;
    const args = [setToken, EXCHANGE, t.sell.address, unit, t.buy.address, minOutOf(t) / SUPPLY, path] as const;
    return encodeFunctionData({ abi: setAbi, functionName: 'trade', args });
  };
  const four = (trades: Trade[]): Promise<Measured> =>
    measure(chain, () => trades.map((t) => ({ from, to: set.trade, data: tradeData(basket, t) })));

  return {
    setTrade: await measure(chain, () => ({ from, to: set.trade, data: tradeData(basket, single(market)) })),
    setGeneralIndex: await generalIndex(chain, market, set, pair),
    setFour: await four(rebalance(market)),
    setFourThroughUsdc: await four(throughUsdc(market)),
  };
}

/** Everything in this module is bought with WETH or sold for it: here USDC is bought, $10,000 a time. */
async function generalIndex(chain: Chain, market: Market, set: SetWorld, pair: Address): Promise<Measured> {
  const [weth, usdc] = [market.token('WETH'), market.token('USDC')];
  const components = [weth.address, usdc.address];
  const fee = encodePacked(['uint24'], [market.v3('WETH', 'USDC').feePips]);
  const targets = [amountOf(weth, 400), amountOf(usdc, 600)];
  const steps = [
    encodeFunctionData({
      abi: indexAbi,
      functionName: 'setTradeMaximums',
      args: [pair, components, [amountOf(weth, TRADE_USD), amountOf(usdc, TRADE_USD)]],
    }),
    encodeFunctionData({ abi: indexAbi, functionName: 'setExchanges', args: [pair, components, [EXCHANGE, EXCHANGE]] }),
    encodeFunctionData({ abi: indexAbi, functionName: 'setExchangeData', args: [pair, components, [fee, fee]] }),
    encodeFunctionData({ abi: indexAbi, functionName: 'setCoolOffPeriods', args: [pair, components, [1n, 1n]] }),
    encodeFunctionData({ abi: indexAbi, functionName: 'setTraderStatus', args: [pair, [chain.keeper], [true]] }),
    encodeFunctionData({ abi: indexAbi, functionName: 'startRebalance', args: [pair, [], [], targets, ONE] }),
  ];
  const limit = amountOf(weth, TRADE_USD * 1.02);
  const data = encodeFunctionData({ abi: indexAbi, functionName: 'trade', args: [pair, usdc.address, limit] });
  return measure(
    chain,
    () => ({ from: chain.keeper, to: set.index, data }),
    async (i) => {
      if (i > 0) return;
      for (const step of steps) await chain.send({ from: chain.deployer, to: set.index, data: step });
    },
  );
}
