import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MAX_SPEED } from '../../../devnet/market/replay.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { type Call, flagOption, integerOption, textOption } from '../command.ts';
import { runInteractive } from '../rehearsal/interactive.ts';
import { checkLine } from '../rehearsal/lines.ts';
import { holdsTogether, type RehearsalSummary } from '../rehearsal/summary.ts';
import { runUnattended } from '../rehearsal/unattended.ts';
import { openWorld } from '../rehearsal/world.ts';
import { chosenScenario } from '../scenario.ts';

const DEFAULT_SCENARIO = '2022-11-ftx';
const DEFAULT_SEED = 7;
const DEFAULT_SPEED = 14_400;
const DEFAULT_PORT = 4173;
const REHEARSAL_DIR = '.keel/rehearsal';

export async function run(call: Call): Promise<ExitCode> {
  const startedAtMs = Date.now();
  const scenario = chosenScenario(call, DEFAULT_SCENARIO);
  const seed = integerOption(call, '--seed', 0, 4_294_967_295) ?? DEFAULT_SEED;
  const speed = integerOption(call, '--speed', 1, MAX_SPEED) ?? DEFAULT_SPEED;
  const apiPort = integerOption(call, '--port', 0, 65_535) ?? DEFAULT_PORT;
  const dir = textOption(call, 'dir');
  if (!flagOption(call, 'unattended')) {
    const dataDir = resolve(call.io.cwd, dir ?? REHEARSAL_DIR);
    call.output.progress('Starting the local chain, the database and a vault ...');
    const world = await openWorld({ scenario, seed, dataDir, apiPort });
    try {
      await runInteractive({ world, speed, io: call.io, output: call.output });
      call.output.progress('Stopped. Nothing is left running.');
      return EXIT.ok;
    } finally {
      await world.close();
    }
  }

  const dataDir = dir === undefined ? temporaryDir() : resolve(call.io.cwd, dir);
  try {
    const world = await openWorld({ scenario, seed, dataDir, apiPort });
    let summary: RehearsalSummary;
    try {
      summary = await runUnattended({
        world,
        seed,
        startedAtMs,
        nowMs: Date.now,
        onCheck: (check) => call.output.progress(checkLine(check, (_tone, text) => text)),
        onViolation: (sentence) => call.output.progress(`VIOLATION ${sentence}`),
        interrupted: call.io.interrupted,
      });
    } finally {
      await world.close();
    }
    call.output.object(summary);
    for (const line of summaryLines(summary)) call.output.line(line);
    return holdsTogether(summary) ? EXIT.ok : EXIT.bug;
  } finally {
    if (dir === undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses root and then runs as another user, who must be able to walk through this directory. */
function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'keel-rehearsal-'));
  chmodSync(dir, 0o711);
  return dir;
}

function summaryLines(s: RehearsalSummary): string[] {
  return [
    '',
    `${s.scenario}, ${s.hours} hours, seed ${s.seed}: ${s.checks} checks in ${s.wallSeconds} s`,
    `traded ${s.traded}, no trade ${s.noTrade}, held back ${s.heldBack}, failed ${s.failed}`,
    `value $${s.navStartUsd} -> $${s.navEndUsd}; same coins, never rebalanced $${s.holdNavUsd}`,
    `costs $${s.costUsd.total}: gas $${s.costUsd.gas}, pool fees $${s.costUsd.fee}, impact $${s.costUsd.impact}, slippage $${s.costUsd.slippage}`,
    `largest drift after a trade ${s.maxDriftAfterTradePoints} points`,
    `everything withdrawn: ${s.withdrawnAll ? 'yes' : 'NO'}; violated promises: ${s.invariantViolations}`,
  ];
}
