/** The smallest real portfolio: two tokens, a Uniswap V2 pair, two feeds and a vault on a private anvil; for tests. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Abi, decodeEventLog, encodeAbiParameters, encodeDeployData, encodeFunctionData, parseAbi } from 'viem';
import { oracleHubAbi, oracleHubBytecode } from '../../abi/OracleHub.ts';
import { rulebookAbi, rulebookBytecode } from '../../abi/Rulebook.ts';
import { vaultAbi } from '../../abi/Vault.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../../abi/VaultFactory.ts';
import { vaultLensAbi, vaultLensBytecode } from '../../abi/VaultLens.ts';
import { OPTIONS_OFF } from '../../core/policy.ts';
import type { Address, Hex, VaultPolicy } from '../../core/types.ts';
import { NO_ADDRESS, plainFeedConfig } from '../feedConfig.ts';
import type { Deployment } from '../snapshot.ts';
import { startAnvil, type TestAnvil } from './anvil.ts';

/** anvil's public test mnemonic, accounts 0 to 2. */
export const OWNER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
export const KEEPER: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
export const KEEPER_KEY = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
export const STRANGER: Address = '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc';

const ONE = 10n ** 18n;

export type World = {
  readonly anvil: TestAnvil;
  readonly deployment: Deployment;
  readonly pair: Address;
  readonly feeds: { readonly weth: Address; readonly dai: Address };
  /** Sends from an unlocked account, mines one block, throws when it reverted. */
  send(
    from: Address,
    to: Address | null,
    data: Hex,
    value?: bigint,
  ): Promise<{ contractAddress: Address; logs: never[] }>;
  /** Mines one block `seconds` after the head. */
  mine(seconds?: number): Promise<void>;
  /** Feed and pool move together to this price of WETH in DAI; mines blocks. */
  setPrice(priceUsdE8: bigint): Promise<void>;
  /** Only the feed; the answer is as old as `ageS`. */
  setFeed(feed: Address, priceUsdE8: bigint, ageS?: number): Promise<void>;
  balance(token: Address, of: Address): Promise<bigint>;
  stop(): Promise<void>;
};

export const WORLD_POLICY: VaultPolicy = {
  destinationBps: 0,
  innerBandBps: 100,
  scheduleS: 0,
  cooldownS: 3_600,
  maxSlipBps: 100,
  lossBpsPerDay: 100,
  maxSliceBps: 200,
  sliceCooldownS: 60,
  minTradeUsdE2: 1_000,
  maxGasPriceMwei: 0,
  ttlS: 7_200,
  ...OPTIONS_OFF,
};

const erc20 = parseAbi([
  'constructor(uint256 supply)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function approve(address to, uint256 amount) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
]);
const v2Factory = parseAbi([
  'constructor(address feeToSetter)',
  'function createPair(address a, address b) returns (address)',
  'function getPair(address a, address b) view returns (address)',
]);
const v2Pair = parseAbi([
  'function mint(address to) returns (uint256)',
  'function sync()',
  'function token0() view returns (address)',
]);

function v2Bytecode(name: string): Hex {
  const path = createRequire(import.meta.url).resolve(`@uniswap/v2-core/build/${name}.json`);
  const { bytecode } = JSON.parse(readFileSync(path, 'utf8')) as { bytecode: string };
  return `0x${bytecode.replace(/^0x/, '')}`;
}

/**
 * A feed in 200 bytes: five words of calldata are stored in slots 0 to 4, decimals() answers 8, everything else
 * answers the five words (latestRoundData).
 */
function feedCode(): Hex {
  const words = [0, 1, 2, 3, 4];
  const load = words.map((i) => `60${hex2(i)}5460${hex2(i * 32)}52`).join('');
  const store = words.map((i) => `60${hex2(i * 32)}3560${hex2(i)}55`).join('');
  const write = 7 + 14 + load.length / 2 + 4;
  const decimals = write + 1 + store.length / 2 + 1;
  return `0x3660a01460${hex2(write)}575f3560e01c63313ce5671460${hex2(decimals)}57${load}60a05ff35b${store}005b60085f5260205ff3`;
}

