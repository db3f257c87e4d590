import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { midOut, quoteExactIn } from '../amm/quote.ts';
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick } from '../amm/tickMath.ts';
import { address, v3PoolOf } from '../testing/fixtures.ts';
import type { Address, BalancerPoolState, PoolState, V2PoolState, V3PoolState, V4PoolState } from '../types.ts';
import { localDepth } from './depth.ts';
import { safeShareOfReserve, sandwichCap, sandwichCapByQuotes } from './sandwich.ts';

const E18 = 10n ** 18n;
const A = address(1);
const B = address(2);

/** What an attacker gains, in tokenIn, who buys first, lets the victim follow and sells again; null when the victim reverts. */
function gain(
  pool: PoolState,
  [tokenIn, tokenOut]: readonly [Address, Address],
  victim: bigint,
  minOut: bigint,
  attack: bigint,
): bigint | null {
  const first = quoteExactIn(pool, tokenIn, tokenOut, attack);
  if (!first.complete) return null;
  const second = quoteExactIn(first.poolAfter, tokenIn, tokenOut, victim);
  if (!second.complete || second.amountOut < minOut) return null;
  const third = quoteExactIn(second.poolAfter, tokenOut, tokenIn, first.amountOut);
  return third.complete ? third.amountOut - attack : null;
}

/** The best of attacks of all magnitudes that leave the victim what it asks for. */
function bestGain(pool: PoolState, pair: readonly [Address, Address], victim: bigint, slackBps: number): bigint {
  const quote = quoteExactIn(pool, pair[0], pair[1], victim);
  expect(quote.complete).toBe(true);
  const minOut = (quote.amountOut * BigInt(10_000 - slackBps)) / 10_000n;
  let best = -(1n << 255n);
  for (let attack = victim / 1_000_000n + 1n; attack < victim * 1_000n; attack = (attack * 5n) / 4n + 1n) {
    const g = gain(pool, pair, victim, minOut, attack);
    if (g === null) break;
    if (g > best) best = g;
  }
  return best;
}

function v2(reserve0: bigint, reserve1: bigint): V2PoolState {
  return { venue: 'UNISWAP_V2', address: address(9), token0: A, token1: B, reserve0, reserve1 };
}

const directions = fc.constantFrom<readonly [Address, Address]>([A, B], [B, A]);
const slacks = fc.integer({ min: 1, max: 500 });
const reserves = fc.bigInt({ min: 10n ** 21n, max: 10n ** 27n });
const v2Pools = fc.tuple(reserves, reserves).map(([x, y]) => v2(x, y));
const fees = fc.constantFrom<readonly [number, number]>([100, 1], [500, 10], [3_000, 60], [10_000, 200]);
const liquidities = fc.bigInt({ min: 10n ** 22n, max: 10n ** 27n });

/** A full range and some positions around the price, thin and thick. */
const v3Pools = fc
  .tuple(
    fees,
    fc.integer({ min: -50_000, max: 50_000 }),
    liquidities,
    fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 40 }), liquidities), {
      maxLength: 8,
    }),
  )
  .map(([[fee, spacing], tick, liquidity, around]) => {
    const snap = (t: number) => Math.floor(t / spacing) * spacing;
    return v3PoolOf(9, [A, B], fee, spacing, sqrtRatioAtTick(tick) + 12_345n, [
      { lower: snap(MIN_TICK) + spacing, upper: snap(MAX_TICK), liquidity },
      ...around.map(([from, width, l]) => ({
        lower: snap(tick) + from * spacing,
        upper: snap(tick) + (from + width) * spacing,
        liquidity: l,
      })),
    ]);
  });

/** One range only: the depth is the same wherever an attacker pushes the price. */
const evenV3Pools = v3Pools.map((p): V3PoolState => {
  const ticks = [...p.ticks];
  const whole = { first: ticks[0], last: ticks[ticks.length - 1] };
  const liquidity = whole.first?.liquidityNet ?? 0n;
  return { ...p, liquidity, ticks: [whole.first, whole.last].filter((t) => t !== undefined) };
});

