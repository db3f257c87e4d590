/** Answers of the API as the page may meet them, from an ordinary week to the edges. All figures are made up. */

import type { Check, Checks, Public, Series, Status } from '../../src/api/types.ts';
import { OPTIONS_OFF } from '../../src/core/policy.ts';
import type { CheckSummary, Hex, Outcome, Reason } from '../../src/core/types.ts';

export type World = {
  status: Public<Status>;
  checks: Public<Checks>;
  series: Public<Series>;
  records: Map<number, Public<Check>>;
};

export const OWNER: Hex = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
export const STRANGER: Hex = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
export const VAULT: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const CHAIN_ID = 913_377;
/** Sunday 13 November 2022, 13:00 UTC. */
export const NOW = 1_668_344_400;

type AssetSpec = {
  readonly symbol: string;
  readonly decimals: number;
  readonly weightBps: number;
  readonly targetBps: number;
  readonly bandBps: number;
  readonly priceUsdE8: bigint;
};

const FOUR: readonly AssetSpec[] = [
  { symbol: 'WETH', decimals: 18, weightBps: 4210, targetBps: 4000, bandBps: 500, priceUsdE8: 125_840_000_000n },
  { symbol: 'WBTC', decimals: 8, weightBps: 2740, targetBps: 3000, bandBps: 500, priceUsdE8: 1_652_300_000_000n },
  { symbol: 'USDC', decimals: 6, weightBps: 2030, targetBps: 2000, bandBps: 500, priceUsdE8: 100_000_000n },
  { symbol: 'LINK', decimals: 18, weightBps: 1020, targetBps: 1000, bandBps: 300, priceUsdE8: 612_000_000n },
];

function tokenAddress(index: number): Hex {
  return `0x${(0xa000_0000 + index * 4097).toString(16).padStart(40, '1')}`;
}

function asset(spec: AssetSpec, index: number, navUsdE8: bigint): Public<Status>['assets'][number] {
  const value = (navUsdE8 * BigInt(spec.weightBps)) / 10_000n;
  return {
    symbol: spec.symbol,
    token: tokenAddress(index),
    decimals: spec.decimals,
    balance: ((value * 10n ** BigInt(spec.decimals)) / spec.priceUsdE8).toString(),
    priceUsdE8: spec.priceUsdE8.toString(),
    priceAgeS: 40,
    priceStatus: 'OK',
    valueUsdE8: value.toString(),
    weightBps: spec.weightBps,
    targetBps: spec.targetBps,
    bandBps: spec.bandBps,
    driftBps: spec.weightBps - spec.targetBps,
  };
}

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
}

/** Hourly drift for seven days that ends at each asset's drift and drops at the trade. */
function series(specs: readonly AssetSpec[], navUsdE8: bigint, hours: number): Public<Series> {
  const random = lcg(7);
  const tradeAt = Math.floor(hours * 0.7);
  const lines = specs.map((s, k) => {
    const raw: number[] = [];
    let v = 0;
    for (let i = 0; i < hours; i++) {
      v = (v + random() * s.bandBps * 0.28) * 0.985;
      raw.push(k === 0 && i < tradeAt ? Math.min(s.bandBps * 1.08, v + (i / tradeAt) * s.bandBps) : v);
    }
    const miss = s.weightBps - s.targetBps - (raw.at(-1) ?? 0);
    return raw.map((x, i) => Math.round(i < tradeAt ? x : x + (miss * (i - tradeAt)) / (hours - 1 - tradeAt)));
  });
  const wave = (i: number): bigint => BigInt(Math.round(1e8 * Math.sin(i / 9) * 120));
  return {
    schema: 'evenkeel.series/1',
    symbols: specs.map((s) => s.symbol),
    points: Array.from({ length: hours }, (_, i) => ({
      time: NOW - (hours - 1 - i) * 3600,
      navUsdE8: (navUsdE8 - wave(hours - 1 - i)).toString(),
      holdNavUsdE8: (navUsdE8 - wave(hours - 1 - i) - 4_616_000_000n).toString(),
      driftBps: lines.map((line) => line[i] ?? null),
    })),
    trades: hours > 24 ? [{ time: NOW - (hours - 1 - tradeAt) * 3600, checkId: 118, costUsdE8: '137000000' }] : [],
  };
}

