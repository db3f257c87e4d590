import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDb } from './db.ts';
import { isAlive, programOf } from './processes.ts';
import { type EmbeddedOptions, startOrAttach, stopEmbedded } from './supervisor.ts';
import { makeDir, removeDir } from './testing/cluster.ts';
import { CHAIN, OWNER, VAULT } from './testing/fixtures.ts';
import { upsertVault } from './vaults.ts';

const root = process.getuid?.() === 0;
let base: string;
let dataDir: string;
let systemDir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  base = makeDir();
  dataDir = join(base, 'data');
  systemDir = join(base, 'system');
});

afterEach(async () => {
  for (const c of children.splice(0)) c.kill('SIGKILL');
  if (existsSync(join(dataDir, 'pg18')) || existsSync(join(dataDir, 'pg18.location')))
    await stopEmbedded(dataDir, systemDir);
  removeDir(base);
});

/** A process of its own that opens the database, prints the server's pid and whether it started it, and waits. */
async function opener(options: EmbeddedOptions): Promise<{ child: ChildProcess; pid: number; started: boolean }> {
  const script = `
    import { openDb } from '${join(import.meta.dirname, 'db.ts')}';
    const db = await openDb(${JSON.stringify(options)});
    process.stdout.write(JSON.stringify({ pid: db.server.pid, started: db.server.started }) + '\\n');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { pid: number; started: boolean }) };
}

/** Is the process gone or at least dead? */
const dead = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000, interval: 10 });

describe('startOrAttach', () => {
  it('makes a cluster, attaches to it, leaves it running, stops it and starts it again', async () => {
    const first = await openDb({ dataDir });
    expect(first.server?.started).toBe(true);
    await upsertVault(first.kysely, { chainId: CHAIN, address: VAULT, owner: OWNER });
    const second = await openDb({ dataDir });
    expect(second.server?.started).toBe(false);
    expect(second.server?.pid).toBe(first.server?.pid);
    await first.close();
    await second.close();
    expect(isAlive(first.server?.pid ?? 0)).toBe(true);

    expect(await stopEmbedded(dataDir)).toBe('STOPPED');
    expect(await stopEmbedded(dataDir)).toBe('NOT_RUNNING');
    const third = await openDb({ dataDir });
    expect(third.server?.started).toBe(true);
    const rows = await third.kysely.selectFrom('vault').select('address').execute();
    expect(rows).toEqual([{ address: VAULT.toLowerCase() }]);
    await third.close();
  });

  it('is set up as documented', async () => {
    const db = await openDb({ dataDir });
    const show = async (name: string) => (await db.pool.query<Record<string, string>>(`show ${name}`)).rows[0]?.[name];
    expect(await show('fsync')).toBe('on');
    expect(await show('synchronous_commit')).toBe('on');
    expect(await show('data_checksums')).toBe('on');
    expect(await show('listen_addresses')).toBe('');
    expect(await show('server_encoding')).toBe('UTF8');
    const { rows: locale } = await db.pool.query(
      'select datcollate from pg_database where datname = current_database()',
    );
    expect(locale).toEqual([{ datcollate: 'C' }]);
    expect((await db.pool.query('show timezone')).rows).toEqual([{ TimeZone: 'UTC' }]);
    const socketDir = db.server?.host ?? '';
    expect(statSync(socketDir).mode & 0o777).toBe(0o700);
    expect(statSync(db.server?.cluster ?? '').mode & 0o777).toBe(0o700);
    expect(`${socketDir}/.s.PGSQL.5432`.length).toBeLessThan(104);
    await db.close();
  });

  it('refuses connections without the password', async () => {
    const server = await startOrAttach({ dataDir });
    const { Client } = await import('pg');
    const intruder = new Client({ ...server, password: 'wrong' });
    await expect(intruder.connect()).rejects.toThrow(/password authentication failed/);
  });

  it('lets several processes that start at once end up on one server', async () => {
    const all = await Promise.all([opener({ dataDir }), opener({ dataDir }), opener({ dataDir })]);
    expect(new Set(all.map((o) => o.pid)).size).toBe(1);
    expect(all.filter((o) => o.started)).toHaveLength(1);
    expect(readdirSync(dataDir).filter((f) => f.startsWith('pg18'))).toEqual(['pg18']);
  });

  it('listens on a loopback port where unix sockets are not to be had', async () => {
    const server = await startOrAttach({ dataDir, tcp: true });
    expect(server.host).toBe('127.0.0.1');
    const db = await openDb({ dataDir });
    expect(db.server?.pid).toBe(server.pid);
    await db.close();
  });

  it('comes back after SIGKILL of the server, with everything that was committed, in the same Db', async () => {
    const db = await openDb({ dataDir });
    await upsertVault(db.kysely, { chainId: CHAIN, address: VAULT, owner: OWNER });
    const before = db.server?.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await dead(before);
    const rows = await vi.waitFor(() => db.kysely.selectFrom('vault').select('address').execute(), { timeout: 20_000 });
    expect(rows).toHaveLength(1);
    expect(db.server?.pid).not.toBe(before);
    await db.close();
  });

  it('removes a stale pid file whose number now belongs to another program', async () => {
    const server = await startOrAttach({ dataDir });
    const pidFile = join(server.cluster, 'postmaster.pid');
    const text = readFileSync(pidFile, 'utf8');
    await stopEmbedded(dataDir);
    const { uid, gid } = statSync(server.cluster);
    const stranger = spawn('sleep', ['600'], root ? { uid, gid } : {});
    children.push(stranger);
    writeFileSync(pidFile, text.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 });
    const again = await startOrAttach({ dataDir });
    expect(again.started).toBe(true);
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });

  it('removes the empty pid file that a crash can leave', async () => {
    const server = await startOrAttach({ dataDir });
    await stopEmbedded(dataDir);
    writeFileSync(join(server.cluster, 'postmaster.pid'), '', { mode: 0o600 });
    expect((await startOrAttach({ dataDir })).started).toBe(true);
  });

  it('cleans up after an initdb that was killed', async () => {
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o711);
    const ended = spawn('true');
    await once(ended, 'exit');
    mkdirSync(join(dataDir, `pg18.init-${ended.pid}-00000000`));
    await startOrAttach({ dataDir });
    expect(readdirSync(dataDir).filter((f) => f.startsWith('pg18'))).toEqual(['pg18']);
  });

  it('never runs as root, and keeps out of a home that others cannot enter', async () => {
    const home = join(base, 'home');
    mkdirSync(home);
    chmodSync(home, 0o700);
    dataDir = join(home, 'clone', '.keel');
    const server = await startOrAttach({ dataDir, systemDir });
    expect(programOf(server.pid)).toBe('postgres');
    const owner = statSync(server.cluster).uid;
    if (root) {
      expect(owner).toBe(65534);
      expect(server.cluster.startsWith(`${systemDir}/`)).toBe(true);
      expect(`${readFileSync(join(dataDir, 'pg18.location'), 'utf8').trim()}/pg18`).toBe(server.cluster);
    } else {
      expect(owner).toBe(process.getuid?.());
      expect(server.cluster).toBe(join(dataDir, 'pg18'));
    }
    expect((await startOrAttach({ dataDir, systemDir })).pid).toBe(server.pid);
    if (root) {
      await stopEmbedded(dataDir, systemDir);
      rmSync(server.cluster, { recursive: true });
      await expect(startOrAttach({ dataDir, systemDir })).rejects.toMatchObject({
        code: 'DATABASE_MISSING',
        field: 'dataDir',
      });
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe('damaged or foreign data', () => {
  /** What a start says about a damaged cluster; the start must leave no trace. */
  async function failureOf(): Promise<unknown> {
    const before = readdirSync(dataDir).sort();
    const failure = await startOrAttach({ dataDir }).then(
      () => null,
      (e: unknown) => e,
    );
    expect(readdirSync(dataDir).sort()).toEqual(before);
    expect((failure as Error).message).not.toContain('\n');
    return failure;
  }

  it('is named for what it is', async () => {
    const { cluster } = await startOrAttach({ dataDir });
    await stopEmbedded(dataDir);
    const version = join(cluster, 'PG_VERSION');
    writeFileSync(version, '17\n');
    expect(await failureOf()).toMatchObject({
      name: 'KeelError',
      code: 'DATABASE_VERSION_MISMATCH',
      field: 'dataDir',
      reason: expect.stringContaining('17'),
    });
    rmSync(version);
    expect(await failureOf()).toMatchObject({
      code: 'DATABASE_CORRUPT',
      reason: expect.stringContaining('PG_VERSION'),
    });
    writeFileSync(version, '18\n');

    const own = join(cluster, 'evenkeel.json');
    const text = readFileSync(own, 'utf8');
    writeFileSync(own, text.slice(0, 9));
    expect(await failureOf()).toMatchObject({
      code: 'DATABASE_CORRUPT',
      reason: expect.stringContaining('evenkeel.json'),
    });
    writeFileSync(own, text);

    const wal = join(cluster, 'pg_wal');
    renameSync(wal, `${wal}.aside`);
    mkdirSync(wal);
    if (root) chownSync(wal, 65534, 65534);
    expect(await failureOf()).toMatchObject({
      code: 'DATABASE_CORRUPT',
      reason: expect.stringContaining('checkpoint'),
    });
    rmSync(wal, { recursive: true });
    renameSync(`${wal}.aside`, wal);
    expect((await startOrAttach({ dataDir })).started).toBe(true);

    await stopEmbedded(dataDir);
    truncateSync(join(cluster, 'global', 'pg_control'), 100);
    expect(await failureOf()).toMatchObject({
      code: 'DATABASE_CORRUPT',
      reason: expect.stringContaining('pg_control'),
    });
  });

  it('refuses a data directory that is a file, or that cannot be made', async () => {
    writeFileSync(dataDir, '');
    await expect(startOrAttach({ dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_NOT_WRITABLE' });
    await expect(startOrAttach({ dataDir: '/proc/keel' })).rejects.toMatchObject({ code: 'DATA_DIR_NOT_WRITABLE' });
  });

  it('refuses a socket folder that is open to others', async () => {
    const server = await startOrAttach({ dataDir });
    await stopEmbedded(dataDir);
    mkdirSync(server.host, { recursive: true });
    chmodSync(server.host, 0o777);
    await expect(startOrAttach({ dataDir })).rejects.toMatchObject({
      code: 'DATA_DIR_NOT_WRITABLE',
      value: server.host,
    });
    rmSync(server.host, { recursive: true });
  });

  it('makes no database for a command that only reads', async () => {
    await expect(startOrAttach({ dataDir, existing: true })).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
    expect(existsSync(dataDir)).toBe(false);
    expect(await stopEmbedded(dataDir)).toBe('NOT_RUNNING');
    mkdirSync(dataDir);
    await expect(startOrAttach({ dataDir, existing: true })).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe('an ephemeral server', () => {
  it('ends with its Db and leaves nothing but its log', async () => {
    const db = await openDb({ dataDir, ephemeral: true });
    const pid = db.server?.pid ?? 0;
    const socketDir = db.server?.host ?? '';
    const reader = await openDb({ dataDir, existing: true });
    expect(reader.server?.pid).toBe(pid);
    await reader.close();
    expect(isAlive(pid)).toBe(true);
    await db.close();
    expect(isAlive(pid)).toBe(false);
    expect(readdirSync(dataDir)).toEqual(['postgres.log']);
    expect(existsSync(socketDir)).toBe(false);
  });

  it('dies with its parent, even by SIGKILL', async () => {
    const { child, pid } = await opener({ dataDir, ephemeral: true });
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await dead(pid);
    await vi.waitFor(() => expect(readdirSync(dataDir)).toEqual(['postgres.log']), { timeout: 10_000, interval: 10 });
  });

  it('never touches a lasting database, nor one that is in use', async () => {
    await startOrAttach({ dataDir });
    await expect(startOrAttach({ dataDir, ephemeral: true })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    await stopEmbedded(dataDir);
    await expect(startOrAttach({ dataDir, ephemeral: true })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    expect(existsSync(join(dataDir, 'pg18', 'PG_VERSION'))).toBe(true);
  });
});
