/** Portfolios and pools for tests: one that people can follow, and random ones. */
import { MAX_TICK, MIN_TICK, tickAtSqrtRatio } from '../amm/tickMath.ts';
import { OPTIONS_OFF } from '../policy.ts';
import type {
  Address,
  AssetState,
  EpochState,
  Hex,
  KeeperRule,
  PoolState,
  Snapshot,
  StopState,
  TickState,
  V2PoolState,
  V3PoolState,
  VaultPolicy,
} from '../types.ts';
import { BPS, pow10 } from '../units.ts';
import type { Random } from './random.ts';

export const NOW = 1_700_000_000;
export const USD = 10n ** 8n;

export function address(n: number): Address {
  return `0x${n.toString(16).padStart(40, '0')}`;
}

export function word(n: number): Hex {
  return `0x${n.toString(16).padStart(64, '0')}`;
}

export const POLICY: VaultPolicy = {
  destinationBps: 0,
  innerBandBps: 100,
  scheduleS: 0,
  cooldownS: 3_600,
  maxSlipBps: 100,
  lossBpsPerDay: 100,
  maxSliceBps: 10_000,
  sliceCooldownS: 60,
  minTradeUsdE2: 5_000,
  maxGasPriceMwei: 0,
  ttlS: 3_600,
  ...OPTIONS_OFF,
};

export const STOP: StopState = { baseUsdE8: 0n, highUsdE8: 0n, armedAt: 0, armed: 0 };

export const STATE: EpochState = {
  epoch: 0,
  sequence: 0,
  epochStart: 0,
  lastSliceAt: 0,
  epochEnd: NOW - 10 * 86_400,
  pausedUntil: 0,
  snapshotAt: 0,
  epochNavUsdE8: 0n,
  lossUsdE8: 0n,
  sold: 0,
  stopped: 0,
  referenceLive: false,
  ownerMoved: false,
};

export const RULE: KeeperRule = {
  frequency: 'hourly',
  maxGasPriceWei: 40_000_000_000n,
  maxGasUsdE8: null,
  maxImpactBps: 50,
  maxPaybackDays: 365,
  volatilityBps: 8_000,
  riskAversionE2: 300,
  waitForGas: true,
  sides: {},
  buyOnlyWith: null,
  blockTimeS: 12,
};

type Holding = {
  readonly symbol: string;
  readonly decimals: number;
  readonly price: number;
  readonly targetBps: number;
  readonly bandBps: number;
  /** {USD} */
  readonly value: number;
};

export function asset(index: number, h: Holding): AssetState {
  const priceUsdE8 = BigInt(Math.round(h.price * 1e8));
  return {
    index,
    token: address(index + 1),
    symbol: h.symbol,
    decimals: h.decimals,
    feedId: word(index + 1),
    targetBps: h.targetBps,
    bandBps: h.bandBps,
    safe: h.symbol === 'USDC',
    stopPriceUsdE8: 0n,
    takePriceUsdE8: 0n,
    balanceKnown: true,
    balance: (BigInt(Math.round(h.value * 1e6)) * 100n * pow10(h.decimals)) / priceUsdE8,
    priceUsdE8,
    priceUpdatedAt: NOW - 60,
    priceStatus: 'OK',
    heartbeatS: 3_600,
  };
}

/** Both reserves worth `usdPerSide` at the assets' prices. */
export function v2Pool(n: number, a: AssetState, b: AssetState, usdPerSide: bigint): V2PoolState {
  const [x, y] = a.token < b.token ? [a, b] : [b, a];
  const reserve = (t: AssetState): bigint => (usdPerSide * USD * pow10(t.decimals)) / t.priceUsdE8;
  return {
    venue: 'UNISWAP_V2',
    address: address(n),
    token0: x.token,
    token1: y.token,
    reserve0: reserve(x),
    reserve1: reserve(y),
  };
}

function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

export type Position = { readonly lower: number; readonly upper: number; readonly liquidity: bigint };