function summary(
  checkId: number,
  hoursAgo: number,
  outcome: Outcome,
  reason: Reason,
  sentence: string,
  maxDriftBps: number,
  costUsdE8: string | null = null,
): Public<CheckSummary> {
  const txHashes: Hex[] = costUsdE8 === null ? [] : [`0x${'4a5b6c7d'.repeat(8)}`];
  const time = NOW - hoursAgo * 3600;
  return {
    checkId,
    time,
    block: 19_204_118 - hoursAgo * 300,
    outcome,
    reason,
    sentence,
    maxDriftBps,
    costUsdE8,
    txHashes,
  };
}

const LATEST: readonly Public<CheckSummary>[] = [
  summary(168, 0, 'NO_TRADE', 'IN_BAND', 'Inside band. Max drift 2.6 of 5.0 points.', 260),
  summary(167, 1, 'HELD_BACK', 'GAS_ABOVE_CAP', 'Gas 61 gwei is over your 40 gwei cap. WBTC was 5.3 points off.', 530),
  summary(
    166,
    2,
    'TRADED',
    'DEVIATION',
    '$613.00 moves from WETH to USDC because WETH is 5.4 points above its target; expected cost $1.35.',
    540,
    '137000000',
  ),
  summary(165, 3, 'HELD_BACK', 'PRICE_STALE', 'The price of LINK is 71 min old, limit 60 min.', 410),
  ...Array.from({ length: 23 }, (_, i) =>
    summary(164 - i, 4 + i, 'NO_TRADE', 'IN_BAND', 'Inside band. Max drift 3.4 of 5.0 points.', 340 - i * 6),
  ),
  summary(141, 27, 'SKIPPED', 'MISSED_CHECK', 'Evenkeel was not running at 10:00.', 0),
  summary(
    140,
    28,
    'FAILED',
    'TX_REVERTED',
    'The trade was refused by the vault: price moved by more than 0.5 percent. Gas of $0.42 was lost. The next check tries again.',
    560,
    '42000000',
  ),
];

function gwei(n: number): string {
  return (BigInt(n) * 1_000_000_000n).toString();
}

