/** Follows the journal. LISTEN only says "look": what is delivered is read by id, so nothing is lost with a connection. */
import { Client } from 'pg';
import type { Connection } from './db.ts';
import { asKeelError, isConnectionLoss } from './failures.ts';
import { type JournalEntry, readJournal } from './journal.ts';
import { CHANNEL } from './migrations.ts';

/** Gets one or more entries, oldest first, never the same twice. A throw ends the listener. */
export type Follow = (entries: readonly JournalEntry[]) => void | Promise<void>;

export type Listener = {
  /** Fulfils once the listener hears everything that is written from then on. */
  readonly ready: Promise<void>;
  /** Fulfils after close; rejects when `fn` threw or the database refuses for good. */
  readonly done: Promise<void>;
  close(): Promise<void>;
};

type Options = {
  readonly connection: () => Connection;
  readonly revive: () => Promise<void>;
  readonly fn: Follow;
  readonly after: number | null;
  readonly where: string;
};

const BATCH = 500;
const RETRY_MS = { first: 20, most: 2_000 };

export function follow(options: Options): Listener {
  let last = options.after;
  let closed = false;
  let client: Client | null = null;
  const started = Promise.withResolvers<void>();
  /** Replaced each time it fires: something may have happened. */
  let signal = Promise.withResolvers<void>();
  const wake = () => {
    signal.resolve();
    signal = Promise.withResolvers<void>();
  };

  const session = async (): Promise<void> => {
    let lost = false;
    const mine = new Client({
      ...options.connection(),
      application_name: 'evenkeel-listen',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    client = mine;
    const lose = () => {
      lost = true;
      wake();
    };
    mine.on('error', lose).on('end', lose).on('notification', wake);
    try {
      await mine.connect();
      await mine.query(`listen ${CHANNEL}`);
      if (last === null) {
        const newest = await mine.query<{ id: string | null }>('select max(id) as id from journal');
        last = Number(newest.rows[0]?.id ?? 0);
      }
      started.resolve();
      while (!closed && !lost) {
        const heard = signal.promise; // taken before reading, so that a row committed meanwhile is not slept through
        const entries = await readJournal(mine, last, BATCH);
        if (entries.length > 0) {
          await deliver(entries);
          last = entries.at(-1)?.id ?? last;
        } else await heard;
      }
    } finally {
      client = null;
      if (!lost) await mine.end();
    }
  };

  const deliver = async (entries: readonly JournalEntry[]): Promise<void> => {
    try {
      await options.fn(entries);
    } catch (e) {
      throw new HandlerFailed(e);
    }
  };

  const run = async (): Promise<void> => {
    let pause = RETRY_MS.first;
    while (!closed) {
      const before = last;
      try {
        await session();
      } catch (e) {
        if (e instanceof HandlerFailed) throw e.cause;
        if (!isConnectionLoss(e)) throw asKeelError(e, options.where);
      }
      if (closed) return;
      if (last !== before) pause = RETRY_MS.first;
      // The server is away and sends no event when it is back: ask again, less and less often.
      const heard = signal.promise;
      const timer = setTimeout(wake, pause);
      await heard;
      clearTimeout(timer);
      pause = Math.min(pause * 2, RETRY_MS.most);
      if (!closed) await options.revive();
    }
  };

  const done = run();
  done.then(started.resolve, started.reject);
  started.promise.catch(() => {}); // `done` carries the same error
  return {
    ready: started.promise,
    done,
    async close() {
      closed = true;
      wake();
      const open = client;
      if (open) await open.end().catch(() => {}); // ends a read that is under way; a broken connection has ended already
      await done.catch(() => {}); // whoever awaits `done` gets it
    },
  };
}

class HandlerFailed extends Error {
  constructor(cause: unknown) {
    super('the journal handler failed', { cause });
  }
}
