/**
 * Many vaults in columns, for one look at all of them: a row per vault, a row per holding, a row per price. A vault's
 * holdings lie next to each other; every price knows the vaults that hold it. Some 60 bytes a vault and 28 a holding.
 */
import { EXIT, KeelError } from './errors.ts';
import { destinationBps, minTradeUsdE8 } from './limits.ts';
import { inForce, isStopped } from './stops.ts';
import { type Hex, PRICE_STATUSES, type PriceStatus, type VaultState } from './types.ts';
import { pow10 } from './units.ts';

export type FeedPrice = { readonly priceUsdE8: bigint; readonly status: PriceStatus };

/** {s, bps, USD E8} in float64 where 32 bits do not do: all of them are integers below 2^53, hence exact. */
export type ScreenTable = {
  readonly count: number;
  /** Holdings of vault v: firstHolding[v] up to firstHolding[v + 1]. */
  readonly firstHolding: Int32Array;
  readonly pausedUntil: Float64Array;
  readonly epochEnd: Float64Array;
  readonly hasEpoch: Uint8Array;
  /** Earliest time of the next slice, whatever the time is now. */
  readonly sliceAfter: Float64Array;
  readonly cooldownS: Float64Array;
  readonly scheduleS: Float64Array;
  readonly innerBandBps: Int32Array;
  readonly maxSliceBps: Int32Array;
  readonly minTradeUsdE8: Float64Array;
  /** Balance over 10^decimals; NaN where it is not known. */
  readonly units: Float64Array;
  readonly price: Int32Array;
  /** In force. */
  readonly targetBps: Int32Array;
  /** -1 where the asset is stopped. */
  readonly bandBps: Int32Array;
  /** The band's share that a rebalance leaves. */
  readonly awayBps: Int32Array;
  readonly feedRow: ReadonlyMap<Hex, number>;
  readonly priceUsdE8: Float64Array;
  /** Index into PRICE_STATUSES. */
  readonly priceStatus: Uint8Array;
  readonly exactPrice: bigint[];
  /** Vaults that hold price p: holders[firstHolder[p]] up to firstHolder[p + 1]. */
  readonly firstHolder: Int32Array;
  readonly holders: Int32Array;
};

const UNSET = -1;

function bug(field: string, value: string, reason: string): KeelError {
  return new KeelError({
    code: 'SCREEN_MISMATCH',
    exit: EXIT.bug,
    field,
    value,
    reason,
    remedy: 'Build the table anew from the vaults as they are.',
  });
}

/** Writes one vault into its row: after a trade, a transfer or a change of policy. Its assets stay the same. */
export function setVault(t: ScreenTable, row: number, configured: VaultState): void {
  const vault = inForce(configured);
  const { policy, state, assets } = vault;
  const from = t.firstHolding[row] ?? 0;
  if ((t.firstHolding[row + 1] ?? 0) - from !== assets.length)
    throw bug('vault', vault.address, `row ${row} has another number of assets`);
  t.pausedUntil[row] = state.pausedUntil;
  t.epochEnd[row] = state.epochEnd;
  t.hasEpoch[row] = state.epoch === 0 ? 0 : 1;
  t.sliceAfter[row] = state.lastSliceAt + policy.sliceCooldownS;
  t.cooldownS[row] = policy.cooldownS;
  t.scheduleS[row] = policy.scheduleS;
  t.innerBandBps[row] = policy.innerBandBps;
  t.maxSliceBps[row] = policy.maxSliceBps;
  t.minTradeUsdE8[row] = Number(minTradeUsdE8(policy));
  for (const [i, asset] of assets.entries()) {
    const at = from + i;
    const price = t.feedRow.get(asset.feedId);
    if (price === undefined) throw bug('feed', asset.feedId, `no price row for ${asset.symbol}`);
    if (t.price[at] !== UNSET && t.price[at] !== price)
      throw bug('vault', vault.address, `asset ${i} of row ${row} has another feed`);
    t.price[at] = price;
    t.units[at] = asset.balanceKnown ? Number(asset.balance) / Number(pow10(asset.decimals)) : Number.NaN;
    t.targetBps[at] = asset.targetBps;
    t.bandBps[at] = isStopped(vault, i) ? -1 : asset.bandBps;
    t.awayBps[at] = Number(destinationBps(asset, policy));
  }
}

/** Overwrites a price; which vaults it concerns: see `holdersOf`. */
export function setPrice(t: ScreenTable, feedId: Hex, { priceUsdE8, status }: FeedPrice): void {
  const row = t.feedRow.get(feedId);
  if (row === undefined) throw bug('feed', feedId, 'no vault of the table holds it');
  t.exactPrice[row] = priceUsdE8;
  t.priceUsdE8[row] = Number(priceUsdE8);
  t.priceStatus[row] = PRICE_STATUSES.indexOf(status);
}

/** Rows of the vaults that hold it, ascending. */
export function holdersOf(t: ScreenTable, feedId: Hex): Int32Array {
  const row = t.feedRow.get(feedId);
  if (row === undefined) return new Int32Array(0);
  return t.holders.subarray(t.firstHolder[row] ?? 0, t.firstHolder[row + 1] ?? 0);
}

/** Prices are those of the first vault that holds each feed; at one block they are the same for all. */
export function buildScreenTable(vaults: readonly VaultState[]): ScreenTable {
  const feedRow = new Map<Hex, number>();
  const holdersByFeed: number[][] = [];
  const firstHolding = new Int32Array(vaults.length + 1);
  for (const [v, { assets }] of vaults.entries()) {
    firstHolding[v + 1] = (firstHolding[v] ?? 0) + assets.length;
    for (const { feedId } of assets) {
      const row = feedRow.get(feedId) ?? feedRow.size;
      feedRow.set(feedId, row);
      const holders = holdersByFeed[row] ?? [];
      holdersByFeed[row] = holders;
      if (holders.at(-1) !== v) holders.push(v);
    }
  }
  const [count, holdings, feeds] = [vaults.length, firstHolding[vaults.length] ?? 0, feedRow.size];
  const firstHolder = new Int32Array(feeds + 1);
  for (const [p, list] of holdersByFeed.entries()) firstHolder[p + 1] = (firstHolder[p] ?? 0) + list.length;
  const t: ScreenTable = {
    count,
    firstHolding,
    pausedUntil: new Float64Array(count),
    epochEnd: new Float64Array(count),
    hasEpoch: new Uint8Array(count),
    sliceAfter: new Float64Array(count),
    cooldownS: new Float64Array(count),
    scheduleS: new Float64Array(count),
    innerBandBps: new Int32Array(count),
    maxSliceBps: new Int32Array(count),
    minTradeUsdE8: new Float64Array(count),
    units: new Float64Array(holdings),
    price: new Int32Array(holdings).fill(UNSET),
    targetBps: new Int32Array(holdings),
    bandBps: new Int32Array(holdings),
    awayBps: new Int32Array(holdings),
    feedRow,
    priceUsdE8: new Float64Array(feeds),
    priceStatus: new Uint8Array(feeds),
    exactPrice: Array.from({ length: feeds }, () => 0n),
    firstHolder,
    holders: Int32Array.from(holdersByFeed.flat()),
  };
  const seen = new Set<Hex>();
  for (const [v, vault] of vaults.entries()) {
    setVault(t, v, vault);
    for (const { feedId, priceUsdE8, priceStatus } of vault.assets) {
      if (seen.has(feedId)) continue;
      seen.add(feedId);
      setPrice(t, feedId, { priceUsdE8, status: priceStatus });
    }
  }
  return t;
}
