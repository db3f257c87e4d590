/** One way to a database: the embedded server of a data directory, or any PostgreSQL >= 14 by URL. */
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import { EXIT, KeelError } from '../core/errors.ts';
import { asKeelError, isConnectionLoss, isLockTimeout, isOverdue, isSerializationLoss } from './failures.ts';
import { type Follow, follow, type Listener } from './listen.ts';
import { migrate } from './migrations.ts';
import type { Schema } from './schema.ts';
import { type EmbeddedOptions, type Server, startOrAttach } from './supervisor.ts';

/** The database or a transaction on it: every function of the store takes either. */
export type Q = Kysely<Schema>;

export type Db = {
  readonly kysely: Kysely<Schema>;
  readonly pool: Pool;
  /** For messages: the URL without its password, or the data directory. */
  readonly where: string;
  /** The embedded server; null with DATABASE_URL. */
  readonly server: Server | null;
  /** Delivers every journal entry after `options.after` (default: from now on) in order, across lost connections. */
  listen(fn: Follow, options?: { readonly after?: number }): Listener;
  /** Ends connections and listeners; an ephemeral server goes too, any other keeps running. */
  close(): Promise<void>;
};

export type OpenOptions = EmbeddedOptions & {
  /** postgres://...; takes precedence over the embedded server. */
  readonly databaseUrl?: string;
  /** Most connections of this process at a time. */
  readonly poolSize?: number;
};

const INT8 = 20;
const NUMERIC = 1700;

/** {ms} longer than the server's own statement_timeout: a connection that is silent for this long is dead. */
const ANSWER_MS = 40_000;

/** Connection settings shared by the pool and the listener. */
export type Connection = {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
};

const parsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 || oid === NUMERIC) return BigInt;
    return format === undefined ? types.getTypeParser(oid) : types.getTypeParser(oid, format);
  },
};

/** Connects, starting the embedded server if needed, and migrates when the schema is behind. Throws KeelError. */
export async function openDb(options: OpenOptions): Promise<Db> {
  const { databaseUrl } = options;
  const where = databaseUrl === undefined ? options.dataDir : withoutPassword(databaseUrl);
  let server = databaseUrl === undefined ? await startOrAttach(options) : null;
  const connection = (): Connection =>
    server === null
      ? { connectionString: databaseUrl ?? '' }
      : {
          host: server.host,
          port: server.port,
          user: server.user,
          password: server.password,
          database: server.database,
        };

  const pool = new Pool({
    ...connection(),
    types: parsers as typeof types,
    max: options.poolSize ?? 8,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: ANSWER_MS,
    application_name: 'evenkeel',
    onConnect: async (client) => {
      // A connection that breaks while nobody waits for its answer says so here; its next query fails, and that is handled.
      client.on('error', () => {});
      // A writer whose machine vanished inside its transaction keeps its locks until the server ends it; who waits for
      // them waits a little longer than that.
      await client.query(`
        set time zone 'UTC';
        set idle_in_transaction_session_timeout = '15s';
        set lock_timeout = '20s';
        set statement_timeout = '30s'`);
    },
  });
  // An idle connection that breaks is dropped by the pool; whoever queries next gets a new one or the error.
  pool.on('error', () => {});

  let reviving: Promise<void> | null = null;
  /** A killed embedded server is started again. An ephemeral one is not: its data went with it. */
  const revive = (): Promise<void> => {
    if (server === null || options.ephemeral === true) return Promise.resolve();
    reviving ??= startOrAttach({ ...options, existing: true })
      .then((again) => {
        server = again;
        Object.assign(pool.options, connection());
      })
      .finally(() => {
        reviving = null;
      });
    return reviving;
  };
  const connect = async (): Promise<PoolClient> => {
    try {
      return leased(await pool.connect());
    } catch (e) {
      if (server === null || pool.ending || !isConnectionLoss(e)) throw asKeelError(e, where);
      await revive();
      return leased(await pool.connect());
    }
  };

  const listeners = new Set<Listener>();
  try {
    await migrate(pool, where);
  } catch (e) {
    await pool.end();
    await server?.release();
    throw asKeelError(e, where);
  }
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end(), options: pool.options } }),
  });
  let closed: Promise<void> | null = null;
  return {
    kysely,
    pool,
    where,
    get server() {
      return server;
    },
    listen(fn, { after } = {}) {
      const listener = follow({ connection, revive, fn, after: after ?? null, where });
      listeners.add(listener);
      return listener;
    },
    close() {
      closed ??= (async () => {
        await Promise.all([...listeners].map((l) => l.close()));
        await pool.end();
        await server?.release();
      })();
      return closed;
    },
  };
}

/** A connection on which an answer is overdue goes back to nobody: the answer may still come, to the wrong question. */
function leased(client: PoolClient): PoolClient {
  let overdue = false;
  return new Proxy(client, {
    get(target, key) {
      if (key === 'release') return (broken?: Error | boolean) => target.release(broken || overdue);
      if (key === 'query') {
        return (...args: unknown[]) => {
          const answer: unknown = Reflect.apply(target.query, target, args);
          if (answer instanceof Promise) {
            answer.catch((e: unknown) => {
              overdue ||= isOverdue(e);
            });
          }
          return answer;
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password !== '') parsed.password = '***';
    for (const key of [...parsed.searchParams.keys()]) {
      if (/password/i.test(key)) parsed.searchParams.set(key, '***');
    }
    return parsed.toString();
  } catch {
    throw new KeelError({
      code: 'DATABASE_URL_INVALID',
      exit: EXIT.usage,
      field: 'databaseUrl',
      value: '(hidden)',
      reason: 'it is not a URL',
      remedy: 'Write it as postgres://user:password@host:5432/database',
    });
  }
}

/** URL of a server's database, for another openDb. */
export function urlOf(server: Server, database = server.database): string {
  const auth = `${encodeURIComponent(server.user)}:${encodeURIComponent(server.password)}`;
  if (server.host.startsWith('/')) {
    return `postgres://${auth}@localhost:${server.port}/${database}?host=${encodeURIComponent(server.host)}`;
  }
  return `postgres://${auth}@${server.host}:${server.port}/${database}`;
}

const TRANSACTION_ATTEMPTS = 5;

/**
 * Runs `fn` in the transaction `q` when it is one, else in a new one, which is run again when PostgreSQL undid it in favour
 * of another (deadlock, serialization) or gave up waiting for its lock. `fn` must therefore have no effect outside the database that cannot be repeated.
 */
export async function transact<T>(q: Q, fn: (t: Transaction<Schema>) => Promise<T>): Promise<T> {
  if (q.isTransaction) return fn(q as Transaction<Schema>);
  for (let attempt = 1; ; attempt++) {
    try {
      return await q.transaction().execute(fn);
    } catch (e) {
      if (attempt === TRANSACTION_ATTEMPTS || !(isSerializationLoss(e) || isLockTimeout(e))) throw e;
    }
  }
}

/** Ids and block numbers fit a double; a value that does not is a bug. */
export function toNumber(value: bigint): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n)) throw new RangeError(`${value} is not a safe integer`);
  return n;
}

/** Unix seconds of the database's clock. */
export function toUnix(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
