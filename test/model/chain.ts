/** The contracts that the model is a model of, on a private anvil: plays calls, and tells what came of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Abi,
  type AbiEvent,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  erc20Abi,
  getAddress,
  getContractAddress,
  hexToString,
  keccak256,
  parseAbi,
  parseAbiParameters,
  toHex,
  zeroAddress,
  zeroHash,
} from 'viem';
import { type Anvil, startAnvil } from '../../devnet/anvil.ts';
import { devTokenAbi, devTokenBytecode } from '../../devnet/artifacts/DevToken.ts';
import { hex, type Call as RpcCall } from '../../devnet/rpc.ts';
import { uniswapCode } from '../../devnet/uniswap.ts';
import { oracleHubAbi, oracleHubBytecode } from '../../src/abi/OracleHub.ts';
import { rulebookAbi, rulebookBytecode } from '../../src/abi/Rulebook.ts';
import { vaultAbi } from '../../src/abi/Vault.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../../src/abi/VaultFactory.ts';
import type { Address, Hex } from '../../src/core/types.ts';
import { modelFeedAbi, modelFeedBytecode } from '../golden/artifacts/ModelFeed.ts';
import { modelFillerAbi, modelFillerBytecode } from '../golden/artifacts/ModelFiller.ts';
import { ACTORS } from './history.ts';
import {
  type Account,
  type Call,
  DUE,
  type Event,
  type Feed,
  type Fill,
  type Outcome,
  type Policy,
  type Source,
  type Target,
  type TokenIndex,
  type Value,
  type World,
} from './vaultModel.ts';

/** Of every kind of decimals; the last one is never listed. */
const TOKENS = [
  { decimals: 6, usdE8: 100_000_000n },
  { decimals: 8, usdE8: 6_000_000_000_000n },
  { decimals: 18, usdE8: 713_456_789n },
  { decimals: 2, usdE8: 25_012_345_678n },
  { decimals: 12, usdE8: 4_210_987n },
  { decimals: 18, usdE8: 100_000_000n },
] as const;
const WETH_USD_E8 = 300_000_000_000n;
/** By token, of the first and of the second source. */
const SOURCE_DECIMALS = [
  [8, 18],
  [8, 8],
  [18, 8],
  [8, 6],
  [10, 8],
  [6, 8],
  [8, 8],
] as const;

const HEARTBEAT_S = 6 * 3_600;
const SECOND_HEARTBEAT_S = 12 * 3_600;
const MIN_PRICE_USD_E8 = 10_000n;
const MAX_PRICE_USD_E8 = 10n ** 15n;
const MAX_DIVERGENCE_BPS = 200;
const GRACE_S = 600;
const GENESIS_S = 1_750_000_000;
const ETHER_WEI = 2n ** 110n;
const WETH_SUPPLY = 2n ** 104n;
const POCKET = 2n ** 130n;
const OWNERS_USD = 2_000_000n;
const GAS = hex(12_000_000);
const MNEMONIC = 'test test test test test test test test test test test junk';

const errorsAbi = parseAbi([
  'error BadPrice(bytes32 id, uint8 status, uint40 updatedAt)',
  'error UnknownFeed(bytes32 id)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error SafeERC20FailedOperation(address token)',
  'error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)',
  'error ReentrancyGuardReentrantCall()',
  'error Refused()',
  'error Panic(uint256 code)',
  'error Error(string reason)',
]);
const anyErrorAbi = [...vaultAbi, ...errorsAbi] as Abi;

export type Base = {
  readonly anvil: Anvil;
  readonly stop: () => Promise<void>;
  /** A new vault in an untouched world. */
  readonly open: (withSequencer: boolean) => Promise<Ground>;
};

/** An untouched world in which a vault can be made. */
export type Ground = {
  readonly world: World;
  readonly prices: readonly bigint[];
  readonly create: (rules: { readonly policy: Policy; readonly targets: readonly Target[] }) => Promise<LiveVault>;
};

export type Seen = {
  readonly outcome: Outcome;
  readonly views: Views;
};

