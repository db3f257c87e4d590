import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSlices, SLICE_BOUNDS, type SliceLeg, type SliceOrder, type SliceSchedule } from './planSlices.ts';
import { recoveryBlocks } from './recovery.ts';
import { swapCostUsd } from './slicing.ts';

const SIGMA = 0.8;
const BLOCK_S = 12;

function leg(sizeUsd: number, depthUsd: number, feePips: number): SliceLeg {
  return {
    sizeUsd,
    depthUsd,
    feePips,
    sandwichCapUsd: (depthUsd * feePips) / 1e6,
    recoveryBlocks: recoveryBlocks(feePips, SIGMA, BLOCK_S),
  };
}

const ORDER: SliceOrder = {
  legs: [leg(100_000, 10_000_000, 500)],
  sigma: SIGMA,
  blockTimeS: BLOCK_S,
  sliceGasUsd: 5,
  riskAversion: 0,
  ttlS: 86_400,
  sliceCooldownS: 60,
  maxSliceUsd: 1e9,
  publicMempool: false,
  slackBps: 50,
};

const total = (order: SliceOrder): number => order.legs.reduce((sum, l) => sum + l.sizeUsd, 0);
const objective = (order: SliceOrder, s: SliceSchedule): number => s.expectedCostUsd + order.riskAversion * s.risk ** 2;
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
/** Evenly over the magnitudes. */
const magnitude = (min: number, max: number) => number(Math.log(min), Math.log(max)).map(Math.exp);

const legs = fc.array(
  fc
    .tuple(magnitude(100, 5e6), magnitude(1e5, 1e9), fc.constantFrom(100, 500, 3_000, 10_000))
    .map(([size, depth, fee]) => leg(size, depth, fee)),
  { minLength: 1, maxLength: 4 },
);

const orders: fc.Arbitrary<SliceOrder> = fc.record({
  legs,
  sigma: number(0, 2),
  blockTimeS: fc.constantFrom(0.25, 2, 12),
  sliceGasUsd: magnitude(0.001, 100),
  riskAversion: fc.oneof(fc.constant(0), magnitude(1e-9, 1e-3)),
  ttlS: fc.integer({ min: 60, max: 86_400 }),
  sliceCooldownS: fc.integer({ min: 0, max: 3_600 }),
  maxSliceUsd: magnitude(10_000, 1e8),
  publicMempool: fc.boolean(),
  slackBps: fc.integer({ min: 1, max: 300 }),
});

