/** Turns what PostgreSQL, its tools and its driver say into errors a user can act on. */
import { statfsSync } from 'node:fs';
import { EXIT, KeelError } from '../core/errors.ts';

const DATABASE_URL_REMEDY = 'set DATABASE_URL to use a PostgreSQL server of your own';

/** A new cluster takes 39 MB, and PostgreSQL recycles two WAL segments of 16 MB. */
export const MIN_FREE_BYTES = 96 * 1024 * 1024;

export function freeBytes(path: string): number {
  const s = statfsSync(path);
  return s.bavail * s.bsize;
}

export function diskFull(path: string, cause?: unknown): KeelError {
  return new KeelError({
    code: 'DISK_FULL',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: path,
    reason: 'the disk is full',
    remedy: `Free at least ${MIN_FREE_BYTES / 1024 / 1024} MB and start again; nothing was lost`,
    retry: 'later',
    cause,
  });
}

export function notWritable(path: string, reason: string, cause?: unknown): KeelError {
  return new KeelError({
    code: 'DATA_DIR_NOT_WRITABLE',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: path,
    reason,
    remedy: 'Give this user write access or choose another dataDir',
    cause,
  });
}

export function missing(path: string, reason: string, remedy: string): KeelError {
  return new KeelError({
    code: 'DATABASE_MISSING',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: path,
    reason,
    remedy,
  });
}

export function corrupt(path: string, reason: string): KeelError {
  return new KeelError({
    code: 'DATABASE_CORRUPT',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: path,
    reason: `the database files are damaged (${reason})`,
    remedy:
      'Restore the directory from a backup, or move it away to start with an empty database; coins are safe in the vault either way',
  });
}

export function versionMismatch(path: string, found: string, needed: string): KeelError {
  return new KeelError({
    code: 'DATABASE_VERSION_MISMATCH',
    exit: EXIT.actionNeeded,
    field: 'dataDir',
    value: path,
    reason: `the database files were written by PostgreSQL ${found}, this release runs ${needed}`,
    remedy: `Use the release of Evenkeel that wrote them, or ${DATABASE_URL_REMEDY}`,
  });
}

export function cannotStart(path: string, reason: string, cause?: unknown): KeelError {
  return new KeelError({
    code: 'DATABASE_START_FAILED',
    exit: EXIT.unreachable,
    field: 'dataDir',
    value: path,
    reason: `PostgreSQL did not start (${reason})`,
    remedy: `Read postgres.log in the data directory, or ${DATABASE_URL_REMEDY}`,
    retry: 'later',
    cause,
  });
}

export function noBinaries(reason: string, cause?: unknown): KeelError {
  return new KeelError({
    code: 'DATABASE_NOT_BUNDLED',
    exit: EXIT.actionNeeded,
    field: 'platform',
    value: `${process.platform}-${process.arch}`,
    reason,
    remedy: `S${DATABASE_URL_REMEDY.slice(1)}`,
    cause,
  });
}

export function locked(path: string, pid: number | null): KeelError {
  return new KeelError({
    code: 'DATABASE_LOCKED',
    exit: EXIT.unreachable,
    field: 'dataDir',
    value: path,
    reason: `another PostgreSQL${pid === null ? '' : ` (pid ${pid})`} holds these files but does not answer`,
    remedy: 'Stop that process and start again',
    retry: 'later',
  });
}

/** `RETRY`: an earlier server is still going away (or was killed and not yet reaped); ask again. */
export function classifyStartFailure(text: string, cluster: string): KeelError | 'RETRY' {
  if (/lock file "postmaster\.pid" (already exists|is empty)|pre-existing shared memory block/.test(text))
    return 'RETRY';
  if (/No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/.test(text)) return diskFull(cluster);
  const mismatch = /initialized by PostgreSQL version (\S+?),/.exec(text);
  if (mismatch) return versionMismatch(cluster, mismatch[1] ?? 'unknown', 'another major version');
  if (/Permission denied|Read-only file system|has wrong ownership|has invalid permissions|EACCES|EROFS/.test(text)) {
    return notWritable(cluster, lastComplaint(text));
  }
  const damage =
    /checkpoint record|incorrect checksum|invalid checksum|is not a valid data directory|could not (open|read|find|access)|bogus data|incompatible with server|invalid data in|invalid (page|magic|record)|is missing/;
  if (damage.test(text)) return corrupt(cluster, lastComplaint(text));
  return cannotStart(cluster, lastComplaint(text));
}

