import { describe, expect, it } from 'vitest';
import { quoteExactIn } from '../amm/quote.ts';
import { seeded } from '../testing/random.ts';
import type { Address, V4PoolState } from '../types.ts';
import { arbitrage } from './arbitrage.ts';
import { problemIn } from './basket.ts';
import { compileMarket } from './market.ts';
import { randomBasket, uniform } from './testing/markets.ts';

/** Of the output, besides the roundings of the integers: floats carry 15 digits through a sum over ticks. */
const RELATIVE_ERROR = 1e-9;

describe('floats beside the integers, in Uniswap V4', () => {
  it('differ by no more than the stated bound, with a protocol fee of its own each way', () => {
    const r = seeded(44);
    const seen = { up: 0, down: 0, crossed: 0 };
    for (let i = 0; i < 400; i++) {
      const { basket } = randomBasket(r, 2, 1, ['TICKS'], 0.02);
      const [v3] = basket.market.pools;
      if (v3?.venue !== 'UNISWAP_V3') throw new Error('fixture');
      const { venue: _venue, address, feePips, ...curve } = v3;
      const pool: V4PoolState = {
        ...{ ...curve, venue: 'UNISWAP_V4', address, hooks: '0x', keyFee: feePips, lpFeePips: feePips, native: false },
        protocolFeePips: [r.int(0, 1_000), r.int(0, 1_000)],
      };
      const p = problemIn({ ...basket, market: compileMarket([pool]) });
      if (arbitrage(p, 0, 0.9 + 0.2 * uniform(r), 0.9 + 0.2 * uniform(r)) === 0) continue;
      const [fa, fb] = [p.fa[0] as number, p.fb[0] as number];
      const [a, b] = [p.na[0] as number, p.nb[0] as number];
      const [input, output] = fa < 0 ? [a, b] : [b, a];
      const [given, taken] = fa < 0 ? [-fa, fb] : [-fb, fa];
      const unit = (j: number): number => p.unitUsd[j] as number;
      const token = (j: number): Address => basket.assets[j]?.token as Address;
      const amountIn = BigInt(Math.round(given / unit(input)));
      const quote = quoteExactIn(pool, token(input), token(output), amountIn);
      expect(quote.complete).toBe(true);
      // A pool rounds at every tick that it crosses and at every word of its bitmap.
      const roundings = (12 + quote.crossed) * 2 * (unit(input) + unit(output));
      const off = Math.abs(Number(quote.amountOut) * unit(output) - taken);
      expect(off).toBeLessThanOrEqual(roundings + RELATIVE_ERROR * taken);
      if (fa < 0) seen.down++;
      else seen.up++;
      if (quote.crossed > 0) seen.crossed++;
    }
    expect(Math.min(seen.up, seen.down)).toBeGreaterThan(100);
    expect(seen.crossed).toBeGreaterThan(100);
  });
});
