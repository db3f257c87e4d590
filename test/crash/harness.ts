/** Starts keeper processes and plays the world around them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeJson, encodeJson } from '../../src/core/json.ts';
import type { DecisionRecord } from '../../src/core/types.ts';
import type { KeeperEvent } from '../../src/keeper/events.ts';
import type { ChildInput, ChildLine } from './child.ts';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type KeeperProcess = {
  readonly lines: readonly ChildLine[];
  readonly exit: Promise<Exit>;
  /** The next line after those already taken; null when the process is gone. */
  next(): Promise<ChildLine | null>;
  terminate(): Promise<Exit>;
  kill(): Promise<Exit>;
};

export function spawnKeeper(input: ChildInput): KeeperProcess {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'child.ts')], {
    env: { PATH: process.env.PATH, KEEL_TEST_CHILD: encodeJson(input) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ChildLine[] = [];
  let taken = 0;
  let gone = false;
  let wake: () => void = () => undefined;
  if (child.stdout === null) throw new Error('the child has no stdout');
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(decodeJson<ChildLine>(text));
    wake();
  });
  const exit = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      gone = true;
      wake();
      resolve({ code, signal });
    });
  });
  const end = (signal: NodeJS.Signals) => {
    if (!gone) child.kill(signal);
    return exit;
  };
  return {
    lines,
    exit,
    async next() {
      while (taken === lines.length && !gone) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines[taken++] ?? null;
    },
    terminate: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** Moves the clock whenever the keeper waits for it; ends with the process, or with the first record that `fits`. */
export async function play(
  keeper: KeeperProcess,
  clock: (runAt: number) => Promise<void>,
  fits: (record: DecisionRecord) => boolean = () => true,
): Promise<DecisionRecord | null> {
  for (let line = await keeper.next(); line !== null; line = await keeper.next()) {
    if (line.type === 'error') throw new Error(`${line.code}: ${line.message}`);
    if (line.type !== 'event') continue;
    const { event } = line;
    if (event.kind === 'check.final' && fits(event.record)) return event.record;
    if (event.kind === 'run.parked') await clock(event.runAt);
  }
  return null;
}

export function eventsOf(keeper: KeeperProcess): readonly KeeperEvent['kind'][] {
  return keeper.lines.flatMap((l) => (l.type === 'event' ? [l.event.kind] : []));
}
