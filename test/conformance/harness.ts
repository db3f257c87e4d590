/**
 * One suite for every venue: random swaps in random pools, alone and in a row, are quoted by core and done by the
 * venue's own bytecode; what was spent, what came out and the pool afterwards must be equal to the last digit.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteExactIn, tokensOf } from '../../src/core/amm/quote.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import type { Address, Hex, PoolState } from '../../src/core/types.ts';
import { swapCallerAbi } from '../golden/artifacts/SwapCaller.ts';
import { startConformanceWorld, type World } from './world.ts';

/** In the order of `enum Kind` of SwapCaller.sol, which says what target and data are. */
export const KINDS = ['V2', 'V3', 'V4', 'BALANCER', 'FILLER'] as const;

export type Swap = { readonly kind: (typeof KINDS)[number]; readonly target: Address; readonly data: Hex };

/** A pool on the chain, and its state as the product reads it. */
export type Subject<P extends PoolState = PoolState> = {
  readonly pool: P;
  /** Asked after every swap. */
  readonly looks: readonly { readonly target: Address; readonly question: Hex }[];
  /** What a swap changes, by the answers ... */
  readonly seen: (answers: readonly Hex[]) => unknown;
  /** ... and as core expects it. */
  readonly expected: (pool: P) => unknown;
  readonly swap: (quotedOut: bigint) => Swap;
  /** The venue pays what it is asked for, so it must refuse one unit more than the quote. */
  readonly greedy: boolean;
  /** May core refuse to quote what the pool has done? Only beyond the ticks that were read. */
  readonly unknown: (answers: readonly Hex[]) => boolean;
};

export type Tally = {
  complete: number;
  /** Not quoted, and rightly so. */
  refused: number;
  /** Three initialised ticks or more in one swap. */
  manyTicks: number;
  /** Cases of two swaps and more. */
  rows: number;
  /** By order of the tokens in the pool. */
  up: number;
  down: number;
};

export type Venue<P extends PoolState = PoolState> = {
  readonly name: string;
  readonly seed: number;
  /** Once per suite. @returns makes one pool after the other */
  readonly deploy: (world: World) => Promise<(r: Random) => Promise<Subject<P>>>;
  readonly amountIn: (r: Random, pool: P, tokenIn: Address, tokenOut: Address) => bigint;
  /** How often each must have been seen for the suite to have proved anything. */
  readonly atLeast: Partial<Tally>;
};

const SWAPS = 2_000;
const CASES_PER_POOL = 50;
const CASES_PER_CALL = 25;

type Expected<P> = {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly complete: boolean;
  readonly crossed: number;
  readonly up: boolean;
  readonly after: P;
};
type SwapCall = Swap & { readonly tokenIn: Address; readonly tokenOut: Address; readonly amountIn: bigint };
type Case<P> = { readonly swaps: readonly SwapCall[]; readonly expected: readonly Expected<P>[] };
type Result = { ok: boolean; spent: bigint; received: bigint; answers: readonly Hex[] };

/** Up to four swaps in a row, each quoted on what the one before left. */
function randomCase<P extends PoolState>(venue: Venue<P>, subject: Subject<P>, r: Random): Case<P> {
  const swaps: SwapCall[] = [];
  const expected: Expected<P>[] = [];
  let { pool } = subject;
  const tokens = tokensOf(pool);
  const first = r.pick(tokens);
  const oneWay = r.chance(0.5) ? ([first, r.pick(tokens.filter((t) => t !== first))] as const) : null;
  for (let k = r.int(1, 4); k > 0; k--) {
    const sold = r.pick(tokens);
    const [tokenIn, tokenOut] = oneWay ?? [sold, r.pick(tokens.filter((t) => t !== sold))];
    const amountIn = venue.amountIn(r, pool, tokenIn, tokenOut);
    const q = quoteExactIn(pool, tokenIn, tokenOut, amountIn);
    const after = q.poolAfter as P;
    swaps.push({ ...subject.swap(q.amountOut), tokenIn, tokenOut, amountIn });
    const up = BigInt(tokenIn) > BigInt(tokenOut);
    expected.push({ amountIn, amountOut: q.amountOut, complete: q.complete, crossed: q.crossed, up, after });
    if (!q.complete) break;
    expect(q.feeAmount >= 0n && q.feeAmount <= amountIn).toBe(true);
    pool = after;
  }
  return { swaps, expected };
}

