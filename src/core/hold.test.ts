import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyFlow, type Flow, foldFlows, holdNavUsdE8, UNREADABLE_REMAINING } from './hold.ts';
import { address, USD, wethOver } from './testing/fixtures.ts';

const weth = address(1);
const deposited = (token: Flow['token'], amount: bigint): Flow => ({ event: 'Deposited', token, amount });
const withdrawn = (token: Flow['token'], amount: bigint, remaining: bigint): Flow => ({
  event: 'Withdrawn',
  token,
  amount,
  remaining,
});

describe('same coins, never rebalanced', () => {
  it('adds deposits, by address whatever its case', () => {
    const mixed = `0x${'aB'.repeat(20)}` as const;
    const lower = `0x${'ab'.repeat(20)}` as const;
    expect(foldFlows([deposited(mixed, 5n), deposited(lower, 7n)])).toEqual({ [lower]: 12n });
  });

  it('takes out the share that was withdrawn, not the amount', () => {
    // 10 were deposited, trades left 8 of them, 2 of those 8 go: a quarter of the untouched 10 goes too.
    expect(foldFlows([deposited(weth, 10_000n), withdrawn(weth, 2_000n, 6_000n)])).toEqual({ [weth]: 7_500n });
    expect(foldFlows([deposited(weth, 10n), withdrawn(weth, 8n, 0n)])).toEqual({ [weth]: 0n });
    expect(foldFlows([deposited(weth, 10n), withdrawn(weth, 0n, 0n)])).toEqual({ [weth]: 10n });
  });

  it('takes the amount when the token would not say what is left', () => {
    expect(foldFlows([deposited(weth, 10n), withdrawn(weth, 4n, UNREADABLE_REMAINING)])).toEqual({ [weth]: 6n });
    expect(foldFlows([deposited(weth, 10n), withdrawn(weth, 40n, UNREADABLE_REMAINING)])).toEqual({ [weth]: 0n });
  });

  it('owes nothing for coins that only trades brought in', () => {
    expect(foldFlows([withdrawn(weth, 5n, 5n)])).toEqual({ [weth]: 0n });
  });

  it('never goes below zero, and folding in parts gives the same', () => {
    const flow = fc.oneof(
      fc.record({
        event: fc.constant('Deposited' as const),
        token: fc.constantFrom(weth, address(2)),
        amount: fc.bigInt(0n, 10n ** 20n),
      }),
      fc.record({
        event: fc.constant('Withdrawn' as const),
        token: fc.constantFrom(weth, address(2)),
        amount: fc.bigInt(0n, 10n ** 20n),
        remaining: fc.bigInt(0n, 10n ** 20n),
      }),
    );
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 30 }), fc.nat(30), (flows, cut) => {
        const all = foldFlows(flows);
        for (const amount of Object.values(all)) expect(amount).toBeGreaterThanOrEqual(0n);
        expect(foldFlows(flows.slice(cut), foldFlows(flows.slice(0, cut)))).toEqual(all);
        const first = flows[0];
        if (first) expect(foldFlows([first])).toEqual(applyFlow({}, first));
      }),
    );
  });
});

describe('their value', () => {
  const { assets } = wethOver(0).vault;

  it('is taken at the present prices', () => {
    const held = foldFlows([deposited(address(1), 10n ** 18n), deposited(address(2), 500n * 10n ** 6n)]);
    expect(holdNavUsdE8(held, assets)).toBe(2_500n * USD);
    expect(holdNavUsdE8({}, assets)).toBe(0n);
  });

  it('is unknown when the price of a held coin is, but not when that of another is', () => {
    const held = foldFlows([deposited(address(1), 1n)]);
    const broken = (i: number) => assets.map((a, k) => (k === i ? { ...a, priceStatus: 'STALE' as const } : a));
    expect(holdNavUsdE8(held, broken(0))).toBeNull();
    expect(holdNavUsdE8(held, broken(1))).toBe(0n);
    expect(holdNavUsdE8(foldFlows([deposited(address(77), 1n)]), assets)).toBeNull();
    expect(holdNavUsdE8(foldFlows([deposited(address(77), 1n), withdrawn(address(77), 1n, 0n)]), assets)).toBe(0n);
  });
});
