/**
 * Writes src/networks/data.ts from the packages in which the protocols publish their addresses.
 *
 *   npm run networks             write the file
 *   npm run networks -- --check  fail when the committed file is not what the pinned packages say
 *
 * An address that no package knows is left out (null), never typed in. A price feed must be known to Chainlink's own
 * list and to Aave's under the same name; its decimals come from Chainlink.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getAddress, isAddress } from 'viem';
import { arbitrum, base, mainnet, optimism, polygon, sepolia } from 'viem/chains';
import type { Address } from '../src/core/types.ts';
import type { Feed, Network, NetworkId, Sourced, Token } from '../src/networks/types.ts';
import { nameOf, type Package, ROOT, unpacked } from './vendor/packages.ts';

const DATA = join(ROOT, 'src', 'networks', 'data.ts');

const UNISWAP: Package = {
  name: '@uniswap/sdk-core',
  version: '7.19.4',
  sha512: 'jV9qVMMD6qvEATgfFnZ3QgrhIMv5lullzeGPWjyC4+sUctatft+1M+OtAZxxjbFm8NQfJA73hqIeFPOg4cUyoA==',
};
const BALANCER: Package = {
  name: '@balancer/sdk',
  version: '6.1.1',
  sha512: 'SnEK+NypOx+RJnjJOqZHF7URyrqFKzwfR9md8iKaOhZNz+1l+B7dH74D3apcQGzBp4NdkyJHno4lTss/DFjmzg==',
};
const AAVE: Package = {
  name: '@aave-dao/aave-address-book',
  version: '4.68.1',
  sha512: 'Tw1j/0OGN90m6cpaiNwpizxkBq4XzVgJqhz/fWdq9wF7yc2MAghVrsRWrCICBUiG+P7GKYd84mwULH0XVW3QTA==',
};
const CHAINLINK: Package = {
  name: '@chainlink/mcp-server',
  version: '0.0.1-alpha.17',
  sha512: 'lKWXnmWnMWQZ++mdOCFy6p0Z2UhfPtxVi/hEheafbUhpWk1LajN3DGWpLRZlYG/xBNhxWCPdQ6Naf16gxAj/fQ==',
};

/** Chainlink's reference data as recorded in April 2025: what the operators of a feed promise. */
const PUBLISHED =
  'https://github.com/LZeroAnalytics/chainlink-package/blob/83aa3d42781aafa07ca3b2841efb2ecd1de65a8c/src/package_io/constants_backup.star';
/** Measured in the history of rounds; used where nothing is published. */
const MEASURED = 'alchem-link@0.23.24 (PyPI) alchem_link/feeds.py';

type Heartbeat = readonly [seconds: number, source: string] | null;
type FeedRow = readonly [pair: string, heartbeat: Heartbeat];
/** Aave's name of the token, ours, and how it is priced. */
type TokenRow = readonly [aave: string, symbol: string, pricedBy: readonly string[]];

type Plan = {
  readonly id: NetworkId;
  readonly chain: typeof mainnet | typeof polygon | typeof arbitrum | typeof optimism | typeof base | typeof sepolia;
  readonly finality: Network['finality'];
  readonly maxTxGas?: number;
  /** File, network name within it, and the name in Aave's book (null: it has none). */
  readonly chainlink: { readonly file: string; readonly network: string; readonly aave: string | null };
  readonly feeds: readonly FeedRow[];
  readonly tokens: readonly TokenRow[];
  /** Of several feeds under one name in Chainlink's list, where Aave does not say which is the plain one. */
  readonly chosen?: Readonly<Record<string, Address>>;
};

const published = (seconds: number): Heartbeat => [seconds, PUBLISHED];
const measured = (seconds: number): Heartbeat => [seconds, MEASURED];
const HOUR = published(3_600);
const DAY = published(86_400);
const L2 = published(1_200);
const WORMHOLE = 'https://wormhole.com/docs/products/reference/consistency-levels';
const OPTIMISM =
  'https://github.com/ethereum-optimism/docs/blob/main/pages/stack/transactions/transaction-finality.mdx';
