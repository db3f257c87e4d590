/** Stops: which targets are in force, and what a look at the stops changes. Mirrors RebalanceMath.sol and Rulebook.sol. */
import type { AssetState, EpochState, StopState, VaultPolicy, VaultState } from './types.ts';
import { BPS } from './units.ts';

export function hasBit(mask: number, index: number): boolean {
  return ((mask >>> index) & 1) === 1;
}

export function withBit(mask: number, index: number): number {
  return (mask | (1 << index)) >>> 0;
}

export function isStopped(vault: Pick<VaultState, 'state'>, index: number): boolean {
  return hasBit(vault.state.stopped, index);
}

/**
 * The vault with the targets in force: a stopped asset has target and band 0, and what it gave up goes to the safe assets
 * in proportion to their targets (all to the first safe one if they have none). Doing it twice changes nothing.
 */
export function inForce(vault: VaultState): VaultState {
  const { stopped } = vault.state;
  if (stopped === 0) return vault;
  let [freed, safeSum, firstSafe] = [0, 0, 0];
  for (const [i, a] of [...vault.assets.entries()].toReversed()) {
    if (hasBit(stopped, i)) freed += a.targetBps;
    else if (a.safe) {
      safeSum += a.targetBps;
      firstSafe = i;
    }
  }
  let left = freed;
  const assets = vault.assets.map((a, i): AssetState => {
    if (hasBit(stopped, i)) return { ...a, targetBps: 0, bandBps: 0 };
    if (!a.safe || safeSum === 0 || i === firstSafe) return a;
    const share = Math.floor((freed * a.targetBps) / safeSum);
    left -= share;
    return { ...a, targetBps: a.targetBps + share };
  });
  return {
    ...vault,
    assets: assets.map((a, i) => (i === firstSafe ? { ...a, targetBps: a.targetBps + left } : a)),
  };
}

/** Bit i: the condition that stops asset i holds at these prices, and it is not stopped yet. */
export function stopsReached(
  policy: VaultPolicy,
  state: EpochState,
  stop: StopState,
  assets: readonly AssetState[],
  navUsdE8: bigint,
): number {
  let whole = false;
  if (state.referenceLive) {
    const nav = navUsdE8 * BPS;
    whole ||= policy.stopLossBps !== 0 && nav <= stop.highUsdE8 * (BPS - BigInt(policy.stopLossBps));
    whole ||= policy.takeProfitBps !== 0 && nav >= stop.baseUsdE8 * (BPS + BigInt(policy.takeProfitBps));
  }
  let reached = 0;
  for (const [i, a] of assets.entries()) {
    if (a.safe || isStopped({ state }, i)) continue;
    const takes = a.takePriceUsdE8 !== 0n && a.priceUsdE8 >= a.takePriceUsdE8;
    if (whole || a.priceUsdE8 <= a.stopPriceUsdE8 || takes) reached = withBit(reached, i);
  }
  return reached;
}
