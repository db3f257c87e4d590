/**
 * Runs forge's own binary. The launcher that npm puts into .bin ends with 0 whatever forge found, so a failing test
 * or build would pass.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export function forgeBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const file = process.platform === 'win32' ? 'forge.exe' : 'forge';
  const launcher = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json'));
  return launcher.resolve(`@foundry-rs/forge-${process.platform}-${arch}/bin/${file}`);
}

/** @returns the exit code; throws when forge could not be run or was killed. */
export function forge(args: readonly string[]): number {
  const result = spawnSync(forgeBinary(), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error !== undefined) throw result.error;
  if (result.status === null) throw new Error(`forge was ended by ${result.signal}`);
  return result.status;
}

if (import.meta.main) process.exitCode = forge(process.argv.slice(2));
