import { describe, expect, it } from 'vitest';
import {
  broughtPips,
  checkFill,
  destinationBps,
  fillLossUsdE8,
  lossLevel,
  maxSellAmount,
  maxSellValue,
  minTradeUsdE8,
  relaxedToAfterS,
  requiredOut,
  requiredPips,
  requiredPipsAt,
  scaledMinOut,
  sizingNavUsdE8,
  sliceCapUsdE8,
  tipUsdE8,
} from './limits.ts';
import { NOW, POLICY, randomAssets, randomPolicy, USD, wethOver } from './testing/fixtures.ts';
import { seeded } from './testing/random.ts';
import type { AssetState } from './types.ts';
import { pow10 } from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

const E18 = 10n ** 18n;
/** A fill may bring 1 % less than the oracle value. */
const PIPS_1 = 990_000n;

function pair(over: number): { sell: AssetState; buy: AssetState; epochNavUsdE8: bigint } {
  const { assets } = wethOver(over).vault;
  const [sell, buy] = assets;
  if (!sell || !buy) throw new Error('fixture');
  return { sell, buy, epochNavUsdE8: portfolioValue(assets).navUsdE8 };
}

describe('maxSellAmount', () => {
  it('goes to the target, to the destination, or to what is left of the slice', () => {
    const f = { policy: POLICY, ...pair(6_000), pips: PIPS_1, soldInSliceUsdE8: 0n };
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
    const rest = { policy: POLICY, pips: PIPS_1, epochNavUsdE8, soldInSliceUsdE8: 0n };
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
    const pips = requiredPips(policy, r.int(0, 90_000));
    return { policy, sell, buy, pips, epochNavUsdE8: portfolioValue(assets).navUsdE8, soldInSliceUsdE8: 0n };
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
    for (const { sell, buy, pips } of cases) {
      const spent = r.magnitude(1n, 10n ** 28n);
      const out = requiredOut(spent, sell, buy, pips);
      // out * price_out >= in * price_in * pips / 1e6, cross-multiplied
      const right = spent * sell.priceUsdE8 * pips * pow10(buy.decimals);
      const unit = buy.priceUsdE8 * pow10(sell.decimals) * 1_000_000n;
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
    const state = { lossUsdE8: 500n * USD, lastSliceAt: NOW - 1_000 };
    expect(lossLevel(state, policy, epochNav, NOW)).toBe(490n * USD);
    expect(lossLevel(state, policy, epochNav, NOW + 86_400)).toBe(0n);
    expect(lossLevel(state, policy, epochNav, NOW - 1_000)).toBe(500n * USD);
  });

  it('counts a bucket that was filled when the vault was larger as full, not as overfull', () => {
    const state = { lossUsdE8: 90_000n * USD, lastSliceAt: NOW - 3_600 };
    expect(lossLevel(state, policy, epochNav, NOW)).toBe(828n * USD); // 864 - 36
  });

  it('counts what a fill gives up, and gains as nothing', () => {
    const { sell, buy } = pair(6_000);
    expect(fillLossUsdE8(E18, 1_990n * 10n ** 6n, sell, buy)).toBe(10n * USD);
    expect(fillLossUsdE8(E18, 2_010n * 10n ** 6n, sell, buy)).toBe(0n);
  });
});

describe('checkFill', () => {
  const f = { policy: POLICY, ...pair(6_000), pips: PIPS_1, soldInSliceUsdE8: 0n };

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
      [checkFill(f, 3n * E18, 6_060n * fair + 2n), 'Overshoot'],
    ] as const;
    for (const [verdict, error] of rows) expect(verdict).toEqual({ ok: false, error });
    expect(checkFill(f, 3n * E18, 5_940n * fair).ok).toBe(true);
    expect(checkFill(f, 3n * E18, 6_060n * fair + 1n).ok).toBe(true);
    expect(minTradeUsdE8(POLICY)).toBe(50n * USD);
  });

  it('lets a fill win as much as the premium demands, even where that is more than it may lose', () => {
    const policy = { ...POLICY, premiumBps: 300, relaxS: 600 };
    expect(checkFill({ ...f, policy }, 3n * E18, 6_180n * 10n ** 6n).ok).toBe(true);
    expect(checkFill({ ...f, policy }, 3n * E18, 6_180n * 10n ** 6n + 2n)).toEqual({ ok: false, error: 'Overshoot' });
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

describe('the relaxation', () => {
  const policy = { ...POLICY, premiumBps: 50, maxSlipBps: 100, relaxS: 600 };

  it('goes from the premium down to the cap, and stays there', () => {
    expect([0, 200, 400, 600, 9_999].map((s) => requiredPips(policy, s))).toEqual([
      1_005_000n,
      1_000_000n,
      995_000n,
      990_000n,
      990_000n,
    ]);
    expect(requiredPips({ ...policy, relaxS: 0 }, 0)).toBe(990_000n);
  });

  it('begins anew after a pause and after an outage', () => {
    const at = (pausedUntil: number, upSince: number) => {
      const { vault } = wethOver(0, { policy: { premiumBps: 50, relaxS: 600 }, state: { pausedUntil } });
      return requiredPipsAt({ ...vault, upSince }, NOW - 600, NOW);
    };
    expect([at(0, 0), at(NOW - 200, 0), at(0, NOW - 200), at(NOW - 200, NOW), at(NOW, NOW - 200)]).toEqual([
      ...[990_000n, 1_000_000n, 1_000_000n],
      ...[1_005_000n, 1_005_000n],
    ]);
  });

  it('names the first second at which a fill passes', () => {
    const r = seeded(8);
    for (let i = 0; i < 2_000; i++) {
      const p = { ...POLICY, premiumBps: r.int(0, 500), maxSlipBps: r.int(1, 500), relaxS: r.int(0, 5_000) };
      const pips = BigInt(r.int(940_000, 1_060_000));
      const after = relaxedToAfterS(p, pips);
      if (after === null) expect(requiredPips(p, 1_000_000)).toBeGreaterThan(pips);
      else {
        expect(requiredPips(p, after)).toBeLessThanOrEqual(pips);
        if (after > 0) expect(requiredPips(p, after - 1)).toBeGreaterThan(pips);
      }
    }
  });

  it('takes what a fill brings as a share that meets exactly the demands up to it', () => {
    const r = seeded(9);
    for (let i = 0; i < 1_000; i++) {
      const [sell, buy] = randomAssets(r, 2, 10n ** 14n);
      if (!sell || !buy) throw new Error('fixture');
      const spent = r.magnitude(1n, 10n ** 24n);
      const received = requiredOut(spent, sell, buy, BigInt(r.int(950_000, 1_050_000)));
      const pips = broughtPips(spent, received, sell, buy);
      expect(requiredOut(spent, sell, buy, pips)).toBeLessThanOrEqual(received);
      expect(requiredOut(spent, sell, buy, pips + 1n)).toBeGreaterThan(received);
    }
  });
});

describe('the NAV that sizes are measured against', () => {
  const open = { epoch: 1, epochEnd: NOW + 900, epochNavUsdE8: 5n * USD, snapshotAt: NOW - 100 };

  it('is that of the epoch until its snapshot is too old, and the present one when an epoch begins', () => {
    const at = (snapshotS: number, begins = false) =>
      sizingNavUsdE8(wethOver(0, { policy: { snapshotS }, state: open }).vault, NOW, begins);
    expect([at(0), at(101), at(100), at(0, true)]).toEqual([5n * USD, 5n * USD, 100_000n * USD, 100_000n * USD]);
  });
});

describe('tips', () => {
  const policy = { ...POLICY, tipBps: 10, maxTipUsdE2: 500, tipPerDayUsdE2: 800 };

  it('are a share of what was moved, within the caps of a transaction and of a day', () => {
    expect(tipUsdE8(policy, 1_000n * USD, 0n)).toBe(USD);
    expect(tipUsdE8(policy, 10_000n * USD, 0n)).toBe(5n * USD);
    expect(tipUsdE8(policy, 10_000n * USD, 7n * USD)).toBe(USD);
    expect(tipUsdE8(policy, 10_000n * USD, 9n * USD)).toBe(0n);
  });
});
