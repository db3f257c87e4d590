/** Paths into fills: exact amounts and quotes, each on the pools that the fills before it leave. */
import { impactOf, type Quote, quoteExactIn } from '../amm/quote.ts';
import type { Address, PoolState } from '../types.ts';
import { arbitrage } from './arbitrage.ts';
import { missCost } from './dual.ts';
import type { Path } from './paths.ts';
import type { Problem } from './problem.ts';

export type RoutedHop = {
  /** Index into the pools of the market. */
  readonly pool: number;
  readonly tokenOut: Address;
};

export type RoutedFill = {
  /** Indices into the assets of the basket. */
  readonly sell: number;
  readonly buy: number;
  readonly hops: readonly RoutedHop[];
  readonly amountIn: bigint;
  readonly quotedOut: bigint;
  readonly gasUsd: number;
  /** Fees of its pools. */
  readonly feeUsd: number;
  /** Lost to moving the pools. */
  readonly impactUsd: number;
};

/** Exact limits of an asset {base units}. */
export type Limits = { readonly token: Address; readonly maxSell: bigint; readonly maxBuy: bigint };

export type Fills = {
  readonly fills: readonly RoutedFill[];
  /** {USD} of every asset afterwards. */
  readonly values: readonly number[];
  readonly lossUsd: number;
  readonly missUsd: number;
  readonly gasUsd: number;
};

type Swapped = { readonly quotes: readonly Quote[]; readonly out: bigint };

/** Rounds in which the amounts are fitted to what the fills really bring. */
const ROUNDS = 8;
const CLOSE = 1e-9;

function swapAlong(
  p: Problem,
  states: readonly PoolState[],
  path: Path,
  limits: readonly Limits[],
  amountIn: bigint,
): Swapped | null {
  let token = limits[path.sell]?.token as Address;
  let amount = amountIn;
  const quotes: Quote[] = [];
  for (let i = 0; i < path.edges.length; i++) {
    const state = states[p.market.pool[path.edges[i] as number] as number] as PoolState;
    const next = tokenAt(p, path.nodes[i] as number);
    const quote = quoteExactIn(state, token, next, amount);
    if (quote.amountOut === 0n && quote.complete) return { quotes, out: 0n };
    if (!quote.complete) return null;
    quotes.push(quote);
    amount = quote.amountOut;
    token = next;
  }
  return { quotes, out: amount };
}

function tokenAt(p: Problem, node: number): Address {
  return p.market.tokens[p.tokenOf[node] as number] as Address;
}

/** The largest input up to `amountIn` that pools take and that buys no more than `maxOut`. */
function fitted(
  p: Problem,
  states: readonly PoolState[],
  path: Path,
  limits: readonly Limits[],
  amountIn: bigint,
  maxOut: bigint,
): { amountIn: bigint; swapped: Swapped } | null {
  let amount = amountIn;
  for (let i = 0; i < 60 && amount > 0n; i++) {
    const swapped = swapAlong(p, states, path, limits, amount);
    if (swapped?.out === 0n) return null;
    if (swapped && swapped.out <= maxOut) return { amountIn: amount, swapped };
    // Too much for a cap: output is concave in the input, so scaling comes closer each time. Too much for a pool: less by
    // ever more, as rounding is the likely reason.
    const next = swapped ? (amount * maxOut) / swapped.out : amount - (amount >> BigInt(Math.max(1, 40 - i)));
    amount = next < amount ? next : amount - 1n;
  }
  return null;
}

function quoteAll(
  p: Problem,
  paths: readonly Path[],
  amounts: readonly number[],
  limits: readonly Limits[],
  fillGasUsd: number,
): Fills {
  const states = [...p.market.pools];
  const mayBuy = limits.map((l) => l.maxBuy);
  const maySell = limits.map((l) => l.maxSell);
  const values = Array.from(p.value.subarray(0, p.assetCount));
  const fills: RoutedFill[] = [];
  const planned = limits.map(() => 0);
  const lastOf = limits.map(() => -1);
  paths.forEach((path, i) => {
    planned[path.sell] = (planned[path.sell] as number) + (amounts[i] as number);
    lastOf[path.sell] = i;
  });
  let lossUsd = 0;
  let gasUsd = 0;
  paths.forEach((path, i) => {
    const { sell, buy } = path;
    const unit = p.unitUsd[sell] as number;
    const left = maySell[sell] as bigint;
    // What is to be sold out leaves no dust behind.
    const whole = (planned[sell] as number) >= Number(limits[sell]?.maxSell) * unit * (1 - CLOSE);
    const wanted = BigInt(Math.floor((amounts[i] as number) / unit));
    const amount = wanted > left || (whole && lastOf[sell] === i) ? left : wanted;
    const fit = fitted(p, states, path, limits, amount, mayBuy[buy] as bigint);
    if (fit === null) return;
    const { quotes, out } = fit.swapped;
    let feeUsd = 0;
    let impactUsd = 0;
    let hopGas = fillGasUsd;
    let tokenIn = limits[sell]?.token as Address;
    let amountIn = fit.amountIn;
    let unitIn = unit;
    const hops = quotes.map((quote, h): RoutedHop => {
      const edge = path.edges[h] as number;
      const pool = p.market.pool[edge] as number;
      const node = path.nodes[h] as number;
      const tokenOut = tokenAt(p, node);
      const unitOut = p.unitUsd[node] as number;
      const before = states[pool] as PoolState;
      feeUsd += Number(quote.feeAmount) * unitIn;
      impactUsd += Number(impactOf(before, tokenIn, tokenOut, amountIn, quote).impactAmount) * unitOut;
      hopGas += p.gas[edge] as number;
      tokenIn = tokenOut;
      amountIn = quote.amountOut;
      unitIn = unitOut;
      return { pool, tokenOut };
    });
    quotes.forEach((quote, h) => {
      states[p.market.pool[path.edges[h] as number] as number] = quote.poolAfter;
    });
    maySell[sell] = left - fit.amountIn;
    mayBuy[buy] = (mayBuy[buy] as bigint) - out;
    const paid = Number(fit.amountIn) * unit;
    const got = Number(out) * (p.unitUsd[buy] as number);
    values[sell] = (values[sell] as number) - paid;
    values[buy] = (values[buy] as number) + got;
    lossUsd += paid - got;
    gasUsd += hopGas;
    fills.push({ sell, buy, hops, amountIn: fit.amountIn, quotedOut: out, gasUsd: hopGas, feeUsd, impactUsd });
  });
  const missUsd = values.reduce((sum, v, j) => sum + missCost(p, j, v), 0);
  return { fills, values, lossUsd, missUsd, gasUsd };
}

