import { describe, expect, it } from 'vitest';
import { hasBit, inForce, judgeStop, stopsReached, withBit } from './stops.ts';
import { asset, NOW, POLICY, STATE, STOP, snapshotOf, USD, wethOver } from './testing/fixtures.ts';
import type { AssetState } from './types.ts';

function vaultOf(rows: readonly (readonly [targetBps: number, safe: boolean])[], stopped: number) {
  const assets = rows.map(([targetBps, safe], i) => ({
    ...asset(i, { symbol: `T${i}`, decimals: 8, price: 1, targetBps, bandBps: 500, value: 1_000 }),
    safe,
  }));
  return snapshotOf(assets, [], { state: { stopped } }).vault;
}

describe('masks', () => {
  it('hold 32 assets', () => {
    const all = Array.from({ length: 32 }, (_, i) => i).reduce(withBit, 0);
    expect(all).toBe(0xffff_ffff);
    expect(hasBit(all, 31)).toBe(true);
    expect(hasBit(withBit(0, 31), 30)).toBe(false);
  });
});

describe('targets in force', () => {
  const targets = (v: ReturnType<typeof vaultOf>) => inForce(v).assets.map((a) => a.targetBps);

  it('are what the owner set while nothing is stopped', () => {
    const v = vaultOf(
      [
        [6_000, false],
        [4_000, true],
      ],
      0,
    );
    expect(inForce(v)).toBe(v);
  });

  it('go to the safe assets in proportion, the remainder to the first, and always sum to 10,000', () => {
    expect(
      targets(
        vaultOf(
          [
            [5_000, false],
            [2_000, true],
            [1_000, true],
            [2_000, false],
          ],
          0b1,
        ),
      ),
    ).toEqual([0, 5_334, 2_666, 2_000]);
    expect(
      targets(
        vaultOf(
          [
            [0, true],
            [5_000, false],
            [5_000, false],
          ],
          0b110,
        ),
      ),
    ).toEqual([10_000, 0, 0]);
  });

  it('leave a stopped asset no band, and are the same when asked twice', () => {
    const once = inForce(
      vaultOf(
        [
          [6_000, false],
          [4_000, true],
        ],
        0b1,
      ),
    );
    expect(once.assets[0]).toMatchObject({ targetBps: 0, bandBps: 0 });
    expect(inForce(once)).toEqual(once);
  });
});

describe('stopsReached', () => {
  const { assets } = wethOver(0).vault;
  const nav = 100_000n * USD;
  const live = { ...STATE, referenceLive: true };
  const stop = { ...STOP, baseUsdE8: nav, highUsdE8: (nav * 10n) / 8n };
  const reached = (policy: Partial<typeof POLICY>, change: Partial<AssetState> = {}, state = live) =>
    stopsReached(
      { ...POLICY, ...policy },
      state,
      stop,
      assets.map((a, i) => (i === 0 ? { ...a, ...change } : a)),
      nav,
    );

  it('looks at the price of each asset that is not safe', () => {
    expect(reached({}, { stopPriceUsdE8: 2_000n * USD })).toBe(0b1);
    expect(reached({}, { stopPriceUsdE8: 1_999n * USD })).toBe(0);
    expect(reached({}, { takePriceUsdE8: 2_000n * USD })).toBe(0b1);
    expect(reached({}, { takePriceUsdE8: 2_001n * USD })).toBe(0);
    expect(reached({}, { stopPriceUsdE8: 2_000n * USD, safe: true })).toBe(0);
    expect(reached({}, { stopPriceUsdE8: 2_000n * USD }, { ...live, stopped: 0b1 })).toBe(0);
  });

  it('looks at the portfolio only while the reference is that of the present coins', () => {
    expect([reached({ stopLossBps: 2_000 }), reached({ stopLossBps: 2_001 })]).toEqual([0b101, 0]);
    expect(reached({ stopLossBps: 2_000 }, {}, { ...live, referenceLive: false })).toBe(0);
    const gain = { ...stop, baseUsdE8: (nav * 10n) / 11n };
    expect(stopsReached({ ...POLICY, takeProfitBps: 999 }, live, gain, assets, nav)).toBe(0b101);
    expect(stopsReached({ ...POLICY, takeProfitBps: 1_001 }, live, gain, assets, nav)).toBe(0);
  });
});

describe('judgeStop', () => {
  const policy = { stopLossBps: 2_000, confirmS: 600 };
  const nav = 100_000n * USD;
  const reference = { baseUsdE8: nav, highUsdE8: nav };

  it('takes the reference first, and raises it with the portfolio', () => {
    const { vault } = wethOver(0, { policy });
    const first = judgeStop(vault, nav, NOW);
    expect(first).toMatchObject({ act: 'REFERENCE', reached: 0, stop: reference });
    const live = wethOver(0, { policy, state: { referenceLive: true }, stop: reference }).vault;
    expect(judgeStop(live, nav, NOW).act).toBeNull();
    const higher = judgeStop(live, nav + 1n, NOW);
    expect(higher).toMatchObject({ act: 'REFERENCE', stop: { baseUsdE8: nav, highUsdE8: nav + 1n } });
  });

  it('arms, fires once confirmed, and forgets what was seen too long ago', () => {
    const low = (nav * 8n) / 10n;
    const at = (armed: number, age: number, state = {}) => {
      const stop = { ...reference, armed, armedAt: armed === 0 ? 0 : NOW - age };
      return judgeStop(wethOver(0, { policy, state: { referenceLive: true, ...state }, stop }).vault, low, NOW);
    };
    expect(at(0, 0)).toMatchObject({ act: 'ARM', reached: 0b101, fired: 0, stop: { armed: 0b101, armedAt: NOW } });
    expect(at(0b101, 599).act).toBeNull();
    expect(at(0b101, 600)).toMatchObject({ act: 'FIRE', fired: 0b101, stop: { armed: 0, armedAt: 0 } });
    expect(at(0b101, 4_800).act).toBe('FIRE');
    expect(at(0b101, 4_801)).toMatchObject({ act: 'ARM', fired: 0 });
    expect(at(0b101, 600, { pausedUntil: NOW + 1 }).act).toBeNull();
  });

  it('disarms what has recovered, and does nothing where there are no stops', () => {
    const stop = { ...reference, armed: 0b1, armedAt: NOW - 100 };
    const { vault } = wethOver(0, { policy, state: { referenceLive: true }, stop });
    expect(judgeStop(vault, nav, NOW)).toMatchObject({ act: 'DISARM', reached: 0, stop: { armed: 0, armedAt: 0 } });
    expect(judgeStop(wethOver(0).vault, nav, NOW)).toMatchObject({ act: null, reached: 0 });
  });
});