/** The first FATAL or PANIC line says the cause; what follows it is noise. */
function lastComplaint(text: string): string {
  const lines = text.split('\n').filter((l) => l.trim() !== '');
  const grave = lines.find((l) => /(PANIC|FATAL|ERROR|error):/.test(l)) ?? lines.at(-1);
  if (grave === undefined) return 'it said nothing';
  return grave.replace(/^.*?(PANIC|FATAL|ERROR|error):\s*/, '').trim();
}

type Coded = { readonly code?: unknown; readonly message?: unknown };

const LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

/** Did the connection, rather than the statement, fail? Then the same call may succeed after a reconnect. */
export function isConnectionLoss(e: unknown): boolean {
  if (e instanceof AggregateError) return e.errors.some(isConnectionLoss);
  if (typeof e !== 'object' || e === null) return false;
  const { code, message } = e as Coded;
  if (typeof code === 'string' && (LOST.has(code) || /^(08|57P)/.test(code))) return true;
  return (
    typeof message === 'string' &&
    /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect/.test(
      message,
    )
  );
}

/** Another transaction held a lock for too long; ours was undone and may be run again. */
export function isLockTimeout(e: unknown): boolean {
  return codeOf(e) === '55P03';
}

/** The connection was silent for longer than any statement may take. */
export function isOverdue(e: unknown): boolean {
  return e instanceof Error && e.message === 'Query read timeout';
}

/** The database was too slow for one of our time limits (lock, statement, idle transaction, answer). */
function isTimeLimit(e: unknown): boolean {
  return isLockTimeout(e) || isOverdue(e) || codeOf(e) === '57014' || codeOf(e) === '25P03';
}

/** May the same work succeed later, without anybody changing anything? */
export function isRetryable(e: unknown): boolean {
  return isConnectionLoss(e) || isSerializationLoss(e) || isTimeLimit(e);
}

function codeOf(e: unknown): unknown {
  return typeof e === 'object' && e !== null ? (e as Coded).code : undefined;
}

/** Two transactions met; PostgreSQL undid ours, which may be run again. */
export function isSerializationLoss(e: unknown): boolean {
  const code = codeOf(e);
  return code === '40001' || code === '40P01';
}

/** Any error of the store as the user meets it. `where` is the data directory or the URL without its password. */
export function asKeelError(e: unknown, where: string): KeelError {
  if (e instanceof KeelError) return e;
  const code = codeOf(e);
  const text =
    e instanceof AggregateError ? e.errors.map(String).join('; ') : e instanceof Error ? e.message : String(e);
  if (code === '53100' || code === 'ENOSPC') return diskFull(where, e);
  if (code === 'XX001' || code === 'XX002') return corrupt(where, text);
  if (typeof code === 'string' && /^28|^3D000$|^42501$/.test(code)) {
    return new KeelError({
      code: 'DATABASE_REFUSED',
      exit: EXIT.actionNeeded,
      field: 'databaseUrl',
      value: where,
      reason: `the database refuses this user (${text})`,
      remedy: 'Correct user, password and database name of DATABASE_URL, and grant CREATE on its schema',
      cause: e,
    });
  }
  if (isRetryable(e)) {
    return new KeelError({
      code: 'DATABASE_UNREACHABLE',
      exit: EXIT.unreachable,
      field: 'databaseUrl',
      value: where,
      reason: `the database does not answer (${text})`,
      remedy: 'Start the server or correct DATABASE_URL',
      retry: 'later',
      cause: e,
    });
  }
  return new KeelError({
    code: 'DATABASE_ERROR',
    exit: EXIT.bug,
    field: 'databaseUrl',
    value: where,
    reason: `the database rejected a statement (${text})`,
    remedy: 'Report this as a bug together with the message',
    cause: e,
  });
}
