/** Which way each asset may be traded, and what can then still be reached. */
import { abs, BPS, max, min, subFloor } from '../units.ts';

export const SIDES = ['TRADE', 'BUY_ONLY', 'SELL_ONLY', 'LOCKED'] as const;
export type Side = (typeof SIDES)[number];

/** Of the whole portfolio: each asset as its side says, or nothing is sold but `cash`. */
export type PortfolioMode = { readonly kind: 'SIDES' } | { readonly kind: 'BUY_ONLY'; readonly cash: number };

export type SidedAsset = { readonly valueUsdE8: bigint; readonly targetBps: number; readonly side: Side };

export type TradeLimit = {
  /** {USD E8} the value it can be brought to; all of them sum to the portfolio. */
  readonly reachUsdE8: bigint;
  /** {USD E8} the most that may be sold, or bought: one of the two is 0. Sells and buys have the same sum. */
  readonly maxSellUsdE8: bigint;
  readonly maxBuyUsdE8: bigint;
  /** Does it get its share of what is not pinned? False = what may not be traded keeps it away. */
  readonly reachable: boolean;
};

/** The side of asset `index` once the portfolio's mode is applied. */
export function sideIn(mode: PortfolioMode, side: Side, index: number): Side {
  if (mode.kind === 'SIDES' || side === 'LOCKED') return side;
  if (index === mode.cash) return side === 'BUY_ONLY' ? 'LOCKED' : 'SELL_ONLY';
  return side === 'SELL_ONLY' ? 'LOCKED' : 'BUY_ONLY';
}

type Bounds = { readonly targetBps: bigint; readonly low: bigint; readonly high: bigint };

function boundsOf(asset: SidedAsset, side: Side, navUsdE8: bigint): Bounds {
  return {
    targetBps: BigInt(asset.targetBps),
    low: side === 'TRADE' || side === 'SELL_ONLY' ? 0n : asset.valueUsdE8,
    high: side === 'TRADE' || side === 'BUY_ONLY' ? navUsdE8 : asset.valueUsdE8,
  };
}

/**
 * What may not be sold is not brought below its value, what may not be bought not above it; all others get the portfolio's
 * remainder in proportion to their targets: value_i = clamp(scale * target_i), with the one scale at which they sum to the
 * portfolio. Locked weight is thereby left out and the others are scaled.
 */
export function tradeLimits(assets: readonly SidedAsset[], mode: PortfolioMode): TradeLimit[] {
  const nav = assets.reduce((a, x) => a + x.valueUsdE8, 0n);
  const bounds = assets.map((a, i) => boundsOf(a, sideIn(mode, a.side, i), nav));
  const at = (scale: bigint, b: Bounds): bigint => {
    return max(b.low, min(b.high, (b.targetBps * scale) / BPS));
  };
  const sumAt = (scale: bigint): bigint => bounds.reduce((a, b) => a + at(scale, b), 0n);
  // At the upper end every target above 0 gets the whole portfolio.
  let [low, high] = [0n, (nav + 1n) * BPS];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (sumAt(middle) <= nav) low = middle;
    else high = middle;
  }
  const reached = bounds.map((b) => at(low, b));
  let left = nav - reached.reduce((a, x) => a + x, 0n);
  for (const [i, b] of bounds.entries()) {
    if (left === 0n) break;
    if (at(high, b) === reached[i]) continue;
    reached[i] = (reached[i] ?? 0n) + 1n;
    left -= 1n;
  }
  // Nothing may be bought with the rest, so as much of what would be sold stays, the first in order first.
  for (const [i, a] of assets.entries()) {
    const missing = a.valueUsdE8 - (reached[i] ?? 0n);
    if (left === 0n || missing <= 0n) continue;
    const kept = min(missing, left);
    reached[i] = (reached[i] ?? 0n) + kept;
    left -= kept;
  }
  return assets.map((a, i): TradeLimit => {
    const reachUsdE8 = reached[i] ?? 0n;
    const scaled = ((bounds[i]?.targetBps ?? 0n) * low) / BPS;
    return {
      reachUsdE8,
      maxSellUsdE8: subFloor(a.valueUsdE8, reachUsdE8),
      maxBuyUsdE8: subFloor(reachUsdE8, a.valueUsdE8),
      reachable: abs(reachUsdE8 - scaled) <= 1n,
    };
  });
}
