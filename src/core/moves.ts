/** What a rebalance should move, before anybody asks through which pools. */
import { destinationBps } from './limits.ts';
import { hasBit } from './stops.ts';
import type { AssetState, VaultPolicy } from './types.ts';
import { abs, max, min, mulDiv, subFloor } from './units.ts';
import { assetValueUsdE8, targetValueUsdE8 } from './value.ts';

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

/**
 * {USD E8} by asset, sales below 0. What lies beyond its destination goes back to it; the others give or take what that
 * needs, in proportion to how far they are from their targets, and none passes its target.
 * @param closed bit i: asset i may not be bought in this epoch
 */
export function wantedMoves(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  epochNavUsdE8: bigint,
  closed: number,
): bigint[] {
  const navE = epochNavUsdE8;
  const gaps = assets.map((a) => targetValueUsdE8(a.targetBps, navE) - assetValueUsdE8(a));
  const open = gaps.map((gap, i) => (gap > 0n && hasBit(closed, i) ? 0n : gap));
  const must = open.map((gap, i) => {
    const asset = assets[i];
    if (asset === undefined) return 0n;
    const away = targetValueUsdE8(Number(destinationBps(asset, policy)), navE);
    return subFloor(abs(gap), away);
  });
  const side = (buys: boolean): bigint[] => must.map((m, i) => ((open[i] ?? 0n) > 0n === buys ? m : 0n));
  const [bought, sold] = [sum(side(true)), sum(side(false))];
  const buysMore = sold > bought;
  const room = open.map((gap, i) => (gap > 0n === buysMore ? abs(gap) - (must[i] ?? 0n) : 0n));
  const rooms = sum(room);
  const extra = min(max(bought, sold) - min(bought, sold), rooms);
  return open.map((gap, i) => {
    const more = rooms === 0n ? 0n : mulDiv(extra, room[i] ?? 0n, rooms);
    const amount = (must[i] ?? 0n) + more;
    return gap > 0n ? amount : -amount;
  });
}
