import { describe, expect, it } from 'vitest';
import { feeCaps, gasLimitOf, missingGasMoney } from './fees.ts';

const GWEI = 10n ** 9n;

describe('feeCaps', () => {
  it('leaves room for the base fee to double', () => {
    expect(feeCaps(10n * GWEI, GWEI, [null])).toEqual({ maxFeePerGas: 21n * GWEI, maxPriorityFeePerGas: GWEI });
  });

  it('never goes above the lowest ceiling, and treats 0 and null as none', () => {
    const caps = feeCaps(10n * GWEI, GWEI, [null, 0n, 15n * GWEI, 12n * GWEI]);
    expect(caps).toEqual({ maxFeePerGas: 12n * GWEI, maxPriorityFeePerGas: GWEI });
    expect(feeCaps(10n * GWEI, 5n * GWEI, [3n * GWEI])).toEqual({
      maxFeePerGas: 3n * GWEI,
      maxPriorityFeePerGas: 3n * GWEI,
    });
  });
});

describe('gas', () => {
  it('adds a quarter, and what pools write once per block time', () => {
    expect(gasLimitOf(200_000n)).toBe(250_000n);
    expect(gasLimitOf(200_000n, 2)).toBe(350_000n);
  });

  it('says exactly how much money is missing', () => {
    const caps = { maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
    expect(missingGasMoney(999n, 100n, caps)).toBe(1n);
    expect(missingGasMoney(1_000n, 100n, caps)).toBe(0n);
  });
});
