import { decodeJson } from '../../core/json.ts';
import type { CheckSummary } from '../../core/types.ts';
import { clockSignal } from '../../keeper/events.ts';
import type { Db } from '../../store/db.ts';

export type KeeperNews =
  | { readonly kind: 'CHECK'; readonly check: CheckSummary }
  /** A run waits for a block at this chain time. */
  | { readonly kind: 'PARKED'; readonly runAt: number };

export type KeeperFollower = {
  /** The next news in the order in which they were committed. */
  next(): Promise<KeeperNews>;
  close(): Promise<void>;
};

/** Reads the journal as it is written, whichever process writes it. */
export async function followKeeper(db: Db): Promise<KeeperFollower> {
  const waiting: KeeperNews[] = [];
  let wake = Promise.withResolvers<void>();
  const listener = db.listen((entries) => {
    for (const entry of entries) {
      const signal = clockSignal(entry);
      if (signal?.kind === 'run.parked') waiting.push({ kind: 'PARKED', runAt: signal.runAt });
      if (signal?.kind === 'check.final') waiting.push({ kind: 'CHECK', check: decodeJson(entry.payload) });
    }
    wake.resolve();
  });
  listener.done.catch((error: unknown) => {
    wake.promise.catch(() => undefined); // the error is for whoever calls next()
    wake.reject(error);
  });
  await listener.ready;
  return {
    async next() {
      for (;;) {
        const news = waiting.shift();
        if (news) return news;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    },
    close: () => listener.close(),
  };
}
