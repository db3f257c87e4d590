/**
 * Pools as the search sees them: edges between two tokens, in floats and flat arrays. Depends on the pools alone, so one
 * compiled market serves every basket that is routed over the same snapshot.
 */
import { poolFeePips, tokensOf } from '../amm/quote.ts';
import type { Address, BalancerPoolState, PoolState } from '../types.ts';
import { type StablePair, stablePair } from './stablePair.ts';
import { appendTicks, emptyTickTable, type PackedTicks, packTicks } from './ticks.ts';

export const WEIGHTED = 0;
export const TICKS = 1;
export const STABLE = 2;

/** The weighted pool of Balancer refuses more than 30 % of the balance that comes in; floats keep off the edge. */
const MAX_IN_RATIO = 0.3 * (1 - 1e-9);

export type Market = {
  readonly pools: readonly PoolState[];
  readonly tokens: readonly Address[];
  /** By address in lower case. */
  readonly tokenIndex: ReadonlyMap<string, number>;
  /** Flows leave at least this share of the square root of a pool's price: what bounds the impact of a swap. */
  readonly leastSqrt: number;
  /** No fill may go over more than one pool. */
  readonly singleHops: boolean;
  /**
   * One edge per pair of tokens of a pool. The pairs of a pool with more than two tokens are alternatives: they share its
   * balances, so a basket uses one of them at most.
   */
  readonly edgeCount: number;
  readonly pool: Int32Array;
  readonly kind: Uint8Array;
  /** Token indices of an edge; `a` is token0 where a pool has one. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Share of the input that is exchanged, by direction. */
  readonly keepA: Float64Array;
  readonly keepB: Float64Array;
  /** {base units} reserves; those of a stable pool are only a measure of its depth. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Weight of a over weight of b. */
  readonly ratio: Float64Array;
  /** Largest reserve of the token that comes in, as a multiple of the present one. */
  readonly maxGrowth: Float64Array;
  /** {base units of b per base unit of a} without fee. */
  readonly mid: Float64Array;
  readonly ticks: PackedTicks;
  readonly tickFirst: Int32Array;
  readonly tickLast: Int32Array;
  readonly tickAt: Int32Array;
  readonly sqrtPrice: Float64Array;
  readonly stable: readonly (StablePair | null)[];
  /** {scaled per base unit} of both tokens of a stable pair. */
  readonly unitA: Float64Array;
  readonly unitB: Float64Array;
};

type Edge = {
  pool: number;
  kind: number;
  a: number;
  b: number;
  keepA: number;
  keepB: number;
  x: number;
  y: number;
  mid: number;
  ratio?: number;
  maxGrowth?: number;
  range?: { first: number; last: number; at: number; sqrtPrice: number };
  stable?: StablePair;
  unitA?: number;
  unitB?: number;
};

/** {scaled to 18 decimals and by the rate, per base unit} */
function unitOf(pool: BalancerPoolState, i: number): number {
  return (Number(pool.scalingFactors[i]) * Number(pool.ratesE18[i])) / 1e18;
}

function balancerEdges(
  pool: BalancerPoolState,
  at: number,
  indexOf: (t: Address) => number,
  leastSqrt: number,
): Edge[] {
  const edges: Edge[] = [];
  const { curve, tokens } = pool;
  const balances = pool.balancesE18.map(Number);
  if (balances.some((b) => b <= 0)) return edges;
  const keep = 1 - Number(pool.swapFeeE18) / 1e18;
  for (let i = 0; i < tokens.length; i++)
    for (let j = i + 1; j < tokens.length; j++) {
      const [ta, tb] = [tokens[i] as Address, tokens[j] as Address];
      const [unitA, unitB] = [unitOf(pool, i), unitOf(pool, j)];
      const x = (balances[i] as number) / unitA;
      const y = (balances[j] as number) / unitB;
      const common = { pool: at, a: indexOf(ta), b: indexOf(tb), keepA: keep, keepB: keep, x, y };
      if (curve.kind === 'WEIGHTED') {
        const ratio = Number(curve.weightsE18[i]) / Number(curve.weightsE18[j]);
        edges.push({
          ...common,
          kind: WEIGHTED,
          mid: (y / x) * ratio,
          ratio,
          maxGrowth: Math.min(1 + MAX_IN_RATIO, growthOf(leastSqrt, ratio)),
        });
      } else {
        const stable = stablePair((Number(curve.ampE3) / 1_000) * tokens.length, balances, i, j);
        const k = stable.product / (stable.x * stable.y);
        const price = (stable.ampTimesN + k / stable.x) / (stable.ampTimesN + k / stable.y);
        edges.push({ ...common, kind: STABLE, mid: (price * unitA) / unitB, stable, unitA, unitB });
      }
    }
  return edges;
}

