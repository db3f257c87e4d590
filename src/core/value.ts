/** What a portfolio is worth and how far each asset is from its target, in the exact integers of the vault. */
import { inForce } from './stops.ts';
import type { AssetState, AssetView, Snapshot } from './types.ts';
import { abs, BPS, divUp, mulDiv, pow10 } from './units.ts';

/** {USD E8}, rounded down: balance * priceUsdE8 / 10^decimals, the `value` rule of the vault. */
export function valueUsdE8(balance: bigint, priceUsdE8: bigint, decimals: number): bigint {
  return mulDiv(balance, priceUsdE8, pow10(decimals));
}

export function assetValueUsdE8(asset: AssetState): bigint {
  return valueUsdE8(asset.balance, asset.priceUsdE8, asset.decimals);
}

/** Values in the order of `assets` and their sum. Only meaningful when every price is OK: see `firstBadPrice`. */
export function portfolioValue(assets: readonly AssetState[]): { values: bigint[]; navUsdE8: bigint } {
  const values: bigint[] = [];
  let navUsdE8 = 0n;
  for (const a of assets) {
    const v = assetValueUsdE8(a);
    values.push(v);
    navUsdE8 += v;
  }
  return { values, navUsdE8 };
}

export function firstBadPrice(assets: readonly AssetState[]): AssetState | undefined {
  return assets.find((a) => a.priceStatus !== 'OK');
}

/** An asset whose token refuses to tell the balance: it can be held, but neither valued nor traded. */
export function firstUnknownBalance(assets: readonly AssetState[]): AssetState | undefined {
  return assets.find((a) => !a.balanceKnown);
}

/** {USD E8} Net asset value at oracle prices; 0 when any price is not OK or a balance is unknown, as VaultLens reports it. */
export function nav(assets: readonly AssetState[]): bigint {
  return firstBadPrice(assets) || firstUnknownBalance(assets) ? 0n : portfolioValue(assets).navUsdE8;
}

/** {USD E8}, rounded down: the value an asset has at its target weight. */
export function targetValueUsdE8(targetBps: number, navUsdE8: bigint): bigint {
  return mulDiv(BigInt(targetBps), navUsdE8, BPS);
}

/**
 * Weight minus target in bps, rounded away from zero, so that |drift| > band exactly when the vault
 * calls the asset outside its band. 0 when the portfolio is empty.
 */
export function driftBps(value: bigint, targetBps: number, navUsdE8: bigint): number {
  if (navUsdE8 === 0n) return 0;
  const deviation = value * BPS - BigInt(targetBps) * navUsdE8;
  const magnitude = Number(divUp(abs(deviation), navUsdE8));
  return deviation < 0n ? -magnitude : magnitude;
}

/**
 * One row per asset for people, with the targets in force. Weight is target plus drift, so the two always add up.
 * While any price is not OK the portfolio value is unknown: weights and drifts are 0, and `priceStatus` says which
 * price is missing.
 */
export function assetViews(snapshot: Snapshot): AssetView[] {
  const { assets } = inForce(snapshot.vault);
  const known = firstBadPrice(assets) === undefined && firstUnknownBalance(assets) === undefined;
  const { values, navUsdE8 } = portfolioValue(assets);
  return assets.map((a, i) => {
    const value = values[i] ?? 0n;
    const measurable = known && navUsdE8 > 0n;
    const drift = measurable ? driftBps(value, a.targetBps, navUsdE8) : 0;
    return {
      symbol: a.symbol,
      token: a.token,
      decimals: a.decimals,
      balance: a.balance,
      priceUsdE8: a.priceUsdE8,
      priceAgeS: Math.max(0, snapshot.block.time - a.priceUpdatedAt),
      priceStatus: a.priceStatus,
      valueUsdE8: value,
      weightBps: measurable ? a.targetBps + drift : 0,
      targetBps: a.targetBps,
      bandBps: a.bandBps,
      driftBps: drift,
    };
  });
}
