import fc from 'fast-check';
import { toHex, keccak256 as viemKeccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { keccak256 } from './keccak.ts';

describe('keccak256', () => {
  it('gives the published digest of the empty string', () => {
    expect(keccak256('')).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
  });

  it('equals an independent implementation around every block boundary', () => {
    for (let n = 0; n < 300; n++) {
      const text = 'k'.repeat(n);
      expect(keccak256(text)).toBe(viemKeccak256(toHex(text)));
    }
  });

  it('equals an independent implementation on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (text) => {
        expect(keccak256(text)).toBe(viemKeccak256(toHex(text)));
      }),
    );
  });
});
