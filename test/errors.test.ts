/** docs/errors.md and the source name the same error codes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { REASONS } from '../src/core/types.ts';

const ROOT = resolve(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && !/(^|\/)(testing|artifacts|abi)\//.test(f))
    .map((f) => readFileSync(join(ROOT, folder, f), 'utf8'));
}

const NAME = "'([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)'";
/** `code: 'X'`, the first argument of a helper that makes errors, and the tables that map system errors to codes. */
const CODES = [
  new RegExp(`\\bcode:[^,;{}]*?${NAME}`, 'g'),
  new RegExp(`\\b(?:usage|wrong|broken|keyError|apiError|unreadable|invalid|refusal)\\(\\s*${NAME}`, 'g'),
  new RegExp(`\\bE[A-Z]{4,}: \\[\\s*${NAME}`, 'g'),
];
const text = [...sources('src'), ...sources('devnet')].join('\n');
const documented = new Set(
  [...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)`/g)].map(
    (m) => m[1] ?? '',
  ),
);

it('documents every code that the source can raise', () => {
  const raised = new Set(CODES.flatMap((pattern) => [...text.matchAll(pattern)].map((m) => m[1] ?? '')));
  expect(raised.size).toBeGreaterThan(80);
  const reasons = new Set<string>(REASONS);
  expect([...raised].filter((code) => !documented.has(code) && !reasons.has(code)).sort()).toEqual([]);
});

it('documents no code that does not exist', () => {
  expect([...documented].filter((code) => code !== 'CODE' && !text.includes(`'${code}'`)).sort()).toEqual([]);
});
