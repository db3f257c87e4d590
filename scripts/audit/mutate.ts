/**
 * Mutation testing: each mutant of the product is compiled and must be noticed by the unit and fuzz tests.
 * Mutants that no test can notice are argued in scripts/audit/survivors.json. The quick profile checks a sample that is
 * always the same for the same sources; what was found of a mutant is kept in .cache for as long as neither the
 * product nor its tests change.
 *
 *   node scripts/audit/mutate.ts [--quick] [--sample=N] [--only=TEXT in file, function or line] [--list]
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgeBinary } from '../forge.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { CACHE, folder, ROOT, run, SOURCES, solidityFiles, tail, type Verdict } from './run.ts';

const HOME = join(CACHE, 'audit', 'mutation');
const RESULTS = join(HOME, 'results.json');
const WORKERS = 2;
const TIMEOUT_S = 300;
const SEED = 'evenkeel';

/** First few runs, which notice most; only what survives them meets the many. */
const FUZZ_RUNS = [16, 256];

type Config = {
  readonly files: readonly string[];
  readonly tests: string;
  /** How many the quick profile looks at. */
  readonly sample: number;
  readonly leastScore: number;
};

/** A mutant that no test can notice, and why. Found again by everything but its line number. */
type Argued = Pick<Mutant, 'file' | 'at' | 'before' | 'after' | 'nth'> & { readonly because: string };

/** `same` = the compiler made the same code of it; `invalid` = it does not compile. Neither says anything about tests. */
type Fate = 'killed' | 'survived' | 'same' | 'invalid';
type Result = { readonly fate: Fate; readonly by: string; readonly seconds: number };

export type MutationOptions = { readonly sample?: number; readonly only?: string };

const config = JSON.parse(readFileSync(join(import.meta.dirname, 'mutation.json'), 'utf8')) as Config;

export const quickSample = config.sample;

