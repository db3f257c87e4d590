/**
 * Powers with 18 decimals as Balancer's LogExpMath computes them, digit for digit: x ^ y = exp(y * ln x), both split into
 * known powers of e and a short series for the rest. Every division cuts off towards zero, as a signed division does in
 * Solidity and in BigInt alike.
 */
const E18 = 10n ** 18n;
const E20 = 10n ** 20n;
const E36 = 10n ** 36n;

/** {1e-18} what exp() takes. */
const MIN_EXPONENT = -41n * E18;
const MAX_EXPONENT = 130n * E18;
/** {1e-18} around one, the logarithm is taken with 36 decimals. */
const NEAR_ONE_FROM = (9n * E18) / 10n;
const NEAR_ONE_TO = (11n * E18) / 10n;

type Known = { readonly exponent: bigint; readonly power: bigint };

/** {1} e^128 and e^64 are whole numbers here: with decimals they would leave 256 bits. */
const LARGE: readonly Known[] = [
  { exponent: 128n, power: 38_877_084_059_945_950_922_200_000_000_000_000_000_000_000_000_000_000_000n },
  { exponent: 64n, power: 6_235_149_080_811_616_882_910_000_000n },
];

/** {1e-20} e^32, e^16 ... e^(1/16), each exponent half of the one before. */
const SMALL: readonly Known[] = [
  7_896_296_018_268_069_516_100_000_000_000_000n,
  888_611_052_050_787_263_676_000_000n,
  298_095_798_704_172_827_474_000n,
  5_459_815_003_314_423_907_810n,
  738_905_609_893_065_022_723n,
  271_828_182_845_904_523_536n,
  164_872_127_070_012_814_685n,
  128_402_541_668_774_148_407n,
  113_314_845_306_682_631_683n,
  106_449_445_891_785_942_956n,
].map((power, i) => ({ exponent: (32n * E20) >> BigInt(i), power }));

/** The series of exp() does well from e^(1/4) down. */
const FOR_EXP = SMALL.slice(0, 8);
const EXP_TERMS = 12n;
const LN_TERMS = 6n;
const LN_TERMS_NEAR_ONE = 8n;

/** {1e-18} @throws RangeError where the contract reverts */
export function powE18(baseE18: bigint, exponentE18: bigint): bigint {
  if (exponentE18 === 0n) return E18;
  if (baseE18 === 0n) return 0n;
  const product = productWithLn(baseE18, exponentE18);
  if (product < MIN_EXPONENT || product > MAX_EXPONENT) {
    throw new RangeError(`${baseE18}e-18 ^ ${exponentE18}e-18 is out of range`);
  }
  return expE18(product);
}

/** {1e-18} exponent * ln(base) */
function productWithLn(baseE18: bigint, exponentE18: bigint): bigint {
  if (baseE18 <= NEAR_ONE_FROM || baseE18 >= NEAR_ONE_TO) return (lnE18(baseE18) * exponentE18) / E18;
  const ln = 2n * atanhSeries(baseE18 * E18 - E36, baseE18 * E18 + E36, E36, LN_TERMS_NEAR_ONE);
  // The contract keeps the product in 256 bits by multiplying the upper and the lower 18 decimals one after the other.
  return ((ln / E18) * exponentE18 + ((ln % E18) * exponentE18) / E18) / E18;
}

/** {1e-18} natural logarithm; the argument is positive. */
function lnE18(aE18: bigint): bigint {
  if (aE18 < E18) return -lnFromOne(E36 / aE18);
  return lnFromOne(aE18);
}

function lnFromOne(aE18: bigint): bigint {
  let rest = aE18;
  let sum = 0n;
  for (const { exponent, power } of LARGE) {
    if (rest < power * E18) continue;
    rest /= power;
    sum += exponent * E20;
  }
  rest *= 100n;
  for (const { exponent, power } of SMALL) {
    if (rest < power) continue;
    rest = (rest * E20) / power;
    sum += exponent;
  }
  return (sum + 2n * atanhSeries(rest - E20, rest + E20, E20, LN_TERMS)) / 100n;
}

/** z + z^3/3 + z^5/5 + ... of z = numerator / denominator, in units of 1/one: half the logarithm of (1 + z) / (1 - z). */
function atanhSeries(numerator: bigint, denominator: bigint, one: bigint, terms: bigint): bigint {
  const z = (numerator * one) / denominator;
  const square = (z * z) / one;
  let power = z;
  let sum = z;
  for (let k = 1n; k < terms; k++) {
    power = (power * square) / one;
    sum += power / (2n * k + 1n);
  }
  return sum;
}

/** {1e-18} e ^ x */
function expE18(xE18: bigint): bigint {
  return xE18 < 0n ? E36 / expPositive(-xE18) : expPositive(xE18);
}

function expPositive(xE18: bigint): bigint {
  const large = LARGE.find(({ exponent }) => xE18 >= exponent * E18);
  let rest = (xE18 - (large?.exponent ?? 0n) * E18) * 100n;
  let product = E20;
  for (const { exponent, power } of FOR_EXP) {
    if (rest < exponent) continue;
    rest -= exponent;
    product = (product * power) / E20;
  }
  let term = rest;
  let sum = E20 + term;
  for (let k = 2n; k <= EXP_TERMS; k++) {
    term = (term * rest) / E20 / k;
    sum += term;
  }
  return (((product * sum) / E20) * (large?.power ?? 1n)) / 100n;
}
