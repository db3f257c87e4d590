import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const configFile = resolve(import.meta.dirname, '../../web/vite.config.ts');

export type BuiltPage = { readonly dir: string; readonly remove: () => Promise<void> };

/** Builds the page as released, into a folder of its own so that suites do not disturb each other. */
export async function buildPage(): Promise<BuiltPage> {
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-web-'));
  await build({ configFile, logLevel: 'warn', mode: 'production', build: { outDir: dir, emptyOutDir: true } });
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
