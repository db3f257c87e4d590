/** The real product as a stranger starts it: one process tree, a page, a chain to compare the page with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');

export type Product = {
  readonly url: string;
  readonly rpcUrl: string;
  readonly lines: readonly string[];
  /** Asks it to stop as Ctrl-C does. @returns its exit code */
  readonly stop: () => Promise<number | null>;
};

export type ProductOptions = { readonly scenario: string; readonly speed: number; readonly seed: number };

/** Starts `keel start` on free ports in a directory of its own and waits until it names its addresses. */
export async function startProduct({ scenario, speed, seed }: ProductOptions): Promise<Product> {
  // PostgreSQL refuses root and runs as another user, who must be able to walk through this directory.
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-e2e-'));
  const args = ['src/cli/main.ts', 'start', '--port', '0', '--dir', join(dir, 'data')];
  args.push('--scenario', scenario, '--speed', String(speed), '--seed', String(seed));
  const child: ChildProcess = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const found = Promise.withResolvers<{ url: string; rpcUrl: string }>();
  let url: string | undefined;
  const read = (line: string): void => {
    lines.push(line);
    url ??= /^Dashboard\s+(http:\S+)/.exec(line)?.[1];
    const rpcUrl = /^Chain\s+(http:\S+)/.exec(line)?.[1];
    if (url !== undefined && rpcUrl !== undefined) found.resolve({ url, rpcUrl });
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', read);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const log = async (): Promise<string> =>
    readFile(join(dir, 'data/keeper.log'), 'utf8').then(
      (text) => text.slice(-4000),
      () => '(no keeper log)',
    );
  void exited.then(async ([code]) =>
    found.reject(new Error(`keel start ended with ${code}:\n${lines.join('\n')}\n${await log()}`)),
  );
  const addresses = await found.promise;
  return {
    ...addresses,
    lines,
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGINT');
      const [code] = await exited;
      await rm(dir, { recursive: true, force: true });
      return code;
    },
  };
}
