/** Where a swap in Balancer's vault stops being possible, amount by amount. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stableAmountOut } from '../../src/core/amm/balancer/stable.ts';
import { type BalancerSwap, swapBalancer } from '../../src/core/amm/balancer/swap.ts';
import { seeded } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState, Hex } from '../../src/core/types.ts';
import { swapCallerAbi } from '../golden/artifacts/SwapCaller.ts';
import {
  type Balancer,
  balancesSeen,
  deployBalancer,
  E18,
  type PoolSpec,
  poolAbi,
  subjectOf,
} from './balancerPools.ts';
import { SENDER, startConformanceWorld, type World } from './world.ts';

/** In the order of `enum Kind` of SwapCaller.sol. */
const BALANCER = 3;
const EVEN: PoolSpec['curve'] = { kind: 'WEIGHTED', weightsE18: [E18 / 2n, E18 / 2n] };

let world: World;
let balancer: Balancer;
beforeAll(async () => {
  world = await startConformanceWorld();
  balancer = await deployBalancer(world);
});
afterAll(() => world.stop());

/** Tokens of 18 decimals without rate. */
function plain(balances: readonly bigint[], curve: PoolSpec['curve']): PoolSpec {
  const tokens = balancer.tokens.filter((t) => t.decimals === 18).slice(0, balances.length);
  return {
    tokens: tokens.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1)),
    balances,
    rates: balances.map(() => null),
    swapFeeE18: 10n ** 15n,
    creatorFeeE18: null,
    curve,
  };
}

async function made(spec: PoolSpec): Promise<BalancerPoolState> {
  const pool = await balancer.makePool(spec);
  if (pool === null) throw new Error('the pool was refused');
  return pool;
}

type Result = { readonly ok: boolean; readonly received: bigint; readonly answers: readonly Hex[] };
type Both = { readonly amountIn: bigint; readonly quote: BalancerSwap; readonly result: Result };

/** One swap of the first token for the second, each on the pool as it is. */
async function swapEach(pool: BalancerPoolState, amounts: readonly bigint[]): Promise<Both[]> {
  const [tokenIn, tokenOut] = pool.tokens as [Address, Address];
  const { looks, swap } = subjectOf(balancer.vault, pool);
  const cases = amounts.map((amountIn) => [{ ...swap(0n), kind: BALANCER, tokenIn, tokenOut, amountIn }]);
  const results = (await world.read(world.caller, swapCallerAbi, 'run', [looks, cases])) as Result[][];
  return amounts.map((amountIn, i) => {
    const result = results[i]?.[0];
    if (!result) throw new Error('a swap without result');
    return { amountIn, quote: swapBalancer(pool, tokenIn, tokenOut, amountIn), result };
  });
}

/** @returns how many were complete, and how many were refused */
async function compareEach(pool: BalancerPoolState, amounts: readonly bigint[]): Promise<readonly [number, number]> {
  const { seen } = subjectOf(balancer.vault, pool);
  let complete = 0;
  for (const { amountIn, quote, result } of await swapEach(pool, amounts)) {
    const did = result.ok ? { amountOut: result.received, balancesE18: seen(result.answers) } : 'reverted';
    const said = quote.complete ? { amountOut: quote.amountOut, balancesE18: quote.pool.balancesE18 } : 'reverted';
    expect(did, `${amountIn}`).toEqual(said);
    if (quote.complete) complete++;
  }
  return [complete, amounts.length - complete];
}

const range = (from: bigint, count: number, step = 1n): bigint[] =>
  Array.from({ length: count }, (_, i) => from + BigInt(i) * step);

/** The largest complete input below `upTo`, of which none is. */
function mostOf(pool: BalancerPoolState, upTo: bigint): bigint {
  const [tokenIn, tokenOut] = pool.tokens as [Address, Address];
  let [most, tooMuch] = [E18 / 1_000n, upTo];
  while (tooMuch - most > 1n) {
    const mid = (most + tooMuch) / 2n;
    if (swapBalancer(pool, tokenIn, tokenOut, mid).complete) most = mid;
    else tooMuch = mid;
  }
  return most;
}