/**
 * Largest growth of the reserve that comes in. The price of a constant weighted mean falls with its (1 + ratio)-th power, and
 * the average price of a swap is about the geometric mean of the prices before and after.
 */
function growthOf(leastSqrt: number, ratio: number): number {
  return leastSqrt ** (-2 / (1 + Math.max(ratio, 1 / ratio)));
}

/**
 * Pools without a price, or without liquidity, become no edge.
 * @param maxImpact {1} what a flow may lose to moving its pool; 1 = anything
 */
export function compileMarket(pools: readonly PoolState[], maxImpact = 1, singleHops = false): Market {
  const leastSqrt = Math.max(0, 1 - maxImpact);
  const tokens: Address[] = [];
  const tokenIndex = new Map<string, number>();
  const indexOf = (t: Address): number => {
    const key = t.toLowerCase();
    let i = tokenIndex.get(key);
    if (i === undefined) {
      i = tokens.length;
      tokenIndex.set(key, i);
      tokens.push(t);
    }
    return i;
  };
  const table = emptyTickTable();
  const edges: Edge[] = [];
  pools.forEach((pool, at) => {
    if (pool.venue === 'BALANCER_V3') {
      edges.push(...balancerEdges(pool, at, indexOf, leastSqrt));
      return;
    }
    const [t0, t1] = tokensOf(pool) as [Address, Address];
    const common = {
      ...{ pool: at, a: indexOf(t0), b: indexOf(t1) },
      keepA: 1 - poolFeePips(pool, t0, t1) / 1e6,
      keepB: 1 - poolFeePips(pool, t1, t0) / 1e6,
    };
    if (pool.venue === 'UNISWAP_V2') {
      const x = Number(pool.reserve0);
      const y = Number(pool.reserve1);
      if (x > 0 && y > 0)
        edges.push({ ...common, kind: WEIGHTED, x, y, mid: y / x, maxGrowth: growthOf(leastSqrt, 1) });
      return;
    }
    const range = appendTicks(table, pool);
    if (range === null) return;
    const s = range.sqrtPrice;
    const l = Math.max(table.liquidity[range.at] as number, 1);
    edges.push({ ...common, kind: TICKS, x: l / s, y: l * s, mid: s * s, range });
  });
  const float = (f: (e: Edge) => number): Float64Array => Float64Array.from(edges, f);
  const int = (f: (e: Edge) => number): Int32Array => Int32Array.from(edges, f);
  return {
    ...{ pools, tokens, tokenIndex, leastSqrt, singleHops, edgeCount: edges.length },
    kind: Uint8Array.from(edges, (e) => e.kind),
    ...{ pool: int((e) => e.pool), a: int((e) => e.a), b: int((e) => e.b) },
    ...{ keepA: float((e) => e.keepA), keepB: float((e) => e.keepB) },
    ...{ x: float((e) => e.x), y: float((e) => e.y), mid: float((e) => e.mid) },
    ratio: float((e) => e.ratio ?? 1),
    maxGrowth: float((e) => e.maxGrowth ?? Number.POSITIVE_INFINITY),
    ticks: packTicks(table),
    tickFirst: int((e) => e.range?.first ?? 0),
    tickLast: int((e) => e.range?.last ?? 0),
    tickAt: int((e) => e.range?.at ?? 0),
    sqrtPrice: float((e) => e.range?.sqrtPrice ?? 0),
    stable: edges.map((e) => e.stable ?? null),
    unitA: float((e) => e.unitA ?? 1),
    unitB: float((e) => e.unitB ?? 1),
  };
}
