/**
 * The dual of the basket problem and its minimum by Newton's method. Values are what an asset is worth at oracle prices;
 * the dual's prices say what a dollar of it is worth to this basket. Nothing is allocated while it runs.
 */
import { arbitrage } from './arbitrage.ts';
import { solveCholesky } from './cholesky.ts';
import type { Problem } from './problem.ts';

/**
 * A target, or a bound, is worth reaching up to this multiple (or fraction) of the oracle's price; what could only be
 * reached beyond counts as unreachable. It also keeps the dual's prices positive: no miss costs more than what it misses.
 */
export const REACH = 2;
const HIGH = REACH;
const LOW = 1 / REACH;
/** {1 / NAV} how fast the price still moves beyond: the dual stays smooth. */
const STIFFNESS = 0.1;

function inBounds(p: Problem, j: number, v: number): number {
  const lo = p.lo[j] as number;
  const hi = p.hi[j] as number;
  return v < lo ? lo : Math.min(v, hi);
}

/** Value that an asset wants at a price, as if it could be traded without limit. */
function wantedAt(p: Problem, j: number, price: number): number {
  const q = price > HIGH ? HIGH : Math.max(price, LOW);
  return inBounds(p, j, (p.target[j] as number) + p.softness * (1 - q)) - ((price - q) * p.total) / STIFFNESS;
}

function wantedValue(p: Problem, j: number, price: number): number {
  const v = wantedAt(p, j, price);
  const least = p.least[j] as number;
  const most = p.most[j] as number;
  return v < least ? least : Math.min(v, most);
}

/** {USD} what a value costs by missing target and bounds: `wantedAt` is where its slope is one minus the price. */
export function missCost(p: Problem, j: number, value: number): number {
  const target = p.target[j] as number;
  const shortest = inBounds(p, j, target + p.softness * (1 - HIGH));
  const longest = inBounds(p, j, target + p.softness * (1 - LOW));
  const near = value < shortest ? shortest : Math.min(value, longest);
  const far = Math.abs(value - near);
  const slope = value < near ? HIGH - 1 : 1 - LOW;
  const off = near - target;
  return (off * off) / (2 * p.softness) + far * slope + (far * far * STIFFNESS) / (2 * p.total);
}

/**
 * The dual at these prices. Leaves flows, net flows, gradient and Hessian in the problem. An upper bound on what any
 * trade may gain over holding at oracle prices, misses included.
 * @param blur {USD} 0: gas is ignored. Otherwise an edge counts with what it gains beyond its gas, with the kink where
 *   it begins to pay rounded off over this width.
 */
function evaluate(p: Problem, price: Float64Array, blur: number): number {
  const { nodeCount: n, assetCount, hessian, net, gradient, market, na, nb } = p;
  hessian.fill(0);
  net.fill(0);
  let dual = 0;
  for (let e = 0; e < market.edgeCount; e++) {
    if (p.active[e] === 0) continue;
    const a = na[e] as number;
    const b = nb[e] as number;
    const pa = price[a] as number;
    const pb = price[b] as number;
    const gain = arbitrage(p, e, pa, pb);
    p.gain[e] = gain;
    if (gain === 0) continue;
    let share = 1;
    let bend = 0;
    if (blur > 0) {
      const beyond = gain - (p.gas[e] as number);
      if (beyond <= -blur) continue;
      if (beyond < blur) {
        share = (beyond + blur) / (2 * blur);
        bend = 1 / (2 * blur);
        dual += (beyond + blur) * 0.5 * share;
      } else dual += beyond;
    } else dual += gain;
    const fa = p.fa[e] as number;
    const fb = p.fb[e] as number;
    net[a] = (net[a] as number) + share * fa;
    net[b] = (net[b] as number) + share * fb;
    const k = share * (p.response[e] as number);
    const r = pa / pb;
    const aa = a * n + a;
    const bb = b * n + b;
    const ab = a > b ? a * n + b : b * n + a;
    hessian[aa] = (hessian[aa] as number) + k + bend * fa * fa;
    hessian[bb] = (hessian[bb] as number) + k * r * r + bend * fb * fb;
    hessian[ab] = (hessian[ab] as number) - k * r + bend * fa * fb;
  }
  for (let j = 0; j < assetCount; j++) {
    const v = p.value[j] as number;
    const q = price[j] as number;
    const want = wantedValue(p, j, q);
    p.wanted[j] = want;
    dual += (want - v) * (1 - q) - missCost(p, j, want);
    gradient[j] = (net[j] as number) - (want - v);
    if (want > (p.least[j] as number) && want < (p.most[j] as number)) {
      const beyond = q > HIGH || q < LOW;
      if (beyond || (want !== p.lo[j] && want !== p.hi[j]))
        hessian[j * n + j] = (hessian[j * n + j] as number) + (beyond ? p.total / STIFFNESS : p.softness);
    }
  }
  for (let j = assetCount; j < n; j++) gradient[j] = net[j] as number;
  return dual;
}

/**
 * {USD} by how much the flows at hand fall short of the dual: the sum of each token's own gap, which does not cancel.
 * What exceeds a cap is thrown away; what is missing is charged at `REACH` times its price.
 */
function gapOf(p: Problem, price: Float64Array): number {
  let gap = 0;
  for (let j = 0; j < p.assetCount; j++) {
    const q = price[j] as number;
    const v0 = p.value[j] as number;
    const want = p.wanted[j] as number;
    const end = v0 + (p.net[j] as number);
    const kept = Math.min(Math.max(end, p.least[j] as number), p.most[j] as number);
    gap += (want - kept) * (1 - q) - missCost(p, j, want) + missCost(p, j, kept) + q * (end - kept);
    if (end < kept) gap += (REACH + 1) * Math.max(q, 1) * (kept - end);
  }
  for (let j = p.assetCount; j < p.nodeCount; j++) {
    const rest = p.net[j] as number;
    const q = price[j] as number;
    gap += rest > 0 ? q * rest : -REACH * Math.max(q, 1) * rest;
  }
  return gap;
}

