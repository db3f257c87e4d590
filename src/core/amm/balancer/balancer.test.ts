import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancerPool, balancerToken } from '../../testing/balancerPool.ts';
import type { BalancerPoolState } from '../../types.ts';
import { abs, pow10 } from '../../units.ts';
import { ONE_E18 } from './fixedPoint.ts';
import { powE18 } from './logExp.ts';
import { stableAmountOut, stableBalance, stableInvariant } from './stable.ts';
import { balancerMidPrice, swapBalancer } from './swap.ts';

const [A, B] = [balancerToken(0), balancerToken(1)];
const whole = (n: number): bigint => BigInt(n) * ONE_E18;
const percent = (n: number): bigint => BigInt(n) * 10n ** 16n;

function weighted(x: bigint, weightX: number, y: bigint, weightY: number, swapFeeE18 = 0n): BalancerPoolState {
  return balancerPool([x, y], { kind: 'WEIGHTED', weightsE18: [percent(weightX), percent(weightY)] }, { swapFeeE18 });
}

describe('T11 weighted swap', () => {
  it('100 at 30 % against 100 at 70 %, 15 in, no fee', () => {
    const { amountOut } = swapBalancer(weighted(whole(100), 30, whole(100), 70), A, B, whole(15));
    expect(Math.abs(Number(amountOut) / 1e18 - 5.813937827)).toBeLessThan(5e-10);
    // Rounded against the user, by less than 1e-12 of it.
    const real = 100 * -Math.expm1((3 / 7) * Math.log(100 / 115));
    expect(real - Number(amountOut) / 1e18).toBeGreaterThan(0);
    expect(1 - Number(amountOut) / 1e18 / real).toBeLessThan(1e-12);
  });

  it('1000 at 80 % against 20 at 20 %, 10 in, a fee of 0.3 %', () => {
    const pool = weighted(whole(1_000), 80, whole(20), 20, 3n * 10n ** 15n);
    const { amountOut, feeAmount, complete } = swapBalancer(pool, A, B, whole(10));
    expect(complete).toBe(true);
    expect(feeAmount).toBe(3n * 10n ** 16n);
    expect(Math.abs(Number(amountOut) / 1e18 - 0.7781094231)).toBeLessThan(5e-11);
    const real = 20 * -Math.expm1(4 * Math.log(1_000 / 1_009.97));
    expect(Math.abs(1 - Number(amountOut) / 1e18 / real)).toBeLessThan(1e-12);
  });
});

describe('the power function', () => {
  it('is near the real one, and refuses what the contract refuses', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        (x, y) => {
          const [baseE18, exponentE18] = [BigInt(Math.round(x * 1e18)), BigInt(Math.round(y * 1e18))];
          const real = (Number(baseE18) / 1e18) ** (Number(exponentE18) / 1e18);
          expect(Math.abs(Number(powE18(baseE18, exponentE18)) / 1e18 - real)).toBeLessThan(real * 1e-13 + 2e-18);
        },
      ),
    );
    expect(powE18(0n, 0n)).toBe(ONE_E18);
    expect(powE18(0n, ONE_E18)).toBe(0n);
    expect(powE18(ONE_E18, whole(99))).toBe(ONE_E18);
    expect(() => powE18(whole(10), whole(57))).toThrow(RangeError);
    expect(() => powE18(ONE_E18 / 10n, whole(18))).toThrow(RangeError);
  });
});

