/** Why an asset was not traded, or not further. */
import { tokensOf } from './amm/quote.ts';
import { listed, usdText } from './format.ts';
import { minTradeUsdE8 } from './limits.ts';
import type { Found, Routing } from './routing.ts';
import { hasBit } from './stops.ts';
import type { Address, AssetState, PoolState, Reason, VaultPolicy } from './types.ts';
import { abs } from './units.ts';
import { assetValueUsdE8, targetValueUsdE8 } from './value.ts';

export type Note = { readonly reason: Reason; readonly detail: string };

/** The tokens of its own pools. */
function besides(pools: readonly PoolState[], token: Address): ReadonlySet<Address> {
  return new Set(
    pools
      .map(tokensOf)
      .filter((tokens) => tokens.includes(token))
      .flat(),
  );
}

/** The tokens that a chain of pools leads to. */
function reachedFrom(pools: readonly PoolState[], from: Address): ReadonlySet<Address> {
  const reached = new Set([from]);
  for (let before = 0; before !== reached.size; ) {
    before = reached.size;
    for (const tokens of pools.map(tokensOf))
      if (tokens.some((t) => reached.has(t))) for (const t of tokens) reached.add(t);
  }
  return reached;
}

/** What was sold is not bought back, so that those who were to pay for it keep what they have. */
export function noteClosed(
  assets: readonly AssetState[],
  policy: VaultPolicy,
  epochNavUsdE8: bigint,
  closed: number,
  notes: Map<number, Note>,
): void {
  const gaps = assets.map((a) => targetValueUsdE8(a.targetBps, epochNavUsdE8) - assetValueUsdE8(a));
  for (const [i, a] of assets.entries()) {
    if (!hasBit(closed, i) || (gaps[i] ?? 0n) < minTradeUsdE8(policy) || gaps[i] === 0n) continue;
    const detail = `${a.symbol} was sold in this rebalance, so it is not bought back in it`;
    for (const [j, gap] of gaps.entries())
      if (j === i || (gap < 0n && !notes.has(j))) notes.set(j, { reason: 'SOLD_IN_EPOCH', detail });
  }
}

/** @param found null when there are no pools to look at */
export function noteUnmoved(r: Routing, found: Found | null, into: Map<number, Note>): void {
  const { pools, vault } = r.snapshot;
  const minTrade = minTradeUsdE8(vault.policy);
  const moved = new Set(found?.route.fills.flatMap((f) => [f.sell, f.buy]));
  const [sold, bought] = [false, true].map((buys) => {
    const assets = r.assets.filter((_, i) => (buys ? (r.moves[i] ?? 0n) > 0n : (r.moves[i] ?? 0n) < 0n));
    return { assets, names: listed(assets.map((a) => a.symbol)) };
  });
  for (const [i, a] of r.assets.entries()) {
    const move = r.moves[i] ?? 0n;
    if (into.has(i) || moved.has(i) || move === 0n) continue;
    const others = move > 0n ? sold : bought;
    const reached = r.snapshot.pathFiller === null ? besides(pools, a.token) : reachedFrom(pools, a.token);
    if (others === undefined || !others.assets.some((o) => reached.has(o.token))) {
      const directly = r.snapshot.pathFiller === null ? ' directly, and there is no path filler' : '';
      const detail = `no pools connect ${a.symbol} and ${others?.names ?? ''}${directly}`;
      into.set(i, { reason: 'NO_ROUTE', detail });
      continue;
    }
    if (found !== null && found.broken !== null) into.set(i, found.broken);
    else if (abs(move) < minTrade)
      into.set(i, {
        reason: 'BELOW_MIN_TRADE',
        detail: `${usdText(abs(move))} is below the smallest trade of ${usdText(minTrade)}`,
      });
    else
      into.set(i, {
        reason: 'COST_EXCEEDS_BENEFIT',
        detail: `moving ${usdText(abs(move))} of ${a.symbol} does not earn its cost back within ${r.rule.maxPaybackDays} days`,
      });
  }
}
