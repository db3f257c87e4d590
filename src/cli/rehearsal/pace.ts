/**
 * Keeps a fast market and its keeper together. An hour passes in a quarter of a second at the highest speed, and a
 * slice must land within minutes of chain time; so the market waits for each check that is due, as long as a keeper answers
 * at all, and gives a waiting run the block it waits for.
 */
import type { Step } from '../../../devnet/market/replay.ts';
import { isCheckDue } from '../../core/checkTimes.ts';
import type { Frequency } from '../../core/types.ts';
import type { KeeperNews } from './follow.ts';

/** A keeper that is silent for longer is treated as gone until it is heard again: the market does not stand still. */
const PATIENCE_MS = 10_000;

export type Pace = {
  readonly hear: (news: KeeperNews) => void;
  /** Fulfils when the keeper has dealt with this block. */
  readonly settled: (step: Step) => Promise<void>;
  /** Lets go of whoever waits. */
  readonly end: () => void;
};

export function createPace(
  market: { readonly step: (toTime: number) => Promise<Step> },
  frequency: Frequency,
  patienceMs: number = PATIENCE_MS,
): Pace {
  let lastCheckAt: number | null = null;
  let parkedUntil: number | null = null;
  let gone = false;
  let ended = false;
  let heard = Promise.withResolvers<void>();

  /** Something was heard, in time. */
  async function hears(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((done) => {
      timer = setTimeout(() => done('late'), patienceMs);
    });
    const first = await Promise.race([heard.promise, late]);
    clearTimeout(timer);
    return first !== 'late';
  }

  return {
    hear(news) {
      gone = false;
      if (news.kind === 'PARKED') parkedUntil = news.runAt;
      else lastCheckAt = Math.max(lastCheckAt ?? 0, news.check.time);
      heard.resolve();
      heard = Promise.withResolvers<void>();
    },
    async settled(step) {
      while (!ended && !gone && isCheckDue(frequency, lastCheckAt, step.time)) {
        if (parkedUntil !== null) {
          const until = parkedUntil;
          parkedUntil = null;
          await market.step(until);
        } else if (!(await hears())) gone = true;
      }
    },
    end() {
      ended = true;
      heard.resolve();
    },
  };
}
