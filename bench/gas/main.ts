/**
 * What a rebalance costs here and elsewhere, in one run on one chain.
 *
 *   npm run -s bench:gas              one JSON object on stdout, how it stands against its goals on stderr
 *   npm run -s bench:gas -- --write   writes it to bench/gas/gas.json, for the diff to be reviewed
 *   npm run -s bench:gas -- --check   fails when a figure has moved by more than the tolerance from that file
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Chain, type Measured, startChain } from './chain.ts';
import { dataSizeOf } from './dataFee.ts';
import { type Figures, moved, TOLERANCE } from './figures.ts';
import { deployMarket, type Market } from './market.ts';
import { type OurRows, ours } from './ours.ts';
import { coldRead, denseBare, type PeerRows, peers } from './peers.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const COMMITTED = join(ROOT, 'bench', 'gas', 'gas.json');
const HARDFORK = 'prague';

const warm = (row: Measured | null): number | null => row?.warm ?? null;

/** Three decimals: what is compared is never closer than that. */
const ratio = (a: number | null, b: number): number | null => (a === null ? null : Math.round((a / b) * 1_000) / 1_000);

const third = (four: Measured | null, one: Measured | null): number | null =>
  four && one ? Math.round((four.warm - one.warm) / 3) : null;

/** What each fill after the first adds, through another pool. */
const bareMarginal = (p: PeerRows): number => Math.round((p.bareV3Four.warm - p.bareV3.warm) / 3);

function gasOf(p: PeerRows, o: OurRows): Figures {
  return {
    ...{ bareV2: p.bareV2.warm, bareV3: p.bareV3.warm, bareV4: p.bareV4.warm, bareBalancerV3: p.bareBalancerV3.warm },
    ...{ routerV3: p.routerV3.warm, transfer: p.transfer.warm },
    ...{ fillV2: warm(o.fillV2), fillV3: warm(o.fillV3), fillV3OneSlotFeeds: warm(o.fillV3OneSlotFeeds) },
    ...{ fillV4: warm(o.fillV4), fillBalancerV3: warm(o.fillBalancerV3), fillTrampoline: warm(o.fillTrampoline) },
    bareMarginalV3: bareMarginal(p),
    batchMarginalV3: third(o.fourV3, o.fillV3),
    batchMarginalV4: third(o.fourV4, o.fillV4),
    begin: { 2: o.begin[2].warm, 5: o.begin[5].warm, 10: o.begin[10].warm, 20: o.begin[20].warm },
    finish: warm(o.finish),
    ...{ deposit: warm(o.deposit), withdraw1: warm(o.withdraw1), withdraw5: warm(o.withdraw5) },
    ...{ deploy: warm(o.deploy), deploy5: warm(o.deploy5) },
    set: { tradeModule: p.setTrade.warm, generalIndex: p.setGeneralIndex.warm },
    rebalance5: {
      ours: warm(o.rebalanceV3),
      oursOneSlotFeeds: warm(o.rebalanceV3OneSlotFeeds),
      oursV4: warm(o.rebalanceV4),
      set4tx: p.setFour.warm,
      bare: p.bareV3Four.warm,
      bareV4: p.bareV4Four.warm,
      throughUsdc: { set4tx: p.setFourThroughUsdc.warm, bare: p.bareV3FourThroughUsdc.warm },
    },
  };
}

function firstOf(p: PeerRows, o: OurRows): Figures {
  const rows = { ...p, ...o, begin: null, dense: null };
  return Object.fromEntries(Object.entries(rows).flatMap(([name, row]) => (row ? [[name, row.first]] : [])));
}

function ratiosOf(p: PeerRows, o: OurRows) {
  return {
    fillV2: ratio(warm(o.fillV2), p.bareV2.warm),
    fillV3OneSlotFeeds: ratio(warm(o.fillV3OneSlotFeeds), p.bareV3.warm),
    fillV3: ratio(warm(o.fillV3), p.bareV3.warm),
    fillV4: ratio(warm(o.fillV4), p.bareV4.warm),
    fillBalancerV3: ratio(warm(o.fillBalancerV3), p.bareBalancerV3.warm),
    batchMarginal: ratio(third(o.fourV3, o.fillV3), bareMarginal(p)),
    rebalance5: ratio(warm(o.rebalanceV3), p.setFour.warm),
    withdraw1: ratio(warm(o.withdraw1), p.transfer.warm),
  };
}

