/** What the audit's steps share. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const CACHE = join(ROOT, '.cache');
export const SOURCES = 'contracts/src';

/** What a step found. `problems` empty = passed. */
export type Verdict = { readonly summary: string; readonly problems: readonly string[] };

export type Finished = {
  /** Null when it was ended by the time limit or by a signal. */
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
  readonly timedOut: boolean;
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** What the program reads; nothing by default. */
  readonly input?: string;
  readonly timeoutS: number;
};

/** Runs a program to its end or to its time limit, with its whole output collected. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const started = Date.now();
  return new Promise((done, fail) => {
    // A group of its own, so that the time limit also ends what the program started (solvers, compilers).
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    // A program that ends before it has read everything is judged by how it ended.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    let output = '';
    let timedOut = false;
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const endGroup = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, options.timeoutS * 1000);
    // A group of its own does not hear the terminal's interrupt.
    const onInterrupt = () => {
      endGroup();
      process.exit(130);
    };
    process.once('SIGINT', onInterrupt);
    const settle = () => {
      clearTimeout(timer);
      process.off('SIGINT', onInterrupt);
    };
    child.on('error', (error) => {
      settle();
      fail(error);
    });
    child.on('close', (code) => {
      settle();
      done({ code, output, seconds: (Date.now() - started) / 1000, timedOut });
    });
  });
}

/** Solidity files below a folder of the project, as paths from its root, in one order everywhere. */
export function solidityFiles(folder: string, root = ROOT): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sol'))
    .map((name) =>
      relative(root, join(root, folder, name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

/** @returns the folder, made if need be */
export function folder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

export const tail = (text: string, lines: number): string => text.trimEnd().split('\n').slice(-lines).join('\n');
