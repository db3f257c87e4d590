import { describe, expect, it } from 'vitest';
import { dueOf, isEpochOpen, nextSliceAt } from './due.ts';
import { NOW, wethOver } from './testing/fixtures.ts';

type Changes = Parameters<typeof wethOver>[1];

function due(over: number, changes: Changes = {}, now = NOW) {
  return dueOf(wethOver(over, changes).vault, now);
}

// The exact edges are compared with the contract in test/golden; these say what the answers mean.
describe('due', () => {
  it('is a deviation only past the band, at once', () => {
    expect(due(5_000)).toEqual({ kind: 'NONE', reason: 'IN_BAND', retryAt: 0 });
    expect(due(5_001)).toEqual({ kind: 'DEVIATION', reason: 'DEVIATION', retryAt: NOW });
  });

  it('waits for the cooldown after an epoch, but not before the first', () => {
    const ended = { epoch: 1, epochEnd: NOW - 100 };
    expect(due(6_000, { state: ended })).toEqual({ kind: 'NONE', reason: 'COOLDOWN', retryAt: NOW - 100 + 3_600 });
    expect(due(6_000, { state: ended }, NOW + 3_500).kind).toBe('DEVIATION');
    expect(due(6_000, { state: { epoch: 0, epochEnd: NOW } }).kind).toBe('DEVIATION');
  });

  it('follows the schedule from the inner band on, and names its time before', () => {
    const policy = { scheduleS: 86_400 };
    expect(due(2_000, { policy }).kind).toBe('SCHEDULE');
    expect(due(900, { policy })).toEqual({ kind: 'NONE', reason: 'IN_BAND', retryAt: 0 });
    expect(due(2_000, { policy, state: { epochEnd: NOW - 1_000 } }).retryAt).toBe(NOW - 1_000 + 86_400);
  });

  it('says that what is outside its band is too small to trade', () => {
    expect(due(6_000, { policy: { minTradeUsdE2: 700_000 } }).reason).toBe('BELOW_MIN_TRADE');
  });

  it('continues an open epoch until it ends, each slice after its cooldown, whatever the prices', () => {
    const open = { epoch: 2, sequence: 1, lastSliceAt: NOW - 10, epochEnd: NOW + 5 };
    expect(due(0, { state: open })).toEqual({ kind: 'CONTINUE', reason: 'CONTINUE', retryAt: NOW + 50 });
    const { vault } = wethOver(0, { state: open });
    expect([isEpochOpen(vault, NOW + 4), isEpochOpen(vault, NOW + 5)]).toEqual([true, false]);
    expect(nextSliceAt(vault, NOW + 100)).toBe(NOW + 100);
    // Slices keep their distance across epochs too.
    const first = wethOver(0, { state: { ...open, sequence: 0 } }).vault;
    expect(nextSliceAt(first, NOW)).toBe(NOW + 50);
  });

  it('says nothing about a portfolio while it is paused, even about bad prices', () => {
    expect(due(6_000, { state: { pausedUntil: NOW + 1 } })).toEqual({
      kind: 'NONE',
      reason: 'PAUSED',
      retryAt: NOW + 1,
    });
    expect(due(6_000, { state: { pausedUntil: NOW } }).kind).toBe('DEVIATION');
  });
});

describe('what can be done counts, not what has drifted', () => {
  it('is not due when no fill of the smallest size is possible between any two assets', () => {
    // WETH is outside its band, but a slice may not sell as much as the smallest trade.
    expect(due(6_000, { policy: { maxSliceBps: 4, minTradeUsdE2: 5_000 } }).reason).toBe('BELOW_MIN_TRADE');
    expect(due(6_000, { policy: { maxSliceBps: 5, minTradeUsdE2: 5_000 } }).kind).toBe('DEVIATION');
  });

  it('is a stop at once while something stopped is held, and nothing once it is sold', () => {
    const state = { epoch: 3, epochEnd: NOW - 1, stopped: 0b1 };
    expect(due(0, { state })).toEqual({ kind: 'STOP', reason: 'STOPPED', retryAt: NOW });
    expect(due(-40_000, { state })).toEqual({ kind: 'NONE', reason: 'IN_BAND', retryAt: 0 });
  });

  it('opens no rebalance for half a percent of something stopped, or a gift of that size', () => {
    // {USD} of WETH, which is stopped, beside 20,000 of WBTC and as much USDC as makes 100,000 together.
    const at = (held: number) => due(held - 40_000, { state: { epoch: 3, epochEnd: NOW - 1, stopped: 0b1 } });
    expect([at(500).kind, at(501).kind]).toEqual(['NONE', 'STOP']);
  });
});
