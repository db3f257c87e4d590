/** What a rebalance should move, before anybody asks through which pools. */
import { destinationBps } from './limits.ts';
import { type TradeLimit, tradeLimits } from './policy/sides.ts';
import { hasBit } from './stops.ts';
import type { AssetState, KeeperRule, VaultPolicy } from './types.ts';
import { abs, max, min, mulDiv, subFloor } from './units.ts';
import { assetValueUsdE8, targetValueUsdE8 } from './value.ts';

export type SideRule = Pick<KeeperRule, 'sides' | 'buyOnlyWith'>;

/** undefined: everything may be traded both ways. */
function limitsOf(assets: readonly AssetState[], rule: SideRule | null): readonly TradeLimit[] | undefined {
  if (rule === null || (rule.buyOnlyWith === null && Object.values(rule.sides).every((s) => s === 'TRADE')))
    return undefined;
  const cash = assets.findIndex((a) => a.symbol === rule.buyOnlyWith);
  return tradeLimits(
    assets.map((a) => ({
      valueUsdE8: assetValueUsdE8(a),
      targetBps: a.targetBps,
      side: rule.sides[a.symbol] ?? 'TRADE',
    })),
    cash < 0 ? { kind: 'SIDES' } : { kind: 'BUY_ONLY', cash },
  );
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

/**
 * {USD E8} by asset, sales below 0. What lies beyond its destination goes back to it; the others give or take what that
 * needs, in proportion to how far they are from their targets, and none passes its target.
 * @param closed bit i: asset i may not be bought in this epoch
 * @param rule null = a stop sells, whatever the owner wants traded otherwise
 */
export function wantedMoves(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  epochNavUsdE8: bigint,
  closed: number,
  rule: SideRule | null,
): bigint[] {
  const navE = epochNavUsdE8;
  const gaps = assets.map((a) => targetValueUsdE8(a.targetBps, navE) - assetValueUsdE8(a));
  const allowed = limitsOf(assets, rule);
  const open = gaps.map((gap, i) => {
    const limit = allowed?.[i];
    if (gap > 0n) return hasBit(closed, i) ? 0n : min(gap, limit?.maxBuyUsdE8 ?? gap);
    return -min(-gap, limit?.maxSellUsdE8 ?? -gap);
  });
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
  // Nothing is bought without a sale.
  if (!open.some((g) => g > 0n) || !open.some((g) => g < 0n)) return open.map(() => 0n);
  return open.map((gap, i) => {
    const more = rooms === 0n ? 0n : mulDiv(extra, room[i] ?? 0n, rooms);
    const amount = (must[i] ?? 0n) + more;
    return gap > 0n ? amount : -amount;
  });
}
