/** Square-root prices and liquidity ranges of pools, from dollar prices. All amounts in base units. */

const Q96 = 1n << 96n;
const MAX_TICK = 887_272;
const PIPS = 1_000_000n;

/** Floor of the square root. */
export function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

export type Side = { readonly priceUsdE8: bigint; readonly decimals: number };

/** token1 per token0 in base units, as a fraction: what one unit of token0 is worth in units of token1. */
function ratio(token0: Side, token1: Side): { num: bigint; den: bigint } {
  return {
    num: token0.priceUsdE8 * 10n ** BigInt(token1.decimals),
    den: token1.priceUsdE8 * 10n ** BigInt(token0.decimals),
  };
}

const sqrtX96 = (num: bigint, den: bigint): bigint => isqrt((num << 192n) / den);

export function sqrtPriceOf(token0: Side, token1: Side): bigint {
  const { num, den } = ratio(token0, token1);
  return sqrtX96(num, den);
}

/**
 * Prices between which nobody gains by trading with a pool of this fee while the market is at the given prices:
 * [market * (1 - fee), market / (1 - fee)], as square roots times 2^96, rounded inwards.
 */
export function feeBand(token0: Side, token1: Side, feePips: number): { low: bigint; high: bigint } {
  const { num, den } = ratio(token0, token1);
  const keep = PIPS - BigInt(feePips);
  return { low: sqrtX96(num * keep, den * PIPS) + 1n, high: sqrtX96(num * PIPS, den * keep) };
}

export type Range = { readonly lower: number; readonly upper: number; readonly liquidity: bigint };

/** Half-widths in ticks; 13,000 ticks are a factor of 3.67, so that the widest range outlives a fall by 60 %. */
const NESTED: Readonly<Record<number, readonly number[]>> = {
  500: [10, 20, 40, 80, 160, 400, 1_000, 2_500, 6_000, 13_000],
  3000: [60, 120, 240, 480, 960, 1_800, 3_000, 5_040, 8_040, 13_020],
};
const TICK_SPACING: Readonly<Record<number, number>> = { 500: 10, 3000: 60 };

/** Share of the liquidity that spans all prices; the nested ranges divide the rest evenly. */
const FULL_RANGE_PERCENT = 30n;

/** A full range and ten nested ones around the price, with `liquidity` in all where they overlap. */
export function rangesOf(sqrtPriceX96: bigint, feePips: number, liquidity: bigint): Range[] {
  const spacing = TICK_SPACING[feePips];
  const widths = NESTED[feePips];
  if (spacing === undefined || widths === undefined) throw new Error(`no ranges for a fee of ${feePips} pips`);
  const tick = (2 * Math.log(Number(sqrtPriceX96) / Number(Q96))) / Math.log(1.0001);
  const centre = Math.round(tick / spacing) * spacing;
  const edge = Math.floor(MAX_TICK / spacing) * spacing;
  const full = (liquidity * FULL_RANGE_PERCENT) / 100n;
  const each = (liquidity - full) / BigInt(widths.length);
  return [
    { lower: -edge, upper: edge, liquidity: full },
    ...widths.map((w) => ({ lower: centre - w, upper: centre + w, liquidity: each })),
  ];
}

/** Liquidity whose virtual reserve of token1 is `amount1`. */
export function liquidityOf(amount1: bigint, sqrtPriceX96: bigint): bigint {
  return (amount1 * Q96) / sqrtPriceX96;
}
