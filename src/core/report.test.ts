import { describe, expect, it } from 'vitest';
import { dueOf } from './due.ts';
import { KeelError } from './errors.ts';
import { fillTargetOf } from './fillVenue.ts';
import { planRebalance } from './plan.ts';
import { type FilledEvent, realise } from './report.ts';
import { address, NOW, RULE, USD, wethOver, word } from './testing/fixtures.ts';
import type { Address, Hop, Plan, Snapshot } from './types.ts';

const snapshot: Snapshot = wethOver(6_000, { policy: { maxSliceBps: 200 } });

function planOf(s: Snapshot): Plan {
  const { plan } = planRebalance(s, RULE, dueOf(s.vault, NOW));
  if (!plan) throw new Error('no plan');
  return plan;
}

const plan = planOf(snapshot);
const FILLER = address(0xf111e5);

/** The fills as planned, each amount changed by `change`. */
function fillsOf(p: Plan, change: (f: FilledEvent) => Partial<FilledEvent> = () => ({})): FilledEvent[] {
  return p.slices.flatMap((s) =>
    s.legs.map((l) => {
      const { sell, buy, amountIn, quotedOut: amountOut } = l;
      const asked = fillTargetOf(l, FILLER);
      if (asked === null) throw new Error('no target');
      const f = { sequence: s.sequence, sell, buy, ...asked, amountIn, amountOut, txHash: word(s.sequence) };
      return { ...f, ...change(f) };
    }),
  );
}

const receipts = plan.slices.map((s) => ({ hash: word(s.sequence), gasUsed: 150_000n, gasPriceWei: 2_000_000_000n }));

describe('realise', () => {
  it('finds no slippage when every fill came as quoted', () => {
    const r = realise({ snapshot, slices: plan.slices, fills: fillsOf(plan), receipts, pathFiller: FILLER });
    expect([r.feeUsdE8, r.impactUsdE8, r.slippageUsdE8]).toEqual([plan.cost.feeUsdE8, plan.cost.impactUsdE8, 0n]);
    expect(r.driftAfterBps).toEqual(plan.driftAfterBps);
    expect([r.gasUnits, r.gasWei]).toEqual([450_000n, 900_000_000_000_000n]);
    expect(r.gasUsdE8).toBe(180_000_000n); // 0.0009 native at $2,000
    expect(r.totalUsdE8).toBe(r.gasUsdE8 + r.feeUsdE8 + r.impactUsdE8 + r.slippageUsdE8);
  });

  it('calls slippage what was promised and not received, whichever way', () => {
    const worse = realise({
      snapshot,
      slices: plan.slices,
      receipts,
      pathFiller: FILLER,
      fills: fillsOf(plan, (f) => ({ amountOut: f.amountOut - 10n ** 6n })),
    });
    expect(worse.slippageUsdE8).toBe(3n * USD);
    const better = realise({
      snapshot,
      slices: plan.slices,
      receipts,
      pathFiller: FILLER,
      fills: fillsOf(plan, (f) => ({ amountOut: f.amountOut + 10n ** 6n })),
    });
    expect(better.slippageUsdE8).toBe(-3n * USD);
    for (const r of [worse, better])
      expect(r.totalUsdE8).toBe(r.gasUsdE8 + r.feeUsdE8 + r.impactUsdE8 + r.slippageUsdE8);
  });

  it('scales promise, fee and impact when the vault clamped the fill', () => {
    const half = realise({
      snapshot,
      slices: plan.slices,
      receipts,
      pathFiller: FILLER,
      fills: fillsOf(plan, (f) => ({ amountIn: f.amountIn / 2n, amountOut: f.amountOut / 2n })),
    });
    expect(half.feeUsdE8).toBe(plan.cost.feeUsdE8 / 2n);
    expect(half.slippageUsdE8).toBe(0n);
    expect(half.fills.every((f) => f.quotedOut === f.amountOut)).toBe(true);
  });

  it('charges gas of transactions that filled nothing', () => {
    const r = realise({ snapshot, slices: plan.slices, fills: [], receipts, pathFiller: FILLER });
    expect([r.fills, r.totalUsdE8]).toEqual([[], r.gasUsdE8]);
    expect(r.gasUsdE8).toBeGreaterThan(0n);
    expect(r.driftAfterBps).toEqual([600, -600, 0]);
  });

  it('refuses a fill that nobody planned, or planned once and happened twice', () => {
    const [first] = fillsOf(plan);
    if (!first) throw new Error('no fill');
    const call = (fills: FilledEvent[]) => () =>
      realise({ snapshot, slices: plan.slices, fills, receipts, pathFiller: FILLER });
    expect(call([{ ...first, buy: 2 }])).toThrow(KeelError);
    expect(call([{ ...first, sequence: 9 }])).toThrow(/no planned leg/);
    expect(call([first, first])).toThrow(/no planned leg/);
    expect(call([{ ...first, target: first.target.toUpperCase().replace('0X', '0x') as `0x${string}` }])).not.toThrow();
  });

  it('knows a path by the filler that took it, and two pools without hooks by their order', () => {
    const leg = plan.slices[0]?.legs[0];
    const [fill] = fillsOf(plan);
    if (!leg || !fill) throw new Error('no leg');
    const v4 = (n: number): Hop => ({
      ...{ venue: 'UNISWAP_V4', pool: word(n), tokenOut: address(2), keyFee: n, tickSpacing: 1 },
      ...{ hooks: address(0), native: false },
    });
    const path = { ...leg, hops: [v4(1), v4(2)], quotedOut: 1n };
    const [first, second] = [
      { ...leg, hops: [v4(3)], quotedOut: 2n },
      { ...leg, hops: [v4(4)], quotedOut: 3n },
    ];
    const slices = [{ sequence: 0, notBefore: 0, legs: [path, first, second] }];
    const direct = { ...fill, venue: 'UNISWAP_V4', target: address(0) } as const;
    const through = { ...fill, venue: 'FILLER', target: FILLER } as const;
    const ask = (fills: FilledEvent[], pathFiller: Address | null = FILLER) =>
      realise({ snapshot, slices, receipts, fills, pathFiller }).fills.map((f) => f.quotedOut);
    expect(ask([through, direct, direct])).toEqual([1n, 2n, 3n]);
    expect(() => ask([through, through])).toThrow(/no planned leg/);
    expect(() => ask([{ ...through, target: address(9) }])).toThrow(/no planned leg/);
    expect(() => ask([through], null)).toThrow(/no planned leg/);
    expect(() => ask([{ ...through, venue: 'UNISWAP_V4' }])).toThrow(/no planned leg/);
  });
});
