/** The rebalancing table of 60 % equity and 40 % bonds, 1926 to 2009, by the vault's own rule of what is due. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dueOf } from '../due.ts';
import { asset, snapshotOf } from '../testing/fixtures.ts';
import type { DueKind, VaultPolicy, VaultState } from '../types.ts';

type Month = { readonly month: number; readonly stock: number; readonly bond: number };

/** One month of a par bond of ten years that is repriced at the new yield. */
function bondReturn(before: number, after: number): number {
  const years = 10 - 1 / 12;
  const discount = (1 + after) ** -years;
  return (before / after) * (1 - discount) + discount + before / 12 - 1;
}

const MONTHS: Month[] = readFileSync(join(import.meta.dirname, 'testing/shiller.csv'), 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => line.split(',').map((field, i) => Number(i === 0 ? field.slice(5) : field)))
  .flatMap(([month = 0, price = 0, dividend = 0, rate = 0], i, rows) => {
    const [, next = 0, , later = 0] = rows[i + 1] ?? [];
    if (i + 1 === rows.length) return [];
    return [{ month, stock: (next + dividend / 12) / price - 1, bond: bondReturn(rate / 100, later / 100) }];
  });

const UNIT = 10n ** 8n;

/** Price 1.0 and 8 decimals: balances are values. NAV is a billion dollars, so that a unit is nothing. */
function vaultAt(equityUsdE8: bigint, bondsUsdE8: bigint, bandBps: number, policy: Partial<VaultPolicy>): VaultState {
  const held = (index: number, symbol: string, targetBps: number, balance: bigint) => ({
    ...asset(index, { symbol, decimals: 8, price: 1, targetBps, bandBps, value: 0 }),
    balance,
  });
  return snapshotOf([held(0, 'EQUITY', 6_000, equityUsdE8), held(1, 'BONDS', 4_000, bondsUsdE8)], [], {
    policy: { minTradeUsdE2: 0, cooldownS: 0, innerBandBps: 0, ...policy },
  }).vault;
}

type Rule = 'threshold' | 'schedule with an inner band';

/** A look at the end of every `every` months (0 = never); what is due goes back to 60/40. */
function table(
  every: number,
  thresholdBps: number,
  rule: Rule,
): { events: number; equity: number; kinds: Set<DueKind> } {
  let [stocks, bonds] = [600_000_000n * UNIT, 400_000_000n * UNIT];
  let [events, weights] = [0, 0];
  const kinds = new Set<DueKind>();
  for (const { month, stock, bond } of MONTHS) {
    weights += Number((stocks * 10n ** 12n) / (stocks + bonds)) / 1e12;
    stocks = BigInt(Math.round(Number(stocks) * (1 + stock)));
    bonds = BigInt(Math.round(Number(bonds) * (1 + bond)));
    if (every === 0 || month % every !== 0) continue;
    const vault =
      rule === 'threshold'
        ? vaultAt(stocks, bonds, thresholdBps, {})
        : vaultAt(stocks, bonds, 10_000, { scheduleS: 1, innerBandBps: thresholdBps });
    const { kind } = dueOf(vault, vault.state.epochEnd + 86_400);
    kinds.add(kind);
    if (kind === 'NONE') continue;
    events++;
    // The wealth of a century does not fit the precision of the start: every rebalance begins anew at a billion.
    [stocks, bonds] = [600_000_000n * UNIT, 400_000_000n * UNIT];
  }
  return { events, equity: (100 * weights) / MONTHS.length, kinds };
}

// every months, threshold bps, our events and average equity on this series; the published ones of Vanguard
const ROWS: readonly (readonly [number, number, number, number, number, number])[] = [
  [1, 0, 1_008, 60.0, 1_008, 60.1],
  [1, 100, 351, 60.1, 389, 60.1],
  [1, 500, 53, 60.9, 58, 61.2],
  [1, 1_000, 19, 61.6, 20, 61.6],
  [3, 100, 194, 60.1, 210, 60.2],
  [3, 500, 46, 60.9, 50, 60.9],
  [3, 1_000, 17, 62.0, 21, 62.6],
  [12, 100, 74, 60.4, 72, 60.5],
  [12, 500, 29, 60.8, 28, 60.7],
  [12, 1_000, 12, 62.0, 15, 63.0],
];

describe('T1 the rebalancing table', () => {
  it('T1 has 1,008 months', () => {
    expect(MONTHS.length).toBe(1_008);
  });

  for (const [every, threshold, events, equity, publishedEvents, publishedEquity] of ROWS)
    for (const rule of ['threshold', 'schedule with an inner band'] as const)
      it(`T1 rebalances ${events} times every ${every} months past ${threshold} bps (${rule})`, () => {
        const ours = table(every, threshold, rule);
        expect(ours.events).toBe(events);
        expect(ours.equity.toFixed(1)).toBe(equity.toFixed(1));
        expect(Math.abs(ours.events - publishedEvents)).toBeLessThanOrEqual(Math.max(4, 0.2 * publishedEvents));
        expect(Math.abs(equity - publishedEquity)).toBeLessThanOrEqual(1);
        expect(ours.kinds).toContain(rule === 'threshold' ? 'DEVIATION' : 'SCHEDULE');
      });

  it('T1 drifts to 86.8 % equity on average when nobody rebalances', () => {
    const ours = table(0, 0, 'threshold');
    expect(ours.events).toBe(0);
    expect(ours.equity.toFixed(1)).toBe('86.8');
    expect(Math.abs(ours.equity - 84.1)).toBeLessThanOrEqual(3);
  });
});
