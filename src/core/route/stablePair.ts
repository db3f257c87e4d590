/**
 * Two tokens of a stable pool while the rest of its balances stands still, in floats: StableSwap's invariant solved for one
 * balance is a quadratic, so only the price has to be searched.
 */

/** Balances {1e18 scaled, with rates}; `a` and `b` are the two tokens of the pair. */
export type StablePair = {
  readonly x: number;
  readonly y: number;
  /** Amplification times the number of tokens. */
  readonly ampTimesN: number;
  readonly invariant: number;
  /** Of the balances that stand still. */
  readonly otherSum: number;
  /** D^(n+1) / (n^n * product of the balances that stand still). */
  readonly product: number;
};

/** D of A n^n S + D = A D n^n + D^(n+1) / (n^n P). */
export function stableInvariant(ampTimesN: number, balances: readonly number[]): number {
  const n = balances.length;
  const sum = balances.reduce((s, b) => s + b, 0);
  let d = sum;
  for (let i = 0; i < 255; i++) {
    let dp = d;
    for (const b of balances) dp = (dp * d) / (n * b);
    const next = ((ampTimesN * sum + n * dp) * d) / ((ampTimesN - 1) * d + (n + 1) * dp);
    if (Math.abs(next - d) <= 1e-15 * d) return next;
    d = next;
  }
  return d;
}

export function stablePair(ampTimesN: number, balances: readonly number[], a: number, b: number): StablePair {
  const n = balances.length;
  const invariant = stableInvariant(ampTimesN, balances);
  let product = invariant;
  let otherSum = 0;
  for (let i = 0; i < n; i++) {
    product *= invariant / n;
    if (i === a || i === b) continue;
    const balance = balances[i] as number;
    product /= balance;
    otherSum += balance;
  }
  return { x: balances[a] as number, y: balances[b] as number, ampTimesN, invariant, otherSum, product };
}

/** The one balance when the other is `x`. */
export function otherBalance(p: StablePair, x: number): number {
  const b = x + p.otherSum + p.invariant / p.ampTimesN - p.invariant;
  const c = p.product / (p.ampTimesN * x);
  const root = Math.sqrt(b * b + 4 * c);
  return b > 0 ? (2 * c) / (b + root) : (root - b) / 2;
}

/** Price {other per this} at `x`, and its derivative. */
function priceAt(p: StablePair, x: number, y: number, out: StableMove): void {
  const k = p.product / (x * y);
  const fx = p.ampTimesN + k / x;
  const fy = p.ampTimesN + k / y;
  const price = fx / fy;
  const dk = k * (price / y - 1 / x);
  const dfx = (dk - k / x) / x;
  const dfy = (dk + (k * price) / y) / y;
  out.price = price;
  out.slope = (dfx - price * dfy) / fy;
}

export type StableMove = { x: number; y: number; price: number; slope: number };

/**
 * Moves from (x, y) until one more unit in pays `wanted` of the other; false when it pays no more than that already.
 * `reversed`: the pair seen from its other token.
 */
export function moveToPrice(p: StablePair, reversed: boolean, wanted: number, out: StableMove): boolean {
  const x0 = reversed ? p.y : p.x;
  priceAt(p, x0, reversed ? p.x : p.y, out);
  if (out.price <= wanted) return false;
  let lo = x0;
  let hi = Number.POSITIVE_INFINITY;
  let x = x0;
  let y = reversed ? p.x : p.y;
  for (let i = 0; i < 80; i++) {
    const excess = out.price - wanted;
    if (excess > 0) lo = x;
    else hi = x;
    const step = -excess / out.slope;
    let next = x + step;
    // A flat price makes Newton jump far: at most double, and stay between what is known to be too little and too much.
    if (!(next > lo)) next = hi === Number.POSITIVE_INFINITY ? 2 * lo : (lo + hi) / 2;
    else if (!(next < hi)) next = (lo + hi) / 2;
    if (next > 2 * x) next = 2 * x;
    const moved = Math.abs(next - x);
    x = next;
    y = otherBalance(p, x);
    priceAt(p, x, y, out);
    if (moved <= 1e-16 * x || Math.abs(out.price - wanted) <= 2e-16 * wanted) break;
  }
  out.x = x;
  out.y = y;
  return x > x0;
}
