/**
 * Cash flow before trades: a deposit buys what is most underweight, a withdrawal is raised from what is most overweight,
 * and nothing else is touched.
 *
 * What tracking costs is half gamma times d' Sigma d. With one volatility and any one correlation this is
 * sigma^2 ((1 - rho) sum d^2 + rho (sum d)^2), and sum d = 0: the least of sum d^2 is wanted, so money levels *absolute*
 * drifts, in dollars or points alike, and not drifts relative to targets. With a volatility per asset it levels
 * sigma_i^2 d_i, which is exact where assets are independent.
 */
import { targetValueUsdE8 } from '../value.ts';
import { fillToLevel } from './level.ts';

export type Held = {
  readonly valueUsdE8: bigint;
  readonly targetBps: number;
  /** {bps a year}, the same for all assets if only one is known. */
  readonly volatilityBps: number;
  /** May it be bought by a deposit, or sold for a withdrawal? */
  readonly tradable: boolean;
};

function curvatureOf(asset: Held): bigint {
  const v = BigInt(asset.volatilityBps);
  return v === 0n ? 1n : v * v;
}

/**
 * {USD E8} by asset: what of a deposit of `assets[cash]`, already among the values, goes into each asset. The part of
 * `cash` itself stays as it is; the others are bought with the rest. They sum to the deposit.
 */
export function spendDeposit(assets: readonly Held[], cash: number, depositUsdE8: bigint): bigint[] {
  const nav = assets.reduce((a, x) => a + x.valueUsdE8, 0n);
  return fillToLevel(
    assets.map((a, i) => ({
      driftUsdE8: a.valueUsdE8 - (i === cash ? depositUsdE8 : 0n) - targetValueUsdE8(a.targetBps, nav),
      curvature: curvatureOf(a),
      capUsdE8: a.tradable || i === cash ? depositUsdE8 : 0n,
    })),
    depositUsdE8,
  );
}

/**
 * {USD E8} by asset: what each asset gives so that `amountUsdE8` can leave in `assets[cash]`, which gives from its own
 * first where it is overweight too. They sum to the amount, or to all that may be sold if that is less.
 */
export function raiseWithdrawal(assets: readonly Held[], cash: number, amountUsdE8: bigint): bigint[] {
  const nav = assets.reduce((a, x) => a + x.valueUsdE8, 0n);
  const left = nav > amountUsdE8 ? nav - amountUsdE8 : 0n;
  return fillToLevel(
    assets.map((a, i) => ({
      driftUsdE8: targetValueUsdE8(a.targetBps, left) - a.valueUsdE8,
      curvature: curvatureOf(a),
      capUsdE8: a.tradable || i === cash ? a.valueUsdE8 : 0n,
    })),
    amountUsdE8,
  );
}
