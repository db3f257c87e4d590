/** Why nothing can be traded when no pool was read: the same notes as a search over all pairs, found one by one. */
import type { Note } from './allocate.ts';
import { usdText } from './format.ts';
import { maxSellAmount, minTradeUsdE8 } from './limits.ts';
import { hasBit } from './stops.ts';
import type { AssetState, Reason, VaultState } from './types.ts';
import { PIPS } from './units.ts';
import { assetValueUsdE8, targetValueUsdE8, valueUsdE8 } from './value.ts';

/** Where both may be told, this one is. */
const ORDER: readonly Reason[] = ['NO_ROUTE', 'SOLD_IN_EPOCH', 'BELOW_MIN_TRADE'];

/** The note of one pair; null when nothing may move between the two. */
function pairNote(
  vault: VaultState,
  sell: AssetState,
  buy: AssetState,
  epochNavUsdE8: bigint,
  sold: number,
): Note | null {
  if (hasBit(sold, buy.index))
    return {
      reason: 'SOLD_IN_EPOCH',
      detail: `${buy.symbol} was sold in this rebalance, so it is not bought back in it`,
    };
  const { policy } = vault;
  const amount = maxSellAmount({ policy, sell, buy, pips: PIPS, epochNavUsdE8, soldInSliceUsdE8: 0n });
  const worth = valueUsdE8(amount, sell.priceUsdE8, sell.decimals);
  if (worth === 0n) return null;
  const minTrade = minTradeUsdE8(policy);
  if (worth < minTrade)
    return {
      reason: 'BELOW_MIN_TRADE',
      detail: `${usdText(worth)} is below the smallest trade of ${usdText(minTrade)}`,
    };
  return { reason: 'NO_ROUTE', detail: `no pool connects ${sell.symbol} and ${buy.symbol}` };
}

/**
 * What to tell of asset `index`: of its pairs, the largest counterpart first, the first with the most telling reason; null
 * when nothing may move. `sold`: what may not be bought in this epoch.
 */
export function notesWithoutPools(
  vault: VaultState,
  epochNavUsdE8: bigint,
  sold: number,
): (index: number, surplus: boolean) => Note | null {
  const { assets } = vault;
  const gaps = assets.map((a) => assetValueUsdE8(a) - targetValueUsdE8(a.targetBps, epochNavUsdE8));
  const gapOf = (a: AssetState): bigint => gaps[a.index] ?? 0n;
  const byGap = [...assets].sort((x, y) => {
    const [a, b] = [gapOf(x), gapOf(y)];
    return b > a ? 1 : b < a ? -1 : x.index - y.index;
  });
  const sells = byGap.filter((a) => gapOf(a) > 0n);
  const buys = byGap.filter((a) => gapOf(a) < 0n).toReversed();
  return (index, surplus) => {
    const own = assets[index];
    if (own === undefined) return null;
    let told: Note | null = null;
    for (const other of surplus ? buys : sells) {
      const note = surplus
        ? pairNote(vault, own, other, epochNavUsdE8, sold)
        : pairNote(vault, other, own, epochNavUsdE8, sold);
      if (note?.reason === ORDER[0]) return note;
      if (note === null) continue;
      if (told === null || ORDER.indexOf(note.reason) < ORDER.indexOf(told.reason)) told = note;
    }
    return told;
  };
}
