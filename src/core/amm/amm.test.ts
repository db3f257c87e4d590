import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address, asset, USD, v2Pool, v3Pool, v3PoolOf } from '../testing/fixtures.ts';
import type { PoolState } from '../types.ts';
import { swapV3 } from './concentrated.ts';
import { swapV2, v2AmountOut } from './constantProduct.ts';
import { impactOf, maxInWithinImpact, midOut, quoteExactIn } from './quote.ts';
import { amount0Delta, amount1Delta, nextSqrtPriceFromInput, Q96 } from './sqrtPriceMath.ts';
import { computeSwapStep } from './swapMath.ts';
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts';

const E18 = 10n ** 18n;
/** encodePriceSqrt(101, 100) and (1000, 100) of the v3-core tests */
const SQRT_1_01 = 79_623_317_895_830_914_510_639_640_423n;
const SQRT_10 = 250_541_448_375_047_931_186_413_801_569n;

describe('TickMath', () => {
  it('gives the published values', () => {
    expect(sqrtRatioAtTick(MIN_TICK)).toBe(MIN_SQRT_RATIO);
    expect(sqrtRatioAtTick(MIN_TICK + 1)).toBe(4_295_343_490n);
    expect(sqrtRatioAtTick(0)).toBe(Q96);
    expect(sqrtRatioAtTick(MAX_TICK - 1)).toBe(1_461_373_636_630_004_318_706_518_188_784_493_106_690_254_656_249n);
    expect(sqrtRatioAtTick(MAX_TICK)).toBe(MAX_SQRT_RATIO);
    expect(tickAtSqrtRatio(MAX_SQRT_RATIO - 1n)).toBe(MAX_TICK - 1);
    expect(() => sqrtRatioAtTick(MAX_TICK + 1)).toThrow(RangeError);
    expect(() => tickAtSqrtRatio(MAX_SQRT_RATIO)).toThrow(RangeError);
    expect(() => tickAtSqrtRatio(MIN_SQRT_RATIO - 1n)).toThrow(RangeError);
  });

  it('tickAtSqrtRatio is the greatest tick at or below the price', () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_TICK, max: MAX_TICK - 1 }), (tick) => {
        const at = sqrtRatioAtTick(tick);
        expect(tickAtSqrtRatio(at)).toBe(tick);
        expect(tickAtSqrtRatio(sqrtRatioAtTick(tick + 1) - 1n)).toBe(tick);
      }),
      { numRuns: 500 },
    );
  });
});

describe('SqrtPriceMath', () => {
  it('gives the values of the v3-core tests', () => {
    expect(nextSqrtPriceFromInput(Q96, E18, E18 / 10n, false)).toBe(87_150_978_765_690_771_352_898_345_369n);
    expect(nextSqrtPriceFromInput(Q96, E18, E18 / 10n, true)).toBe(72_025_602_285_694_852_357_767_227_579n);
    expect(nextSqrtPriceFromInput(Q96, 1n, (1n << 255n) - 1n, true)).toBe(1n);
    expect(nextSqrtPriceFromInput((1n << 160n) - 1n, 1_024n, 1_024n, false)).toBeNull();
    const sqrt121 = 87_150_978_765_690_771_352_898_345_369n;
    expect(amount0Delta(Q96, sqrt121, E18, true)).toBe(90_909_090_909_090_910n);
    expect(amount0Delta(Q96, sqrt121, E18, false)).toBe(90_909_090_909_090_909n);
    expect(amount1Delta(Q96, sqrt121, E18, true)).toBe(100_000_000_000_000_000n);
    expect(amount1Delta(Q96, sqrt121, E18, false)).toBe(99_999_999_999_999_999n);
  });
});

