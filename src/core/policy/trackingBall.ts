/**
 * One band for the whole portfolio: trade when the tracking variance of all deviations together, d' Sigma d, exceeds r^2,
 * and scale them back to rho / r of what they are (equation (5) of the policy study). Uses a covariance, float64.
 */
import { type BandCosts, destinationShare } from './optimalBand.ts';

/** Yearly covariance of returns, row by row. */
export type Covariance = readonly (readonly number[])[];

/** How deviations from these weights spread; needs neither costs nor a preference. */
export type DriftShape = {
  /** n: number of assets less one. */
  readonly dimensions: number;
  /** q: trace(Sigma D), the growth of d' Sigma d in a year; D is the covariance of drift. */
  readonly growth: number;
  /** c: turnover per unit of tracking error, averaged over the directions of drift. */
  readonly turnover: number;
  /** Of each asset against the rest of the portfolio, held pro rata. */
  readonly relativeVolatilities: readonly number[];
  /** Largest |d_i| sigma_i per unit of tracking error, averaged over the directions of drift; 1 for two assets. */
  readonly reach: number;
};

/** As tracking errors: fractions of the portfolio a year. */
export type TrackingBall = { readonly trigger: number; readonly destination: number };

/** The covariance that volatilities and one correlation between every two assets make. */
export function covarianceOf(volatilities: readonly number[], correlation: number): number[][] {
  return volatilities.map((a, i) => volatilities.map((b, j) => a * b * (i === j ? 1 : correlation)));
}

/** d' Sigma d */
export function trackingVariance(deviation: readonly number[], covariance: Covariance): number {
  let sum = 0;
  for (const [i, row] of covariance.entries()) {
    let inner = 0;
    for (const [j, c] of row.entries()) inner += c * (deviation[j] ?? 0);
    sum += inner * (deviation[i] ?? 0);
  }
  return sum;
}

function relativeVolatility(weights: readonly number[], covariance: Covariance, index: number): number {
  const rest = 1 - (weights[index] ?? 0);
  const against = weights.map((v, j) => (j === index ? 1 : -v / rest));
  return Math.sqrt(Math.max(0, trackingVariance(against, covariance)));
}

/** How deviations grow: the weights' answer to returns z, w_i (z_i - sum w_j z_j). */
function driftOf(weights: readonly number[], z: readonly number[]): number[] {
  let mean = 0;
  for (const [i, w] of weights.entries()) mean += w * (z[i] ?? 0);
  return weights.map((w, i) => w * ((z[i] ?? 0) - mean));
}

/**
 * Lower triangle L with L L' = Sigma; a column of zeros where an asset adds no risk of its own. null when there is none,
 * because some portfolio would have a negative variance.
 */
function choleskyOf(covariance: Covariance): number[][] | null {
  const lower: number[][] = [];
  for (const [i, row] of covariance.entries()) {
    const own = row[i] ?? 0;
    const out: number[] = [];
    for (let j = 0; j <= i; j++) {
      let rest = row[j] ?? 0;
      for (let k = 0; k < j; k++) rest -= (out[k] ?? 0) * ((j === i ? out : lower[j])?.[k] ?? 0);
      if (j < i) {
        const pivot = lower[j]?.[j] ?? 0;
        if (pivot === 0 && Math.abs(rest) > 1e-5 * Math.sqrt(Math.abs(own * (covariance[j]?.[j] ?? 0)))) return null;
        out.push(pivot === 0 ? 0 : rest / pivot);
      } else {
        if (!(rest >= -1e-9 * own)) return null;
        out.push(rest > 1e-12 * own ? Math.sqrt(rest) : 0);
      }
    }
    lower.push(out);
  }
  return lower;
}

/** Symmetric, with no portfolio of negative variance, and some risk in it. */
export function isCovariance(covariance: Covariance): boolean {
  return (
    covariance.every((row, i) => row.every((c, j) => Number.isFinite(c) && c === covariance[j]?.[i])) &&
    covariance.some((row, i) => (row[i] ?? 0) > 0) &&
    choleskyOf(covariance) !== null
  );
}

const DIRECTIONS = 4_096;

