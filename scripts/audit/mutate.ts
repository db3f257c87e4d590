/**
 * Mutation testing: each mutant of the product is compiled and must be noticed by the unit and fuzz tests.
 * Mutants that no test can notice are argued in scripts/audit/survivors.json; the score counts them as not noticed all
 * the same. A sample is always the same for the same sources; what was found of a mutant is kept in .cache for as long
 * as the product and the test that noticed it (of a survivor: all tests) do not change.
 *
 *   node scripts/audit/mutate.ts [--quick] [--sample=N of each file] [--only=TEXT in file, function or line] [--list]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fatesOf, type Result, sha256 } from './fates.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { ROOT, type Verdict } from './run.ts';

const SEED = 'evenkeel';

type Config = {
  readonly files: Readonly<Record<string, FileConfig>>;
  /** All tests that may notice a mutant. */
  readonly tests: string;
  /** Names of tests that are none of this: of gas and of sizes, which notice how a mutant was compiled, and long ones. */
  readonly notAbout: string;
  /** How many of each file without a sample of its own the quick profile looks at. */
  readonly quickSample: number;
  readonly leastScore: number;
};

type FileConfig = {
  /** The tests that concern it. */
  readonly tests: string;
  /** How many mutants are looked at; all of them if it does not say. */
  readonly sample?: number;
};

/** A mutant that no test can notice, and why. Found again by everything but its line number. */
type Argued = Pick<Mutant, 'file' | 'at' | 'before' | 'after' | 'nth'> & { readonly because: string };

export type MutationOptions = { readonly quick?: boolean; readonly sample?: number; readonly only?: string };

type Score = { readonly killed: number; readonly survived: number; readonly argued: number; readonly void: number };

const config = JSON.parse(readFileSync(join(import.meta.dirname, 'mutation.json'), 'utf8')) as Config;

export async function mutate(options: MutationOptions): Promise<Verdict> {
  const all = everyMutant();
  const argued = JSON.parse(readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')) as Argued[];
  const excused = new Set(argued.map(nameOf));
  const problems = argued
    .filter((a) => !all.some((m) => nameOf(m) === nameOf(a)))
    .map((a) => `survivors.json argues a mutant of ${a.file} that does not exist any more: ${a.before} => ${a.after}`);

  const results = await fatesOf(choose(all, options), {
    concerning: (file) => config.files[file]?.tests ?? config.tests,
    all: config.tests,
    without: config.notAbout,
  });
  for (const [m, { fate, by }] of results) {
    const name = nameOf(m);
    if (fate === 'survived' && !excused.has(name)) console.log(diffOf(m));
    if (fate === 'killed' && excused.has(name)) {
      problems.push(`survivors.json argues that nothing notices ${m.before} => ${m.after} in ${m.at}, but ${by} does`);
    }
    if ((fate === 'same' || fate === 'invalid') && excused.has(name)) {
      problems.push(`survivors.json argues ${m.before} => ${m.after} in ${m.at}, which needs no argument: ${fate}`);
    }
  }
  const lines: string[] = [];
  for (const [group, files] of groups()) {
    const score = scoreOf(results, excused, files);
    if (score.killed + score.survived + score.argued === 0) continue;
    lines.push(`${group}: ${told(score)}`);
    if (noticed(score) < config.leastScore) {
      problems.push(
        `${group}: only ${percent(noticed(score))} of the mutants are noticed, ${percent(config.leastScore)} are asked ` +
          'for. Write the tests for the survivors above',
      );
    }
  }
  for (const line of lines) console.log(line);
  const together = scoreOf(results, excused, Object.keys(config.files));
  const unargued = together.survived;
  if (unargued > 0) console.log(`${unargued} survivors, shown above, are not argued in scripts/audit/survivors.json`);
  return { summary: `${told(together)} (${results.size} of ${all.length} mutants)`, problems };
}

/** What must reach the score: each file that is looked at as a whole, and the samples of all others together. */
function groups(): [string, string[]][] {
  const files = Object.entries(config.files);
  const whole = files.filter(([, { sample }]) => sample === undefined).map(([file]) => file);
  const sampled = files.filter(([, { sample }]) => sample !== undefined).map(([file]) => file);
  return [...whole.map((file): [string, string[]] => [file, [file]]), ['samples of other files', sampled]];
}

function everyMutant(): Mutant[] {
  return Object.keys(config.files).flatMap((file) => {
    const path = join(ROOT, file);
    if (!existsSync(path)) throw new Error(`scripts/audit/mutation.json lists ${file}, which does not exist`);
    return mutantsOf(file, readFileSync(path, 'utf8'));
  });
}

/**
 * A sample takes the lowest digests: a mutant's chance does not depend on where it stands or what else there is. They are
 * looked at in this order, so that what was found until a run was ended is a sample too.
 */
function choose(all: readonly Mutant[], { quick, sample, only }: MutationOptions): Mutant[] {
  const wanted = all.filter((m) => only === undefined || `${m.file} ${m.at} ${m.before}`.includes(only));
  return Object.entries(config.files).flatMap(([file, { sample: usual }]) => {
    const count = quick === true ? (usual === undefined ? config.quickSample : 0) : (sample ?? usual);
    const ranked = wanted.filter((m) => m.file === file).map((m) => ({ m, rank: sha256(SEED, nameOf(m)) }));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    return ranked.slice(0, count).map(({ m }) => m);
  });
}

function scoreOf(results: ReadonlyMap<Mutant, Result>, excused: ReadonlySet<string>, files: readonly string[]): Score {
  const inFiles = [...results].filter(([{ file }]) => files.includes(file));
  const survivors = inFiles.filter(([, { fate }]) => fate === 'survived').map(([m]) => m);
  const argued = survivors.filter((m) => excused.has(nameOf(m))).length;
  const killed = inFiles.filter(([, { fate }]) => fate === 'killed').length;
  return {
    killed,
    survived: survivors.length - argued,
    argued,
    void: inFiles.length - killed - survivors.length,
  };
}

/** Of all that compile to other code, those included that are argued to make no difference. */
function noticed({ killed, survived, argued }: Score): number {
  const counted = killed + survived + argued;
  return counted === 0 ? 1 : killed / counted;
}

function told(score: Score): string {
  const { killed, survived, argued } = score;
  return (
    `${percent(noticed(score))} noticed (${killed} of ${killed + survived + argued}; of the others ${argued} are argued ` +
    `to make no difference, ${survived} are not), ${score.void} more make the same code or none`
  );
}

function nameOf({ file, at, before, after, nth }: Omit<Argued, 'because'>): string {
  return JSON.stringify([file, at, before, after, nth]);
}

function diffOf(m: Mutant): string {
  return `\n${m.file}:${m.line} ${m.at} (${m.operator}, ${m.nth})\n- ${m.before}\n+ ${m.after}`;
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

if (import.meta.main) {
  const value = (name: string) =>
    process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
  const only = value('only');
  const sample = value('sample');
  const options: MutationOptions = {
    quick: process.argv.includes('--quick'),
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
