/** What the chain must offer: the right chain, fresh blocks, our contracts, fresh prices, gas for the keeper. */

import { vaultAbi } from '../../abi/Vault.ts';
import type { Chain } from '../../chain/clients.ts';
import { feeCaps } from '../../chain/fees.ts';
import { type Head, latestHead } from '../../chain/head.ts';
import { requestAt } from '../../chain/read.ts';
import { reach } from '../../chain/rpc.ts';
import { loadSigner } from '../../chain/signer.ts';
import { readBalance } from '../../chain/simulate.ts';
import { readPools, readVault } from '../../chain/snapshot.ts';
import type { Config } from '../../config/schema.ts';
import { durationText, leftOutText } from '../../core/format.ts';
import type { Hex, VaultPolicy, VaultState } from '../../core/types.ts';
import { ethText } from '../owner/send.ts';
import { reportFeed } from '../setup/feeds.ts';
import { type Finding, fail, finding, ok, warn } from './report.ts';

const STALE_BLOCK_S = 180;
/** Gas of one rebalance of a few legs, and how many of them a balance should last for. */
const GAS_PER_REBALANCE = 700_000n;
const WARN_BELOW_REBALANCES = 20n;

function blockAge(config: Config, head: Head, nowS: number): Finding {
  const text = `block ${head.number}`;
  // the clock of a local chain is the one of its scenario
  if (config.mode === 'REHEARSAL' || config.mode === 'FORK') return ok('newest block', text);
  const age = nowS - head.time;
  return age > STALE_BLOCK_S
    ? fail(
        'newest block',
        `${text} is ${durationText(age)} old`,
        'The node lags; wait until it has caught up, or use another',
      )
    : ok('newest block', `${text}, ${durationText(Math.max(0, age))} old`);
}

async function code(chain: Chain, head: Head, config: Config): Promise<Finding[]> {
  const places = { ...config.contracts, vault: config.vault };
  return Promise.all(
    Object.entries(places).map(async ([name, address]) => {
      if (address === null) return ok(`contracts.${name}`, 'none');
      const bytes = await requestAt<Hex>(chain, head, 'eth_getCode', [address]);
      const field = name === 'vault' ? 'vault' : `contracts.${name}`;
      return bytes === '0x'
        ? fail(field, `${address} has no code on chain ${chain.chainId}`, `Correct ${field} in the config`)
        : ok(field, address);
    }),
  );
}

/** Pools that are there but cannot be traded with are no reason to stop: the others are used. */
async function pools(chain: Chain, head: Head, config: Config): Promise<Finding[]> {
  const { pools: usable, leftOut } = await readPools(chain, config, head);
  return [
    ok('pools', `${usable.length} of ${config.pools.length} can be quoted`),
    ...leftOut.map((p) => warn('pools', leftOutText(p), 'It is not used; remove it from the config if that stays so')),
  ];
}

async function feeds(chain: Chain, head: Head, config: Config): Promise<Finding[]> {
  const used = new Set(config.targets.map((t) => t.symbol));
  const reports = await Promise.all(
    config.tokens.filter((t) => used.has(t.symbol)).map((t) => reportFeed(chain, config.contracts.hub, t, head.time)),
  );
  return reports.map((r) =>
    r.problem === null
      ? ok(`price ${r.symbol}`, `${durationText(r.ageS)} old, at most ${durationText(r.heartbeatS)}`)
      : fail(`price ${r.symbol}`, r.problem.reason, r.problem.remedy),
  );
}

async function keeper(chain: Chain, head: Head, config: Config): Promise<Finding[]> {
  if (config.keeper === null) return [];
  const { address } = loadSigner(config.keeper);
  const [balance, allowed] = await Promise.all([
    readBalance(chain, head, address),
    reach(chain.label, () =>
      chain.client.readContract({ address: config.vault, abi: vaultAbi, functionName: 'isKeeper', args: [address] }),
    ),
  ]);
  const one = GAS_PER_REBALANCE * feeCaps(head.baseFeeWei, 0n, []).maxFeePerGas;
  const times = one === 0n ? WARN_BELOW_REBALANCES : balance / one;
  const text = `${ethText(balance)}, enough for about ${times} rebalances at present`;
  const gas =
    times === 0n
      ? fail('keeper gas', text, `Send some of the native coin to ${address}`)
      : times < WARN_BELOW_REBALANCES
        ? warn('keeper gas', text, `Send some of the native coin to ${address}`)
        : ok('keeper gas', text);
  const right = allowed
    ? ok('keeper', `${address} may trade for the vault`)
    : fail(
        'keeper',
        `${address} is no keeper of the vault`,
        'The owner must allow it with setKeeper, or use the right key file',
      );
  return [right, gas];
}

/** The vault's own limits bind; a config that says otherwise misleads whoever reads it. */
function agreement(config: Config, vault: VaultState): Finding {
  const differing: string[] = [];
  for (const target of config.targets) {
    const asset = vault.assets.find((a) => a.token.toLowerCase() === target.token.toLowerCase());
    if (asset?.targetBps !== target.targetBps || asset.bandBps !== target.bandBps)
      differing.push(`targets.${target.symbol}`);
  }
  if (vault.assets.length > config.targets.length) differing.push('targets');
  for (const key of Object.keys(config.policy) as (keyof VaultPolicy)[])
    if (config.policy[key] !== vault.policy[key]) differing.push(`limits (${key})`);
  return differing.length === 0
    ? ok('targets and limits', 'as in the vault')
    : warn(
        'targets and limits',
        `the vault has other values for ${differing.join(', ')}`,
        'The vault decides; change it with its owner, or correct the config',
      );
}

export async function checkChain(chain: Chain, config: Config, nowS: number): Promise<Finding[]> {
  const head = await latestHead(chain);
  const found = [ok('rpc', `${chain.label}, chain ${chain.chainId}`), blockAge(config, head, nowS)];
  found.push(...(await finding('contracts', () => code(chain, head, config))));
  if (found.some((f) => f.level === 'FAIL')) return found;
  found.push(...(await finding('prices', () => feeds(chain, head, config))));
  found.push(...(await finding('pools', () => pools(chain, head, config))));
  found.push(...(await finding('vault', async () => agreement(config, await readVault(chain, config, head)))));
  found.push(...(await finding('keeper', () => keeper(chain, head, config))));
  return found;
}
