/** The gas benchmark's own arithmetic; its figures are compared by `npm run bench:gas -- --check`. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { bytesToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { fastLzLength, opBytes } from '../bench/gas/dataFee.ts';
import { moved } from '../bench/gas/figures.ts';

const { LibZip } = createRequire(import.meta.url)('solady/js/solady.js') as {
  LibZip: { flzCompress(data: string): string };
};

describe('FastLZ length', () => {
  const bytes = (alphabet: number) =>
    fc
      .array(fc.integer({ min: 0, max: alphabet - 1 }), { minLength: 13, maxLength: 1_500 })
      .map((numbers) => Uint8Array.from(numbers));

  for (const alphabet of [1, 2, 4, 16, 256]) {
    it(`is that of Solady's compressor for ${alphabet} different bytes`, () => {
      fc.assert(
        fc.property(bytes(alphabet), (input) => {
          expect(fastLzLength(input)).toBe((LibZip.flzCompress(bytesToHex(input)).length - 2) / 2);
        }),
        { numRuns: 200 },
      );
    });
  }
});

describe('billed bytes', () => {
  it('never fall below the minimum of the OP stack', () => {
    expect(opBytes(0)).toBe(100);
    expect(opBytes(170)).toBe(100);
    expect(opBytes(171)).toBe(100);
    expect(opBytes(1_000)).toBe(793);
  });
});

describe('figures that moved', () => {
  const committed = { fill: 100_000, begin: { 2: 50_000 }, fillV4: null };

  it('are not those within the tolerance', () => {
    expect(moved(committed, { fill: 100_500, begin: { 2: 49_750 }, fillV4: null })).toEqual([]);
  });

  it('are named with both values, dearer or cheaper, nested or not', () => {
    const lines = moved(committed, { fill: 100_501, begin: { 2: 49_000 }, fillV4: null });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^fill +100000 -> 100501 {2}\+0\.50 %$/);
    expect(lines[1]).toMatch(/^begin\.2 +50000 -> 49000 {2}-2\.00 %$/);
  });

  it('include those that came and those that went', () => {
    const lines = moved(committed, { fill: 100_000, fillV4: 150_000, deploy: 1 });
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'begin.2 50000 -> absent',
      'fillV4 null -> 150000',
      'deploy absent -> 1',
    ]);
  });
});
