/** Exact water-filling: where the next dollar lowers tracking cost most. */
import { max, min } from '../units.ts';

function floorDiv(a: bigint, d: bigint): bigint {
  const q = a / d;
  return a < 0n && q * d !== a ? q - 1n : q;
}

export type Vessel = {
  /** {USD E8} how far above its target it stands; negative when below. */
  readonly driftUsdE8: bigint;
  /** What a squared dollar of drift of it costs, relative to the others: its variance; at least 1. */
  readonly curvature: bigint;
  /** {USD E8} what fits. */
  readonly capUsdE8: bigint;
};

/**
 * {USD E8} the x that minimise sum of curvature * (drift + x)^2 with 0 <= x <= cap and sum of x = amount, or all caps if
 * they hold less. At the minimum curvature * (drift + x) is one level mu wherever 0 < x < cap: below it nothing stays
 * empty, above it nothing gets any. mu is bisected in whole units; units that rounding leaves go to the first in order.
 */
export function fillToLevel(vessels: readonly Vessel[], amountUsdE8: bigint): bigint[] {
  const room = vessels.reduce((a, v) => a + v.capUsdE8, 0n);
  if (room <= amountUsdE8) return vessels.map((v) => v.capUsdE8);
  const at = (mu: bigint, v: Vessel): bigint => {
    return max(0n, min(v.capUsdE8, floorDiv(mu, v.curvature) - v.driftUsdE8));
  };
  const sumAt = (mu: bigint): bigint => vessels.reduce((a, v) => a + at(mu, v), 0n);
  let [low, high] = [0n, 0n];
  for (const v of vessels) {
    low = min(low, v.curvature * v.driftUsdE8);
    high = max(high, v.curvature * (v.driftUsdE8 + v.capUsdE8));
  }
  // sumAt(low) = 0 and sumAt(high) = room: the level is in between.
  while (high - low > 1n) {
    const middle = floorDiv(low + high, 2n);
    if (sumAt(middle) <= amountUsdE8) low = middle;
    else high = middle;
  }
  const filled = vessels.map((v) => at(low, v));
  let left = amountUsdE8 - filled.reduce((a, x) => a + x, 0n);
  return filled.map((x, i) => {
    const v = vessels[i];
    if (left === 0n || v === undefined || at(high, v) === x) return x;
    left -= 1n;
    return x + 1n;
  });
}