const weighted = (weights: readonly [bigint, bigint], swapFeeE18: bigint): BalancerPoolState => ({
  venue: 'BALANCER_V3',
  address: address(9),
  tokens: [A, B],
  balancesE18: [1_000n * E18, 20n * E18],
  scalingFactors: [10n ** 12n, 1n],
  ratesE18: [E18, (E18 * 12n) / 10n],
  swapFeeE18,
  aggregateFeeE18: E18 / 2n,
  curve: { kind: 'WEIGHTED', weightsE18: weights },
});

const weightedPools = fc
  .tuple(fc.integer({ min: 5, max: 95 }), fc.integer({ min: 1, max: 100 }), fc.constantFrom(0n, E18 / 2n))
  .map(([percent, bps, aggregateFeeE18]) => ({
    ...weighted([BigInt(percent) * 10n ** 16n, BigInt(100 - percent) * 10n ** 16n], BigInt(bps) * 10n ** 14n),
    scalingFactors: [1n, 1n],
    balancesE18: [1_000_000n * E18, 20_000n * E18],
    aggregateFeeE18,
  }));
const stablePools = fc
  .tuple(fc.integer({ min: 10, max: 5_000 }), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 15, max: 85 }))
  .map(
    ([amp, bps, percent]): BalancerPoolState => ({
      ...weighted([0n, 0n], BigInt(bps) * 10n ** 14n),
      scalingFactors: [1n, 1n],
      balancesE18: [BigInt(percent) * 10n ** 23n, BigInt(100 - percent) * 10n ** 23n],
      curve: { kind: 'STABLE', ampE3: BigInt(amp) * 1_000n },
    }),
  );

