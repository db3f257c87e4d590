/** Port of Uniswap V3 TickMath.sol: ticks and Q64.96 square-root prices, with its rounding. */

export const MIN_TICK = -887_272;
export const MAX_TICK = 887_272;
/** sqrtRatioAtTick(MIN_TICK) */
export const MIN_SQRT_RATIO = 4_295_128_739n;
/** sqrtRatioAtTick(MAX_TICK) */
export const MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n;

const MAX_UINT256 = (1n << 256n) - 1n;
const LOW_32 = (1n << 32n) - 1n;

/** sqrt(1.0001)^-(2^i) in Q128.128 for bit i of |tick|. */
const RATIO_OF_BIT: readonly bigint[] = [
  0xfffcb933bd6fad37aa2d162d1a594001n,
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n,
];

/** sqrt(1.0001^tick) in Q64.96. @throws RangeError outside MIN_TICK..MAX_TICK */
export function sqrtRatioAtTick(tick: number): bigint {
  const absTick = tick < 0 ? -tick : tick;
  if (!Number.isInteger(tick) || absTick > MAX_TICK) throw new RangeError(`tick ${tick} is outside ±${MAX_TICK}`);
  let ratio = 1n << 128n;
  for (let bits = absTick, i = 0; bits !== 0; bits >>>= 1, i++) {
    if ((bits & 1) !== 0) ratio = (ratio * (RATIO_OF_BIT[i] ?? 0n)) >> 128n;
  }
  if (tick > 0) ratio = MAX_UINT256 / ratio;
  return (ratio >> 32n) + ((ratio & LOW_32) === 0n ? 0n : 1n);
}

const LOG_SQRT_10001_PER_LOG2 = 255_738_958_999_603_826_347_141n;
const TICK_LOW_ERROR = 3_402_992_956_809_132_418_596_140_100_660_247_210n;
const TICK_HIGH_ERROR = 291_339_464_771_989_622_907_027_621_153_398_088_495n;

/** Greatest tick whose ratio is at most `sqrtPriceX96`. @throws RangeError outside [MIN_SQRT_RATIO, MAX_SQRT_RATIO) */
export function tickAtSqrtRatio(sqrtPriceX96: bigint): number {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO)
    throw new RangeError(`sqrt price ${sqrtPriceX96} is outside the range of ticks`);
  const ratio = sqrtPriceX96 << 32n;
  const msb = ratio.toString(2).length - 1;
  let r = msb >= 128 ? ratio >> BigInt(msb - 127) : ratio << BigInt(127 - msb);
  let log2 = BigInt(msb - 128) << 64n;
  for (let shift = 63n; shift >= 50n; shift--) {
    r = (r * r) >> 127n;
    if (r >> 128n !== 0n) {
      log2 |= 1n << shift;
      r >>= 1n;
    }
  }
  const logSqrt10001 = log2 * LOG_SQRT_10001_PER_LOG2;
  const low = Number((logSqrt10001 - TICK_LOW_ERROR) >> 128n);
  const high = Number((logSqrt10001 + TICK_HIGH_ERROR) >> 128n);
  if (low === high) return low;
  return sqrtRatioAtTick(high) <= sqrtPriceX96 ? high : low;
}
