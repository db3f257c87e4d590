import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** A row may import the columns it names, from any depth, and itself. `type:` allows type-only imports. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/core': [],
  'src/abi': [],
  'src/networks': ['src/core'],
  'src/chain': ['src/core', 'src/abi', 'src/networks'],
  'src/store': ['src/core'],
  'src/config': ['src/core', 'src/networks'],
  'src/keeper': ['src/core', 'src/chain', 'src/store', 'src/config'],
  'src/api': ['src/core', 'src/store', 'src/keeper', 'src/config', 'src/chain', 'src/abi'],
  'src/cli': [
    'src/core',
    'src/abi',
    'src/chain',
    'src/store',
    'src/keeper',
    'src/config',
    'src/networks',
    'src/api',
    'devnet',
  ],
  devnet: ['src/core', 'src/chain', 'src/abi'],
  web: ['type:src/core', 'type:src/api'],
};

/** Packages a module may use. Modules that are not listed may use any dependency of package.json. */
const PACKAGES: Record<string, readonly string[]> = {
  'src/core': [],
  'src/abi': [],
  'src/networks': [],
  'src/config': ['zod', 'viem'],
  web: ['react', 'react-dom', 'viem'],
};

const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|process\.|globalThis\.|fetch\(|performance\.now|setTimeout|setInterval)/;

type Import = { readonly from: string; readonly typeOnly: boolean };

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const statement = /^\s*(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"]+)['"]/gm;
  for (const m of text.matchAll(statement)) found.push({ from: m[3] ?? '', typeOnly: m[2] !== undefined });
  for (const m of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) found.push({ from: m[1] ?? '', typeOnly: false });
  return found;
}

function sources(module: string): string[] {
  return readdirSync(join(ROOT, module), { recursive: true, encoding: 'utf8' })
    .filter((f) => /\.tsx?$/.test(f) && !/\.test\.tsx?$/.test(f) && !/(^|\/)testing\//.test(f))
    .filter((f) => !f.includes('node_modules') && !/vite\.config/.test(f))
    .map((f) => join(ROOT, module, f));
}

function moduleOf(path: string): string | undefined {
  const rel = relative(ROOT, path);
  return Object.keys(MAY_IMPORT).find((m) => rel === m || rel.startsWith(`${m}/`));
}

function violations(module: string): string[] {
  const allowed = MAY_IMPORT[module] ?? [];
  const out: string[] = [];
  for (const file of sources(module)) {
    const text = readFileSync(file, 'utf8');
    const where = relative(ROOT, file);
    for (const { from, typeOnly } of importsOf(text)) {
      if (from.startsWith('.')) {
        const target = moduleOf(resolve(dirname(file), from));
        if (target === module) continue;
        const ok =
          target !== undefined && (allowed.includes(target) || (typeOnly && allowed.includes(`type:${target}`)));
        if (!ok) out.push(`${where} imports ${from}`);
      } else if (from.startsWith('node:')) {
        if (module === 'src/core' || module === 'src/abi' || module === 'web') out.push(`${where} imports ${from}`);
      } else {
        const list = PACKAGES[module];
        const name = from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : from.split('/')[0];
        if (list && !from.startsWith('/rehearsal/') && !from.endsWith('.css') && !list.includes(name ?? '')) {
          out.push(`${where} imports ${from}`);
        }
      }
    }
    if (module === 'src/core') {
      const bad = IMPURE.exec(text);
      if (bad) out.push(`${where} mentions ${bad[0]}`);
    }
    if (/^export default /m.test(text)) out.push(`${where} has a default export`);
    if (/^\s*(export\s+)?(const\s+)?enum /m.test(text)) out.push(`${where} has an enum`);
  }
  return out;
}

describe('architecture', () => {
  for (const module of Object.keys(MAY_IMPORT)) {
    it(`${module} imports only what the table allows`, () => {
      expect(violations(module)).toEqual([]);
    });
  }

  it('reads imports in every form that the sources use', () => {
    expect(
      importsOf(
        `import a from 'x';\nimport type { B } from './y.ts';\nexport { c } from "z";\nawait import('./w.ts');`,
      ),
    ).toEqual([
      { from: 'x', typeOnly: false },
      { from: './y.ts', typeOnly: true },
      { from: 'z', typeOnly: false },
      { from: './w.ts', typeOnly: false },
    ]);
  });

  it('has no barrel files', () => {
    const barrels = Object.keys(MAY_IMPORT).flatMap((m) => sources(m).filter((f) => /\/index\.tsx?$/.test(f)));
    expect(barrels).toEqual([]);
  });
});
