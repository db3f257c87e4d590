/** `npm start` as its users meet it: whole processes, real chain, real database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import type { RehearsalSummary } from '../src/cli/rehearsal/summary.ts';

const MAIN = resolve(import.meta.dirname, '../src/cli/main.ts');
const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'keel-test-'));
  chmodSync(dir, 0o711);
  dirs.push(dir);
  return dir;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, 'start', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outcome(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Processes of the machine that name this folder, or run in it. */
function processesOf(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(dir) || readlinkSync(`/proc/${pid}/cwd`).startsWith(dir) ? [`${pid} ${command}`] : [];
      } catch {
        return []; // it ended while we looked, or belongs to somebody else
      }
    });
}

async function answers(rpcUrl: string): Promise<boolean> {
  const { hostname, port } = new URL(rpcUrl);
  const socket = connect(Number(port), hostname);
  const open = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return open;
}

async function blockNumber(rpcUrl: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] });
  const response = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return Number(((await response.json()) as { result: string }).result);
}

const withoutWallTime = ({ wallSeconds: _, ...numbers }: RehearsalSummary) => numbers;

describe('npm start -- --unattended', () => {
  it('says the same numbers for the same seed, whatever the user has set for his own vault', {
    timeout: 180_000,
  }, async () => {
    const args = ['--unattended', '--scenario', 'gas-spike', '--seed', '3', '--json'];
    const foreign = { KEEL_RPC_URL: 'http://127.0.0.1:1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const [first, second] = await Promise.all([outcome(start(args)), outcome(start(args, foreign))]);
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
    const summary = JSON.parse(first.stdout) as RehearsalSummary;
    expect(withoutWallTime(JSON.parse(second.stdout) as RehearsalSummary)).toEqual(withoutWallTime(summary));
    expect(summary).toMatchObject({
      schema: 'evenkeel.rehearsal/1',
      scenario: 'gas-spike',
      seed: 3,
      hours: 48,
      checks: 50,
    });
    expect(summary).toMatchObject({ failed: 0, withdrawnAll: true, invariantViolations: 0 });
    expect(summary.traded).toBeGreaterThan(0);
    expect(summary.heldBack).toBeGreaterThan(1);
    expect(summary.traded + summary.noTrade + summary.heldBack).toBe(summary.checks);
    const { gas, fee, impact, slippage, total } = summary.costUsd;
    expect(gas + fee + impact + slippage).toBeCloseTo(total, 6);
    expect(first.stderr).toContain('GAS_ABOVE_CAP');
  });
});

describe('npm start', () => {
  it('names a port in use, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const dir = temporary();
    const { code, stdout, stderr } = await outcome(start(['--port', String(port), '--dir', dir]));
    blocker.close();
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(new RegExp(`error PORT_IN_USE: api.port 127.0.0.1:${port}: .*--port`));
    expect(processesOf(dir)).toEqual([]);
  });

  it('refuses a second rehearsal in the same folder and does not disturb the first', { timeout: 60_000 }, async () => {
    const dir = temporary();
    const first = start(['--port', '0', '--dir', dir]);
    const lines = createInterface({ input: first.stdout ?? process.stdin });
    for await (const line of lines) if (line.includes('check    1')) break;
    const second = await outcome(start(['--port', '0', '--dir', dir]));
    expect([second.code, second.stdout]).toEqual([3, '']);
    expect(second.stderr).toMatch(/error DATA_DIR_IN_USE: /);
    expect(first.exitCode).toBeNull();
    const ended = once(first, 'exit');
    first.stdout?.resume();
    first.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(processesOf(dir)).toEqual([]);
  });

  it('keeps making blocks when the market has reached its end', { timeout: 120_000 }, async () => {
    const rehearsal = start(['--port', '0', '--scenario', 'flat', '--dir', temporary()]);
    let chain = '';
    for await (const line of createInterface({ input: rehearsal.stdout ?? process.stdin })) {
      chain = /^Chain +(http:\S+)/.exec(line)?.[1] ?? chain;
      if (line.includes('reached its end')) break;
    }
    const atEnd = await blockNumber(chain);
    await expect.poll(() => blockNumber(chain), { timeout: 30_000, interval: 500 }).toBeGreaterThan(atEnd);
    const ended = once(rehearsal, 'exit');
    rehearsal.stdout?.resume();
    rehearsal.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('takes its keeper, chain and database along when it is killed', { timeout: 60_000 }, async () => {
    const dir = temporary();
    const parent = start(['--port', '0', '--dir', dir]);
    let chain = '';
    for await (const line of createInterface({ input: parent.stdout ?? process.stdin })) {
      chain = /^Chain +(http:\S+)/.exec(line)?.[1] ?? chain;
      if (line.includes('check    1')) break;
    }
    expect(await answers(chain)).toBe(true);
    expect(processesOf(dir).some((p) => p.includes('main.ts run'))).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => processesOf(dir), { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => answers(chain), { timeout: 20_000 }).toBe(false);
  });
});
