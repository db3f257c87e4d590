/**
 * Which pools to use when each use costs gas: reverse greedy from the optimum without gas, every step solved anew from the
 * prices before it, then single exchanges while they help.
 */
import { arbitrage } from './arbitrage.ts';
import { boundAt, solveDual } from './dual.ts';
import type { Problem } from './problem.ts';

/** How a caller turns flows into transactions, and what these cost. */
export type Execution = {
  /** {USD} gas of the flows at hand; infinite when they cannot be executed. */
  readonly gasUsd: (p: Problem) => number;
  /** An edge to do without so that the flows can be executed; -1 = they can. */
  readonly obstacle: (p: Problem) => number;
};

export type Selection = { readonly costUsd: number; readonly iterations: number };

/** {share of the portfolio} of every solve of the search. */
const TOLERANCE = 1e-9;
/** Up to this many pools every removal is tried; of more, only the least useful. */
const TRY_ALL = 16;
const TRY_WORST = 6;
/** Edges that are tried as additions. */
const TRY_BEST = 8;

type State = { cost: number; active: Uint8Array; price: Float64Array };

function usedEdges(p: Problem): number[] {
  const used: number[] = [];
  for (let e = 0; e < p.market.edgeCount; e++) if (p.active[e] === 1 && (p.gain[e] as number) > 0) used.push(e);
  return used;
}

/** {USD} what an edge would gain at the prices at hand, beyond its gas. */
function netGain(p: Problem, e: number): number {
  return (
    arbitrage(p, e, p.price[p.na[e] as number] as number, p.price[p.nb[e] as number] as number) - (p.gas[e] as number)
  );
}

/** The less useful of two pairs of one pool that are both in use; -1 = none. */
function doublePair(p: Problem, used: readonly number[]): number {
  const byPool = new Map<number, number>();
  for (const e of used) {
    const pool = p.market.pool[e] as number;
    const other = byPool.get(pool);
    if (other !== undefined) return (p.gain[e] as number) < (p.gain[other] as number) ? e : other;
    byPool.set(pool, e);
  }
  return -1;
}

/**
 * Leaves the chosen edges active and their optimum in the problem.
 * @param gasMatters false: whatever can be executed is used
 */
export function selectEdges(p: Problem, execution: Execution, gasMatters: boolean): Selection {
  const tolerance = TOLERANCE * p.total;
  const reachable = p.active.slice();
  let iterations = 0;
  const solve = (): number => {
    const s = solveDual(p, tolerance);
    iterations += s.iterations;
    return s.gap - s.dual + execution.gasUsd(p);
  };
  const restore = (s: State): void => {
    p.active.set(s.active);
    p.price.set(s.price);
  };
  const save = (cost: number): State => ({ cost, active: p.active.slice(), price: p.price.slice() });

  let cost = solve();
  let dropped = false;
  for (;;) {
    const used = usedEdges(p);
    let drop = doublePair(p, used);
    if (drop < 0) drop = execution.obstacle(p);
    if (drop < 0) break;
    dropped = true;
    p.active[drop] = 0;
    cost = solve();
  }
  if (!gasMatters && !dropped) return { costUsd: cost, iterations };
  let best = save(cost);

  const attempt = (change: () => void): State => {
    change();
    return save(solve());
  };
  const keepUsed = (): void => {
    const used = usedEdges(p);
    p.active.fill(0);
    for (const e of used) p.active[e] = 1;
  };
  const settle = (s: State): void => {
    restore(s);
    best = { ...s, cost: solve() };
    keepUsed();
    best.active = p.active.slice();
  };
  settle(best);

  // Many at once while that helps.
  for (let share = 0.5; share > 0.05; ) {
    const candidates = usedEdges(p)
      .filter((e) => (p.gain[e] as number) < (p.gas[e] as number))
      .sort((x, y) => netGain(p, x) - netGain(p, y));
    if (candidates.length <= TRY_ALL / 2) break;
    const dropped = candidates.slice(0, Math.ceil(candidates.length * share));
    const tried = attempt(() => {
      for (const e of dropped) p.active[e] = 0;
    });
    if (tried.cost < best.cost) settle(tried);
    else {
      share /= 2;
      restore(best);
      solve();
    }
  }

  const least = 1e-9 * p.total;
  const improve = (changes: readonly (() => void)[]): boolean => {
    let better: State | null = null;
    const from = best;
    for (const change of changes) {
      restore(from);
      const tried = attempt(change);
      if (tried.cost < (better ?? from).cost - least) better = tried;
    }
    settle(better ?? from);
    return better !== null;
  };
  const removals = (): (() => void)[] => {
    const used = usedEdges(p);
    const worst = new Map(used.map((e) => [e, netGain(p, e)]));
    used.sort((x, y) => (worst.get(x) as number) - (worst.get(y) as number));
    const tried = used.length <= TRY_ALL ? used : used.slice(0, TRY_WORST);
    return tried.map((e) => () => {
      p.active[e] = 0;
    });
  };
  /** An edge that gains nothing at the present prices cannot help; the others may also take the place of a neighbour. */
  const additions = (): (() => void)[] => {
    const used = new Set(usedEdges(p));
    const gains: { e: number; gain: number }[] = [];
    for (let e = 0; e < p.market.edgeCount; e++) {
      if (reachable[e] === 0 || used.has(e)) continue;
      const gain = netGain(p, e);
      if (gain + (p.gas[e] as number) > 0) gains.push({ e, gain });
    }
    gains.sort((x, y) => y.gain - x.gain);
    const changes: (() => void)[] = [];
    for (const { e } of gains.slice(0, TRY_BEST)) {
      const rivals = [...used].filter((o) => p.market.pool[o] === p.market.pool[e]);
      const add = (): void => {
        p.active[e] = 1;
        for (const o of rivals) p.active[o] = 0;
      };
      changes.push(add);
      const ends = new Set([p.na[e], p.nb[e]]);
      for (const o of [...used].filter((o) => ends.has(p.na[o] as number) || ends.has(p.nb[o] as number)).slice(0, 8))
        changes.push(() => {
          add();
          p.active[o] = 0;
        });
    }
    return changes;
  };
  for (let round = 0; round < 200; round++) if (!improve(removals()) && !improve(additions())) break;
  return { costUsd: best.cost, iterations };
}

/**
 * {USD} what no trade can stay below: the dual with the gas of every hop, from the best of several prices. Starts from the
 * prices at hand and leaves others there.
 */
export function lowerBound(p: Problem, starts: readonly Float64Array[]): number {
  const best = new Float64Array(p.market.pools.length);
  let bound = Number.NEGATIVE_INFINITY;
  const look = (price: Float64Array): void => {
    bound = Math.max(bound, -boundAt(p, price, best));
  };
  for (const s of starts) look(s);
  let widest = 0;
  for (let e = 0; e < p.market.edgeCount; e++) widest = Math.max(widest, p.active[e] === 1 ? (p.gas[e] as number) : 0);
  for (let blur = widest; blur > 1e-4 * widest; blur /= 4) {
    solveDual(p, 1e-9 * p.total, blur);
    look(p.price);
  }
  return bound;
}
