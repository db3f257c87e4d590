import type { Activity } from '../../src/api/types.ts';
import type { Mode, Outcome, PriceStatus } from '../../src/core/types.ts';

export const MODE_WORDS: Record<Mode, string> = {
  REHEARSAL: 'LOCAL REHEARSAL',
  FORK: 'FORK',
  TESTNET: 'TESTNET',
  LIVE: 'LIVE',
};

export const MODE_MEANING: Record<Mode, string> = {
  REHEARSAL: 'A chain on this computer. The coins are not real.',
  FORK: 'A local copy of a real chain. The coins are not real.',
  TESTNET: 'A public test chain. The coins have no value.',
  LIVE: 'A real chain and real coins.',
};

export const OUTCOME_WORDS: Record<Outcome, string> = {
  TRADED: 'Traded',
  NO_TRADE: 'No trade',
  HELD_BACK: 'Held back',
  FAILED: 'Failed',
  SKIPPED: 'Skipped',
};

/** For the window's title: the state first, so that a background tab tells it. */
export const ACTIVITY_WORDS: Record<Activity, string> = {
  WATCHING: 'Watching',
  TRADING: 'Trading',
  WAITING: 'Waiting',
  PAUSED: 'Paused',
  CANNOT_ACT: 'Cannot act',
  EMPTY: 'Empty',
  KEEPER_SILENT: 'Keeper silent',
};

export const PRICE_WORDS: Record<PriceStatus, string> = {
  OK: 'price is fresh',
  STALE: 'price is stale',
  INVALID: 'price is invalid',
  OUT_OF_BOUNDS: 'price is outside its bounds',
  DIVERGED: 'two sources differ',
  SEQUENCER_DOWN: 'sequencer down',
  UNREACHABLE: 'price source does not answer',
};

/** "a, b and c" */
export function listWords(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
