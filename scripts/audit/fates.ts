/** What becomes of mutants: found out, and remembered for as long as it holds. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';
import { CACHE, folder, ROOT, SOURCES, solidityFiles } from './run.ts';
import {
  buildProject,
  type Code,
  type Compiler,
  compile,
  copyOf,
  DRAFT,
  deployables,
  put,
  ROUGH,
  SHIPPED,
  setUp,
  type TestRun,
  test,
  type Workbench,
} from './workbench.ts';

/** `same` = the compiler makes the same code of it; `invalid` = it does not compile. Neither says anything about tests. */
export type Fate = 'killed' | 'survived' | 'same' | 'invalid';
export type Result = {
  readonly fate: Fate;
  /** The test that noticed. */
  readonly by: string;
  readonly seconds: number;
  /** Digest of what else this depends on: the file of the test that noticed, or all tests. */
  readonly holdsFor: string;
  readonly suite: string | undefined;
};

export type Suites = {
  /** By file: the tests that concern it. */
  readonly concerning: (file: string) => string;
  /** All that may notice a mutant. */
  readonly all: string;
  /** Those that are none of this: of gas, of sizes, and those that take long. */
  readonly without: string;
};

const HOME = join(CACHE, 'audit', 'mutation');
const RESULTS = join(HOME, 'results.json');
const WORKERS = 2;

/** Ample, for what does not end runs out of gas in seconds, and a busy machine must not pass for a test that noticed. */
const TEST_TIMEOUT_S = 600;

/** First the tests that concern the file, with few runs, which notice most; what survives meets them all, with more. */
const FIRST = { fuzzRuns: 16, timeoutS: TEST_TIMEOUT_S };
const SECOND = { fuzzRuns: 64, timeoutS: TEST_TIMEOUT_S };

export function sha256(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const digestOf = (files: readonly string[]): string => sha256(...files.flatMap((file) => [file, textOf(file)]));

/** A few workers each take the next mutant, unless its fate is known. */
export async function fatesOf(mutants: readonly Mutant[], suites: Suites): Promise<Map<Mutant, Result>> {
  folder(HOME);
  const known = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, Result>) : {};
  const testFiles = solidityFiles('contracts/test');
  const support = testFiles.filter((file) => !file.endsWith('.t.sol'));
  const surroundings = sha256(
    JSON.stringify([FIRST, SECOND, suites.without]),
    digestOf([...solidityFiles(SOURCES), ...support, 'foundry.toml', 'package-lock.json']),
  );
  const allTests = sha256(suites.all, digestOf(testFiles));
  const digests = new Map(testFiles.map((file) => [file, digestOf([file])]));
  const keyOf = (m: Mutant) => sha256(surroundings, m.file, m.source);
  const dependsOn = (suite: string | undefined) => (suite === undefined ? allTests : digests.get(suite));

  const results = new Map<Mutant, Result>();
  for (const m of mutants) {
    const result = known[keyOf(m)];
    if (result !== undefined && result.holdsFor === dependsOn(result.suite)) results.set(m, result);
  }
  const queue = mutants.filter((m) => !results.has(m));
  const total = queue.length;
  if (total === 0) return results;

  const originals = await compileOriginals(queue);
  const benches = await prepare(Math.min(WORKERS, total), originals, suites);
  let done = 0;
  const work = async (bench: Workbench): Promise<void> => {
    for (let m = queue.shift(); m !== undefined; m = queue.shift()) {
      const started = Date.now();
      const found = await fateOf(m, bench, originals, suites);
      const seconds = (Date.now() - started) / 1000;
      const holdsFor = dependsOn(found.suite);
      if (holdsFor === undefined) throw new Error(`forge names a file of tests that is not there: ${found.suite}`);
      const result = { ...found, seconds, holdsFor };
      results.set(m, result);
      known[keyOf(m)] = result;
      save(known);
      done += 1;
      const by = found.by === '' ? '' : `(${found.by})`;
      console.log(
        `${done}/${total} ${found.fate.padEnd(8)} ${seconds.toFixed(0).padStart(3)} s ` +
          `${m.file}:${m.line} ${m.before} => ${m.after} ${by}`,
      );
    }
  };
  await Promise.all(benches.map(work));
  return results;
}

