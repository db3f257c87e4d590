/** Quotes in pools of Balancer's V3 vault equal what its own bytecode pays, to the wei, and so does what a swap leaves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powUpE18 } from '../../src/core/amm/balancer/fixedPoint.ts';
import { stableInvariant } from '../../src/core/amm/balancer/stable.ts';
import { swapBalancer } from '../../src/core/amm/balancer/swap.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState } from '../../src/core/types.ts';
import { largest, max, min, pow10 } from '../../src/core/units.ts';
import {
  type BalancerWorld,
  E18,
  type PoolSpec,
  poolAbi,
  type Result,
  type Swap,
  someTokens,
  startBalancer,
  type TestToken,
} from './balancerWorld.ts';

const CASES = 20;
let world: BalancerWorld;

beforeAll(async () => {
  world = await startBalancer();
});
afterAll(() => world.stop());

/** {1e-18} around one. A base unit keeps a value of 1e-18 at least: below that the vault's balance cannot be told. */
function randomRate(r: Random, decimals: number): readonly [bigint, bigint] | null {
  if (r.chance(0.4)) return null;
  const least = decimals === 18 ? E18 : E18 / 5n;
  const atFirst = r.chance(0.1) ? 2n * E18 : r.big(least, 3n * E18);
  return [atFirst, r.chance(0.5) ? atFirst : r.big(least, atFirst + atFirst / 10n)];
}

function randomFees(r: Random, leastE18: bigint): Pick<PoolSpec, 'swapFeeE18' | 'creatorFeeE18'> {
  const unit = 10n ** 11n;
  return {
    swapFeeE18: (r.magnitude(leastE18, E18 / 10n) / unit) * unit,
    creatorFeeE18: r.pick([null, 0n, (r.big(0n, (9n * E18) / 10n) / unit) * unit]),
  };
}

const baseUnits = (wantE18: bigint, token: TestToken): bigint => wantE18 / pow10(18 - token.decimals) + 1n;

function randomWeights(r: Random, count: number): bigint[] {
  const percent = E18 / 100n;
  const weights = Array.from({ length: count }, () => percent);
  let left = E18 - BigInt(count) * percent;
  const whole = r.chance(0.4);
  for (let i = 0; i < count - 1; i++) {
    const share = whole ? BigInt(r.int(0, Number(left / percent))) * percent : r.big(0n, left);
    weights[i] = percent + share;
    left -= share;
  }
  weights[count - 1] = percent + left;
  return weights;
}

function weightedSpec(r: Random): PoolSpec {
  const tokens = someTokens(r, world, r.int(2, 8));
  return {
    tokens,
    balances: tokens.map((t) => baseUnits(r.magnitude(10n ** 15n, 10n ** 30n), t) + pow10(t.decimals)),
    rates: tokens.map((t) => randomRate(r, t.decimals)),
    ...randomFees(r, 10n ** 13n),
    curve: {
      kind: 'WEIGHTED',
      weightsE18: tokens.length === 2 && r.chance(0.4) ? halfOrFifths(r) : randomWeights(r, tokens.length),
    },
  };
}

/** Ratios of one, two and four take shorter ways through the power function. */
function halfOrFifths(r: Random): bigint[] {
  const first = r.pick([E18 / 2n, E18 / 5n, (4n * E18) / 5n]);
  return [first, E18 - first];
}

function stableSpec(r: Random): PoolSpec {
  const tokens = someTokens(r, world, r.int(2, 5));
  const size = r.magnitude(10n ** 18n, 10n ** 30n);
  const spread = r.pick([2n, 10n, 100n, 5_000n]);
  return {
    tokens,
    balances: tokens.map((t) => baseUnits(size * r.magnitude(1n, spread), t)),
    rates: tokens.map((t) => randomRate(r, t.decimals)),
    ...randomFees(r, 10n ** 12n),
    curve: { kind: 'STABLE', amp: r.pick([1n, 5_000n, r.magnitude(1n, 5_000n)]) },
  };
}

/** Too uneven, or its invariant does not come out: such a stable pool cannot be filled. */
function cannotStart({ tokens, balances, rates, curve }: PoolSpec): boolean {
  if (curve.kind !== 'STABLE') return false;
  const balancesE18 = balances.map((x, i) => {
    const { decimals } = tokens[i] ?? { decimals: 18 };
    return (x * pow10(18 - decimals) * (rates[i]?.[0] ?? E18)) / E18;
  });
  const uneven = largest(balancesE18) / balancesE18.reduce(min) >= 10_000n;
  return uneven || stableInvariant(curve.amp * 1_000n, balancesE18) === null;
}

