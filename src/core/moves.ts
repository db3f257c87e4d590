/** What a rebalance should move, before anybody asks through which pools. */
import { isWorthSellingOut } from './due.ts';
import { destinationBps } from './limits.ts';
import { type PortfolioMode, sideIn, type TradeLimit, tradeLimits } from './policy/sides.ts';
import { hasBit } from './stops.ts';
import type { AssetState, KeeperRule, VaultPolicy } from './types.ts';
import { abs, max, min, mulDiv, subFloor } from './units.ts';
import { assetValueUsdE8, targetValueUsdE8 } from './value.ts';

export type SideRule = Pick<KeeperRule, 'sides' | 'buyOnlyWith'>;

/** Is there anything left of what was stopped that is worth selling? */
export function sellsStop(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  epochNavUsdE8: bigint,
  stopped: number,
): boolean {
  return assets.some((a, i) => hasBit(stopped, i) && isWorthSellingOut(policy, assetValueUsdE8(a), epochNavUsdE8));
}

/** undefined: everything may be traded both ways. A stop sells what it stopped into the safe assets all the same. */
function limitsOf(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  epochNavUsdE8: bigint,
  rule: SideRule,
  stopped: number,
): readonly TradeLimit[] | undefined {
  if (rule.buyOnlyWith === null && Object.values(rule.sides).every((s) => s === 'TRADE')) return undefined;
  const cash = assets.findIndex((a) => a.symbol === rule.buyOnlyWith);
  const mode: PortfolioMode = cash < 0 ? { kind: 'SIDES' } : { kind: 'BUY_ONLY', cash };
  const flees = sellsStop(policy, assets, epochNavUsdE8, stopped);
  return tradeLimits(
    assets.map((a, i) => {
      const asked = sideIn(mode, rule.sides[a.symbol] ?? 'TRADE', i);
      const side = flees && (hasBit(stopped, i) || a.safe) ? 'TRADE' : asked;
      return { valueUsdE8: assetValueUsdE8(a), targetBps: a.targetBps, side };
    }),
    { kind: 'SIDES' },
  );
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

/**
 * {USD E8} by asset, sales below 0. What lies beyond its destination goes back to it; the others give or take what that
 * needs, in proportion to how far they are from their targets, and none passes its target.
 * @param closed bit i: asset i may not be bought in this epoch
 * @param stopped bit i: asset i was stopped
 */
export function wantedMoves(
  policy: VaultPolicy,
  assets: readonly AssetState[],
  epochNavUsdE8: bigint,
  closed: number,
  rule: SideRule,
  stopped: number,
): bigint[] {
  const navE = epochNavUsdE8;
  const gaps = assets.map((a) => targetValueUsdE8(a.targetBps, navE) - assetValueUsdE8(a));
  const allowed = limitsOf(policy, assets, epochNavUsdE8, rule, stopped);
  const open = gaps.map((gap, i) => {
    const limit = allowed?.[i];
    if (gap > 0n) return hasBit(closed, i) ? 0n : min(gap, limit?.maxBuyUsdE8 ?? gap);
    return -min(-gap, limit?.maxSellUsdE8 ?? -gap);
  });
  const must = assets.map((asset, i) => {
    const away = targetValueUsdE8(Number(destinationBps(asset, policy)), navE);
    return min(abs(open[i] ?? 0n), subFloor(abs(gaps[i] ?? 0n), away));
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
