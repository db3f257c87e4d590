import { describe, expect, it } from 'vitest';
import {
  checkFill,
  destinationBps,
  fillLossUsdE8,
  lossLevel,
  maxSellAmount,
  maxSellValue,
  minTradeUsdE8,
  requiredOut,
  scaledMinOut,
  sliceCapUsdE8,
} from './limits.ts';
import { NOW, POLICY, randomAssets, randomPolicy, USD, wethOver } from './testing/fixtures.ts';
import { seeded } from './testing/random.ts';
import type { AssetState } from './types.ts';
import { pow10 } from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

const E18 = 10n ** 18n;

function pair(over: number): { sell: AssetState; buy: AssetState; epochNavUsdE8: bigint } {
  const { assets } = wethOver(over).vault;
  const [sell, buy] = assets;
  if (!sell || !buy) throw new Error('fixture');
  return { sell, buy, epochNavUsdE8: portfolioValue(assets).navUsdE8 };
}

describe('maxSellAmount', () => {
  it('goes to the target, to the destination, or to what is left of the slice', () => {
    const f = { policy: POLICY, ...pair(6_000), soldInSliceUsdE8: 0n };
    expect(maxSellAmount(f)).toBe(3n * E18); // $6,000 at $2,000
    const half = { ...f, policy: { ...POLICY, destinationBps: 5_000 } };
    expect(destinationBps(f.sell, half.policy)).toBe(250n);
    expect(maxSellValue(half)).toBe(3_500n * USD);
    const sliced = { ...f, policy: { ...POLICY, maxSliceBps: 100 } };
    expect(sliceCapUsdE8(sliced.policy, f.epochNavUsdE8)).toBe(1_000n * USD);
    expect(maxSellValue(sliced)).toBe(1_000n * USD);
    expect(maxSellValue({ ...sliced, soldInSliceUsdE8: 400n * USD })).toBe(600n * USD);
    expect(maxSellValue({ ...sliced, soldInSliceUsdE8: 1_000n * USD })).toBe(0n);
  });

  it('is nothing the wrong way round, inside the destination, or without a counterpart', () => {
    const { sell, buy, epochNavUsdE8 } = pair(6_000);
    const rest = { policy: POLICY, epochNavUsdE8, soldInSliceUsdE8: 0n };
    expect(maxSellAmount({ ...rest, sell: buy, buy: sell })).toBe(0n);
    const atEdge = { ...POLICY, destinationBps: 10_000 };
    const near = pair(4_000);
    expect(maxSellAmount({ ...rest, ...near, policy: atEdge })).toBe(0n);
    const full = { ...buy, balance: 50_000n * 10n ** 6n };
    expect(maxSellAmount({ ...rest, sell, buy: full })).toBe(0n);
  });
});

describe('rounding never favours the trader', () => {
  const r = seeded(5);
  const cases = Array.from({ length: 3_000 }, () => {
    const assets = randomAssets(r, r.int(2, 5), r.magnitude(10n ** 6n, 10n ** 18n));
    const policy = randomPolicy(r);
    const [sell, buy] = [r.pick(assets), r.pick(assets)];
    return { policy, sell, buy, epochNavUsdE8: portfolioValue(assets).navUsdE8, soldInSliceUsdE8: 0n };
  });

  it('the largest sale never exceeds surplus, deficit, slice or balance', () => {
    let traded = 0;
    for (const f of cases) {
      const amount = maxSellAmount(f);
      if (amount === 0n) continue;
      traded++;
      const worth = valueUsdE8(amount, f.sell.priceUsdE8, f.sell.decimals);
      expect(amount).toBeLessThanOrEqual(f.sell.balance);
      expect(worth).toBeLessThanOrEqual(assetValueUsdE8(f.sell) - targetValueUsdE8(f.sell.targetBps, f.epochNavUsdE8));
      expect(worth).toBeLessThanOrEqual(targetValueUsdE8(f.buy.targetBps, f.epochNavUsdE8) - assetValueUsdE8(f.buy));
      expect(worth).toBeLessThanOrEqual(sliceCapUsdE8(f.policy, f.epochNavUsdE8));
    }
    expect(traded).toBeGreaterThan(200);
  });

  it('requiredOut is at least the exact bound, and the next lower amount is below it', () => {
    for (const { sell, buy, policy } of cases) {
      const spent = r.magnitude(1n, 10n ** 28n);
      const out = requiredOut(spent, sell, buy, policy.maxSlipBps);
      // out * price_out >= in * price_in * (1 - slip), cross-multiplied
      const right = spent * sell.priceUsdE8 * (10_000n - BigInt(policy.maxSlipBps)) * pow10(buy.decimals);
      const unit = buy.priceUsdE8 * pow10(sell.decimals) * 10_000n;
      expect(out * unit).toBeGreaterThanOrEqual(right);
      expect((out - 1n) * unit).toBeLessThan(right);
    }
  });

  it('scaledMinOut keeps at least the caller price', () => {
    for (let i = 0; i < 1_000; i++) {
      const requested = r.magnitude(1n, 10n ** 24n);
      const amount = r.big(1n, requested);
      const minOut = r.magnitude(1n, 10n ** 24n);
      expect(scaledMinOut(minOut, amount, requested) * requested).toBeGreaterThanOrEqual(minOut * amount);
    }
  });
});

