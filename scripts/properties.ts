/**
 * The properties that the contracts claim, where they are checked, and what proves them: the table in contracts/README.md.
 * A check in the code carries `P:[4]`; a test that proves it is named `test_P4_...`, `testFuzz_P4_...`,
 * `invariant_P4_...` or, for halmos, `check_P4_...`. The statements are in contracts/properties.json.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const contracts = join(import.meta.dirname, '../contracts');
const readme = join(contracts, 'README.md');
const BEGIN = '<!-- properties:begin -->';
const END = '<!-- properties:end -->';
const COUNT = 25;

type Property = {
  readonly n: number;
  readonly statement: string;
  /** The part of the product that it belongs to and that is not there yet. */
  readonly later?: string;
  /** Why tests prove it although no single line of the code is its check. */
  readonly whole?: string;
};

/** Number of the property -> file -> how often it names the property. */
type Places = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** Writes the table, or with `check` only compares it. @returns what is wrong, one sentence each */
export function properties(check: boolean): string[] {
  const list = JSON.parse(readFileSync(join(contracts, 'properties.json'), 'utf8')) as readonly Property[];
  const checks = places('src', /P:\[(\d+)\]/g);
  const tests = places('test', /\bfunction (?:test|testFuzz|invariant|check)_P(\d+)_/g);
  return [...disagreements(list, checks, tests), ...table(list, checks, tests, check)];
}

function places(folder: string, pattern: RegExp): Places {
  const found = new Map<number, Map<string, number>>();
  const names = readdirSync(join(contracts, folder), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((path) => path.endsWith('.sol')).sort()) {
    const path = [folder, ...name.split(sep)].join('/');
    for (const [, digits] of readFileSync(join(contracts, path), 'utf8').matchAll(pattern)) {
      const files = found.get(Number(digits)) ?? new Map<string, number>();
      files.set(path, (files.get(path) ?? 0) + 1);
      found.set(Number(digits), files);
    }
  }
  return found;
}

function disagreements(list: readonly Property[], checks: Places, tests: Places): string[] {
  const wrong: string[] = [];
  const numbers = list.map(({ n }) => n).join();
  const wanted = Array.from({ length: COUNT }, (_, i) => i + 1).join();
  if (numbers !== wanted) wrong.push(`properties.json lists ${numbers} instead of 1 to ${COUNT}`);
  for (const [where, found] of [
    ['a check', checks],
    ['a test', tests],
  ] as const) {
    const unknown = [...found].filter(([n]) => n < 1 || n > COUNT);
    wrong.push(...unknown.map(([n, files]) => `${where} names P${n}, which is none: ${[...files.keys()].join(', ')}`));
  }
  for (const { n, later, whole } of list) {
    const checked = checks.has(n);
    const tested = tests.has(n);
    if (later !== undefined) {
      if (checked || tested) wrong.push(`P${n} is said to come later (${later}), but there is code or a test for it`);
    } else if (!tested) {
      wrong.push(checked ? `P:[${n}] in the code is proved by no test` : `P${n} has neither a check nor a test`);
    } else if (whole === undefined && !checked) {
      wrong.push(`Tests are named after P${n}, but no check in the code carries P:[${n}]`);
    } else if (whole !== undefined && checked) {
      wrong.push(`P${n} is said to have no single check (${whole}), but the code carries P:[${n}]`);
    }
  }
  return wrong;
}

function table(list: readonly Property[], checks: Places, tests: Places, check: boolean): string[] {
  const text = readFileSync(readme, 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) return [`contracts/README.md lacks the markers ${BEGIN} and ${END}`];
  const fresh = `${text.slice(0, from)}${BEGIN}\n${render(list, checks, tests)}\n${text.slice(to)}`;
  if (fresh === text) return [];
  if (check) return ['the table of properties in contracts/README.md is stale: run `npm run contracts` and commit'];
  writeFileSync(readme, fresh);
  return [];
}

function render(list: readonly Property[], checks: Places, tests: Places): string {
  const rows = list.map(({ n, statement, later, whole }) => {
    if (later !== undefined) return `| P${n} | ${statement} | – | *not in this product yet: ${later}* |`;
    return `| P${n} | ${statement} | ${whole ?? links(checks.get(n), false)} | ${links(tests.get(n), true)} |`;
  });
  return ['| | Property | Checked in | Proved by (number of tests) |', '|---|---|---|---|', ...rows].join('\n');
}

function links(files: ReadonlyMap<string, number> | undefined, counted: boolean): string {
  return [...(files ?? [])]
    .map(([path, count]) => {
      const short = path.replace(/^(?:src\/(?:.*\/)?|test\/)/, '').replace(/(?:\.t)?\.sol$/, '');
      return `[${short}](${path})${counted ? ` ${count}` : ''}`;
    })
    .join(', ');
}