/** The pool that these positions make; every tick of the whole range is known. */
export function v3PoolOf(
  n: number,
  tokens: readonly [Address, Address],
  feePips: number,
  tickSpacing: number,
  sqrtPriceX96: bigint,
  positions: readonly Position[],
): V3PoolState {
  const tick = tickAtSqrtRatio(sqrtPriceX96);
  const net = new Map<number, bigint>();
  let liquidity = 0n;
  for (const p of positions) {
    net.set(p.lower, (net.get(p.lower) ?? 0n) + p.liquidity);
    net.set(p.upper, (net.get(p.upper) ?? 0n) - p.liquidity);
    if (p.lower <= tick && tick < p.upper) liquidity += p.liquidity;
  }
  const ticks: TickState[] = [...net]
    .map(([index, liquidityNet]) => ({ index, liquidityNet }))
    .sort((a, b) => a.index - b.index);
  return {
    venue: 'UNISWAP_V3',
    address: address(n),
    token0: tokens[0],
    token1: tokens[1],
    feePips,
    tickSpacing,
    sqrtPriceX96,
    tick,
    liquidity,
    minTick: MIN_TICK,
    maxTick: MAX_TICK,
    ticks,
  };
}

/** A full-range position worth `usdPerSide` of each token, and one around the price three times as deep. */
export function v3Pool(n: number, a: AssetState, b: AssetState, feePips: number, usdPerSide: bigint): V3PoolState {
  const [x, y] = a.token < b.token ? [a, b] : [b, a];
  const spacing = feePips === 500 ? 10 : feePips === 3_000 ? 60 : 200;
  const ratioX192 = (x.priceUsdE8 * pow10(y.decimals) * (1n << 192n)) / (y.priceUsdE8 * pow10(x.decimals));
  const sqrtPriceX96 = isqrt(ratioX192);
  const reserve1 = (usdPerSide * USD * pow10(y.decimals)) / y.priceUsdE8;
  const liquidity = (reserve1 << 96n) / sqrtPriceX96;
  const snap = (t: number): number => Math.floor(t / spacing) * spacing;
  const tick = tickAtSqrtRatio(sqrtPriceX96);
  return v3PoolOf(n, [x.token, y.token], feePips, spacing, sqrtPriceX96, [
    { lower: snap(MIN_TICK) + spacing, upper: snap(MAX_TICK), liquidity },
    { lower: snap(tick - 3_000), upper: snap(tick + 3_000), liquidity: 3n * liquidity },
  ]);
}

export function snapshotOf(
  assets: readonly AssetState[],
  pools: readonly PoolState[],
  changes: {
    policy?: Partial<VaultPolicy>;
    state?: Partial<EpochState>;
    stop?: Partial<StopState>;
    baseFeeGwei?: number;
  } = {},
): Snapshot {
  return {
    schema: 'evenkeel.snapshot/3',
    chainId: 913_377,
    mode: 'REHEARSAL',
    block: { number: 1_000, hash: word(1_000), time: NOW },
    vault: {
      address: address(0xabc),
      owner: address(0xdef),
      policy: { ...POLICY, ...changes.policy },
      state: { ...STATE, ...changes.state },
      stop: { ...STOP, ...changes.stop },
      upSince: 0,
      assets,
    },
    pools,
    leftOut: [],
    gas: {
      baseFeeWei: BigInt(Math.round((changes.baseFeeGwei ?? 1) * 1e9)),
      priorityFeeWei: 10_000_000n,
      scaleE4: 10_000,
      nativeUsdE8: 2_000n * USD,
    },
    hourlyGas: null,
    pathFiller: address(0xf111),
  };
}

/** WETH 40 / USDC 40 / WBTC 20 worth $100,000, with WETH `over` dollars over its target at the cost of USDC. */
export function wethOver(
  over: number,
  changes: Parameters<typeof snapshotOf>[2] & { poolUsd?: bigint } = {},
): Snapshot {
  const weth = asset(0, {
    symbol: 'WETH',
    decimals: 18,
    price: 2_000,
    targetBps: 4_000,
    bandBps: 500,
    value: 40_000 + over,
  });
  const usdc = asset(1, {
    symbol: 'USDC',
    decimals: 6,
    price: 1,
    targetBps: 4_000,
    bandBps: 500,
    value: 40_000 - over,
  });
  const wbtc = asset(2, { symbol: 'WBTC', decimals: 8, price: 40_000, targetBps: 2_000, bandBps: 400, value: 20_000 });
  const deep = changes.poolUsd ?? 10_000_000n;
  const pools = [
    v2Pool(0x101, weth, usdc, deep),
    v3Pool(0x102, weth, usdc, 500, deep),
    v3Pool(0x103, weth, wbtc, 3_000, deep),
    v2Pool(0x104, wbtc, usdc, deep),
  ];
  return snapshotOf([weth, usdc, wbtc], pools, changes);
}

/** Targets that sum to 10,000. */
export function randomTargets(r: Random, n: number): number[] {
  const cuts = Array.from({ length: n - 1 }, () => r.int(1, 9_999)).sort((a, b) => a - b);
  return [...cuts, 10_000].map((c, i) => c - (i === 0 ? 0 : (cuts[i - 1] ?? 0)));
}

