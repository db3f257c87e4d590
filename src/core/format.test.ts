import { describe, expect, it } from 'vitest';
import {
  amountText,
  decimalText,
  durationText,
  gweiText,
  percentText,
  pointsText,
  poolText,
  usdText,
} from './format.ts';
import { wethOver } from './testing/fixtures.ts';

const E8 = 10n ** 8n;

describe('numbers as people read them', () => {
  it('dollars with cents to 100,000, without from there on', () => {
    expect(usdText(123_456_789_012n)).toBe('$1,234.57');
    expect(usdText(99_999n * E8 + 99_000_000n)).toBe('$99,999.99');
    expect(usdText(1_234_567n * E8 + 50_000_000n)).toBe('$1,234,568');
    expect(usdText(-5n * E8)).toBe('-$5.00');
    expect(usdText(-1n)).toBe('$0.00');
    expect(usdText(0n)).toBe('$0.00');
  });

  it('points with one decimal, unless that would hide a digit', () => {
    expect([620, 500, 501, -37, 0].map(pointsText)).toEqual(['6.2', '5.0', '5.01', '-0.37', '0.0']);
    expect(percentText(4_500)).toBe('45.0 percent');
  });

  it('gas prices with the digits that matter', () => {
    expect(
      [61n * 10n ** 9n, 61_010_000_000n, 1_010_000_000n, 52_340_000n, 1_000n, 0n, 299_600_000_000n].map(gweiText),
    ).toEqual(['61 gwei', '61 gwei', '1.01 gwei', '0.0523 gwei', '0.000001 gwei', '0 gwei', '300 gwei']);
  });

  it('token amounts with five significant digits', () => {
    expect(amountText(451_400_000_000_000_000n, 18)).toBe('0.45140');
    expect(amountText(1_290_940_000n, 6)).toBe('1,290.9');
    expect(amountText(123_456_789n * 10n ** 6n, 6)).toBe('123,456,789');
    expect(amountText(1_234n, 8)).toBe('0.00001234');
    expect(amountText(0n, 18)).toBe('0');
    expect(decimalText(-1_995n, 3, 2)).toBe('-2.00');
  });

  it('durations that are enough to wait', () => {
    expect([0, 1.2, 119, 120, 3_600, 7_200, 7_201, 200_000].map(durationText)).toEqual([
      '0 s',
      '2 s',
      '119 s',
      '2 min',
      '60 min',
      '2 h',
      '3 h',
      '3 days',
    ]);
  });

  it('pools by venue and fee', () => {
    expect(wethOver(0).pools.map(poolText)).toEqual([
      'Uniswap V2',
      'Uniswap V3 0.05%',
      'Uniswap V3 0.3%',
      'Uniswap V2',
    ]);
  });
});
