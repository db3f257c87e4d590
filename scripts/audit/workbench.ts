/** A copy of the project in which compiled mistakes are put beneath the tests. */
import { cpSync, existsSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { forgeBinary } from '../forge.ts';
import { folder, ROOT, run, SOURCES, solidityFiles, tail } from './run.ts';
import { remappingSettings, withImports } from './sources.ts';

export type Workbench = { readonly root: string };

/** By path of the artifact. */
export type Code = Readonly<Record<string, string>>;

export type Compiler = { readonly viaIR: boolean; readonly optimizer: object };

/** What is compiled for tests only. The optimizer takes half the time and changes nothing that a test sees. */
export const DRAFT: Compiler = { viaIR: true, optimizer: { enabled: false } };

/** Ten times as fast, for those that do not run out of stack. */
export const ROUGH: Compiler = { viaIR: false, optimizer: { enabled: false } };

/** As in foundry.toml. */
export const SHIPPED: Compiler = { viaIR: true, optimizer: { enabled: true, runs: 200 } };

export type TestRun = {
  readonly tests: string;
  readonly without: string;
  readonly fuzzRuns: number;
  readonly timeoutS: number;
};

/** `suite` is the file of the test that failed; none if time ran out. */
export type Outcome =
  | { readonly passed: true }
  | { readonly passed: false; readonly by: string; readonly suite: string | undefined };

const FACTORY = `${SOURCES}/VaultFactory.sol`;
const BUILD_TIMEOUT_S = 1_800;
const COMPILE_TIMEOUT_S = 300;

/** {bytes} What is not optimised is too large for a chain. */
const CODE_LIMIT = '200000';

/** Compiles the project itself, so that copies of it have nothing to compile. */
export async function buildProject(): Promise<void> {
  const result = await run(forgeBinary(), ['build', SOURCES, 'contracts/test'], { timeoutS: BUILD_TIMEOUT_S });
  if (result.code !== 0) throw new Error(`forge build ended with ${result.code}:\n${tail(result.output, 30)}`);
}

/**
 * The factory in the copy makes vaults of what lies in the artifacts, so that a mistake in the vault does not cost a new
 * factory.
 */
export async function setUp(root: string): Promise<Workbench> {
  rmSync(root, { recursive: true, force: true });
  folder(root);
  cpSync(join(ROOT, 'contracts'), join(root, 'contracts'), { recursive: true, preserveTimestamps: true });
  cpSync(join(ROOT, 'scripts/solc.cjs'), join(folder(join(root, 'scripts')), 'solc.cjs'));
  cpSync(join(ROOT, 'foundry.toml'), join(root, 'foundry.toml'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
  const vendored = join(ROOT, '.cache/vendor');
  if (existsSync(vendored)) symlinkSync(vendored, join(folder(join(root, '.cache')), 'vendor'), 'junction');
  knowLinkedPackages(root);
  const factory = withoutCreations(readFileSync(join(ROOT, FACTORY), 'utf8'));
  const { code, error } = await compile(FACTORY, DRAFT, { file: FACTORY, content: factory });
  if (code === undefined) throw new Error(`${FACTORY} does not compile as the mutation tests change it:\n${error}`);
  const bench = { root };
  put(bench, code);
  return bench;
}

/** Forge follows the link to the packages and would compile everything again, as if they were others. */
function knowLinkedPackages(root: string): void {
  const path = join(root, 'contracts/cache/solidity-files-cache.json');
  const cache = JSON.parse(readFileSync(path, 'utf8')) as { paths: { libraries: string[] } };
  cache.paths.libraries = cache.paths.libraries.map((library) => realpathSync(join(root, library)));
  writeFileSync(path, JSON.stringify(cache));
}

export function copyOf(bench: Workbench, root: string): Workbench {
  rmSync(root, { recursive: true, force: true });
  cpSync(bench.root, root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return { root };
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

/** The files whose contracts tests put on a chain, each with all files that get into them. */
export function deployables(): [string, string[]][] {
  return [SOURCES, 'contracts/test/harness']
    .flatMap((below) => solidityFiles(below))
    .filter((source) => source !== FACTORY && /^contract /m.test(readFileSync(join(ROOT, source), 'utf8')))
    .map((source) => [source, Object.keys(withImports([source]))]);
}

type CompilerOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<
    string,
    Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>
  >;
};

/** Compiles one file by itself, which takes a fraction of what forge would need. `instead` is another text of a file. */
export async function compile(
  source: string,
  { viaIR, optimizer }: Compiler,
  instead?: { readonly file: string; readonly content: string },
): Promise<{ readonly code: Code | undefined; readonly error: string }> {
  const sources = withImports([source]);
  if (instead !== undefined) sources[instead.file] = { content: instead.content };
  const input = {
    language: 'Solidity',
    sources,
    settings: {
      remappings: remappingSettings(),
      evmVersion: 'cancun',
      viaIR,
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      debug: { debugInfo: [] },
      optimizer,
      outputSelection: { [source]: { '*': ['evm.bytecode.object'] } },
    },
  };
  const compiler = join(ROOT, 'scripts/solc.cjs');
  const result = await run(process.execPath, [compiler], {
    input: JSON.stringify(input),
    timeoutS: COMPILE_TIMEOUT_S,
  });
  if (result.code !== 0) throw new Error(`solc ended with ${result.code}:\n${tail(result.output, 10)}`);
  const { errors, contracts } = JSON.parse(result.output) as CompilerOutput;
  const error = errors?.find(({ severity }) => severity === 'error')?.formattedMessage;
  if (error !== undefined) return { code: undefined, error };
  const code: Record<string, string> = {};
  for (const [name, { evm }] of Object.entries(contracts?.[source] ?? {})) {
    if (evm.bytecode.object !== '') {
      code[join('contracts/out', basename(source), `${name}.json`)] = `0x${evm.bytecode.object}`;
    }
  }
  return { code, error: '' };
}

/** Into the artifacts that tests deploy from. */
export function put({ root }: Workbench, code: Code): void {
  for (const [path, object] of Object.entries(code)) {
    const artifact = JSON.parse(readFileSync(join(root, path), 'utf8')) as { bytecode: { object: string } };
    artifact.bytecode.object = object;
    writeFileSync(join(root, path), JSON.stringify(artifact));
  }
}

export async function test({ root }: Workbench, { tests, without, fuzzRuns, timeoutS }: TestRun): Promise<Outcome> {
  const args = ['test', '--match-path', tests, '--no-match-test', without, '--fail-fast', '--threads', '1'];
  const result = await run(forgeBinary(), [...args, '--fuzz-runs', String(fuzzRuns), '--code-size-limit', CODE_LIMIT], {
    cwd: root,
    timeoutS,
  });
  if (result.timedOut) return { passed: false, by: 'the time limit', suite: undefined };
  if (result.code === 0 && /\d+ tests passed, 0 failed/.test(result.output)) return { passed: true };
  const by = /^\[FAIL.*\] (\w+)\(/m.exec(result.output);
  const name = by?.[1];
  if (by === null || name === undefined) {
    throw new Error(`forge ended with ${result.code}:\n${tail(result.output, 30)}`);
  }
  const suites = [...result.output.slice(0, by.index).matchAll(/^Ran \d+ tests? for (\S+?):/gm)];
  return { passed: false, by: name, suite: suites.at(-1)?.[1] };
}
