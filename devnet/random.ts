/** Seeded randomness by name, so that adding one consumer never changes the numbers of another. */

export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** Standard normal. */
  readonly normal: () => number;
  /** Uniform integer in [min, max]. */
  readonly integer: (min: number, max: number) => number;
};

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** sfc32 by Chris Doty-Humphrey (public domain, PractRand), seeded by the hash of `seed` and `name`. */
export function randomOf(seed: number, name: string): Random {
  let a = hash(`${seed}/${name}/a`);
  let b = hash(`${seed}/${name}/b`);
  let c = hash(`${seed}/${name}/c`);
  let d = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) next();
  // Box-Muller: two uniforms make two normals.
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { next, normal, integer: (min, max) => min + Math.floor(next() * (max - min + 1)) };
}
