/** Time-weighted market maker: both sides sell at constant rates into a constant-product pool, without fees. */

export type Twamm = {
  readonly reserve0: number;
  readonly reserve1: number;
  /** What each side's sellers receive. */
  readonly out0: number;
  readonly out1: number;
};

/**
 * Where the pool ends when `in0` and `in1` flow in evenly over the same time. Closed form of White, Robinson, Adams 2021,
 * "TWAMM". A side that sells nothing leaves a plain swap.
 */
export function twamm(reserve0: number, reserve1: number, in0: number, in1: number): Twamm {
  const k = reserve0 * reserve1;
  let end0: number;
  if (in0 === 0 || in1 === 0) {
    end0 = in1 === 0 ? reserve0 + in0 : k / (reserve1 + in1);
  } else {
    const a = Math.sqrt(reserve0 * in1);
    const b = Math.sqrt(reserve1 * in0);
    const c = (a - b) / (a + b);
    // exp(-x) instead of exp(x) above and below: large flows stay finite.
    const e = Math.exp(-2 * Math.sqrt((in0 * in1) / k));
    end0 = (Math.sqrt((k * in0) / in1) * (1 + c * e)) / (1 - c * e);
  }
  const end1 = k / end0;
  return { reserve0: end0, reserve1: end1, out0: reserve0 + in0 - end0, out1: reserve1 + in1 - end1 };
}