export type Views = {
  readonly state: Readonly<Record<string, Value>>;
  readonly stop: Readonly<Record<string, Value>>;
  readonly tips: Readonly<Record<string, Value>>;
  readonly due: Readonly<Record<string, Value>> | string;
  readonly stopDue: Readonly<Record<string, Value>> | string;
  readonly people: Readonly<Record<string, Value>>;
  readonly policy: Readonly<Record<string, Value>>;
  readonly assets: readonly Readonly<Record<string, Value>>[];
  readonly balances: Readonly<Record<Account, readonly bigint[]>>;
};

/** `listed` are the tokens by asset, as they are before the call. */
export type LiveVault = { readonly play: (call: Call, listed: readonly TokenIndex[]) => Promise<Seen> };

type Code = { readonly abi: Abi; readonly bytecode: Hex };

/** From the committed artifacts, or from what forge has just made of changed sources. */
function productCode(): Record<'hub' | 'rulebook' | 'factory', Code> {
  const folder = process.env.KEEL_MODEL_OUT;
  const fresh = (name: string): Code | null => {
    if (folder === undefined) return null;
    const artifact = JSON.parse(readFileSync(join(folder, `${name}.sol`, `${name}.json`), 'utf8'));
    return { abi: artifact.abi as Abi, bytecode: artifact.bytecode.object as Hex };
  };
  return {
    hub: fresh('OracleHub') ?? { abi: oracleHubAbi as Abi, bytecode: oracleHubBytecode },
    rulebook: fresh('Rulebook') ?? { abi: rulebookAbi as Abi, bytecode: rulebookBytecode },
    factory: fresh('VaultFactory') ?? { abi: vaultFactoryAbi as Abi, bytecode: vaultFactoryBytecode },
  };
}

