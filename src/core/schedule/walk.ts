/** A price as a walk over blocks: its volatility, and by how much it passes a level before anybody can look. */

const SECONDS_PER_YEAR = 31_557_600;

/** Volatility over some time, of an annual one. */
export function sigmaOver(sigma: number, seconds: number): number {
  return sigma * Math.sqrt(seconds / SECONDS_PER_YEAR);
}

/** -zeta(1/2) / sqrt(2 pi) */
export const WALK_OVERSHOOT = 0.582_597_157_939_010_6;
/** zeta(-1/2 - r) / (r! (2r+1) (2r+2)) */
const OVERSHOOT_SERIES: readonly number[] = (
  [
    -0.207_886_224_977_354_54, -0.025_485_201_889_833_043, 0.008_516_928_777_850_33, 0.004_441_011_335_479_432,
    -0.003_091_669_247_215_834_6, -0.002_671_458_019_899_229, 0.002_746_767_939_536_870_4, 0.003_269_039_572_600_224,
    -0.004_416_032_873_004_89,
  ] as const
).map((zeta, r) => {
  let factorial = 1;
  for (let k = 2; k <= r; k++) factorial *= k;
  return zeta / (factorial * (2 * r + 1) * (2 * r + 2));
});

/**
 * {block volatilities} by how far a walk with steps N(-decay, 1) has passed a distant level when it is first seen below
 * it; `decay` is the relaxation per block over the volatility per block. That is (1 + d^2)/(2d) minus the mean maximum of the
 * walk (Siegmund 1985, "Sequential Analysis", 8.5), for which Janssen and van Leeuwaarden 2007 give the series used here;
 * beyond d = 3 that maximum is below 0.0005 and left out.
 */
export function overshootSigmas(decay: number): number {
  if (!(decay > 0)) throw new RangeError(`decay ${decay} must be above 0`);
  if (decay > 3) return (1 + decay * decay) / (2 * decay);
  let sum = 0;
  let power = 1;
  for (const term of OVERSHOOT_SERIES) {
    sum += term * power;
    power *= -(decay * decay) / 2;
  }
  return WALK_OVERSHOOT + decay / 4 - (decay * decay * sum) / Math.sqrt(2 * Math.PI);
}
