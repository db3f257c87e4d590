/**
 * Where a cluster lives and which user runs it.
 *
 * Rule: the cluster is `<dataDir>/pg18` and runs as the user who starts the keeper. PostgreSQL refuses to run as root, so
 * root starts it as the owner of the existing cluster, or as nobody (65534) for a new one. When that user cannot reach
 * `<dataDir>` (for example below /root, mode 0700), the cluster lives in `/var/lib/evenkeel/<hash of dataDir>/pg18` and
 * `<dataDir>/pg18.location` names it, so that the data directory still decides which database belongs to it.
 */
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { KeelError } from '../core/errors.ts';
import { diskFull, missing, noBinaries, notWritable } from './failures.ts';

export const MAJOR = '18';
export const SYSTEM_DIR = '/var/lib/evenkeel';
const NOBODY: ServerUser = { uid: 65534, gid: 65534 };

export type ServerUser = { readonly uid: number; readonly gid: number };

export type Place = {
  /** Real path of the data directory as the user named it. */
  readonly dataDir: string;
  /** Folder that holds the cluster: `dataDir`, or a folder under the system directory. */
  readonly home: string;
  readonly cluster: string;
  readonly logFile: string;
  /** User to switch to; null = stay who we are. */
  readonly user: ServerUser | null;
  readonly systemDir: string;
  /** Short, stable name of this cluster. */
  readonly hash: string;
};

/** May this user walk to `path` and, when it is a file, read it? Looks at mode bits only; access lists may forbid more. */
export function canReach(path: string, user: ServerUser): boolean {
  const real = realpathSync(path);
  for (let at = real; ; at = dirname(at)) {
    const s = statSync(at);
    const shift = s.uid === user.uid ? 6 : s.gid === user.gid ? 3 : 0;
    const needed = s.isDirectory() ? 0o1 : 0o4;
    if (((s.mode >> shift) & needed) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

export function locationFile(dataDir: string): string {
  return join(dataDir, `pg${MAJOR}.location`);
}

/** Creates `dataDir` when it is missing. Throws DATA_DIR_NOT_WRITABLE, DISK_FULL or DATABASE_MISSING. */
export function findPlace(dataDir: string, systemDir = SYSTEM_DIR, create = true): Place {
  const root = process.getuid?.() === 0;
  if (!create && !existsSync(dataDir)) {
    throw missing(resolve(dataDir), 'there is no such data directory', 'Start the keeper first, or correct dataDir');
  }
  const real = makeDataDir(dataDir, root);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const at = (home: string, user: ServerUser | null): Place => ({
    dataDir: real,
    home,
    cluster: join(home, `pg${MAJOR}`),
    logFile: join(real, 'postgres.log'),
    user,
    systemDir,
    hash,
  });

  const pointer = locationFile(real);
  if (existsSync(pointer)) {
    const home = readFileSync(pointer, 'utf8').trim();
    const cluster = join(home, `pg${MAJOR}`);
    if (!existsSync(cluster)) {
      throw missing(
        real,
        `its database ${cluster} does not exist any more`,
        `Restore that folder, or delete ${pointer} to start with an empty database`,
      );
    }
    return at(home, root ? ownerOf(cluster) : null);
  }
  if (!root) return at(real, null);
  if (process.platform !== 'linux') throw noBinaries('PostgreSQL refuses to run as root on this platform');
  const cluster = join(real, `pg${MAJOR}`);
  const user = existsSync(cluster) ? ownerOf(cluster) : NOBODY;
  if (canReach(real, user)) return at(real, user);
  return at(join(systemDir, hash), user);
}

function ownerOf(path: string): ServerUser {
  const { uid, gid } = statSync(path);
  return uid === 0 ? NOBODY : { uid, gid };
}

function makeDataDir(dataDir: string, root: boolean): string {
  const path = resolve(dataDir);
  try {
    if (!existsSync(path)) {
      makeDirs(path);
      // As root, the server's own user must be able to walk through; it cannot list the folder.
      chmodSync(path, root ? 0o711 : 0o700);
    }
    const real = realpathSync(path);
    if (!lstatSync(real).isDirectory()) throw notWritable(path, 'it is not a directory');
    return real;
  } catch (e) {
    if (e instanceof KeelError) throw e;
    const code = (e as NodeJS.ErrnoException).code ?? 'unknown error';
    throw code === 'ENOSPC' ? diskFull(path, e) : notWritable(path, `the data directory cannot be made (${code})`, e);
  }
}

/** Not `recursive: true`: Node loops for ever where mkdir answers ENOENT below an existing folder, as /proc does. */
function makeDirs(path: string): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeDirs(parent);
  try {
    mkdirSync(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e; // another process was faster
  }
}

/**
 * Folder of the unix socket: short (a socket path has at most 107 bytes, 103 on macOS), only for the server's user.
 * Refuses a folder of that name that somebody else made.
 */
export function makeSocketDir(place: Place, base = tmpdir()): string {
  const uid = place.user?.uid ?? process.getuid?.() ?? 0;
  const reachable = place.user === null || canReach(base, place.user);
  const dir = join(reachable && base.length <= 60 ? base : '/tmp', `keel-${place.hash}`);
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOSPC') throw diskFull(dir, e);
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw notWritable(dir, 'the socket folder cannot be made', e);
  }
  let s = lstatSync(dir);
  if (place.user && s.isDirectory() && s.uid === 0) {
    chownSync(dir, place.user.uid, place.user.gid);
    s = lstatSync(dir);
  }
  const ours = s.uid === uid;
  if (!s.isDirectory() || !ours || (s.mode & 0o077) !== 0) {
    throw notWritable(dir, 'the folder for the database socket belongs to another user or is open to others');
  }
  return dir;
}
