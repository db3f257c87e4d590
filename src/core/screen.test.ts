import { describe, expect, it } from 'vitest';
import { dueOf } from './due.ts';
import { KeelError } from './errors.ts';
import { answerAt, screen, screenAnswers } from './screen.ts';
import { buildScreenTable, holdersOf, setPrice, setVault } from './screenTable.ts';
import { NOW, randomAssets, randomPolicy, randomState, snapshotOf, USD, wethOver, word } from './testing/fixtures.ts';
import { type Random, seeded } from './testing/random.ts';
import { type AssetState, PRICE_STATUSES, type VaultState } from './types.ts';

/** Its feeds are its own, so that each vault may hit its edges to the wei. */
function randomVault(r: Random, id: number): VaultState {
  const nav = r.magnitude(1n, 10n ** 17n);
  const assets = randomAssets(r, r.int(1, 9), nav).map((a): AssetState => {
    const bad = r.chance(0.01);
    const safe = { ...a, feedId: word(id * 100 + a.index + 1), safe: a.index === 0 || a.safe };
    if (bad) return { ...safe, priceStatus: r.pick(PRICE_STATUSES.slice(1)), priceUsdE8: 0n };
    return r.chance(0.01) ? { ...safe, balance: 0n, balanceKnown: false } : safe;
  });
  const stopped = r.chance(0.2) ? r.int(0, 2 ** assets.length - 1) & ~1 : 0;
  const vault = snapshotOf(r.chance(0.01) ? [] : assets, [], {
    policy: randomPolicy(r),
    state: { ...randomState(r, nav), stopped },
  }).vault;
  return r.chance(0.3) ? { ...vault, policy: { ...vault.policy, minTradeUsdE2: 0 } } : vault;
}

/** Price 1.0 and 8 decimals, one unit before, on and after every edge: band, inner band, smallest trade, stopped band. */
function edgeVaults(): VaultState[] {
  const vaults: VaultState[] = [];
  for (const nav of [10n ** 6n, 10n ** 12n, 10n ** 15n, 3n * 10n ** 17n, 10n ** 21n])
    for (const edgeBps of [500n, 100n, 50n])
      for (const off of [-3n, -2n, -1n, 0n, 1n, 2n, 3n])
        for (const stopped of [0, 1])
          for (const minTradeUsdE2 of [0, 1, Number((nav * edgeBps) / 10n ** 10n)]) {
            const { vault } = wethOver(0, {
              policy: { scheduleS: 3_600, minTradeUsdE2: Math.min(minTradeUsdE2, 2 ** 32 - 1) },
              state: { stopped },
            });
            const over = (edgeBps * nav) / 10_000n + off;
            const shares = [(nav * 4n) / 10n + over, (nav * 4n) / 10n - over, nav - 2n * ((nav * 4n) / 10n)];
            const assets = vault.assets.map((a, i) => ({
              ...a,
              decimals: 8,
              priceUsdE8: USD,
              balance: shares[i] ?? 0n,
            }));
            vaults.push({ ...vault, assets });
            const held = assets.map((a, i) => ({
              ...a,
              balance: i === 0 ? (nav * edgeBps) / 10_000n + off : a.balance,
            }));
            vaults.push({ ...vault, assets: held });
          }
  return vaults;
}

function expectSame(vaults: readonly VaultState[], now: number): number {
  const table = buildScreenTable(vaults);
  const answers = screenAnswers(vaults.length);
  const exact = screen(table, now, (row) => vaults[row] as VaultState, answers);
  for (const [row, vault] of vaults.entries()) {
    const [ours, its] = [answerAt(answers, row), dueOf(vault, now)];
    if (ours.kind !== its.kind || ours.reason !== its.reason || ours.retryAt !== its.retryAt)
      expect({ row, ...ours }).toEqual({ row, ...its });
  }
  return exact;
}

