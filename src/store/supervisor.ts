/**
 * Starts the PostgreSQL that npm installed, or attaches to it when it is running already.
 *
 * The server outlives the keeper on purpose: the next start attaches in milliseconds, and all keepers of one data directory
 * share it. `stopEmbedded` ends it. There is no lock of ours: a new cluster is published by one rename, and PostgreSQL's
 * own postmaster.pid lets exactly one server own it, so whoever loses either race attaches to the winner.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, KeelError } from '../core/errors.ts';
import { type Binaries, findBinaries, reachableBinaries } from './binaries.ts';
import {
  clusterExists,
  discardCluster,
  isServer,
  makeCluster,
  type Postmaster,
  readCluster,
  readPostmaster,
  removeStalePidFile,
  SUPERUSER,
  spawnAs,
  spawnFailure,
} from './cluster.ts';
import { cannotStart, classifyStartFailure, diskFull, freeBytes, locked, missing, notWritable } from './failures.ts';
import { findPlace, locationFile, makeSocketDir, type Place, SYSTEM_DIR } from './place.ts';
import { isAlive } from './processes.ts';

/** How long a server that is starting, recovering or going away may take. */
const DEADLINE_MS = 30_000;
const MAX_LOG_BYTES = 4 * 1024 * 1024;

export type EmbeddedOptions = {
  readonly dataDir: string;
  /** The server and its files vanish with this process, however it ends. */
  readonly ephemeral?: boolean;
  /** Never make a new cluster: throws DATABASE_MISSING instead. For commands that only read. */
  readonly existing?: boolean;
  /** Listen on TCP 127.0.0.1 instead of a unix socket; always so on Windows. */
  readonly tcp?: boolean;
  /** Replaces /var/lib/evenkeel, see place.ts. */
  readonly systemDir?: string;
};

export type Server = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly pid: number;
  readonly cluster: string;
  /** Did this call start the server? */
  readonly started: boolean;
  /** Ends an ephemeral server and removes its files; for others it does nothing. */
  release(): Promise<void>;
};

/** Throws a KeelError with the code of failures.ts or place.ts; then nothing half-written is left behind. */
export async function startOrAttach(options: EmbeddedOptions): Promise<Server> {
  const place = findPlace(options.dataDir, options.systemDir ?? SYSTEM_DIR, !options.existing);
  const ephemeral = options.ephemeral ?? false;
  const deadline = Date.now() + DEADLINE_MS;
  let binaries: Binaries | undefined;
  for (let attempt = 0; ; attempt++) {
    const running = clusterExists(place) ? readPostmaster(place) : null;
    if (running?.ready && isServer(running.pid) && (await answers(running))) {
      if (ephemeral) throw inUse(place, `the database of ${running.pid} runs in it already`);
      return describe(place, running, false, async () => {});
    }
    if (Date.now() > deadline) throw locked(place.cluster, running?.pid ?? null);
    if (running && isServer(running.pid)) {
      await delay(Math.min(10 * 1.5 ** attempt, 250)); // a server started by another process offers no event to await
      continue;
    }
    if (options.existing && (!clusterExists(place) || (readCluster(place).ephemeral && !ephemeral))) {
      throw missing(place.dataDir, 'it holds no database', 'Start the keeper first, or correct dataDir');
    }
    binaries ??= reachableBinaries(await findBinaries(), place.user ?? null, place.systemDir);
    const server = await startOnce(place, binaries, ephemeral, options.tcp ?? process.platform === 'win32', deadline);
    if (server !== 'RETRY') return server;
    await delay(Math.min(10 * 1.5 ** attempt, 250));
  }
}

function inUse(place: Place, reason: string): KeelError {
  return new KeelError({
    code: 'DATA_DIR_IN_USE',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: place.dataDir,
    reason,
    remedy: 'Choose another dataDir for the rehearsal',
  });
}

