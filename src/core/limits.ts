/** What the vault allows one fill to do. Mirrors contracts/src/libraries/RebalanceMath.sol integer for integer. */
import type { AssetState, EpochState, VaultPolicy, VaultState } from './types.ts';
import {
  abs,
  BPS,
  max,
  min,
  mulDiv,
  mulDivUp,
  PIPS,
  PIPS_PER_BPS,
  pow10,
  SECONDS_PER_DAY,
  subFloor,
  USD_E8_PER_CENT,
} from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

/** Everything the size of one fill depends on. `sell` and `buy` carry live balances and fresh prices. */
export type FillInputs = {
  readonly policy: VaultPolicy;
  readonly sell: AssetState;
  readonly buy: AssetState;
  /** What it must bring in parts per million of the oracle value: see `requiredPips`. */
  readonly pips: bigint;
  /** NAV at `begin` or at the newest snapshot of the epoch; before it, the current NAV. */
  readonly epochNavUsdE8: bigint;
  /** Value sold by earlier fills of the same transaction. */
  readonly soldInSliceUsdE8: bigint;
};

export function minTradeUsdE8(policy: VaultPolicy): bigint {
  return BigInt(policy.minTradeUsdE2) * USD_E8_PER_CENT;
}

export function sliceCapUsdE8(policy: VaultPolicy, epochNavUsdE8: bigint): bigint {
  return mulDiv(BigInt(policy.maxSliceBps), epochNavUsdE8, BPS);
}

/** {bps of NAV} drift that a rebalance trades back to: band * destinationBps / 10000, rounded down. */
export function destinationBps(asset: AssetState, policy: VaultPolicy): bigint {
  return (BigInt(asset.bandBps) * BigInt(policy.destinationBps)) / BPS;
}

/**
 * Largest value {USD E8} that may move from `sell` to `buy`: bounded by the surplus, the deficit, the way back to
 * the destination of whichever asset is further outside it, and what is left of the slice. 0 = nothing to trade.
 */
export function maxSellValue(f: FillInputs): bigint {
  const { policy, sell, buy, epochNavUsdE8: navE } = f;
  const vSell = assetValueUsdE8(sell);
  const vBuy = assetValueUsdE8(buy);
  const surplus = vSell - targetValueUsdE8(sell.targetBps, navE);
  const deficit = targetValueUsdE8(buy.targetBps, navE) - vBuy;
  if (surplus <= 0n || deficit <= 0n) return 0n;
  const upperSell = ((BigInt(sell.targetBps) + destinationBps(sell, policy)) * navE) / BPS;
  const lowerBuy = (subFloor(BigInt(buy.targetBps), destinationBps(buy, policy)) * navE) / BPS;
  const reach = max(vSell - upperSell, lowerBuy - vBuy);
  if (reach <= 0n) return 0n;
  const left = subFloor(sliceCapUsdE8(policy, navE), f.soldInSliceUsdE8);
  return min(min(surplus, deficit), min(reach, left));
}

/** Largest amount {base units of sell} the vault will take for this fill, the balance included. */
export function maxSellAmount(f: FillInputs): bigint {
  const value = maxSellValue(f);
  if (value === 0n) return 0n;
  return min(mulDiv(value, pow10(f.sell.decimals), f.sell.priceUsdE8), f.sell.balance);
}

/**
 * {1e-6 of the oracle value} what a fill must bring, `elapsedS` after `relaxesFrom`: from a premium down to the cap.
 * Rounded up.
 */
export function requiredPips(policy: VaultPolicy, elapsedS: number): bigint {
  const least = PIPS - BigInt(policy.maxSlipBps) * PIPS_PER_BPS;
  if (elapsedS >= policy.relaxS) return least;
  const span = BigInt(policy.premiumBps + policy.maxSlipBps) * PIPS_PER_BPS;
  return least + mulDivUp(span, BigInt(policy.relaxS - elapsedS), BigInt(policy.relaxS));
}

