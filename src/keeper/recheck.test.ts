import { describe, expect, it } from 'vitest';
import { INCLUSION_MARGIN_S } from '../core/allocate.ts';
import { decide } from '../core/decide.ts';
import { NOW, RULE, wethOver } from '../core/testing/fixtures.ts';
import type { Plan, Snapshot } from '../core/types.ts';
import { gasCeilingWei, recheckSlice } from './recheck.ts';

function planOf(snapshot: Snapshot): Plan {
  const { plan } = decide(snapshot, RULE, { now: NOW, runInProgress: false });
  if (plan === null) throw new Error('nothing to plan');
  return plan;
}

function first(plan: Plan): Plan['slices'][number] {
  const [slice] = plan.slices;
  if (slice === undefined) throw new Error('no slice');
  return slice;
}

/** The snapshot some seconds later, with parts of it changed. */
function later(
  snapshot: Snapshot,
  change: {
    state?: object;
    assets?: (a: Snapshot['vault']['assets'][number]) => object;
    gas?: object;
    seconds?: number;
  },
): Snapshot {
  const { vault, block } = snapshot;
  return {
    ...snapshot,
    block: { ...block, number: block.number + 1, time: block.time + (change.seconds ?? 12) },
    gas: { ...snapshot.gas, ...change.gas },
    vault: {
      ...vault,
      state: { ...vault.state, ...change.state },
      assets: vault.assets.map((a) => ({ ...a, ...change.assets?.(a) })),
    },
  };
}

const drifted = wethOver(9_000, { policy: { maxSliceBps: 300 } });
const plan = planOf(drifted);

describe('recheckSlice', () => {
  it.each([6_000, 9_000, 15_000, 30_000])('keeps every leg of a plan when nothing changed ($%i over)', (over) => {
    const snapshot = wethOver(over);
    const p = planOf(snapshot);
    expect(recheckSlice(snapshot, RULE, p, first(p), true)).toEqual({ kind: 'go', legs: first(p).legs });
  });

  it('shrinks to what is left, and never grows', () => {
    const half = recheckSlice(
      later(drifted, { assets: (a) => (a.symbol === 'WETH' ? { balance: (a.balance * 95n) / 100n } : {}) }),
      { ...RULE, maxImpactBps: 10_000 },
      plan,
      first(plan),
      true,
    );
    const more = recheckSlice(
      later(drifted, { assets: (a) => (a.symbol === 'WETH' ? { balance: (a.balance * 120n) / 100n } : {}) }),
      { ...RULE, maxImpactBps: 10_000 },
      plan,
      first(plan),
      true,
    );
    if (half.kind !== 'go' || more.kind !== 'go') throw new Error(`${half.kind}, ${more.kind}`);
    const planned = first(plan).legs;
    for (const [i, leg] of half.legs.entries()) expect(leg.amountIn).toBeLessThanOrEqual(planned[i]?.amountIn ?? 0n);
    expect(half.legs.reduce((s, l) => s + l.amountIn, 0n)).toBeLessThan(planned.reduce((s, l) => s + l.amountIn, 0n));
    for (const [i, leg] of more.legs.entries()) expect(leg.amountIn).toBe(planned[i]?.amountIn);
    for (const leg of [...half.legs, ...more.legs]) {
      expect(leg.minOut).toBeLessThanOrEqual(leg.quotedOut);
      expect(leg.minOut * 100n).toBeGreaterThan(leg.quotedOut * 98n);
    }
  });

  const open = { epoch: plan.epoch, sequence: 1, lastSliceAt: NOW, epochEnd: NOW + 3_600, epochNavUsdE8: 10n ** 13n };
  const second = plan.slices[1];
  if (second === undefined) throw new Error('one slice only');

  it('goes on with the second slice of the open epoch', () => {
    const look = recheckSlice(later(drifted, { seconds: 60, state: open }), RULE, plan, second, false);
    expect(look.kind).toBe('go');
  });

  it.each([
    ['the owner paused', true, { state: { pausedUntil: NOW + 1e9 } }, 'PAUSED'],
    [
      'a price went stale',
      true,
      { assets: (a) => (a.symbol === 'WETH' ? { priceStatus: 'STALE', priceUsdE8: 0n } : {}) },
      'PRICE_STALE',
    ],
    [
      'the market came back',
      true,
      { assets: (a) => ({ balance: (a.balance * 40n) / ({ WETH: 49n, USDC: 31n }[a.symbol] ?? 40n) }) },
      'IN_BAND',
    ],
    ['somebody opened the epoch', true, { state: { epoch: plan.epoch, epochEnd: NOW - 7_200 } }, 'TX_REPLACED'],
    ['gas is too dear before anything began', true, { gas: { baseFeeWei: 10n ** 12n } }, 'GAS_ABOVE_CAP'],
    ['the native coin has no price', true, { gas: { nativeUsdE8: 0n } }, 'PRICE_UNREACHABLE'],
    ['somebody else ran this slice', false, { seconds: 60, state: { ...open, sequence: 2 } }, 'TX_REPLACED'],
    [
      'the epoch is about to end',
      false,
      { seconds: 60, state: { ...open, epochEnd: NOW + 60 + INCLUSION_MARGIN_S } },
      'TX_EXPIRED',
    ],
    [
      'the loss budget is spent',
      true,
      { state: { lossUsdE8: 10n ** 12n, lastSliceAt: NOW - 48 } },
      'LOSS_BUDGET_SPENT',
    ],
  ] as const satisfies readonly [string, boolean, Parameters<typeof later>[1], string][])(
    'stops when %s',
    (_name, begins, change, reason) => {
      const slice = begins ? first(plan) : second;
      const look = recheckSlice(later(drifted, change), RULE, plan, slice, begins);
      expect(look).toMatchObject({ kind: 'stop', reason });
    },
  );

  it('stops when every pool has moved away from the oracle', () => {
    const fresh = later(drifted, {});
    const pools = fresh.pools.map((p) =>
      p.venue === 'UNISWAP_V2'
        ? { ...p, reserve0: (p.reserve0 * 110n) / 100n, reserve1: (p.reserve1 * 90n) / 100n }
        : p.venue === 'UNISWAP_V3'
          ? { ...p, sqrtPriceX96: (p.sqrtPriceX96 * 90n) / 100n }
          : p,
    );
    const look = recheckSlice({ ...fresh, pools }, { ...RULE, maxImpactBps: 10_000 }, plan, first(plan), true);
    expect(look).toMatchObject({ kind: 'stop', reason: 'POOL_PRICE_DIVERGES' });
  });

  it('stops, or waits in an open epoch, when the gas of the plan has become too dear in dollars', () => {
    const rule = { ...RULE, maxGasPriceWei: null, maxGasUsdE8: plan.cost.gasUsdE8 };
    expect(recheckSlice(later(drifted, {}), rule, plan, first(plan), true).kind).toBe('go');
    const gas = { baseFeeWei: drifted.gas.baseFeeWei + 10n ** 6n };
    expect(recheckSlice(later(drifted, { gas }), rule, plan, first(plan), true)).toMatchObject({
      kind: 'stop',
      reason: 'GAS_ABOVE_CAP',
      sentence: expect.stringContaining('ceiling of $'),
    });
    const open2 = later(drifted, { seconds: 60, state: open, gas });
    expect(recheckSlice(open2, rule, plan, second, false)).toMatchObject({ kind: 'wait', reason: 'GAS_ABOVE_CAP' });
  });

  it('waits for the slice cooldown, and in an open epoch for cheaper gas', () => {
    expect(recheckSlice(later(drifted, { seconds: 30, state: open }), RULE, plan, second, false)).toMatchObject({
      kind: 'wait',
      reason: 'COOLDOWN',
      until: NOW + 60,
    });
    const dear = later(drifted, { seconds: 60, state: open, gas: { baseFeeWei: 10n ** 12n } });
    expect(recheckSlice(dear, RULE, plan, second, false)).toMatchObject({
      kind: 'wait',
      reason: 'GAS_ABOVE_CAP',
      until: NOW + 360,
    });
  });
});

