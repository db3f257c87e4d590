import { expect, it } from 'vitest';
import type { Guard } from '../../../src/core/types.ts';
import { bullet, guardText, limitKind, limitText } from './guardModel.ts';

function guard(value: string, limit: string, pass: boolean, unit: Guard['unit'] = 'BPS'): Guard {
  return { code: 'IMPACT_ABOVE_CAP', name: 'impact', unit, value, limit, pass, enforcedBy: 'KEEPER' };
}

it('reads from the verdict whether a limit is a floor or a ceiling', () => {
  expect(limitKind(guard('1', '5', true))).toBe('at most');
  expect(limitKind(guard('9', '5', false))).toBe('at most');
  expect(limitKind(guard('9', '5', true))).toBe('at least');
  expect(limitKind(guard('1', '5', false))).toBe('at least');
  expect(limitKind(guard('5', '5', true))).toBe('limit');
  expect(limitKind(guard('0', '1', false, 'FLAG'))).toBe('limit');
});

it('says a limit as a sentence would', () => {
  expect(limitText(guard('1', '50', true), '')).toBe('at most 0.50%');
  expect(limitText({ ...guard('900', '1', true, 'USD_E8'), code: 'EMPTY' }, ' test')).toBe('more than nothing');
});

it('puts value and limit on one scale', () => {
  const { value, limit } = bullet(guard('61', '40', false));
  expect(value / limit).toBeCloseTo(61 / 40);
  expect(value).toBeCloseTo(1 / 1.2);
  expect(bullet(guard('0', '0', true))).toEqual({ value: 0, limit: 0 });
  expect(bullet(guard('-20', '50', true)).value).toBe(0);
});

it('says every unit in its own words', () => {
  expect(guardText('IMPACT_ABOVE_CAP', 'BPS', '42', '')).toBe('0.42%');
  expect(guardText('DEVIATION', 'BPS', '540', '')).toBe('5.4 points');
  expect(guardText('BELOW_MIN_TRADE', 'USD_E8', '2500000000', ' test')).toBe('$25.00 test');
  expect(guardText('PRICE_STALE', 'SECONDS', '3900', '')).toBe('65 min');
  expect(guardText('GAS_ABOVE_CAP', 'WEI', '61000000000', '')).toBe('61 gwei');
  expect(guardText('COST_EXCEEDS_BENEFIT', 'DAYS', '1', '')).toBe('1 day');
  expect(guardText('PAUSED', 'FLAG', '0', '')).toBe('no');
  expect(guardText('EMPTY', 'COUNT', '12000', '')).toBe('12,000');
});
