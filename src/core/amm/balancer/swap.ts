/** Swaps in pools of Balancer's V3 vault, exact in, equal to the wei: what the vault does around the curve of a pool. */
import { sameAddress } from '../../address.ts';
import type { Address, BalancerPoolState } from '../../types.ts';
import { divUp, max } from '../../units.ts';
import { divDownE18, fitsUint128, mulDownE18, mulUpE18, ONE_E18 } from './fixedPoint.ts';
import { AMP_PRECISION, stableAmountOut, stableInvariant } from './stable.ts';
import { weightedAmountOut } from './weighted.ts';

export type BalancerSwap = {
  /** {base units of tokenOut} */
  readonly amountOut: bigint;
  /** {base units of tokenIn} the swap fee as the vault reports it, rounded down. */
  readonly feeAmount: bigint;
  /** false: the vault would revert. */
  readonly complete: boolean;
  readonly pool: BalancerPoolState;
};

/** {1e-18} the vault trades no less, on either side; set when it was deployed, to the same on every network. */
const MIN_TRADE_E18 = 1_000_000n;
/** {1e-18} a weighted pool keeps at least this, or one base unit, of each token: so its factory sets it. */
const MIN_BALANCE_E18 = 1_000_000n;

/** One token as the vault sees it. */
export type Side = {
  readonly index: number;
  readonly balanceE18: bigint;
  /** {1e-36 per base unit} value of a base unit: decimals times rate. */
  readonly unitE36: bigint;
};

export function sideOf(pool: BalancerPoolState, token: Address): Side {
  const index = pool.tokens.findIndex((t) => sameAddress(t, token));
  const balanceE18 = pool.balancesE18[index];
  const scale = pool.scalingFactors[index];
  const rateE18 = pool.ratesE18[index];
  if (balanceE18 === undefined || scale === undefined || rateE18 === undefined) {
    throw new RangeError(`token ${token} is not in pool ${pool.address}`);
  }
  return { index, balanceE18, unitE36: scale * rateE18 };
}

/** Both sides of a trade, which are never the same. */
export function sidesOf(pool: BalancerPoolState, tokenIn: Address, tokenOut: Address): readonly [Side, Side] {
  const sides = [sideOf(pool, tokenIn), sideOf(pool, tokenOut)] as const;
  if (sides[0].index === sides[1].index) throw new RangeError(`${tokenIn} cannot be traded for itself`);
  return sides;
}

export function weightOf(weightsE18: readonly bigint[], side: Side): bigint {
  const weight = weightsE18[side.index];
  if (weight === undefined) throw new RangeError(`no weight for token ${side.index} of ${weightsE18.length}`);
  return weight;
}

const scaled = (amount: bigint, side: Side): bigint => mulDownE18(amount, side.unitE36);
const unscaled = (amountE18: bigint, unitE36: bigint): bigint => divDownE18(amountE18, unitE36);

/**
 * The vault keeps base units and scales them at each use. Going back is exact wherever a base unit is worth at least
 * 1e-18, which leaves out only tokens of 18 decimals whose rate is below one: those are off by less than one unit.
 */
const baseUnitsOf = (side: Side): bigint => divUp(side.balanceE18 * ONE_E18, side.unitE36);

/** What leaves is divided by a rate rounded up, unless it is whole. {1e-36 per base unit} */
function unitRoundedUp(pool: BalancerPoolState, side: Side): bigint {
  const rateE18 = pool.ratesE18[side.index] ?? 0n;
  return rateE18 % ONE_E18 === 0n ? side.unitE36 : side.unitE36 + (pool.scalingFactors[side.index] ?? 0n);
}