/**
 * As in Chainlink's own example:
 * https://github.com/smartcontractkit/documentation/blob/07061d803cdb7ddfd963b0395c086d9a27d0f55a/public/samples/DataFeeds/DataConsumerWithSequencerCheck.sol
 */
const GRACE_S = 3_600;
/** https://eips.ethereum.org/EIPS/eip-7825; EIP-8123 says which chains have another cap. */
const EIP_7825_GAS = 2 ** 24;
const EIP_8123_GAS = 32_000_000;

const PLANS: readonly Plan[] = [
  {
    id: 'ethereum',
    chain: mainnet,
    finality: { by: 'own', typicalS: 1_140, source: WORMHOLE },
    chainlink: { file: 'ethereum', network: 'Ethereum Mainnet', aave: 'Ethereum' },
    feeds: [
      ['ETH / USD', HOUR],
      ['BTC / USD', HOUR],
      ['WBTC / BTC', DAY],
      ['cbBTC / USD', DAY],
      ['USDC / USD', DAY],
      ['USDT / USD', DAY],
      ['DAI / USD', HOUR],
      ['LINK / USD', HOUR],
      ['STETH / USD', HOUR],
    ],
    tokens: [
      ['WETH', 'WETH', ['ETH / USD']],
      ['WBTC', 'WBTC', ['WBTC / BTC', 'BTC / USD']],
      ['cbBTC', 'cbBTC', ['cbBTC / USD']],
      ['USDC', 'USDC', ['USDC / USD']],
      ['USDT', 'USDT', ['USDT / USD']],
      ['DAI', 'DAI', ['DAI / USD']],
      ['LINK', 'LINK', ['LINK / USD']],
    ],
  },
  {
    id: 'polygon',
    chain: polygon,
    maxTxGas: EIP_8123_GAS,
    finality: {
      by: 'own',
      typicalS: null,
      source: 'https://github.com/maticnetwork/Polygon-Improvement-Proposals/blob/main/PIPs/PIP-11.md',
    },
    chainlink: { file: 'polygon', network: 'Polygon Mainnet', aave: 'Polygon' },
    feeds: [
      ['ETH / USD', measured(60)],
      ['MATIC / USD', measured(60)],
      ['BTC / USD', measured(60)],
      ['WBTC / USD', null],
      ['USDC / USD', measured(60)],
      ['USDT / USD', null],
      ['DAI / USD', measured(60)],
      ['LINK / USD', measured(60)],
      ['WSTETH / ETH', null],
    ],
    tokens: [
      ['WPOL', 'WPOL', ['MATIC / USD']],
      ['WETH', 'WETH', ['ETH / USD']],
      ['WBTC', 'WBTC', ['WBTC / USD']],
      ['USDCn', 'USDC', ['USDC / USD']],
      ['USDT0', 'USDT', ['USDT / USD']],
      ['DAI', 'DAI', ['DAI / USD']],
      ['LINK', 'LINK', ['LINK / USD']],
      ['wstETH', 'wstETH', ['WSTETH / ETH', 'ETH / USD']],
    ],
  },
  {
    id: 'arbitrum',
    chain: arbitrum,
    maxTxGas: EIP_8123_GAS,
    finality: { by: 'ethereum', typicalS: 1_080, source: WORMHOLE },
    chainlink: { file: 'arbitrum', network: 'Arbitrum Mainnet', aave: 'Arbitrum' },
    feeds: [
      ['ETH / USD', DAY],
      ['BTC / USD', DAY],
      ['WBTC / USD', DAY],
      ['USDC / USD', DAY],
      ['USDT / USD', DAY],
      ['DAI / USD', DAY],
      ['LINK / USD', HOUR],
      ['ARB / USD', DAY],
      ['WSTETH / ETH', DAY],
    ],
    tokens: [
      ['WETH', 'WETH', ['ETH / USD']],
      ['WBTC', 'WBTC', ['WBTC / USD']],
      ['USDCn', 'USDC', ['USDC / USD']],
      ['USDT', 'USDT', ['USDT / USD']],
      ['DAI', 'DAI', ['DAI / USD']],
      ['LINK', 'LINK', ['LINK / USD']],
      ['ARB', 'ARB', ['ARB / USD']],
      ['wstETH', 'wstETH', ['WSTETH / ETH', 'ETH / USD']],
    ],
  },
  {
    id: 'optimism',
    chain: optimism,
    finality: { by: 'ethereum', typicalS: 1_800, source: OPTIMISM },
    chainlink: { file: 'optimism', network: 'OP Mainnet', aave: 'Optimism' },
    feeds: [
      ['ETH / USD', L2],
      ['BTC / USD', L2],
      ['WBTC / USD', L2],
      ['USDC / USD', DAY],
      ['USDT / USD', DAY],
      ['DAI / USD', DAY],
      ['LINK / USD', L2],
      ['OP / USD', L2],
      ['WSTETH / USD', DAY],
    ],
    tokens: [
      ['WETH', 'WETH', ['ETH / USD']],
      ['WBTC', 'WBTC', ['WBTC / USD']],
      ['USDCn', 'USDC', ['USDC / USD']],
      ['USDT', 'USDT', ['USDT / USD']],
      ['DAI', 'DAI', ['DAI / USD']],
      ['LINK', 'LINK', ['LINK / USD']],
      ['OP', 'OP', ['OP / USD']],
      ['wstETH', 'wstETH', ['WSTETH / USD']],
    ],
  },
  {
    id: 'base',
    chain: base,
    finality: { by: 'ethereum', typicalS: 1_080, source: WORMHOLE },
    chainlink: { file: 'base', network: 'Base Mainnet', aave: 'Base' },
    feeds: [
      ['ETH / USD', L2],
      ['BTC / USD', L2],
      ['WBTC / USD', L2],
      ['cbBTC / USD', L2],
      ['USDC / USD', DAY],
      ['USDT / USD', DAY],
      ['DAI / USD', DAY],
      ['LINK / USD', DAY],
      ['WSTETH / ETH', DAY],
    ],
    tokens: [
      ['WETH', 'WETH', ['ETH / USD']],
      ['cbBTC', 'cbBTC', ['cbBTC / USD']],
      ['USDC', 'USDC', ['USDC / USD']],
      ['wstETH', 'wstETH', ['WSTETH / ETH', 'ETH / USD']],
    ],
  },
  {
    id: 'sepolia',
    chain: sepolia,
    finality: { by: 'own', typicalS: null, source: 'the clients and slots of Ethereum, but nobody promises a time' },
    chainlink: { file: 'ethereum', network: 'Sepolia Testnet', aave: null },
    feeds: [
      ['ETH / USD', measured(3_600)],
      ['BTC / USD', measured(3_600)],
      ['LINK / USD', measured(3_600)],
      ['USDC / USD', null],
      ['DAI / USD', null],
    ],
    tokens: [],
    // alchem-link@0.23.24 (PyPI) asked each for its description(); Chainlink's list must hold them too
    chosen: {
      'ETH / USD': '0x694AA1769357215DE4FAC081bf1f309aDC325306',
      'BTC / USD': '0x1b44F3514812d835EB1BDB0acB33d3fA3351Ee43',
      'LINK / USD': '0xc59E3633BAAC79493d908e63626716e204A45EdF',
    },
  },
];

