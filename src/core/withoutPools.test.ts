import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import {
  address,
  NOW,
  RULE,
  randomAssets,
  randomPolicy,
  randomState,
  snapshotOf,
  v2Pool,
  wethOver,
} from './testing/fixtures.ts';
import { seeded } from './testing/random.ts';
import type { Snapshot } from './types.ts';

/** A pool between tokens that nobody holds: with it the whole search runs. */
function withForeignPool(s: Snapshot): Snapshot {
  const [a, b] = wethOver(0).vault.assets;
  if (a === undefined || b === undefined) throw new Error('fixture');
  const foreign = v2Pool(0x999, { ...a, token: address(0xaaaa) }, { ...b, token: address(0xbbbb) }, 1_000n);
  return { ...s, pools: [foreign] };
}

describe('a decision without pools', () => {
  it('says word for word what a search through pools that lead nowhere finds', () => {
    const r = seeded(7);
    const seen = new Map<string, number>();
    for (let i = 0; i < 1_500; i++) {
      const nav = r.magnitude(10n ** 8n, 10n ** 16n);
      const assets = randomAssets(r, r.int(2, 9), nav).map((a) => ({ ...a, safe: a.index === 0 || a.safe }));
      const stopped = r.chance(0.2) ? r.int(0, 2 ** assets.length - 1) & ~1 : 0;
      const s = snapshotOf(assets, [], { policy: randomPolicy(r), state: { ...randomState(r, nav), stopped } });
      const context = { now: NOW, runInProgress: false };
      const decision = decide(s, RULE, context);
      expect(decision).toEqual(decide(withForeignPool(s), RULE, context));
      for (const { reason } of decision.leftOver) seen.set(reason, (seen.get(reason) ?? 0) + 1);
    }
    for (const reason of ['NO_ROUTE', 'SOLD_IN_EPOCH', 'BELOW_MIN_TRADE']) expect(seen.get(reason)).toBeGreaterThan(0);
  });
});
