import { describe, expect, it } from 'vitest';
import { wantedMoves } from './moves.ts';
import { asset, POLICY, USD } from './testing/fixtures.ts';

const NAV = 100_000n * USD;
const BOTH = { sides: {}, buyOnlyWith: null };
const of = (i: number, symbol: string, targetBps: number, value: number) =>
  asset(i, { symbol, decimals: 8, price: 1, targetBps, bandBps: 500, value });

/** WETH 8 points over, WBTC 5 under, LINK 3 under. */
const assets = [of(0, 'WETH', 4_000, 48_000), of(1, 'WBTC', 3_000, 25_000), of(2, 'LINK', 3_000, 27_000)];
const usd = (moves: readonly bigint[]): number[] => moves.map((m) => Number(m / USD));

describe('wantedMoves', () => {
  it('brings everything back to its target when that is the destination', () => {
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, BOTH))).toEqual([-8_000, 5_000, 3_000]);
  });

  it('brings what lies beyond its destination back to it, and lets the others give what that needs', () => {
    const half = { ...POLICY, destinationBps: 5_000 }; // 2.5 points
    expect(usd(wantedMoves(half, assets, NAV, 0, BOTH))).toEqual([-5_500, 3_750, 1_750]);
  });

  it('buys nothing that was sold in this epoch', () => {
    expect(usd(wantedMoves(POLICY, assets, NAV, 0b10, BOTH))).toEqual([-8_000, 0, 3_000]);
  });

  it('trades each asset the ways it may be traded', () => {
    const locked = wantedMoves(POLICY, assets, NAV, 0, { sides: { LINK: 'LOCKED' }, buyOnlyWith: null });
    expect(usd(locked)).toEqual([-6_285, 5_000, 0]);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: { WETH: 'BUY_ONLY' }, buyOnlyWith: null }))[0]).toBe(0);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: {}, buyOnlyWith: 'WETH' }))).toEqual([
      -8_000, 5_000, 3_000,
    ]);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: {}, buyOnlyWith: 'LINK' }))).toEqual([0, 0, 0]);
  });

  it('sells what a stop sells, whatever the owner wants traded otherwise', () => {
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, null))[0]).toBe(-8_000);
  });
});
