/** Compiles vendored sources with their own compiler, at most once for the same input. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CACHE } from './packages.ts';

export type Artifact = {
  readonly abi: readonly unknown[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
};

export type Compilation = {
  /** Path of the compiler: a soljson.js of any version. */
  readonly compiler: string;
  /** Where imports lead: prefix of the import path -> folder. Relative imports stay below their prefix. */
  readonly roots: Readonly<Record<string, string>>;
  /** Contract -> the file that holds it, as an import path. */
  readonly contracts: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
};

type Sources = Record<string, { content: string }>;

type SolcOutput = {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<
    string,
    Record<string, { abi: unknown[]; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
};

/** Some imports span lines, which is why the whole file is searched. */
const IMPORT = /^[ \t]*import\s+(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm;

function fileOf(path: string, roots: Compilation['roots']): string {
  const prefix = Object.keys(roots).find((p) => path.startsWith(p));
  const root = prefix === undefined ? undefined : roots[prefix];
  if (prefix === undefined || root === undefined) throw new Error(`no package is known for the import ${path}`);
  return join(root, path.slice(prefix.length));
}

/** The entry files and everything they import, by import path, in an order that does not depend on the machine. */
function sourcesOf(compilation: Compilation): Sources {
  const found: Sources = {};
  const queue = Object.values(compilation.contracts);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found[path]) continue;
    const content = readFileSync(fileOf(path, compilation.roots), 'utf8');
    found[path] = { content };
    for (const [, imported = ''] of content.matchAll(IMPORT)) {
      queue.push(imported.startsWith('.') ? posix.join(dirname(path), imported) : imported);
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whole or not at all, also when two runs write the same file. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

/** @param onCompile called when the cache has no output for this input, before it takes its time */
export async function compile(compilation: Compilation, onCompile: () => void): Promise<Record<string, Artifact>> {
  const outputSelection: Record<string, Record<string, string[]>> = {};
  for (const [name, path] of Object.entries(compilation.contracts)) {
    outputSelection[path] ??= {};
    outputSelection[path][name] = ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'];
  }
  const input = JSON.stringify({
    language: 'Solidity',
    sources: sourcesOf(compilation),
    settings: { ...compilation.settings, outputSelection },
  });
  const key = createHash('sha256').update(readFileSync(compilation.compiler)).update(input).digest('hex');
  const cached = join(CACHE, 'compiled', `${key.slice(0, 32)}.json`);
  if (!existsSync(cached)) {
    onCompile();
    writeWhole(cached, JSON.stringify(await run(compilation, input)));
  }
  return JSON.parse(readFileSync(cached, 'utf8')) as Record<string, Artifact>;
}

function inThread(compiler: string, input: string): Promise<string> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL('./solcWorker.ts', import.meta.url), { workerData: { compiler, input } });
    worker.once('message', done);
    worker.once('error', fail);
    // Has no effect after an answer.
    worker.once('exit', (code) => fail(new Error(`the compiler's thread ended with ${code} and no answer`)));
  });
}

async function run(compilation: Compilation, input: string): Promise<Record<string, Artifact>> {
  const output = JSON.parse(await inThread(compilation.compiler, input)) as SolcOutput;
  const errors = (output.errors ?? []).filter((e) => e.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
  return Object.fromEntries(
    Object.entries(compilation.contracts).map(([name, path]) => {
      const contract = output.contracts?.[path]?.[name];
      if (!contract) throw new Error(`${path} compiled to no ${name}`);
      const { bytecode, deployedBytecode } = contract.evm;
      return [
        name,
        { abi: contract.abi, bytecode: `0x${bytecode.object}`, deployedBytecode: `0x${deployedBytecode.object}` },
      ];
    }),
  );
}
