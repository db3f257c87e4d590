/**
 * Flows on edges taken apart into paths from what is sold to what is bought. Flows in circles belong to no path: a vault
 * never buys what it sells.
 */
import type { Problem } from './problem.ts';

export type Path = {
  /** Nodes of what is sold and what is bought. */
  readonly sell: number;
  readonly buy: number;
  readonly edges: readonly number[];
  /** Nodes behind each edge. */
  readonly nodes: readonly number[];
  /** {USD} */
  readonly amountUsd: number;
};

export type Decomposition = {
  readonly paths: readonly Path[];
  /** An edge with flow that is part of no path; -1 = none. The one that gains least comes first. */
  readonly stuck: number;
};

/** Below this share of the portfolio a path is rounding. */
const DUST = 1e-9;

/** An edge with more flow than this share of the portfolio outside of every path is an obstacle. */
const STUCK = 1e-7;

type Arc = { readonly edge: number; readonly from: number; readonly to: number; rest: number; readonly rate: number };

function arcsOf(p: Problem): Arc[] {
  const arcs: Arc[] = [];
  for (let edge = 0; edge < p.market.edgeCount; edge++) {
    if (p.active[edge] === 0 || p.gain[edge] === 0) continue;
    const [fa, fb] = [p.fa[edge] as number, p.fb[edge] as number];
    const [a, b] = [p.na[edge] as number, p.nb[edge] as number];
    if (fa < 0 && fb > 0) arcs.push({ edge, from: a, to: b, rest: -fa, rate: -fb / fa });
    else if (fb < 0 && fa > 0) arcs.push({ edge, from: b, to: a, rest: -fb, rate: -fa / fb });
  }
  return arcs;
}

/** Balancer's vault is not part of paths of several hops: each of its swaps is a fill of its own. */
function isAlone(p: Problem, edge: number): boolean {
  return p.market.pools[p.market.pool[edge] as number]?.venue === 'BALANCER_V3';
}

/** The widest of the shortest paths from supply to demand. */
function nextPath(p: Problem, arcs: readonly Arc[], supply: Float64Array, demand: Float64Array): Arc[] | null {
  const n = p.nodeCount;
  let width = Float64Array.from(supply);
  const via: (Arc | undefined)[][] = [];
  for (let hops = 1; hops <= n; hops++) {
    const next = new Float64Array(n);
    const by = new Array<Arc | undefined>(n);
    let found = -1;
    let widest = 0;
    for (const arc of arcs) {
      const w = Math.min(width[arc.from] as number, arc.rest);
      if (w <= (next[arc.to] as number)) continue;
      next[arc.to] = w;
      by[arc.to] = arc;
    }
    via.push(by);
    for (let j = 0; j < n; j++) {
      const w = Math.min(next[j] as number, demand[j] as number);
      if (w > widest) {
        widest = w;
        found = j;
      }
    }
    if (found >= 0) {
      const path: Arc[] = [];
      let node = found;
      for (let h = hops - 1; h >= 0; h--) {
        const arc = via[h]?.[node];
        if (arc === undefined) return null;
        path.unshift(arc);
        node = arc.from;
      }
      return path;
    }
    width = next;
  }
  return null;
}

/** @param minFillUsd a smaller path is left out */
export function decompose(p: Problem, minFillUsd: number): Decomposition {
  const arcs = arcsOf(p);
  const supply = new Float64Array(p.nodeCount);
  const demand = new Float64Array(p.nodeCount);
  for (let j = 0; j < p.assetCount; j++) {
    const net = p.net[j] as number;
    if (net < 0) supply[j] = -net;
    else demand[j] = net;
  }
  const dust = DUST * p.total;
  const smallest = Math.max(dust, minFillUsd);
  const paths: Path[] = [];
  const take = (route: readonly Arc[]): void => {
    const first = route[0] as Arc;
    const last = route[route.length - 1] as Arc;
    let amount = supply[first.from] as number;
    let tightest = -1;
    let rate = 1;
    route.forEach((arc, i) => {
      if (arc.rest / rate < amount) {
        amount = arc.rest / rate;
        tightest = i;
      }
      rate *= arc.rate;
    });
    const wanted = (demand[last.to] as number) / rate;
    const full = wanted < amount;
    if (full) amount = wanted;
    let carried = amount;
    route.forEach((arc, i) => {
      arc.rest = i === tightest && !full ? 0 : Math.max(0, arc.rest - carried);
      carried *= arc.rate;
    });
    const left = (supply[first.from] as number) - amount;
    supply[first.from] = tightest < 0 && !full ? 0 : Math.max(0, left);
    demand[last.to] = full ? 0 : Math.max(0, (demand[last.to] as number) - carried);
    if (amount < smallest) return;
    paths.push({
      sell: first.from,
      buy: last.to,
      edges: route.map((arc) => arc.edge),
      nodes: route.map((arc) => arc.to),
      amountUsd: amount,
    });
  };
  for (const arc of arcs) {
    if (!isAlone(p, arc.edge)) continue;
    if ((supply[arc.from] as number) > 0 && (demand[arc.to] as number) > 0) take([arc]);
  }
  const open = arcs.filter((arc) => !isAlone(p, arc.edge));
  for (;;) {
    const path = nextPath(p, open, supply, demand);
    if (path === null) break;
    take(path);
  }
  let stuck = -1;
  for (const arc of arcs)
    if (arc.rest > STUCK * p.total && (stuck < 0 || (p.gain[arc.edge] as number) < (p.gain[stuck] as number)))
      stuck = arc.edge;
  return { paths, stuck };
}
