/**
 * The contracts against a model of them that shares no code with anything: random histories of one vault, the same calls
 * to both, and after every call the outcome, the events, every view and every balance must be the same.
 *
 * KEEL_MODEL_HISTORIES  how many histories; 200 and more at night
 * KEEL_MODEL_SEED       seed of the first one; each further one has the next
 * KEEL_MODEL_OUT        folder of forge's artifacts to test instead of the committed ones, e.g. contracts/out
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Base, startBase } from './chain.ts';
import { callText, playBoth } from './compare.ts';
import { makerOf, startOf } from './history.ts';
import { type Call, isOpen, later, type Model, type Outcome } from './vaultModel.ts';

const HISTORIES = Number(process.env.KEEL_MODEL_HISTORIES ?? 30);
const FIRST_SEED = Number(process.env.KEEL_MODEL_SEED ?? 1);
const STEPS = 80;
/** Attempts at leaving calls out of a history that failed. */
const SHRINK_ATTEMPTS = 120;
const SECONDS_PER_HISTORY = 20;

/** What a history brings about at the very least, on average: less would prove little. */
const PER_HISTORY = {
  'epoch opened': 4,
  'slice executed': 6,
  fill: 7,
  'slice refused': 1.5,
  'stop armed': 0.5,
  'stop fired': 0.3,
  'epoch expired': 0.7,
  'snapshot taken anew': 0.2,
  tipped: 2,
  'fill after an outage': 0.1,
  'fill after a pause': 0.2,
  'fill by a stranger': 0.3,
} as const;

let base: Base;
beforeAll(async () => {
  base = await startBase();
});
afterAll(() => base.stop());

type Counts = Map<string, number>;
type Failure = { readonly calls: readonly Call[]; readonly wrong: readonly string[] };

const count = (counts: Counts, what: string): void => {
  counts.set(what, (counts.get(what) ?? 0) + 1);
};

const EVENT_COUNTS: Readonly<Record<string, keyof typeof PER_HISTORY>> = {
  EpochOpened: 'epoch opened',
  Filled: 'fill',
  StopFired: 'stop fired',
  SnapshotTaken: 'snapshot taken anew',
  Tipped: 'tipped',
};

/** Since the epoch began: so that the clock of the relaxation began again. */
function sequencerCameBack({ world, vault }: Model): boolean {
  if (world.sequencer === null) return false;
  const startedAt = world.sources[world.sequencer.source]?.startedAt ?? 0n;
  return vault.policy.relaxS > 0n && startedAt + world.sequencer.graceS > vault.state.epochStart;
}

/** In the middle of the epoch. */
function wasPaused({ vault: { policy, state } }: Model): boolean {
  return policy.relaxS > 0n && state.pausedUntil > state.epochStart;
}

const isStranger = ({ vault }: Model, who: string): boolean => who !== vault.owner && !vault.keepers.includes(who);

function note(counts: Counts, reached: Counts, call: Call, outcome: Outcome, before: Model): void {
  const isSlice = call.do === 'fill' || call.do === 'beginAndFill';
  const expired = isOpen(before) && !isOpen(later(before, call.at));
  if (expired) count(reached, 'epoch expired');
  if (!outcome.ok) {
    count(counts, `${call.do} ${outcome.error}`);
    if (isSlice) count(reached, 'slice refused');
    return;
  }
  count(counts, `${call.do} ok`);
  if (isSlice) count(reached, 'slice executed');
  if (isSlice && sequencerCameBack(before)) count(reached, 'fill after an outage');
  if (call.do === 'fill' && wasPaused(before)) count(reached, 'fill after a pause');
  if (isSlice && isStranger(before, call.from)) count(reached, 'fill by a stranger');
  for (const { name, args } of outcome.events) {
    const what = EVENT_COUNTS[name];
    if (what !== undefined) count(reached, what);
    if (name === 'StopArmed' && args.assets !== 0n) count(reached, 'stop armed');
  }
}

const worldOf = (seed: number) => base.open(seed % 3 === 0);

/** @returns the first call after which the two differ */
async function run(seed: number, counts: Counts, reached: Counts): Promise<Failure | null> {
  const ground = await worldOf(seed);
  const start = startOf(seed, ground.world, ground.prices);
  const live = await ground.create(start.rules);
  const maker = makerOf(seed, start.model, ground.prices);
  const calls: Call[] = [];
  let { model } = start;
  for (let i = 0; i < STEPS; i++) {
    const call = maker.next(model);
    calls.push(call);
    const { before, after, outcome, wrong } = await playBoth(model, live, call);
    if (wrong.length > 0) return { calls, wrong };
    note(counts, reached, call, outcome, before);
    model = after;
  }
  return null;
}

async function replay(seed: number, calls: readonly Call[]): Promise<Failure | null> {
  const ground = await worldOf(seed);
  const start = startOf(seed, ground.world, ground.prices);
  const live = await ground.create(start.rules);
  let { model } = start;
  for (const [i, call] of calls.entries()) {
    const { after, wrong } = await playBoth(model, live, call);
    if (wrong.length > 0) return { calls: calls.slice(0, i + 1), wrong };
    model = after;
  }
  return null;
}

/** Leaves out what the failure does not need, in halves, quarters and so on. */
async function shrink(seed: number, found: Failure): Promise<Failure> {
  let smallest = found;
  let attempts = 0;
  let size = Math.ceil(found.calls.length / 2);
  while (attempts < SHRINK_ATTEMPTS) {
    let smaller = false;
    for (let from = 0; from < smallest.calls.length - 1 && attempts < SHRINK_ATTEMPTS; attempts++) {
      // A history that the model's own world forbids, such as giving what nobody has, fails nothing.
      const shorter = smallest.calls.filter((_, i) => i < from || i >= from + size);
      const failure = await replay(seed, shorter).catch(() => null);
      if (failure === null) from += size;
      else [smallest, smaller] = [failure, true];
    }
    if (size === 1 && !smaller) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  return smallest;
}

function report(counts: Counts, reached: Counts): string {
  const line = ([what, n]: readonly [string, number]): string => `${String(n).padStart(6)} ${what}`;
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const deep = Object.keys(PER_HISTORY).map((what) => [what, reached.get(what) ?? 0] as const);
  return [`${HISTORIES} histories of ${STEPS} calls`, ...sorted.map(line), 'reached', ...deep.map(line), ''].join('\n');
}

describe('the vault and its model', () => {
  it(
    `agree after every call of ${HISTORIES} histories`,
    async () => {
      const [counts, reached]: [Counts, Counts] = [new Map(), new Map()];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
        const failure = await run(seed, counts, reached);
        if (failure === null) continue;
        const { calls, wrong } = await shrink(seed, failure);
        const after = `after these of ${failure.calls.length} calls:`;
        expect.fail([`seed ${seed}: ${wrong.join('\n  ')}`, after, ...calls.map(callText)].join('\n'));
      }
      process.stdout.write(report(counts, reached));
      const missing = Object.entries(PER_HISTORY).filter(([what, n]) => (reached.get(what) ?? 0) < n * HISTORIES);
      expect(missing).toEqual([]);
    },
    HISTORIES * SECONDS_PER_HISTORY * 1_000 + 300_000,
  );
});