export async function startBase(): Promise<Base> {
  const anvil = await startAnvil({
    mnemonic: MNEMONIC,
    accounts: ACTORS.length + 1,
    genesisTime: GENESIS_S,
    extra: ['--base-fee', '1000', '--hardfork', 'prague'],
  });
  const { rpc } = anvil;
  const accounts = (await rpc.call<Address[]>('eth_accounts')).map((a) => getAddress(a));
  const deployer = accounts[ACTORS.length] ?? zeroAddress;
  const names = new Map<string, Address>(ACTORS.map((name, i) => [name, accounts[i] ?? zeroAddress]));
  names.set('zero', zeroAddress);
  for (let i = 0; i < 10; i++) names.set(`spare${i}`, getAddress(toHex(0x5000 + i, { size: 20 })));

  let nonce = 0;
  const batch: RpcCall[] = [];
  const push = (tx: { to?: Address; data?: Hex; value?: Hex }): void => {
    batch.push([
      'eth_sendTransaction',
      [{ from: deployer, nonce: hex(nonce), gas: hex(40_000_000), gasPrice: hex(2n * 10n ** 9n), ...tx }],
    ]);
    nonce += 1;
  };
  const create = (code: Code, args: readonly unknown[] = []): Address => {
    const address = getContractAddress({ from: deployer, nonce: BigInt(nonce) });
    push({ data: encodeDeployData({ abi: code.abi, bytecode: code.bytecode, args }) });
    return address;
  };
  const mine = async (): Promise<void> => {
    await rpc.batch(batch.splice(0));
    await rpc.call('evm_mine');
    const receipts = await rpc.call<{ status: Hex }[]>('eth_getBlockReceipts', 'latest');
    if (receipts.some((receipt) => receipt.status !== '0x1')) throw new Error('the world could not be built');
  };

  const lots = [deployer, ...ACTORS.map((name) => names.get(name) ?? zeroAddress)];
  await rpc.batch(lots.map((account) => ['anvil_setBalance', [account, hex(ETHER_WEI)]] as const));

  const code = productCode();
  const weth = create({ abi: [], bytecode: uniswapCode().weth9 });
  const made = TOKENS.map(({ decimals, usdE8 }, i) => ({
    address: create({ abi: devTokenAbi as Abi, bytecode: devTokenBytecode }, [`Token ${i}`, `T${i}`, decimals]),
    decimals,
    usdE8,
  }));
  const foreign = made.pop();
  if (foreign === undefined) throw new Error('no foreign token');
  const listable = [...made, { address: weth, decimals: 18, usdE8: WETH_USD_E8 }];
  listable.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  const tokens = [...listable, foreign];
  const wethIndex = tokens.findIndex((t) => t.address === weth);
  tokens.forEach((t, i) => {
    names.set(`token${i}`, t.address);
  });

  const feedCode = { abi: modelFeedAbi as Abi, bytecode: modelFeedBytecode };
  const sources: { address: Address; decimals: number; answer: bigint }[] = listable.flatMap(({ usdE8 }, i) =>
    (SOURCE_DECIMALS[i] ?? [8, 8]).map((decimals) => {
      const answer = (usdE8 * 10n ** BigInt(decimals)) / 10n ** 8n;
      return { address: create(feedCode, [decimals, answer]), decimals, answer };
    }),
  );
  const uptime = { address: create(feedCode, [8, 0n]), decimals: 8, answer: 0n };
  sources.push(uptime);

  const feeds: Feed[] = listable.flatMap((_, i) => {
    const [first, second] = SOURCE_DECIMALS[i] ?? [8, 8];
    const plain: Feed = {
      source: 2 * i,
      heartbeat: BigInt(HEARTBEAT_S),
      decimals: BigInt(first),
      minPriceUsdE8: MIN_PRICE_USD_E8,
      maxPriceUsdE8: MAX_PRICE_USD_E8,
      second: null,
    };
    const other = {
      source: 2 * i + 1,
      window: BigInt(SECOND_HEARTBEAT_S),
      decimals: BigInt(second),
      maxDivergenceBps: BigInt(MAX_DIVERGENCE_BPS),
    };
    return [plain, { ...plain, second: other }];
  });

  const filler = create({ abi: modelFillerAbi as Abi, bytecode: modelFillerBytecode });
  names.set('filler', filler);
  const factories = [zeroAddress, uptime.address].map((sequencerFeed) => {
    const hub = create(code.hub, [sequencerFeed, sequencerFeed === zeroAddress ? 0n : BigInt(GRACE_S)]);
    const rulebook = create(code.rulebook, [hub]);
    const factory = create(code.factory, [rulebook, weth, zeroAddress, zeroAddress]);
    return { hub, factory };
  });
  await mine();

  const configs = feeds.map((f) => configOf(f, sources));
  for (const { hub } of factories) {
    for (const config of configs) {
      push({ to: hub, data: encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args: [config] }) });
    }
  }
  const holdings = new Map<Account, bigint[]>();
  const give = (account: Account, index: number, amount: bigint): void => {
    const token = tokens[index];
    const to = names.get(account);
    if (token === undefined || to === undefined) throw new Error(`nothing to give to ${account}`);
    if (index === wethIndex) {
      push({
        to: token.address,
        value: hex(amount),
        data: encodeFunctionData({ abi: wethAbi, functionName: 'deposit' }),
      });
      push({
        to: token.address,
        data: encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] }),
      });
    } else {
      push({
        to: token.address,
        data: encodeFunctionData({ abi: devTokenAbi, functionName: 'mint', args: [to, amount] }),
      });
    }
    const row = holdings.get(account) ?? tokens.map(() => 0n);
    row[index] = amount;
    holdings.set(account, row);
  };
  tokens.forEach((t, i) => {
    const pocket = i === wethIndex ? WETH_SUPPLY : POCKET;
    const fortune = (OWNERS_USD * 10n ** 8n * 10n ** BigInt(t.decimals)) / t.usdE8;
    give('stranger', i, pocket);
    give('filler', i, pocket);
    give('owner', i, fortune);
    give('heir', i, fortune);
  });
  await mine();
  const ids = await Promise.all(
    configs.map((config) => Promise.resolve(keccak256(encodeAbiParameters(CONFIG, [config])))),
  );

  let snapshot = await rpc.call<Hex>('evm_snapshot');
  const open = async (withSequencer: boolean): Promise<Ground> => {
    await rpc.call('evm_revert', snapshot);
    snapshot = await rpc.call<Hex>('evm_snapshot');
    const latest = await rpc.call<{ timestamp: Hex }>('eth_getBlockByNumber', 'latest', false);
    const builtAt = BigInt(latest.timestamp);
    // Long enough after the sequencer came up.
    const now = builtAt + BigInt(GRACE_S) + 1n;
    const told = await Promise.all(
      sources.map(({ address }) => rpc.call<Hex>('eth_getStorageAt', address, '0x1', 'latest')),
    );
    const world: World = {
      now,
      tokens: tokens.map((t) => ({ decimals: BigInt(t.decimals) })),
      weth: wethIndex,
      feeds,
      sources: sources.map(({ answer }, i): Source => {
        const time = BigInt(told[i] ?? 0);
        return { answers: 'ok', answer, startedAt: time, updatedAt: time };
      }),
      sequencer: withSequencer ? { source: sources.length - 1, graceS: BigInt(GRACE_S) } : null,
      balances: Object.fromEntries(
        ['vault', 'filler', ...ACTORS].map((name) => [name, holdings.get(name)?.slice() ?? tokens.map(() => 0n)]),
      ),
    };
    const factory = factories[withSequencer ? 1 : 0]?.factory ?? zeroAddress;
    const setting: Setting = {
      anvil,
      names: new Map(names),
      tokens: tokens.map((t) => t.address),
      sources: sources.map((s) => s.address),
      ids,
      filler,
      listed: [],
    };
    return {
      world,
      prices: tokens.map((t) => t.usdE8),
      create: (rules) => createVault(setting, factory, code.factory.abi, rules, now),
    };
  };
  return { anvil, open, stop: anvil.stop };
}

