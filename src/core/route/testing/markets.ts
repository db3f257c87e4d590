/** Baskets and pools for tests and benchmarks: the bed of six tokens and fourteen pools, and random ones. */
import { MAX_TICK, MIN_TICK } from '../../amm/tickMath.ts';
import { address } from '../../testing/fixtures.ts';
import type { Random } from '../../testing/random.ts';
import type { BalancerPoolState, PoolState, TickState, V2PoolState, V3PoolState } from '../../types.ts';
import type { Basket, BasketAsset } from '../basket.ts';
import { compileMarket } from '../market.ts';

export type TokenSpec = { readonly symbol: string; readonly decimals: number; readonly price: number };

export const NO_LIMIT = Number.POSITIVE_INFINITY;

export function tokenAddress(i: number): `0x${string}` {
  return address(0x1000 + i);
}

export function basketAsset(i: number, t: TokenSpec, valueUsd: number, targetUsd: number): BasketAsset {
  return {
    token: tokenAddress(i),
    symbol: t.symbol,
    decimals: t.decimals,
    priceUsdE8: BigInt(Math.round(t.price * 1e8)),
    balance: amountOf(valueUsd, t),
    targetUsd,
    ...{ loUsd: 0, hiUsd: NO_LIMIT, maxSellUsd: NO_LIMIT, maxBuyUsd: NO_LIMIT },
  };
}

export function amountOf(valueUsd: number, t: TokenSpec): bigint {
  return (BigInt(Math.round(valueUsd * 1e9)) * 10n ** BigInt(t.decimals)) / BigInt(Math.round(t.price * 1e9));
}

type Side = { readonly i: number; readonly spec: TokenSpec; readonly usd: number };

export function v2Of(n: number, a: Side, b: Side): V2PoolState {
  const [x, y] = a.i < b.i ? [a, b] : [b, a];
  return {
    venue: 'UNISWAP_V2',
    address: address(n),
    ...{ token0: tokenAddress(x.i), token1: tokenAddress(y.i) },
    ...{ reserve0: amountOf(x.usd, x.spec), reserve1: amountOf(y.usd, y.spec) },
  };
}

/** As deep as a pool of two reserves of these values; `ticks` share its liquidity out around the price. */
export function v3Of(n: number, a: Side, b: Side, feePips: number, steps: readonly number[] = []): V3PoolState {
  const [x, y] = a.i < b.i ? [a, b] : [b, a];
  const reserve0 = Number(amountOf(x.usd, x.spec));
  const reserve1 = Number(amountOf(y.usd, y.spec));
  const sqrt = Math.sqrt(reserve1 / reserve0);
  const tick = Math.floor((2 * Math.log(sqrt)) / Math.log1p(1e-4));
  const base = BigInt(Math.round(Math.sqrt(reserve0) * Math.sqrt(reserve1)));
  const ticks: TickState[] = [];
  let liquidity = base;
  // Pairs of ticks around the price: each pair is a position of half the depth.
  for (const step of steps) {
    const position = base / 2n;
    ticks.push({ index: tick - step, liquidityNet: position }, { index: tick + step + 1, liquidityNet: -position });
    liquidity += position;
  }
  ticks.sort((p, q) => p.index - q.index);
  return {
    venue: 'UNISWAP_V3',
    address: address(n),
    ...{ token0: tokenAddress(x.i), token1: tokenAddress(y.i), feePips, tickSpacing: steps.length > 0 ? 1 : 200 },
    ...{
      sqrtPriceX96: BigInt(Math.round(sqrt * 2 ** 96)),
      tick,
      liquidity,
      minTick: MIN_TICK,
      maxTick: MAX_TICK,
      ticks,
    },
  };
}

const E18 = 10n ** 18n;