function save(known: Readonly<Record<string, Result>>): void {
  writeFileSync(`${RESULTS}.new`, JSON.stringify(known));
  renameSync(`${RESULTS}.new`, RESULTS);
}

/** One file of deployable code without mistakes. */
type Original = {
  readonly files: readonly string[];
  readonly compiler: Compiler;
  readonly code: Code;
  shipped?: Promise<string>;
};
type Originals = ReadonlyMap<string, Original>;

/** What the mutants get into, with the cheapest compiler that it bears. */
async function compileOriginals(mutants: readonly Mutant[]): Promise<Originals> {
  const originals = new Map<string, Original>();
  const mutated = new Set(mutants.map(({ file }) => file));
  for (const [source, files] of deployables()) {
    if (!files.some((file) => mutated.has(file))) continue;
    const rough = await compile(source, ROUGH);
    const { code, error } = rough.code === undefined ? await compile(source, DRAFT) : rough;
    if (code === undefined) throw new Error(`${source} does not compile:\n${error}`);
    originals.set(source, { files, compiler: rough.code === undefined ? DRAFT : ROUGH, code });
  }
  return originals;
}

/** As many copies of the project, their tests passing. */
async function prepare(count: number, originals: Originals, suites: Suites): Promise<Workbench[]> {
  await buildProject();
  const first = await setUp(join(HOME, 'worker0'));
  for (const { code } of originals.values()) put(first, code);
  const outcome = await test(first, secondRound(suites));
  if (!outcome.passed) throw new Error(`The tests fail without any mutant: ${outcome.by}`);
  const others = Array.from({ length: count - 1 }, (_, i) => copyOf(first, join(HOME, `worker${i + 1}`)));
  return [first, ...others];
}

const firstRound = (file: string, { concerning, without }: Suites): TestRun => ({
  tests: concerning(file),
  without,
  ...FIRST,
});

const secondRound = ({ all, without }: Suites): TestRun => ({ tests: all, without, ...SECOND });

type Found = Pick<Result, 'fate' | 'by' | 'suite'>;

async function fateOf(m: Mutant, bench: Workbench, originals: Originals, suites: Suites): Promise<Found> {
  const mistake = { file: m.file, content: m.source };
  const simply = (fate: Fate): Found => ({ fate, by: '', suite: undefined });
  const carriers = [...originals].filter(([, { files }]) => files.includes(m.file));
  const changed: [Original, Code][] = [];
  for (const [source, original] of carriers) {
    const { code } = await compile(source, original.compiler, mistake);
    if (code === undefined) return simply('invalid');
    if (JSON.stringify(code) !== JSON.stringify(original.code)) changed.push([original, code]);
  }
  if (changed.length === 0) return simply('same');
  try {
    for (const [, code] of changed) put(bench, code);
    for (const round of [firstRound(m.file, suites), secondRound(suites)]) {
      const outcome = await test(bench, round);
      if (!outcome.passed) return { fate: 'killed', by: outcome.by, suite: outcome.suite };
    }
  } finally {
    for (const [{ code }] of changed) put(bench, code);
  }
  for (const [source, original] of carriers) {
    original.shipped ??= shipped(source);
    if ((await original.shipped) !== (await shipped(source, mistake))) return simply('survived');
  }
  return simply('same');
}

async function shipped(source: string, mistake?: { file: string; content: string }): Promise<string> {
  const { code, error } = await compile(source, SHIPPED, mistake);
  if (code === undefined) throw new Error(`${source} compiles only without the optimizer:\n${error}`);
  return JSON.stringify(code);
}