export function swapBalancer(
  pool: BalancerPoolState,
  tokenIn: Address,
  tokenOut: Address,
  amountIn: bigint,
): BalancerSwap {
  const [sideIn, sideOut] = sidesOf(pool, tokenIn, tokenOut);
  const reverted: BalancerSwap = { amountOut: 0n, feeAmount: 0n, complete: false, pool };
  if (amountIn <= 0n) return reverted;

  const givenE18 = scaled(amountIn, sideIn);
  const feeE18 = mulUpE18(givenE18, pool.swapFeeE18);
  const lessFeeE18 = givenE18 - feeE18;
  if (lessFeeE18 < MIN_TRADE_E18) return reverted;
  const outE18 = amountOutE18(pool, sideIn, sideOut, lessFeeE18);
  if (outE18 === null || outE18 < MIN_TRADE_E18) return reverted;

  const amountOut = unscaled(outE18, unitRoundedUp(pool, sideOut));
  const feeAmount = unscaled(feeE18, sideIn.unitE36);
  const leavingAmount = mulDownE18(feeAmount, pool.aggregateFeeE18);
  const inAfter = baseUnitsOf(sideIn) + amountIn - leavingAmount;
  const outAfter = baseUnitsOf(sideOut) - amountOut;
  const inAfterE18 = scaled(inAfter, sideIn);
  if (outAfter < 0n || !fitsUint128(inAfter) || !fitsUint128(inAfterE18)) return reverted;

  const balancesE18 = pool.balancesE18.with(sideIn.index, inAfterE18).with(sideOut.index, scaled(outAfter, sideOut));
  return { amountOut, feeAmount, complete: true, pool: { ...pool, balancesE18 } };
}

/** The curve of the pool, in 18 decimals. null = the pool reverts. */
function amountOutE18(pool: BalancerPoolState, sideIn: Side, sideOut: Side, amountInE18: bigint): bigint | null {
  const { curve } = pool;
  if (curve.kind === 'STABLE') {
    return stableAmountOut(curve.ampE3, pool.balancesE18, sideIn.index, sideOut.index, amountInE18);
  }
  const leastOf = (side: Side): bigint => max(MIN_BALANCE_E18, pool.scalingFactors[side.index] ?? 0n);
  // Against whoever trades: the balance paid into counts one more than it is.
  const balanceInE18 = sideIn.balanceE18 + 1n;
  const [weightIn, weightOut] = [weightOf(curve.weightsE18, sideIn), weightOf(curve.weightsE18, sideOut)];
  if (balanceInE18 < leastOf(sideIn)) return null;
  const out = weightedAmountOut(balanceInE18, weightIn, sideOut.balanceE18, weightOut, amountInE18);
  return out === null || sideOut.balanceE18 - out < leastOf(sideOut) ? null : out;
}

/**
 * Marginal price before fees, base units of tokenOut per base unit of tokenIn. Exact for a weighted pool. For a stable
 * pool exact at the pool's own invariant D, a whole number within 100 units of the true one while no balance is 10,000
 * times another: the price is off by less than (n + 1) * 100 / D of itself. 0/0 where the pool has no price.
 */
export function balancerMidPrice(
  pool: BalancerPoolState,
  tokenIn: Address,
  tokenOut: Address,
): { numerator: bigint; denominator: bigint } {
  const [sideIn, sideOut] = sidesOf(pool, tokenIn, tokenOut);
  const { curve } = pool;
  if (curve.kind === 'WEIGHTED') {
    return {
      numerator: sideOut.balanceE18 * weightOf(curve.weightsE18, sideIn) * sideIn.unitE36,
      denominator: sideIn.balanceE18 * weightOf(curve.weightsE18, sideOut) * sideOut.unitE36,
    };
  }
  const d = stableInvariant(curve.ampE3, pool.balancesE18);
  if (d === null) return { numerator: 0n, denominator: 0n };
  const n = BigInt(pool.balancesE18.length);
  // dD/dx_i is proportional to A n + D^(n+1) / (n^n P x_i); both sides are multiplied by n^n P and by both balances.
  const product = pool.balancesE18.reduce((a, x) => a * x, n ** n);
  const amp = curve.ampE3 * n * product;
  const rest = d ** (n + 1n) * AMP_PRECISION;
  return {
    numerator: sideOut.balanceE18 * (amp * sideIn.balanceE18 + rest) * sideIn.unitE36,
    denominator: sideIn.balanceE18 * (amp * sideOut.balanceE18 + rest) * sideOut.unitE36,
  };
}
