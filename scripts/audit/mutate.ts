/**
 * Mutation testing: each mutant of the product is compiled and must be noticed by the unit and fuzz tests.
 * Mutants that no test can notice are argued in scripts/audit/survivors.json. A sample is
 * always the same for the same sources; what was found of a mutant is kept in .cache for as long as neither the
 * product nor its tests change.
 *
 *   node scripts/audit/mutate.ts [--sample=N] [--only=TEXT in file, function or line] [--list]
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { forgeBinary } from '../forge.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { CACHE, folder, ROOT, run, SOURCES, solidityFiles, tail, type Verdict } from './run.ts';
import { remappingSettings, withImports } from './sources.ts';

const HOME = join(CACHE, 'audit', 'mutation');
const RESULTS = join(HOME, 'results.json');
const WORKERS = 2;
const TIMEOUT_S = 300;
const BUILD_TIMEOUT_S = 900;
const SEED = 'evenkeel';
const FACTORY = `${SOURCES}/VaultFactory.sol`;

/** First the tests that concern the file, with few runs, which notice most; what survives meets them all, with many. */
const ROUNDS = [
  { concerned: true, fuzzRuns: 16 },
  { concerned: false, fuzzRuns: 256 },
];

/** How mutants are compiled: without the optimizer, which takes half the time and changes nothing that a test sees. */
const DRAFT = { enabled: false };

/** {bytes} What is not optimised is too large for a chain. */
const CODE_LIMIT = '200000';

/** As in foundry.toml: where this makes the same code of a mutant, there is no mistake in it. */
const SHIPPED = { enabled: true, runs: 200 };

type Config = {
  /** What is mutated, and the tests that concern it. */
  readonly files: Readonly<Record<string, string>>;
  /** All that may notice a mutant. */
  readonly tests: string;
  /** Tests of gas and of the size of code: they would notice how it was compiled. */
  readonly notAbout: string;
  /** How many the quick profile looks at. */
  readonly leastScore: number;
};

/** A mutant that no test can notice, and why. Found again by everything but its line number. */
type Argued = Pick<Mutant, 'file' | 'at' | 'before' | 'after' | 'nth'> & { readonly because: string };

/** `same` = the compiler made the same code of it; `invalid` = it does not compile. Neither says anything about tests. */
type Fate = 'killed' | 'survived' | 'same' | 'invalid';
type Result = { readonly fate: Fate; readonly by: string; readonly seconds: number };

export type MutationOptions = { readonly sample?: number; readonly only?: string };

const config = JSON.parse(readFileSync(join(import.meta.dirname, 'mutation.json'), 'utf8')) as Config;

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
  return Object.keys(config.files).flatMap((file) => {
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
    JSON.stringify([ROUNDS, config.tests, config.notAbout, config.files]),
    ...files.flatMap((f) => [f, readFileSync(join(ROOT, f), 'utf8')]),
  );
}

type Worker = { readonly root: string };

/** A copy of the project for each worker, compiled, its tests passing. */
async function prepareWorkers(count: number): Promise<Worker[]> {
  const first = join(HOME, 'worker0');
  copyProject(first);
  await build(first);
  for (const source of deployables()) {
    const { code, error } = await compile(first, [source], DRAFT);
    if (code === undefined) throw new Error(`${source} does not compile:\n${error}`);
    put(first, code);
  }
  const outcome = await test(first, config.tests, ROUNDS[0]?.fuzzRuns ?? 1);
  if (outcome.fate !== 'survived') throw new Error(`The tests fail without any mutant: ${outcome.by}`);
  const roots = Array.from({ length: count }, (_, i) => join(HOME, `worker${i}`));
  for (const root of roots.slice(1)) {
    rmSync(root, { recursive: true, force: true });
    cpSync(first, root, { recursive: true, verbatimSymlinks: true });
  }
  return roots.map((root) => ({ root }));
}

/**
 * What was compiled before comes along. The factory is changed: it makes vaults of what lies in the artifacts, so that
 * a mutant of the vault does not cost a new factory.
 */
function copyProject(root: string): void {
  rmSync(root, { recursive: true, force: true });
  folder(root);
  cpSync(join(ROOT, 'contracts'), join(root, 'contracts'), { recursive: true });
  cpSync(join(ROOT, 'scripts/solc.cjs'), join(folder(join(root, 'scripts')), 'solc.cjs'));
  cpSync(join(ROOT, 'foundry.toml'), join(root, 'foundry.toml'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
  const vendored = join(ROOT, '.cache/vendor');
  if (existsSync(vendored)) symlinkSync(vendored, join(folder(join(root, '.cache')), 'vendor'), 'junction');
  const factory = join(root, FACTORY);
  writeFileSync(factory, withoutCreations(readFileSync(factory, 'utf8')));
}

const MAKER = `
    function _made(string memory name, bytes memory arguments) private returns (address made) {
        (, bytes memory answer) = address(uint160(uint256(keccak256("hevm cheat code"))))
            .staticcall(abi.encodeWithSignature("getCode(string)", string.concat(name, ".sol:", name)));
        bytes memory code = bytes.concat(abi.decode(answer, (bytes)), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0));
    }
}
`;

function withoutCreations(source: string): string {
  const made = source.replace(/address\(new (\w+)\((.*)\)\);/g, '_made("$1", abi.encode($2));');
  if (made === source || /\bnew (Vault|VaultExtension)\b/.test(made)) {
    throw new Error(`${FACTORY} makes vaults in a way that the mutation tests do not know`);
  }
  return made.replace(/\}\s*$/, MAKER);
}

async function build(root: string): Promise<void> {
  const result = await run(forgeBinary(), ['build', SOURCES, 'contracts/test'], {
    cwd: root,
    timeoutS: BUILD_TIMEOUT_S,
  });
  if (result.code !== 0) throw new Error(`forge build ended with ${result.code}:\n${tail(result.output, 30)}`);
}

/** The files whose contracts are put on a chain by tests. */
function deployables(): string[] {
  return [SOURCES, 'contracts/test/harness']
    .flatMap((below) => solidityFiles(below))
    .filter((file) => file !== FACTORY && /^contract /m.test(readFileSync(join(ROOT, file), 'utf8')));
}

/** Those that a mistake in `file` gets into. */
function carriersOf(file: string): string[] {
  return deployables().filter((source) => withImports([source])[file] !== undefined);
}

/** By path of the artifact. */
type Code = Record<string, string>;
type Compiled = { readonly code: Code | undefined; readonly error: string };

type CompilerOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<
    string,
    Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>
  >;
};

