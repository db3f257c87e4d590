/**
 * The curves of Balancer's pools in floating point, for search: no allocation after `twinOf`, amounts in base units as
 * numbers. They know no least trade and no imbalance that ends it; what reaches a chain comes from `swapBalancer`.
 *
 * Where that completes, the output here differs from it by at most 1e-12 of itself, 2e-14 of the balance paid from (the
 * margin that a weighted pool keeps for its power function), 1e-12 of a token (the whole number that the invariant of a
 * stable pool is), one base unit out and three in. The marginal price is within 1e-9 of itself for balances of at least
 * 1e24, a million tokens.
 */
import type { Address, BalancerPoolState } from '../../types.ts';
import { ONE_E18 } from './fixedPoint.ts';
import { AMP_PRECISION, stableInvariant } from './stable.ts';
import { sidesOf, weightOf } from './swap.ts';
import { MAX_IN_RATIO_E18 } from './weighted.ts';

export type WeightedTwin = {
  readonly kind: 'WEIGHTED';
  readonly balanceIn: number;
  readonly balanceOut: number;
  /** Weight in over weight out. */
  readonly exponent: number;
  /** What the fee leaves of the input. */
  readonly kept: number;
  /** The pool reverts beyond. */
  readonly maxIn: number;
};

/**
 * Around the balances (x, y) of both tokens the invariant D holds y^2 + b y = c with b = S - y + D / (A n) - D growing by
 * the input, and c falling by x / (x + input). Written for the output o = y - y', that is o^2 - p o + q = 0, where nothing
 * cancels: p = 2 y + b + input, q = input (y + c / (x + input)).
 */
export type StableTwin = {
  readonly kind: 'STABLE';
  readonly balanceIn: number;
  readonly balanceOut: number;
  readonly p: number;
  readonly c: number;
  /** What the fee leaves of a base unit in, in the units of the balances: 1e-18 of value. */
  readonly keptPerUnit: number;
  /** {base units of tokenOut per 1e-18} */
  readonly unitsOut: number;
};

export type BalancerTwin = WeightedTwin | StableTwin;

/** null: the pool has no invariant, and therefore no price. */
export function twinOf(pool: BalancerPoolState, tokenIn: Address, tokenOut: Address): BalancerTwin | null {
  const [sideIn, sideOut] = sidesOf(pool, tokenIn, tokenOut);
  const kept = Number(ONE_E18 - pool.swapFeeE18) / 1e18;
  const unitIn = Number(sideIn.unitE36) / 1e18;
  const unitOut = Number(sideOut.unitE36) / 1e18;
  const [balanceIn, balanceOut] = [Number(sideIn.balanceE18), Number(sideOut.balanceE18)];
  const { curve } = pool;
  if (curve.kind === 'WEIGHTED') {
    return {
      kind: 'WEIGHTED',
      balanceIn: balanceIn / unitIn,
      balanceOut: balanceOut / unitOut,
      exponent: Number(weightOf(curve.weightsE18, sideIn)) / Number(weightOf(curve.weightsE18, sideOut)),
      kept,
      maxIn: (balanceIn / unitIn / kept) * (Number(MAX_IN_RATIO_E18) / 1e18),
    };
  }
  const d = stableInvariant(curve.ampE3, pool.balancesE18);
  if (d === null) return null;
  // S - D is a small difference of large numbers: taken before the numbers become floats.
  const excess = Number(pool.balancesE18.reduce((a, x) => a - x, d) * -1n);
  const overAmp = (Number(d) * Number(AMP_PRECISION)) / (Number(curve.ampE3) * pool.balancesE18.length);
  return {
    kind: 'STABLE',
    balanceIn,
    balanceOut,
    p: balanceOut + excess + overAmp,
    c: balanceOut * (excess + overAmp),
    keptPerUnit: kept * unitIn,
    unitsOut: 1 / unitOut,
  };
}

/** {base units of tokenOut} */
export function twinOut(twin: BalancerTwin, amountIn: number): number {
  if (twin.kind === 'WEIGHTED') {
    return twin.balanceOut * -Math.expm1(-twin.exponent * Math.log1p((amountIn * twin.kept) / twin.balanceIn));
  }
  return stableOut(twin, amountIn * twin.keptPerUnit) * twin.unitsOut;
}

/** {base units of tokenOut per base unit of tokenIn} what the next unit brings after `amountIn`, fee included. */
export function twinMarginal(twin: BalancerTwin, amountIn: number): number {
  if (twin.kind === 'WEIGHTED') {
    const after = twin.balanceIn + amountIn * twin.kept;
    const left = Math.exp(-twin.exponent * Math.log1p((amountIn * twin.kept) / twin.balanceIn));
    return (twin.kept * twin.exponent * twin.balanceOut * left) / after;
  }
  const input = amountIn * twin.keptPerUnit;
  const out = stableOut(twin, input);
  const after = twin.balanceIn + input;
  const slope = (twin.balanceOut - out + (twin.c / after) * (twin.balanceIn / after)) / (twin.p + input - 2 * out);
  return slope * twin.keptPerUnit * twin.unitsOut;
}

function stableOut(twin: StableTwin, input: number): number {
  const p = twin.p + input;
  const q = input * (twin.balanceOut + twin.c / (twin.balanceIn + input));
  return (2 * q) / (p + Math.sqrt(p * p - 4 * q));
}
