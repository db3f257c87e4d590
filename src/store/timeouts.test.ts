/** What keeps one stuck connection from stopping everybody else. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Db, transact } from './db.ts';
import { asKeelError, isRetryable } from './failures.ts';
import { appendJournal, journalAfter } from './journal.ts';
import { type TestCluster, testCluster } from './testing/cluster.ts';
import { upsertVault } from './vaults.ts';

let cluster: TestCluster;
let db: Db;
beforeAll(async () => {
  cluster = await testCluster();
  db = await cluster.fresh();
});
afterAll(() => cluster.stop());

describe('a writer that vanished inside its transaction', () => {
  it('is ended by the server, and the others write on', async () => {
    const vaultId = await upsertVault(db.kysely, {
      chainId: 1,
      address: `0x${'1'.repeat(40)}`,
      owner: `0x${'2'.repeat(40)}`,
    });
    const gone = await db.pool.connect();
    await gone.query('begin');
    await gone.query(`insert into journal (kind, payload) values ('LOST', '{}')`);
    try {
      await appendJournal(db.kysely, [{ kind: 'KEEPER', vaultId, payload: {} }]);
      expect((await journalAfter(db.kysely, 0)).map((e) => e.kind)).toEqual(['KEEPER']);
    } finally {
      gone.release(true);
    }
  });
});

describe('a time limit of the database', () => {
  const limits = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'];

  it.each(limits)('%s is in force on every connection', async (name) => {
    const { rows } = await db.pool.query<{ setting: string }>('select setting from pg_settings where name = $1', [
      name,
    ]);
    expect(Number(rows[0]?.setting)).toBeGreaterThan(0);
  });

  it('that struck means: try again later', async () => {
    const slow = transact(db.kysely, async (t) => {
      await sql`set local statement_timeout = '50ms'`.execute(t);
      await sql`select pg_sleep(5)`.execute(t);
    });
    const error: unknown = await slow.catch((e: unknown) => e);
    expect(error).toMatchObject({ code: '57014' });
    expect(isRetryable(error)).toBe(true);
    expect(asKeelError(error, 'here')).toMatchObject({ code: 'DATABASE_UNREACHABLE', retry: 'later' });
  });

  it('waits longer for a lock than one attempt when the lock comes free', async () => {
    let attempts = 0;
    const holder = await db.pool.connect();
    await holder.query('begin');
    await holder.query('lock table vault in access exclusive mode');
    const waiting = transact(db.kysely, async (t) => {
      attempts += 1;
      await sql`set local lock_timeout = '100ms'`.execute(t);
      if (attempts === 2) await holder.query('rollback');
      await sql`select 1 from vault`.execute(t);
    });
    await waiting;
    holder.release();
    expect(attempts).toBe(2);
  });
});