const wethAbi = parseAbi(['function deposit() payable']);

const CONFIG = [
  {
    type: 'tuple',
    components:
      oracleHubAbi.find((item) => item.type === 'function' && item.name === 'register')?.inputs[0].components ?? [],
  },
] as const;

function configOf(feed: Feed, sources: readonly { readonly address: Address }[]) {
  const { second } = feed;
  const addressOf = (i: number): Address => sources[i]?.address ?? zeroAddress;
  return {
    feed: addressOf(feed.source),
    heartbeat: Number(feed.heartbeat),
    decimals: Number(feed.decimals),
    quoteFeed: zeroAddress,
    quoteHeartbeat: 0,
    quoteDecimals: 0,
    wrapper: zeroAddress,
    wrapperDecimals: 0,
    wrapperAssetDecimals: 0,
    second: {
      kind: second === null ? 0 : 1,
      maxDivergenceBps: Number(second?.maxDivergenceBps ?? 0n),
      source: second === null ? zeroAddress : addressOf(second.source),
      window: Number(second?.window ?? 0n),
      decimals: Number(second?.decimals ?? 0n),
      baseIsToken0: false,
      baseDecimals: 0,
      quoteDecimals: 0,
      quoteFeed: zeroAddress,
      quoteHeartbeat: 0,
      quoteFeedDecimals: 0,
    },
    minPriceUsdE8: feed.minPriceUsdE8,
    maxPriceUsdE8: feed.maxPriceUsdE8,
  } as const;
}

/* ------------------------------------------------------ one vault ------------------------------------------------------ */

type Setting = {
  readonly anvil: Anvil;
  readonly names: Map<Account, Address>;
  readonly tokens: readonly Address[];
  readonly sources: readonly Address[];
  readonly ids: readonly Hex[];
  readonly filler: Address;
  readonly listed: readonly TokenIndex[];
};

function addressOf(setting: Setting, name: Account): Address {
  const address = setting.names.get(name);
  if (address === undefined) throw new Error(`nobody is called ${name}`);
  return address;
}

const UNREGISTERED = keccak256(toHex('nobody registered this'));

function targetsOf(setting: Setting, targets: readonly Target[]) {
  return targets.map((t) => ({
    token: addressOf(setting, `token${t.token}`),
    targetBps: Number(t.targetBps),
    bandBps: Number(t.bandBps),
    safe: t.safe,
    stopPriceUsdE8: t.stopPriceUsdE8,
    takePriceUsdE8: t.takePriceUsdE8,
    feedId: setting.ids[t.feed] ?? UNREGISTERED,
  }));
}

