import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { coalesce } from './live.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('turns a burst into one load now and one later, and forgets none', async () => {
  let loads = 0;
  const request = coalesce(async () => {
    loads++;
  }, 1_000);
  for (let i = 0; i < 50; i++) request();
  expect(loads).toBe(1);
  await vi.advanceTimersByTimeAsync(999);
  expect(loads).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(loads).toBe(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loads).toBe(2);
  request();
  expect(loads).toBe(3);
});

it('waits for a slow load before the next', async () => {
  const done: (() => void)[] = [];
  const request = coalesce(() => new Promise<void>((resolve) => done.push(resolve)), 100);
  request();
  request();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(done.length).toBe(1);
  done[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(done.length).toBe(2);
});