function record(world: Public<Status>, check: Public<CheckSummary>): Public<Check> {
  const traded = check.outcome === 'TRADED';
  const held = check.outcome === 'HELD_BACK';
  const [weth, , usdc] = world.assets;
  const drifted = world.assets.map((a, i) =>
    i === 0 && traded ? { ...a, weightBps: a.targetBps + 540, driftBps: 540 } : a,
  );
  const leg = {
    sell: 0,
    buy: 2,
    sellSymbol: 'WETH',
    buySymbol: 'USDC',
    hops: [{ venue: 'UNISWAP_V3' as const, pool: tokenAddress(77), tokenOut: tokenAddress(2) }],
    amountIn: '214000000000000000',
    quotedOut: '612410000',
    minOut: '609340000',
    valueUsdE8: '61300000000',
    feeUsdE8: '30650000',
    impactUsdE8: '8200000',
    impactBps: 1,
    gasUnits: '182000',
  };
  const block = { number: check.block, hash: `0x${'ab'.repeat(32)}` as Hex, time: check.time };
  return {
    schema: 'evenkeel.decision/3',
    checkId: check.checkId,
    chainId: CHAIN_ID,
    mode: world.mode,
    vault: VAULT,
    block,
    outcome: check.outcome,
    reason: check.reason,
    secondary: held ? ['COST_EXCEEDS_BENEFIT'] : [],
    sentence: check.sentence,
    counterfactual: traded ? null : 'Would trade if gas were at most 40 gwei.',
    due: { kind: traded ? 'DEVIATION' : 'NONE', reason: check.reason, retryAt: 0 },
    navUsdE8: world.navUsdE8 ?? '0',
    holdNavUsdE8: world.holdNavUsdE8,
    gas: { baseFeeWei: gwei(held ? 59 : 11), priorityFeeWei: gwei(2), scaleE4: 10_000, nativeUsdE8: '125840000000' },
    assets: drifted,
    guards: [
      {
        code: 'DEVIATION',
        name: 'drift WETH',
        unit: 'BPS',
        value: '540',
        limit: '500',
        pass: true,
        enforcedBy: 'VAULT',
      },
      {
        code: 'GAS_ABOVE_CAP',
        name: 'gas price',
        unit: 'WEI',
        value: gwei(held ? 61 : 13),
        limit: gwei(40),
        pass: !held,
        enforcedBy: 'KEEPER',
      },
      {
        code: 'PRICE_STALE',
        name: 'price age WETH',
        unit: 'SECONDS',
        value: '420',
        limit: '3900',
        pass: true,
        enforcedBy: 'VAULT',
      },
      {
        code: 'IMPACT_ABOVE_CAP',
        name: 'price impact',
        unit: 'BPS',
        value: '1',
        limit: '50',
        pass: true,
        enforcedBy: 'KEEPER',
      },
      {
        code: 'BELOW_MIN_TRADE',
        name: 'smallest trade',
        unit: 'USD_E8',
        value: '61300000000',
        limit: '2500000000',
        pass: true,
        enforcedBy: 'VAULT',
      },
      {
        code: 'COST_EXCEEDS_BENEFIT',
        name: 'payback time',
        unit: 'DAYS',
        value: held ? '210' : '12',
        limit: '180',
        pass: !held,
        enforcedBy: 'KEEPER',
      },
      {
        code: 'COOLDOWN',
        name: 'cooldown over',
        unit: 'FLAG',
        value: '1',
        limit: '1',
        pass: true,
        enforcedBy: 'VAULT',
      },
    ],
    plan:
      weth === undefined || usdc === undefined || !(traded || held)
        ? null
        : {
            schema: 'evenkeel.plan/3',
            vault: VAULT,
            chainId: CHAIN_ID,
            block,
            kind: 'DEVIATION',
            epoch: 4,
            slices: [{ sequence: 0, notBefore: 0, legs: [leg] }],
            cost: { gasUsdE8: '96000000', feeUsdE8: '30650000', impactUsdE8: '8200000', totalUsdE8: '134850000' },
            naive: {
              cash: 'USDC',
              trades: true,
              swaps: 2,
              movedUsdE8: '122960000000',
              cost: { gasUsdE8: '210000000', feeUsdE8: '61480000', impactUsdE8: '18520000', totalUsdE8: '290000000' },
              unreachable: [],
            },
            yearlySavingUsdE8: '4100000000',
            paybackDays: 12,
            driftAfterBps: world.assets.map((a, i) => (i === 0 ? 122 : i === 2 ? 41 : a.driftBps)),
            leftOver: [],
          },
    txHashes: check.txHashes,
    realised: traded
      ? {
          fills: [
            {
              sellSymbol: 'WETH',
              buySymbol: 'USDC',
              amountIn: leg.amountIn,
              amountOut: '612400000',
              quotedOut: leg.quotedOut,
              txHash: check.txHashes[0] ?? '0x',
            },
          ],
          gasUnits: '180411',
          gasWei: '2345343000000000',
          gasUsdE8: '97150000',
          feeUsdE8: '30650000',
          impactUsdE8: '8200000',
          slippageUsdE8: '1000000',
          totalUsdE8: '137000000',
          driftAfterBps: world.assets.map((a, i) => (i === 0 ? 124 : i === 2 ? 40 : a.driftBps)),
        }
      : null,
  };
}

function worldOf(specs: readonly AssetSpec[], navUsdE8: bigint): World {
  const status: Public<Status> = {
    schema: 'evenkeel.status/1',
    mode: 'REHEARSAL',
    chainId: CHAIN_ID,
    vault: VAULT,
    owner: OWNER,
    weth: tokenAddress(0),
    activity: 'WATCHING',
    headline: 'Balanced. No trade is needed.',
    detail:
      'Largest drift is WBTC, 2.6 points below its 30% target. It trades at 5.0 points, so there are 2.4 points of room. Next check at 14:00 (in 12 min).',
    block: { number: 19_204_118, time: NOW },
    dataAgeS: 4,
    navUsdE8: navUsdE8.toString(),
    holdNavUsdE8: (navUsdE8 - 4_616_000_000n).toString(),
    depositedUsdE8: (navUsdE8 - 41_218_000_000n).toString(),
    sinceStartUsdE8: '41218000000',
    costs: {
      gasUsdE8: '611400000',
      feeUsdE8: '940300000',
      impactUsdE8: '285800000',
      slippageUsdE8: '54500000',
      totalUsdE8: '1892000000',
    },
    assets: specs.map((s, i) => asset(s, i, navUsdE8)),
    pausedUntil: 0,
    policy: {
      destinationBps: 2500,
      innerBandBps: 100,
      scheduleS: 0,
      cooldownS: 3600,
      maxSlipBps: 50,
      lossBpsPerDay: 100,
      maxSliceBps: 1000,
      sliceCooldownS: 60,
      minTradeUsdE2: 2500,
      maxGasPriceMwei: 40_000,
      ttlS: 3600,
      ...OPTIONS_OFF,
    },
    rule: {
      frequency: 'hourly',
      maxGasPriceWei: gwei(40),
      maxGasUsdE8: null,
      maxImpactBps: 50,
      maxPaybackDays: 180,
      volatilityBps: 7000,
      riskAversionE2: 300,
      waitForGas: true,
      sides: {},
      buyOnlyWith: null,
      blockTimeS: 12,
    },
    lastCheck: LATEST[0] ?? null,
    nextCheckAt: NOW + 3600,
    keeper: { address: STRANGER, lastSeenS: 3 },
  };
  return {
    status,
    checks: { schema: 'evenkeel.checks/1', checks: LATEST, nextBefore: 140 },
    series: series(specs, navUsdE8, 168),
    records: new Map(LATEST.map((c) => [c.checkId, record(status, c)])),
  };
}

