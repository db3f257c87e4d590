/** Seeded random numbers for tests: the same seed, the same sequence, on every machine. */
export type Random = {
  /** Integer in [lo, hi]. */
  int(lo: number, hi: number): number;
  /** Integer in [lo, hi]. */
  big(lo: bigint, hi: bigint): bigint;
  /** Spread evenly over the magnitudes of [lo, hi]; lo > 0. */
  magnitude(lo: bigint, hi: bigint): bigint;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
};

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const r: Random = {
    int: (lo, hi) => lo + Math.floor((next() / 2 ** 32) * (hi - lo + 1)),
    big(lo, hi) {
      const span = hi - lo + 1n;
      let value = 0n;
      for (let bits = span.toString(2).length + 16; bits > 0; bits -= 32) value = (value << 32n) | BigInt(next());
      return lo + (value % span);
    },
    magnitude(lo, hi) {
      const bits = r.int(lo.toString(2).length, hi.toString(2).length);
      const from = 1n << BigInt(bits - 1);
      const v = r.big(from, 2n * from - 1n);
      return v < lo ? lo : v > hi ? hi : v;
    },
    chance: (probability) => next() / 2 ** 32 < probability,
    pick(from) {
      const item = from[r.int(0, from.length - 1)];
      if (item === undefined) throw new RangeError('pick from nothing');
      return item;
    },
  };
  return r;
}
