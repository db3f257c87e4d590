import { describe, expect, it } from 'vitest';
import { sliceViolations } from './audit.ts';
import { costUsd, holdsTogether, type RehearsalSummary, usd } from './summary.ts';

const fill = (epoch: number, sequence: number, txHash: `0x${string}`) => ({ epoch, sequence, txHash });

describe('audit', () => {
  it('accepts several fills of one slice and slices in order', () => {
    expect(sliceViolations([fill(1, 0, '0xa'), fill(1, 0, '0xa'), fill(1, 1, '0xb'), fill(2, 0, '0xc')])).toEqual([]);
  });

  it('names a slice that ran in two transactions, and one that ran late', () => {
    expect(sliceViolations([fill(1, 0, '0xa'), fill(1, 0, '0xb')])).toEqual(['slice 1/0 ran twice: 0xa and 0xb']);
    expect(sliceViolations([fill(2, 0, '0xa'), fill(1, 3, '0xb')])).toEqual(['slice 1/3 ran after 2/0']);
  });
});

describe('summary', () => {
  it('rounds to cents, half away from zero', () => {
    expect([usd(1_499_999n), usd(1_500_000n), usd(-1_500_000n), usd(2_500_000_000_000n)]).toEqual([
      0.01, 0.02, -0.02, 25_000,
    ]);
  });

  it('prints parts that sum to the printed total', () => {
    const third = 33_333_333n;
    const costs = { gasUsdE8: third, feeUsdE8: third, impactUsdE8: third, slippageUsdE8: 0n, totalUsdE8: 99_999_999n };
    expect(costUsd(costs)).toEqual({ gas: 0.33, fee: 0.33, impact: 0.33, slippage: 0, total: 0.99 });
  });

  it('does not hold together with a failed run, a coin left behind or a violated promise', () => {
    const good = { failed: 0, withdrawnAll: true, invariantViolations: 0 } as RehearsalSummary;
    expect(holdsTogether(good)).toBe(true);
    for (const bad of [{ failed: 1 }, { withdrawnAll: false }, { invariantViolations: 1 }]) {
      expect(holdsTogether({ ...good, ...bad })).toBe(false);
    }
  });
});
