/**
 * What a first visit of the page loads, gzipped: `npm run bench:page` prints one JSON object and fails above the budget.
 * Fonts are counted as they are (woff2 is compressed already). Lazily loaded chunks do not count, but are listed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildPage } from '../test/e2e/build.ts';

const BUDGET_BYTES = 250_000;

const page = await buildPage();
try {
  const html = readFileSync(join(page.dir, 'index.html'), 'utf8');
  const named = (text: string): string[] => [...text.matchAll(/assets\/[\w.-]+/g)].map((m) => m[0]);
  const first = new Set(named(html));
  for (const css of [...first].filter((f) => f.endsWith('.css')))
    for (const [, file] of readFileSync(join(page.dir, css), 'utf8').matchAll(/url\(["']?\/?([^"')]+)/g))
      if (file !== undefined) first.add(file.startsWith('assets/') ? file : `assets/${file.replace(/^\.\//, '')}`);
  const all = readdirSync(join(page.dir, 'assets')).map((f) => `assets/${f}`);
  const bytes = (file: string): number => {
    const raw = readFileSync(join(page.dir, file));
    return file.endsWith('.woff2') ? raw.length : gzipSync(raw, { level: 9 }).length;
  };
  const sizes = (files: readonly string[]): Record<string, number> =>
    Object.fromEntries(files.map((f) => [f.replace(/-[\w-]{8}\./, '.'), bytes(f)]));
  const firstLoad = ['index.html', ...first];
  const firstLoadBytes = firstLoad.reduce((sum, f) => sum + bytes(f), 0);
  const lazy = all.filter((f) => !first.has(f));
  const withinBudget = firstLoadBytes <= BUDGET_BYTES;
  const report = {
    schema: 'evenkeel.bench-page/1',
    firstLoadBytes,
    budgetBytes: BUDGET_BYTES,
    withinBudget,
    files: sizes(firstLoad),
    lazy: sizes(lazy),
  };
  console.log(JSON.stringify(report));
  if (!withinBudget) process.exitCode = 1;
} finally {
  await page.remove();
}
