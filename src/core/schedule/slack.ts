import { sigmaOver } from './walk.ts';

/** 19 of 20 fills go through when the price moves against them as a normal variable does. */
const Z = 1.645;

/**
 * {bps} by how much less than its quote a fill should be allowed to bring: what the market may move until it is in a block,
 * no more. A constant one is either in the way or a gift to sandwiches (Heimbach, Wattenhofer 2022, "Eliminating sandwich
 * attacks with the help of game theory"). Rounded up.
 * @param waitS {s} between quote and block @param floorBps for rounding and other people's swaps
 */
export function fillSlackBps(sigma: number, waitS: number, floorBps: number): number {
  return Math.max(floorBps, Math.ceil(Z * sigmaOver(sigma, waitS) * 10_000));
}
