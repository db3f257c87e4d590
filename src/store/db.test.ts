import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Db, openDb, transact, urlOf } from './db.ts';
import { appendJournal, type JournalEntry, journalAfter } from './journal.ts';
import { MIGRATIONS } from './migrations.ts';
import { startOrAttach, stopEmbedded } from './supervisor.ts';
import { makeDir, removeDir, type TestCluster, testCluster } from './testing/cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());

/** As openDb is called with DATABASE_URL. */
const reopen = async (db: Db) => cluster.again(db);

describe('migrations', () => {
  it('bring an empty database to the newest schema, also when several processes do it at once', async () => {
    const { rows } = await (await cluster.fresh()).pool.query('select v from schema_version');
    expect(rows).toEqual([{ v: MIGRATIONS.length }]);

    const admin = await cluster.fresh();
    await admin.pool.query('create database race');
    const url = urlOf(cluster.server, 'race');
    const all = await Promise.all([1, 2, 3].map(() => openDb({ dataDir: '/nowhere', databaseUrl: url })));
    for (const db of all) expect((await db.pool.query('select v from schema_version')).rows).toHaveLength(1);
    await Promise.all(all.map((d) => d.close()));
  });

  it('send no DDL to a database that is up to date', async () => {
    const db = await cluster.fresh();
    await db.pool.query(`
      create table ddl (tag text);
      create function note() returns event_trigger language plpgsql as $$ begin insert into ddl values (tg_tag); end $$;
      create event trigger note on ddl_command_start execute function note();`);
    await reopen(db);
    expect((await db.pool.query('select tag from ddl')).rows).toEqual([]);
    await db.pool.query('create table probe (x int)');
    expect((await db.pool.query('select tag from ddl')).rows).toEqual([{ tag: 'CREATE TABLE' }]);
  });

  it('refuse a database that a newer release wrote, and leave it alone', async () => {
    const db = await cluster.fresh();
    await db.pool.query('update schema_version set v = 999');
    await expect(reopen(db)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', reason: expect.stringContaining('999') });
    expect((await db.pool.query('select v from schema_version')).rows).toEqual([{ v: 999 }]);
  });
});

describe('a database by URL', () => {
  it('is named without its password when it refuses or does not answer', async () => {
    const open = (databaseUrl: string) => openDb({ dataDir: '/nowhere', databaseUrl });
    const wrong = urlOf({ ...cluster.server, password: 'hunter2' });
    const refused = await open(wrong).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'DATABASE_REFUSED', field: 'databaseUrl' });
    expect(String(refused)).not.toContain('hunter2');
    await expect(open('postgres://u:p@127.0.0.1:1/x')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    const inQuery = await open('postgres://u@127.0.0.1:1/x?password=hunter2&sslPassword=hunter3').catch(String);
    expect(inQuery).toContain('127.0.0.1:1/x');
    expect(inQuery).not.toMatch(/hunter/);
    await expect(open('no url')).rejects.toMatchObject({ code: 'DATABASE_URL_INVALID' });
  });

  it('gives int8 and numeric as bigint', async () => {
    const db = await cluster.fresh();
    const { rows } = await db.pool.query(
      'select 9007199254740993::int8 as a, (10::numeric(78,0)^77)::numeric(78,0) as b, null::int8 as c',
    );
    expect(rows).toEqual([{ a: 9007199254740993n, b: 10n ** 77n, c: null }]);
    expect((await db.pool.query('show timezone')).rows).toEqual([{ TimeZone: 'UTC' }]);
  });
});

