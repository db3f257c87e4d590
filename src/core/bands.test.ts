import { describe, expect, it } from 'vitest';
import { bandBps } from './bands.ts';
import { type PolicyTarget, policyTargets } from './policy/autoTargets.ts';

const targetsFrom = (inputs: readonly PolicyTarget[]) => policyTargets(inputs, null, null).targets;

import { KeelError } from './errors.ts';

function failure(act: () => unknown): KeelError {
  try {
    act();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const points = (n: number) => ({ points: n });

describe('bandBps', () => {
  it('takes points as they are and relative bands as a share of the target', () => {
    expect(bandBps('WETH', 4_000, points(5))).toBe(500);
    expect(bandBps('WETH', 4_000, points(0.5))).toBe(50);
    expect(bandBps('WETH', 4_000, points(20))).toBe(2_000);
    expect(bandBps('WETH', 4_000, { relativePercent: 12.5 })).toBe(500);
    expect(bandBps('WBTC', 3_333, { relativePercent: 20 })).toBe(666);
  });

  it('refuses narrow, wide and absurd bands, naming the field, the value and a way out', () => {
    const rows = [
      [4_000, points(0.49), 'BAND_TOO_NARROW'],
      [4_000, { relativePercent: 1 }, 'BAND_TOO_NARROW'],
      [9_000, points(20.01), 'BAND_TOO_WIDE'],
      [9_000, { relativePercent: 50 }, 'BAND_TOO_WIDE'],
      [400, points(5), 'BAND_WIDER_THAN_TARGET'],
      [400, { relativePercent: 101 }, 'BAND_WIDER_THAN_TARGET'],
      [4_000, points(1.234), 'BAND_INVALID'],
      [4_000, points(Number.NaN), 'BAND_INVALID'],
      [4_000, { relativePercent: Number.POSITIVE_INFINITY }, 'BAND_INVALID'],
    ] as const;
    for (const [target, band, code] of rows) {
      const e = failure(() => bandBps('WETH', target, band));
      expect([e.code, e.field, e.exit]).toEqual([code, 'targets.WETH.band', 2]);
      expect(e.remedy).toMatch(/\./);
    }
    expect(failure(() => bandBps('LINK', 400, points(5))).message).toContain('4%');
  });
});

describe('targetsFrom', () => {
  const t = (symbol: string, percent: number): PolicyTarget => ({ symbol, percent, band: points(2) });

  it('turns percent into bps, floating point or not', () => {
    expect(targetsFrom([t('A', 33.3), t('B', 33.3), t('C', 33.4)]).map((x) => x.targetBps)).toEqual([
      3_330, 3_330, 3_340,
    ]);
    expect(targetsFrom([t('A', 0.1 + 0.2 + 59.7), t('B', 40)]).map((x) => x.targetBps)).toEqual([6_000, 4_000]);
  });

  it('names the exact difference when the targets do not sum to 100 %', () => {
    const low = failure(() => targetsFrom([t('A', 60), t('B', 39.99)]));
    expect(low.code).toBe('TARGETS_DO_NOT_SUM');
    expect(low.message).toContain('sum to 99.99%, 0.01% too little');
    expect(low.remedy).toContain('Add 0.01%');
    const high = failure(() => targetsFrom([t('A', 60), t('B', 42.5)]));
    expect(high.message).toContain('sum to 102.5%, 2.5% too much');
  });

  it('refuses no targets, duplicates and impossible percentages', () => {
    expect(failure(() => targetsFrom([])).code).toBe('TARGETS_MISSING');
    expect(failure(() => targetsFrom([t('A', 50), t('A', 50)])).code).toBe('TARGET_DUPLICATE');
    for (const p of [0, -5, 100.01, 33.333, Number.NaN])
      expect(failure(() => targetsFrom([t('A', p), t('B', 50)])).code).toBe('TARGET_INVALID');
  });
});