export function ordinary(): World {
  return worldOf(FOUR, 2_481_640_000_000n);
}

/** Twelve assets, long symbols, amounts from dust to billions. */
export function crowded(): World {
  const symbols = [
    'WETH',
    'WBTC',
    'USDC',
    'LINK',
    'UNI',
    'wstETH',
    'PENDLE-LPT-26DEC2024',
    'aEthUSDC',
    'SHIB',
    'M',
    'rETH',
    'crvUSD-vault',
  ];
  const specs = symbols.map((symbol, i): AssetSpec => {
    const targetBps = i < 8 ? 1000 : 500;
    const driftBps = [40, -130, 220, -310, 12, -5, 900, -84, -310, -133, 0, -200][i] ?? 0;
    return {
      symbol,
      decimals: i === 8 ? 18 : i % 3 === 0 ? 18 : 6,
      weightBps: targetBps + driftBps,
      targetBps,
      bandBps: i === 8 ? 50 : i === 9 ? 125 : 400,
      priceUsdE8: i === 8 ? 812n : i === 1 ? 1_652_300_000_000n : 125_840_000_000n,
    };
  });
  const world = worldOf(specs, 123_456_789_012_345_678_900n);
  const costs = {
    gasUsdE8: '1',
    feeUsdE8: '98765432109876',
    impactUsdE8: '54321',
    slippageUsdE8: '-1234567890123',
    totalUsdE8: '97530864274075',
  };
  world.status = { ...world.status, costs };
  return world;
}

/** Funded, but the first check has not run. */
export function beforeFirstCheck(): World {
  const world = ordinary();
  world.status = {
    ...world.status,
    headline: 'Funded. The first check has not run yet.',
    detail: 'The keeper checks every hour. First check at 14:00.',
    activity: 'WAITING',
    lastCheck: null,
    costs: { gasUsdE8: '0', feeUsdE8: '0', impactUsdE8: '0', slippageUsdE8: '0', totalUsdE8: '0' },
    sinceStartUsdE8: '0',
    holdNavUsdE8: world.status.navUsdE8,
  };
  world.checks = { schema: 'evenkeel.checks/1', checks: [], nextBefore: null };
  world.series = { ...world.series, points: [], trades: [] };
  world.records = new Map();
  return world;
}

export function paused(): World {
  const world = ordinary();
  world.status = {
    ...world.status,
    activity: 'PAUSED',
    headline: 'Paused by you.',
    detail: 'The vault refuses every trade until you resume it. Withdrawing works as always.',
    pausedUntil: 4_294_967_295,
  };
  return world;
}

export function keeperSilent(): World {
  const world = ordinary();
  world.status = {
    ...world.status,
    activity: 'KEEPER_SILENT',
    headline: 'No keeper has checked in.',
    detail: 'The last check was due at 12:00. Nothing trades until a keeper runs.',
    keeper: { ...world.status.keeper, lastSeenS: 4000 },
  };
  return world;
}

/** A price is missing, so no total can be given. */
export function unpriced(): World {
  const world = ordinary();
  world.status = {
    ...world.status,
    activity: 'CANNOT_ACT',
    headline: 'Cannot act: the price of LINK is stale.',
    detail: 'Its feed has not moved for 71 min, limit 60 min. Nothing trades until it does.',
    navUsdE8: null,
    holdNavUsdE8: null,
    sinceStartUsdE8: null,
    assets: world.status.assets.map((a) =>
      a.symbol === 'LINK' ? { ...a, priceStatus: 'STALE', priceUsdE8: '0', priceAgeS: 4260 } : a,
    ),
  };
  return world;
}
