/** Everything one decision looks at, read at one block hash from one provider. */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import { vaultLensAbi } from '../abi/VaultLens.ts';
import { lower } from '../core/address.ts';
import { dueOf } from '../core/due.ts';
import { KeelError } from '../core/errors.ts';
import { VENUE_TEXT } from '../core/format.ts';
import { UNSCALED_E4 } from '../core/gas.ts';
import {
  type Address,
  type AssetState,
  type Hex,
  type LeftOutPool,
  type Mode,
  type PoolRef,
  type PoolState,
  PRICE_STATUSES,
  type PriceStatus,
  type Snapshot,
  type VaultState,
  type VenueName,
} from '../core/types.ts';
import type { Chain } from './clients.ts';
import { readPriorityFee } from './fees.ts';
import type { Head } from './head.ts';
import { lensCall, unreadable } from './lens.ts';
import { assertSameBlock } from './read.ts';
import { readBalancerPool } from './venues/balancerV3.ts';
import { readV2Pairs } from './venues/uniswapV2.ts';
import { readV3Pools } from './venues/uniswapV3.ts';
import { readV4Pool, v4PoolId } from './venues/uniswapV4.ts';

export type TokenInfo = {
  readonly symbol: string;
  readonly address: Address;
  readonly decimals: number;
  readonly feedId: Hex;
};

/** Addresses of one deployment; a Config is one. */
export type Deployment = {
  readonly contracts: {
    readonly hub: Address;
    readonly lens: Address;
    readonly weth: Address;
    readonly pathFiller: Address | null;
    readonly poolManager: Address | null;
    readonly balancerVault: Address | null;
  };
  readonly vault: Address;
  readonly tokens: readonly TokenInfo[];
  readonly pools: readonly PoolRef[];
};

/** {gas} for the reading of one vault: 32 assets with the dearest feeds there are need half of it. */
export const VAULT_GAS = 20_000_000n;

/** `enum Trouble` of IVaultLens.sol. */
const TROUBLE = { none: 0, notAVault: 1 } as const;

/** Tick-bitmap words read on each side of the current one: 2 words of spacing 10 are a move of 1.6x. */
const TICK_WORDS = 2;

function statusOf(index: number): PriceStatus {
  const status = PRICE_STATUSES[index];
  if (status === undefined) throw new Error(`price status ${index} is unknown`);
  return status;
}

/** What a feed id means never changes, so each is asked for once per connection. */
const heartbeats = new WeakMap<Chain, Map<string, number>>();

/** {s} by feed id */
async function readHeartbeats(
  chain: Chain,
  deployment: Deployment,
  head: Head,
  ids: readonly Hex[],
): Promise<ReadonlyMap<string, number>> {
  const known = heartbeats.get(chain) ?? new Map<string, number>();
  heartbeats.set(chain, known);
  const { hub } = deployment.contracts;
  const missing = [...new Set(ids)].filter((id) => !known.has(`${hub}${id}`));
  await Promise.all(
    missing.map(async (id) => {
      const data = encodeFunctionData({ abi: oracleHubAbi, functionName: 'configOf', args: [id] });
      const raw = await lensCall(chain, head, hub, data, 'contracts.hub', hub);
      const { heartbeat } = decodeFunctionResult({ abi: oracleHubAbi, functionName: 'configOf', data: raw });
      known.set(`${hub}${id}`, heartbeat);
    }),
  );
  return new Map(ids.map((id) => [id, known.get(`${hub}${id}`) ?? 0]));
}

export async function readVault(chain: Chain, deployment: Deployment, head: Head): Promise<VaultState> {
  const { vault } = deployment;
  const { lens } = deployment.contracts;
  const data = encodeFunctionData({ abi: vaultLensAbi, functionName: 'vaults', args: [[vault], VAULT_GAS] });
  const raw = await lensCall(chain, head, lens, data, 'vault', vault);
  const view = decodeFunctionResult({ abi: vaultLensAbi, functionName: 'vaults', data: raw })[0];
  if (view === undefined) throw unreadable('vault', vault, 'the lens returned nothing', 'Check contracts.lens');
  const { line } = view;
  if (line.trouble !== TROUBLE.none) {
    const isVault = line.trouble !== TROUBLE.notAVault;
    const reason = isVault ? 'reading it fails on the chain' : 'there is no vault of this deployment at that address';
    throw unreadable(
      'vault',
      vault,
      reason,
      `Check vault in the config against the deployment on chain ${chain.chainId}`,
    );
  }
  const heartbeatS = await readHeartbeats(
    chain,
    deployment,
    head,
    view.assets.map((a) => a.feedId),
  );
  const known = new Map(deployment.tokens.map((t) => [lower(t.address), t]));
  const assets = view.assets.map((a, index): AssetState => {
    const token = lower(a.token);
    const info = known.get(token);
    const position = line.positions[index];
    if (position === undefined) throw new Error('the lens returned fewer positions than assets');
    const { balance, known: balanceKnown, price } = position;
    if (info === undefined) {
      throw new KeelError({
        code: 'UNKNOWN_TOKEN',
        exit: 2,
        field: 'tokens',
        value: token,
        reason: 'the vault holds it as a target, but the config does not list it',
        remedy: 'Add its symbol, address, decimals and feedId to tokens in the config',
      });
    }
    if (info.decimals !== a.decimals) {
      throw new KeelError({
        code: 'TOKEN_DECIMALS_DIFFER',
        exit: 2,
        field: `tokens.${info.symbol}.decimals`,
        value: String(info.decimals),
        reason: `the vault recorded ${a.decimals} decimals for ${token}`,
        remedy: `Set tokens.${info.symbol}.decimals to ${a.decimals}`,
      });
    }
    if (lower(info.feedId) !== lower(a.feedId)) {
      throw new KeelError({
        code: 'FEED_ID_DIFFERS',
        exit: 2,
        field: `tokens.${info.symbol}.feedId`,
        value: info.feedId,
        reason: `the vault prices ${info.symbol} by another feed, so gas and deposits would be valued wrongly`,
        remedy: `Set tokens.${info.symbol}.feedId to ${a.feedId}`,
      });
    }
    const priceStatus = statusOf(price.status);
    return {
      index,
      token,
      symbol: info.symbol,
      decimals: a.decimals,
      feedId: a.feedId,
      targetBps: a.targetBps,
      bandBps: a.bandBps,
      safe: a.safe,
      stopPriceUsdE8: a.stopPriceUsdE8,
      takePriceUsdE8: a.takePriceUsdE8,
      balance,
      balanceKnown,
      priceUsdE8: priceStatus === 'OK' ? price.usdE8 : 0n,
      priceUpdatedAt: price.updatedAt,
      priceStatus,
      heartbeatS: heartbeatS.get(a.feedId) ?? 0,
    };
  });
  return {
    address: lower(line.vault),
    owner: lower(line.owner),
    policy: view.policy,
    state: line.state,
    stop: view.stop,
    upSince: line.upSince,
    assets,
  };
}