type Goal = readonly [name: string, value: number | null, most: number];

function goalsOf(p: PeerRows, o: OurRows): Goal[] {
  const r = ratiosOf(p, o);
  const trampoline = warm(o.fillTrampoline);
  return [
    ['fillV3OneSlotFeeds / bareV3', r.fillV3OneSlotFeeds, 1.4],
    ['fillV3 / bareV3', r.fillV3, 1.6],
    ['fillV4 / bareV4', r.fillV4, 1.6],
    ['fillBalancerV3 / bareBalancerV3', r.fillBalancerV3, 1.45],
    ['batchMarginalV3 / bareMarginalV3', r.batchMarginal, 1.35],
    ['rebalance5.ours / set4tx', r.rebalance5, 0.5],
    ['withdraw1 / transfer', r.withdraw1, 1.15],
    ['fillTrampoline - routerV3', trampoline === null ? null : trampoline - p.routerV3.warm, 60_000],
    ['rebalance5.ours', warm(o.rebalanceV3), 480_000],
    ['rebalance5.oursV4', warm(o.rebalanceV4), 420_000],
    ['deploy', warm(o.deploy), 200_000],
  ];
}

function tell([name, value, most]: Goal): string {
  const verdict = value === null ? 'not there yet' : value <= most ? 'met' : 'MISSED';
  return `${name.padEnd(34)} ${String(value ?? '-').padStart(8)}  at most ${String(most).padStart(7)}  ${verdict}`;
}

async function denseOf(chain: Chain, market: Market, o: OurRows): Promise<Figures> {
  const bare = async (crossed: 0 | 1 | 3 | 8): Promise<number> => (await denseBare(chain, market, crossed)).warm;
  return {
    bare: { 0: await bare(0), 1: await bare(1), 3: await bare(3), 8: await bare(8) },
    ours: { 0: o.dense[0].warm, 1: o.dense[1].warm, 3: o.dense[3].warm, 8: o.dense[8].warm },
  };
}

/** {bytes} */
async function dataOf(p: PeerRows, o: OurRows): Promise<Figures> {
  const rows: Readonly<Record<string, Measured | null>> = {
    ...{ bareV3: p.bareV3, routerV3: p.routerV3, setTrade: p.setTrade, set4tx: p.setFour },
    ...{ fillV3: o.fillV3, fourV3: o.fourV3, rebalance5: o.rebalanceV3, rebalance5V4: o.rebalanceV4 },
  };
  const sizes: Record<string, Figures> = {};
  for (const [name, row] of Object.entries(rows)) if (row) sizes[name] = await dataSizeOf(row.txs);
  return sizes;
}

async function run(): Promise<{ figures: Figures; goals: readonly Goal[] }> {
  const chain = await startChain(HARDFORK);
  try {
    const market = await deployMarket(chain);
    const p = await peers(chain, market);
    const o = await ours(chain, market);
    const { chainlink, packedFeed } = market.token('WETH');
    const figures = {
      ...gasOf(p, o),
      ratios: ratiosOf(p, o),
      denseTicks: await denseOf(chain, market, o),
      coldRead: { chainlink: await coldRead(chain, chainlink), oneSlot: await coldRead(chain, packedFeed) },
      data: await dataOf(p, o),
      first: firstOf(p, o),
    };
    return { figures, goals: goalsOf(p, o) };
  } finally {
    await chain.stop();
  }
}

/** Only what this benchmark brings itself: the product's bytecode is committed. */
function compile(): void {
  const args = [join(ROOT, 'scripts', 'forge.ts'), 'build', 'contracts/test/bench', '--quiet'];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', process.stderr.fd, 'inherit'] });
  if (status !== 0) throw new Error(`forge build ended with ${status}`);
}

compile();
const { figures, goals } = await run();
const text = `${JSON.stringify(figures, null, 2)}\n`;
if (process.argv.includes('--check')) {
  const differences = moved(JSON.parse(readFileSync(COMMITTED, 'utf8')) as Figures, figures);
  for (const line of differences) console.error(line);
  if (differences.length > 0) {
    console.error(`moved by more than ${TOLERANCE * 100} %: run npm run bench:gas -- --write and review the diff`);
    process.exitCode = 1;
  }
} else if (process.argv.includes('--write')) {
  writeFileSync(COMMITTED, text);
} else {
  process.stdout.write(text);
}
for (const goal of goals) console.error(tell(goal));