async function createVault(
  setting: Setting,
  factory: Address,
  factoryAbi: Abi,
  rules: { readonly policy: Policy; readonly targets: readonly Target[] },
  now: bigint,
): Promise<LiveVault> {
  const { rpc } = setting.anvil;
  const [owner, heir, keeper] = [addressOf(setting, 'owner'), addressOf(setting, 'heir'), addressOf(setting, 'keeper')];
  const args = [owner, keeper, rules.policy, targetsOf(setting, rules.targets), zeroHash];
  const predict = encodeFunctionData({ abi: factoryAbi, functionName: 'predict', args: [owner, ...args] });
  const predicted = await rpc.call<Hex>('eth_call', { to: factory, data: predict }, 'latest');
  const vault = getAddress(`0x${predicted.slice(-40)}`);
  const create = encodeFunctionData({ abi: factoryAbi, functionName: 'create', args });
  const approve = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [vault, 2n ** 256n - 1n] });
  const gasPrice = hex(2n * 10n ** 9n);
  await rpc.batch([
    ['evm_setNextBlockTimestamp', [hex(now)]],
    ['eth_sendTransaction', [{ from: owner, to: factory, data: create, gas: GAS, gasPrice }]],
    ...[owner, heir].flatMap((from) =>
      setting.tokens.map(
        (to): RpcCall => ['eth_sendTransaction', [{ from, to, data: approve, gas: hex(200_000), gasPrice }]],
      ),
    ),
    ['evm_mine', []],
  ]);
  const receipts = await rpc.call<{ status: Hex }[]>('eth_getBlockReceipts', 'latest');
  const failed = receipts.filter((receipt) => receipt.status !== '0x1').length;
  if (failed > 0 || receipts.length !== 1 + 2 * setting.tokens.length) throw new Error('the vault could not be made');
  setting.names.set('vault', vault);
  const nameOf = new Map([...setting.names].map(([name, address]) => [address.toLowerCase(), name]));
  return { play: (call, listed) => play({ ...setting, listed }, vault, nameOf, call) };
}

type Receipt = {
  readonly status: Hex;
  readonly logs: readonly { readonly address: Address; readonly data: Hex; readonly topics: [Hex, ...Hex[]] }[];
};

async function play(setting: Setting, vault: Address, nameOf: Names, call: Call): Promise<Seen> {
  const { rpc } = setting.anvil;
  const time: RpcCall = ['evm_setNextBlockTimestamp', [hex(call.at)]];
  if (call.do === 'tell') {
    const written = Object.entries(call.sources).flatMap(([i, source]) => storageOf(setting, Number(i), source));
    await rpc.batch([...written, time, ['evm_mine', []]]);
    return { outcome: { ok: true, events: [] }, views: await look(setting, vault, nameOf) };
  }
  const tx = {
    from: addressOf(setting, call.from),
    gas: GAS,
    gasPrice: hex(call.gasPrice),
    ...request(setting, vault, call),
  };
  const [, hash] = await rpc.batch([time, ['eth_sendTransaction', [tx]], ['evm_mine', []]]);
  const [receipt, views] = await Promise.all([
    rpc.call<Receipt>('eth_getTransactionReceipt', hash),
    look(setting, vault, nameOf),
  ]);
  if (receipt.status === '0x1') {
    const events = receipt.logs
      .filter((log) => log.address.toLowerCase() === vault.toLowerCase())
      .map((log) => eventOf(log, nameOf));
    return { outcome: { ok: true, events }, views };
  }
  const trace = await rpc.call<{ output?: Hex; error?: string }>('debug_traceTransaction', hash, {
    tracer: 'callTracer',
  });
  return { outcome: refusalOf(trace.output ?? '0x', nameOf, trace.error), views };
}

type Names = ReadonlyMap<string, Account>;

function storageOf(setting: Setting, i: number, source: Source): RpcCall[] {
  const words = [source.answer, source.startedAt, source.updatedAt, { ok: 0n, revert: 1n, short: 2n }[source.answers]];
  return words.map((value, slot) => [
    'anvil_setStorageAt',
    [setting.sources[i], hex(slot), toHex(BigInt.asUintN(256, value), { size: 32 })],
  ]);
}

