/**
 * What a trader who may exchange at given prices takes from one pool: the closed forms of the dual. Writes the flows of an
 * edge {USD, positive to the trader}, and how they respond to the prices; returns the gain {USD}.
 */
import { STABLE, TICKS } from './market.ts';
import type { Problem } from './problem.ts';
import { moveToPrice, otherBalance, type StableMove } from './stablePair.ts';
import { moveTo, type TickMove } from './ticks.ts';

const tickMove: TickMove = { amount0: 0, amount1: 0, liquidity: 0, sqrt: 0 };
const stableMove: StableMove = { x: 0, y: 0, price: 0, slope: 0 };

/** @param pa @param pb prices relative to the reference prices */
export function arbitrage(p: Problem, e: number, pa: number, pb: number): number {
  const kind = p.market.kind[e];
  p.fa[e] = 0;
  p.fb[e] = 0;
  p.response[e] = 0;
  if (kind === TICKS) return overTicks(p, e, pa, pb);
  return kind === STABLE ? onStable(p, e, pa, pb) : onWeighted(p, e, pa, pb);
}

function onWeighted(p: Problem, e: number, pa: number, pb: number): number {
  const { market: m } = p;
  const x = (m.x[e] as number) * (p.unitA[e] as number);
  const y = (m.y[e] as number) * (p.unitB[e] as number);
  const r = m.ratio[e] as number;
  const growth = m.maxGrowth[e] as number;
  const keepA = m.keepA[e] as number;
  if (pb * keepA * y * r > pa * x) {
    let after = r === 1 ? Math.sqrt((pb * keepA * y * x) / pa) : x * ((pb * keepA * y * r) / (pa * x)) ** (1 / (r + 1));
    const capped = after > growth * x;
    if (capped) after = growth * x;
    const give = (after - x) / keepA;
    const take = r === 1 ? (y * (after - x)) / after : -y * Math.expm1(r * Math.log(x / after));
    p.fa[e] = -give;
    p.fb[e] = take;
    if (!capped) p.response[e] = after / (keepA * (r + 1) * pa);
    return pb * take - pa * give;
  }
  const keepB = m.keepB[e] as number;
  const q = 1 / r;
  if (pa * keepB * x * q > pb * y) {
    let after = r === 1 ? Math.sqrt((pa * keepB * x * y) / pb) : y * ((pa * keepB * x * q) / (pb * y)) ** (1 / (q + 1));
    const capped = after > growth * y;
    if (capped) after = growth * y;
    const give = (after - y) / keepB;
    const take = r === 1 ? (x * (after - y)) / after : -x * Math.expm1(q * Math.log(y / after));
    p.fa[e] = take;
    p.fb[e] = -give;
    if (!capped) p.response[e] = (after * pb) / (keepB * (q + 1) * pa * pa);
    return pa * take - pb * give;
  }
  return 0;
}

function overTicks(p: Problem, e: number, pa: number, pb: number): number {
  const { market: m } = p;
  const ua = p.unitA[e] as number;
  const ub = p.unitB[e] as number;
  const fair = (pa * ua) / (pb * ub);
  const sqrtPrice = m.sqrtPrice[e] as number;
  const now = sqrtPrice * sqrtPrice;
  const keepA = m.keepA[e] as number;
  const keepB = m.keepB[e] as number;
  const down = now * keepA > fair;
  if (!down && !(fair * keepB > now)) return 0;
  const asked = Math.sqrt(down ? fair / keepA : fair * keepB);
  const wanted = down ? Math.max(asked, sqrtPrice * m.leastSqrt) : Math.min(asked, sqrtPrice / m.leastSqrt);
  const capped = wanted !== asked;
  moveTo(
    m.ticks,
    m.tickFirst[e] as number,
    m.tickLast[e] as number,
    m.tickAt[e] as number,
    sqrtPrice,
    wanted,
    tickMove,
  );
  const { amount0, amount1, liquidity, sqrt } = tickMove;
  if (down) {
    const give = (ua * amount0) / keepA;
    const take = ub * amount1;
    p.fa[e] = -give;
    p.fb[e] = take;
    if (!capped) p.response[e] = (ua * liquidity) / (2 * keepA * sqrt * pa);
    return pb * take - pa * give;
  }
  const give = (ub * amount1) / keepB;
  const take = ua * amount0;
  p.fa[e] = take;
  p.fb[e] = -give;
  if (!capped) p.response[e] = (ub * liquidity * sqrt * pb) / (2 * keepB * pa * pa);
  return pa * take - pb * give;
}

function onStable(p: Problem, e: number, pa: number, pb: number): number {
  const { market: m } = p;
  const pair = m.stable[e];
  if (!pair) return 0;
  // {USD per scaled unit}
  const ua = (p.unitA[e] as number) / (m.unitA[e] as number);
  const ub = (p.unitB[e] as number) / (m.unitB[e] as number);
  const fair = (pa * ua) / (pb * ub);
  const keepA = m.keepA[e] as number;
  const now = ((m.mid[e] as number) * (m.unitB[e] as number)) / (m.unitA[e] as number);
  const least = m.leastSqrt * m.leastSqrt;
  const lowest = Math.max(fair / keepA, now * least);
  if (moveToPrice(pair, false, lowest, stableMove)) {
    const give = (ua * (stableMove.x - pair.x)) / keepA;
    const take = ub * (otherBalance(pair, pair.x) - stableMove.y);
    p.fa[e] = -give;
    p.fb[e] = take;
    if (lowest === fair / keepA) p.response[e] = (ua * lowest) / (-stableMove.slope * keepA * pa);
    return pb * take - pa * give;
  }
  const keepB = m.keepB[e] as number;
  const back = Math.max(1 / (fair * keepB), least / now);
  if (moveToPrice(pair, true, back, stableMove)) {
    const give = (ub * (stableMove.x - pair.y)) / keepB;
    const take = ua * (otherBalance(pair, pair.y) - stableMove.y);
    p.fa[e] = take;
    p.fb[e] = -give;
    if (back === 1 / (fair * keepB)) p.response[e] = (ub * back * pb) / (-stableMove.slope * keepB * pa * pa);
    return pa * take - pb * give;
  }
  return 0;
}
