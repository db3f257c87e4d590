/**
 * Whether a range that is centred anew on every exit earns more than it costs. Own derivation: full-range fees and LVR
 * times the concentration, less the cost of leaving a range of log half-width `a`, which a price of volatility `sigma` does
 * sigma^2/a^2 times a year. Good to 3 % for a >= 0.1.
 */
import { concentrationMultiple } from './lvr.ts';

export type RangeMarket = {
  /** {1/year} */
  readonly sigma: number;
  /** {1/year} fees over value of a position over the whole range. */
  readonly fullRangeFeeYield: number;
  /** {share} one-way cost of the half of the value that is swapped to centre the range anew. */
  readonly swapCost: number;
  /** {share of value} gas of doing so. */
  readonly gasCost: number;
};

/** {share of value per year} */
export type RangeYield = {
  readonly fees: number;
  readonly lvr: number;
  readonly recentring: number;
  readonly net: number;
};

function exitCost(m: RangeMarket): number {
  return (m.swapCost / 2 + m.gasCost) * m.sigma * m.sigma;
}

/** {1/year} what a full range earns beyond its LVR. */
function fullRangeMargin(m: RangeMarket): number {
  return m.fullRangeFeeYield - (m.sigma * m.sigma) / 8;
}

/** @param halfWidth {log price} the range is [P e^-a, P e^a] */
export function rangeYield(m: RangeMarket, halfWidth: number): RangeYield {
  const multiple = concentrationMultiple(Math.exp(halfWidth));
  const fees = m.fullRangeFeeYield * multiple;
  const lvr = ((m.sigma * m.sigma) / 8) * multiple;
  const recentring = exitCost(m) / (halfWidth * halfWidth);
  return { fees, lvr, recentring, net: fees - lvr - recentring };
}

/** {log price} half-width with the highest net yield, to leading order; null = do not concentrate: LVR eats the fees. */
export function bestHalfWidth(m: RangeMarket): number | null {
  const margin = fullRangeMargin(m);
  return margin <= 0 ? null : exitCost(m) / margin;
}
