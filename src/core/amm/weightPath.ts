/**
 * Moving a pool's weights. At constant prices and without fees, arbitrage takes 1 - exp(-KL(after || before)) of the pool's
 * value at each step, so what a path costs is a sum of divergences. Steps along the great circle of sqrt(w) are optimal
 * to leading order: Willetts 2026, arXiv 2603.05326.
 */

/** {nats} sum a_i ln(a_i / b_i) */
export function divergence(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const [i, ai] of a.entries()) if (ai > 0) sum += ai * Math.log(ai / (b[i] ?? Number.NaN));
  return sum;
}

/** {share of value} lost along `path`. */
export function pathLoss(path: readonly (readonly number[])[]): number {
  let nats = 0;
  for (let i = 1; i < path.length; i++) nats += divergence(path[i] ?? [], path[i - 1] ?? []);
  return -Math.expm1(-nats);
}

function along(steps: number, at: (t: number) => number[]): number[][] {
  return Array.from({ length: steps + 1 }, (_, i) => at(i / steps));
}

export function linearPath(from: readonly number[], to: readonly number[], steps: number): number[][] {
  return along(steps, (t) => from.map((w, i) => w + ((to[i] ?? Number.NaN) - w) * t));
}

/** {rad} angle between sqrt(from) and sqrt(to): half their Fisher-Rao distance. By its sine, which keeps small angles exact. */
function angleBetween(from: readonly number[], to: readonly number[]): number {
  let chord = 0;
  for (const [i, w] of from.entries()) chord += (Math.sqrt(w) - Math.sqrt(to[i] ?? Number.NaN)) ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(chord) / 2));
}

/** Spherical interpolation of sqrt(w), squared. */
export function sphericalPath(from: readonly number[], to: readonly number[], steps: number): number[][] {
  const angle = angleBetween(from, to);
  if (angle === 0) return linearPath(from, to, steps);
  return along(steps, (t) => {
    const a = Math.sin((1 - t) * angle) / Math.sin(angle);
    const b = Math.sin(t * angle) / Math.sin(angle);
    return from.map((w, i) => (a * Math.sqrt(w) + b * Math.sqrt(to[i] ?? Number.NaN)) ** 2);
  });
}

/** Midpoint of `sphericalPath` without trigonometry: arithmetic plus geometric mean, made to sum to one. Same source. */
export function midpoint(from: readonly number[], to: readonly number[]): number[] {
  const raw = from.map((w, i) => {
    const other = to[i] ?? Number.NaN;
    return (w + other) / 2 + Math.sqrt(w * other);
  });
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((w) => w / sum);
}

/** {share of value} Theta^2 / (2 n) nats, Theta the Fisher-Rao distance: what the best path of `steps` steps loses, nearly. */
export function leastPathLoss(from: readonly number[], to: readonly number[], steps: number): number {
  const distance = 2 * angleBetween(from, to);
  return -Math.expm1(-(distance * distance) / (2 * steps));
}
