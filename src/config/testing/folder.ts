/** Config files in a throw-away folder, and the error that reading them ends with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeelError } from '../../core/errors.ts';
import { type Loaded, loadConfig } from '../load.ts';
import type { Config } from '../schema.ts';
import { exampleConfig } from './example.ts';

export type Json = Record<string, unknown>;

export type Folder = {
  readonly dir: string;
  write(content: unknown): string;
  load(content: unknown, extra?: { env?: Record<string, string>; flags?: Record<string, string> }): Loaded<Config>;
  remove(): void;
};

export function configFolder(): Folder {
  const dir = mkdtempSync(join(tmpdir(), 'keel-config-'));
  const write = (content: unknown): string => {
    const path = join(dir, 'keel.config.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return path;
  };
  return {
    dir,
    write,
    load: (content, extra = {}) =>
      loadConfig({ cwd: dir, env: extra.env ?? {}, flags: extra.flags ?? {}, configPath: write(content) }),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

export function example(change: (config: Json) => void = () => {}): Json {
  const config = JSON.parse(JSON.stringify(exampleConfig())) as Json;
  change(config);
  return config;
}

export function refusal(run: () => unknown): KeelError {
  try {
    run();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
