import { describe, expect, it } from 'vitest';
import { midPrice, quoteExactIn } from '../amm/quote.ts';
import { seeded } from '../testing/random.ts';
import type { Address } from '../types.ts';
import { arbitrage } from './arbitrage.ts';
import { problemIn } from './basket.ts';
import { type Kind, randomBasket, uniform } from './testing/markets.ts';

const KINDS: readonly Kind[] = ['V2', 'V3', 'TICKS', 'WEIGHTED', 'STABLE'];

describe('arbitrage in one pool', () => {
  for (const kind of KINDS)
    it(`${kind}: gives and takes what the exact quote of the pool says, at the price it says`, () => {
      const r = seeded(17);
      let checked = 0;
      for (let i = 0; i < 300; i++) {
        const { basket } = randomBasket(r, 2, 1, [kind], 0.02);
        const p = problemIn(basket);
        const [pa, pb] = [0.9 + 0.2 * uniform(r), 0.9 + 0.2 * uniform(r)];
        const gain = arbitrage(p, 0, pa, pb);
        const [fa, fb] = [p.fa[0] as number, p.fb[0] as number];
        if (gain === 0) {
          expect([fa, fb, p.response[0]]).toEqual([0, 0, 0]);
          continue;
        }
        expect(gain).toBeGreaterThan(0);
        expect(gain).toBeCloseTo(pa * fa + pb * fb, 6);
        const [a, b] = [p.na[0] as number, p.nb[0] as number];
        const [input, output] = fa < 0 ? [a, b] : [b, a];
        const unit = (j: number): number => p.unitUsd[j] as number;
        const token = (j: number): Address => basket.assets[j]?.token as Address;
        const [given, taken] = fa < 0 ? [-fa, fb] : [-fb, fa];
        const pool = p.market.pools[0] as (typeof p.market.pools)[number];
        const amountIn = BigInt(Math.round(given / unit(input)));
        const quote = quoteExactIn(pool, token(input), token(output), amountIn);
        expect(quote.complete).toBe(true);
        // Rounding of amounts at every stop (a pool also stops at the words of its bitmap), and 1e-9 of what the pool's own arithmetic gives away.
        const rounding = (12 + quote.crossed) * 2 * (unit(input) + unit(output));
        const reserve = fa < 0 ? (p.market.y[0] as number) * unit(b) : (p.market.x[0] as number) * unit(a);
        expect(Math.abs(Number(quote.amountOut) * unit(output) - taken)).toBeLessThanOrEqual(
          rounding + 1e-9 * taken + 1e-12 * reserve,
        );
        // The flow is where the marginal price of the pool, less fee, meets the prices: unless a limit stopped it.
        if ((p.response[0] as number) > 0 && kind !== 'V2') {
          const mid = midPrice(quote.poolAfter, token(input), token(output));
          const keep = fa < 0 ? (p.market.keepA[0] as number) : (p.market.keepB[0] as number);
          const [pin, pout] = fa < 0 ? [pa, pb] : [pb, pa];
          const marginal = (keep * (Number(mid.numerator) / Number(mid.denominator)) * unit(output)) / unit(input);
          // Fees that stay in a pool of Balancer's move its price beyond what the trader paid for.
          const inside = fa < 0 ? (p.market.x[0] as number) * unit(a) : (p.market.y[0] as number) * unit(b);
          const kept = kind === 'WEIGHTED' || kind === 'STABLE' ? ((1 - keep) * given) / inside : 0;
          expect(Math.abs((marginal * pout) / pin - 1)).toBeLessThanOrEqual(1e-7 + 1.1 * kept);
        }
        checked++;
      }
      expect(checked).toBeGreaterThan(200);
    });

  for (const kind of KINDS)
    it(`${kind}: responds to a price as its flows do`, () => {
      const r = seeded(23);
      let checked = 0;
      for (let i = 0; i < 200; i++) {
        const { basket } = randomBasket(r, 2, 1, [kind], 0.02);
        const p = problemIn(basket);
        const [pa, pb] = [0.97 + 0.06 * uniform(r), 0.97 + 0.06 * uniform(r)];
        const flow = (price: number): number => {
          arbitrage(p, 0, price, pb);
          return p.fa[0] as number;
        };
        const h = 1e-7;
        const measured = (flow(pa + h) - flow(pa - h)) / (2 * h);
        flow(pa);
        const stated = p.response[0] as number;
        if (stated === 0) continue;
        // A tick may lie between the two prices.
        if (Math.abs(measured / stated - 1) < 1e-3) checked++;
        else expect(kind).toBe('TICKS');
      }
      expect(checked).toBeGreaterThan(kind === 'TICKS' ? 90 : 100);
    });

  it('never leaves the ticks that were read, nor what a weighted pool takes', () => {
    const r = seeded(31);
    for (let i = 0; i < 200; i++) {
      const { basket } = randomBasket(r, 2, 1, [r.pick(['TICKS', 'WEIGHTED'])], 0);
      const pool = basket.market.pools[0];
      const p = problemIn(basket);
      const up = r.chance(0.5);
      arbitrage(p, 0, up ? 1e6 : 1e-6, 1);
      const [fa, fb] = [p.fa[0] as number, p.fb[0] as number];
      const [a, b] = [p.na[0] as number, p.nb[0] as number];
      const [input, output] = fa < 0 ? [a, b] : [b, a];
      const amountIn = BigInt(Math.floor((fa < 0 ? -fa : -fb) / (p.unitUsd[input] as number)));
      const token = (j: number): Address => basket.assets[j]?.token as Address;
      if (pool === undefined) throw new Error('there is one pool');
      if (pool.venue === 'BALANCER_V3') {
        expect(p.response[0]).toBe(0);
        expect(quoteExactIn(pool, token(input), token(output), amountIn).complete).toBe(true);
      } else expect(fa * fb).toBeLessThan(0);
    }
  });
});
