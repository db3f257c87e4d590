/** The same coins, never rebalanced: what holding would have given, rebuilt from deposits and withdrawals. */
import type { Address, AssetState } from './types.ts';
import { mulDiv, subFloor } from './units.ts';
import { valueUsdE8 } from './value.ts';

/** A `Deposited` or `Withdrawn` event of the vault, in chain order. */
export type Flow =
  | { readonly event: 'Deposited'; readonly token: Address; readonly amount: bigint }
  /** `remaining`: balance left in the vault; uint256 max when the token would not say. */
  | { readonly event: 'Withdrawn'; readonly token: Address; readonly amount: bigint; readonly remaining: bigint };

/** {base units} by token address in lower case. */
export type HoldBalances = Readonly<Record<string, bigint>>;

export const UNREADABLE_REMAINING = (1n << 256n) - 1n;

/**
 * A deposit adds its amount. A withdrawal takes the same share from the untouched coins as it took from the vault's
 * balance of that token: remaining / (amount + remaining) stays, rounded down. With an unreadable `remaining` the
 * amount itself is taken.
 */
export function applyFlow(held: HoldBalances, flow: Flow): HoldBalances {
  const key = flow.token.toLowerCase();
  const before = held[key] ?? 0n;
  if (flow.event === 'Deposited') return { ...held, [key]: before + flow.amount };
  if (flow.amount === 0n) return held;
  const after =
    flow.remaining === UNREADABLE_REMAINING
      ? subFloor(before, flow.amount)
      : mulDiv(before, flow.remaining, flow.amount + flow.remaining);
  return { ...held, [key]: after };
}

export function foldFlows(flows: readonly Flow[], start: HoldBalances = {}): HoldBalances {
  return flows.reduce(applyFlow, start);
}

/**
 * {USD E8} value of the untouched coins at the vault's present prices; null when a price is missing, be it bad or that
 * of a token which is no longer listed.
 */
export function holdNavUsdE8(held: HoldBalances, assets: readonly AssetState[]): bigint | null {
  const byToken = new Map(assets.map((a) => [a.token.toLowerCase(), a]));
  let sum = 0n;
  for (const [token, amount] of Object.entries(held)) {
    if (amount === 0n) continue;
    const asset = byToken.get(token);
    if (asset?.priceStatus !== 'OK') return null;
    sum += valueUsdE8(amount, asset.priceUsdE8, asset.decimals);
  }
  return sum;
}