describe('transact', () => {
  it('runs again after a deadlock', async () => {
    const db = await cluster.fresh();
    await db.pool.query('create table pair (id int primary key, n int); insert into pair values (1, 0), (2, 0)');
    const met = Promise.withResolvers<void>();
    let waiting = 0;
    const both = (first: number, second: number) =>
      transact(db.kysely, async (t) => {
        const add = (id: number) =>
          t
            .updateTable('pair' as never)
            .set({ n: 1 } as never)
            .where('id' as never, '=', id as never)
            .execute();
        await add(first);
        waiting += 1;
        if (waiting === 2) met.resolve();
        await met.promise;
        await add(second);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    expect(waiting).toBeGreaterThanOrEqual(3); // one of the two was chosen as the victim and came again
  });
});

describe('the journal', () => {
  const event = (payload: unknown) => [{ kind: 'RUN', payload }];

  it('cannot be changed', async () => {
    const db = await cluster.fresh();
    await appendJournal(db.kysely, event(1));
    for (const sql of ["update journal set payload = 'x'", 'delete from journal', 'truncate journal']) {
      await expect(db.pool.query(sql)).rejects.toThrow(/append-only/);
    }
    expect(await journalAfter(db.kysely, 0)).toHaveLength(1);
  });

  it('hands out ids in the order of commits', async () => {
    const db = await cluster.fresh();
    const written = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow = transact(db.kysely, async (t) => {
      await appendJournal(t, event('slow'));
      written.resolve();
      await release.promise;
    });
    await written.promise;
    const fast = appendJournal(db.kysely, event('fast'));
    const early = await Promise.race([fast, delay(200, 'WAITS' as const)]);
    expect(early).toBe('WAITS');
    release.resolve();
    await Promise.all([slow, fast]);
    expect((await journalAfter(db.kysely, 0)).map((e) => e.payload)).toEqual(['"slow"', '"fast"']);
  });
});

describe('listen', () => {
  const payloads = (entries: readonly JournalEntry[]) => entries.map((e) => e.payload);

  it('delivers what others write, in order and once', async () => {
    const db = await cluster.fresh();
    const other = await reopen(db);
    await appendJournal(db.kysely, [{ kind: 'RUN', payload: 'before' }]);
    const heard: JournalEntry[] = [];
    const listener = db.listen((e) => void heard.push(...e));
    await listener.ready;
    for (let i = 0; i < 20; i++) await appendJournal(other.kysely, [{ kind: 'RUN', payload: i }]);
    await vi.waitFor(() => expect(heard).toHaveLength(20), { interval: 5 });
    expect(payloads(heard)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    await listener.close();
    await listener.done;
  });

  it('resumes after a given id', async () => {
    const db = await cluster.fresh();
    const ids = await appendJournal(
      db.kysely,
      [0, 1, 2].map((payload) => ({ kind: 'RUN', payload })),
    );
    const heard: JournalEntry[] = [];
    db.listen((e) => void heard.push(...e), { after: ids[0] ?? -1 });
    await vi.waitFor(() => expect(payloads(heard)).toEqual(['1', '2']), { interval: 5 });
  });

  it('replays what was written while its connection was lost', async () => {
    const db = await cluster.fresh();
    const heard: JournalEntry[] = [];
    const listener = db.listen((e) => void heard.push(...e));
    await listener.ready;
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'evenkeel-listen' and datname = current_database()`;
    for (let i = 0; i < 5; i++) {
      await appendJournal(db.kysely, [{ kind: 'RUN', payload: `${i}a` }]);
      await vi.waitFor(async () => expect((await db.pool.query(kill)).rowCount).toBe(1), { timeout: 10_000 });
      await appendJournal(db.kysely, [{ kind: 'RUN', payload: `${i}b` }]);
      await vi.waitFor(() => expect(heard).toHaveLength(2 * (i + 1)), { interval: 5, timeout: 10_000 });
    }
    const expected = [0, 1, 2, 3, 4].flatMap((i) => [`"${i}a"`, `"${i}b"`]);
    expect(payloads(heard)).toEqual(expected);
    expect(heard.map((e) => e.id)).toEqual([...heard.map((e) => e.id)].sort((a, b) => a - b));
  });

  it('survives the death of the server, which it starts again', async () => {
    const dataDir = makeDir();
    const db = await openDb({ dataDir });
    const heard: JournalEntry[] = [];
    await db.listen((e) => void heard.push(...e)).ready;
    process.kill((await startOrAttach({ dataDir })).pid, 'SIGKILL');
    await vi.waitFor(() => appendJournal(db.kysely, [{ kind: 'RUN', payload: 'again' }]), { timeout: 30_000 });
    await vi.waitFor(() => expect(payloads(heard)).toEqual(['"again"']), { timeout: 10_000 });
    await db.close();
    await stopEmbedded(dataDir);
    removeDir(dataDir);
  });

  it('reports a failing handler instead of going on', async () => {
    const db = await cluster.fresh();
    const listener = db.listen(() => {
      throw new Error('handler broke');
    });
    await listener.ready;
    await appendJournal(db.kysely, [{ kind: 'RUN', payload: 1 }]);
    await expect(listener.done).rejects.toThrow('handler broke');
  });
});
