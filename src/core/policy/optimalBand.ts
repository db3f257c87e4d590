/**
 * The band that costs least. Wait until a weight is `trigger` away from its target, then trade back to `destination` on
 * the same side. Of the weight's deviation y, a Brownian motion of variance s^2 = sigma^2 m^2 a year with m = w (1 - w),
 * renewal theory gives E[T] = (h^2 - b^2) / s^2 and E[integral of y^2] = (h^4 - b^4) / (6 s^2), so a year costs
 *
 *   J(h, b) = (k + lambda (h - b)) s^2 / (h^2 - b^2) + gamma sigma^2 (h^2 + b^2) / 12        (1)
 *
 * Its minimum depends on k, lambda, m and gamma alone: sigma cancels. Float64: the result is a choice, not an amount.
 */

export type BandCosts = {
  /** k: what a rebalance costs whatever its size, as a fraction of the portfolio. */
  readonly fixed: number;
  /** lambda: fee, half spread and expected impact, as a fraction of what is traded. */
  readonly proportional: number;
};

export type BandModel = BandCosts & {
  /** Target weight, 0 to 1. */
  readonly weight: number;
  /** gamma */
  readonly riskAversion: number;
  /** c: variance of the deviation over that under a resting target, 1 = the target rests. */
  readonly varianceScale: number;
};

/** As fractions of the portfolio. */
export type OptimalBand = { readonly trigger: number; readonly destination: number };

/** m^2 of a target that may move itself. */
function spread2({ weight, varianceScale }: BandModel): number {
  const m = weight * (1 - weight);
  return varianceScale * m * m;
}

/**
 * Where k = lambda h (1 - beta)^3 / (4 beta), beta = destination / trigger: the right side falls from infinity to 0.
 * Bisected in ln(beta / (1 - beta)), which keeps every digit of 1 - beta. 1 when there is no fixed cost: to the edge.
 */
export function destinationShare(fixed: number, proportional: number, triggerAt: (beta: number) => number): number {
  if (fixed === 0) return 1;
  let [low, high] = [-80, 80];
  for (let i = 0; i < 100; i++) {
    const z = (low + high) / 2;
    const beta = 1 / (1 + Math.exp(-z));
    const rest = 1 / (1 + Math.exp(z));
    if ((proportional * triggerAt(beta) * rest ** 3) / (4 * beta) > fixed) low = z;
    else high = z;
  }
  return 1 / (1 + Math.exp(-low));
}

/**
 * Both first-order conditions of (1): h^3 = 3 lambda m^2 / (gamma beta (1 + beta)) and that of `destinationShare`.
 * No proportional cost: back to the target, h^4 = 12 k m^2 / gamma.
 */
export function optimalBand(model: BandModel): OptimalBand {
  const { fixed, proportional, riskAversion } = model;
  const a = spread2(model) / riskAversion;
  if (proportional === 0) return { trigger: (12 * fixed * a) ** 0.25, destination: 0 };
  const triggerAt = (beta: number): number => Math.cbrt((3 * proportional * a) / (beta * (1 + beta)));
  const beta = destinationShare(fixed, proportional, triggerAt);
  return { trigger: triggerAt(beta), destination: beta * triggerAt(beta) };
}

/** J of (1): a year of costs and of half gamma times tracking variance, as a fraction of the portfolio. */
export function bandCost(model: BandModel, volatility: number, { trigger: h, destination: b }: OptimalBand): number {
  const { fixed: k, proportional: lambda, riskAversion } = model;
  const sigma2 = volatility * volatility;
  // (h - b) / (h^2 - b^2) without the 0 / 0 at the edge.
  const trading = (k === 0 ? 0 : k / (h * h - b * b)) + lambda / (h + b);
  return trading * spread2(model) * sigma2 + (riskAversion * sigma2 * (h * h + b * b)) / 12;
}

/** Rebalances a year: 1 / E[T]. */
export function tradesPerYear(
  model: BandModel,
  volatility: number,
  { trigger: h, destination: b }: OptimalBand,
): number {
  return (spread2(model) * volatility * volatility) / (h * h - b * b);
}

/** Root mean square tracking error a year under the band: sigma sqrt((h^2 + b^2) / 6). */
export function bandTrackingError(volatility: number, { trigger: h, destination: b }: OptimalBand): number {
  return volatility * Math.sqrt((h * h + b * b) / 6);
}

/** -zeta(1/2) / sqrt(2 pi): a walk seen every dt overshoots a barrier as if it lay this many s sqrt(dt) further out. */
const OVERSHOOT = 0.582597157939;

/** How much further than the trigger a deviation has gone when it is first seen, looking `looksPerYear` times a year. */
export function overshoot(model: BandModel, volatility: number, looksPerYear: number): number {
  return OVERSHOOT * Math.sqrt(spread2(model) / looksPerYear) * volatility;
}