/** Compiles some files of a worker by themselves, which takes a fraction of what forge would need. */
async function compile(root: string, files: readonly string[], optimizer: object): Promise<Compiled> {
  const input = {
    language: 'Solidity',
    sources: withImports(files, root),
    settings: {
      remappings: remappingSettings(),
      evmVersion: 'cancun',
      viaIR: true,
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      optimizer,
      outputSelection: Object.fromEntries(files.map((file) => [file, { '*': ['evm.bytecode.object'] }])),
    },
  };
  const compiler = join(ROOT, 'scripts/solc.cjs');
  const result = await run(process.execPath, [compiler], { input: JSON.stringify(input), timeoutS: TIMEOUT_S });
  if (result.code !== 0) throw new Error(`solc ended with ${result.code}:\n${tail(result.output, 10)}`);
  const { errors, contracts } = JSON.parse(result.output) as CompilerOutput;
  const error = errors?.find(({ severity }) => severity === 'error')?.formattedMessage;
  if (error !== undefined) return { code: undefined, error };
  const code: Code = {};
  for (const [file, inFile] of Object.entries(contracts ?? {})) {
    for (const [name, { evm }] of Object.entries(inFile)) {
      if (evm.bytecode.object !== '')
        code[join('contracts/out', basename(file), `${name}.json`)] = `0x${evm.bytecode.object}`;
    }
  }
  return { code, error: '' };
}

/** Into the artifacts that tests deploy from. @returns what was there before */
function put(root: string, code: Code): Code {
  const before: Code = {};
  for (const [path, object] of Object.entries(code)) {
    const artifact = JSON.parse(readFileSync(join(root, path), 'utf8')) as { bytecode: { object: string } };
    before[path] = artifact.bytecode.object;
    artifact.bytecode.object = object;
    writeFileSync(join(root, path), JSON.stringify(artifact));
  }
  return before;
}

async function fateOf(m: Mutant, { root }: Worker): Promise<Result> {
  const started = Date.now();
  const found = (fate: Fate, by = ''): Result => ({ fate, by, seconds: (Date.now() - started) / 1000 });
  const path = join(root, m.file);
  const carriers = carriersOf(m.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, m.source);
  const { code } = await compile(root, carriers, DRAFT);
  const shipped = async () => JSON.stringify((await compile(root, carriers, SHIPPED)).code);
  if (code === undefined) {
    writeFileSync(path, original);
    return found('invalid');
  }
  writeFileSync(path, original); // forge must not see it, or it would compile everything again
  const before = put(root, code);
  try {
    for (const { concerned, fuzzRuns } of ROUNDS) {
      const tests = concerned ? testsOf(m.file) : config.tests;
      const { fate, by } = await test(root, tests, fuzzRuns);
      if (fate === 'killed') return found(fate, by);
    }
  } finally {
    put(root, before);
  }
  const right = await shipped();
  writeFileSync(path, m.source);
  const wrong = await shipped();
  writeFileSync(path, original);
  return found(right === wrong ? 'same' : 'survived');
}

function testsOf(file: string): string {
  return config.files[file] ?? config.tests;
}

async function test(
  root: string,
  tests: string,
  fuzzRuns: number,
): Promise<{ fate: 'killed' | 'survived'; by: string }> {
  const args = ['test', '--match-path', tests, '--no-match-test', config.notAbout, '--fail-fast', '--threads', '1'];
  const result = await run(forgeBinary(), [...args, '--fuzz-runs', String(fuzzRuns), '--code-size-limit', CODE_LIMIT], {
    cwd: root,
    timeoutS: TIMEOUT_S,
  });
  if (result.timedOut) return { fate: 'killed', by: 'by the time limit' };
  if (result.code === 0 && /\d+ tests passed, 0 failed/.test(result.output)) return { fate: 'survived', by: '' };
  const failed = /^\[FAIL.*\] (\w+)\(/m.exec(result.output)?.[1];
  if (failed === undefined) throw new Error(`forge ended with ${result.code}:\n${tail(result.output, 30)}`);
  return { fate: 'killed', by: `by ${failed}` };
}

if (import.meta.main) {
  const value = (name: string) =>
    process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
  const only = value('only');
  const sample = value('sample');
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
