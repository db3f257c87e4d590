/** Tracking variance and what it costs, in exact integers: the decision's own arithmetic, without a matrix. */
import { BPS } from '../units.ts';

/** Volatilities a year in the order of the assets, and one correlation between every two of them, 0 to 10,000. */
export type Risk = { readonly volatilitiesBps: readonly number[]; readonly correlationBps: number };

/** One volatility and no correlation: each asset's drift counts by itself. */
export function evenRisk(assetCount: number, volatilityBps: number): Risk {
  return { volatilitiesBps: Array.from({ length: assetCount }, () => volatilityBps), correlationBps: 0 };
}

/**
 * {USD E8 squared, 1e-12} d' Sigma d of the drifts value - target. With one correlation rho,
 * d' Sigma d = (1 - rho) sum (sigma_i d_i)^2 + rho (sum sigma_i d_i)^2: exact, nothing is rounded.
 */
export function trackingVarianceE12(values: readonly bigint[], targets: readonly bigint[], risk: Risk): bigint {
  let [squares, linear] = [0n, 0n];
  for (const [i, value] of values.entries()) {
    const weighed = BigInt(risk.volatilitiesBps[i] ?? 0) * (value - (targets[i] ?? 0n));
    squares += weighed * weighed;
    linear += weighed;
  }
  const rho = BigInt(risk.correlationBps);
  return (BPS - rho) * squares + rho * linear * linear;
}

/**
 * {USD E8 a year} gamma / 2 * (variance before - variance after) / NAV. Rounded towards 0, so never more than is saved nor
 * more than is lost; negative when drift grows.
 */
export function trackingSavingUsdE8(
  riskAversionE2: number,
  navUsdE8: bigint,
  beforeE12: bigint,
  afterE12: bigint,
): bigint {
  if (navUsdE8 === 0n) return 0n;
  return (BigInt(riskAversionE2) * (beforeE12 - afterE12)) / (200n * BPS * BPS * BPS * navUsdE8);
}
