import { describe, expect, it } from 'vitest';
import { priceAtWeight } from './counterfactual.ts';
import { type Decision, decide } from './decide.ts';
import { decodeJson, encodeJson, encodePublicJson } from './json.ts';
import {
  asset,
  NOW,
  RULE,
  randomAssets,
  randomPolicy,
  randomState,
  snapshotOf,
  USD,
  v2Pool,
  v3Pool,
  wethOver,
} from './testing/fixtures.ts';
import { seeded } from './testing/random.ts';
import type { AssetState, KeeperRule, PoolState, Snapshot } from './types.ts';
import { assetViews, portfolioValue } from './value.ts';

const CONTEXT = { now: NOW, runInProgress: false };

function check(s: Snapshot, rule: KeeperRule = RULE): Decision {
  return decide(s, rule, CONTEXT);
}

function withAsset(s: Snapshot, index: number, change: Partial<AssetState>): Snapshot {
  const assets = s.vault.assets.map((a, i) => (i === index ? { ...a, ...change } : a));
  return { ...s, vault: { ...s.vault, assets } };
}

function guard(d: Decision, name: string) {
  return d.guards.find((g) => g.name.startsWith(name));
}

describe('outcomes', () => {
  it('trades past the band', () => {
    const d = check(wethOver(6_000, { poolUsd: 50_000_000n }));
    expect([d.proposal, d.reason, d.secondary, d.counterfactual]).toEqual(['TRADE', 'DEVIATION', [], null]);
    expect(d.sentence).toBe(
      '$5,987.00 moves from WETH to USDC because WETH is 6.0 points above its target of 40.0 percent (band 5.0); expected cost $3.57.',
    );
    expect(d.guards.every((g) => g.pass)).toBe(true);
    expect(d.navUsdE8).toBe(100_000n * USD);
  });

  it('says how far it is inside the band and what would make it trade', () => {
    const d = check(wethOver(2_000));
    expect([d.proposal, d.reason, d.plan]).toEqual(['NO_TRADE', 'IN_BAND', null]);
    expect(d.sentence).toContain('2.0 of 5.0 points');
    expect(d.counterfactual).toBe(
      'Would trade if the weight of WETH rises above 45.0 percent, that is a price of about $2,259.74, or falls below 35.0 percent, that is a price of about $1,487.18.',
    );
  });

  it('keeps its word: at the price it names it trades, just before it does not', () => {
    const s = wethOver(2_000);
    const view = assetViews(s)[0];
    if (!view) throw new Error('fixture');
    const nav = portfolioValue(s.vault.assets).navUsdE8;
    for (const weight of [4_500, 3_500]) {
      const edge = priceAtWeight(view, nav, weight);
      if (edge === null) throw new Error('no price');
      const outward = weight === 4_500 ? 1_001n : 999n;
      const inward = weight === 4_500 ? 999n : 1_001n;
      expect(check(withAsset(s, 0, { priceUsdE8: (edge * outward) / 1_000n })).due.kind).toBe('DEVIATION');
      expect(check(withAsset(s, 0, { priceUsdE8: (edge * inward) / 1_000n })).reason).toBe('IN_BAND');
    }
  });

  it('names no price for a stablecoin', () => {
    const usdcUnder = wethOver(0);
    const d = check(withAsset(usdcUnder, 1, { balance: 44_000n * 10n ** 6n }));
    expect(d.counterfactual).toMatch(/^Would trade if the weight of USDC rises above 45.0 percent, or falls below/);
  });

  it('holds back while gas is above the ceiling, and keeps its word about the gas it names', () => {
    const d = check(wethOver(6_000, { baseFeeGwei: 61 }));
    expect([d.proposal, d.reason, d.secondary]).toEqual(['HELD_BACK', 'GAS_ABOVE_CAP', ['DEVIATION']]);
    expect(d.sentence).toMatch(/^Gas of 61 gwei is above the ceiling of 40 gwei/);
    expect(d.counterfactual).toBe('Would trade if gas is at most 40 gwei.');
    expect(d.plan).not.toBeNull();
    expect(check(wethOver(6_000, { baseFeeGwei: 39.9 })).proposal).toBe('TRADE');
  });

  it('holds back when gas eats the benefit, and finds the gas price at which it would not', () => {
    const dear = { ...RULE, maxGasPriceWei: null };
    const d = check(wethOver(6_000, { baseFeeGwei: 9_000 }), dear);
    expect([d.proposal, d.reason, d.plan]).toEqual(['HELD_BACK', 'COST_EXCEEDS_BENEFIT', null]);
    const gwei = Number(/at most ([\d,]+) gwei/.exec(d.counterfactual ?? '')?.[1]?.replace(',', ''));
    expect(gwei).toBeGreaterThan(100);
    expect(check(wethOver(6_000, { baseFeeGwei: gwei * 0.995 }), dear).proposal).toBe('TRADE');
    expect(check(wethOver(6_000, { baseFeeGwei: gwei * 1.01 }), dear).proposal).toBe('HELD_BACK');
  });

  it('respects the dollar ceiling on gas', () => {
    const d = check(wethOver(6_000), { ...RULE, maxGasUsdE8: 10n ** 7n });
    expect([d.reason, guard(d, 'gas cost')?.pass]).toEqual(['GAS_ABOVE_CAP', false]);
    expect(d.sentence).toMatch(/^\$0\.\d\d of gas is above the ceiling of \$0\.10/);
  });

  it('respects the vault ceiling on gas, as the vault does', () => {
    const d = check(wethOver(6_000, { policy: { maxGasPriceMwei: 1_000 } }));
    expect([d.reason, guard(d, 'gas price (vault)')]).toMatchObject([
      'GAS_ABOVE_CAP',
      { pass: false, enforcedBy: 'VAULT' },
    ]);
  });

  it('cuts slices to what a thin pool takes within the impact limit', () => {
    const policy = { sliceCooldownS: 1_700, lossBpsPerDay: 300 }; // three slices an epoch at most
    const d = check(wethOver(6_000, { poolUsd: 60_000n, policy }), { ...RULE, maxPaybackDays: 3_650 });
    expect(d.reason, d.sentence).toBe('DEVIATION');
    expect(d.proposal).toBe('TRADE');
    const impacts = d.plan?.slices.flatMap((s) => s.legs.map((l) => l.impactBps)) ?? [];
    expect(Math.max(...impacts)).toBeLessThanOrEqual(RULE.maxImpactBps);
    expect(Math.max(...impacts)).toBeGreaterThan(RULE.maxImpactBps * 0.8);
    expect(d.plan?.leftOver.map((l) => l.reason)).toContain('COOLDOWN');
  });

  it('holds back where even the smallest trade moves the pool too far, and names the size that would fit', () => {
    const policy = { minTradeUsdE2: 300_000, lossBpsPerDay: 300 };
    const patient = { ...RULE, maxPaybackDays: 36_500 };
    const d = check(wethOver(6_000, { poolUsd: 100_000n, policy }), patient);
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'IMPACT_ABOVE_CAP']);
    expect(d.guards.find((g) => g.code === 'IMPACT_ABOVE_CAP')?.pass).toBe(false);
    const usd = Number(/at most \$([\d,.]+) went/.exec(d.counterfactual ?? '')?.[1]?.replace(',', ''));
    expect(usd).toBeLessThan(3_000);
    expect(
      check(wethOver(6_000, { poolUsd: 100_000n, policy: { ...policy, minTradeUsdE2: 5_000 } }), patient).proposal,
    ).toBe('TRADE');
  });

  it('waits for cheaper gas while that saves more than the drift costs, and says both', () => {
    const row = (gwei: number) => [0.5, 1, 1.5].map((x) => x * gwei * 1e9);
    const quantilesWei = Array.from({ length: 24 }, (_, hour) => row(hour === 3 ? 1 : 30));
    const s = { ...wethOver(6_000, { baseFeeGwei: 30 }), hourlyGas: { probabilities: [0, 0.5, 1], quantilesWei } };
    const d = check(s);
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'GAS_MAY_FALL']);
    expect(d.sentence).toMatch(/^Waiting .* is expected to save \$[\d.]+ of gas .* and costs \$[\d.]+ of tracking/);
    expect(d.counterfactual).toContain('waitForGas');
    expect(check(s, { ...RULE, waitForGas: false }).proposal).toBe('TRADE');
    expect(check({ ...s, hourlyGas: null }).proposal).toBe('TRADE');
    const cheap = { ...wethOver(6_000, { baseFeeGwei: 1 }), hourlyGas: s.hourlyGas };
    expect(check(cheap).proposal).toBe('TRADE');
  });

  it('holds back when pool and oracle disagree', () => {
    const d = check(withAsset(wethOver(6_000), 0, { priceUsdE8: 2_100n * USD }));
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'POOL_PRICE_DIVERGES']);
    expect(d.secondary).toContain('SLIPPAGE_WOULD_EXCEED');
  });

  it('holds back when the loss budget is spent and says when it has refilled', () => {
    const changes = { policy: { lossBpsPerDay: 10 }, state: { lossUsdE8: 100n * USD, lastSliceAt: NOW } };
    const d = check(wethOver(6_000, changes));
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'LOSS_BUDGET_SPENT']);
    const minutes = Number(
      /^Would trade in (\d+) min, when enough of the loss budget/.exec(d.counterfactual ?? '')?.[1],
    );
    const proposalIn = (m: number) =>
      decide(wethOver(6_000, changes), RULE, { ...CONTEXT, now: NOW + m * 60 }).proposal;
    expect([proposalIn(minutes - 2), proposalIn(minutes)]).toEqual(['HELD_BACK', 'TRADE']);
  });

  it('counts what the bucket loses until the slice may run', () => {
    // The plan loses $3.10. Of a budget of $10, $3.00 is free now and $3.40 when the next slice may run.
    const state = { epoch: 2, sequence: 1, lastSliceAt: NOW, epochEnd: NOW + 9_000, epochNavUsdE8: 100_000n * USD };
    const loss = { lossUsdE8: 700_000_000n, lastSliceAt: NOW };
    const policy = { lossBpsPerDay: 1, sliceCooldownS: 3_500 };
    const soon = check(
      wethOver(6_000, { poolUsd: 50_000_000n, policy: { ...policy, sliceCooldownS: 0 }, state: { ...state, ...loss } }),
    );
    const later = check(wethOver(6_000, { poolUsd: 50_000_000n, policy, state: { ...state, ...loss } }));
    expect([soon.proposal, soon.reason]).toEqual(['HELD_BACK', 'LOSS_BUDGET_SPENT']);
    expect([later.proposal, later.reason]).toEqual(['TRADE', 'CONTINUE']);
  });

  it.each([
    ['STALE', 'PRICE_STALE'],
    ['INVALID', 'PRICE_INVALID'],
    ['OUT_OF_BOUNDS', 'PRICE_OUT_OF_BOUNDS'],
    ['UNREACHABLE', 'PRICE_UNREACHABLE'],
    ['DIVERGED', 'PRICE_DIVERGED'],
    ['SEQUENCER_DOWN', 'SEQUENCER_DOWN'],
  ] as const)('never guesses: a price that is %s holds everything back', (priceStatus, reason) => {
    for (const state of [{}, { epoch: 3, epochEnd: NOW + 100, epochNavUsdE8: 10n ** 13n }]) {
      const bad = withAsset(wethOver(6_000, { state }), 2, {
        priceStatus,
        priceUsdE8: 0n,
        priceUpdatedAt: NOW - 9_000,
      });
      const d = check(bad);
      expect([d.proposal, d.reason, d.plan, d.navUsdE8]).toEqual(['HELD_BACK', reason, null, 0n]);
      expect(d.sentence).toContain('WBTC');
      expect(d.counterfactual).toContain('WBTC');
    }
  });

  it('holds back when a price will be too old by the time the transaction lands', () => {
    const late = decide(wethOver(6_000), RULE, { ...CONTEXT, now: NOW + 3_600 });
    expect([late.proposal, late.reason]).toEqual(['HELD_BACK', 'PRICE_STALE']);
    expect(late.sentence).toBe(
      'The price of WETH, USDC and WBTC is too old (61 min), so nothing is decided on a guess.',
    );
    expect(late.counterfactual).toContain('limit 60 min');
  });

  it('holds back when the native coin has no price, because gas would look free', () => {
    const s = wethOver(6_000);
    const d = check({ ...s, gas: { ...s.gas, nativeUsdE8: 0n } });
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'PRICE_UNREACHABLE']);
    expect(d.sentence).toContain('native coin');
  });

  it('waits for the cooldown, the pause, the run in progress and a route', () => {
    const rows = [
      [check(wethOver(6_000, { state: { epoch: 3, epochEnd: NOW - 100 } })), 'HELD_BACK', 'COOLDOWN', /59 min/],
      [check(wethOver(6_000, { state: { pausedUntil: 2 ** 32 - 1 } })), 'HELD_BACK', 'PAUSED', /owner resumes/],
      [check(wethOver(6_000, { state: { pausedUntil: NOW + 600 } })), 'HELD_BACK', 'PAUSED', /10 min/],
      [decide(wethOver(6_000), RULE, { ...CONTEXT, runInProgress: true }), 'HELD_BACK', 'RUN_IN_PROGRESS', /has ended/],
      [check({ ...wethOver(6_000), pools: [] }), 'HELD_BACK', 'NO_ROUTE', /WETH and USDC/],
      [check(wethOver(6_000, { policy: { minTradeUsdE2: 2_000_000 } })), 'NO_TRADE', 'BELOW_MIN_TRADE', /\$20,000\.00/],
      [check(snapshotOf([], [])), 'NO_TRADE', 'NO_TARGETS', /set targets/],
    ] as const;
    for (const [d, proposal, reason, says] of rows) {
      expect([d.proposal, d.reason]).toEqual([proposal, reason]);
      expect(d.counterfactual).toMatch(says);
      expect(d.sentence).toMatch(/^[A-Z$\d].*\.$/);
    }
  });

  it('reports a quiet check as quiet although a run is in progress', () => {
    expect(decide(wethOver(2_000), RULE, { ...CONTEXT, runInProgress: true }).reason).toBe('IN_BAND');
  });

  it('continues an open epoch inside the band, and leaves it to end when nothing is left', () => {
    const state = { epoch: 2, sequence: 1, epochEnd: NOW + 1_000, epochNavUsdE8: 100_000n * USD };
    const more = check(wethOver(2_000, { state }));
    expect([more.proposal, more.reason]).toEqual(['TRADE', 'CONTINUE']);
    const done = check(wethOver(0, { state }));
    expect([done.proposal, done.reason]).toEqual(['NO_TRADE', 'IN_BAND']);
  });

  it('trades on schedule inside the band and says so', () => {
    const d = check(wethOver(2_000, { policy: { scheduleS: 86_400 } }));
    expect([d.proposal, d.reason]).toEqual(['TRADE', 'SCHEDULE']);
    expect(d.sentence).toContain('because the schedule is due and WETH is 2.0 points above');
    const early = check(wethOver(2_000, { policy: { scheduleS: 86_400 }, state: { epochEnd: NOW - 80_000 } }));
    expect(early.counterfactual).toContain('or on schedule in 107 min');
  });
});