/** Where the call goes and what it says. */
function request(setting: Setting, vault: Address, call: Call): { to: Address; data?: Hex; value?: Hex } {
  const token = (i: number): Address => addressOf(setting, `token${i}`);
  const say = (functionName: string, ...args: unknown[]) => ({
    to: vault,
    data: encodeFunctionData({ abi: vaultAbi as Abi, functionName, args }),
  });
  switch (call.do) {
    case 'deposit':
    case 'withdraw':
      return say(call.do, token(call.token), call.amount);
    case 'depositEth':
      return { ...say(call.do), value: hex(call.amount) };
    case 'sendEther':
      return { to: vault, value: hex(call.amount) };
    case 'withdrawAll':
      return say(call.do, call.skip.map(token));
    case 'setPolicy':
      return say(call.do, call.policy);
    case 'setTargets':
      return say(call.do, targetsOf(setting, call.targets));
    case 'setKeeper':
      return say(call.do, addressOf(setting, call.keeper), call.allowed);
    case 'setGuardian':
      return say(call.do, addressOf(setting, call.account));
    case 'transferOwnership':
      return say(call.do, addressOf(setting, call.to));
    case 'guardianPause':
      return say(call.do, call.seconds);
    case 'fill':
    case 'beginAndFill':
      return say(
        call.do,
        call.slice,
        call.fills.map((f) => fillOf(setting, vault, f)),
      );
    case 'donate': {
      const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [vault, call.amount] });
      return { to: token(call.token), data };
    }
    case 'tell':
      throw new Error('feeds are not told by transactions');
    default:
      return say(call.do);
  }
}

const VENUE = { Filler: 2, UniswapV4: 3, BalancerV3: 4 } as const;
const FILLER_DATA = parseAbiParameters([
  'Payment[] payments, bytes then',
  'struct Payment { address token; uint256 amount; }',
]);

function fillOf(setting: Setting, vault: Address, f: Fill) {
  const token = (asset: number): Address => setting.names.get(`token${setting.listed[asset]}`) ?? zeroAddress;
  const payments = [
    { token: token(f.sell), amount: f.back },
    { token: token(f.buy), amount: f.out },
    ...(f.gift === null ? [] : [{ token: addressOf(setting, `token${f.gift.token}`), amount: f.gift.amount }]),
  ];
  const finish = encodeFunctionData({ abi: vaultAbi, functionName: 'finish' });
  const then = { none: '0x', revert: '0x00', reenter: finish } as const;
  return {
    sell: f.sell,
    buy: f.buy,
    venue: VENUE[f.venue],
    target: f.venue === 'Filler' ? setting.filler : vault,
    amountIn: f.amountIn,
    minOut: f.minOut,
    data: encodeAbiParameters(FILLER_DATA, [payments, then[f.mischief]]),
  };
}

/* ------------------------------------------------------- looking ------------------------------------------------------- */

function plain(value: unknown, nameOf: Names): Value {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (typeof value !== 'string') throw new Error(`what is ${JSON.stringify(value)}?`);
  if (/^0x[0-9a-fA-F]{40}$/.test(value)) return nameOf.get(value.toLowerCase()) ?? value;
  if (/^0x[0-9a-fA-F]{64}$/.test(value)) return hexToString(value as Hex).replace(/\0+$/, '');
  return value;
}

const plainRecord = (record: object, nameOf: Names): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, plain(value, nameOf)]));

/** Of what rules are set the views tell. */
const WITHOUT_ARGUMENTS = ['PolicySet', 'TargetsSet'];

function eventOf(log: { readonly data: Hex; readonly topics: [Hex, ...Hex[]] }, nameOf: Names): Event {
  const { eventName, args } = decodeEventLog({ abi: vaultAbi as Abi, data: log.data, topics: log.topics });
  const name = eventName ?? 'none';
  if (WITHOUT_ARGUMENTS.includes(name)) return { name, args: {} };
  const inputs =
    (vaultAbi as Abi).find((item): item is AbiEvent => item.type === 'event' && item.name === name)?.inputs ?? [];
  const named = args as unknown as Record<string, unknown>;
  return { name, args: plainRecord(Object.fromEntries(inputs.map(({ name: key = '' }) => [key, named[key]])), nameOf) };
}