/** Where prices move nothing, alone or together, a step is at most about half of a price; it vanishes with the gradient. */
function regularise(p: Problem, price: Float64Array): void {
  const { nodeCount: n, hessian, gradient } = p;
  for (let j = 0; j < n; j++) {
    const at = j * n + j;
    const g = Math.abs(gradient[j] as number);
    if (g === 0) continue;
    hessian[at] = (hessian[at] as number) + g / (0.5 * (price[j] as number));
  }
}

export type Solution = {
  /** {USD} the dual: no selection of these edges gains more. Negative: every trade costs. */
  dual: number;
  /** {USD} */
  gap: number;
  iterations: number;
};

const MAX_ITERATIONS = 200;

function slopeAlong(p: Problem): number {
  let s = 0;
  for (let j = 0; j < p.nodeCount; j++) s += (p.gradient[j] as number) * (p.step[j] as number);
  return s;
}

/**
 * Minimises the dual over the active edges from the prices at hand. Leaves prices, flows and net flows in the problem.
 * @param tolerance {USD} of the duality gap
 */
export function solveDual(p: Problem, tolerance: number, blur = 0): Solution {
  const { nodeCount: n, price, trial, step } = p;
  let dual = evaluate(p, price, blur);
  let gap = gapOf(p, price);
  let iterations = 0;
  let polished = false;
  let stalled = 0;
  while (iterations < MAX_ITERATIONS) {
    // One step more than the gap asks for: it costs little, squares the error and so balances the flows.
    if (gap <= tolerance) {
      if (polished) break;
      polished = true;
    }
    iterations++;
    regularise(p, price);
    for (let j = 0; j < n; j++) step[j] = -(p.gradient[j] as number);
    solveCholesky(p.hessian, step, n);
    const slope = slopeAlong(p);
    if (!(slope < 0)) break;
    let scale = 1;
    for (let j = 0; j < n; j++) {
      const d = step[j] as number;
      if (d < 0) scale = Math.min(scale, (-0.8 * (price[j] as number)) / d);
    }
    const before = dual;
    const gapBefore = gap;
    let accepted = false;
    while (scale > 1e-14) {
      for (let j = 0; j < n; j++) trial[j] = (price[j] as number) + scale * (step[j] as number);
      dual = evaluate(p, trial, blur);
      // The dual is convex along the line: where it still falls, it has fallen.
      const along = slopeAlong(p);
      const noise = -2 * along > slope ? 1e-14 * (Math.abs(before) + 1e-3 * p.total) : 0;
      if (along <= 0 || dual <= before + 1e-4 * scale * slope + noise) {
        accepted = true;
        break;
      }
      scale *= Math.min(Math.max(-slope / (along - slope), 0.1), 0.6);
    }
    if (!accepted) {
      dual = evaluate(p, price, blur);
      gap = gapOf(p, price);
      break;
    }
    price.set(trial);
    gap = gapOf(p, price);
    stalled = before - dual <= 1e-15 * p.total && gap > 0.5 * gapBefore ? stalled + 1 : 0;
    if (stalled >= 3) break;
  }
  return { dual, gap, iterations };
}

/**
 * What rounding of the prices leaves unbalanced, given back to the flows through their own response: where a pool is almost
 * flat, the last digit of a price moves dollars. Second order in that digit, so the flows stay on their curves.
 */
export function balanceFlows(p: Problem): void {
  const { nodeCount: n, price, step, market } = p;
  regularise(p, price);
  for (let j = 0; j < n; j++) step[j] = -(p.gradient[j] as number);
  solveCholesky(p.hessian, step, n);
  for (let e = 0; e < market.edgeCount; e++) {
    if (p.active[e] === 0 || p.gain[e] === 0) continue;
    const a = p.na[e] as number;
    const b = p.nb[e] as number;
    const r = (price[a] as number) / (price[b] as number);
    const change = (p.response[e] as number) * ((step[a] as number) - r * (step[b] as number));
    p.fa[e] = (p.fa[e] as number) + change;
    p.fb[e] = (p.fb[e] as number) - r * change;
    p.net[a] = (p.net[a] as number) + change;
    p.net[b] = (p.net[b] as number) - r * change;
  }
}

/**
 * {USD} upper bound on what any trade can gain net of the gas of its hops, from these prices: over every edge, of the pairs
 * of one pool only the best. Valid whatever the prices are.
 * @param best one number per pool, overwritten
 */
export function boundAt(p: Problem, price: Float64Array, best: Float64Array): number {
  best.fill(0);
  for (let e = 0; e < p.market.edgeCount; e++) {
    const a = p.na[e] as number;
    const b = p.nb[e] as number;
    if (a < 0 || b < 0) continue;
    const beyond = arbitrage(p, e, price[a] as number, price[b] as number) - (p.gas[e] as number);
    const pool = p.market.pool[e] as number;
    if (beyond > (best[pool] as number)) best[pool] = beyond;
  }
  let dual = 0;
  for (const b of best) dual += b;
  for (let j = 0; j < p.assetCount; j++) {
    const q = price[j] as number;
    const want = wantedValue(p, j, q);
    dual += (want - (p.value[j] as number)) * (1 - q) - missCost(p, j, want);
  }
  return dual;
}
