/**
 * One preference, shown both ways: risk aversion gamma, or the tracking error that the optimal band of this gamma leaves.
 * More aversion, narrower bands, less tracking error: each determines the other.
 */
import { type BallModel, ballTrackingError, optimalBall } from './trackingBall.ts';

export type Preference =
  | { readonly riskAversion: number }
  /** Root mean square a year, as a fraction. */
  | { readonly trackingError: number };

/** What a portfolio and its costs are, before any preference. */
export type Setting = Omit<BallModel, 'riskAversion'>;

export function trackingErrorOf(setting: Setting, riskAversion: number): number {
  return ballTrackingError(setting.shape, optimalBall({ ...setting, riskAversion }));
}

/** Where the mean square is bisected: from a gambler to somebody who trades at every look. */
const [LEAST, MOST] = [1e-6, 1e12];

/** gamma whose optimal band leaves this tracking error; null when no gamma in reach does. */
export function riskAversionFor(setting: Setting, trackingError: number): number | null {
  let [low, high] = [Math.log(LEAST), Math.log(MOST)];
  if (!(trackingErrorOf(setting, LEAST) >= trackingError && trackingErrorOf(setting, MOST) <= trackingError))
    return null;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (trackingErrorOf(setting, Math.exp(middle)) > trackingError) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