describe('the loss bucket', () => {
  const policy = { ...POLICY, lossBpsPerDay: 100 };
  const epochNav = 86_400n * USD; // cap $864, so it leaks one cent a second

  it('empties by its whole size per day, and not below zero', () => {
    const state = { lossUsdE8: 500n * USD, lossAt: NOW - 1_000 };
    expect(lossLevel(state, policy, epochNav, NOW)).toBe(490n * USD);
    expect(lossLevel(state, policy, epochNav, NOW + 86_400)).toBe(0n);
    expect(lossLevel(state, policy, epochNav, NOW - 1_000)).toBe(500n * USD);
  });

  it('counts a bucket that was filled when the vault was larger as full, not as overfull', () => {
    const state = { lossUsdE8: 90_000n * USD, lossAt: NOW - 3_600 };
    expect(lossLevel(state, policy, epochNav, NOW)).toBe(828n * USD); // 864 - 36
  });

  it('counts what a fill gives up, and gains as nothing', () => {
    const { sell, buy } = pair(6_000);
    expect(fillLossUsdE8(E18, 1_990n * 10n ** 6n, sell, buy)).toBe(10n * USD);
    expect(fillLossUsdE8(E18, 2_010n * 10n ** 6n, sell, buy)).toBe(0n);
  });
});

describe('checkFill', () => {
  const f = { policy: POLICY, ...pair(6_000), soldInSliceUsdE8: 0n };

  it('passes a fair fill and hands back the balances', () => {
    const v = checkFill(f, 3n * E18, 5_990n * 10n ** 6n);
    expect(v).toMatchObject({ ok: true, lossUsdE8: 10n * USD });
    if (v.ok) expect([v.sell.balance, v.buy.balance]).toEqual([20n * E18, 39_990n * 10n ** 6n]);
  });

  it('names the rule that the vault would revert with', () => {
    const fair = 10n ** 6n;
    const rows = [
      [checkFill(f, 3n * E18 + 1n, 5_990n * fair), 'SpentTooMuch'],
      [checkFill(f, E18 / 100n, 20n * fair), 'BelowMinTrade'],
      [checkFill(f, 3n * E18, 5_940n * fair - 1n), 'SlippageAboveCap'],
      [checkFill(f, 3n * E18, 6_060n * fair + 1n), 'Overshoot'],
    ] as const;
    for (const [verdict, error] of rows) expect(verdict).toEqual({ ok: false, error });
    expect(checkFill(f, 3n * E18, 5_940n * fair).ok).toBe(true);
    expect(checkFill(f, 3n * E18, 6_060n * fair).ok).toBe(true);
    expect(minTradeUsdE8(POLICY)).toBe(50n * USD);
  });

  it('sees drift that does not shrink', () => {
    // One wei of WETH above a whole USD E8 is worth nothing, and neither are 2,000 wei of an 18-decimal dollar.
    const sell = { ...f.sell, balance: f.sell.balance + 1n };
    const buy = { ...f.buy, decimals: 18, balance: 34_000n * E18 };
    const dust = { ...f, sell, buy, policy: { ...POLICY, minTradeUsdE2: 0 } };
    expect(checkFill(dust, 1n, 2_000n)).toEqual({ ok: false, error: 'DriftDidNotShrink' });
    expect(checkFill(dust, E18, 2_000n * E18).ok).toBe(true);
  });
});