describe('a rebalance whose demand relaxes', () => {
  const relaxing = wethOver(6_000, { policy: { premiumBps: 50, relaxS: 600 } });
  const opened = planOf(relaxing);
  const [opening, trading] = opened.slices;
  if (opening === undefined || trading === undefined) throw new Error('fixture');
  const state = { epoch: 1, epochStart: NOW, snapshotAt: NOW, epochEnd: NOW + 3_600, epochNavUsdE8: 10n ** 13n };
  const at = (seconds: number) => recheckSlice(later(relaxing, { seconds, state }), RULE, opened, trading, false);

  it('is opened only while it is due', () => {
    expect(recheckSlice(relaxing, RULE, opened, opening, true)).toEqual({ kind: 'go', legs: [] });
    const quiet = later(relaxing, { state: { pausedUntil: NOW + 1_000 } });
    expect(recheckSlice(quiet, RULE, opened, opening, true)).toMatchObject({ kind: 'stop', reason: 'PAUSED' });
  });

  it('waits for what the pools pay, looks again now and then, and trades at the second it was planned for', () => {
    const wait = trading.notBefore - NOW;
    expect(at(wait - 1)).toMatchObject({ kind: 'wait', reason: 'SLIPPAGE_WOULD_EXCEED', until: trading.notBefore });
    expect(at(wait).kind).toBe('go');
    const slow = wethOver(6_000, { policy: { premiumBps: 50, relaxS: 3_000 } });
    const early = recheckSlice(later(slow, { seconds: 12, state }), RULE, opened, trading, false);
    expect(early).toMatchObject({ kind: 'wait', until: NOW + 312 });
  });

  it('gives up when the epoch ends before the pools pay enough', () => {
    const ends = { ...state, epochEnd: trading.notBefore };
    const look = recheckSlice(later(relaxing, { seconds: 12, state: ends }), RULE, opened, trading, false);
    expect(look).toMatchObject({ kind: 'stop', reason: 'SLIPPAGE_WOULD_EXCEED' });
  });

  it('does not buy back what the rebalance has sold', () => {
    const sold = { ...state, sold: 1 << (trading.legs[0]?.buy ?? 0) };
    const look = recheckSlice(later(relaxing, { seconds: 600, state: sold }), RULE, opened, trading, false);
    expect(look).toMatchObject({ kind: 'stop', reason: 'SOLD_IN_EPOCH' });
  });
});

describe('gasCeilingWei', () => {
  it('is the lower of the vault and the keeper', () => {
    const capped = wethOver(9_000, { policy: { maxGasPriceMwei: 30_000 } });
    expect(gasCeilingWei(capped, RULE, plan)).toBe(30_000_000_000n);
    expect(gasCeilingWei(drifted, RULE, plan)).toBe(40_000_000_000n);
    expect(gasCeilingWei(capped, { ...RULE, maxGasPriceWei: null }, plan)).toBe(30_000_000_000n);
    expect(gasCeilingWei(drifted, { ...RULE, maxGasPriceWei: null }, plan)).toBeNull();
  });
});
