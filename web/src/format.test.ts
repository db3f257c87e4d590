import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  centsText,
  duration,
  exactCents,
  gwei,
  percent,
  plainPercent,
  points,
  prose,
  share,
  shortHex,
  splitCents,
  toCents,
  tokenExact,
  tokenShort,
  usd,
} from './format.ts';

describe('dollars', () => {
  it('have two decimals below 100,000 and none above', () => {
    expect(usd(2_481_640_000_000n)).toBe('$24,816.40');
    expect(usd(9_999_999_000_000n)).toBe('$99,999.99');
    expect(usd(10_000_049_000_000n)).toBe('$100,000');
    expect(usd(123_456_789_012_345_678_900n)).toBe('$1,234,567,890,123');
  });
  it('carry a real minus and, on request, a plus', () => {
    expect(usd(-137_000_000n)).toBe('\u2212$1.37');
    expect(usd(4_616_000_000n, 'always')).toBe('+$46.16');
    expect(usd(0n, 'always')).toBe('$0.00');
  });
  it('round half away from zero', () => {
    expect([toCents(500_000n), toCents(-500_000n), toCents(499_999n)]).toEqual([1n, -1n, 0n]);
  });
  it('keep the cents where a column must add up', () => {
    expect(exactCents(98_765_432n)).toBe('$987,654.32');
    expect(centsText(98_765_432n)).toBe('$987,654');
    expect(exactCents(-1_234_568n)).toBe('\u2212$12,345.68');
  });
});

describe('splitCents', () => {
  it('adds up to the total for any parts', () => {
    void fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), { minLength: 1, maxLength: 8 }),
        (parts) => {
          const total = parts.reduce((a, b) => a + b, 0n);
          const cents = splitCents(parts, total);
          expect(cents.reduce((a, b) => a + b, 0n)).toBe(toCents(total));
          parts.forEach((part, i) => {
            const off = (cents[i] ?? 0n) * 1_000_000n - part;
            expect(off > -1_000_000n && off <= 1_000_000n).toBe(true);
          });
        },
      ),
    );
  });
});

describe('token amounts', () => {
  it('have five significant digits, but all whole units', () => {
    expect(tokenShort(214_000_000_000_000_000n, 18)).toBe('0.214');
    expect(tokenShort(1_234_567n, 6)).toBe('1.2346');
    expect(tokenShort(12_345_678_900_000n, 6)).toBe('12,345,679');
    expect(tokenShort(12_345_678n, 18)).toBe('0.000000000012346');
  });
  it('can be shown to the last digit', () => {
    expect(tokenExact(1n, 18)).toBe('0.000000000000000001');
    expect(tokenExact(-1_500_000n, 6)).toBe('\u22121.5');
    expect(tokenExact(42n, 0)).toBe('42');
    expect(tokenExact(0n, 6)).toBe('0');
  });
});

describe('weights', () => {
  it('are percent, and their differences points', () => {
    expect(percent(4210)).toBe('42.1%');
    expect(points(-260, 'always')).toBe('\u22122.6');
    expect(points(210, 'always')).toBe('+2.1');
    expect(points(-4, 'always')).toBe('0.0');
    expect(plainPercent(1250)).toBe('12.5');
    expect(plainPercent(4000)).toBe('40');
  });
  it('gives a share only of something', () => {
    expect(share(41_218_000_000n, 2_440_422_000_000n)).toBe('+1.69%');
    expect(share(-1n, 100n)).toBe('\u22121.00%');
    expect(share(1n, 0n)).toBeNull();
  });
});

it('durations are whole and short', () => {
  expect([4, 99, 100, 720, 7200, 200_000].map(duration)).toEqual(['4 s', '99 s', '1 min', '12 min', '2 h', '2 days']);
});

it('gas prices keep what distinguishes them', () => {
  expect(gwei(61_000_000_000n)).toBe('61 gwei');
  expect(gwei(52_000_000n)).toBe('0.052 gwei');
  expect(gwei(1n)).toBe('under 0.001 gwei');
});

it('hashes are six and six', () => {
  expect(shortHex('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')).toBe('0xf39Fd6\u2026b92266');
});

it('sentences of the server get real minus signs before numbers only', () => {
  expect(prose('WETH is -2.1 points, lost -$3.10 (-1%) in a check-in')).toBe(
    'WETH is \u22122.1 points, lost \u2212$3.10 (\u22121%) in a check-in',
  );
});
