import { describe, expect, it } from 'vitest';
import { balancerPool, balancerToken } from '../../testing/balancerPool.ts';
import { type Random, seeded } from '../../testing/random.ts';
import type { BalancerPoolState } from '../../types.ts';
import { type BalancerTwin, twinMarginal, twinOf, twinOut } from './floatTwin.ts';
import { balancerMidPrice, swapBalancer } from './swap.ts';

const E18 = 10n ** 18n;
const [A, B] = [balancerToken(0), balancerToken(1)];
const CASES = 20_000;

function randomPool(r: Random, kind: 'WEIGHTED' | 'STABLE'): BalancerPoolState {
  const count = r.int(2, kind === 'STABLE' ? 5 : 8);
  const size = r.magnitude(10n ** 12n, 10n ** 30n);
  const balancesE18 = Array.from({ length: count }, () =>
    kind === 'STABLE' ? (size * r.magnitude(1_000n, 8_000_000n)) / 1_000n : r.magnitude(10n ** 12n, 10n ** 32n),
  );
  const shares = balancesE18.map(() => BigInt(r.int(1, 99)));
  const sum = shares.reduce((a, x) => a + x, 0n);
  return balancerPool(
    balancesE18,
    kind === 'STABLE'
      ? { kind, ampE3: 1_000n * r.magnitude(1n, 5_000n) }
      : { kind, weightsE18: shares.map((x) => (x * E18) / sum) },
    {
      swapFeeE18: r.magnitude(10n ** 12n, 10n ** 17n),
      ratesE18: balancesE18.map(() => r.big(E18, 3n * E18)),
      decimals: balancesE18.map(() => r.pick([6, 8, 18, 18])),
    },
  );
}

type Case = { readonly pool: BalancerPoolState; readonly twin: BalancerTwin; readonly amountIn: bigint };

function* randomCases(r: Random, kind: 'WEIGHTED' | 'STABLE'): Generator<Case> {
  for (let made = 0; made < CASES; ) {
    const pool = randomPool(r, kind);
    const twin = twinOf(pool, A, B);
    if (twin === null) continue;
    const unit = (pool.scalingFactors[0] ?? 1n) * (pool.ratesE18[0] ?? E18);
    const balance = ((pool.balancesE18[0] ?? 0n) * E18) / unit;
    const most = (balance * (kind === 'STABLE' ? 40n : 3n)) / 10n;
    for (let k = 0; k < 10; k++, made++) yield { pool, twin, amountIn: r.magnitude(1n, most + 1n) };
  }
}

/** {base units of tokenOut per 1e-18 of value} */
const perE18Out = (pool: BalancerPoolState): number =>
  1e18 / Number((pool.scalingFactors[1] ?? 1n) * (pool.ratesE18[1] ?? E18));

/**
 * The bound that search may rely on: 1e-12 of the output, 2e-14 of the balance it comes from (the power function's own
 * margin against the user), a millionth of a millionth of a token, one base unit out and three in.
 */
function bound(pool: BalancerPoolState, twin: BalancerTwin, amountIn: bigint, out: number): number {
  const perE18 = perE18Out(pool);
  return (
    1e-12 * out +
    2e-14 * Number(pool.balancesE18[1]) * perE18 +
    1e6 * perE18 +
    1 +
    3 * twinMarginal(twin, Math.max(0, Number(amountIn) - 3))
  );
}

describe('float twins of Balancer pools', () => {
  for (const kind of ['WEIGHTED', 'STABLE'] as const) {
    it(`T11 ${kind}: the output is within its bound of the exact one`, () => {
      let compared = 0;
      for (const { pool, twin, amountIn } of randomCases(seeded(41), kind)) {
        const quote = swapBalancer(pool, A, B, amountIn);
        if (!quote.complete) continue;
        const out = Number(quote.amountOut);
        const off = Math.abs(twinOut(twin, Number(amountIn)) - out);
        const limit = bound(pool, twin, amountIn, out);
        if (!(off <= limit)) expect.fail(`${off} > ${limit} for ${amountIn} in ${pool.balancesE18}`);
        compared++;
      }
      expect(compared).toBeGreaterThan(CASES / 3);
    });

    it(`${kind}: the marginal price is that of the moved pool, within 1e-9`, () => {
      let compared = 0;
      for (const { pool, twin, amountIn } of randomCases(seeded(42), kind)) {
        const paid = { ...pool, aggregateFeeE18: 0n };
        const quote = swapBalancer({ ...paid, swapFeeE18: 0n }, A, B, amountIn);
        // Large enough that no rounding of the balances moves the price.
        if (!quote.complete || quote.pool.balancesE18.slice(0, 2).some((x) => x < 10n ** 24n)) continue;
        const kept = Number(E18 - pool.swapFeeE18) / 1e18;
        const { numerator, denominator } = balancerMidPrice(quote.pool, A, B);
        if (denominator === 0n) continue;
        const expected = kept * (Number((numerator * 10n ** 30n) / denominator) / 1e30);
        const got = twinMarginal(twin, Number(amountIn) / kept);
        expect(Math.abs(got / expected - 1)).toBeLessThan(1e-9);
        compared++;
      }
      expect(compared).toBeGreaterThan(CASES / 10);
    });
  }

  it('a weighted twin ends where the pool does', () => {
    const r = seeded(43);
    for (let i = 0; i < 500; i++) {
      const pool = randomPool(r, 'WEIGHTED');
      const twin = twinOf(pool, A, B);
      if (twin?.kind !== 'WEIGHTED' || pool.balancesE18.some((x) => x < 10n ** 20n)) continue;
      expect(swapBalancer(pool, A, B, BigInt(Math.floor(twin.maxIn * (1 + 1e-6)))).complete).toBe(false);
      const within = swapBalancer(pool, A, B, BigInt(Math.floor(twin.maxIn * (1 - 1e-6))));
      if (within.amountOut < (pool.balancesE18[1] ?? 0n) / 2n) expect(within.complete).toBe(true);
    }
  });

  it('a stable pool without invariant has none', () => {
    expect(twinOf(balancerPool([E18, 0n], { kind: 'STABLE', ampE3: 100_000n }), A, B)).toBeNull();
  });
});
