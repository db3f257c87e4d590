/**
 * How to spread an order over a given number of slices when waiting is risky: Almgren and Chriss 2001, "Optimal execution of
 * portfolio transactions", with an AMM's impact q^2 / R as the temporary one and none that lasts, because the outside market
 * sets the price.
 */

/**
 * Decay per slice kappa dt of what is left, 2 (cosh(kappa dt) - 1) = lambda sigma^2 dt R; 0 = risk does not matter.
 * @param riskAversion {1/USD} lambda of cost + lambda * variance
 * @param stepVariance {share^2} of the price between two slices
 */
export function urgency(riskAversion: number, stepVariance: number, depthUsd: number): number {
  return 2 * Math.asinh(Math.sqrt(riskAversion * stepVariance * depthUsd) / 2);
}

/** Share of what is left that goes first when `slices` remain: 1 - sinh(a (n - 1)) / sinh(a n), without overflow. */
function firstShare(a: number, slices: number): number {
  if (a * slices < 1e-6) return 1 / slices;
  return 1 - (Math.exp(-a) * Math.expm1(-2 * a * (slices - 1))) / Math.expm1(-2 * a * slices);
}

/**
 * Shares of `count` slices, largest first, none above `maxShare`. The optimum is the same seen from any of its slices, so one
 * that hits the cap leaves the rest to be spread anew. @param maxShare at least 1 / count
 */
export function trajectory(count: number, a: number, maxShare: number): number[] {
  const shares: number[] = [];
  let left = 1;
  for (let n = count; n > 1; n--) {
    const share = Math.min(maxShare, left * firstShare(a, n));
    shares.push(share);
    left -= share;
  }
  shares.push(left);
  return shares;
}

/** {share^2} variance of the price change that the order bears: what is left after each slice waits for the next. */
export function timingVariance(shares: readonly number[], stepVariance: number): number {
  let left = 1;
  let sum = 0;
  for (const share of shares) {
    left -= share;
    sum += left * left;
  }
  return stepVariance * sum;
}