function balancerOf(
  n: number,
  sides: readonly Side[],
  fee: number,
  curve: BalancerPoolState['curve'],
): BalancerPoolState {
  const scalingFactors = sides.map((s) => 10n ** BigInt(18 - s.spec.decimals));
  return {
    venue: 'BALANCER_V3',
    address: address(n),
    tokens: sides.map((s) => tokenAddress(s.i)),
    balancesE18: sides.map((s, k) => amountOf(s.usd, s.spec) * (scalingFactors[k] as bigint)),
    scalingFactors,
    ratesE18: sides.map(() => E18),
    swapFeeE18: BigInt(Math.round(fee * 1e9)) * 10n ** 9n,
    aggregateFeeE18: 0n,
    curve,
  };
}

export function weightedOf(n: number, sides: readonly (Side & { weight: number })[], fee: number): BalancerPoolState {
  const weightsE18 = sides.map((s) => BigInt(Math.round(s.weight * 1e6)) * 10n ** 12n);
  return balancerOf(n, sides, fee, { kind: 'WEIGHTED', weightsE18 });
}

export function stableOf(n: number, sides: readonly Side[], fee: number, amp: number): BalancerPoolState {
  return balancerOf(n, sides, fee, { kind: 'STABLE', ampE3: BigInt(amp) * 1_000n });
}

/* ---- the bed -------------------------------------------------------------------------------------------------- */

export const BED_TOKENS: readonly TokenSpec[] = [
  { symbol: 'USDC', decimals: 6, price: 1 },
  { symbol: 'WETH', decimals: 18, price: 2_500 },
  { symbol: 'WBTC', decimals: 8, price: 60_000 },
  { symbol: 'UNI', decimals: 18, price: 8 },
  { symbol: 'LINK', decimals: 18, price: 14 },
  { symbol: 'AAVE', decimals: 18, price: 150 },
];
export const BED_FROM: readonly number[] = [0.1, 0.4, 0.2, 0.15, 0.1, 0.05];
export const BED_TO: readonly number[] = [0.1, 0.25, 0.3, 0.05, 0.15, 0.15];

type BedPool = readonly [a: string, b: string, tvlUsd: number, feePips: number, weightA?: number];

const BED_POOLS: readonly BedPool[] = [
  ['USDC', 'WETH', 400e6, 500],
  ['USDC', 'WETH', 120e6, 3_000],
  ['WBTC', 'WETH', 250e6, 500],
  ['WBTC', 'WETH', 150e6, 3_000],
  ['WBTC', 'USDC', 80e6, 3_000],
  ['UNI', 'WETH', 30e6, 3_000],
  ['UNI', 'USDC', 6e6, 3_000],
  ['LINK', 'WETH', 40e6, 3_000],
  ['LINK', 'USDC', 5e6, 3_000],
  ['AAVE', 'WETH', 20e6, 3_000],
  ['AAVE', 'USDC', 3e6, 3_000],
  ['AAVE', 'WETH', 15e6, 2_500, 0.8],
  ['UNI', 'LINK', 2e6, 3_000],
  ['WBTC', 'AAVE', 1e6, 3_000],
];

export function bedPools(): PoolState[] {
  return BED_POOLS.map(([a, b, tvl, feePips, weightA], n) => {
    const side = (symbol: string, weight: number): Side & { weight: number } => {
      const i = BED_TOKENS.findIndex((t) => t.symbol === symbol);
      return { i, spec: BED_TOKENS[i] as TokenSpec, usd: tvl * weight, weight };
    };
    const wa = weightA ?? 0.5;
    const sides = [side(a, wa), side(b, 1 - wa)] as const;
    return weightA === undefined
      ? v3Of(0x2000 + n, sides[0], sides[1], feePips)
      : weightedOf(0x2000 + n, sides, feePips / 1e6);
  });
}

/** The bed's portfolio on its way from 10/40/20/15/10/5 to 10/25/30/5/15/15: a quarter of it moves. */
export function bedBasket(navUsd: number, hopGas: number, changes: Partial<Basket> = {}): Basket {
  return {
    assets: BED_TOKENS.map((t, i) =>
      basketAsset(i, t, (BED_FROM[i] as number) * navUsd, (BED_TO[i] as number) * navUsd),
    ),
    market: compileMarket(bedPools()),
    ...{ navUsd, penalty: 300, hopGasUsd: () => hopGas, fillGasUsd: 0, minFillUsd: 0 },
    ...changes,
  };
}