describe('guards', () => {
  it('are all evaluated, also after one has failed', () => {
    const names = (d: Decision) => d.guards.map((g) => g.name);
    const bad = check(wethOver(6_000, { baseFeeGwei: 61 }));
    expect(names(bad)).toEqual(names(check(wethOver(6_000))));
    expect(bad.guards.filter((g) => !g.pass).map((g) => g.name)).toEqual(['gas price']);
  });

  it('state value, limit, verdict and who enforces them', () => {
    const d = check(wethOver(6_000));
    expect(guard(d, 'price age WETH')).toEqual({
      code: 'PRICE_STALE',
      name: 'price age WETH',
      unit: 'SECONDS',
      value: '60',
      limit: '3600',
      pass: true,
      enforcedBy: 'VAULT',
    });
    expect(guard(d, 'slippage')).toMatchObject({ unit: 'BPS', limit: '100', enforcedBy: 'VAULT' });
    expect(guard(d, 'payback time')).toMatchObject({ unit: 'DAYS', value: '3', limit: '365', enforcedBy: 'KEEPER' });
    for (const g of d.guards) expect(g.value + g.limit).toMatch(/^-?\d+$/);
  });
});

describe('any decision', () => {
  const r = seeded(99);
  const cases = Array.from({ length: 600 }, () => {
    const nav = r.magnitude(10n ** 8n, 10n ** 17n);
    const assets = randomAssets(r, r.int(1, 5), nav).map((a) =>
      r.chance(0.03) ? { ...a, priceStatus: 'STALE' as const, priceUsdE8: 0n } : a,
    );
    const pools: PoolState[] = [];
    for (const [i, a] of assets.entries())
      for (const b of assets.slice(i + 1)) {
        if (a.priceUsdE8 === 0n || b.priceUsdE8 === 0n) continue;
        if (r.chance(0.8)) pools.push(v2Pool(500 + pools.length, a, b, r.magnitude(1n, 10n ** 9n)));
      }
    return snapshotOf(assets, pools, {
      policy: randomPolicy(r),
      state: randomState(r, nav),
      baseFeeGwei: r.pick([0, 1, 60]),
    });
  });

  it('explains itself, survives JSON and repeats byte for byte', () => {
    const seen = new Set<string>();
    for (const s of cases) {
      const d = check(s);
      seen.add(`${d.proposal} ${d.reason}`);
      expect(d.sentence).toMatch(/^[A-Z$\d].{10,}\.$/);
      if (d.proposal === 'TRADE') {
        expect(d.counterfactual).toBeNull();
        expect(d.plan).not.toBeNull();
        expect(d.guards.filter((g) => !g.pass)).toEqual([]);
      } else {
        // Only a portfolio of one asset at 100 % has nothing that could ever make it trade.
        if (d.counterfactual === null) expect([s.vault.assets.length, d.reason]).toEqual([1, 'IN_BAND']);
        else expect(d.counterfactual).toMatch(/^Would .*\.$/);
      }
      expect(encodeJson(check(decodeJson<Snapshot>(encodeJson(s))))).toBe(encodeJson(d));
      expect(decodeJson(encodeJson(d))).toEqual(d);
      expect(encodePublicJson(d)).not.toMatch(/\d+n"/);
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  it('is quick: a portfolio of eight assets and twenty V3 pools in a few milliseconds', () => {
    const assets = Array.from({ length: 8 }, (_, i) =>
      asset(i, {
        symbol: `T${i}`,
        decimals: 18,
        price: 10 + i,
        targetBps: 1_250,
        bandBps: 100,
        value: 10_000 + 700 * (i - 3),
      }),
    );
    const pools = assets.flatMap((a, i) => assets.slice(i + 1).map((b) => [a, b] as const));
    const deep = pools.slice(0, 20).map(([a, b], i) => v3Pool(900 + i, a, b, 3_000, 10_000_000n));
    const s = snapshotOf(assets, deep);
    const start = process.cpuUsage();
    for (let i = 0; i < 20; i++) expect(check(s).proposal).toBe('TRADE');
    const { user } = process.cpuUsage(start);
    expect(user / 20_000).toBeLessThan(100);
  });
});

describe('what the owner may add', () => {
  const relax = { premiumBps: 50, relaxS: 600 };
  const stopped = { epoch: 3, epochEnd: NOW - 10, stopped: 0b1 };

  it('opens a rebalance first when the pools do not pay its premium, and trades once they pay what is demanded', () => {
    const d = check(wethOver(6_000, { policy: relax }));
    expect([d.proposal, d.reason]).toEqual(['TRADE', 'DEVIATION']);
    const [opening, first] = d.plan?.slices ?? [];
    expect(opening).toEqual({ sequence: -1, notBefore: NOW, legs: [] });
    expect(first?.sequence).toBe(0);
    const after = (first?.notBefore ?? 0) - NOW;
    expect(after).toBeGreaterThan(200);
    expect(after).toBeLessThan(300);
    for (const leg of first?.legs ?? []) expect(leg.quotedOut).toBeGreaterThanOrEqual(leg.minOut);
    expect(d.sentence).toContain('after the rebalance is opened');
    expect(d.guards.every((g) => g.pass)).toBe(true);
  });

  it('waits within an open rebalance until the demand has relaxed, and no longer', () => {
    const open = { epoch: 2, epochStart: NOW - 100, epochEnd: NOW + 3_000, snapshotAt: NOW - 100 };
    const state = { ...open, epochNavUsdE8: 100_000n * USD };
    const waits = check(wethOver(6_000, { policy: relax, state })).plan?.slices[0];
    expect(waits?.legs.length).toBeGreaterThan(0);
    expect((waits?.notBefore ?? 0) - NOW).toBeGreaterThan(100);
    const late = check(wethOver(6_000, { policy: relax, state: { ...state, epochStart: NOW - 500 } }));
    expect(late.plan?.slices[0]?.notBefore).toBe(NOW);
  });

  it('holds back when the rebalance would end before the demand has relaxed enough', () => {
    const d = check(wethOver(6_000, { policy: { ...relax, relaxS: 80_000, ttlS: 600 } }));
    expect([d.proposal, d.reason]).toEqual(['HELD_BACK', 'SLIPPAGE_WOULD_EXCEED']);
    expect(d.sentence).toContain('above it is demanded now');
  });

  it('sells what was stopped, whatever it costs and while another rebalance is cooling down', () => {
    const d = check(wethOver(0, { state: stopped }), { ...RULE, maxPaybackDays: 1 });
    expect([d.proposal, d.reason, d.plan?.kind]).toEqual(['TRADE', 'STOPPED', 'STOP']);
    expect(d.sentence).toMatch(/^Stop-loss: selling \$40,000\.00 of WETH into USDC/);
    expect(d.assets.map((a) => a.targetBps)).toEqual([0, 8_000, 2_000]);
    expect(d.guards.some((g) => g.code === 'COST_EXCEEDS_BENEFIT')).toBe(false);
  });

  it('sells what was stopped at any gas price of the keeper, as soon as slices may follow each other', () => {
    const policy = { maxSliceBps: 1_000, lossBpsPerDay: 300 };
    const d = check(wethOver(0, { state: stopped, policy, baseFeeGwei: 300 }), { ...RULE, maxGasUsdE8: 1n });
    expect([d.proposal, d.reason], d.sentence).toEqual(['TRADE', 'STOPPED']);
    const times = d.plan?.slices.map((s) => s.notBefore) ?? [];
    expect(times.length).toBeGreaterThan(3);
    expect(times.slice(1).map((t, i) => t - (times[i] ?? 0))).toEqual(times.slice(1).map(() => 60));
  });

  it('sells what was stopped no sooner after another slice than slices may follow each other', () => {
    const d = check(wethOver(0, { state: { ...stopped, lastSliceAt: NOW - 20 } }));
    expect([d.proposal, d.reason]).toEqual(['TRADE', 'STOPPED']);
    expect(d.plan?.slices[0]?.notBefore).toBe(NOW + 40);
  });

  it('does not buy back in a rebalance what was sold in it', () => {
    const state = { epoch: 2, sequence: 1, epochEnd: NOW + 1_000, epochNavUsdE8: 100_000n * USD, sold: 0b10 };
    const d = check(wethOver(6_000, { state }));
    expect([d.proposal, d.reason, d.plan]).toEqual(['HELD_BACK', 'SOLD_IN_EPOCH', null]);
    expect(d.sentence).toContain('USDC was sold in this rebalance');
    expect(d.counterfactual).toContain('next rebalance');
  });

  it('takes the NAV anew when the snapshot of an open rebalance is too old', () => {
    const state = { epoch: 2, epochEnd: NOW + 1_000, epochNavUsdE8: 50_000n * USD, snapshotAt: NOW - 100 };
    const sold = (snapshotS: number) =>
      Number(
        check(wethOver(6_000, { poolUsd: 50_000_000n, state, policy: { snapshotS } })).plan?.slices[0]?.legs[0]
          ?.valueUsdE8,
      ) / 1e8;
    expect(sold(100)).toBeCloseTo(5_990, -2);
    expect(sold(200)).toBeNaN(); // measured against half the NAV, nothing is below its target
  });

  it('holds back while a token does not tell its balance', () => {
    for (const state of [{}, { epoch: 3, epochEnd: NOW + 100, epochNavUsdE8: 10n ** 13n }]) {
      const d = check(withAsset(wethOver(6_000, { state }), 2, { balance: 0n, balanceKnown: false }));
      expect([d.proposal, d.reason, d.plan, d.navUsdE8]).toEqual(['HELD_BACK', 'BALANCE_UNREADABLE', null, 0n]);
      expect(d.sentence).toContain('WBTC');
    }
  });
});