/** The first swaps of these cases, each asking for one unit more. */
function tooMuch<P extends PoolState>(subject: Subject<P>, cases: readonly Case<P>[]): Case<P>[] {
  return cases.flatMap(({ swaps: [swap], expected: [first] }) =>
    swap && first?.complete
      ? [{ swaps: [{ ...swap, ...subject.swap(first.amountOut + 1n) }], expected: [{ ...first, complete: false }] }]
      : [],
  );
}

async function onChain<P extends PoolState>(world: World, subject: Subject<P>, cases: readonly Case<P>[]) {
  const results: (readonly Result[])[] = [];
  for (let i = 0; i < cases.length; i += CASES_PER_CALL) {
    const batch = cases
      .slice(i, i + CASES_PER_CALL)
      .map((c) => c.swaps.map((s) => ({ ...s, kind: KINDS.indexOf(s.kind) })));
    const answer = await world.read(world.caller, swapCallerAbi, 'run', [subject.looks, batch]);
    results.push(...(answer as readonly (readonly Result[])[]));
  }
  return results;
}

function compare<P extends PoolState>(
  subject: Subject<P>,
  { expected }: Case<P>,
  results: readonly Result[],
  tally: Tally,
  name: string,
): void {
  if (expected.filter((e) => e.complete).length > 1) tally.rows++;
  for (const [k, e] of expected.entries()) {
    const got = results[k];
    const where = `${name} swap ${k}`;
    if (!e.complete) {
      const fell = got === undefined || !got.ok || got.spent < e.amountIn;
      expect(fell || subject.unknown(got.answers), `${where} was refused without need`).toBe(true);
      tally.refused++;
      continue;
    }
    const did = got?.ok && { spent: got.spent, received: got.received, pool: subject.seen(got.answers) };
    expect(did, where).toEqual({ spent: e.amountIn, received: e.amountOut, pool: subject.expected(e.after) });
    tally.complete++;
    if (e.crossed >= 3) tally.manyTicks++;
    if (e.up) tally.up++;
    else tally.down++;
  }
}

export function conform<P extends PoolState>(venue: Venue<P>): void {
  describe(`${venue.name} on the chain`, () => {
    let world: World;
    let makePool: (r: Random) => Promise<Subject<P>>;
    beforeAll(async () => {
      world = await startConformanceWorld();
      makePool = await venue.deploy(world);
    });
    afterAll(() => world.stop());

    it(`does what core says, over ${SWAPS} swaps`, async () => {
      const r = seeded(venue.seed);
      const tally: Tally = { complete: 0, refused: 0, manyTicks: 0, rows: 0, up: 0, down: 0 };
      for (let p = 0; tally.complete < SWAPS; p++) {
        const subject = await makePool(r);
        const cases = Array.from({ length: CASES_PER_POOL }, () => randomCase(venue, subject, r));
        const results = await onChain(world, subject, cases);
        if (subject.greedy) {
          for (const [more] of await onChain(world, subject, tooMuch(subject, cases))) expect(more?.ok).toBe(false);
        }
        for (const [i, c] of cases.entries()) compare(subject, c, results[i] ?? [], tally, `pool ${p} case ${i}`);
      }
      const least = { up: 500, down: 500, rows: 300, ...venue.atLeast };
      for (const [what, count] of Object.entries(least)) {
        expect(tally[what as keyof Tally], `${what} of ${JSON.stringify(tally)}`).toBeGreaterThanOrEqual(count);
      }
    });
  });
}