/* ---- random ones ---------------------------------------------------------------------------------------------- */

export type Kind = 'V2' | 'V3' | 'TICKS' | 'WEIGHTED' | 'STABLE';

export const TICKS_PER_POOL = 200;

/** Uniform in [0, 1). */
export function uniform(r: Random): number {
  return r.int(0, 999_999_999) / 1e9;
}

export function randomTokens(r: Random, n: number): TokenSpec[] {
  return Array.from({ length: n }, (_, i) => ({
    symbol: `T${i}`,
    decimals: r.pick([6, 8, 18]),
    price: Math.round(Math.exp(4 * uniform(r)) * 1e8) / 1e8,
  }));
}

function randomPool(r: Random, n: number, tokens: readonly TokenSpec[], kind: Kind, mispriced: number): PoolState {
  const i = r.int(0, tokens.length - 1);
  let j = r.int(0, tokens.length - 2);
  if (j >= i) j++;
  const usd = (1e6 * Math.exp(3 * uniform(r))) / 2;
  const a: Side = { i, spec: tokens[i] as TokenSpec, usd: usd * (1 + mispriced * (uniform(r) - 0.5)) };
  const b: Side = { i: j, spec: tokens[j] as TokenSpec, usd };
  const fee = r.pick([500, 3_000, 10_000]);
  switch (kind) {
    case 'V2':
      return v2Of(n, a, b);
    case 'V3':
      return v3Of(n, a, b, fee);
    case 'TICKS':
      return v3Of(
        n,
        a,
        b,
        fee,
        Array.from({ length: TICKS_PER_POOL / 2 }, (_, k) => 10 * k + r.int(1, 9)),
      );
    case 'WEIGHTED': {
      const weight = r.int(20, 80) / 100;
      const sides = [
        { ...a, usd: 2 * a.usd * weight, weight },
        { ...b, usd: 2 * b.usd * (1 - weight), weight: 1 - weight },
      ];
      return weightedOf(n, sides, fee / 1e6);
    }
    case 'STABLE':
      return stableOf(n, [a, b], fee / 1e6, r.int(50, 5_000));
  }
}

export type RandomBasket = {
  readonly tokens: readonly TokenSpec[];
  readonly pools: readonly PoolState[];
  readonly basket: Basket;
};

function weights(r: Random, n: number): number[] {
  const raw = Array.from({ length: n }, () => 0.02 + uniform(r));
  const sum = raw.reduce((s, w) => s + w, 0);
  return raw.map((w) => w / sum);
}

/**
 * @param mispriced width of the band in which pools lie off the oracles' prices
 * A stable pool needs tokens of one price: with that kind all prices are 1.
 */
export function randomBasket(
  r: Random,
  n: number,
  poolCount: number,
  kinds: readonly Kind[],
  mispriced: number,
  changes: Partial<Basket> = {},
): RandomBasket {
  const navUsd = changes.navUsd ?? 1e6;
  const tokens = randomTokens(r, n).map((t) => (kinds.includes('STABLE') ? { ...t, price: 1 } : t));
  const pools = Array.from({ length: poolCount }, (_, k) =>
    randomPool(r, 0x5000 + k, tokens, r.pick(kinds), mispriced),
  );
  const [from, to] = [weights(r, n), weights(r, n)];
  const assets = tokens.map((t, i) => basketAsset(i, t, (from[i] as number) * navUsd, (to[i] as number) * navUsd));
  const basket: Basket = {
    ...{ assets, market: compileMarket(pools), navUsd, penalty: 300, hopGasUsd: () => 0, fillGasUsd: 0, minFillUsd: 0 },
    ...changes,
  };
  return { tokens, pools, basket };
}