function secondOf(feed: Address): Address {
  return `0x1${feed.slice(3)}`;
}

function hex2(n: number): string {
  return n.toString(16).padStart(2, '0');
}

/** @param seconds give each token a second feed, which follows the first: what stops ask for */
export async function startWorld(policy: VaultPolicy = WORLD_POLICY, seconds = false): Promise<World> {
  // A few minutes after a full hour, so that a test decides when the next one begins.
  const anvil = await startAnvil(['--timestamp', '1700003000']);
  try {
    return await build(anvil, policy, seconds);
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}

async function build(anvil: TestAnvil, policy: VaultPolicy, seconds: boolean): Promise<World> {
  const { rpc } = anvil;

  const send: World['send'] = async (from, to, data, value = 0n) => {
    const hash = await rpc<Hex>('eth_sendTransaction', [
      { from, ...(to === null ? {} : { to }), data, value: `0x${value.toString(16)}`, gas: '0x989680' },
    ]);
    await rpc('evm_mine');
    const receipt = await rpc<{ status: Hex; contractAddress: Address; logs: never[] } | null>(
      'eth_getTransactionReceipt',
      [hash],
    );
    if (receipt?.status !== '0x1') throw new Error(`a set-up transaction to ${to} failed`);
    return receipt;
  };
  const deploy = async (abi: Abi, bytecode: Hex, args: readonly unknown[]): Promise<Address> =>
    (await send(OWNER, null, encodeDeployData({ abi, bytecode, args }))).contractAddress.toLowerCase() as Address;
  const read = (to: Address, data: Hex) => rpc<Hex>('eth_call', [{ to, data }, 'latest']);

  async function now(): Promise<number> {
    return Number((await rpc<{ timestamp: Hex }>('eth_getBlockByNumber', ['latest', false])).timestamp);
  }
  async function mine(seconds = 12): Promise<void> {
    await rpc('evm_setNextBlockTimestamp', [(await now()) + seconds]);
    await rpc('evm_mine');
  }
  const setFeed: World['setFeed'] = async (feed, priceUsdE8, ageS = 0) => {
    const at = BigInt((await now()) - ageS);
    const words = [1n, priceUsdE8, at, at, 1n].map((n) => n.toString(16).padStart(64, '0'));
    for (const source of seconds ? [feed, secondOf(feed)] : [feed]) await send(OWNER, source, `0x${words.join('')}`);
  };

  const supply = 10n ** 9n * ONE;
  const weth = await deploy(erc20, v2Bytecode('ERC20'), [supply]);
  const dai = await deploy(erc20, v2Bytecode('ERC20'), [supply]);
  const factory = await deploy(v2Factory, v2Bytecode('UniswapV2Factory'), [OWNER]);
  await send(OWNER, factory, encodeFunctionData({ abi: v2Factory, functionName: 'createPair', args: [weth, dai] }));
  const pair = `0x${(
    await read(factory, encodeFunctionData({ abi: v2Factory, functionName: 'getPair', args: [weth, dai] }))
  ).slice(26)}` as Address;
  const give = (token: Address, to: Address, amount: bigint) =>
    send(OWNER, token, encodeFunctionData({ abi: erc20, functionName: 'transfer', args: [to, amount] }));
  await give(weth, pair, 5_000n * ONE);
  await give(dai, pair, 10_000_000n * ONE);
  await send(OWNER, pair, encodeFunctionData({ abi: v2Pair, functionName: 'mint', args: [OWNER] }));

  const feeds = {
    weth: '0x00000000000000000000000000000000feed0001' as Address,
    dai: '0x00000000000000000000000000000000feed0002' as Address,
  };
  for (const feed of [feeds.weth, feeds.dai]) {
    for (const source of [feed, secondOf(feed)]) await rpc('anvil_setCode', [source, feedCode()]);
  }
  await setFeed(feeds.weth, 2_000n * 10n ** 8n);
  await setFeed(feeds.dai, 10n ** 8n);

  const hub = await deploy(oracleHubAbi, oracleHubBytecode, [NO_ADDRESS, 0n]);
  const lens = await deploy(vaultLensAbi, vaultLensBytecode, []);
  const rulebook = await deploy(rulebookAbi, rulebookBytecode, [hub]);
  const factoryArguments = [rulebook, weth, NO_ADDRESS, NO_ADDRESS];
  const vaultFactory = await deploy(vaultFactoryAbi, vaultFactoryBytecode, factoryArguments);
  const feedIds: Hex[] = [];
  for (const feed of [feeds.weth, feeds.dai]) {
    const plain = { feed, heartbeat: 86_400, decimals: 8, minPriceUsdE8: 10_000n, maxPriceUsdE8: 10n ** 15n };
    const alone = plainFeedConfig(plain);
    const second = {
      ...alone.second,
      kind: 1,
      maxDivergenceBps: 100,
      source: secondOf(feed),
      window: 86_400,
      decimals: 8,
    };
    const config = seconds ? { ...alone, second } : alone;
    const args = [config] as const;
    const id = await rpc<Hex>('eth_call', [
      { from: OWNER, to: hub, data: encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args }) },
      'latest',
    ]);
    await send(OWNER, hub, encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args }));
    feedIds.push(id);
  }
  const [wethFeed, daiFeed] = feedIds as [Hex, Hex];
  const targets = [
    { token: weth, feedId: wethFeed, safe: false },
    { token: dai, feedId: daiFeed, safe: true },
  ]
    .map((t) => ({ ...t, targetBps: 5_000, bandBps: 500, stopPriceUsdE8: 0n, takePriceUsdE8: 0n }))
    .toSorted((a, b) => (BigInt(a.token) < BigInt(b.token) ? -1 : 1));
  const created = await send(
    OWNER,
    vaultFactory,
    encodeFunctionData({
      abi: vaultFactoryAbi,
      functionName: 'create',
      args: [OWNER, KEEPER, policy, targets, encodeAbiParameters([{ type: 'uint256' }], [1n])],
    }),
  );
  const vault = vaultCreatedIn(created.logs);
  for (const [token, amount] of [
    [weth, 10n * ONE],
    [dai, 20_000n * ONE],
  ] as const) {
    await send(OWNER, token, encodeFunctionData({ abi: erc20, functionName: 'approve', args: [vault, amount] }));
    await send(OWNER, vault, encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [token, amount] }));
  }

  const balance = async (token: Address, of: Address) =>
    BigInt(await read(token, encodeFunctionData({ abi: erc20, functionName: 'balanceOf', args: [of] })));

  return {
    anvil,
    pair,
    feeds,
    deployment: {
      contracts: { hub, lens, weth, pathFiller: null, poolManager: null, balancerVault: null },
      vault,
      tokens: [
        { symbol: 'WETH', address: weth, decimals: 18, feedId: wethFeed },
        { symbol: 'DAI', address: dai, decimals: 18, feedId: daiFeed },
      ],
      pools: [{ venue: 'UNISWAP_V2', address: pair }],
    },
    send,
    mine,
    setFeed,
    async setPrice(priceUsdE8) {
      const wanted = ((await balance(weth, pair)) * priceUsdE8) / 10n ** 8n;
      const held = await balance(dai, pair);
      if (wanted > held) await give(dai, pair, wanted - held);
      else {
        const more = (held * 10n ** 8n) / priceUsdE8 - (await balance(weth, pair));
        await give(weth, pair, more);
      }
      await send(OWNER, pair, encodeFunctionData({ abi: v2Pair, functionName: 'sync' }));
      await setFeed(feeds.dai, 10n ** 8n);
      await setFeed(feeds.weth, priceUsdE8);
    },
    balance,
    stop: () => anvil.stop(),
  };
}

function vaultCreatedIn(logs: readonly { readonly topics: [Hex, ...Hex[]]; readonly data: Hex }[]): Address {
  for (const log of logs) {
    try {
      const event = decodeEventLog({ abi: vaultFactoryAbi, ...log });
      if (event.eventName === 'VaultCreated') return event.args.vault.toLowerCase() as Address;
    } catch {
      // an event of the vault itself, which the factory's ABI does not know
    }
  }
  throw new Error('the factory created no vault');
}