describe('the sandwich threshold', () => {
  it.each([
    [100, 0.01],
    [500, 0.05004],
    [3_000, 0.30135],
    [10_000, 1.01518],
  ])('T13 of a constant-product pool at %d pips is %d percent of its reserve', (pips, percent) => {
    const g = 1 - pips / 1e6;
    expect(Math.abs(safeShareOfReserve(1, g, g, 1) * 100 - percent)).toBeLessThan(1e-5);
  });

  it('solves its equation for any weights', () => {
    const share = fc.double({ min: 0.9, max: 1, maxExcluded: true, noNaN: true });
    const ratio = fc.double({ min: 0.01, max: 99, noNaN: true });
    fc.assert(
      fc.property(ratio, share, share, share, (r, g, gBack, h) => {
        const d = safeShareOfReserve(r, g, gBack, h);
        expect(Math.log1p(h * d) + r * Math.log1p(g * d)).toBeCloseTo(-Math.log(g * gBack), 12);
      }),
    );
    expect(safeShareOfReserve(1, 1, 1, 1)).toBe(0);
  });

  it('at it nobody gains in a V2 pool, a twentieth above it somebody does', () => {
    fc.assert(
      fc.property(v2Pools, directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        expect(bestGain(pool, pair, cap, slack)).toBeLessThanOrEqual(0n);
        expect(bestGain(pool, pair, (cap * 21n) / 20n, slack)).toBeGreaterThan(0n);
      }),
    );
  });

  it('at it nobody gains in a V3 pool of even depth, a twentieth above it somebody does', () => {
    fc.assert(
      fc.property(evenV3Pools, directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        expect(bestGain(pool, pair, cap, slack)).toBeLessThanOrEqual(0n);
        expect(bestGain(pool, pair, (cap * 21n) / 20n, slack)).toBeGreaterThan(0n);
      }),
    );
  });

  it('at it nobody gains in a V3 pool however its depth varies, even by pushing it to where it is thin', () => {
    fc.assert(
      fc.property(v3Pools, directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        expect(cap).toBeGreaterThan(0n);
        expect(bestGain(pool, pair, cap, slack)).toBeLessThanOrEqual(0n);
      }),
      { numRuns: 150 },
    );
  });

  it('falls when an attacker may push the price into a thin range, which the present depth alone would not show', () => {
    const positions = [
      { lower: -887_220, upper: 887_220, liquidity: 10n ** 23n },
      { lower: 0, upper: 180, liquidity: 4n * 10n ** 23n },
    ];
    const pool = v3PoolOf(9, [A, B], 3_000, 60, sqrtRatioAtTick(48), positions);
    const tight = sandwichCap(pool, A, B, 1);
    const loose = sandwichCap(pool, A, B, 300);
    expect(loose * 5n).toBeLessThan(tight * 4n);
    expect(bestGain(pool, [A, B], tight, 1)).toBeLessThanOrEqual(0n);
    expect(bestGain(pool, [A, B], tight, 300)).toBeGreaterThan(0n);
  });

  it('never lies beyond the ticks that are known', () => {
    const whole = v3PoolOf(9, [A, B], 10_000, 200, sqrtRatioAtTick(0), [
      { lower: -887_200, upper: 887_200, liquidity: 10n ** 24n },
    ]);
    const known = { ...whole, ticks: [], minTick: -40, maxTick: 40 };
    for (const [from, to] of [
      [A, B],
      [B, A],
    ] as const) {
      const cap = sandwichCap(known, from, to, 50);
      expect(cap).toBeGreaterThan(0n);
      expect(cap).toBeLessThan(sandwichCap(whole, from, to, 50));
      expect(quoteExactIn(known, from, to, cap).complete).toBe(true);
      expect(quoteExactIn(known, from, to, (cap * 51n) / 50n).complete).toBe(false);
    }
  });

  it('counts both fees of a V4 pool, each in its direction', () => {
    const {
      venue: _v,
      address: _a,
      feePips: _f,
      ...curve
    } = v3PoolOf(9, [A, B], 3_000, 60, sqrtRatioAtTick(0), [
      { lower: -887_220, upper: 887_220, liquidity: 10n ** 24n },
    ]);
    const pool: V4PoolState = {
      ...curve,
      venue: 'UNISWAP_V4',
      address: `0x${'1'.repeat(64)}`,
      hooks: address(0),
      keyFee: 3_000,
      lpFeePips: 3_000,
      protocolFeePips: [1_000, 200],
      native: false,
    };
    for (const pair of [
      [A, B],
      [B, A],
    ] as const) {
      const cap = sandwichCap(pool, pair[0], pair[1], 50);
      expect(bestGain(pool, pair, cap, 50)).toBeLessThanOrEqual(0n);
      expect(bestGain(pool, pair, (cap * 21n) / 20n, 50)).toBeGreaterThan(0n);
    }
    expect(sandwichCap({ ...pool, protocolFeePips: [0, 0] }, A, B, 50)).toBeLessThan(sandwichCap(pool, A, B, 50));
  });

  it('of a weighted pool is unprofitable at it and profitable above it, by the formula of its swaps', () => {
    const profit = (r: number, fee: number, stays: number, victim: number, attack: number): number => {
      const out = (x: number, y: number, q: number, ratio: number) => y * (1 - (x / (x + (1 - fee) * q)) ** ratio);
      let [x, y] = [1, 1];
      const got = out(x, y, attack, r);
      [x, y] = [x + stays * attack, y - got];
      y -= out(x, y, victim, r);
      x += stays * victim;
      return out(y, x, got, 1 / r) - attack;
    };
    for (const r of [0.25, 1, 4, 99])
      for (const fee of [0.0005, 0.003, 0.01])
        for (const aggregate of [0, 0.5]) {
          const stays = 1 - fee * aggregate;
          const cap = safeShareOfReserve(r, 1 - fee, 1 - fee, stays);
          const attacks = Array.from({ length: 60 }, (_, i) => (1e-6 * 1.25 ** i) / (1 + r));
          const best = (victim: number) => Math.max(...attacks.map((a) => profit(r, fee, stays, victim, a)));
          expect(best(cap)).toBeLessThanOrEqual(1e-15);
          expect(best(cap * 1.05)).toBeGreaterThan(1e-12);
        }
  });

  it('at it nobody gains in a Balancer pool of weights, a twentieth above it somebody does', () => {
    fc.assert(
      fc.property(weightedPools, directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        expect(bestGain(pool, pair, cap, slack)).toBeLessThanOrEqual(0n);
        expect(bestGain(pool, pair, (cap * 21n) / 20n, slack)).toBeGreaterThan(0n);
      }),
      { numRuns: 40 },
    );
  });

  it('at it nobody gains in a stable Balancer pool, wherever its balances stand', () => {
    fc.assert(
      fc.property(stablePools, directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        expect(cap).toBeGreaterThan(0n);
        expect(bestGain(pool, pair, cap, slack)).toBeLessThanOrEqual(0n);
      }),
      { numRuns: 40 },
    );
  });

  it('of a stable pool is near where somebody gains, less so the steeper its depth falls off', () => {
    for (const [amp, tenths] of [
      [50n, 12n],
      [500n, 20n],
      [5_000n, 40n],
    ] as const)
      for (const pair of [
        [A, B],
        [B, A],
      ] as const) {
        const pool: BalancerPoolState = {
          ...weighted([0n, 0n], 10n ** 15n),
          scalingFactors: [1n, 1n],
          ratesE18: [E18, E18],
          balancesE18: [10n ** 24n, 10n ** 24n],
          curve: { kind: 'STABLE', ampE3: amp * 1_000n },
        };
        const cap = sandwichCap(pool, pair[0], pair[1], 2);
        expect(bestGain(pool, pair, cap, 2)).toBeLessThanOrEqual(0n);
        expect(bestGain(pool, pair, (cap * tenths) / 10n, 2)).toBeGreaterThan(0n);
      }
  });

  it('of a weighted pool is in base units of the token, whatever its decimals and rate', () => {
    const fee = 3n * 10n ** 15n;
    const pool = weighted([(E18 * 8n) / 10n, (E18 * 2n) / 10n], fee);
    const share = (r: number) => safeShareOfReserve(r, 0.997, 0.997, 0.9985);
    expect(Number(sandwichCap(pool, A, B, 50)) / 1e6).toBeCloseTo(1_000 * share(4), 5);
    expect(Number(sandwichCap(pool, B, A, 50)) / 1e18).toBeCloseTo((20 / 1.2) * share(0.25), 8);
    expect(localDepth(pool, A, B) / 1e6).toBeCloseTo(400, 6);
    expect(localDepth(pool, B, A) / 1e18).toBeCloseTo((2 * 20) / 1.2 / 1.25, 6);
  });

  it('found by quotes alone is the same', () => {
    fc.assert(
      fc.property(fc.oneof(v2Pools, evenV3Pools), directions, slacks, (pool, pair, slack) => {
        const cap = sandwichCap(pool, pair[0], pair[1], slack);
        const quoted = sandwichCapByQuotes(pool, pair[0], pair[1], slack, cap * 1_000n);
        expect(Number(quoted) / Number(cap)).toBeCloseTo(1, 6);
        expect(sandwichCapByQuotes(pool, pair[0], pair[1], slack, cap / 2n)).toBe(cap / 2n);
      }),
      { numRuns: 50 },
    );
  });

  it('is zero in a pool without liquidity', () => {
    const pool = v3PoolOf(9, [A, B], 500, 10, sqrtRatioAtTick(0), []);
    expect(sandwichCap(pool, A, B, 50)).toBe(0n);
    expect(sandwichCap(v2(0n, 0n), A, B, 50)).toBe(0n);
  });
});

