/**
 * Measures what a newcomer feels: cold start to the first check, the keeper's memory, and a whole episode unattended.
 * Prints one JSON object; exits 1 when a limit is missed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const LIMITS = { firstCheckSeconds: 15, keeperPeakMb: 200, unattendedSeconds: 60 };
const CHECKS_BEFORE_MEMORY = 200;

function npmStart(args: readonly string[]): ChildProcess {
  return spawn('npm', ['start', '--silent', '--', ...args], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}

/** Peak resident set of the keeper of this data directory, from the kernel. */
function keeperPeakMb(dir: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (!command.includes('run') || !command.some((word) => word.startsWith(dir))) continue;
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (peak !== undefined) return Math.round(Number(peak) / 1024);
    } catch (error) {
      if (!['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error('the keeper process was not found');
}

async function interactive(): Promise<{ firstCheckSeconds: number; keeperPeakMb: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'keel-bench-'));
  chmodSync(dir, 0o711);
  const started = performance.now();
  const child = npmStart(['--port', '0', '--dir', dir]);
  const exited = new Promise((done) => child.once('exit', done));
  let firstCheckSeconds = 0;
  let checks = 0;
  try {
    if (!child.stdout) throw new Error('no output to read');
    for await (const line of createInterface({ input: child.stdout })) {
      if (!/check +\d+ /.test(line)) continue;
      checks += 1;
      if (checks === 1) firstCheckSeconds = seconds(started);
      if (checks === CHECKS_BEFORE_MEMORY) return { firstCheckSeconds, keeperPeakMb: keeperPeakMb(dir) };
    }
    throw new Error(`the rehearsal ended after ${checks} checks`);
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  }
}

async function unattended(): Promise<{ unattendedSeconds: number; summary: unknown }> {
  const started = performance.now();
  const child = npmStart(['--unattended', '--scenario', '2022-11-ftx', '--seed', '7', '--json']);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`the unattended rehearsal ended with exit code ${code}: ${text}`);
  return { unattendedSeconds: seconds(started), summary: JSON.parse(text) };
}

const measured = { ...(await interactive()), ...(await unattended()) };
const missed = (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).filter((name) => measured[name] > LIMITS[name]);
console.log(JSON.stringify({ schema: 'evenkeel.bench.rehearsal/1', ...measured, limits: LIMITS, missed }));
process.exitCode = missed.length === 0 ? 0 : 1;
