/** The database and the chain of a command: opened together, always closed. */
import { type Chain, connect } from '../chain/clients.ts';
import type { Config } from '../config/schema.ts';
import { KeelError } from '../core/errors.ts';
import { type Db, openDb } from '../store/db.ts';
import { findVault } from '../store/vaults.ts';

/** A command that only reads must not make a database: none means that nothing was ever recorded. */
export async function openExisting(config: Config): Promise<Db | null> {
  const { dataDir, databaseUrl } = config;
  try {
    return await openDb(
      databaseUrl === null ? { dataDir, existing: true, poolSize: 2 } : { dataDir, databaseUrl, poolSize: 2 },
    );
  } catch (error) {
    if (error instanceof KeelError && error.code === 'DATABASE_MISSING') return null;
    throw error;
  }
}

export async function withDb<T>(config: Config, work: (db: Db | null) => Promise<T>): Promise<T> {
  const db = await openExisting(config);
  try {
    return await work(db);
  } finally {
    await db?.close();
  }
}

export async function withChain<T>(config: Config, work: (chain: Chain) => Promise<T>): Promise<T> {
  const chain = await connect(config.rpcUrl, config.chainId, { wsUrl: config.wsUrl });
  try {
    return await work(chain);
  } finally {
    chain.close();
  }
}

/** Id of the config's vault in this database; null when nothing was recorded for it. */
export async function vaultIdOf(db: Db | null, config: Config): Promise<number | null> {
  return db === null ? null : ((await findVault(db.kysely, config.chainId, config.vault))?.id ?? null);
}