/** {s} when the demand begins to relax: with the epoch, and anew after a pause and when a sequencer comes back. */
export function relaxesFrom({ state, upSince }: Pick<VaultState, 'state' | 'upSince'>, epochStart: number): number {
  return Math.max(epochStart, state.pausedUntil, upSince);
}

/** The demand on a slice that executes at `at` in an epoch that began at `epochStart`. */
export function requiredPipsAt(
  vault: Pick<VaultState, 'policy' | 'state' | 'upSince'>,
  epochStart: number,
  at: number,
): bigint {
  return requiredPips(vault.policy, Math.max(0, at - relaxesFrom(vault, epochStart)));
}

/**
 * {s} after `relaxesFrom` from which on no more than `pips` are required; null = never. A fill that brings
 * `pips` of the oracle value passes from then on.
 */
export function relaxedToAfterS(policy: VaultPolicy, pips: bigint): number | null {
  const least = PIPS - BigInt(policy.maxSlipBps) * PIPS_PER_BPS;
  if (pips < least) return null;
  const span = BigInt(policy.premiumBps + policy.maxSlipBps) * PIPS_PER_BPS;
  if (policy.relaxS === 0 || pips >= least + span) return 0;
  // ceil(span * left / relaxS) <= pips - least exactly if span * left <= (pips - least) * relaxS
  const left = ((pips - least) * BigInt(policy.relaxS)) / span;
  return policy.relaxS - Number(left);
}

/** {1e-6, rounded down} what `received` is of the oracle value of `spent`: it meets every demand up to this. */
export function broughtPips(
  spent: bigint,
  received: bigint,
  sell: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
  buy: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
): bigint {
  const fair = spent * sell.priceUsdE8 * pow10(buy.decimals);
  return fair === 0n ? PIPS : mulDiv(received * buy.priceUsdE8 * PIPS, pow10(sell.decimals), fair);
}

/** {USD E8} the NAV that a slice at `at` is measured against: a slice that comes late takes it anew. */
export function sizingNavUsdE8(vault: VaultState, at: number, begins: boolean): bigint {
  const { policy, state } = vault;
  const anew = policy.snapshotS !== 0 && at >= state.snapshotAt + policy.snapshotS;
  return begins || anew ? portfolioValue(vault.assets).navUsdE8 : state.epochNavUsdE8;
}

/** {USD E8} tip for a slice that moved `movedUsdE8`, when `paidTodayUsdE8` was paid on this UTC day already. */
export function tipUsdE8(policy: VaultPolicy, movedUsdE8: bigint, paidTodayUsdE8: bigint): bigint {
  const left = subFloor(BigInt(policy.tipPerDayUsdE2) * USD_E8_PER_CENT, paidTodayUsdE8);
  const most = BigInt(policy.maxTipUsdE2) * USD_E8_PER_CENT;
  return min(mulDiv(movedUsdE8, BigInt(policy.tipBps), BPS), min(most, left));
}

/** Smallest output {base units of buy} the vault accepts for `spent`, rounded up. @param pips see `requiredPips` */
export function requiredOut(
  spent: bigint,
  sell: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
  buy: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
  pips: bigint,
): bigint {
  return mulDivUp(spent * sell.priceUsdE8 * pips, pow10(buy.decimals), buy.priceUsdE8 * pow10(sell.decimals) * PIPS);
}

/** How the vault scales the caller's minOut when it clamps amountIn. */
export function scaledMinOut(minOut: bigint, amountIn: bigint, requestedIn: bigint): bigint {
  return mulDivUp(minOut, amountIn, requestedIn);
}

/** {USD E8} loss budget: the level at which the bucket is full. */
export function lossCapUsdE8(policy: VaultPolicy, epochNavUsdE8: bigint): bigint {
  return mulDiv(BigInt(policy.lossBpsPerDay), epochNavUsdE8, BPS);
}

