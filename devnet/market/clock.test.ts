import { describe, expect, it } from 'vitest';
import { KeelError } from '../../src/core/errors.ts';
import { createClock } from './clock.ts';

const MAX = 14_400;
const noError = (error: unknown): never => {
  throw error;
};

/** A clock that counts its beats, and a promise of the n-th. */
function counting(last = Number.POSITIVE_INFINITY) {
  const beats: number[] = [];
  let waiting: { n: number; done: () => void } | null = null;
  const clock = createClock({
    maxSpeed: MAX,
    beat: async (seconds) => {
      beats.push(seconds);
      if (waiting && beats.length >= waiting.n) waiting.done();
      return beats.length < last;
    },
  });
  const beat = (n: number): Promise<void> => new Promise((done) => (waiting = { n, done }));
  return { clock, beats, beat };
}

describe('clock', () => {
  it('moves the chain by a quarter of the speed, four times a second', async () => {
    const { clock, beats, beat } = counting();
    clock.setSpeed(MAX);
    const started = performance.now();
    const third = beat(3);
    clock.start(noError);
    await third;
    clock.stop();
    expect(beats).toEqual([3_600, 3_600, 3_600]);
    expect(performance.now() - started).toBeGreaterThan(700);
  });

  it('takes a new speed at once: at life speed the first beat is twelve seconds away', async () => {
    const { clock, beats, beat } = counting();
    const started = performance.now();
    const first = beat(1);
    clock.start(noError);
    clock.setSpeed(20);
    await first;
    clock.stop();
    expect(beats).toEqual([12]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('stops at the end, and does not start a beat after a stop', async () => {
    const { clock, beats, beat } = counting(2);
    clock.setSpeed(MAX);
    const second = beat(2);
    clock.start(noError);
    await second;
    await Promise.resolve();
    expect(clock.running).toBe(false);
    clock.start(noError);
    clock.stop();
    expect(clock.running).toBe(false);
    expect(beats).toHaveLength(2);
  });

  it('hands an error to its owner and stops', async () => {
    const clock = createClock({ maxSpeed: MAX, beat: () => Promise.reject(new Error('the chain is gone')) });
    clock.setSpeed(MAX);
    const error = await new Promise((done) => clock.start(done));
    expect(String(error)).toContain('the chain is gone');
    expect(clock.running).toBe(false);
  });

  it.each([0, 0.5, -1, MAX + 1, Number.NaN])('refuses a speed of %s', (speed) => {
    const { clock } = counting();
    expect(() => clock.setSpeed(speed)).toThrow(KeelError);
    expect(clock.speed).toBe(1);
  });
});