/** With its checksum. Lower case carries none; a wrong one is a typing error of the package. */
function checked(raw: string, where: string): Address {
  if (raw !== raw.toLowerCase() && !isAddress(raw, { strict: true })) throw new Error(`${where}: ${raw} is mistyped`);
  return getAddress(raw.toLowerCase() as Address);
}

function sourced(raw: string, from: Package, key: string): Sourced {
  const source = `${nameOf(from)} ${key}`;
  return { address: checked(raw, source), source };
}

type UniswapBook = {
  V2_FACTORY_ADDRESSES: Record<number, string | undefined>;
  CHAIN_TO_ADDRESSES_MAP: Record<number, { v3CoreFactoryAddress?: string; v4PoolManagerAddress?: string } | undefined>;
};

function uniswap(
  chainId: number,
): Pick<Network, 'wrappedNative' | 'uniswapV2Factory' | 'uniswapV3Factory' | 'uniswapV4PoolManager'> {
  const folder = unpacked(UNISWAP);
  const book = createRequire(import.meta.url)(join(folder, 'dist/cjs/src/addresses.js')) as UniswapBook;
  const weth = readFileSync(join(folder, 'dist/cjs/src/entities/weth9.js'), 'utf8');
  const native = new RegExp(`\\b${chainId}: new token_1\\.Token\\(${chainId}, '(0x[0-9a-fA-F]{40})', 18,`).exec(weth);
  if (native?.[1] === undefined) throw new Error(`${nameOf(UNISWAP)} has no WETH9 of chain ${chainId}`);
  const entry = (raw: string | undefined, key: string): Sourced | null =>
    raw === undefined ? null : sourced(raw, UNISWAP, key);
  const map = book.CHAIN_TO_ADDRESSES_MAP[chainId] ?? {};
  return {
    wrappedNative: sourced(native[1], UNISWAP, `WETH9[${chainId}]`),
    uniswapV2Factory: entry(book.V2_FACTORY_ADDRESSES[chainId], `V2_FACTORY_ADDRESSES[${chainId}]`),
    uniswapV3Factory: entry(map.v3CoreFactoryAddress, `CHAIN_TO_ADDRESSES_MAP[${chainId}].v3CoreFactoryAddress`),
    uniswapV4PoolManager: entry(map.v4PoolManagerAddress, `CHAIN_TO_ADDRESSES_MAP[${chainId}].v4PoolManagerAddress`),
  };
}

