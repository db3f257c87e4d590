/**
 * In how many slices, and how far apart, an order should be executed: the least of expected cost plus priced risk over every
 * count and a ladder of spacings. Floats choose here; each slice is planned anew, in integers, when its turn comes.
 */
import { type SlicedLeg, slicesCostUsd, swapCostUsd } from './slicing.ts';
import { timingVariance, trajectory, urgency } from './trajectory.ts';
import { sigmaOver } from './walk.ts';

export type SliceLeg = SlicedLeg & {
  /** {USD} largest swap that nobody can sandwich at a profit: see sandwich.ts. */
  readonly sandwichCapUsd: number;
};

export type SliceOrder = {
  /** Every slice takes the same share of each. */
  readonly legs: readonly SliceLeg[];
  /** {1/year} volatility of what is traded; all legs are taken to move together, the worst case. */
  readonly sigma: number;
  readonly blockTimeS: number;
  readonly sliceGasUsd: number;
  /** {1/USD} price of variance: relative risk aversion over twice the portfolio's value. */
  readonly riskAversion: number;
  /** {s} from the first slice to the end of the epoch; all slices are in blocks within it. */
  readonly ttlS: number;
  readonly sliceCooldownS: number;
  readonly maxSliceUsd: number;
  /** Others see the transaction before it is in a block. */
  readonly publicMempool: boolean;
  /** By how much less than its quote a fill may bring before it reverts: the most that a sandwich takes. */
  readonly slackBps: number;
};

/**
 * What keeps the slices from being fewer (SANDWICH, VAULT_CAP) or more (the others; COUNT: no more are ever planned unless
 * the vault's slice size asks for them). ONE: a second one does not pay.
 */
export const SLICE_BOUNDS = ['SANDWICH', 'RECOVERY', 'GAS', 'RISK', 'VAULT_CAP', 'TTL', 'COUNT', 'ONE'] as const;
export type SliceBound = (typeof SLICE_BOUNDS)[number];

export type SliceSchedule = {
  readonly count: number;
  /** {s} between two slices; 0 when there is one. */
  readonly spacingS: number;
  /** Of what `fraction` leaves of each leg; they sum to one. */
  readonly shares: readonly number[];
  /** Of the order that the vault can take before the epoch ends: 1 unless its slice size and cooldown forbid it. */
  readonly fraction: number;
  /** Fees, impact, gas, and `sandwichUsd`. */
  readonly expectedCostUsd: number;
  /** The most that sandwiches can take: 0 when every slice is below their threshold or none sees it coming. */
  readonly sandwichUsd: number;
  /** The same part of the order in one slice, whatever the vault allows. */
  readonly oneShotCostUsd: number;
  /** {USD} standard deviation of the cost. */
  readonly risk: number;
  readonly reason: SliceBound;
};

/** Pools move between planning and execution: stay this far below the sandwich threshold. */
const SANDWICH_MARGIN = 0.9;
const MAX_PLANNED = 100;
/** Shares are sums of floats; a cap that they meet exactly is met. */
const TOLERANCE = 1e-9;

type Candidate = {
  readonly spacingS: number;
  readonly shares: readonly number[];
  readonly gasUsd: number;
  readonly recoveryUsd: number;
  readonly sandwichUsd: number;
  readonly costUsd: number;
  readonly varianceUsd2: number;
  readonly riskUsd: number;
  readonly objectiveUsd: number;
};

type Bounds = {
  readonly order: SliceOrder;
  readonly totalUsd: number;
  /** R of the whole order: Q^2 / sum(q^2 / R). */
  readonly depthUsd: number;
  readonly closestS: number;
  readonly mostSlices: number;
  readonly leastSlices: number;
  readonly vaultShare: number;
  readonly safeShare: number;
};