describe('SwapMath', () => {
  it('gives the values of the v3-core tests', () => {
    expect(computeSwapStep(Q96, SQRT_1_01, 2n * E18, E18, 600n)).toEqual({
      sqrtPriceNext: SQRT_1_01,
      amountIn: 9_975_124_224_178_055n,
      amountOut: 9_925_619_580_021_728n,
      feeAmount: 5_988_667_735_148n,
    });
    expect(computeSwapStep(Q96, SQRT_10, 2n * E18, E18, 600n)).toMatchObject({
      amountIn: 999_400_000_000_000_000n,
      feeAmount: 600_000_000_000_000n,
      amountOut: 666_399_946_655_997_866n,
    });
    expect(computeSwapStep(Q96, SQRT_10, 1n, 1n, 1n)).toMatchObject({ amountIn: 0n, amountOut: 0n, feeAmount: 1n });
  });

  it('never spends more than it was given and never pays more than the price allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -400_000, max: 400_000 }),
        fc.integer({ min: -2_000, max: 2_000 }).filter((d) => d !== 0),
        fc.bigInt({ min: 1n, max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 36n }),
        fc.constantFrom(100n, 500n, 3_000n, 10_000n),
        (tick, distance, liquidity, amount, fee) => {
          const price = sqrtRatioAtTick(tick);
          const step = computeSwapStep(price, sqrtRatioAtTick(tick + distance), liquidity, amount, fee);
          expect(step).not.toBeNull();
          if (!step) return;
          expect(step.amountIn + step.feeAmount).toBeLessThanOrEqual(amount);
          const down = distance < 0;
          // At the starting price, which is the best the trader can get: out <= in * price.
          const [num, den] = down ? [price * price, 1n << 192n] : [1n << 192n, price * price];
          expect(step.amountOut * den).toBeLessThanOrEqual(step.amountIn * num);
          expect(down ? step.sqrtPriceNext <= price : step.sqrtPriceNext >= price).toBe(true);
        },
      ),
    );
  });
});

describe('the Uniswap V3 development book example', () => {
  it('sells 42 USDC into a one-position ETH/USDC pool', () => {
    const liquidity = 1_517_882_343_751_509_868_544n;
    const pool = v3PoolOf(1, [address(1), address(2)], 0, 1, 5_602_277_097_478_614_198_912_276_234_240n, [
      { lower: 84_222, upper: 86_129, liquidity },
    ]);
    const s = swapV3(pool, false, 42n * E18);
    expect(s.amountOut).toBe(8_396_714_242_162_444n);
    expect(s.pool.sqrtPriceX96).toBe(5_604_469_350_942_327_889_444_743_441_197n);
    expect([pool.tick, s.pool.tick]).toEqual([85_176, 85_184]);
    expect(s.complete).toBe(true);
  });
});

describe('Uniswap V2', () => {
  it('gives the amounts of the pair tests', () => {
    const rows: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
      [1n, 5n, 10n, 1_662_497_915_624_478_906n],
      [1n, 10n, 5n, 453_305_446_940_074_565n],
      [2n, 5n, 10n, 2_851_015_155_847_869_602n],
      [1n, 100n, 100n, 987_158_034_397_061_298n],
      [1n, 1_000n, 1_000n, 996_006_981_039_903_216n],
    ];
    for (const [input, x, y, out] of rows) expect(v2AmountOut(input * E18, x * E18, y * E18)).toBe(out);
  });

  it('keeps the product from falling, and one unit more would let it fall', () => {
    const amount = fc.bigInt({ min: 1n, max: 1n << 100n });
    fc.assert(
      fc.property(amount, amount, amount, (input, x, y) => {
        const out = v2AmountOut(input, x, y);
        const adjusted = x * 1_000n + input * 997n;
        expect(adjusted * (y - out)).toBeGreaterThanOrEqual(x * y * 1_000n);
        expect(adjusted * (y - out - 1n)).toBeLessThan(x * y * 1_000n);
      }),
    );
  });

  it('refuses what the pair refuses', () => {
    const pool = v2Pool(1, weth, usdc, 1_000n);
    expect(swapV2(pool, true, 0n).complete).toBe(false);
    expect(swapV2(pool, true, 1n).complete).toBe(false); // 1 wei of WETH is no whole unit of USDC
    expect(swapV2(pool, true, 1n << 112n).complete).toBe(false);
  });
});

const weth = asset(0, { symbol: 'WETH', decimals: 18, price: 2_000, targetBps: 5_000, bandBps: 500, value: 1 });
const usdc = asset(1, { symbol: 'USDC', decimals: 6, price: 1, targetBps: 5_000, bandBps: 500, value: 1 });
const pools: readonly PoolState[] = [v2Pool(1, weth, usdc, 1_000_000n), v3Pool(2, weth, usdc, 500, 1_000_000n)];