function balancer(chainId: number): Sourced | null {
  const text = readFileSync(join(unpacked(BALANCER), 'dist/index.mjs'), 'utf8');
  const contracts = text.slice(text.indexOf('var balancerV3Contracts = {'));
  const vault = /\n {2}Vault: \{([^}]*)\}/.exec(contracts)?.[1];
  if (vault === undefined) throw new Error(`${nameOf(BALANCER)} has no list of vaults where it was`);
  const found = new RegExp(`\\[${chainId} /\\*[^*]*\\*/\\]: "(0x[0-9a-fA-F]{40})"`).exec(vault)?.[1];
  return found === undefined ? null : sourced(found, BALANCER, `balancerV3Contracts.Vault[${chainId}]`);
}

type ChainlinkFeed = { readonly proxyAddress: string; readonly name: string; readonly decimals: number };

function chainlinkList({ chainlink }: Plan): readonly ChainlinkFeed[] {
  const path = join(unpacked(CHAINLINK), 'data/feeds', `${chainlink.file}.json`);
  const file = JSON.parse(readFileSync(path, 'utf8')) as {
    networks: { networkName: string; feeds: ChainlinkFeed[] }[];
  };
  const network = file.networks.find((n) => n.networkName === chainlink.network);
  if (network === undefined) throw new Error(`${path} has no network ${chainlink.network}`);
  return network.feeds;
}

/** A Solidity library of Aave's book as one line per constant would read. */
function aaveConstant(library: string, part: string, name: string): string | null {
  const text = readFileSync(join(unpacked(AAVE), 'src', `${library}.sol`), 'utf8');
  const body = text.slice(text.indexOf(`library ${part} `)).replaceAll(/\s+/g, ' ');
  return new RegExp(`constant ${name} = ([0-9a-zA-Z]+)`).exec(body)?.[1] ?? null;
}

function feedAddress(plan: Plan, pair: string): Address {
  const named = chainlinkList(plan).filter((f) => f.name.toLowerCase() === pair.toLowerCase());
  const { aave } = plan.chainlink;
  const library = `Chainlink${aave}`;
  const constant = pair.replace(' / ', '__').replaceAll(' ', '_');
  const wanted =
    aave === null
      ? (plan.chosen?.[pair] ?? (named.length === 1 ? named[0]?.proxyAddress : undefined))
      : aaveConstant(library, library, constant);
  const found = named.find((f) => f.proxyAddress.toLowerCase() === wanted?.toLowerCase());
  if (found === undefined) throw new Error(`${plan.id} ${pair}: the sources do not agree (${wanted})`);
  return checked(found.proxyAddress, `${plan.id} ${pair}`);
}