function randomAmount(r: Random, pool: BalancerPoolState, indexIn: number): bigint {
  const unit = (pool.scalingFactors[indexIn] ?? 1n) * (pool.ratesE18[indexIn] ?? E18);
  const balance = ((pool.balancesE18[indexIn] ?? 0n) * E18) / unit;
  if (pool.curve.kind === 'STABLE') return r.magnitude(1n, balance * r.pick([1n, 1n, 4n, 10_000n]) + 1n);
  // What a weighted pool takes at most, fee included, and what lies around it.
  const limit = (balance * 3n * E18) / (10n * (E18 - pool.swapFeeE18));
  if (r.chance(0.1)) return max(1n, limit + BigInt(r.int(-3, 3)));
  return r.chance(0.05) ? r.magnitude(limit + 1n, 10n ** 60n) : r.magnitude(1n, limit + 1n);
}

type Case = { readonly swaps: readonly Swap[]; readonly expected: readonly Expected[] };
type Expected = ReturnType<typeof swapBalancer> & { readonly amountIn: bigint };

/** Swaps in a row, each quoted on what the one before left. */
function randomCase(r: Random, start: BalancerPoolState): Case {
  const swaps: Swap[] = [];
  const expected: Expected[] = [];
  let pool = start;
  for (let k = r.int(1, 4); k > 0; k--) {
    const indexIn = r.int(0, pool.tokens.length - 1);
    const indexOut = (indexIn + r.int(1, pool.tokens.length - 1)) % pool.tokens.length;
    const [tokenIn, tokenOut] = [pool.tokens[indexIn], pool.tokens[indexOut]] as [Address, Address];
    const amountIn = randomAmount(r, pool, indexIn);
    const quote = swapBalancer(pool, tokenIn, tokenOut, amountIn);
    swaps.push({ tokenIn, tokenOut, amountIn });
    expected.push({ ...quote, amountIn });
    if (!quote.complete) break;
    pool = quote.pool;
  }
  return { swaps, expected };
}

type Tally = { complete: number; refused: number; later: number; sizes: Set<number>; decimals: Set<bigint> };

/** Swaps until as many were compared as asked for. */
async function compare(r: Random, specOf: (r: Random) => PoolSpec, atLeast: number): Promise<Tally> {
  const tally: Tally = { complete: 0, refused: 0, later: 0, sizes: new Set(), decimals: new Set() };
  for (let p = 0; tally.complete + tally.refused < atLeast; p++) {
    const spec = specOf(r);
    const pool = await world.makePool(spec);
    expect(pool === null, `pool ${p} is refused`).toBe(cannotStart(spec));
    if (pool === null) {
      continue;
    }
    tally.sizes.add(pool.tokens.length);
    for (const scale of pool.scalingFactors) tally.decimals.add(scale);
    const cases = Array.from({ length: CASES }, () => randomCase(r, pool));
    await compareCases(pool, cases, `pool ${p}`);
    for (const { expected } of cases) {
      tally.complete += expected.filter((e) => e.complete).length;
      tally.refused += expected.filter((e) => !e.complete).length;
      tally.later += expected.slice(1).filter((e) => e.complete).length;
    }
  }
  return tally;
}

function checkOne(e: Expected, got: Result | undefined, where: string): void {
  if (!e.complete) {
    expect(got?.ok, where).toBe(false);
    return;
  }
  const { ok, spent, received, balancesE18 } = got ?? {};
  expect({ ok, spent, received, balancesE18 }, where).toEqual({
    ok: true,
    spent: e.amountIn,
    received: e.amountOut,
    balancesE18: e.pool.balancesE18,
  });
}

/** All cases of one pool, compared with the vault. */
async function compareCases(pool: BalancerPoolState, cases: readonly Case[], where: string): Promise<void> {
  const results = await world.run(
    pool.address,
    cases.map((c) => c.swaps),
  );
  for (const [c, { expected }] of cases.entries()) {
    for (const [k, e] of expected.entries()) checkOne(e, results[c]?.[k], `${where} case ${c} swap ${k}`);
  }
}

