/**
 * Expected gas of plans, to decide whether a trade is worth its gas. Never used as a gas limit: the keeper estimates
 * that on the chain.
 *
 * Source: least squares by hand over receipts of the vault on the devnet (real Uniswap pools, OpenZeppelin ERC-20s, feeds
 * behind Chainlink's proxy), which test/golden/plan.test.ts keeps within 15 %; run it with KEEL_PRINT_GAS=1 to see them.
 * V4 and Balancer are V3 and what their fills cost more than its in bench/gas/gas.json; test/conformance/vault.test.ts
 * holds every venue, and a path, against the vault.
 * The price of a crossed tick, 24k to 30k, was measured on bare pools.
 */
import type { GasState, VenueName } from './types.ts';
import { mulDivUp, WEI_PER_NATIVE } from './units.ts';

/** Intrinsic gas, calldata, policy and state words read and written by any slice. */
export const GAS_SLICE_BASE = 42_000n;
/** What `begin` adds to the first slice, per vault and per asset; some 30k more in the first epoch of a vault's life. */
export const GAS_BEGIN_BASE = 21_000n;
export const GAS_BEGIN_PER_ASSET = 21_000n;
/** First use of a token in a slice (price, balance); already paid when the slice also begins the epoch. */
export const GAS_TOUCH_TOKEN = 21_000n;
export const GAS_TICK_CROSSED = 27_000n;
export const GAS_FILL: Readonly<Record<VenueName, bigint>> = {
  UNISWAP_V2: 70_000n,
  UNISWAP_V3: 72_000n,
  UNISWAP_V4: 73_000n,
  BALANCER_V3: 113_000n,
};

/** A further hop of a path: the pool's own part of a fill. */
export const GAS_HOP: Readonly<Record<VenueName, bigint>> = {
  UNISWAP_V2: 52_000n,
  UNISWAP_V3: 58_000n,
  UNISWAP_V4: 45_000n,
  BALANCER_V3: 90_000n,
};
/** What the path filler adds to a fill, besides the further hops. */
export const GAS_PATH = 17_000n;

/** `scaleE4` of a snapshot without a simulation. */
export const UNSCALED_E4 = 10_000;
const SCALE_E4 = BigInt(UNSCALED_E4);

export function gasPriceWei(gas: GasState): bigint {
  return gas.baseFeeWei + gas.priorityFeeWei;
}

/** {USD E8}, rounded up. */
export function gasUsdE8(units: bigint, gas: GasState): bigint {
  return mulDivUp(units * gasPriceWei(gas), gas.nativeUsdE8, WEI_PER_NATIVE);
}

/** {gas} as a simulation has corrected it. */
export function expectedGasUnits(units: bigint, gas: GasState): bigint {
  return mulDivUp(units, BigInt(gas.scaleE4), SCALE_E4);
}

/** {USD E8}, rounded up. */
export function expectedGasUsdE8(units: bigint, gas: GasState): bigint {
  return gasUsdE8(expectedGasUnits(units, gas), gas);
}

export function fillGasUnits(venue: VenueName, ticksCrossed: number, newTokens: number): bigint {
  return GAS_FILL[venue] + BigInt(ticksCrossed) * GAS_TICK_CROSSED + BigInt(newTokens) * GAS_TOUCH_TOKEN;
}

export function hopGasUnits(venue: VenueName, ticksCrossed: number): bigint {
  return GAS_HOP[venue] + BigInt(ticksCrossed) * GAS_TICK_CROSSED;
}

/** Gas of a slice besides its fills. */
export function sliceGasUnits(begins: boolean, assetCount: number): bigint {
  return GAS_SLICE_BASE + (begins ? GAS_BEGIN_BASE + BigInt(assetCount) * GAS_BEGIN_PER_ASSET : 0n);
}