export async function mutate(options: MutationOptions): Promise<Verdict> {
  const all = everyMutant();
  const argued = JSON.parse(readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')) as Argued[];
  const problems = argued
    .filter((a) => !all.some((m) => nameOf(m) === nameOf(a)))
    .map((a) => `survivors.json argues a mutant of ${a.file} that does not exist any more: ${a.before} => ${a.after}`);

  const excused = new Set(argued.map(nameOf));
  const chosen = choose(all, options);
  const results = await fates(chosen.filter((m) => !excused.has(nameOf(m))));
  const counted = [...results].filter(([, { fate }]) => fate === 'killed' || fate === 'survived');
  const survivors = counted.filter(([, { fate }]) => fate === 'survived').map(([m]) => m);
  const score = counted.length === 0 ? 1 : 1 - survivors.length / counted.length;
  for (const m of survivors) console.log(diffOf(m));
  if (score < config.leastScore) {
    problems.push(
      `Only ${percent(score)} of the mutants are noticed, ${percent(config.leastScore)} are asked for: ` +
        'write the tests, or argue the survivors above in scripts/audit/survivors.json',
    );
  }
  const of = chosen.length === all.length ? 'all' : `a sample of ${chosen.length}`;
  return {
    summary:
      `${percent(score)} of ${counted.length} noticed (${of} of ${all.length} mutants; ${argued.length} argued, ` +
      `${results.size - counted.length} without effect or not Solidity)`,
    problems,
  };
}

function everyMutant(): Mutant[] {
  return config.files.flatMap((file) => {
    const path = join(ROOT, file);
    if (!existsSync(path)) throw new Error(`scripts/audit/mutation.json lists ${file}, which does not exist`);
    return mutantsOf(file, readFileSync(path, 'utf8'));
  });
}

/** A sample takes the lowest digests: a mutant's chance does not depend on where it stands or what else there is. */
function choose(all: readonly Mutant[], { sample, only }: MutationOptions): Mutant[] {
  const wanted = all.filter((m) => only === undefined || `${m.file} ${m.at} ${m.before}`.includes(only));
  if (sample === undefined || sample >= wanted.length) return wanted;
  const rank = (m: Mutant) => sha256(SEED, nameOf(m));
  const lowest = new Set(wanted.map(rank).sort().slice(0, sample));
  return wanted.filter((m) => lowest.has(rank(m)));
}

function nameOf({ file, at, before, after, nth }: Omit<Argued, 'because'>): string {
  return JSON.stringify([file, at, before, after, nth]);
}

function diffOf(m: Mutant): string {
  return `\n${m.file}:${m.line} ${m.at} (${m.operator}, ${m.nth})\n- ${m.before}\n+ ${m.after}`;
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

function sha256(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/* ------------------------------------------------- running them ------------------------------------------------- */

/** What becomes of each mutant: remembered, or found out by a few workers that each take the next one. */
async function fates(mutants: readonly Mutant[]): Promise<Map<Mutant, Result>> {
  folder(HOME);
  const known = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, Result>) : {};
  const surroundings = hashOfEverything();
  const keyOf = (m: Mutant) => sha256(surroundings, m.file, m.source);
  const results = new Map<Mutant, Result>();
  for (const m of mutants) {
    const result = known[keyOf(m)];
    if (result !== undefined) results.set(m, result);
  }

  const queue = mutants.filter((m) => !results.has(m));
  const total = queue.length;
  if (total === 0) return results;
  const workers = await prepareWorkers(Math.min(WORKERS, total));
  let done = 0;
  const work = async (worker: Worker): Promise<void> => {
    for (let m = queue.shift(); m !== undefined; m = queue.shift()) {
      const result = await fateOf(m, worker);
      results.set(m, result);
      known[keyOf(m)] = result;
      save(known);
      done += 1;
      console.log(
        `${done}/${total} ${result.fate.padEnd(8)} ${result.seconds.toFixed(0).padStart(3)} s ` +
          `${m.file}:${m.line} ${m.before} => ${m.after} ${result.by}`,
      );
    }
  };
  await Promise.all(workers.map(work));
  return results;
}

function save(known: Record<string, Result>): void {
  writeFileSync(`${RESULTS}.new`, JSON.stringify(known));
  renameSync(`${RESULTS}.new`, RESULTS);
}

/** The product, its tests, how they are compiled and run. */
function hashOfEverything(): string {
  const files = [...solidityFiles(SOURCES), ...solidityFiles('contracts/test'), 'foundry.toml', 'package-lock.json'];
  return sha256(
    JSON.stringify(FUZZ_RUNS),
    config.tests,
    ...files.flatMap((f) => [f, readFileSync(join(ROOT, f), 'utf8')]),
  );
}

type Worker = {
  readonly root: string;
  /** The product's code without a mistake. */
  readonly baseline: string;
  /** The file that carries a mistake now, or whose compiled form still does. */
  spoiled: string | undefined;
};

/** A copy of the project for each worker, compiled, its tests passing. */
async function prepareWorkers(count: number): Promise<Worker[]> {
  const first = join(HOME, 'worker0');
  copyProject(first);
  const outcome = await test(first, FUZZ_RUNS[0] ?? 1);
  if (outcome.fate !== 'survived') throw new Error(`The tests fail without any mutant: ${outcome.by}`);
  cpSync(join(first, 'contracts/out'), join(first, 'base/out'), { recursive: true });
  cpSync(join(first, 'contracts/cache'), join(first, 'base/cache'), { recursive: true });
  const roots = Array.from({ length: count }, (_, i) => join(HOME, `worker${i}`));
  for (const root of roots.slice(1)) {
    rmSync(root, { recursive: true, force: true });
    cpSync(first, root, { recursive: true, verbatimSymlinks: true });
  }
  const baseline = codeOf(first);
  return roots.map((root) => ({ root, baseline, spoiled: undefined }));
}

function copyProject(root: string): void {
  rmSync(root, { recursive: true, force: true });
  folder(root);
  cpSync(join(ROOT, 'contracts'), join(root, 'contracts'), { recursive: true });
  cpSync(join(ROOT, 'scripts/solc.cjs'), join(folder(join(root, 'scripts')), 'solc.cjs'));
  cpSync(join(ROOT, 'foundry.toml'), join(root, 'foundry.toml'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
  // A number of runs beside a test would win over the one that is asked for here.
  for (const file of solidityFiles('contracts/test', root)) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    const without = text.replace(/^\s*\/\/\/ forge-config: \w+\.fuzz\.runs.*\n/gm, '');
    if (without !== text) writeFileSync(path, without);
  }
}

async function fateOf(m: Mutant, worker: Worker): Promise<Result> {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  if (worker.spoiled !== undefined && worker.spoiled !== m.file) restore(worker, worker.spoiled);
  worker.spoiled = m.file;
  writeFileSync(join(worker.root, m.file), m.source);
  let outcome: Omit<Result, 'seconds'> = { fate: 'survived', by: '' };
  for (const [round, runs] of FUZZ_RUNS.entries()) {
    outcome = await test(worker.root, runs);
    if (outcome.fate !== 'survived') break;
    if (round === 0 && codeOf(worker.root) === worker.baseline) return { fate: 'same', by: '', seconds: seconds() };
  }
  return { ...outcome, seconds: seconds() };
}

/** Puts back what was compiled, so that the compiler need not make the same again. */
function restore(worker: Worker, file: string): void {
  cpSync(join(ROOT, file), join(worker.root, file));
  for (const name of ['out', 'cache']) {
    const target = join(worker.root, 'contracts', name);
    rmSync(target, { recursive: true, force: true });
    cpSync(join(worker.root, 'base', name), target, { recursive: true });
  }
}

async function test(root: string, fuzzRuns: number): Promise<Omit<Result, 'seconds'>> {
  const args = ['test', '--match-path', config.tests, '--fail-fast', '--threads', '1', '--fuzz-runs', String(fuzzRuns)];
  const result = await run(forgeBinary(), args, { cwd: root, timeoutS: TIMEOUT_S });
  if (result.timedOut) return { fate: 'killed', by: 'by the time limit' };
  if (result.code === 0 && /\d+ tests passed, 0 failed/.test(result.output)) return { fate: 'survived', by: '' };
  if (/Compiler run failed|Compilation failed/i.test(result.output)) return { fate: 'invalid', by: '' };
  const failed = /^\[FAIL.*\] (\w+)\(/m.exec(result.output)?.[1];
  if (failed === undefined) throw new Error(`forge ended with ${result.code}:\n${tail(result.output, 30)}`);
  return { fate: 'killed', by: `by ${failed}` };
}

/** Digest of the code of everything below contracts/src, as compiled last. */
function codeOf(root: string): string {
  const parts: string[] = [];
  for (const file of solidityFiles('contracts/src', root)) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const made = join(root, 'contracts/out', name);
    if (!existsSync(made)) continue;
    for (const artifact of readdirSync(made).sort()) {
      const { deployedBytecode, bytecode } = JSON.parse(readFileSync(join(made, artifact), 'utf8')) as {
        deployedBytecode: { object: string };
        bytecode: { object: string };
      };
      parts.push(artifact, bytecode.object, deployedBytecode.object);
    }
  }
  return sha256(...parts);
}

if (import.meta.main) {
  const value = (name: string) =>
    process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
  const only = value('only');
  const sample = value('sample') ?? (process.argv.includes('--quick') ? quickSample : undefined);
  const options: MutationOptions = {
    ...(only === undefined ? {} : { only }),
    ...(sample === undefined ? {} : { sample: Number(sample) }),
  };
  if (process.argv.includes('--list')) {
    for (const m of choose(everyMutant(), options)) console.log(diffOf(m));
  } else {
    const { summary, problems } = await mutate(options);
    console.log(summary);
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
  }
}
