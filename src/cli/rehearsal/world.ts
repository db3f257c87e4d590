/** Everything a rehearsal stands on: local chain, database, keys, config, and a funded vault. */
import { join } from 'node:path';
import type { PublicClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { type Devnet, startDevnet } from '../../../devnet/devnet.ts';
import type { Scenario } from '../../../devnet/scenarios/scenario.ts';
import { type Chain, connect } from '../../chain/clients.ts';
import { configFrom, parseConfigFile } from '../../config/load.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { saveConfigFile, writeAtomic } from '../../config/save.ts';
import type { Config, ConfigFile } from '../../config/schema.ts';
import { type Db, openDb } from '../../store/db.ts';
import { REHEARSAL_PORTFOLIO } from './portfolio.ts';
import { createRehearsalVault } from './vault.ts';

export type WorldOptions = {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly dataDir: string;
  readonly apiPort: number;
};

export type World = {
  readonly devnet: Devnet;
  readonly db: Db;
  readonly chain: Chain;
  readonly client: PublicClient;
  readonly config: Config;
  readonly configPath: string;
  /** Takes everything down, the last started first; safe to call at any time, once. */
  close(): Promise<void>;
};

export async function openWorld(options: WorldOptions): Promise<World> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    // The database first: it refuses a data directory that another rehearsal uses, before anything is overwritten.
    const db = await openDb({ dataDir: options.dataDir, ephemeral: true });
    closers.push(() => db.close());
    const devnet = await startDevnet({ scenario: options.scenario, seed: options.seed });
    closers.push(() => devnet.stop());
    const chain = await connect(devnet.rpcUrl, devnet.chainId, { wsUrl: devnet.wsUrl });
    closers.push(() => chain.close());

    const configPath = join(options.dataDir, 'keel.config.json');
    const draft = draftConfig(options, devnet);
    for (const role of ['owner', 'keeper'] as const) {
      writeAtomic(join(options.dataDir, `${role}.key`), `${devnet.accounts[role].privateKey}\n`, {
        field: `${role}.keyFile`,
        mode: 0o600,
        overwrite: true,
      });
    }
    const vault = await createRehearsalVault({
      chain,
      rpcUrl: devnet.rpcUrl,
      draft: resolveConfig(parseConfigFile(draft), options.dataDir),
      owner: privateKeyToAccount(devnet.accounts.owner.privateKey),
      keeper: devnet.accounts.keeper.address,
    });
    const file = { ...draft, vault };
    saveConfigFile(configPath, file, { overwrite: true });
    return { devnet, db, chain, client: chain.client, config: configFrom(file, options.dataDir), configPath, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function draftConfig(options: WorldOptions, devnet: Devnet): ConfigFile {
  const { contracts, tokens, pools } = devnet.deployment;
  return {
    schema: 'evenkeel.config/1',
    mode: 'REHEARSAL',
    chainId: devnet.chainId,
    rpcUrl: devnet.rpcUrl,
    wsUrl: devnet.wsUrl,
    contracts,
    tokens: [...tokens],
    pools: pools.map(({ venue, address }) => ({ venue, address })),
    ...REHEARSAL_PORTFOLIO,
    keeper: { keyFile: 'keeper.key' },
    owner: { keyFile: 'owner.key' },
    dataDir: '.',
    api: { host: '127.0.0.1', port: options.apiPort },
  };
}