function check(order: SliceOrder): void {
  const positive = ['blockTimeS', 'maxSliceUsd'] as const;
  const notNegative = ['sigma', 'sliceGasUsd', 'riskAversion', 'ttlS', 'sliceCooldownS', 'slackBps'] as const;
  const refuse = (field: string, value: number, must: string): never => {
    throw new RangeError(`${field} is ${value}; it must be a finite number ${must}`);
  };
  for (const f of positive) if (!(order[f] > 0 && order[f] < Infinity)) refuse(f, order[f], 'above 0');
  for (const f of notNegative) if (!(order[f] >= 0 && order[f] < Infinity)) refuse(f, order[f], 'of at least 0');
  if (order.legs.length === 0) throw new RangeError('legs is empty; an order has at least one');
  for (const [i, leg] of order.legs.entries()) {
    for (const f of ['sizeUsd', 'depthUsd'] as const)
      if (!(leg[f] > 0 && leg[f] < Infinity)) refuse(`legs[${i}].${f}`, leg[f], 'above 0');
    if (!(leg.feePips >= 0 && leg.feePips < 1e6)) refuse(`legs[${i}].feePips`, leg.feePips, 'from 0 to below 1000000');
    // Infinite ones mean: nobody can sandwich it; it never comes back by itself.
    for (const f of ['sandwichCapUsd', 'recoveryBlocks'] as const)
      if (!(leg[f] >= 0)) throw new RangeError(`legs[${i}].${f} is ${leg[f]}; it must be a number of at least 0`);
  }
}

/** @param whole the order before the vault's slice size and the epoch's end cut it */
function boundsOf(whole: SliceOrder): { readonly bounds: Bounds; readonly fraction: number } {
  const wholeUsd = whole.legs.reduce((sum, l) => sum + l.sizeUsd, 0);
  const closestS = Math.ceil(Math.max(whole.sliceCooldownS, whole.blockTimeS));
  const mostSlices = 1 + Math.max(0, Math.floor((whole.ttlS - whole.blockTimeS) / closestS));
  const fraction = Math.min(1, (mostSlices * whole.maxSliceUsd) / wholeUsd);
  const legs = whole.legs.map((l) => ({ ...l, sizeUsd: l.sizeUsd * fraction }));
  const totalUsd = wholeUsd * fraction;
  const vaultShare = Math.min(1, whole.maxSliceUsd / totalUsd);
  const safeShare = Math.min(1, ...legs.map((l) => (SANDWICH_MARGIN * l.sandwichCapUsd) / l.sizeUsd));
  const bounds: Bounds = {
    order: { ...whole, legs },
    totalUsd,
    depthUsd: totalUsd ** 2 / legs.reduce((sum, l) => sum + l.sizeUsd ** 2 / l.depthUsd, 0),
    closestS,
    mostSlices,
    leastSlices: Math.ceil(1 / vaultShare - TOLERANCE),
    vaultShare,
    safeShare,
  };
  return { bounds, fraction };
}

function evaluate(b: Bounds, count: number, spacingS: number): Candidate {
  const { order, totalUsd } = b;
  const stepVariance = sigmaOver(order.sigma, spacingS) ** 2;
  const exposed = order.publicMempool && b.safeShare * count < 1 - TOLERANCE;
  const maxShare = order.publicMempool && !exposed ? Math.min(b.vaultShare, b.safeShare) : b.vaultShare;
  const shares = trajectory(count, urgency(order.riskAversion, stepVariance, b.depthUsd), maxShare);
  const gasUsd = count * order.sliceGasUsd;
  const spacingBlocks = Math.max(1, Math.floor(spacingS / order.blockTimeS));
  let recoveryUsd = 0;
  let sandwichUsd = 0;
  let costUsd = gasUsd;
  for (const leg of order.legs) {
    const cost = slicesCostUsd(leg, shares, spacingBlocks);
    recoveryUsd += cost.recoveryUsd;
    costUsd += cost.swapUsd + cost.recoveryUsd;
    const cap = SANDWICH_MARGIN * leg.sandwichCapUsd * (1 + TOLERANCE);
    if (order.publicMempool)
      for (const s of shares) if (s * leg.sizeUsd > cap) sandwichUsd += (s * leg.sizeUsd * order.slackBps) / 10_000;
  }
  costUsd += sandwichUsd;
  const varianceUsd2 = timingVariance(shares, stepVariance) * totalUsd ** 2;
  const riskUsd = order.riskAversion * varianceUsd2;
  const objectiveUsd = costUsd + riskUsd;
  return { spacingS, shares, gasUsd, recoveryUsd, sandwichUsd, costUsd, varianceUsd2, riskUsd, objectiveUsd };
}