/**
 * `n` assets of odd decimals and prices, held around their bands: inside, on the edge to the wei, and outside.
 * Tokens ascend, as in the vault.
 */
export function randomAssets(r: Random, n: number, navUsdE8: bigint): AssetState[] {
  return randomTargets(r, n).map((targetBps, index) => {
    const bandBps = r.int(50, 2_000);
    // Price 1.0 and 8 decimals make value equal balance, so that edges are hit exactly.
    const exact = r.chance(0.3);
    const decimals = exact ? 8 : r.pick([0, 2, 6, 8, 12, 18, 24]);
    const priceUsdE8 = exact ? USD : r.magnitude(1_000n, 10n ** 14n);
    const around = BigInt(targetBps) + BigInt(r.int(-15, 15)) * BigInt(Math.floor(bandBps / 10));
    const weight = r.chance(0.1) ? 0n : around < 0n ? 0n : around;
    const wobble = r.chance(0.5) ? 0n : r.big(-3n, 3n);
    const value = (navUsdE8 * weight) / BPS + wobble;
    const balance = value <= 0n ? 0n : (value * pow10(decimals)) / priceUsdE8;
    return {
      index,
      token: address(index + 1),
      symbol: `T${index}`,
      decimals,
      feedId: word(index + 1),
      targetBps,
      bandBps,
      safe: r.chance(0.4),
      stopPriceUsdE8: r.chance(0.3) ? (priceUsdE8 * BigInt(r.int(50, 105))) / 100n : 0n,
      takePriceUsdE8: r.chance(0.2) ? (priceUsdE8 * BigInt(r.int(95, 200))) / 100n : 0n,
      balanceKnown: true,
      balance,
      priceUsdE8,
      priceUpdatedAt: NOW - r.int(0, 3_600),
      priceStatus: 'OK',
    };
  });
}

export function randomPolicy(r: Random): VaultPolicy {
  return {
    destinationBps: r.pick([0, 0, 5_000, 8_750, 10_000, r.int(0, 10_000)]),
    innerBandBps: r.int(0, 500),
    scheduleS: r.pick([0, 0, 86_400, r.int(1, 604_800)]),
    cooldownS: r.pick([0, 3_600, r.int(0, 172_800)]),
    maxSlipBps: r.int(0, 500),
    lossBpsPerDay: r.int(0, 300),
    maxSliceBps: r.pick([10_000, r.int(1, 10_000)]),
    sliceCooldownS: r.int(0, 3_600),
    minTradeUsdE2: r.pick([0, 1_000, r.int(0, 10_000_000)]),
    maxGasPriceMwei: 0,
    ttlS: r.int(60, 86_400),
    premiumBps: r.pick([0, r.int(0, 500)]),
    relaxS: r.pick([0, r.int(1, 86_400)]),
    open: r.chance(0.5),
    snapshotS: r.pick([0, r.int(1, 86_400)]),
    stopLossBps: r.pick([0, r.int(1, 9_999)]),
    takeProfitBps: r.pick([0, r.int(1, 20_000)]),
    confirmS: r.pick([0, r.int(1, 86_400)]),
    tipBps: r.pick([0, r.int(1, 20)]),
    maxTipUsdE2: r.int(0, 10_000),
    tipPerDayUsdE2: r.int(0, 100_000),
  };
}

export function randomState(r: Random, navUsdE8: bigint): EpochState {
  const epoch = r.pick([0, 1, r.int(1, 1_000)]);
  const start = NOW - r.int(0, 400_000);
  return {
    epoch,
    sequence: r.int(0, 3),
    epochStart: start,
    lastSliceAt: NOW - r.int(0, r.pick([4_000, 200_000])),
    epochEnd: r.pick([start, NOW, NOW - r.int(0, 400_000), NOW - r.int(0, 400_000), NOW + r.int(0, 5_000)]),
    pausedUntil: r.pick([0, 0, 0, 0, 0, NOW, NOW + 1, 2 ** 32 - 1]),
    snapshotAt: start,
    epochNavUsdE8: (navUsdE8 * BigInt(r.int(8_000, 12_000))) / BPS,
    lossUsdE8: r.chance(0.5) ? 0n : r.big(0n, navUsdE8 / 50n + 1n),
    sold: r.chance(0.7) ? 0 : r.int(0, 63),
    stopped: 0,
    referenceLive: r.chance(0.7),
    ownerMoved: r.chance(0.2),
  };
}
