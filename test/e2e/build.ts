import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const vite = resolve(import.meta.dirname, '../../node_modules/vite/bin/vite.js');
const configFile = resolve(import.meta.dirname, '../../web/vite.config.ts');

export type BuiltPage = { readonly dir: string; readonly remove: () => Promise<void> };

/** Builds the page as released, into a folder of its own so that suites do not disturb each other. */
export async function buildPage(): Promise<BuiltPage> {
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-web-'));
  // A process of its own: a test runner's NODE_ENV would build React's development version.
  const args = [vite, 'build', '--config', configFile, '--outDir', dir, '--emptyOutDir', '--logLevel', 'warn'];
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`vite build ended with ${code}`);
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
