/** Solidity files with all that they import, as the compiler's standard input wants them. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from './run.ts';

export type Sources = Record<string, { content: string }>;

type Remapping = { readonly from: string; readonly to: string };

/** `paths` and everything below them. A file is looked for in `root` first and then in the project. */
export function withImports(paths: readonly string[], root = ROOT): Sources {
  const packages = remappings();
  const sources: Sources = {};
  const add = (path: string): void => {
    if (sources[path] !== undefined) return;
    const here = join(root, path);
    const content = readFileSync(existsSync(here) ? here : join(ROOT, path), 'utf8');
    sources[path] = { content };
    for (const [, target = ''] of content.matchAll(/^\s*import\s+(?:[^"';]*\sfrom\s+)?["']([^"']+)["']/gm)) {
      add(resolveImport(path, target, packages));
    }
  };
  for (const path of paths) add(path);
  return sources;
}

/** As the compiler's settings have them. */
export function remappingSettings(): string[] {
  return remappings().map(({ from, to }) => `${from}=${to}`);
}

function resolveImport(importer: string, target: string, packages: readonly Remapping[]): string {
  if (target.startsWith('.')) return posix.join(posix.dirname(importer), target);
  const known = packages.find(({ from }) => target.startsWith(from));
  return known === undefined ? target : known.to + target.slice(known.from.length);
}

/** As foundry.toml has them; the longest prefix wins. */
function remappings(): Remapping[] {
  const line = /^remappings\s*=\s*\[([^\]]*)\]/m.exec(readFileSync(join(ROOT, 'foundry.toml'), 'utf8'))?.[1];
  if (line === undefined) throw new Error('foundry.toml has no remappings');
  return [...line.matchAll(/"([^"=]+)=([^"]+)"/g)]
    .map(([, from = '', to = '']) => ({ from, to }))
    .sort((a, b) => b.from.length - a.from.length);
}