function feed(plan: Plan, [pair, heartbeat]: FeedRow): Feed {
  const address = feedAddress(plan, pair);
  const { file, network, aave } = plan.chainlink;
  const row = chainlinkList(plan).find((f) => f.proxyAddress.toLowerCase() === address.toLowerCase());
  if (row === undefined) throw new Error(`${address} is gone from Chainlink's list`);
  const second = aave === null ? '' : `, ${nameOf(AAVE)} Chainlink${aave}`;
  return {
    pair,
    address,
    decimals: row.decimals,
    heartbeatS: heartbeat?.[0] ?? null,
    source: `${nameOf(CHAINLINK)} feeds/${file}.json (${network})${second}`,
    heartbeatSource: heartbeat?.[1] ?? null,
  };
}

function sequencer(plan: Plan): Sourced | null {
  const name = 'L2 Sequencer Uptime Status Feed';
  const { aave, file, network } = plan.chainlink;
  // Sepolia's list has one too, but it tells of a rollup that settles there
  if (plan.finality.by === 'own' || aave === null) return null;
  const row = chainlinkList(plan).find((f) => f.name === name);
  const second = aaveConstant(`Chainlink${aave}`, `Chainlink${aave}`, name.replaceAll(' ', '_'));
  if (row === undefined || row.proxyAddress.toLowerCase() !== second?.toLowerCase())
    throw new Error(`${plan.id}: the sources do not agree on the sequencer's feed`);
  return {
    address: checked(row.proxyAddress, `${plan.id} ${name}`),
    source: `${nameOf(CHAINLINK)} feeds/${file}.json (${network}), ${nameOf(AAVE)} Chainlink${aave}`,
  };
}

function token(plan: Plan, [name, symbol, pricedBy]: TokenRow): Token {
  const library = `AaveV3${plan.chainlink.aave}`;
  const address = aaveConstant(library, `${library}Assets`, `${name}_UNDERLYING`);
  const decimals = aaveConstant(library, `${library}Assets`, `${name}_DECIMALS`);
  if (address === null || decimals === null) throw new Error(`${nameOf(AAVE)} does not list ${name} in ${library}`);
  for (const pair of pricedBy)
    if (!plan.feeds.some(([p]) => p === pair)) throw new Error(`${plan.id} ${symbol}: no feed ${pair}`);
  return { symbol, decimals: Number(decimals), pricedBy, ...sourced(address, AAVE, `${library}Assets.${name}`) };
}

function network(plan: Plan): Network {
  const { chain } = plan;
  const rollup = sequencer(plan);
  const exchange = uniswap(chain.id);
  const native: readonly Token[] =
    plan.tokens.length > 0
      ? []
      : [{ symbol: 'WETH', decimals: 18, pricedBy: ['ETH / USD'], ...exchange.wrappedNative }];
  return {
    id: plan.id,
    chainId: chain.id,
    name: chain.name,
    nativeSymbol: chain.nativeCurrency.symbol,
    testnet: 'testnet' in chain && chain.testnet === true,
    blockTimeMs: chain.blockTime ?? mainnet.blockTime, // Sepolia has the slots of Ethereum
    maxTxGas: plan.maxTxGas ?? EIP_7825_GAS,
    finality: plan.finality,
    ...exchange,
    balancerV3Vault: balancer(chain.id),
    sequencerFeed: rollup,
    sequencerGraceS: rollup === null ? 0 : GRACE_S,
    feeds: plan.feeds.map((row) => feed(plan, row)),
    tokens: [...native, ...plan.tokens.map((row) => token(plan, row))],
  };
}

const text = `/** Generated by \`npm run networks\` from the pinned packages that each entry names. Do not edit. */
import type { Network } from './types.ts';

export const NETWORKS: readonly Network[] = ${JSON.stringify(PLANS.map(network), null, 2)};
`;
const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
const formatted = execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${DATA}`], {
  input: text,
  encoding: 'utf8',
  cwd: ROOT,
});

if (process.argv.includes('--check')) {
  if (!existsSync(DATA) || readFileSync(DATA, 'utf8') !== formatted) {
    console.error(`${DATA} is not what the pinned packages say: run npm run networks and commit the result`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(DATA, formatted);
  console.log(`wrote ${DATA}`);
}
