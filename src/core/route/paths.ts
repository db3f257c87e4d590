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
  /** An edge with flow that is part of no path and had better not be used; -1 = none. */
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
  return p.market.singleHops || p.market.pools[p.market.pool[edge] as number]?.venue === 'BALANCER_V3';
}

/** Hops beyond these make a path that no sum of gas would pay for. */
const MAX_HOPS = 5;

/** By number of hops and node, the arc over which the widest walk from what `start` offers gets there. */
type Walks = { readonly width: readonly Float64Array[]; readonly via: readonly (readonly (Arc | undefined)[])[] };

function walksFrom(p: Problem, arcs: readonly Arc[], start: Float64Array): Walks {
  const width = [start];
  const via: (Arc | undefined)[][] = [];
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    const from = width[hops] as Float64Array;
    const next = new Float64Array(p.nodeCount);
    const by = new Array<Arc | undefined>(p.nodeCount);
    for (const arc of arcs) {
      const w = Math.min(from[arc.from] as number, arc.rest);
      if (w <= (next[arc.to] as number)) continue;
      next[arc.to] = w;
      by[arc.to] = arc;
    }
    width.push(next);
    via.push(by);
  }
  return { width, via };
}

/** null when the walk meets a token twice. */
function pathTo(walks: Walks, hops: number, end: number): Arc[] | null {
  const path: Arc[] = [];
  const seen = new Set([end]);
  let node = end;
  for (let h = hops - 1; h >= 0; h--) {
    const arc = walks.via[h]?.[node];
    if (arc === undefined || seen.has(arc.from)) return null;
    seen.add(arc.from);
    path.unshift(arc);
    node = arc.from;
  }
  return path;
}

type Choice = (p: Problem, arcs: readonly Arc[], supply: Float64Array, demand: Float64Array) => Arc[] | null;

/** The widest of the shortest paths from supply to demand. */
const shortest: Choice = (p, arcs, supply, demand) => {
  const walks = walksFrom(p, arcs, supply);
  for (let hops = 1; hops <= MAX_HOPS; hops++) {
    let found = -1;
    let widest = 0;
    for (let j = 0; j < p.assetCount; j++) {
      const w = Math.min(walks.width[hops]?.[j] as number, demand[j] as number);
      if (w > widest) {
        widest = w;
        found = j;
      }
    }
    if (found >= 0) return pathTo(walks, hops, found);
  }
  return null;
};

/** Amounts this close to each other are the same: a remainder of that size goes along with its neighbours. */
const SAME = 0.02;

/** The path that finishes most per hop: supply, demand and flows that it takes up whole need no further fill. */
const finishing: Choice = (p, arcs, supply, demand) => {
  let best: Arc[] | null = null;
  let bestScore = 0;
  for (let source = 0; source < p.assetCount; source++) {
    const offer = supply[source] as number;
    if (!(offer > 0)) continue;
    const start = new Float64Array(p.nodeCount);
    start[source] = offer;
    const walks = walksFrom(p, arcs, start);
    for (let hops = 1; hops <= MAX_HOPS; hops++)
      for (let j = 0; j < p.assetCount; j++) {
        const amount = Math.min(walks.width[hops]?.[j] as number, demand[j] as number);
        if (!(amount > 0)) continue;
        const path = pathTo(walks, hops, j);
        if (path === null) continue;
        const enough = amount * (1 + SAME);
        let done = (offer <= enough ? 1 : 0) + ((demand[j] as number) <= enough ? 1 : 0);
        for (const arc of path) if (arc.rest <= enough) done++;
        const score = done / hops + 1e-3 * done + (1e-6 * amount) / p.total;
        if (score <= bestScore) continue;
        bestScore = score;
        best = path;
      }
  }
  return best;
};

export type Charges = {
  /** {USD} of every fill, besides its hops. */
  readonly fillGasUsd: number;
  /** {USD} A smaller path is left out. */
  readonly minFillUsd: number;
};

/** {USD} */
export function gasOf(p: Problem, path: Path, fillGasUsd: number): number {
  return path.edges.reduce((gas, e) => gas + (p.gas[e] as number), fillGasUsd);
}

function takeApart(p: Problem, charges: Charges, choose: Choice): Decomposition & { gasUsd: number } {
  const arcs = arcsOf(p);
  const supply = new Float64Array(p.nodeCount);
  const demand = new Float64Array(p.nodeCount);
  for (let j = 0; j < p.assetCount; j++) {
    const net = p.net[j] as number;
    if (net < 0) supply[j] = -net;
    else demand[j] = net;
  }
  const smallest = Math.max(DUST * p.total, charges.minFillUsd);
  const paths: Path[] = [];
  let gasUsd = 0;
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
    const path: Path = {
      sell: first.from,
      buy: last.to,
      edges: route.map((arc) => arc.edge),
      nodes: route.map((arc) => arc.to),
      amountUsd: amount,
    };
    // Without it, two assets miss their targets by this much: at the optimum that costs no more than its square.
    const without = (amount * amount) / p.softness;
    const gas = gasOf(p, path, charges.fillGasUsd);
    if (without < gas) {
      gasUsd += without;
      return;
    }
    gasUsd += gas;
    paths.push(path);
  };
  for (const arc of arcs) {
    if (!isAlone(p, arc.edge)) continue;
    if ((supply[arc.from] as number) > 0 && (demand[arc.to] as number) > 0) take([arc]);
  }
  const open = arcs.filter((arc) => !isAlone(p, arc.edge));
  for (;;) {
    const path = choose(p, open, supply, demand);
    if (path === null) break;
    take(path);
  }
  return { paths, stuck: stuckOf(p, arcs), gasUsd };
}

/** Pools that must be whole fills come first: what leads to them is stuck only because of them. */
function stuckOf(p: Problem, arcs: readonly Arc[]): number {
  let stuck = -1;
  for (const { edge, rest } of arcs) {
    if (rest <= STUCK * p.total) continue;
    const sooner = stuck < 0 || (isAlone(p, edge) && !isAlone(p, stuck));
    const later = stuck >= 0 && !isAlone(p, edge) && isAlone(p, stuck);
    if (sooner || (!later && (p.gain[edge] as number) < (p.gain[stuck] as number))) stuck = edge;
  }
  return stuck;
}

/** Above this number of flows only the cheaper way to take them apart is tried. */
const MANY = 40;

/** Takes the flows at hand apart, in the way that costs less gas. `gasUsd` includes what small paths left out cost. */
export function decompose(p: Problem, charges: Charges): Decomposition & { gasUsd: number } {
  const plain = takeApart(p, charges, shortest);
  if (plain.gasUsd === 0 || plain.paths.length > MANY) return plain;
  const fitted = takeApart(p, charges, finishing);
  return fitted.stuck < 0 && fitted.gasUsd < plain.gasUsd ? fitted : plain;
}
