/** Standard normal numbers for simulations in tests, by Marsaglia's polar method. */
import type { Random } from './random.ts';

const TOP = 2 ** 32 - 1;

/** Uniform in [0, 1). */
export function uniforms(r: Random): () => number {
  return () => r.int(0, TOP) / 2 ** 32;
}

export function normals(r: Random): () => number {
  const uniform = uniforms(r);
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return u * scale;
    }
  };
}