/** Pairs of standard normal numbers, always the same ones. */
function fixedNormals(): () => number {
  let state = 0x9e3779b9;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const second = spare;
      spare = null;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** trace(Sigma D) = sum over i of (Sigma D)_ii with D = M Sigma M', M the map of `driftOf`. */
function growthOf(weights: readonly number[], covariance: Covariance): number {
  const columns = covariance.map((row) => driftOf(weights, row));
  let growth = 0;
  for (const i of weights.keys()) {
    const along = columns.map((c) => c[i] ?? 0);
    for (const [j, x] of driftOf(weights, along).entries()) growth += x * (covariance[i]?.[j] ?? 0);
  }
  return growth;
}

/** The same order whatever order the assets come in, so that the fixed directions are the same too. */
function byWeight(weights: readonly number[], covariance: Covariance, volatilities: readonly number[]): number[] {
  const keys = [weights, covariance.map((row, i) => row[i] ?? 0), volatilities];
  return [...weights.keys()].sort(
    (i, j) => keys.map((key) => (key[i] ?? 0) - (key[j] ?? 0)).find((difference) => difference !== 0) ?? 0,
  );
}

/** Weights sum to 1, at least two of them; the covariance is one: see `isCovariance`. */
export function driftShape(weights: readonly number[], covariance: Covariance): DriftShape {
  const relativeVolatilities = weights.map((_, i) => relativeVolatility(weights, covariance, i));
  const order = byWeight(weights, covariance, relativeVolatilities);
  const w = order.map((i) => weights[i] ?? 0);
  const sigma = order.map((i) => order.map((j) => covariance[i]?.[j] ?? 0));
  const lower = choleskyOf(sigma);
  if (lower === null) throw new RangeError('a portfolio with negative variance');
  const normal = fixedNormals();
  let [turnover, reach] = [0, 0];
  for (let s = 0; s < DIRECTIONS; s++) {
    const z = w.map(normal);
    const returns = lower.map((row) => row.reduce((a, l, j) => a + l * (z[j] ?? 0), 0));
    const d = driftOf(w, returns);
    const error = Math.sqrt(trackingVariance(d, sigma));
    let [moved, furthest] = [0, 0];
    for (const [i, x] of d.entries()) {
      moved += Math.abs(x) / 2;
      furthest = Math.max(furthest, Math.abs(x) * (relativeVolatilities[order[i] ?? 0] ?? 0));
    }
    turnover += moved / error;
    reach += furthest / error;
  }
  return {
    dimensions: weights.length - 1,
    growth: growthOf(weights, covariance),
    turnover: turnover / DIRECTIONS,
    relativeVolatilities,
    reach: reach / DIRECTIONS,
  };
}

export type BallModel = BandCosts & {
  readonly shape: DriftShape;
  readonly riskAversion: number;
  /** As that of a single band. */
  readonly varianceScale: number;
};

/**
 * The least of J(r, rho) = (k + lambda c (r - rho)) q / (r^2 - rho^2) + gamma n (r^2 + rho^2) / (4 (n + 2)), with
 * beta = rho / r: r^3 = lambda c q (n + 2) / (gamma n beta (1 + beta)), and `destinationShare` with lambda c.
 * No proportional cost: r^4 = 4 (n + 2) k q / (gamma n).
 */
export function optimalBall(model: BallModel): TrackingBall {
  const { shape, riskAversion, fixed, varianceScale } = model;
  const n = shape.dimensions;
  const lambda = model.proportional * shape.turnover;
  const a = (varianceScale * shape.growth * (n + 2)) / (riskAversion * n);
  if (lambda === 0) return { trigger: (4 * fixed * a) ** 0.25, destination: 0 };
  const triggerAt = (beta: number): number => Math.cbrt((lambda * a) / (beta * (1 + beta)));
  const beta = destinationShare(fixed, lambda, triggerAt);
  return { trigger: triggerAt(beta), destination: beta * triggerAt(beta) };
}

/** J(r, rho), a fraction of the portfolio a year. */
export function ballCost(model: BallModel, { trigger: r, destination: p }: TrackingBall): number {
  const { shape, fixed, proportional } = model;
  const n = shape.dimensions;
  const trading = (fixed === 0 ? 0 : fixed / (r * r - p * p)) + (proportional * shape.turnover) / (r + p);
  return trading * model.varianceScale * shape.growth + (model.riskAversion * n * (r * r + p * p)) / (4 * (n + 2));
}

/** Root mean square tracking error a year: sqrt(n (r^2 + rho^2) / (2 (n + 2))). */
export function ballTrackingError({ dimensions: n }: DriftShape, { trigger: r, destination: p }: TrackingBall): number {
  return Math.sqrt((n * (r * r + p * p)) / (2 * (n + 2)));
}