describe('a swap there and back', () => {
  it('never gains, whatever the pool, the size and the direction', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pools),
        fc.boolean(),
        fc.bigInt({ min: 10n ** 9n, max: 10n ** 21n }),
        (pool, first, amount) => {
          const [a, b] = first ? [weth.token, usdc.token] : [usdc.token, weth.token];
          const scaled = first ? amount : amount / 10n ** 9n;
          const there = quoteExactIn(pool, a, b, scaled);
          fc.pre(there.complete);
          const back = quoteExactIn(there.poolAfter, b, a, there.amountOut);
          expect(back.amountOut).toBeLessThanOrEqual(scaled);
        },
      ),
    );
  });

  it('more in is never less out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pools),
        fc.bigInt({ min: 10n ** 12n, max: 10n ** 21n }),
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        (pool, amount, more) => {
          const less = quoteExactIn(pool, weth.token, usdc.token, amount);
          const other = quoteExactIn(pool, weth.token, usdc.token, amount + more);
          expect(other.amountOut).toBeGreaterThanOrEqual(less.amountOut);
        },
      ),
    );
  });
});

describe('the known tick window', () => {
  const whole = v3Pool(3, weth, usdc, 500, 1_000_000n);
  const known = { ...whole, minTick: whole.tick - 100, maxTick: whole.tick + 100 };
  const window = { ...known, ticks: whole.ticks.filter((t) => t.index >= known.minTick && t.index <= known.maxTick) };

  it('quotes inside it exactly as with every tick known', () => {
    const small = quoteExactIn(window, weth.token, usdc.token, E18);
    expect(small.complete).toBe(true);
    expect(small.amountOut).toBe(quoteExactIn(whole, weth.token, usdc.token, E18).amountOut);
  });

  it('never quotes beyond it, in either direction', () => {
    for (const [token, other, amount] of [
      [weth.token, usdc.token, 500n * E18],
      [usdc.token, weth.token, 1_000_000n * 10n ** 6n],
    ] as const) {
      expect(quoteExactIn(whole, token, other, amount).complete).toBe(true);
      expect(quoteExactIn(window, token, other, amount).complete).toBe(false);
    }
  });

  it('does not quote a pool without a price or a swap that the pool cannot take whole', () => {
    expect(
      quoteExactIn({ ...whole, sqrtPriceX96: 0n, liquidity: 0n, ticks: [] }, weth.token, usdc.token, E18).complete,
    ).toBe(false);
    expect(quoteExactIn(whole, weth.token, usdc.token, 1n << 200n).complete).toBe(false);
    expect(quoteExactIn(whole, weth.token, usdc.token, 0n).complete).toBe(false);
    expect(() => quoteExactIn(whole, address(99), usdc.token, E18)).toThrow(RangeError);
  });
});

describe('mid price and impact', () => {
  it('is the oracle price in a pool made at that price', () => {
    for (const pool of pools) {
      expect(Number(midOut(pool, weth.token, usdc.token, E18)) / 1e6).toBeCloseTo(2_000, 3);
      expect(Number(midOut(pool, usdc.token, weth.token, 2_000n * 10n ** 6n)) / 1e18).toBeCloseTo(1, 6);
    }
  });

  it('impact of a V2 swap is in/(x + in), after the fee', () => {
    const pool = v2Pool(1, weth, usdc, 1_000_000n); // 500 WETH a side
    const amount = 5n * E18;
    const q = quoteExactIn(pool, weth.token, usdc.token, amount);
    const net = (amount * 997n) / 1_000n;
    const exact = (Number(net) / Number(500n * E18 + net)) * 10_000;
    expect(impactOf(pool, weth.token, usdc.token, amount, q).impactBps).toBe(Math.ceil(exact));
    expect(q.feeAmount).toBe((amount * 3n) / 1_000n);
  });

  it('maxInWithinImpact is the edge: it fits, a little more does not', () => {
    for (const pool of pools) {
      const most = maxInWithinImpact(pool, weth.token, usdc.token, 50, 1_000n * E18);
      const bps = (amount: bigint): number =>
        impactOf(pool, weth.token, usdc.token, amount, quoteExactIn(pool, weth.token, usdc.token, amount)).impactBps;
      expect(most).toBeGreaterThan(0n);
      expect(bps(most)).toBeLessThanOrEqual(50);
      expect(bps(most + most / 1_000n)).toBeGreaterThan(50);
      expect(maxInWithinImpact(pool, weth.token, usdc.token, 50, 10n ** 15n)).toBe(10n ** 15n);
    }
  });

  it('has the fixture at its stated depth', () => {
    expect((pools[0] as { reserve0: bigint }).reserve0).toBe((1_000_000n * USD * E18) / weth.priceUsdE8);
  });
});
