/** What it costs to sell one order in slices. {USD} throughout; own derivations, checked against simulation. */
import { pushLeft } from './recovery.ts';

export type SlicedLeg = {
  readonly sizeUsd: number;
  /** R: see depth.ts. */
  readonly depthUsd: number;
  readonly feePips: number;
  /** f^2 / sigma_b^2: see recovery.ts. */
  readonly recoveryBlocks: number;
};

/** Fee and impact of one swap of a constant-product pool at the market's price: q - R g q / (R + g q). */
export function swapCostUsd(leg: Pick<SlicedLeg, 'depthUsd' | 'feePips'>, sizeUsd: number): number {
  const kept = sizeUsd * (1 - leg.feePips / 1e6);
  return sizeUsd - kept / (1 + kept / leg.depthUsd);
}

/** {slices} Q / sqrt(R g): the least of f Q + Q^2/(N R) + N g, when the pool recovers wholly between slices. */
export function idealSliceCount(sizeUsd: number, depthUsd: number, sliceGasUsd: number): number {
  return sizeUsd / Math.sqrt(depthUsd * sliceGasUsd);
}

/** Equal slices long apart, without gas: f Q + Q^2/(N R). */
export function slowSlicesCostUsd(leg: SlicedLeg, count: number): number {
  return (leg.feePips / 1e6) * leg.sizeUsd + leg.sizeUsd ** 2 / (count * leg.depthUsd);
}

/** Equal slices in quick succession, without gas: all but the first find the pool at the edge of its fee band. */
export function fastSlicesCostUsd(leg: SlicedLeg, count: number): number {
  return slowSlicesCostUsd(leg, count) + (leg.feePips / 1e6) * leg.sizeUsd * (1 - 1 / count);
}

export type SlicesCost = {
  /** Fee and impact, each slice as if the pool stood at the market's price. */
  readonly swapUsd: number;
  /** What the pool's not having recovered adds. */
  readonly recoveryUsd: number;
};

/**
 * Expected cost of slices of any size and spacing, without gas; between `slowSlicesCostUsd` and `fastSlicesCostUsd`. Each
 * slice pushes the price by 2 q / R, arbitrage returns it to the edge of the fee band, and `pushLeft` of that is still
 * there for the next one.
 * @param shares of the order, in their sequence @param spacingBlocks {blocks} between two slices
 */
export function slicesCostUsd(leg: SlicedLeg, shares: readonly number[], spacingBlocks: number): SlicesCost {
  const fee = leg.feePips / 1e6;
  const left = pushLeft(leg.recoveryBlocks, spacingBlocks);
  let push = 0;
  let swapUsd = 0;
  let recoveryUsd = 0;
  for (const share of shares) {
    const q = share * leg.sizeUsd;
    swapUsd += swapCostUsd(leg, q);
    recoveryUsd += push * q;
    push = Math.min(fee, push + (2 * q) / leg.depthUsd) * left;
  }
  return { swapUsd, recoveryUsd };
}