describe('the stable invariant', () => {
  it('is the sum where balances are equal, and null where the contract reverts', () => {
    expect(stableInvariant(100_000n, [whole(5), whole(5), whole(5)])).toBe(whole(15));
    expect(stableInvariant(100_000n, [whole(5), 0n])).toBeNull();
    expect(stableInvariant(100_000n, [1n << 130n, 1n << 130n])).toBeNull();
    expect(stableBalance(100_000n, [whole(5), 0n], whole(10), 0)).toBeNull();
    expect(stableAmountOut(100_000n, [whole(5), whole(5)], 0, 1, 2n)).toBe(0n);
    expect(stableAmountOut(100_000n, [whole(5), whole(5)], 0, 1, 1n)).toBeNull();
  });

  it('is within 100 units of the true one', () => {
    fc.assert(
      fc.property(someStable, ({ balancesE18, ampE3 }) => {
        const d = stableInvariant(ampE3, balancesE18);
        fc.pre(d !== null);
        const scaled = trueInvariant(ampE3, balancesE18);
        expect(abs(d * FINER - scaled)).toBeLessThan(100n * FINER);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

const FINER = 10n ** 12n;

/** In units of 1e-30, by halving: the invariant's own equation, multiplied out, changes sign there. */
function trueInvariant(ampE3: bigint, balancesE18: readonly bigint[]): bigint {
  const n = BigInt(balancesE18.length);
  const fine = balancesE18.map((x) => x * FINER);
  const sum = fine.reduce((a, x) => a + x, 0n);
  const product = fine.reduce((a, x) => a * x, n ** n);
  const excess = (d: bigint): bigint => (ampE3 * n * (sum - d) + 1_000n * d) * product - 1_000n * d ** (n + 1n);
  let [lo, hi] = [0n, sum + 1n];
  while (hi - lo > 1n) {
    const mid = (lo + hi) / 2n;
    if (excess(mid) >= 0n) lo = mid;
    else hi = mid;
  }
  return lo;
}

const someSize = fc.bigInt({ min: 10n ** 12n, max: 10n ** 30n });
const someStable = fc.record({
  balancesE18: fc
    .tuple(someSize, fc.array(fc.bigInt({ min: 1_000n, max: 9_000_000n }), { minLength: 2, maxLength: 5 }))
    .map(([size, shares]) => shares.map((share) => (size * share) / 1_000n)),
  ampE3: fc.bigInt({ min: 1n, max: 5_000n }).map((a) => a * 1_000n),
});
const someWeighted = fc
  .array(fc.tuple(fc.bigInt({ min: 10n ** 12n, max: 10n ** 30n }), fc.integer({ min: 1, max: 99 })), {
    minLength: 2,
    maxLength: 8,
  })
  .map((tokens) => {
    const sum = BigInt(tokens.reduce((a, [, w]) => a + w, 0));
    return { balancesE18: tokens.map(([x]) => x), weightsE18: tokens.map(([, w]) => (BigInt(w) * ONE_E18) / sum) };
  });
const someRate = fc.bigInt({ min: ONE_E18, max: 3n * ONE_E18 });

/** Pools of either kind, with the fees and rates that the vault allows. */
const somePool = fc
  .record({
    shape: fc.oneof(someStable, someWeighted),
    rates: fc.array(someRate, { minLength: 8, maxLength: 8 }),
    fee: fc.bigInt({ min: 10n ** 13n, max: 10n ** 17n }),
  })
  .map(({ shape, rates, fee }) =>
    balancerPool(
      shape.balancesE18,
      'ampE3' in shape ? { kind: 'STABLE', ampE3: shape.ampE3 } : { kind: 'WEIGHTED', weightsE18: shape.weightsE18 },
      { swapFeeE18: fee, ratesE18: rates.slice(0, shape.balancesE18.length) },
    ),
  );
/** {1e-6} of the balance paid into */
const someShare = fc.integer({ min: 1, max: 300_000 });
const shareOf = (pool: BalancerPoolState, share: number): bigint =>
  ((pool.balancesE18[0] ?? 0n) * BigInt(share)) / 3_000_000n;

describe('swaps in Balancer pools', () => {
  it('never gain on the way there and back', () => {
    fc.assert(
      fc.property(somePool, someShare, (pool, share) => {
        const amountIn = shareOf(pool, share);
        const there = swapBalancer(pool, A, B, amountIn);
        fc.pre(there.complete);
        const back = swapBalancer(there.pool, B, A, there.amountOut);
        fc.pre(back.complete);
        expect(back.amountOut).toBeLessThanOrEqual(amountIn);
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it('bring no less for more', () => {
    fc.assert(
      fc.property(somePool, someShare, fc.integer({ min: 1, max: 1_000_000 }), (pool, share, more) => {
        const amountIn = shareOf(pool, share);
        const less = swapBalancer(pool, A, B, amountIn);
        const greater = swapBalancer(pool, A, B, amountIn + (amountIn * BigInt(more)) / 1_000_000n);
        fc.pre(less.complete && greater.complete);
        // The power function is not monotone in its last digits.
        const noise = 1n + (pool.balancesE18[1] ?? 0n) / 10n ** 14n;
        expect(greater.amountOut + noise).toBeGreaterThanOrEqual(less.amountOut);
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it('are the same in tokens of any decimals, but for the last unit', () => {
    fc.assert(
      fc.property(somePool, someShare, fc.nat(18), fc.nat(18), (pool, share, dropIn, dropOut) => {
        // What tokens of so few decimals can hold.
        const grid = (x: bigint, drop: number): bigint => x - (x % pow10(drop));
        const rounded = pool.balancesE18.map((x, i) => grid(x, [dropIn, dropOut][i] ?? 0));
        const fine: BalancerPoolState = { ...pool, balancesE18: rounded, ratesE18: rounded.map(() => ONE_E18) };
        const scalingFactors = pool.scalingFactors.map((_, i) => pow10([dropIn, dropOut][i] ?? 0));
        const coarse: BalancerPoolState = { ...fine, scalingFactors };
        const amountIn = shareOf(pool, share) / pow10(dropIn);
        const [a, b] = [swapBalancer(fine, A, B, amountIn * pow10(dropIn)), swapBalancer(coarse, A, B, amountIn)];
        fc.pre(a.complete && b.complete);
        expect(b.amountOut).toBe(a.amountOut / pow10(dropOut));
        expect(b.feeAmount).toBe(a.feeAmount / pow10(dropIn));
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it('are the same at any size, within rounding', () => {
    fc.assert(
      fc.property(somePool, someShare, fc.integer({ min: 1, max: 6 }), (pool, share, digits) => {
        const times = pow10(digits);
        const amountIn = shareOf(pool, share);
        const large: BalancerPoolState = { ...pool, balancesE18: pool.balancesE18.map((x) => x * times) };
        const [a, b] = [swapBalancer(pool, A, B, amountIn), swapBalancer(large, A, B, amountIn * times)];
        fc.pre(a.complete && b.complete);
        const [balanceIn = 1n, balanceOut = 0n] = pool.balancesE18;
        // The power function; the invariant, whose units weigh heavily in an uneven pool; units of the input.
        const rounding = balanceOut / 10n ** 13n + 1_000_000n + (400n * balanceOut) / balanceIn;
        expect(abs(b.amountOut - a.amountOut * times)).toBeLessThanOrEqual(times * rounding);
      }),
      { numRuns: 1_000, seed: 11 },
    );
  });

  it('are refused where a withdrawal has left a weighted pool less of a token than it must keep', () => {
    const curve = { kind: 'WEIGHTED', weightsE18: [percent(50), percent(50)] } as const;
    // Five base units of six decimals at a rate of 0.2 are one base unit's worth, the least there may be.
    const units = (n: bigint): BalancerPoolState =>
      balancerPool([n * 2n * 10n ** 11n, whole(1)], curve, { decimals: [6, 18], ratesE18: [ONE_E18 / 5n, ONE_E18] });
    expect(swapBalancer(units(5n), A, B, 1n).complete).toBe(true);
    expect(swapBalancer(units(4n), A, B, 1n).complete).toBe(false);
  });

  it('leave in the pool what came in, less what came out and the share of the fee', () => {
    const pool = weighted(whole(1_000), 80, whole(20), 20, 3n * 10n ** 15n);
    const { amountOut, feeAmount, pool: after } = swapBalancer(pool, A, B, whole(10));
    expect(after.balancesE18).toEqual([whole(1_010) - feeAmount / 2n, whole(20) - amountOut]);
    expect(after.tokens).toBe(pool.tokens);
  });
});

describe('the mid price', () => {
  it('of a weighted pool is that of its balances, weights, decimals and rates', () => {
    const curve = { kind: 'WEIGHTED', weightsE18: [percent(80), percent(20)] } as const;
    const pool = balancerPool([whole(1_000), whole(20)], curve, {
      decimals: [6, 18],
      ratesE18: [2n * ONE_E18, ONE_E18],
    });
    const { numerator, denominator } = balancerMidPrice(pool, A, B);
    // 0.08 whole B a whole A before the rate of two; 1e12 base units more.
    expect(numerator * 100n).toBe(denominator * 16n * 10n ** 12n);
  });

  it('of a stable pool is one where balances are equal, and 0/0 without an invariant', () => {
    const curve = { kind: 'STABLE', ampE3: 100_000n } as const;
    const even = balancerMidPrice(balancerPool([whole(5), whole(5), whole(5)], curve), A, B);
    expect(even.numerator).toBe(even.denominator);
    expect(balancerMidPrice(balancerPool([whole(5), 0n], curve), A, B)).toEqual({ numerator: 0n, denominator: 0n });
  });

  it('of a stable pool is off by less than (n + 1) * 100 / D', () => {
    fc.assert(
      fc.property(someStable, ({ balancesE18, ampE3 }) => {
        const pool = balancerPool(balancesE18, { kind: 'STABLE', ampE3 });
        const { numerator, denominator } = balancerMidPrice(pool, A, B);
        fc.pre(denominator > 0n);
        const n = BigInt(balancesE18.length);
        const d = trueInvariant(ampE3, balancesE18);
        const fine = balancesE18.map((x) => x * FINER);
        const product = fine.reduce((a, x) => a * x, n ** n);
        const slope = (x: bigint): bigint => (ampE3 * n * product * x + 1_000n * d ** (n + 1n)) / x;
        const [slopeIn, slopeOut] = [slope(fine[0] ?? 0n), slope(fine[1] ?? 0n)];
        const off = abs(numerator * slopeOut - denominator * slopeIn) * (d / FINER);
        expect(off).toBeLessThanOrEqual(denominator * slopeIn * (n + 1n) * 100n);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('is nearly what a small trade without fee gets, and more than any gets', () => {
    fc.assert(
      fc.property(somePool, (withFee) => {
        const pool: BalancerPoolState = { ...withFee, swapFeeE18: 0n };
        const large = pool.balancesE18.every((x) => x > 10n ** 20n);
        fc.pre(large);
        const amountIn = (pool.balancesE18[0] ?? 0n) / 10n ** 6n;
        const { amountOut, complete } = swapBalancer(pool, A, B, amountIn);
        fc.pre(complete);
        const { numerator, denominator } = balancerMidPrice(pool, A, B);
        const ratio = Number(amountOut) / (Number(amountIn) * (Number(numerator) / Number(denominator)));
        expect(ratio).toBeLessThan(1 + 1e-7);
        expect(ratio).toBeGreaterThan(0.97);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});