/** {USD E8} of one whole native coin: the hub's price of wrapped native; 0n when that price is not usable. */
async function readNativePrice(chain: Chain, deployment: Deployment, head: Head): Promise<bigint> {
  const weth = deployment.tokens.find((t) => lower(t.address) === lower(deployment.contracts.weth));
  if (weth === undefined) {
    throw new KeelError({
      code: 'NATIVE_PRICE_UNKNOWN',
      exit: 2,
      field: 'tokens',
      value: deployment.contracts.weth,
      reason: 'contracts.weth is not listed, so gas cannot be expressed in dollars',
      remedy: 'Add the wrapped native token with its feedId to tokens in the config',
    });
  }
  const data = encodeFunctionData({ abi: oracleHubAbi, functionName: 'peek', args: [[weth.feedId]] });
  const raw = await lensCall(chain, head, deployment.contracts.hub, data, 'contracts.hub', deployment.contracts.hub);
  const price = decodeFunctionResult({ abi: oracleHubAbi, functionName: 'peek', data: raw })[0];
  return price !== undefined && statusOf(price.status) === 'OK' ? price.usdE8 : 0n;
}

function needed(address: Address | null, field: string, venue: VenueName): Address {
  if (address !== null) return address;
  throw unreadable(field, '(none)', `a pool of ${VENUE_TEXT[venue]} is listed`, `Set ${field}, or remove the pool`);
}

/** In the order of the deployment. */
export async function readPools(
  chain: Chain,
  deployment: Deployment,
  head: Head,
): Promise<Pick<Snapshot, 'pools' | 'leftOut'>> {
  const { lens, weth, poolManager, balancerVault } = deployment.contracts;
  const of = (venue: 'UNISWAP_V2' | 'UNISWAP_V3') =>
    deployment.pools.flatMap((p) => (p.venue === venue ? [p.address] : []));
  const v2 = readV2Pairs(chain, lens, head, of('UNISWAP_V2'));
  const v3 = readV3Pools(chain, lens, head, of('UNISWAP_V3'), TICK_WORDS);
  const single = deployment.pools.flatMap((p): Promise<PoolState | LeftOutPool>[] => {
    if (p.venue === 'UNISWAP_V4') {
      const manager = needed(poolManager, 'contracts.poolManager', p.venue);
      return [readV4Pool(chain, { manager, weth }, head, p.key, TICK_WORDS)];
    }
    if (p.venue !== 'BALANCER_V3') return [];
    return [readBalancerPool(chain, needed(balancerVault, 'contracts.balancerVault', p.venue), head, p.address)];
  });
  const found = (await Promise.all([v2, v3, Promise.all(single)])).flat();
  const byAddress = new Map(found.flatMap((p) => ('address' in p ? [[p.address, p] as const] : [])));
  return {
    pools: deployment.pools.flatMap(
      (p) => byAddress.get(p.venue === 'UNISWAP_V4' ? v4PoolId(p.key) : lower(p.address)) ?? [],
    ),
    leftOut: found.flatMap((p) => ('reason' in p ? [p] : [])),
  };
}

/**
 * Everything at one block hash, and the fees paid up to that block. Pools are read only when the vault says that a
 * trade is due: most checks find nothing to do, and need none. A provider that refuses block hashes is read by number,
 * and the number's hash is compared afterwards.
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND (later), UNKNOWN_TOKEN, TOKEN_DECIMALS_DIFFER, FEED_ID_DIFFERS,
 *   CONTRACT_UNREADABLE
 */
export async function readSnapshot(chain: Chain, deployment: Deployment, mode: Mode, head: Head): Promise<Snapshot> {
  const [vault, nativeUsdE8, priorityFeeWei] = await Promise.all([
    readVault(chain, deployment, head),
    readNativePrice(chain, deployment, head),
    readPriorityFee(chain, head),
  ]);
  const idle = dueOf(vault, head.time).kind === 'NONE';
  const { pools, leftOut } = idle ? { pools: [], leftOut: [] } : await readPools(chain, deployment, head);
  await assertSameBlock(chain, head);
  return {
    schema: 'evenkeel.snapshot/3',
    chainId: chain.chainId,
    mode,
    block: { number: head.number, hash: head.hash, time: head.time },
    vault,
    pools,
    leftOut,
    pathFiller: deployment.contracts.pathFiller,
    gas: { baseFeeWei: head.baseFeeWei, priorityFeeWei, scaleE4: UNSCALED_E4, nativeUsdE8 },
    hourlyGas: null,
  };
}