describe('Balancer weighted pools', () => {
  it('2,000 random swaps equal the vault, and so does what they leave', { timeout: 60_000 }, async () => {
    const tally = await compare(seeded(31), weightedSpec, 2_000);
    expect(tally.sizes).toEqual(new Set([2, 3, 4, 5, 6, 7, 8]));
    expect(tally.decimals.size).toBe(19);
    expect(tally.complete).toBeGreaterThan(1_400);
    expect(tally.later).toBeGreaterThan(600);
    expect(tally.refused).toBeGreaterThan(100);
  });

  it('the power function equals the contract far beyond what a swap asks of it', { timeout: 60_000 }, async () => {
    const r = seeded(32);
    let refused = 0;
    for (let p = 0; p < 6; p++) {
      const weightsE18 = randomWeights(r, 2);
      const pool = await world.makePool({
        ...plainSpec([18, 18], [E18, E18]),
        curve: { kind: 'WEIGHTED', weightsE18 },
      });
      if (pool === null) throw new Error('the pool was refused');
      const asked = Array.from({ length: 60 }, () => ({
        index: r.int(0, 1),
        ratio: r.pick([r.magnitude(1n, 10n ** 40n), r.big((8n * E18) / 10n, (12n * E18) / 10n)]),
      }));
      const answers = await Promise.all(
        asked.map(({ index, ratio }) =>
          // One whole token, times the ratio to the power of 1 / weight.
          world.ask(pool.address, poolAbi.WEIGHTED, 'computeBalance', [[E18, E18], BigInt(index), ratio]).then(
            (x) => x as bigint,
            () => null,
          ),
        ),
      );
      for (const [i, { index, ratio }] of asked.entries()) {
        const weight = weightsE18[index] ?? 0n;
        const exponent = ratio > E18 ? (E18 * E18 - 1n) / weight + 1n : (E18 * E18) / weight;
        const answer = answers[i];
        if (answer === null || answer === undefined) {
          // Below what a pool keeps of a token, or beyond 256 bits when the balance is multiplied by it.
          const power = powerOrZero(ratio, exponent);
          expect(power < 1_000_000n || power * E18 >= 1n << 256n, `${ratio} ^ ${exponent}`).toBe(true);
          refused++;
        } else {
          expect(powUpE18(ratio, exponent), `${ratio} ^ ${exponent}`).toBe(answer);
        }
      }
    }
    expect(refused).toBeLessThan(200);
  });
});