function refusalOf(data: Hex, nameOf: Names, how: string | undefined): Outcome {
  if (data === '0x') return { ok: false, error: `without a reason: ${how ?? ''}`, args: [] };
  const { errorName, args = [] } = decodeErrorResult({ abi: anyErrorAbi, data });
  return { ok: false, error: errorName, args: (args as readonly unknown[]).map((arg) => plain(arg, nameOf)) };
}

const VIEWS = [
  'state',
  'stop',
  'tips',
  'due',
  'stopDue',
  'owner',
  'pendingOwner',
  'guardian',
  'keepers',
  'policy',
  'assets',
] as const;
const HOLDERS: readonly Account[] = ['vault', 'filler', ...ACTORS];

async function look(setting: Setting, vault: Address, nameOf: Names): Promise<Views> {
  const questions = [
    ...VIEWS.map((functionName) => ({ to: vault, data: encodeFunctionData({ abi: vaultAbi as Abi, functionName }) })),
    ...HOLDERS.flatMap((name) => {
      const args = [addressOf(setting, name)] as const;
      const data = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args });
      return setting.tokens.map((to) => ({ to, data }));
    }),
  ];
  const data = encodeFunctionData({ abi: modelFillerAbi, functionName: 'look', args: [questions] });
  const raw = await setting.anvil.rpc.call<Hex>(
    'eth_call',
    { to: setting.filler, data, gas: hex(100_000_000) },
    'latest',
  );
  const answers = decodeFunctionResult({ abi: modelFillerAbi, functionName: 'look', data: raw });

  const view = (functionName: (typeof VIEWS)[number]): unknown => {
    const answer = answers[VIEWS.indexOf(functionName)];
    if (answer?.ok !== true) throw new Error(`${functionName} reverted`);
    return decodeFunctionResult({ abi: vaultAbi as Abi, functionName, data: answer.data });
  };
  const [dayUsdE8, day] = view('tips') as [bigint, bigint];
  const [guardian, nextPauseAt] = view('guardian') as [Address, number];
  const name = (address: unknown): Value => plain(address, nameOf);
  const assets = view('assets') as readonly Record<string, unknown>[];
  return {
    state: plainRecord(view('state') as object, nameOf),
    stop: plainRecord(view('stop') as object, nameOf),
    tips: { dayUsdE8, day },
    due: judgedOf('due', answers[VIEWS.indexOf('due')], nameOf),
    stopDue: judgedOf('stopDue', answers[VIEWS.indexOf('stopDue')], nameOf),
    people: {
      owner: name(view('owner')),
      pendingOwner: name(view('pendingOwner')),
      guardian: name(guardian),
      nextGuardianPauseAt: BigInt(nextPauseAt),
      keepers: (view('keepers') as Address[]).map(name).join(),
    },
    policy: plainRecord(view('policy') as object, nameOf),
    assets: assets.map(({ feedId, ...rest }) => ({
      ...plainRecord(rest, nameOf),
      feed: BigInt(setting.ids.indexOf(feedId as Hex)),
    })),
    balances: Object.fromEntries(
      HOLDERS.map((holder, i) => [
        holder,
        setting.tokens.map((_, k) => BigInt(answers[VIEWS.length + i * setting.tokens.length + k]?.data ?? -1)),
      ]),
    ),
  };
}

/** @returns the name of the error when the view reverts */
function judgedOf(
  functionName: 'due' | 'stopDue',
  answer: { readonly ok: boolean; readonly data: Hex } | undefined,
  nameOf: Names,
): Readonly<Record<string, Value>> | string {
  if (answer === undefined) throw new Error('no answer');
  if (!answer.ok) {
    const outcome = refusalOf(answer.data, nameOf, undefined);
    return outcome.ok ? 'ok' : outcome.error;
  }
  const decoded = decodeFunctionResult({ abi: vaultAbi as Abi, functionName, data: answer.data });
  const [first, word, retryAt] = decoded as [number, Hex, number];
  const said = { retryAt: BigInt(retryAt) };
  if (functionName === 'due') return { ...said, kind: DUE[first] ?? '?', reason: plain(word, nameOf) };
  return { ...said, reached: BigInt(first), act: plain(word, nameOf) };
}