export function costOf(f: Fills): number {
  return f.lossUsd + f.missUsd + f.gasUsd;
}

/**
 * Paths that share a pool meet it one after the other, so the first gets more than its share of the flow and the last
 * less. The amounts are fitted until everything that is sold and bought comes to what the optimum wants.
 */
function settleAmounts(p: Problem, paths: readonly Path[], limits: readonly Limits[], fillGasUsd: number): Fitted {
  let amounts = paths.map((path) => path.amountUsd);
  let best = quoteAll(p, paths, amounts, limits, fillGasUsd);
  let bestAmounts = amounts;
  for (let round = 1; round < ROUNDS; round++) {
    const got = best.values.map((v, j) => Math.abs(v - (p.value[j] as number)));
    const goal = (j: number): number => Math.abs(p.net[j] as number);
    if (paths.every(({ buy }) => Math.abs((got[buy] as number) - goal(buy)) <= CLOSE * goal(buy))) break;
    amounts = [...bestAmounts];
    for (const side of ['buy', 'sell'] as const) {
      const sums = limits.map(() => 0);
      paths.forEach((path, i) => {
        sums[path[side]] = (sums[path[side]] as number) + (amounts[i] as number);
      });
      paths.forEach((path, i) => {
        const j = path[side];
        const factor = goal(j) / ((side === 'buy' ? got[j] : sums[j]) as number);
        if (Number.isFinite(factor)) amounts[i] = (amounts[i] as number) * factor;
      });
    }
    const next = quoteAll(p, paths, amounts, limits, fillGasUsd);
    if (costOf(next) >= costOf(best)) break;
    best = next;
    bestAmounts = amounts;
  }
  return { ...best, paths: paths.map((path, i) => ({ ...path, amountUsd: bestAmounts[i] as number })) };
}

type Fitted = Fills & { readonly paths: readonly Path[] };

/** {USD} the most that an edge takes from this side: what its known ticks, its venue and the limit on impact allow. */
function mostInto(p: Problem, edge: number, from: number): number {
  const forward = p.na[edge] === from;
  arbitrage(p, edge, forward ? 1e-12 : 1, forward ? 1 : 1e-12);
  return -(forward ? (p.fa[edge] as number) : (p.fb[edge] as number));
}

/** Does no edge carry more than it takes? Paths lose a little on the way, so this is on the safe side. */
function carries(p: Problem, paths: readonly Path[]): boolean {
  const into = new Map<number, { usd: number; from: number }>();
  for (const { edges, nodes, sell, amountUsd } of paths)
    edges.forEach((edge, i) => {
      const from = i === 0 ? sell : (nodes[i - 1] as number);
      into.set(edge, { usd: (into.get(edge)?.usd ?? 0) + amountUsd, from });
    });
  return [...into].every(([edge, { usd, from }]) => usd <= mostInto(p, edge, from));
}

/** So many paths in a row that are worth their gas end the search for one that is not. */
const PATIENCE = 8;

/** Leaves out paths, the smallest first, whose gas is more than what the others lose by carrying their share. */
export function fillsOf(p: Problem, paths: readonly Path[], limits: readonly Limits[], fillGasUsd: number): Fills {
  const whole = settleAmounts(p, paths, limits, fillGasUsd);
  if (whole.gasUsd === 0) return whole;
  let best = whole;
  let kept = 0;
  const smallestFirst = [...whole.paths].sort((x, y) => x.amountUsd - y.amountUsd);
  for (const { edges, sell } of smallestFirst) {
    const others = best.paths.filter((path) => path.sell !== sell || path.edges !== edges);
    const tried = settleAmounts(p, others, limits, fillGasUsd);
    if (costOf(tried) < costOf(best) && carries(p, tried.paths)) {
      best = tried;
      kept = 0;
    } else if (++kept === PATIENCE) break;
  }
  return best;
}
