/** Stops: which targets are in force, and what a look at the stops changes. Mirrors RebalanceMath.sol and Rulebook.sol. */
import type { AssetState, EpochState, StopState, VaultPolicy, VaultState } from './types.ts';
import { BPS, max } from './units.ts';

/** {s} beyond twice the confirmation time after which a condition that was seen once says nothing any more. */
const STOP_GRACE_S = 3_600;

export type StopAct = 'REFERENCE' | 'ARM' | 'DISARM' | 'FIRE';

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

/** What becomes of the stops that are armed, now that the conditions in `reached` hold. */
export function stepStop(
  stop: StopState,
  reached: number,
  confirmS: number,
  now: number,
): { readonly act: Exclude<StopAct, 'REFERENCE'> | null; readonly fired: number; readonly stop: StopState } {
  const still = (stop.armed & reached) >>> 0;
  if (still !== 0 && now < stop.armedAt + confirmS) {
    if (still === stop.armed) return { act: null, fired: 0, stop };
    return { act: 'DISARM', fired: 0, stop: { ...stop, armed: still } };
  }
  const fires = still !== 0 && now <= stop.armedAt + 2 * confirmS + STOP_GRACE_S;
  const fired = fires ? still : 0;
  const act = fires ? 'FIRE' : reached !== 0 ? 'ARM' : stop.armed !== 0 ? 'DISARM' : null;
  const armed = (reached & ~fired) >>> 0;
  return { act, fired, stop: { ...stop, armed, armedAt: armed === 0 ? 0 : now } };
}

export function hasStops({ policy, assets, stop }: Pick<VaultState, 'policy' | 'assets' | 'stop'>): boolean {
  return (
    policy.stopLossBps !== 0 ||
    policy.takeProfitBps !== 0 ||
    stop.armed !== 0 ||
    assets.some((a) => a.stopPriceUsdE8 !== 0n || a.takePriceUsdE8 !== 0n)
  );
}

export type StopVerdict = {
  /** What `checkStop` would do; null = nothing. */
  readonly act: StopAct | null;
  readonly reached: number;
  readonly fired: number;
  readonly stop: StopState;
};

/**
 * What a look at the stops would change: `Vault.stopDue()` on the same inputs. Every price must be OK and every balance
 * known, or the vault judges nothing.
 */
export function judgeStop(vault: VaultState, navUsdE8: bigint, now: number): StopVerdict {
  const { policy, state, stop, assets } = vault;
  const ofAll = policy.stopLossBps !== 0 || policy.takeProfitBps !== 0;
  if (!hasStops(vault)) return { act: null, reached: 0, fired: 0, stop };
  const moved = ofAll && navUsdE8 !== 0n && (!state.referenceLive || navUsdE8 > stop.highUsdE8);
  const seen: StopState = moved
    ? {
        ...stop,
        baseUsdE8: state.referenceLive ? stop.baseUsdE8 : navUsdE8,
        highUsdE8: state.referenceLive ? max(stop.highUsdE8, navUsdE8) : navUsdE8,
      }
    : stop;
  const live = { ...state, referenceLive: state.referenceLive || moved };
  const reached = stopsReached(policy, live, seen, assets, navUsdE8);
  const next = stepStop(seen, reached, policy.confirmS, now);
  const act = state.pausedUntil > now ? null : (next.act ?? (moved ? 'REFERENCE' : null));
  return { act, reached, fired: next.fired, stop: next.stop };
}
