/** Runs `keel` as a user does: another process, its own environment, stdout and stderr apart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** The first complete line of stdout or stderr that matches. */
  line(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
};

export type SpawnOptions = { readonly cwd: string; readonly env?: Readonly<Record<string, string>> };

export function startKeel(args: readonly string[], { cwd, env = {} }: SpawnOptions): Running {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([k]) => !k.startsWith('KEEL_') && k !== 'DATABASE_URL'),
  );
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  let look = (): void => {};
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      look();
    });
  const finished = new Promise<Finished>((done) => {
    child.once('close', (code) => done({ code, ...text }));
  });
  return {
    child,
    finished,
    line(stream, pattern) {
      return new Promise((found, missing) => {
        look = () => {
          const lines = text[stream].split('\n').slice(0, -1);
          const line = lines.find((l) => pattern.test(l));
          if (line !== undefined) found(line);
        };
        look();
        void finished.then((f) => missing(new Error(`keel ${args.join(' ')} ended with ${f.code}: ${f.stderr}`)));
      });
    },
  };
}

export function keel(args: readonly string[], options: SpawnOptions): Promise<Finished> {
  return startKeel(args, options).finished;
}
