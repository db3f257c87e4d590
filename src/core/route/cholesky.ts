/**
 * Solves H d = rhs in place for a symmetric positive semi-definite H, of which the lower triangle is given row by row.
 * A direction without curvature gets no step. `rhs` becomes d, `h` its factor.
 */
export function solveCholesky(h: Float64Array, rhs: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    const row = j * n;
    const own = h[row + j] as number;
    let pivot = own;
    for (let k = 0; k < j; k++) {
      const v = h[row + k] as number;
      pivot -= v * v;
    }
    if (!(pivot > 1e-15 * own)) {
      h[row + j] = 0;
      for (let i = j + 1; i < n; i++) h[i * n + j] = 0;
      continue;
    }
    const root = Math.sqrt(pivot);
    h[row + j] = root;
    for (let i = j + 1; i < n; i++) {
      const at = i * n;
      let s = h[at + j] as number;
      if (s === 0 && j === 0) continue;
      for (let k = 0; k < j; k++) s -= (h[at + k] as number) * (h[row + k] as number);
      h[at + j] = s / root;
    }
  }
  substitute(h, rhs, n);
}

/** The two triangular solves, for a factor that is there already. */
export function substitute(h: Float64Array, rhs: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const diagonal = h[row + i] as number;
    let s = rhs[i] as number;
    for (let k = 0; k < i; k++) s -= (h[row + k] as number) * (rhs[k] as number);
    rhs[i] = diagonal === 0 ? 0 : s / diagonal;
  }
  for (let i = n - 1; i >= 0; i--) {
    const diagonal = h[i * n + i] as number;
    let s = rhs[i] as number;
    for (let k = i + 1; k < n; k++) s -= (h[k * n + i] as number) * (rhs[k] as number);
    rhs[i] = diagonal === 0 ? 0 : s / diagonal;
  }
}
