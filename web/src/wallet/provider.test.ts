import { expect, it } from 'vitest';
import { errorCode, revertData } from './provider.ts';

it('finds revert data wherever a wallet puts it', () => {
  const data = '0x1234abcd';
  expect(revertData({ code: 3, message: 'execution reverted', data })).toBe(data);
  expect(revertData({ code: -32_603, data: { code: 3, data } })).toBe(data);
  expect(revertData({ data: { originalError: { data } } })).toBe(data);
  expect(revertData(new Error('no data at all'))).toBeNull();
  expect(revertData({ data: 'execution reverted' })).toBeNull();
});

it('finds the code of a wrapped error', () => {
  expect(errorCode({ code: 4001 })).toBe(4001);
  expect(errorCode({ data: { originalError: { code: 4902 } } })).toBe(4902);
  expect(errorCode('no')).toBeNull();
});
