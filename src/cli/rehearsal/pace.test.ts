import { describe, expect, it } from 'vitest';
import type { CheckSummary } from '../../core/types.ts';
import { createPace } from './pace.ts';

const HOUR = 3_600;
const step = (time: number) => ({ time, feedRounds: 0, traded: [] });
const check = (time: number) => ({ kind: 'CHECK' as const, check: { time } as CheckSummary });

function recordingMarket() {
  const steps: number[] = [];
  return {
    steps,
    async step(time: number) {
      steps.push(time);
      return step(time);
    },
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const marker = Symbol();
  return (await Promise.race([promise, new Promise((done) => setImmediate(() => done(marker)))])) === marker;
}

describe('pace', () => {
  it('waits for the check of the hour and for nothing else', async () => {
    const pace = createPace(recordingMarket(), 'hourly');
    pace.hear(check(0));
    await pace.settled(step(HOUR - 1));
    const waiting = pace.settled(step(HOUR));
    expect(await isPending(waiting)).toBe(true);
    pace.hear(check(HOUR));
    await waiting;
  });

  it('gives a parked run the block it waits for', async () => {
    const market = recordingMarket();
    const pace = createPace(market, 'hourly');
    const waiting = pace.settled(step(HOUR));
    pace.hear({ kind: 'PARKED', runAt: HOUR + 60 });
    expect(await isPending(waiting)).toBe(true);
    pace.hear(check(HOUR));
    await waiting;
    expect(market.steps).toEqual([HOUR + 60]);
  });

  it('goes on without a keeper that is silent, and waits again once it is heard', async () => {
    const pace = createPace(recordingMarket(), 'hourly', 20);
    await pace.settled(step(HOUR));
    await pace.settled(step(2 * HOUR));
    pace.hear(check(2 * HOUR));
    const waiting = pace.settled(step(3 * HOUR));
    expect(await isPending(waiting)).toBe(true);
    pace.end();
    await waiting;
  });
});
