/** What a keeper asks of pools beyond the vault's own limits. */
import { type Fraction, pathFeePips, type Step } from './amm/path.ts';
import type { AssetState } from './types.ts';
import { abs, BPS, divUp, pow10 } from './units.ts';

/** Distance {bps, rounded up} of the mid price of a pool, or of a path, from the oracle's for the same two tokens. */
export function divergenceBps(mid: Fraction, sell: AssetState, buy: AssetState): number {
  const oracleNumerator = sell.priceUsdE8 * pow10(buy.decimals);
  const oracleDenominator = buy.priceUsdE8 * pow10(sell.decimals);
  const scaledOracle = oracleNumerator * mid.denominator;
  if (scaledOracle === 0n) return Number(BPS);
  return Number(divUp(abs(mid.numerator * oracleDenominator - scaledOracle) * BPS, scaledOracle));
}

/**
 * {bps} how much less than the quote a leg may pay before it is better not to trade: the pools' own fee, and at
 * least 10 bps. Within its fee a pool's price wanders without anyone correcting it, and a sandwich cannot gain from a
 * victim whose impact is below the fee; 10 bps is about two standard deviations of one 12-second block at 80 % annual
 * volatility, so that ordinary movement between planning and inclusion does not waste gas on a revert.
 */
export function plannedToleranceBps(feePips: number): bigint {
  const fee = divUp(BigInt(feePips), 100n);
  return fee > 10n ? fee : 10n;
}

/** {base units} the least of a quote that is still better than not to trade. */
export function toleratedOut(amountOut: bigint, steps: readonly Step[]): bigint {
  return (amountOut * (BPS - plannedToleranceBps(pathFeePips(steps)))) / BPS;
}
