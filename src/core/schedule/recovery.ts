/**
 * How a pool comes back after a trade. Arbitrage returns it to the edge of its fee band within a block; from there the price
 * wanders inside the band, and the push fades by e once in (8 / pi^2) f^2 / sigma_b^2 blocks: the slowest mode of a walk
 * between two reflecting walls. Own derivation, against simulation in slicing.test.ts.
 */
import { sigmaOver, WALK_OVERSHOOT } from './walk.ts';

/** {blocks} f^2 / sigma_b^2: how long the price takes to cross half the band of a pool. */
export function recoveryBlocks(feePips: number, sigma: number, blockTimeS: number): number {
  return (feePips / 1e6 / sigmaOver(sigma, blockTimeS)) ** 2;
}

/**
 * Share of a push that is left after `blocks`. In the first block arbitrage finds the edge; a walk that is only looked at
 * once a block behaves as if the walls stood 0.58 of its step further out (Siegmund 1985).
 */
export function pushLeft(recovery: number, blocks: number): number {
  const halfBandSteps = Math.sqrt(recovery) + WALK_OVERSHOOT;
  return Math.exp((-(Math.PI ** 2) / 8) * (Math.max(0, blocks - 1) / halfBandSteps ** 2));
}
