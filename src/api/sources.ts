/** Joins the chain and the database into the answers of the API. */
import type { Chain } from '../chain/clients.ts';
import type { Config } from '../config/schema.ts';
import { KeelError } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import { leaseName } from '../keeper/loop.ts';
import { getCheck, listChecks } from '../store/checks.ts';
import type { Db } from '../store/db.ts';
import { health } from '../store/health.ts';
import { series } from '../store/series.ts';
import { findVault, upsertVault } from '../store/vaults.ts';
import type { Health, Sources } from './app.ts';
import { type EventFeed, openEventFeed } from './events.ts';
import { type FlowFollower, type FlowsNow, followFlows } from './flows.ts';
import { NOTHING_KNOWN, readKnown } from './known.ts';
import { followVault, type LiveAnswer, type LiveVault, type VaultView } from './live.ts';
import { buildStatus } from './status.ts';
import type { Series, Status } from './types.ts';

/** Points of GET /api/series; the promise of at most 2,000 holds as long as trades are fewer. */
const SERIES_POINTS = 2_000;

export type SourceOptions = {
  readonly config: Config;
  readonly db: Db;
  readonly chain: Chain;
  readonly keeper: Address;
};

type Options = SourceOptions & { readonly vaultId: number };

export type OpenSources = {
  readonly sources: Sources;
  readonly owner: () => Promise<Address>;
  close(): Promise<void>;
};

type Seen = LiveAnswer & { readonly view: VaultView };

function hasView(live: LiveAnswer): live is Seen {
  return live.view !== null;
}

/** @throws KeelError of the chain when it has never answered */
async function seen(live: LiveVault): Promise<Seen> {
  const answer = await live.read();
  if (hasView(answer)) return answer;
  throw answer.down ?? new Error('the chain neither answered nor failed');
}

/** null: unknown, because the chain did not answer in the middle of it. */
async function flowsNow(flows: FlowFollower, { down, view, branch }: Seen): Promise<FlowsNow | null> {
  if (down !== null) return null;
  try {
    return await flows.at(view.head, branch);
  } catch (error) {
    if (error instanceof KeelError && error.retry === 'later') return null;
    throw error;
  }
}

async function readStatus(options: Options, live: LiveVault, flows: FlowFollower): Promise<Status> {
  const { config, db, keeper, vaultId } = options;
  const view = await seen(live);
  const [known, flow] = await Promise.all([readKnown(db.kysely, vaultId, leaseName(config)), flowsNow(flows, view)]);
  return buildStatus(config, keeper, view, known, flow);
}

async function readSeries({ config, db, vaultId }: Options, hours: number): Promise<Series> {
  const { lastCheck } = await health(db.kysely, vaultId, leaseName(config));
  const from = lastCheck === null ? 0 : Math.max(0, lastCheck.time - hours * 3_600);
  return { schema: 'evenkeel.series/1', ...(await series(db.kysely, vaultId, from, SERIES_POINTS)) };
}

async function readHealth({ config, db, vaultId }: Options, live: LiveVault): Promise<Health> {
  const [chain, life] = await Promise.all([
    live.read().then((a) => a.down === null),
    health(db.kysely, vaultId, leaseName(config)).catch(() => null),
  ]);
  return {
    schema: 'evenkeel.health/1',
    ok: chain && life !== null,
    database: life !== null,
    chain,
    keeperLastSeenS: life?.keeperSeenS ?? null,
    lastCheck: life?.lastCheck == null ? null : { checkId: life.lastCheck.checkId, time: life.lastCheck.time },
  };
}

/** What `keel status` prints: the same answer as the API's, without a server; without a database nothing is known yet. */
export async function statusOnce(given: Omit<SourceOptions, 'db'> & { readonly db: Db | null }): Promise<Status> {
  const { db } = given;
  const live = followVault(given.chain, given.config, Date.now);
  try {
    if (db === null) return buildStatus(given.config, given.keeper, await seen(live), NOTHING_KNOWN, null);
    const options = { ...given, db };
    const vaultId = await vaultIdOf(options, live);
    const flows = followFlows(given.chain, given.config, db.kysely, vaultId);
    return await readStatus({ ...options, vaultId }, live, flows);
  } finally {
    live.stop();
  }
}

/** The database may be younger than the vault: then it learns about it here. */
async function vaultIdOf({ config, db }: SourceOptions, live: LiveVault): Promise<number> {
  const known = await findVault(db.kysely, config.chainId, config.vault);
  if (known !== null) return known.id;
  const { owner, address } = (await seen(live)).view.vault;
  return upsertVault(db.kysely, { chainId: config.chainId, address, owner });
}

export async function openSources(given: SourceOptions, log: (error: unknown) => void): Promise<OpenSources> {
  const { config, db, chain } = given;
  const live = followVault(chain, config, Date.now);
  let feed: EventFeed;
  let vaultId: number;
  try {
    vaultId = await vaultIdOf(given, live);
    feed = openEventFeed(db, vaultId);
    feed.done.catch(log);
    await feed.ready;
  } catch (error) {
    live.stop();
    throw error;
  }
  const options: Options = { ...given, vaultId };
  const flows = followFlows(chain, config, db.kysely, vaultId);
  return {
    owner: async () => (await seen(live)).view.vault.owner,
    sources: {
      status: () => readStatus(options, live, flows),
      checks: async (page) => ({ schema: 'evenkeel.checks/1', ...(await listChecks(db.kysely, vaultId, page)) }),
      check: async (id) => {
        const stored = await getCheck(db.kysely, id);
        return stored === null || stored.vaultId !== vaultId ? null : stored.record;
      },
      series: (hours) => readSeries(options, hours),
      events: (lastEventId, signal) => feed.open(lastEventId, signal),
      health: () => readHealth(options, live),
    },
    async close() {
      live.stop();
      await feed.close();
    },
  };
}
