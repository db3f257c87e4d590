import { describe, expect, it } from 'vitest';
import { twamm } from './twamm.ts';

describe('T13 TWAMM', () => {
  it('T13 ends where the published closed form ends', () => {
    const t = twamm(1_000, 4e6, 100, 1e5);
    expect(t.reserve0).toBeCloseTo(1_073.111302, 6);
    expect(t.out1).toBeCloseTo(372_520.85, 2);
    expect(t.out0).toBeCloseTo(26.888698, 6);
  });

  it('agrees with many small swaps of both sides', () => {
    const steps = 200_000;
    let x = 1_000;
    let y = 4e6;
    const k = x * y;
    for (let i = 0; i < steps; i++) {
      x += 100 / steps;
      y = k / x + 1e5 / steps;
      x = k / y;
    }
    expect(Math.abs(twamm(1_000, 4e6, 100, 1e5).reserve0 / x - 1)).toBeLessThan(1e-6);
  });

  it('is a plain swap when one side sells nothing, nothing when neither does, and finite for huge flows', () => {
    expect(twamm(1_000, 4_000, 250, 0)).toEqual({ reserve0: 1_250, reserve1: 3_200, out0: 0, out1: 800 });
    expect(twamm(1_000, 4_000, 0, 1_000)).toEqual({ reserve0: 800, reserve1: 5_000, out0: 200, out1: 0 });
    expect(twamm(1_000, 4_000, 0, 0)).toEqual({ reserve0: 1_000, reserve1: 4_000, out0: 0, out1: 0 });
    const huge = twamm(1, 1, 1e6, 2e6);
    expect(huge.reserve1 / huge.reserve0).toBeCloseTo(2, 6);
  });
});
