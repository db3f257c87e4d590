/**
 * Proofs with halmos: every `check_` in contracts/test/halmos must hold for all values at once, and every `witness_` must
 * be refuted, which shows that the proofs beside it are about something. A proof that does not end in time has failed.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { forgeBinary } from '../forge.ts';
import { CACHE, folder, ROOT, run, SOURCES, solidityFiles, tail, type Verdict } from './run.ts';
import { ensureVenv } from './venv.ts';

const HOME = join(CACHE, 'audit', 'halmos');
const OUT = join(HOME, 'out');
const PROOFS = 'contracts/test/halmos';
const BUILD_TIMEOUT_S = 900;

/** Of one proof: what takes longer has failed. */
const TIMEOUT_S = 150;
const WORKERS = 2;

/** How often a loop may run before halmos gives it up; giving up is reported, and counts as a failure here. */
const LOOP = 300;

/** halmos' exit codes of a test: see its Exitcode. */
const OUTCOMES = ['proved', 'refuted', 'without an answer in time', 'stuck', 'reverting on every path', 'broken'];

type Report = {
  readonly test_results: Record<string, readonly { readonly exitcode: number; readonly num_bounded_loops: number }[]>;
};

export async function halmos(only?: string): Promise<Verdict> {
  const { halmos: program, bin } = ensureVenv();
  const questions = solidityFiles(PROOFS).flatMap(questionsIn);
  const problems = onesided(questions);
  const queue = questions.filter(({ contract, name }) => `${contract}.${name}`.includes(only ?? ''));
  if (queue.length === 0) throw new Error(`there is no proof in ${PROOFS} to run`);
  await build();
  const work = async (): Promise<void> => {
    for (let question = queue.shift(); question !== undefined; question = queue.shift()) {
      const { contract, name } = question;
      const { what, seconds, detail } = await ask(program, bin, question);
      console.log(`${what.padEnd(8)} ${seconds.toFixed(0).padStart(3)} s ${contract}.${name}`);
      const wanted = name.startsWith('check_') ? 'proved' : 'refuted';
      if (what !== wanted) problems.push(`${contract}.${name} is ${what}, not ${wanted}${detail}`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  const proofs = questions.filter(({ name }) => name.startsWith('check_')).length;
  return { summary: `${proofs} proofs and ${questions.length - proofs} witnesses`, problems };
}

type Question = { readonly contract: string; readonly name: string };

function questionsIn(file: string): Question[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^contract (\w+)|\bfunction ((?:check|witness)_\w+)/gm)].reduce<[string, Question[]]>(
    ([contract, found], [, opened, name]) =>
      opened === undefined ? [contract, [...found, { contract, name: name ?? '' }]] : [opened, found],
    ['', []],
  )[1];
}

/** Contracts that have proofs, but nothing that shows that they are about something. */
function onesided(questions: readonly Question[]): string[] {
  return [...new Set(questions.map(({ contract }) => contract))]
    .filter((c) => !questions.some(({ contract, name }) => contract === c && name.startsWith('witness_')))
    .map((contract) => `${contract} has no witness_ function`);
}

/** The proofs, cheaply compiled, with their syntax trees; and the product as it ships, for them to deploy. */
async function build(): Promise<void> {
  const forge = forgeBinary();
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  for (const [args, env] of [
    [['build', SOURCES], {}],
    [['build', PROOFS, '--force'], { FOUNDRY_PROFILE: 'halmos' }],
  ] as const) {
    const result = await run(forge, args, { env, timeoutS: BUILD_TIMEOUT_S });
    if (result.code !== 0)
      throw new Error(`forge ${args.join(' ')} ended with ${result.code}:\n${tail(result.output, 30)}`);
  }
  const deployable = solidityFiles(SOURCES).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^contract (\w+)/gm)].map(([, contract = '']) =>
      join(basename(file), `${contract}.json`),
    ),
  );
  for (const path of deployable) {
    const artifact = JSON.parse(readFileSync(join(ROOT, 'contracts/out', path), 'utf8')) as Record<string, unknown>;
    folder(join(OUT, dirname(path)));
    // Without a syntax tree halmos would warn of every one of them.
    writeFileSync(join(OUT, path), JSON.stringify({ ...artifact, ast: { nodes: [] } }));
  }
  // halmos calls forge to build what has been built just now.
  const shim = join(folder(join(HOME, 'bin')), 'forge');
  writeFileSync(shim, '#!/bin/sh\nexit 0\n');
  chmodSync(shim, 0o755);
}

type Answer = { readonly what: string; readonly seconds: number; readonly detail: string };

async function ask(program: string, bin: string, { contract, name }: Question): Promise<Answer> {
  const report = join(HOME, `${contract}.${name}.json`);
  rmSync(report, { force: true });
  const result = await run(
    program,
    [
      ...['--root', HOME, '--contract', contract, '--match-test', `^${name}\\(`, '--loop', String(LOOP)],
      ...['--solver-timeout-assertion', `${TIMEOUT_S}s`, '--json-output', report, '--no-status'],
    ],
    { env: { PATH: [join(HOME, 'bin'), bin, process.env.PATH ?? ''].join(delimiter) }, timeoutS: TIMEOUT_S },
  );
  const answer = (what: string, detail = ''): Answer => ({ what, seconds: result.seconds, detail });
  if (result.timedOut) return answer(`without an answer within ${TIMEOUT_S} s`);
  if (!existsSync(report)) return answer('broken', `:\n${tail(result.output, 15)}`);
  const { test_results } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const found = Object.values(test_results).flat()[0];
  if (found === undefined) return answer('not found by halmos', `:\n${tail(result.output, 5)}`);
  if (found.num_bounded_loops > 0) return answer(`cut off: a loop runs more than ${LOOP} rounds`);
  const what = OUTCOMES[found.exitcode] ?? `ended with ${found.exitcode}`;
  return answer(what, what === 'broken' || what === 'stuck' ? `:\n${tail(result.output, 8)}` : '');
}

if (import.meta.main) {
  const { summary, problems } = await halmos(process.argv[2]);
  console.log(summary);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
