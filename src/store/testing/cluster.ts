/** A throw-away PostgreSQL for one test file, and fresh databases on it. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Db, openDb, urlOf } from '../db.ts';
import { type Server, startOrAttach } from '../supervisor.ts';

/** A folder that other users may walk through, as an ordinary home is; remove it with `removeDir`. */
export function makeDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'keel-test-'));
  chmodSync(dir, 0o711);
  return dir;
}

export function removeDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

export type TestCluster = {
  readonly server: Server;
  /** A new, migrated database. */
  fresh(): Promise<Db>;
  /** Another process' view of the same database. */
  again(db: Db): Promise<Db>;
  stop(): Promise<void>;
};

export async function testCluster(): Promise<TestCluster> {
  const dataDir = makeDir();
  const server = await startOrAttach({ dataDir, ephemeral: true });
  const open: Db[] = [];
  const admin = new Client({ connectionString: urlOf(server) });
  await admin.connect();
  let count = 0;
  const connect = async (database: string): Promise<Db> => {
    const db = await openDb({ dataDir, databaseUrl: urlOf(server, database) });
    open.push(db);
    return db;
  };
  return {
    server,
    async fresh() {
      count += 1;
      await admin.query(`create database t${count}`);
      return connect(`t${count}`);
    },
    async again(db) {
      const { rows } = await db.pool.query<{ name: string }>('select current_database() as name');
      return connect(rows[0]?.name ?? '');
    },
    async stop() {
      await Promise.all(open.map((d) => d.close()));
      await admin.end();
      await server.release();
      removeDir(dataDir);
    },
  };
}
