/** Who may do what with a vault, and whose prices it believes: read on chain, compared with the registry where there is one. */
import { type Abi, erc20Abi, hexToString, parseEventLogs, toEventSelector, toFunctionSelector } from 'viem';
import { oracleHubAbi } from '../../abi/OracleHub.ts';
import { vaultAbi } from '../../abi/Vault.ts';
import type { Chain } from '../../chain/clients.ts';
import { creationBlock } from '../../chain/flows.ts';
import type { Head } from '../../chain/head.ts';
import { reach, rpcFailure } from '../../chain/rpc.ts';
import type { RawLog } from '../../chain/vault.ts';
import { readView } from '../../chain/view.ts';
import { sameAddress } from '../../core/address.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { Network } from '../../networks/types.ts';
import { type Check, doubt, proved, wrong } from './checks.ts';

const ABI: Abi = vaultAbi;
const ZERO: Address = '0x0000000000000000000000000000000000000000';

export type Party = { readonly role: string; readonly address: Address };

/** From the vault itself when it lists them, else from its events; null: the node does not look back that far. */
async function readKeepers(chain: Chain, head: Head, vault: Address): Promise<readonly Address[] | null> {
  const listed = await readView(chain, head, vault, ABI, 'keepers');
  if (Array.isArray(listed)) return listed as Address[];
  const event = vaultAbi.find((item) => item.type === 'event' && item.name === 'KeeperSet');
  if (event?.type !== 'event') return null;
  const from = await creationBlock(chain, vault, head.number);
  let logs: readonly RawLog[];
  try {
    const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${head.number.toString(16)}` };
    logs = (await reach(chain.label, () =>
      chain.client.request({
        method: 'eth_getLogs',
        params: [{ address: vault, topics: [toEventSelector(event)], ...range } as never],
      }),
    )) as readonly RawLog[];
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    return null;
  }
  const named = parseEventLogs({ abi: vaultAbi, eventName: 'KeeperSet', logs: logs as never }).map(
    (l) => l.args.keeper,
  );
  const keepers: Address[] = [];
  for (const keeper of new Set(named))
    if ((await readView(chain, head, vault, ABI, 'isKeeper', [keeper])) === true) keepers.push(keeper);
  return keepers;
}

export async function checkParties(
  chain: Chain,
  head: Head,
  vault: Address,
  wanted: Address | null,
): Promise<{ readonly checks: Check[]; readonly parties: Party[] }> {
  const checks: Check[] = [];
  const parties: Party[] = [];
  const add = (role: string, value: unknown): Address | null => {
    if (typeof value !== 'string' || value === ZERO) return null;
    parties.push({ role, address: value as Address });
    return value as Address;
  };
  const owner = add('owner', await readView(chain, head, vault, ABI, 'owner'));
  if (owner === null)
    checks.push(wrong('OWNER_DIFFERS', 'owner', '(none)', 'the vault has no owner', 'Do not send coins to it'));
  else if (wanted === null) checks.push(proved('owner', owner, 'the only account that coins can go to'));
  else if (sameAddress(owner, wanted)) checks.push(proved('owner', owner, 'as you said'));
  else
    checks.push(
      wrong('OWNER_DIFFERS', 'owner', owner, `is not ${wanted}`, 'Do not send coins to it: only its owner gets them'),
    );
  const pending = add('pendingOwner', await readView(chain, head, vault, ABI, 'pendingOwner'));
  if (pending !== null)
    checks.push(
      doubt(
        'OWNERSHIP_MOVING',
        'pendingOwner',
        pending,
        'becomes the owner as soon as it accepts',
        'If you did not offer it, take the offer back with the owner key',
      ),
    );
  const guard = await readView(chain, head, vault, ABI, 'guardian');
  const guardian = add('guardian', Array.isArray(guard) ? guard[0] : guard);
  if (guardian !== null) checks.push(proved('guardian', guardian, 'may pause trading for a while, and nothing else'));
  const keepers = await readKeepers(chain, head, vault);
  for (const keeper of keepers ?? []) {
    add('keeper', keeper);
    checks.push(proved('keeper', keeper, 'may trade within the limits of the vault'));
  }
  if (keepers === null)
    checks.push(
      doubt(
        'KEEPERS_UNKNOWN',
        'keeper',
        '(unknown)',
        'the node does not look back to the creation of the vault',
        'Ask a node with all events',
      ),
    );
  return { checks, parties };
}

type AssetOnChain = { readonly token: Address; readonly feedId: Hex };

export type AssetReport = {
  readonly token: Address;
  /** From the registry; null: it does not have this token. */
  readonly symbol: string | null;
  readonly feedId: Hex;
  /** As the hub has it, bigint and all; null: the hub does not know it. */
  readonly config: unknown;
  /** Whose product is the price. */
  readonly feeds: readonly { readonly address: Address; readonly pair: string | null }[];
  /** Whatever else the configuration names: a wrapper, a second opinion. */
  readonly others: readonly Address[];
};

/** Every address in a decoded struct, however deep: a feed may be composed of others. */
function addressesIn(value: unknown): Address[] {
  if (typeof value === 'string') return /^0x[0-9a-fA-F]{40}$/.test(value) && value !== ZERO ? [value as Address] : [];
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(addressesIn) : [];
}

/** What a configuration makes no use of is zero, and not worth a word. */
function configText(config: unknown): string {
  if (typeof config !== 'object' || config === null) return String(config);
  return Object.entries(config)
    .map(([key, value]) => [key, typeof value === 'object' ? configText(value) : String(value)] as const)
    .filter(([, text]) => !['', '0', 'false', ZERO].includes(text))
    .map(([key, text]) => `${key} ${text.includes(', ') ? `(${text})` : text}`)
    .join(', ');
}

function checkFeed(network: Network | null, asset: AssetReport): Check {
  const name = `feed of ${asset.symbol ?? asset.token}`;
  if (asset.config === null)
    return wrong(
      'FEED_UNKNOWN',
      name,
      asset.feedId,
      'the hub has no such feed, so the asset has no price',
      'Let the owner set the targets again with a registered feed',
    );
  const what = configText(asset.config);
  if (network === null) return proved(name, asset.feedId, what);
  const token = network.tokens.find((t) => sameAddress(t.address, asset.token));
  const pairs = asset.feeds.map((f) => f.pair);
  const look = 'Look it up at its publisher before you trust the price';
  const known = [...network.feeds, ...network.tokens].map((entry) => entry.address);
  if (pairs.includes(null) || asset.others.some((other) => !known.some((address) => sameAddress(address, other))))
    return doubt('FEED_NOT_IN_REGISTRY', name, asset.feedId, `names a source that the registry lacks: ${what}`, look);
  if (token === undefined)
    return doubt('TOKEN_NOT_IN_REGISTRY', name, asset.token, `${network.id} has no such token: ${what}`, look);
  if (pairs.join() !== token.pricedBy.join())
    return doubt(
      'FEED_OF_ANOTHER_TOKEN',
      name,
      asset.feedId,
      `is priced by ${pairs.join(' and ')}, but the registry prices it by ${token.pricedBy.join(' and ')}`,
      look,
    );
  return proved(name, asset.feedId, `${pairs.join(' x ')} in the registry: ${what}`);
}

export async function checkAssets(
  chain: Chain,
  head: Head,
  vault: Address,
  network: Network | null,
  hub: Address | null,
): Promise<{ readonly checks: Check[]; readonly assets: AssetReport[] }> {
  const listed = await readView(chain, head, vault, ABI, 'assets');
  if (!Array.isArray(listed))
    return {
      checks: [wrong('CONTRACT_UNREADABLE', 'assets', vault, 'cannot be read', 'Ask another node')],
      assets: [],
    };
  const assets: AssetReport[] = [];
  for (const { token, feedId } of listed as AssetOnChain[]) {
    const config = hub === null ? null : await readView(chain, head, hub, oracleHubAbi, 'configOf', [feedId]);
    const { feed, quoteFeed, ...rest } = (config ?? {}) as { readonly feed?: unknown; readonly quoteFeed?: unknown };
    const feeds = addressesIn([feed, quoteFeed]).map((address) => ({
      address,
      pair: network?.feeds.find((f) => sameAddress(f.address, address))?.pair ?? null,
    }));
    const symbol =
      network?.tokens.find((t) => sameAddress(t.address, token))?.symbol ??
      ((await readView(chain, head, token, erc20Abi, 'symbol')) as string | null);
    assets.push({ token, symbol, feedId, config, feeds, others: addressesIn(rest) });
  }
  return { checks: assets.map((asset) => checkFeed(network, asset)), assets };
}

/** One row of `powers()`: who, as what, may call which functions. */
type Power = { readonly role: Hex; readonly holder: Address; readonly functions: readonly Hex[] };
export type PowerReport = {
  readonly role: string;
  readonly holder: Address | null;
  readonly functions: readonly string[];
};

const NAMES = new Map(ABI.flatMap((item) => (item.type === 'function' ? [[toFunctionSelector(item), item.name]] : [])));

/** The vault's own list of every privileged power; null: this version of the vault has none. */
export async function readPowers(chain: Chain, head: Head, vault: Address): Promise<PowerReport[] | null> {
  const powers = await readView(chain, head, vault, ABI, 'powers');
  if (!Array.isArray(powers)) return null;
  return (powers as Power[]).map(({ role, holder, functions }) => ({
    role: hexToString(role, { size: 32 }),
    holder: holder === ZERO ? null : holder,
    functions: functions.map((selector) => NAMES.get(selector) ?? selector),
  }));
}