/** 0 where the power is out of the contract's range. */
function powerOrZero(ratio: bigint, exponent: bigint): bigint {
  try {
    return powUpE18(ratio, exponent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return 0n;
  }
}

function plainSpec(decimals: readonly number[], wantE18: readonly bigint[]): Omit<PoolSpec, 'curve'> {
  const left = [...world.tokens].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const tokens = left.filter((t) => t.decimals === decimals[0]).slice(0, decimals.length);
  return {
    tokens,
    balances: tokens.map((t, i) => baseUnits(wantE18[i] ?? 0n, t) - 1n),
    rates: tokens.map(() => null),
    swapFeeE18: 10n ** 15n,
    creatorFeeE18: null,
  };
}

/** One swap from the first token to the second for each amount. */
function oneSwapEach(pool: BalancerPoolState, amounts: readonly bigint[]): Case[] {
  const [tokenIn, tokenOut] = pool.tokens as [Address, Address];
  return amounts.map((amountIn) => ({
    swaps: [{ tokenIn, tokenOut, amountIn }],
    expected: [{ ...swapBalancer(pool, tokenIn, tokenOut, amountIn), amountIn }],
  }));
}

async function made(spec: PoolSpec): Promise<BalancerPoolState> {
  const pool = await world.makePool(spec);
  if (pool === null) throw new Error('the pool was refused');
  return pool;
}

const tallyOf = (cases: readonly Case[]): readonly [complete: number, refused: number] => {
  const all = cases.flatMap((c) => c.expected);
  const complete = all.filter((e) => e.complete).length;
  return [complete, all.length - complete];
};

describe('Balancer: where a swap stops being possible', () => {
  const even = { kind: 'WEIGHTED', weightsE18: [E18 / 2n, E18 / 2n] } as const;
  const range = (from: bigint, count: number, step = 1n): bigint[] =>
    Array.from({ length: count }, (_, i) => from + BigInt(i) * step);

  it('the least that the vault trades, on either side', async () => {
    for (const [curve, wantE18] of [
      [even, [E18, E18]],
      [even, [E18, E18 / 3n]],
      [{ kind: 'STABLE', amp: 100n }, [E18, E18]],
      [{ kind: 'STABLE', amp: 100n }, [E18, E18 / 50n]],
    ] as const) {
      const pool = await made({ ...plainSpec([18, 18], wantE18), curve });
      const cases = oneSwapEach(pool, [...range(999_900n, 300, 10n), ...range(1_000_000n, 300, 12_345n)]);
      await compareCases(pool, cases, curve.kind);
      expect(Math.min(...tallyOf(cases))).toBeGreaterThan(5);
    }
  });

  it('what a weighted pool takes at most, and what it keeps', async () => {
    const pool = await made({ ...plainSpec([18, 18], [E18, E18]), curve: even });
    const limit = (3n * E18 * 1_000n) / (10n * 999n);
    const atLimit = oneSwapEach(pool, range(limit - 20n, 40));
    await compareCases(pool, atLimit, 'limit');
    expect(Math.min(...tallyOf(atLimit))).toBeGreaterThan(5);

    // 99 % against 1 %: an input of 30 % takes nearly everything.
    const steep = { kind: 'WEIGHTED', weightsE18: [(99n * E18) / 100n, E18 / 100n] } as const;
    const small = await made({ ...plainSpec([18, 18], [E18, 10n ** 12n]), curve: steep });
    const emptying = oneSwapEach(small, range(E18 / 10n, 400, 5n * 10n ** 14n));
    await compareCases(small, emptying, 'emptying');
    expect(Math.min(...tallyOf(emptying))).toBeGreaterThan(50);
  });

  it('one balance of a stable pool 10,000 times another', async () => {
    const growing = Array.from({ length: 200 }, (_, i) => ((E18 * BigInt(8 + (i % 8))) << BigInt(i >> 3)) / 8n);
    for (const wantE18 of [
      [E18, E18],
      [1_000n * E18, E18],
      [E18, 1_000n * E18],
    ] as const) {
      const pool = await made({ ...plainSpec([18, 18], wantE18), curve: { kind: 'STABLE', amp: 1n } });
      const cases = oneSwapEach(pool, growing);
      await compareCases(pool, cases, `${wantE18}`);
      expect(Math.min(...tallyOf(cases))).toBeGreaterThan(5);
    }
  });

  it('balances near the 128 bits of the vault, where steps of the invariant leave 256', {
    timeout: 60_000,
  }, async () => {
    const r = seeded(34);
    let refusedPools = 0;
    let compared = 0;
    for (let p = 0; p < 24; p++) {
      const count = r.int(2, 5);
      const wantE18 = Array.from({ length: count }, () => r.magnitude(1n << 115n, 1n << 126n));
      const amp = r.pick([1n, 100n, 5_000n]);
      const spec: PoolSpec = {
        ...plainSpec(
          wantE18.map(() => 18),
          wantE18,
        ),
        curve: { kind: 'STABLE', amp },
      };
      const pool = await world.makePool(spec);
      expect(pool === null, `pool ${p} is refused`).toBe(cannotStart(spec));
      if (pool === null) {
        refusedPools++;
        continue;
      }
      const cases = oneSwapEach(
        pool,
        Array.from({ length: 20 }, () => r.magnitude(1n << 90n, 1n << 130n)),
      );
      await compareCases(pool, cases, `pool ${p}`);
      compared += cases.length;
    }
    expect(refusedPools).toBeGreaterThan(2);
    expect(compared).toBeGreaterThan(100);
  });

  it('a rate below one on 18 decimals: the swap exact, the balances within a unit of what it leaves', async () => {
    const r = seeded(35);
    for (let p = 0; p < 10; p++) {
      const rates = [0, 1].map(() => {
        const rate = r.big(E18 / 100n, E18);
        return [rate, rate] as const;
      });
      const pool = await made({ ...plainSpec([18, 18], [E18, 2n * E18]), rates, curve: even });
      const cases = oneSwapEach(
        pool,
        Array.from({ length: 20 }, () => r.magnitude(1n << 30n, E18 / 4n)),
      );
      const results = await world.run(
        pool.address,
        cases.map((c) => c.swaps),
      );
      for (const [c, { expected }] of cases.entries()) {
        const [e, got] = [expected[0], results[c]?.[0]];
        expect(got?.ok).toBe(e?.complete);
        if (!e?.complete) continue;
        expect(got?.received).toBe(e.amountOut);
        for (const [i, x] of e.pool.balancesE18.entries()) {
          const off = x - (got?.balancesE18[i] ?? 0n);
          expect(off >= -1n && off <= 1n, `pool ${p} case ${c}: off by ${off}`).toBe(true);
        }
      }
    }
  });
});

describe('Balancer stable pools', () => {
  it('2,000 random swaps equal the vault, and so does what they leave', { timeout: 60_000 }, async () => {
    const tally = await compare(seeded(33), stableSpec, 2_000);
    expect(tally.sizes).toEqual(new Set([2, 3, 4, 5]));
    expect(tally.decimals.size).toBe(19);
    expect(tally.complete).toBeGreaterThan(1_400);
    expect(tally.later).toBeGreaterThan(600);
    expect(tally.refused).toBeGreaterThan(100);
  });
});
