import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { stopCheckOf, stopReason, stopSentence } from './stopCheck.ts';
import { NOW, RULE, USD, wethOver } from './testing/fixtures.ts';

const policy = { stopLossBps: 2_000, confirmS: 600 };
const high = { baseUsdE8: 100_000n * USD, highUsdE8: 100_000n * USD };

function at(highUsdE8: bigint, more: { armed?: number; armedAt?: number; live?: boolean } = {}) {
  const { live = true, ...armed } = more;
  return wethOver(0, { policy, state: { referenceLive: live }, stop: { ...high, highUsdE8, ...armed } });
}

describe('stopCheckOf', () => {
  it('asks for nothing where there are no stops or no price', () => {
    expect(stopCheckOf(wethOver(0).vault, NOW)).toBeNull();
    const { vault } = at(200_000n * USD);
    expect(stopCheckOf(vault, NOW)?.act).toBe('ARM');
    const [first, ...rest] = vault.assets;
    if (first === undefined) throw new Error('no asset');
    expect(stopCheckOf({ ...vault, assets: [{ ...first, priceStatus: 'STALE' }, ...rest] }, NOW)).toBeNull();
    expect(stopCheckOf({ ...vault, assets: [{ ...first, balanceKnown: false }, ...rest] }, NOW)).toBeNull();
    expect(stopCheckOf({ ...vault, assets: vault.assets.map((a) => ({ ...a, balance: 0n })) }, NOW)).toBeNull();
  });

  it('takes the first reference, and a new high only when it is one percent higher', () => {
    const nav = 100_000n * USD;
    expect(stopCheckOf(at(nav, { live: false }).vault, NOW)?.act).toBe('REFERENCE');
    expect(stopCheckOf(at((nav * 10_000n) / 10_099n).vault, NOW)).toBeNull();
    expect(stopCheckOf(at((nav * 10_000n) / 10_101n).vault, NOW)?.act).toBe('REFERENCE');
  });

  it('says what it does and why, in words and as a code', () => {
    const { vault } = at(200_000n * USD);
    const arm = stopCheckOf(vault, NOW);
    if (arm === null) throw new Error('nothing to do');
    expect(stopReason(arm)).toBe('STOP_ARMED');
    expect(stopSentence(vault, arm)).toMatch(/portfolio at \$100,000.* is 20.* below its high of \$200,000/);
    const fires = at(200_000n * USD, { armed: arm.stop.armed, armedAt: NOW - 600 }).vault;
    const fire = stopCheckOf(fires, NOW);
    expect(fire && stopReason(fire)).toBe('STOP_FIRED');
  });
});

describe('decide', () => {
  it('lets the stops go first, and no ceiling of gas holds them back', () => {
    const snapshot = at(200_000n * USD);
    const decision = decide(snapshot, { ...RULE, maxGasPriceWei: 1n }, { now: NOW, runInProgress: false });
    expect(decision).toMatchObject({ proposal: 'TRADE', reason: 'STOP_ARMED', plan: { kind: 'STOP_CHECK' } });
    expect(decision.plan?.slices).toEqual([{ sequence: -2, notBefore: NOW, legs: [] }]);
    const busy = decide(snapshot, RULE, { now: NOW, runInProgress: true });
    expect(busy).toMatchObject({ proposal: 'HELD_BACK', reason: 'RUN_IN_PROGRESS', secondary: ['STOP_ARMED'] });
  });
});
