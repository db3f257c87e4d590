/**
 * One basket over one market as arrays, in dollars at reference prices: every price of the dual starts near 1. All memory
 * that the solver needs is allocated here, once.
 */
import type { Address } from '../types.ts';
import type { Market } from './market.ts';

/** What the solver wants to know of an asset. All in dollars. */
export type Holding = {
  readonly token: Address;
  /** {USD per base unit} */
  readonly unitUsd: number;
  readonly valueUsd: number;
  readonly targetUsd: number;
  readonly loUsd: number;
  readonly hiUsd: number;
  readonly maxSellUsd: number;
  readonly maxBuyUsd: number;
};

export type Problem = {
  readonly market: Market;
  /** The assets come first, then the tokens that flows may only pass through. */
  readonly assetCount: number;
  readonly nodeCount: number;
  /** Node of a token of the market; -1 when no asset is reachable from it. */
  readonly nodeOf: Int32Array;
  readonly tokenOf: Int32Array;
  /** {USD per base unit} the oracle's price, or for a token that is no asset the price of the deepest pools. */
  readonly unitUsd: Float64Array;
  readonly value: Float64Array;
  /** As asked, and as scaled by what the trade itself costs. */
  readonly asked: Float64Array;
  readonly target: Float64Array;
  /** Soft bounds on the value afterwards, and hard ones: what may be sold and bought. */
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  readonly total: number;
  /** {USD} NAV over the penalty: the value by which an asset leaves its target per unit of price. */
  readonly softness: number;
  /** Nodes of an edge; -1 for an edge out of reach. */
  readonly na: Int32Array;
  readonly nb: Int32Array;
  readonly unitA: Float64Array;
  readonly unitB: Float64Array;
  /** Of an edge: {USD} per use. */
  readonly gas: Float64Array;
  /** Is the edge in the present selection? */
  readonly active: Uint8Array;

  /* ---- state of the solver ---- */
  readonly price: Float64Array;
  readonly trial: Float64Array;
  /** {USD} to the trader, of both tokens of an edge. */
  readonly fa: Float64Array;
  readonly fb: Float64Array;
  /** {USD} change of `fa` per unit of the price of a. */
  readonly response: Float64Array;
  /** {USD} gain of an edge at the present prices. */
  readonly gain: Float64Array;
  readonly net: Float64Array;
  readonly gradient: Float64Array;
  readonly step: Float64Array;
  readonly hessian: Float64Array;
  /** Value that an asset wants at the present prices. */
  readonly wanted: Float64Array;
};

/** Reference prices of the other tokens: outwards from the assets, through the deepest edge at each step. */
function referencePrices(m: Market, unitUsd: Float64Array): void {
  for (;;) {
    let best = 0;
    let token = -1;
    let price = 0;
    for (let e = 0; e < m.edgeCount; e++) {
      const a = m.a[e] as number;
      const b = m.b[e] as number;
      const [ua, ub] = [unitUsd[a] as number, unitUsd[b] as number];
      if (ua > 0 === ub > 0) continue;
      const depth = ua > 0 ? ua * (m.x[e] as number) : ub * (m.y[e] as number);
      if (depth <= best) continue;
      best = depth;
      token = ua > 0 ? b : a;
      price = ua > 0 ? ua / (m.mid[e] as number) : ub * (m.mid[e] as number);
    }
    if (token < 0 || !(price > 0) || !Number.isFinite(price)) return;
    unitUsd[token] = price;
  }
}

export function problemOf(
  market: Market,
  holdings: readonly Holding[],
  navUsd: number,
  penalty: number,
  hopGasUsd: (pool: number) => number,
): Problem {
  const unitOfToken = new Float64Array(market.tokens.length);
  const nodeOf = new Int32Array(market.tokens.length).fill(-1);
  const tokenOf: number[] = [];
  holdings.forEach((h, j) => {
    const token = market.tokenIndex.get(h.token.toLowerCase()) ?? -1;
    tokenOf.push(token);
    if (token < 0) return;
    nodeOf[token] = j;
    unitOfToken[token] = h.unitUsd;
  });
  referencePrices(market, unitOfToken);
  for (let t = 0; t < nodeOf.length; t++) {
    if (nodeOf[t] !== -1 || !((unitOfToken[t] as number) > 0)) continue;
    nodeOf[t] = tokenOf.length;
    tokenOf.push(t);
  }
  const n = tokenOf.length;
  const count = holdings.length;
  const m = market.edgeCount;
  const perNode = (f: (h: Holding) => number, otherwise: number): Float64Array => {
    const out = new Float64Array(n).fill(otherwise);
    holdings.forEach((h, j) => {
      out[j] = f(h);
    });
    return out;
  };
  const unitUsd = Float64Array.from(tokenOf, (t, j) => holdings[j]?.unitUsd ?? (unitOfToken[t] as number));
  const na = new Int32Array(m);
  const nb = new Int32Array(m);
  const unitA = new Float64Array(m);
  const unitB = new Float64Array(m);
  const gas = new Float64Array(m);
  const active = new Uint8Array(m);
  for (let e = 0; e < m; e++) {
    const a = nodeOf[market.a[e] as number] as number;
    const b = nodeOf[market.b[e] as number] as number;
    na[e] = a;
    nb[e] = b;
    if (a < 0 || b < 0) continue;
    unitA[e] = unitUsd[a] as number;
    unitB[e] = unitUsd[b] as number;
    gas[e] = hopGasUsd(market.pool[e] as number);
    active[e] = 1;
  }
  return {
    ...{ market, assetCount: count, nodeCount: n, nodeOf, tokenOf: Int32Array.from(tokenOf), unitUsd },
    value: perNode((h) => h.valueUsd, 0),
    asked: perNode((h) => h.targetUsd, 0),
    target: perNode((h) => h.targetUsd, 0),
    ...{ lo: perNode((h) => h.loUsd, 0), hi: perNode((h) => h.hiUsd, 0) },
    least: perNode((h) => Math.max(0, h.valueUsd - h.maxSellUsd), 0),
    most: perNode((h) => h.valueUsd + h.maxBuyUsd, 0),
    total: holdings.reduce((s, h) => s + h.valueUsd, 0),
    softness: navUsd / penalty,
    ...{ na, nb, unitA, unitB, gas, active },
    ...{ price: new Float64Array(n).fill(1), trial: new Float64Array(n) },
    ...{ fa: new Float64Array(m), fb: new Float64Array(m) },
    ...{ response: new Float64Array(m), gain: new Float64Array(m) },
    ...{ net: new Float64Array(n), gradient: new Float64Array(n), step: new Float64Array(n) },
    ...{ hessian: new Float64Array(n * n), wanted: new Float64Array(n) },
  };
}
