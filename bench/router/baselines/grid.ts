/**
 * (c) The public method of Uniswap's smart-order-router, for one pair at a time: every path of at most 3 hops is quoted at
 * every multiple of 5 % of the amount, and the combination of at most 7 paths without a common pool that brings most net of
 * gas is found breadth first, shares falling, always with the best-ranked path that shares no pool with those before it.
 * All pools are candidates here; the public one looks at the largest by value only.
 */
import { tokenAddress } from '../../../src/core/route/testing/markets.ts';
import { type Converter, quotePath, type Step, tradePath, unitUsd } from '../portfolio.ts';
import { MAX_HOPS } from './bestSingle.ts';
import { pathsBetween } from './paths.ts';

const STEP_PERCENT = 5;
const STEPS = 100 / STEP_PERCENT;
const MAX_SPLITS = 7;

type Part = { readonly steps: readonly Step[]; readonly share: number; readonly netUsd: number };
type Partial = { readonly parts: readonly Part[]; readonly left: number; readonly next: number };

const sharesPool = (a: readonly Step[], b: readonly Step[]): boolean => a.some((s) => b.some((t) => t.pool === s.pool));

const net = (parts: readonly Part[]): number => parts.reduce((s, p) => s + p.netUsd, 0);

/** @param ranked by share 1..20, best first */
export function bestSplit(ranked: readonly (readonly Part[])[]): readonly Part[] {
  const whole = ranked[STEPS]?.[0];
  let best: readonly Part[] = whole ? [whole] : [];
  let layer: Partial[] = [];
  for (let share = STEPS; share >= 1; share--)
    for (const part of (ranked[share] ?? []).slice(0, 2))
      layer.push({ parts: [part], left: STEPS - share, next: share });
  for (let splits = 2; splits <= MAX_SPLITS && layer.length > 0; splits++) {
    // It gives up when the last number of splits brought nothing.
    if (splits > 3 && best.length < splits - 1) break;
    const following: Partial[] = [];
    for (const state of layer)
      for (let share = Math.min(state.next, state.left); share >= 1; share--) {
        const part = ranked[share]?.find((c) => state.parts.every((p) => !sharesPool(p.steps, c.steps)));
        if (part === undefined) continue;
        const parts = [...state.parts, part];
        const left = state.left - share;
        if (left > 0) following.push({ parts, left, next: share });
        else if (best.length === 0 || net(parts) > net(best)) best = parts;
      }
    layer = following;
  }
  return best;
}

export function grid(gasUsd: number): Converter {
  return (world, from, to, amountIn) => {
    if (amountIn === 0n) return;
    const token = tokenAddress(from);
    const paths = pathsBetween(world.pools, token, tokenAddress(to), MAX_HOPS);
    const part = (share: number): bigint => (amountIn * BigInt(share)) / BigInt(STEPS);
    const ranked = Array.from({ length: STEPS + 1 }, (_, share): Part[] =>
      share === 0
        ? []
        : paths
            .flatMap((steps): Part[] => {
              const out = quotePath(world.pools, token, steps, part(share));
              return out === null ? [] : [{ steps, share, netUsd: Number(out) * unitUsd(to) - gasUsd * steps.length }];
            })
            .sort((a, b) => b.netUsd - a.netUsd),
    );
    const best = bestSplit(ranked);
    if (best.length === 0) throw new Error(`no path from asset ${from} to asset ${to} takes ${amountIn}`);

    let left = amountIn;
    best.forEach((p, i) => {
      const amount = i === best.length - 1 ? left : part(p.share);
      left -= amount;
      tradePath(world, from, to, token, p.steps, amount);
    });
  };
}