describe('Balancer: the ends of what can be swapped', () => {
  it('the least that the vault trades, on either side', async () => {
    const stable: PoolSpec['curve'] = { kind: 'STABLE', amp: 100n };
    const pools = [plain([E18, E18], stable), plain([E18, E18 / 3n], EVEN), plain([E18, E18 / 4n], stable)];
    for (const spec of pools) {
      const amounts = [...range(1_000_990n, 60), ...range(1_000_000n, 200, 12_345n)];
      expect(Math.min(...(await compareEach(await made(spec), amounts)))).toBeGreaterThan(5);
    }
  });

  it('the 30 % that a weighted pool takes at most', async () => {
    const limit = (3n * E18 * 1_000n) / (10n * 999n);
    const counts = await compareEach(await made(plain([E18, E18], EVEN)), range(limit - 20n, 40));
    expect(Math.min(...counts)).toBeGreaterThan(5);
  });

  it('what a weighted pool keeps: 30 % more of 99 % take nearly all of 1 %', async () => {
    const steep: PoolSpec['curve'] = { kind: 'WEIGHTED', weightsE18: [(99n * E18) / 100n, E18 / 100n] };
    const pool = await made(plain([E18, 10n ** 12n], steep));
    expect(Math.min(...(await compareEach(pool, range(E18 / 10n, 300, 6n * 10n ** 14n))))).toBeGreaterThan(50);
  });

  it('one balance of a stable pool 10,000 times another', async () => {
    const growing = Array.from({ length: 200 }, (_, i) => (E18 * BigInt(8 + (i % 8)) * 2n ** BigInt(i >> 3)) / 8n);
    for (const [x, y] of [
      [E18, E18],
      [1_000n * E18, E18],
      [E18, 1_000n * E18],
    ] as const) {
      const pool = await made(plain([x, y], { kind: 'STABLE', amp: 1n }));
      expect(Math.min(...(await compareEach(pool, growing))), `${x} and ${y}`).toBeGreaterThan(5);
      const counts = await compareEach(pool, range(mostOf(pool, 10_000_000n * E18) - 5n, 10));
      expect(counts, `${x} and ${y}`).toEqual([6, 4]);
    }
  });

  it('the 128 bits of a balance, of base units and with its rate', async () => {
    for (const rate of [1n, 3n]) {
      const balance = (1n << 128n) - (1n << 124n);
      const fixed = [rate * E18, rate * E18] as const;
      const pool = await made({ ...plain([balance / rate, balance / rate], EVEN), rates: [fixed, fixed] });
      const most = mostOf(pool, 1n << 127n);
      expect(await compareEach(pool, range(most - 5n, 10))).toEqual([6, 4]);
    }
  });

  it('the 256 bits of every step in the curve of a stable pool', { timeout: 60_000 }, async () => {
    const r = seeded(36);
    let [equal, refused] = [0, 0];
    for (const amp of [1n, 100n, 5_000n]) {
      const pool = await made(plain([E18, E18], { kind: 'STABLE', amp }));
      for (let k = 0; k < 150; k++) {
        const least = 1n << BigInt(r.int(105, 124));
        const balancesScaled18 = Array.from(
          { length: r.int(2, 5) },
          () => least * r.magnitude(1n, r.pick([2n, 9_000n])),
        );
        const amountGivenScaled18 = r.magnitude(least >> 8n, least * 10n);
        const [indexIn, indexOut] = r.pick([
          [0, 1],
          [1, 0],
        ] as const);
        const request = {
          kind: 0,
          amountGivenScaled18,
          balancesScaled18,
          indexIn: BigInt(indexIn),
          indexOut: BigInt(indexOut),
        };
        const asked = world.read(pool.address, poolAbi.STABLE, 'onSwap', [
          { ...request, router: SENDER, userData: '0x' },
        ]);
        const out = stableAmountOut(amp * 1_000n, balancesScaled18, indexIn, indexOut, amountGivenScaled18);
        if (out === null) {
          await expect(asked, `${balancesScaled18} and ${amountGivenScaled18}`).rejects.toThrow('revert');
          refused++;
        } else {
          expect(await asked).toBe(out);
          equal++;
        }
      }
    }
    expect(Math.min(equal, refused)).toBeGreaterThan(100);
  });

  it('a rate below one on 18 decimals: the swap is exact, the balances are within a unit of what it leaves', async () => {
    const r = seeded(35);
    let off = 0;
    for (let p = 0; p < 6; p++) {
      const rate = (): readonly [bigint, bigint] => [E18, r.big(E18 / 100n, E18)];
      const pool = await made({ ...plain([1_234_567_890_123_456_789n, 2n * E18 - 1n], EVEN), rates: [rate(), rate()] });
      for (const { quote, result } of await swapEach(
        pool,
        Array.from({ length: 30 }, () => r.magnitude(1n << 30n, E18 / 4n)),
      )) {
        expect([result.ok, result.received]).toEqual([quote.complete, quote.amountOut]);
        if (!quote.complete) continue;
        const left = balancesSeen(result.answers[0] ?? '0x');
        const errors = quote.pool.balancesE18.map((x, i) => x - (left[i] ?? 0n));
        expect(
          errors.every((e) => e >= -1n && e <= 1n),
          `${errors}`,
        ).toBe(true);
        if (errors.some((e) => e !== 0n)) off++;
      }
    }
    expect(off).toBeGreaterThan(0);
  });

  it('an input of nothing, and tokens that are not there', async () => {
    const pool = await made(plain([E18, E18], EVEN));
    const [tokenIn, tokenOut] = pool.tokens as [Address, Address];
    const [nothing] = await swapEach(pool, [0n]);
    expect([nothing?.result.ok, nothing?.quote.complete]).toEqual([false, false]);
    expect(() => swapBalancer(pool, tokenIn, tokenIn, E18)).toThrow(RangeError);
    expect(() => swapBalancer(pool, world.caller, tokenOut, E18)).toThrow(/is not in pool/);
  });
});
