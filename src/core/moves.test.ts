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
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, BOTH, 0))).toEqual([-8_000, 5_000, 3_000]);
  });

  it('brings what lies beyond its destination back to it, and lets the others give what that needs', () => {
    const half = { ...POLICY, destinationBps: 5_000 }; // 2.5 points
    expect(usd(wantedMoves(half, assets, NAV, 0, BOTH, 0))).toEqual([-5_500, 3_750, 1_750]);
  });

  it('buys nothing that was sold in this epoch', () => {
    expect(usd(wantedMoves(POLICY, assets, NAV, 0b10, BOTH, 0))).toEqual([-8_000, 0, 3_000]);
  });

  it('trades each asset the ways it may be traded', () => {
    const locked = wantedMoves(POLICY, assets, NAV, 0, { sides: { LINK: 'LOCKED' }, buyOnlyWith: null }, 0);
    expect(usd(locked)).toEqual([-6_285, 5_000, 0]);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: { WETH: 'BUY_ONLY' }, buyOnlyWith: null }, 0))[0]).toBe(0);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: {}, buyOnlyWith: 'WETH' }, 0))).toEqual([
      -8_000, 5_000, 3_000,
    ]);
    expect(usd(wantedMoves(POLICY, assets, NAV, 0, { sides: {}, buyOnlyWith: 'LINK' }, 0))).toEqual([0, 0, 0]);
  });

  it('sells what a stop sells into the safe assets, and nothing else that is locked', () => {
    const locked = { sides: { WETH: 'LOCKED', WBTC: 'LOCKED', LINK: 'LOCKED' }, buyOnlyWith: null } as const;
    const [weth, wbtc, link] = assets.map((a, i) => ({
      ...a,
      safe: i === 2,
      targetBps: [0, 3_000, 7_000][i] ?? 0,
      bandBps: i === 0 ? 0 : 500,
    }));
    if (!weth || !wbtc || !link) throw new Error('fixture');
    const moves = usd(wantedMoves(POLICY, [weth, wbtc, link], NAV, 0, locked, 0b1));
    expect(moves.map(Math.sign)).toEqual([-1, 0, 1]);
    expect(moves[2]).toBe(43_000);
    // Long sold: the owner's wish counts again.
    const sold = { ...weth, balance: 0n };
    expect(usd(wantedMoves(POLICY, [sold, wbtc, link], NAV, 0, locked, 0b1))).toEqual([0, 0, 0]);
  });

  it('invests a deposit also where rebalances leave drift', () => {
    const half = { ...POLICY, destinationBps: 6_000 };
    const held = [of(0, 'WETH', 5_000, 40_000), of(1, 'WBTC', 3_500, 35_000), of(2, 'LINK', 1_500, 25_000)];
    expect(usd(wantedMoves(half, held, NAV, 0, { sides: {}, buyOnlyWith: 'LINK' }, 0))).toEqual([7_000, 0, -7_000]);
  });
});
