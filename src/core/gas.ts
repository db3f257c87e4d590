/**
 * Expected gas of plans, to decide whether a trade is worth its gas. Never used as a gas limit: the keeper estimates
 * that on the chain.
 *
 * Source: gas measurements of a prototype vault on the same venues (warm transactions, prague rules): a slice costs
 * about 26.6k + 24.3k per touched token + 66.8k per V3 swap; every asset that `begin` values costs 24.1k (feed behind
 * its proxy 18.3k, balance 5.1k); a V2 swap costs 11k less than a V3 one; an initialised tick 24k to 30k. The state
 * words that epochs, slices and the loss budget write come on top. To be calibrated from receipts of the real vault.
 */
import type { GasState, VenueName } from './types.ts';
import { mulDivUp, WEI_PER_NATIVE } from './units.ts';

/** Intrinsic gas, calldata, policy and state words read and written by any slice. */
export const GAS_SLICE_BASE = 42_000n;
/** What `begin` adds to the first slice, per vault and per asset. */
export const GAS_BEGIN_BASE = 12_000n;
export const GAS_BEGIN_PER_ASSET = 24_100n;
/** First use of a token in a slice (price, balance); already paid when the slice also begins the epoch. */
export const GAS_TOUCH_TOKEN = 24_300n;
export const GAS_TICK_CROSSED = 27_000n;
export const GAS_FILL: Readonly<Record<VenueName, bigint>> = { UNISWAP_V2: 60_000n, UNISWAP_V3: 71_000n };

export function gasPriceWei(gas: GasState): bigint {
  return gas.baseFeeWei + gas.priorityFeeWei;
}

/** {USD E8}, rounded up. */
export function gasUsdE8(units: bigint, gas: GasState): bigint {
  return mulDivUp(units * gasPriceWei(gas), gas.nativeUsdE8, WEI_PER_NATIVE);
}

export function fillGasUnits(venue: VenueName, ticksCrossed: number, newTokens: number): bigint {
  return GAS_FILL[venue] + BigInt(ticksCrossed) * GAS_TICK_CROSSED + BigInt(newTokens) * GAS_TOUCH_TOKEN;
}

/** Gas of a slice besides its fills. */
export function sliceGasUnits(begins: boolean, assetCount: number): bigint {
  return GAS_SLICE_BASE + (begins ? GAS_BEGIN_BASE + BigInt(assetCount) * GAS_BEGIN_PER_ASSET : 0n);
}
