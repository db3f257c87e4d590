/** The files of one PostgreSQL cluster: making them atomically, and reading what a running server says about itself. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import {
  cannotStart,
  classifyStartFailure,
  corrupt,
  diskFull,
  freeBytes,
  MIN_FREE_BYTES,
  notWritable,
  versionMismatch,
} from './failures.ts';
import { MAJOR, type Place } from './place.ts';
import { isAlive, programOf } from './processes.ts';

export const SUPERUSER = 'keel';
const OWN_FILE = 'evenkeel.json';

/** Kept inside the cluster, so that the rename that publishes a new cluster publishes this with it. */
export type ClusterFile = { readonly password: string; readonly ephemeral: boolean };

export function clusterExists(place: Place): boolean {
  return existsSync(place.cluster);
}

/** Throws DATABASE_CORRUPT, DATABASE_VERSION_MISMATCH or DATA_DIR_NOT_WRITABLE. */
export function readCluster(place: Place): ClusterFile {
  const read = (name: string): string => {
    try {
      return readFileSync(join(place.cluster, name), 'utf8');
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') throw corrupt(place.cluster, `${name} is missing`);
      throw notWritable(place.cluster, `${name} cannot be read (${code})`, e);
    }
  };
  const version = read('PG_VERSION').trim();
  if (version !== MAJOR) throw versionMismatch(place.cluster, version, MAJOR);
  try {
    const own = JSON.parse(read(OWN_FILE)) as ClusterFile;
    if (typeof own.password === 'string' && typeof own.ephemeral === 'boolean') return own;
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
  }
  throw corrupt(place.cluster, `${OWN_FILE} cannot be parsed`);
}

/** Runs initdb beside the final place and renames: a cluster exists whole or not at all, whoever else does the same. */
export async function makeCluster(place: Place, binaries: Binaries, ephemeral: boolean): Promise<void> {
  const half = `${place.cluster}.init-${process.pid}-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${half}.pw`;
  const password = randomBytes(24).toString('base64url');
  try {
    mkdirSync(place.home, { recursive: true, mode: 0o711 });
    if (place.home !== place.dataDir) chmodSync(place.home, 0o711);
    removeAbandoned(place);
    if (freeBytes(place.home) < MIN_FREE_BYTES) throw diskFull(place.home);
    mkdirSync(half, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (place.user) {
      chownSync(half, place.user.uid, place.user.gid);
      chownSync(passwordFile, place.user.uid, place.user.gid);
    }
    const args = [
      ...['-D', half, '-U', SUPERUSER, '--encoding=UTF8', '--no-locale', '--data-checksums', '--no-instructions'],
      ...['--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      // The password is 192 random bits: stretching it would only slow down every connection.
      ...['--set', 'scram_iterations=1'],
      ...(ephemeral ? ['--no-sync'] : []),
    ];
    const { status, output } = await run(binaries.initdb, args, place);
    if (status !== 0) {
      if (freeBytes(place.home) < MIN_FREE_BYTES / 2) throw diskFull(place.home);
      const failure = classifyStartFailure(output, place.cluster);
      throw failure === 'RETRY' ? cannotStart(place.cluster, output.trim()) : failure;
    }
    const own: ClusterFile = { password, ephemeral };
    writeFileSync(join(half, OWN_FILE), `${JSON.stringify(own)}\n`, { mode: 0o600 });
    if (place.user) chownSync(join(half, OWN_FILE), place.user.uid, place.user.gid);
    renameSync(half, place.cluster);
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    // A rename onto a full directory fails: another process published its cluster first, and that one counts.
    if ((code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') && clusterExists(place)) return;
    if (code === 'ENOSPC') throw diskFull(place.home, e);
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
      throw notWritable(place.home, `the database cannot be made (${code})`, e);
    throw e;
  } finally {
    rmSync(half, { recursive: true, force: true });
    rmSync(passwordFile, { force: true });
  }
}

/** Half-made and discarded clusters of processes that no longer exist. */
function removeAbandoned(place: Place): void {
  for (const name of readdirSync(place.home)) {
    const made = /^pg\d+\.(?:init|trash)-(\d+)-/.exec(name);
    if (made && !isAlive(Number(made[1]))) rmSync(join(place.home, name), { recursive: true, force: true });
  }
}

/** Takes a throw-away cluster out of the way. Its server is dead. */
export function discardCluster(place: Place): void {
  const trash = `${place.cluster}.trash-${process.pid}-${randomBytes(4).toString('hex')}`;
  renameSync(place.cluster, trash);
  rmSync(trash, { recursive: true, force: true });
}

export type Postmaster = {
  readonly pid: number;
  readonly port: number;
  /** Folder of the unix socket; empty where there is none. */
  readonly socketDir: string;
  readonly ready: boolean;
  readonly text: string;
};

/** What the running server wrote about itself (postmaster.pid); null when there is none or it is half written. */
export function readPostmaster(place: Place): Postmaster | null {
  let text: string;
  try {
    text = readFileSync(join(place.cluster, 'postmaster.pid'), 'utf8');
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return null;
    throw notWritable(place.cluster, `postmaster.pid cannot be read (${code})`, e);
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]), socketDir: lines[4] ?? '', ready: lines[7]?.trim() === 'ready', text };
}

/** Is that process really a PostgreSQL server, and not a stranger that was given its pid after a reboot? */
export function isServer(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const program = programOf(pid);
  return program === null || program === 'postgres';
}

/**
 * PostgreSQL believes in any live process with the recorded pid, and pids repeat quickly in containers. Removes the file
 * when the process is provably something else, or when a crash left the file empty.
 */
export function removeStalePidFile(place: Place): void {
  const path = join(place.cluster, 'postmaster.pid');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return; // gone by itself
  }
  const pid = Number(text.split('\n')[0]);
  const empty = text.trim() === '';
  if (!empty && (!Number.isInteger(pid) || !isAlive(pid) || isServer(pid))) return;
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another process was faster
  }
  const taken = readFileSync(aside, 'utf8');
  // A server that started between our two looks keeps its file.
  if (taken === text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

type Output = { readonly status: number | null; readonly output: string };

/** Runs a PostgreSQL tool to its end as the server's user. */
export async function run(program: string, args: readonly string[], place: Place): Promise<Output> {
  // A group of its own: Ctrl-C in the terminal is for us to answer, not for initdb.
  const child = spawn(program, args, { ...spawnAs(place), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (d: string) => {
    output += d;
  });
  child.stderr.setEncoding('utf8').on('data', (d: string) => {
    output += d;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (e) => reject(spawnFailure(e, program, place)));
    child.once('close', (status) => resolve({ status, output }));
  });
}

export function spawnAs(place: Place): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  windowsHide: true;
} {
  // Locale and time zone of the shell must not leak into the cluster.
  const env = process.platform === 'win32' ? process.env : { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  return { cwd: '/', env, windowsHide: true, ...(place.user ?? {}) };
}

export function spawnFailure(e: unknown, program: string, place: Place): Error {
  const code = (e as NodeJS.ErrnoException).code ?? String(e);
  if (place.user && (code === 'EPERM' || code === 'EINVAL')) {
    return cannotStart(
      place.cluster,
      `it refuses to run as root, and this root may not become uid ${place.user.uid}`,
      e,
    );
  }
  return cannotStart(place.cluster, `${program} cannot be run (${code})`, e);
}