async function startOnce(
  place: Place,
  binaries: Binaries,
  ephemeral: boolean,
  tcp: boolean,
  deadline: number,
): Promise<Server | 'RETRY'> {
  if (clusterExists(place)) {
    const own = readCluster(place);
    if (ephemeral && !own.ephemeral) throw inUse(place, 'it holds a lasting database, which a rehearsal would delete');
    if (own.ephemeral) discardCluster(place); // left by a power cut: it ran without fsync, so it proves nothing
  }
  if (!clusterExists(place)) await makeCluster(place, binaries, ephemeral);
  if (place.home !== place.dataDir && !ephemeral) writePointer(place);
  removeStalePidFile(place);

  const args = ['-D', place.cluster, ...flags(ephemeral)];
  const socketDir = tcp ? '' : makeSocketDir(place);
  if (tcp)
    args.push('-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-p', String(await freePort()));
  else args.push('-c', 'listen_addresses=', '-c', `unix_socket_directories=${socketDir}`, '-p', '5432');
  const from = startLog(place);
  const log = openSync(place.logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    // Its own session: Ctrl-C in our terminal must not reach it.
    child = spawn(binaries.postgres, args, { ...spawnAs(place), detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
  const watchdog = ephemeral && child.pid !== undefined ? startWatchdog(place, child, socketDir) : null;
  child.unref();
  const outcome = await ready(place, child, binaries, deadline);
  if (outcome !== 'EXITED') return describe(place, outcome, true, async () => watchdog?.end());
  await watchdog?.end();
  const said = readFileSync(place.logFile).subarray(from).toString('utf8');
  // On a full disk the log may have stayed empty.
  const failure =
    freeBytes(place.home) < 1024 * 1024 ? diskFull(place.home) : classifyStartFailure(said, place.cluster);
  if (failure === 'RETRY') return failure;
  if (socketDir !== '') rmSync(socketDir, { recursive: true, force: true });
  throw failure;
}

function flags(ephemeral: boolean): string[] {
  const settings: Record<string, string> = {
    max_connections: '40',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_min_messages: 'warning',
    ...(ephemeral
      ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }
      : { synchronous_commit: 'on' }),
  };
  return Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
}

/** Waits until the server accepts connections or its process has ended. */
async function ready(
  place: Place,
  child: ChildProcess,
  binaries: Binaries,
  deadline: number,
): Promise<Postmaster | 'EXITED'> {
  const ended = new Promise<'EXITED'>((resolve, reject) => {
    child.once('error', (e) => reject(spawnFailure(e, binaries.postgres, place)));
    child.once('exit', () => resolve('EXITED'));
  });
  while (Date.now() < deadline) {
    const state = await Promise.race([ended, delay(5, 'POLL' as const)]); // PostgreSQL signals readiness only in its pid file
    if (state === 'EXITED') return state;
    const running = readPostmaster(place);
    if (running?.ready && running.pid === child.pid) return running;
  }
  child.kill('SIGINT');
  throw cannotStart(place.cluster, `not ready after ${DEADLINE_MS / 1000} s`);
}

function describe(place: Place, running: Postmaster, started: boolean, release: () => Promise<void>): Server {
  const { password } = readCluster(place);
  return {
    host: running.socketDir === '' ? '127.0.0.1' : running.socketDir,
    port: running.port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    pid: running.pid,
    cluster: place.cluster,
    started,
    release,
  };
}

function answers(running: Postmaster): Promise<boolean> {
  const socket =
    running.socketDir === ''
      ? connect({ host: '127.0.0.1', port: running.port })
      : connect({ path: join(running.socketDir, `.s.PGSQL.${running.port}`) });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

function writePointer(place: Place): void {
  const pointer = locationFile(place.dataDir);
  if (existsSync(pointer)) return;
  const half = `${pointer}.${process.pid}`;
  writeFileSync(half, `${place.home}\n`, { mode: 0o600 });
  renameSync(half, pointer);
}

/** Sets an old log aside; returns the offset at which this start begins. */
function startLog(place: Place): number {
  try {
    const size = statSync(place.logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (size < MAX_LOG_BYTES) return size;
    renameSync(place.logFile, `${place.logFile}.1`);
    return 0;
  } catch (e) {
    throw notWritable(place.logFile, `the log cannot be written (${(e as NodeJS.ErrnoException).code})`, e);
  }
}

type Watchdog = { end(): Promise<void> };

/**
 * A small child that holds the read end of a pipe. The kernel closes the pipe when this process ends, even by SIGKILL; the
 * watchdog then stops the server, removes the cluster and exits. Ending it on purpose takes the same way.
 */
function startWatchdog(place: Place, server: ChildProcess, socketDir: string): Watchdog {
  const script = join(import.meta.dirname, 'watchdog.ts');
  const home = place.home === place.dataDir ? '' : place.home;
  const args = [script, String(server.pid), place.cluster, socketDir, home];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('error', () => server.kill('SIGINT'));
  child.stdin?.once('error', () => server.kill('SIGINT'));
  child.unref();
  (child.stdin as Socket | null)?.unref();
  if (child.pid === undefined) throw cannotStart(place.cluster, 'its watchdog cannot be run');
  return {
    async end() {
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}

/** Stops the server of this data directory: fast, then immediate. Whoever is attached starts it again with its next query. */
export async function stopEmbedded(dataDir: string, systemDir = SYSTEM_DIR): Promise<'STOPPED' | 'NOT_RUNNING'> {
  if (!existsSync(dataDir)) return 'NOT_RUNNING';
  const place = findPlace(dataDir, systemDir);
  const running = clusterExists(place) ? readPostmaster(place) : null;
  if (!running || !isServer(running.pid)) return 'NOT_RUNNING';
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (isAlive(running.pid)) process.kill(running.pid, signal);
    const deadline = Date.now() + 10_000;
    while (isAlive(running.pid) && Date.now() < deadline) await delay(10); // it is not our child: there is no exit event
    if (isAlive(running.pid)) continue;
    if (basename(running.socketDir) === `keel-${place.hash}`)
      rmSync(running.socketDir, { recursive: true, force: true });
    return 'STOPPED';
  }
  throw locked(place.cluster, running.pid);
}