describe('screen', () => {
  it('answers as dueOf on 8,000 random vaults, most of them without asking it', () => {
    const r = seeded(1);
    const vaults = Array.from({ length: 8_000 }, (_, id) => randomVault(r, id));
    const kinds = new Set(vaults.map((v) => `${dueOf(v, NOW).kind} ${dueOf(v, NOW).reason}`));
    expect(kinds.size).toBeGreaterThanOrEqual(12);
    const exact = expectSame(vaults, NOW);
    expect(exact).toBeGreaterThan(0);
    expect(exact).toBeLessThan(vaults.length / 3);
    expectSame(vaults, NOW + 100_000);
  });

  it('answers as dueOf to the unit around every edge, and asks it there', () => {
    const vaults = edgeVaults();
    expect(expectSame(vaults, NOW)).toBeGreaterThan(vaults.length / 5);
  });

  it('needs dueOf for next to nobody when vaults are ordinary', () => {
    const r = seeded(2);
    const vaults = Array.from({ length: 5_000 }, () => wethOver(r.int(-700_000, 700_000) / 100).vault);
    expect(expectSame(vaults, NOW)).toBeLessThan(5);
  });

  it('looks again only at those who hold what changed', () => {
    const r = seeded(3);
    const vaults = Array.from({ length: 300 }, (_, id) => {
      const { vault } = wethOver(r.int(-6_000, 6_000));
      return id % 3 === 0
        ? { ...vault, assets: vault.assets.map((a) => ({ ...a, feedId: word(900 + a.index) })) }
        : vault;
    });
    const table = buildScreenTable(vaults);
    const answers = screenAnswers(vaults.length);
    const vaultAt = (row: number) => vaults[row] as VaultState;
    screen(table, NOW, vaultAt, answers);
    const feedId = word(900);
    const holders = holdersOf(table, feedId);
    expect([...holders]).toEqual(vaults.flatMap((_, id) => (id % 3 === 0 ? [id] : [])));
    setPrice(table, feedId, { priceUsdE8: 2_600n * USD, status: 'OK' });
    screen(table, NOW, vaultAt, answers, holders);
    let changed = 0;
    for (const [row, vault] of vaults.entries()) {
      const assets = vault.assets.map((a) => (a.feedId === feedId ? { ...a, priceUsdE8: 2_600n * USD } : a));
      expect(answerAt(answers, row)).toEqual(dueOf({ ...vault, assets }, NOW));
      if (dueOf(vault, NOW).kind !== dueOf({ ...vault, assets }, NOW).kind) changed++;
    }
    expect(changed).toBeGreaterThan(20);
    setPrice(table, feedId, { priceUsdE8: 0n, status: 'STALE' });
    screen(table, NOW, vaultAt, answers, holders);
    expect(answerAt(answers, 0).reason).toBe('PRICE_STALE');
    expect(answerAt(answers, 1).reason).not.toBe('PRICE_STALE');
    expect(holdersOf(table, word(12_345)).length).toBe(0);
  });

  it('takes a vault as it is after a trade', () => {
    const vaults = [wethOver(6_000).vault, wethOver(0).vault];
    const table = buildScreenTable(vaults);
    const answers = screenAnswers(2);
    vaults[0] = wethOver(0).vault;
    setVault(table, 0, vaults[0]);
    screen(table, NOW, (row) => vaults[row] as VaultState, answers);
    expect(answerAt(answers, 0)).toEqual({ kind: 'NONE', reason: 'IN_BAND', retryAt: 0 });
    const shorter = { ...vaults[0], assets: vaults[0].assets.slice(1) };
    expect(() => setVault(table, 0, shorter)).toThrow(KeelError);
    const swapped = { ...vaults[0], assets: vaults[0].assets.toReversed() };
    expect(() => setVault(table, 0, swapped)).toThrow(/another feed/);
    expect(() => setPrice(table, word(77), { priceUsdE8: 1n, status: 'OK' })).toThrow(KeelError);
  });
});