/**
 * {USD E8} level of the loss bucket at `now`: it empties by the whole cap per day. A bucket that was filled when the
 * vault was larger counts as full: `begin` writes that down, and within an epoch the level never exceeds the cap.
 */
export function lossLevel(
  state: Pick<EpochState, 'lossUsdE8' | 'lastSliceAt'>,
  policy: VaultPolicy,
  epochNavUsdE8: bigint,
  now: number,
): bigint {
  const cap = lossCapUsdE8(policy, epochNavUsdE8);
  const leaked = mulDiv(cap, BigInt(Math.max(0, now - state.lastSliceAt)), BigInt(SECONDS_PER_DAY));
  return subFloor(min(state.lossUsdE8, cap), leaked);
}

/** {USD E8} value given up against oracle prices, 0 when the fill gained. */
export function fillLossUsdE8(
  spent: bigint,
  received: bigint,
  sell: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
  buy: Pick<AssetState, 'priceUsdE8' | 'decimals'>,
): bigint {
  return subFloor(
    valueUsdE8(spent, sell.priceUsdE8, sell.decimals),
    valueUsdE8(received, buy.priceUsdE8, buy.decimals),
  );
}

/** {USD E8} how far past its target a bought asset may come: what a fill may win, and the base unit it was rounded up by. */
function overshootUsdE8(policy: VaultPolicy, spentUsdE8: bigint, buy: AssetState): bigint {
  const wonBps = BigInt(Math.max(policy.maxSlipBps, policy.premiumBps));
  return mulDivUp(wonBps, spentUsdE8 + 1n, BPS) + mulDivUp(buy.priceUsdE8, 1n, 10n ** BigInt(buy.decimals));
}

export type FillVerdict =
  | { readonly ok: true; readonly sell: AssetState; readonly buy: AssetState; readonly lossUsdE8: bigint }
  | {
      readonly ok: false;
      readonly error: 'BelowMinTrade' | 'SpentTooMuch' | 'SlippageAboveCap' | 'Overshoot' | 'DriftDidNotShrink';
    };

/**
 * What the vault checks after the venue was called, loss budget excepted. `spent` and `received` are what the venue
 * took and gave; on success the two assets come back with their new balances.
 */
export function checkFill(f: FillInputs, spent: bigint, received: bigint): FillVerdict {
  const { policy, epochNavUsdE8: navE } = f;
  if (spent > maxSellAmount(f)) return { ok: false, error: 'SpentTooMuch' };
  const spentUsdE8 = valueUsdE8(spent, f.sell.priceUsdE8, f.sell.decimals);
  if (spentUsdE8 < minTradeUsdE8(policy)) return { ok: false, error: 'BelowMinTrade' };
  if (received < requiredOut(spent, f.sell, f.buy, f.pips)) return { ok: false, error: 'SlippageAboveCap' };
  const sell = { ...f.sell, balance: f.sell.balance - spent };
  const buy = { ...f.buy, balance: f.buy.balance + received };
  const targetSell = targetValueUsdE8(sell.targetBps, navE);
  const targetBuy = targetValueUsdE8(buy.targetBps, navE);
  const vBuyAfter = assetValueUsdE8(buy);
  // No further past its target than a fill may win against the oracle.
  if (vBuyAfter > targetBuy + overshootUsdE8(policy, spentUsdE8, buy)) return { ok: false, error: 'Overshoot' };
  const before = abs(assetValueUsdE8(f.sell) - targetSell) + abs(assetValueUsdE8(f.buy) - targetBuy);
  const after = abs(assetValueUsdE8(sell) - targetSell) + abs(vBuyAfter - targetBuy);
  if (after >= before) return { ok: false, error: 'DriftDidNotShrink' };
  return { ok: true, sell, buy, lossUsdE8: fillLossUsdE8(spent, received, f.sell, f.buy) };
}
