/**
 * How long a decision takes, and a look at everybody: `npm run -s bench:policy` prints one JSON object and fails above
 * the goals. Medians and 95th percentiles of single runs, after warming up.
 */
import { cpus } from 'node:os';
import { decide } from '../../src/core/decide.ts';
import { dueOf } from '../../src/core/due.ts';
import { autoBands } from '../../src/core/policy/autoBands.ts';
import { optimalBand } from '../../src/core/policy/optimalBand.ts';
import { screen, screenAnswers } from '../../src/core/screen.ts';
import { buildScreenTable, holdersOf, setPrice } from '../../src/core/screenTable.ts';
import { asset, NOW, RULE, snapshotOf, USD, word } from '../../src/core/testing/fixtures.ts';
import { seeded } from '../../src/core/testing/random.ts';
import type { Snapshot, VaultState } from '../../src/core/types.ts';

const GOALS = { decide50Ms: 0.2, screen100kMs: 100 } as const;

type Times = { readonly p50: number; readonly p95: number };

function round(ms: number): number {
  return Number(ms.toPrecision(3));
}

function timed(runs: number, warmUp: number, act: () => unknown): Times {
  for (let i = 0; i < warmUp; i++) act();
  const times = Float64Array.from({ length: runs }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  }).sort();
  const at = (share: number): number => round(times[Math.floor(share * (runs - 1))] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}

/** Fifty assets of 2 % each worth $1m, none further than `offUsd` from its target. */
function fifty(offUsd: number): Snapshot {
  const decimals = [18, 6, 8];
  const assets = Array.from({ length: 50 }, (_, i) =>
    asset(i, {
      symbol: `T${i}`,
      decimals: decimals[i % 3] ?? 18,
      price: 1 + 37 * i,
      targetBps: 200,
      bandBps: 50,
      value: 20_000 + (i % 2 === 0 ? offUsd : -offUsd),
    }),
  );
  return snapshotOf(assets, []);
}

function fiveEach(count: number): VaultState[] {
  const r = seeded(1);
  const targets = [3_000, 2_500, 2_000, 1_500, 1_000];
  return Array.from({ length: count }, () => {
    const feeds = new Set<number>();
    while (feeds.size < 5) feeds.add(r.int(1, 40));
    const assets = [...feeds].map((feed, i) => {
      const targetBps = targets[i] ?? 0;
      const value = 10 * targetBps * (1 + r.int(-120, 120) / 1_000);
      const held = asset(i, { symbol: `T${feed}`, decimals: 18, price: feed * 25, targetBps, bandBps: 300, value });
      return { ...held, feedId: word(feed) };
    });
    return snapshotOf(assets, [], { policy: { scheduleS: 86_400 } }).vault;
  });
}

const context = { now: NOW, runInProgress: false };
const quiet = fifty(1_000);
const drifted = fifty(8_000);
if (decide(quiet, RULE, context).due.kind !== 'NONE') throw new Error('the quiet portfolio is due');
if (decide(drifted, RULE, context).due.kind !== 'DEVIATION') throw new Error('the drifted portfolio is not due');
const decide50Ms = timed(2_000, 2_000, () => decide(quiet, RULE, context));
const decide50DueMs = timed(2_000, 2_000, () => decide(drifted, RULE, context));

const vaults = fiveEach(100_000);
const vaultAt = (row: number): VaultState => {
  const vault = vaults[row];
  if (vault === undefined) throw new RangeError(`no vault ${row}`);
  return vault;
};
const start = performance.now();
const table = buildScreenTable(vaults);
const buildMs = round(performance.now() - start);
const answers = screenAnswers(table.count);
let exact = 0;
const screened = timed(40, 10, () => {
  exact = screen(table, NOW, vaultAt, answers);
});
const feed = word(7);
const onePrice = timed(40, 10, () => {
  setPrice(table, feed, { priceUsdE8: 180n * USD, status: 'OK' });
  screen(table, NOW, vaultAt, answers, holdersOf(table, feed));
});
const oneByOne = timed(5, 1, () => {
  for (const vault of vaults) dueOf(vault, NOW);
});
let bytes = 0;
for (const column of Object.values(table)) if (ArrayBuffer.isView(column)) bytes += column.byteLength;

const model = { weight: 0.3, fixed: 5e-5, proportional: 0.003, riskAversion: 3, varianceScale: 1 };
const inputs = {
  targets: Array.from({ length: 32 }, (_, i) => ({
    symbol: `T${i}`,
    targetBps: i === 0 ? 1_320 : 280,
    cost: 0.003,
    bandBps: null,
  })),
  portfolioUsd: 1_000_000,
  gasUsd: 0.5,
  preference: { riskAversion: 3 },
  risk: { relativeVolatility: 0.7 },
  looksPerYear: 8_760,
  varianceScale: 1,
  destinationBps: null,
};

const met =
  decide50Ms.p50 <= GOALS.decide50Ms && decide50DueMs.p50 <= GOALS.decide50Ms && screened.p50 <= GOALS.screen100kMs;
console.log(
  JSON.stringify({
    schema: 'evenkeel.bench-policy/1',
    cpu: cpus()[0]?.model ?? 'unknown',
    decide50Ms,
    decide50DueMs,
    screen100kMs: screened.p50,
    screen100kP95Ms: screened.p95,
    screenExact: exact,
    screenOnePriceMs: onePrice.p50,
    screenHolders: holdersOf(table, feed).length,
    screenBytesPerVault: round(bytes / table.count),
    screenBuildMs: buildMs,
    dueOf100kMs: oneByOne.p50,
    bandUs: round(1_000 * timed(500, 500, () => optimalBand(model)).p50),
    autoBands32Ms: timed(20, 5, () => autoBands(inputs)).p50,
    goals: GOALS,
    met,
  }),
);
if (!met) process.exitCode = 1;