/** The best of a ladder of spacings that doubles from the closest to what the epoch leaves room for. */
function bestSpacing(b: Bounds, count: number): Candidate {
  if (count === 1) return evaluate(b, 1, 0);
  const widestS = Math.floor((b.order.ttlS - b.order.blockTimeS) / (count - 1));
  let best = evaluate(b, count, b.closestS);
  let last = best;
  // Waiting longer only saves on recovery: stop when there is too little of that left to matter.
  for (let s = 2 * b.closestS; s < 2 * widestS && last.objectiveUsd - last.recoveryUsd < best.objectiveUsd; s *= 2) {
    last = evaluate(b, count, Math.min(s, widestS));
    if (last.objectiveUsd < best.objectiveUsd) best = last;
  }
  return best;
}

function search(b: Bounds): Candidate {
  const { legs, sliceGasUsd } = b.order;
  const fees = legs.reduce((sum, l) => sum + (l.sizeUsd * l.feePips) / 1e6, 0);
  // Even shares into pools that recover at once, without risk.
  const least = (n: number): number =>
    legs.reduce((sum, l) => sum + n * swapCostUsd(l, l.sizeUsd / n), n * sliceGasUsd);
  let best = bestSpacing(b, b.leastSlices);
  for (let n = b.leastSlices + 1; n <= Math.min(b.mostSlices, MAX_PLANNED); n++) {
    // No schedule costs less than its fees and its gas.
    if (fees + n * sliceGasUsd >= best.objectiveUsd) break;
    if (least(n) >= best.objectiveUsd) continue;
    const other = bestSpacing(b, n);
    if (other.objectiveUsd < best.objectiveUsd) best = other;
  }
  return best;
}

function reasonFor(b: Bounds, best: Candidate): SliceBound {
  const count = best.shares.length;
  if (count === 1) return 'ONE';
  if (count === b.leastSlices) return 'VAULT_CAP';
  const unseen: Bounds = { ...b, order: { ...b.order, publicMempool: false } };
  if (b.order.publicMempool && b.safeShare < 1 && search(unseen).shares.length < count) return 'SANDWICH';
  if (count === b.mostSlices) return 'TTL';
  if (count === MAX_PLANNED) return 'COUNT';
  const more = bestSpacing(b, count + 1);
  const added: readonly (readonly [SliceBound, number])[] = [
    ['GAS', more.gasUsd - best.gasUsd],
    ['RISK', more.riskUsd - best.riskUsd],
    ['RECOVERY', more.recoveryUsd - best.recoveryUsd],
  ];
  return added.reduce((a, x) => (x[1] > a[1] ? x : a))[0];
}

/** @throws RangeError naming the field that is not a usable number */
export function planSlices(whole: SliceOrder): SliceSchedule {
  check(whole);
  const { bounds, fraction } = boundsOf(whole);
  const best = search(bounds);
  const oneShot = evaluate({ ...bounds, vaultShare: 1 }, 1, 0);
  return {
    count: best.shares.length,
    spacingS: best.spacingS,
    shares: best.shares,
    fraction,
    expectedCostUsd: best.costUsd,
    sandwichUsd: best.sandwichUsd,
    oneShotCostUsd: oneShot.costUsd,
    risk: Math.sqrt(best.varianceUsd2),
    reason: reasonFor(bounds, best),
  };
}
