/** What providing liquidity costs against holding (IL) and against rebalancing (LVR), and who earns it. */

/**
 * Value of a constant-mean pool against holding, minus one: product(rho_i^w_i) / sum(w_i rho_i) - 1.
 * Zero fees, fully arbitraged; `ratios` are prices after over prices before. Own derivation from the invariant; for two
 * equal weights it is the known 2 sqrt(r) / (1 + r) - 1.
 */
export function impermanentLoss(weights: readonly number[], ratios: readonly number[]): number {
  let logPool = 0;
  let held = 0;
  for (const [i, w] of weights.entries()) {
    const ratio = ratios[i] ?? Number.NaN;
    logPool += w * Math.log(ratio);
    held += w * ratio;
  }
  return Math.exp(logPool) / held - 1;
}

/**
 * {share of pool value per unit of time of `covariance`} (sum w_i S_ii - w'Sw) / 2 of a constant-mean pool.
 * Milionis, Moallemi, Roughgarden, Zhang 2022, "Automated market making and loss-versus-rebalancing": sigma^2/8 for
 * two equal weights; for more assets own derivation.
 */
export function lvrRate(weights: readonly number[], covariance: readonly (readonly number[])[]): number {
  let own = 0;
  let joint = 0;
  for (const [i, wi] of weights.entries()) {
    own += wi * (covariance[i]?.[i] ?? Number.NaN);
    for (const [j, wj] of weights.entries()) joint += wi * wj * (covariance[i]?.[j] ?? Number.NaN);
  }
  return (own - joint) / 2;
}

export type RangePosition = { readonly liquidity: number; readonly lower: number; readonly upper: number };

/** Amounts of a Uniswap V3 position at `price` (token1 per token0), and its value in token1. */
export function positionAt(
  p: RangePosition,
  price: number,
): { readonly amount0: number; readonly amount1: number; readonly value: number } {
  const a = Math.sqrt(p.lower);
  const b = Math.sqrt(p.upper);
  const s = Math.min(b, Math.max(a, Math.sqrt(price)));
  const amount0 = p.liquidity * (1 / s - 1 / b);
  const amount1 = p.liquidity * (s - a);
  return { amount0, amount1, value: amount0 * price + amount1 };
}

/** Value of a position after the price moved from `from` to `to`, against holding what it held, minus one. */
export function rangeImpermanentLoss(p: RangePosition, from: number, to: number): number {
  const { amount0, amount1 } = positionAt(p, from);
  return positionAt(p, to).value / (amount0 * to + amount1) - 1;
}

/** {token1 per unit of time of `sigma`^2} L sigma^2 sqrt(P) / 4 inside the range, nothing outside: -V'' sigma^2 P^2 / 2. */
export function rangeLvrRate(p: RangePosition, price: number, sigma: number): number {
  return price <= p.lower || price >= p.upper ? 0 : (p.liquidity * sigma * sigma * Math.sqrt(price)) / 4;
}

/**
 * Fees and LVR per value of a position over [P/r, P r] as a multiple of the full range's: 1 / (1 - r^-1/2).
 * Capital efficiency as in the Uniswap v3 whitepaper.
 */
export function concentrationMultiple(r: number): number {
  return 1 / (1 - 1 / Math.sqrt(r));
}

/**
 * Share of blocks with an arbitrage when blocks arrive as a Poisson process: 1 / (1 + sqrt(2) f / sigma_b).
 * Milionis, Moallemi, Roughgarden 2023, "Automated market making and arbitrage profits in the presence of fees".
 * @param fee one way, as a logarithm @param blockSigma volatility over a mean block
 */
export function arbitrageProbability(fee: number, blockSigma: number): number {
  return 1 / (1 + (Math.SQRT2 * fee) / blockSigma);
}

/** Arbitrage profit over LVR of a constant-product pool with Poisson blocks; same source. */
export function arbitrageShareOfLvrPoisson(fee: number, blockSigma: number): number {
  return (arbitrageProbability(fee, blockSigma) * Math.cosh(fee / 2)) / (1 - (blockSigma * blockSigma) / 8);
}

/** sqrt(2 pi) / |zeta(1/2)| */
const FIXED_BLOCK_CONSTANT = 1.716_451_902_267_407;

/**
 * Arbitrage profit over LVR with blocks of fixed length: 1 / (1 + 1.7165 f / sigma_b). Poisson blocks overstate it on
 * chains with regular ones. Nezlobin, Tassy 2025, whose gamma is the full spread, 2f.
 */
export function arbitrageShareOfLvrFixed(fee: number, blockSigma: number): number {
  return 1 / (1 + (FIXED_BLOCK_CONSTANT * fee) / blockSigma);
}

/**
 * {log price} what gas adds to each side of the band in which nobody arbitrages a constant-product pool: sqrt(8 G / V),
 * where the profit V z^2 / 8 of closing the last z pays for the gas. Own derivation.
 */
export function gasHalfWidth(gasUsd: number, poolUsd: number): number {
  return Math.sqrt((8 * gasUsd) / poolUsd);
}
