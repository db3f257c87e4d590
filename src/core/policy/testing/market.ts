/** Years of random prices under a rule, to check formulas against: weights of a portfolio of geometric Brownian motions. */
import { normals } from '../../testing/normal.ts';
import { seeded } from '../../testing/random.ts';

export type Costs = { readonly fixed: number; readonly proportional: number };

/** {1 / year, fractions of the portfolio} */
export type Measured = {
  /** Costs plus half gamma times tracking variance. */
  readonly cost: number;
  readonly trades: number;
  readonly trackingError: number;
};

/** Changes the deviations to those after a rebalance and says true, or leaves them. */
export type Rebalance = (deviation: Float64Array) => boolean;

export type Market = {
  readonly weights: readonly number[];
  readonly volatilities: readonly number[];
  /** Between every two assets. */
  readonly correlation: number;
  readonly looksPerYear: number;
  readonly years: number;
  readonly riskAversion: number;
  readonly seed: number;
};

export function simulate(market: Market, { fixed, proportional }: Costs, rebalance: Rebalance): Measured {
  const { weights, volatilities, correlation, looksPerYear, riskAversion } = market;
  const n = weights.length;
  const normal = normals(seeded(market.seed));
  const dt = 1 / looksPerYear;
  const w = Float64Array.from(weights);
  const vol = Float64Array.from(volatilities);
  const x = Float64Array.from(weights);
  const d = new Float64Array(n);
  const [own, common] = [Math.sqrt((1 - correlation) * dt), Math.sqrt(correlation * dt)];
  const steps = Math.round(market.years * looksPerYear);
  let [variance, costs, trades] = [0, 0, 0];
  for (let s = 0; s < steps; s++) {
    const shared = correlation === 0 ? 0 : common * normal();
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const v = vol[i] ?? 0;
      const grown = (x[i] ?? 0) * (v === 0 ? 1 : Math.exp(v * (own * normal() + shared) - 0.5 * v * v * dt));
      x[i] = grown;
      sum += grown;
    }
    let [squares, linear] = [0, 0];
    for (let i = 0; i < n; i++) {
      x[i] = (x[i] ?? 0) / sum;
      d[i] = (x[i] ?? 0) - (w[i] ?? 0);
      const risk = (vol[i] ?? 0) * (d[i] ?? 0);
      squares += risk * risk;
      linear += risk;
    }
    variance += (1 - correlation) * squares + correlation * linear * linear;
    if (!rebalance(d)) continue;
    trades++;
    let moved = 0;
    for (let i = 0; i < n; i++) {
      const after = (w[i] ?? 0) + (d[i] ?? 0);
      moved += Math.abs(after - (x[i] ?? 0));
      x[i] = after;
    }
    costs += fixed + (proportional * moved) / 2;
  }
  const years = steps * dt;
  const tracking = variance / steps;
  return {
    cost: costs / years + (riskAversion / 2) * tracking,
    trades: trades / years,
    trackingError: Math.sqrt(tracking),
  };
}

/** Scales the whole deviation so that the asset furthest beyond its trigger comes back to its destination. */
export function bandsRule(triggers: readonly number[], destinations: readonly number[]): Rebalance {
  const h = Float64Array.from(triggers);
  const b = Float64Array.from(destinations);
  return (d) => {
    let [worst, at] = [1, -1];
    for (let i = 0; i < d.length; i++) {
      const ratio = Math.abs(d[i] ?? 0) / (h[i] ?? 1);
      if (ratio > worst) [worst, at] = [ratio, i];
    }
    if (at < 0) return false;
    const scale = (b[at] ?? 0) / Math.abs(d[at] ?? 1);
    for (let i = 0; i < d.length; i++) d[i] = (d[i] ?? 0) * scale;
    return true;
  };
}
