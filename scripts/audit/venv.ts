/** The Python tools of the audit, slither and halmos, in a virtual environment of their own below .cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './run.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const HOME = join(CACHE, 'audit-venv');
const BIN = join(HOME, process.platform === 'win32' ? 'Scripts' : 'bin');
const STAMP = join(HOME, 'installed.sha256');
const OLDEST_MINOR = 11; // halmos asks for Python 3.11

export type Venv = {
  /** The folder of its programs, to be put in front of PATH: halmos looks there for its solver. */
  readonly bin: string;
  readonly slither: string;
  readonly halmos: string;
};

/** Installs what is pinned unless it is there already. Throws, saying what to do, where that is impossible. */
export function ensureVenv(): Venv {
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const has = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  if (has !== wanted) install(wanted);
  return { bin: BIN, slither: join(BIN, 'slither'), halmos: join(BIN, 'halmos') };
}

function install(digest: string): void {
  const python = findPython();
  console.log(`Installing slither and halmos with ${python} (once, about half a minute)`);
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  must(python, ['-m', 'venv', HOME], 'its module venv is missing: on Debian and Ubuntu, apt install python3-venv');
  must(
    join(BIN, 'python'),
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', REQUIREMENTS],
    'pip could not install scripts/audit/requirements.txt: is a package index reachable?',
  );
  writeFileSync(STAMP, digest);
}

/** The first Python that is new enough: the plain name first, then by version. */
function findPython(): string {
  const names = ['python3', 'python3.11', 'python3.12', 'python3.13', 'python3.14', 'python'];
  const seen: string[] = [];
  for (const name of names) {
    const answer = spawnSync(name, ['-c', 'import sys; print(sys.version_info[0], sys.version_info[1])'], {
      encoding: 'utf8',
    });
    if (answer.status !== 0) continue;
    const [major = 0, minor = 0] = answer.stdout.trim().split(' ').map(Number);
    if (major === 3 && minor >= OLDEST_MINOR) return name;
    seen.push(`${name} is ${major}.${minor}`);
  }
  const found = seen.length === 0 ? 'none was found' : seen.join(', ');
  throw new Error(
    `The audit needs Python 3.${OLDEST_MINOR} or newer for slither and halmos; ${found}. ` +
      `Install one (apt install python3 python3-venv, brew install python), or leave these steps out: ` +
      `npm run audit -- --only=invariants,mutation`,
  );
}

function must(program: string, args: readonly string[], remedy: string): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${status}: ${remedy}`);
}