describe('a schedule of slices', () => {
  it('T13 finds the ideal number where the pool recovers wholly between slices', () => {
    const s = planSlices(ORDER);
    expect(s.count).toBe(14);
    expect(s.expectedCostUsd).toBeCloseTo(191, 0);
    expect(s.oneShotCostUsd).toBeCloseTo(1_044, 0);
    expect(s.reason).toBe('GAS');
    expect(s.sandwichUsd).toBe(0);
  });

  it('takes fewer slices when time is risky, larger ones first', () => {
    const cheap = { ...ORDER, sliceGasUsd: 1 };
    const calm = planSlices(cheap);
    const nervous = planSlices({ ...cheap, riskAversion: 5e-3 });
    expect(nervous.count).toBeLessThan(calm.count);
    expect(nervous.risk).toBeLessThan(calm.risk);
    expect(nervous.reason).toBe('RISK');
    expect(nervous.shares[0]).toBeGreaterThan(nervous.shares.at(-1) ?? 1);
  });

  it('says that recovery is what stops it, where slices cannot wait for the pool', () => {
    const s = planSlices({
      ...ORDER,
      legs: [leg(100_000, 10_000_000, 3_000)],
      sliceGasUsd: 0.5,
      ttlS: 1_200,
      sliceCooldownS: 0,
    });
    expect(s.reason).toBe('RECOVERY');
    expect(s.count).toBeGreaterThan(1);
  });

  it('stays below the sandwich threshold in public, and does not mind it in private', () => {
    const order = { ...ORDER, legs: [leg(100_000, 10_000_000, 500)], sliceGasUsd: 30 };
    const seen = planSlices({ ...order, publicMempool: true, slackBps: 300 });
    const unseen = planSlices(order);
    expect(seen.reason).toBe('SANDWICH');
    expect(seen.count).toBeGreaterThan(unseen.count);
    expect(seen.sandwichUsd).toBe(0);
    for (const share of seen.shares) expect(share * 100_000).toBeLessThanOrEqual(0.9 * 5_000 * (1 + 1e-9));
  });

  it('rather risks a sandwich than pays more gas than it could take, and says how much', () => {
    const s = planSlices({ ...ORDER, legs: [leg(5_000, 500_000, 500)], publicMempool: true, slackBps: 20 });
    expect(s.count).toBeLessThan(5);
    expect(s.sandwichUsd).toBeCloseTo(10, 6);
    expect(s.expectedCostUsd).toBeGreaterThan(s.sandwichUsd);
  });

  it('keeps to the slice size of the vault, and says what the epoch leaves undone', () => {
    const sized = planSlices({ ...ORDER, sliceGasUsd: 100, maxSliceUsd: 12_500 });
    expect([sized.count, sized.reason, sized.fraction]).toEqual([8, 'VAULT_CAP', 1]);
    const short = planSlices({ ...ORDER, maxSliceUsd: 12_500, ttlS: 200, sliceCooldownS: 60 });
    expect(short.count).toBe(4);
    expect(short.fraction).toBeCloseTo(0.5, 12);
    for (const share of short.shares) expect(share * short.fraction * 100_000).toBeLessThanOrEqual(12_500 * (1 + 1e-9));
  });

  it('never plans more than a hundred slices of its own accord', () => {
    const s = planSlices({ ...ORDER, sliceGasUsd: 0 });
    expect([s.count, s.reason]).toEqual([100, 'COUNT']);
    expect(planSlices({ ...ORDER, sliceGasUsd: 0, maxSliceUsd: 500 }).count).toBe(200);
  });

  it('says when the end of the epoch is what stops it', () => {
    expect(planSlices({ ...ORDER, ttlS: 250, sliceCooldownS: 60 }).reason).toBe('TTL');
  });

  it('is one slice for tiny orders, at the cost of a swap and its gas', () => {
    fc.assert(
      fc.property(orders, (order) => {
        const tiny = {
          ...order,
          maxSliceUsd: 1e6,
          legs: order.legs.map((l) => ({
            ...l,
            sizeUsd: Math.sqrt(l.depthUsd * order.sliceGasUsd) / 10 / order.legs.length,
          })),
        };
        const cheap = { ...tiny, publicMempool: false };
        const s = planSlices(cheap);
        expect([s.count, s.reason, s.spacingS, s.shares]).toEqual([1, 'ONE', 0, [1]]);
        const cost = tiny.legs.reduce((sum, l) => sum + swapCostUsd(l, l.sizeUsd), order.sliceGasUsd);
        expect(s.expectedCostUsd).toBeCloseTo(cost, 6);
        expect(s.oneShotCostUsd).toBeCloseTo(cost, 6);
        expect(s.risk).toBe(0);
      }),
    );
  });

  it('fits: shares sum to one, slices keep the cooldown, the size and the end of the epoch', () => {
    fc.assert(
      fc.property(orders, (order) => {
        const s = planSlices(order);
        expect(s.shares).toHaveLength(s.count);
        expect(s.shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        for (const share of s.shares) {
          expect(share).toBeGreaterThanOrEqual(-1e-12);
          expect(share * s.fraction * total(order)).toBeLessThanOrEqual(order.maxSliceUsd * (1 + 1e-6));
        }
        if (s.count > 1) {
          expect(s.spacingS).toBeGreaterThanOrEqual(order.sliceCooldownS);
          expect(s.spacingS).toBeGreaterThanOrEqual(order.blockTimeS);
          expect((s.count - 1) * s.spacingS + order.blockTimeS).toBeLessThanOrEqual(order.ttlS);
        }
        expect(s.fraction).toBeGreaterThan(0);
        expect(s.fraction).toBeLessThanOrEqual(1);
        expect(SLICE_BOUNDS).toContain(s.reason);
        expect(s.reason === 'ONE').toBe(s.count === 1);
      }),
      { numRuns: 300 },
    );
  });

  it('never costs more than one slice would, risk included, where the vault allows one', () => {
    fc.assert(
      fc.property(orders, (order) => {
        const free = { ...order, maxSliceUsd: 1e12 };
        const s = planSlices(free);
        expect(objective(free, s)).toBeLessThanOrEqual(s.oneShotCostUsd * (1 + 1e-12));
      }),
      { numRuns: 200 },
    );
  });

  it('costs more with more gas', () => {
    fc.assert(
      fc.property(orders, magnitude(1.01, 100), (order, factor) => {
        const dearer = { ...order, sliceGasUsd: order.sliceGasUsd * factor };
        expect(objective(dearer, planSlices(dearer))).toBeGreaterThan(objective(order, planSlices(order)));
      }),
      { numRuns: 200 },
    );
  });

  it('costs more with more to trade', () => {
    fc.assert(
      fc.property(orders, magnitude(1.01, 100), (order, factor) => {
        // Where the whole order fits the epoch, and risk does not skew the shares.
        const even = { ...order, riskAversion: 0, maxSliceUsd: 1e12 };
        const larger = { ...even, legs: even.legs.map((l) => ({ ...l, sizeUsd: l.sizeUsd * factor })) };
        expect(planSlices(larger).expectedCostUsd).toBeGreaterThan(planSlices(even).expectedCostUsd);
      }),
      { numRuns: 200 },
    );
  });

  it('is exposed to sandwiches only where others see it and a slice is above the threshold', () => {
    fc.assert(
      fc.property(orders, (order) => {
        const s = planSlices(order);
        const above = order.legs.some((l) =>
          s.shares.some((share) => share * s.fraction * l.sizeUsd > 0.9 * l.sandwichCapUsd * (1 + 1e-6)),
        );
        expect(s.sandwichUsd > 0).toBe(order.publicMempool && above);
        expect(s.sandwichUsd).toBeLessThanOrEqual((total(order) * s.fraction * order.slackBps * (1 + 1e-9)) / 10_000);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a pool that never recovers, and one that nobody can sandwich', () => {
    const still = { ...leg(100_000, 10_000_000, 3_000), recoveryBlocks: Number.POSITIVE_INFINITY };
    const s = planSlices({ ...ORDER, legs: [still], sliceGasUsd: 1 });
    expect(s.count).toBeGreaterThan(1);
    expect(s.expectedCostUsd).toBeGreaterThan(300 + 300 / 2);
    const safe = { ...leg(100_000, 10_000_000, 3_000), sandwichCapUsd: Number.POSITIVE_INFINITY };
    expect(planSlices({ ...ORDER, legs: [safe], publicMempool: true }).sandwichUsd).toBe(0);
  });

  it('names the field that is not a usable number', () => {
    expect(() => planSlices({ ...ORDER, legs: [] })).toThrow('legs is empty');
    expect(() => planSlices({ ...ORDER, sigma: Number.NaN })).toThrow('sigma is NaN');
    expect(() => planSlices({ ...ORDER, blockTimeS: 0 })).toThrow('blockTimeS is 0');
    expect(() => planSlices({ ...ORDER, legs: [leg(1, 1, 1_000_000)] })).toThrow('legs[0].feePips');
    const unknown = { ...leg(1, 1, 500), sandwichCapUsd: Number.NaN };
    expect(() => planSlices({ ...ORDER, legs: [unknown] })).toThrow('legs[0].sandwichCapUsd is NaN');
    expect(() => planSlices({ ...ORDER, maxSliceUsd: -1 })).toThrow('maxSliceUsd is -1');
    expect(() => planSlices({ ...ORDER, legs: [leg(0, 1, 500)] })).toThrow('legs[0].sizeUsd is 0');
    expect(() => planSlices({ ...ORDER, legs: [leg(1, Number.POSITIVE_INFINITY, 500)] })).toThrow('legs[0].depthUsd');
  });
});
