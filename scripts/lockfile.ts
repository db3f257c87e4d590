/** Fails when package.json has a version range, or the lockfile carries a download address or disagrees with it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
type Manifest = Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string> | undefined>;
type Entry = Manifest & { resolved?: string; integrity?: string; link?: boolean; optional?: boolean; os?: string[] };
type Lock = { packages: Record<string, Entry> };

const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8')) as Lock;
const problems: string[] = [];

for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
  for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
    if (!/^(npm:[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) problems.push(`${kind}.${name} ${version}: not exact`);
    if (lock.packages['']?.[kind]?.[name] !== version)
      problems.push(`${kind}.${name}: lockfile differs, run npm install`);
  }
}
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.resolved) problems.push(`${path || 'root'}: lockfile carries a download address`);
  // A package for another operating system may be unknown to the registry that wrote the lockfile.
  const elsewhere = entry.optional === true && entry.os !== undefined;
  if (path && !entry.link && !entry.integrity && !elsewhere) problems.push(`${path}: no integrity hash`);
  for (const name of Object.keys(path ? (entry.optionalDependencies ?? {}) : {})) {
    if (!lock.packages[`${path}/node_modules/${name}`] && !lock.packages[`node_modules/${name}`]) {
      problems.push(`${path}: its optional dependency ${name} has no entry, npm ci will refuse`);
    }
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