describe('local depth', () => {
  it('is what a small swap pays for moving the pool: q^2 / R', () => {
    fc.assert(
      fc.property(fc.oneof(v2Pools, evenV3Pools), directions, (pool, pair) => {
        const depth = localDepth(pool, pair[0], pair[1]);
        const q = BigInt(Math.floor(depth / 1_000));
        fc.pre(q > 10n ** 9n);
        const { amountOut, feeAmount } = quoteExactIn(pool, pair[0], pair[1], q);
        const [a, b] = [quoteExactIn(pool, pair[0], pair[1], q / 1_000n), q - feeAmount];
        fc.pre(a.amountOut > 10n ** 12n);
        const price = Number(a.amountOut) / Number(q / 1_000n - a.feeAmount);
        const lost = Number(b) - Number(amountOut) / price;
        expect((lost * depth) / Number(b) ** 2).toBeCloseTo(1, 2);
      }),
    );
  });

  it('holds for stable pools too, far deeper than their balances', () => {
    fc.assert(
      fc.property(stablePools, directions, (pool, pair) => {
        const depth = localDepth(pool, pair[0], pair[1]);
        const q = 10n ** 21n;
        const { amountOut, feeAmount } = quoteExactIn(pool, pair[0], pair[1], q);
        const atMid = midOut(pool, pair[0], pair[1], q - feeAmount);
        const lost = (Number(atMid - amountOut) / Number(atMid)) * Number(q - feeAmount);
        expect((lost * depth) / Number(q - feeAmount) ** 2).toBeCloseTo(1, 1);
        expect(depth).toBeGreaterThan(3e24);
      }),
    );
  });
});
