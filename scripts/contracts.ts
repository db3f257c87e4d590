/**
 * Compiles the Solidity and writes what TypeScript needs of it: ABI and bytecode as typed constants.
 * `--check` writes nothing and fails when a committed file is not what the sources say. Both fail when a contract is too
 * large, or when properties, checks and tests do not agree (scripts/properties.ts).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { forge } from './forge.ts';
import { properties } from './properties.ts';

const root = join(import.meta.dirname, '..');
const outDir = join(root, 'contracts/out');
const devnetSources = join(root, 'contracts/devnet');

/** EIP-170 allows 24,576 bytes; the house rule leaves room to grow. */
const MAX_RUNTIME_BYTES = 16_384;

type AbiItem = { readonly type: string; readonly name?: string; readonly inputs?: readonly AbiInput[] };
type AbiInput = { readonly type: string; readonly components?: readonly AbiInput[] };

type Artifact = {
  readonly abi: readonly AbiItem[];
  readonly bytecode: { readonly object: string; readonly linkReferences: Record<string, unknown> };
  readonly deployedBytecode: { readonly object: string };
};

type Target = {
  readonly source: string;
  readonly contract: string;
  readonly folder: string;
  /** Contracts that lie behind the same address, whose interface is therefore one. */
  readonly behind?: readonly string[];
};

/** What runs on a chain. The extension is deployed and called by others only, so it needs no ABI of its own. */
const product = [
  'VaultFactory',
  'Vault',
  'VaultExtension',
  'Rulebook',
  'OracleHub',
  'VaultLens',
  'Trampoline',
  'PathFiller',
];

const targets: readonly Target[] = [
  ...named('src/abi', ['VaultFactory', 'Rulebook', 'OracleHub', 'VaultLens', 'Trampoline', 'PathFiller']),
  { source: 'Vault.sol', contract: 'Vault', folder: 'src/abi', behind: ['VaultExtension', 'IVault'] },
  { source: 'PoolReader.sol', contract: 'V4PoolReader', folder: 'src/abi' },
  { source: 'PoolReader.sol', contract: 'BalancerPoolReader', folder: 'src/abi' },
  ...named('test/golden/artifacts', ['MathHarness', 'SwapCaller', 'PoolMaker', 'ModelFeed', 'ModelFiller']),
];

function named(folder: string, contracts: readonly string[]): Target[] {
  return contracts.map((contract) => ({ source: `${contract}.sol`, contract, folder }));
}

function compile(): void {
  const paths = ['contracts/src', 'contracts/test/harness'];
  if (solidityFiles(devnetSources).length > 0) paths.push('contracts/devnet');
  const code = forge(['build', ...paths, '--quiet']);
  if (code !== 0) throw new Error(`forge build ended with ${code}`);
}

function solidityFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.sol'));
}

/** Every contract that a file in contracts/devnet defines and that can be deployed. */
function devnetTargets(): Target[] {
  return solidityFiles(devnetSources).flatMap((source) => {
    const text = readFileSync(join(devnetSources, source), 'utf8');
    return [...text.matchAll(/^contract (\w+)/gm)].map((match) => ({
      source,
      contract: match[1] ?? '',
      folder: 'devnet/artifacts',
    }));
  });
}

function artifactOf(target: Pick<Target, 'source' | 'contract'>): Artifact {
  return JSON.parse(readFileSync(join(outDir, target.source, `${target.contract}.json`), 'utf8')) as Artifact;
}

/** forge names an artifact's folder by the file alone: two files of one name overwrite each other's contracts. */
function refuseTwins(wanted: readonly Target[]): void {
  const names = readdirSync(join(root, 'contracts'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sol') && !/^(out|cache)\//.test(path))
    .map((path) => basename(path));
  const twin = wanted.find((t) => names.filter((name) => name === t.source).length > 1);
  if (twin) throw new Error(`two files below contracts/ are named ${twin.source}: rename one`);
}

function camel(name: string): string {
  const head = /^[A-Z]+(?![a-z])/.exec(name)?.[0] ?? name.slice(0, 1);
  return head.toLowerCase() + name.slice(head.length);
}

/** `transfer(address,uint256)`: what two entries must share to be one. */
function signatureOf(item: AbiItem): string {
  const typeOf = (i: AbiInput): string =>
    i.components === undefined ? i.type : `${i.type}(${i.components.map(typeOf).join(',')})`;
  return `${item.type} ${item.name ?? ''}(${(item.inputs ?? []).map(typeOf).join(',')})`;
}

/** The interface of everything behind one address. Nobody calls the constructor of a clone. */
function mergedAbi(target: Target, artifact: Artifact): readonly AbiItem[] {
  if (target.behind === undefined) return artifact.abi;
  const others = target.behind.flatMap((contract) => artifactOf({ source: `${contract}.sol`, contract }).abi);
  const merged = new Map<string, AbiItem>();
  for (const item of [...artifact.abi, ...others]) {
    // The fallback that leads from one half to the other is no part of the interface.
    if (item.type === 'constructor' || item.type === 'fallback') continue;
    const signature = signatureOf(item);
    if (!merged.has(signature)) merged.set(signature, item);
  }
  const rank = (i: AbiItem): string => `${['function', 'event', 'error'].indexOf(i.type)} ${signatureOf(i)}`;
  return [...merged.values()].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function typescriptOf(target: Target, artifact: Artifact): string {
  if (Object.keys(artifact.bytecode.linkReferences).length > 0) throw new Error(`${target.contract} needs linking`);
  const name = camel(target.contract);
  return [
    `// Generated by \`npm run contracts\` from ${target.contract}. Do not edit.`,
    `export const ${name}Abi = ${JSON.stringify(mergedAbi(target, artifact), null, 2)} as const;`,
    '',
    `export const ${name}Bytecode =`,
    `  '${artifact.bytecode.object}' as const;`,
    '',
  ].join('\n');
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Generated files whose contract is gone. */
function orphans(expected: ReadonlySet<string>): string[] {
  return ['src/abi', 'devnet/artifacts', 'test/golden/artifacts'].flatMap((folder) => {
    if (!existsSync(join(root, folder))) return [];
    return readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, folder, name))
      .filter((path) => !expected.has(path) && (readOrNull(path) ?? '').startsWith('// Generated by'));
  });
}

function tooLarge(): string[] {
  return product.flatMap((contract) => {
    const { deployedBytecode } = artifactOf({ source: `${contract}.sol`, contract });
    const size = (deployedBytecode.object.length - 2) / 2;
    console.log(`${contract.padEnd(14)} ${String(size).padStart(6)} bytes of ${MAX_RUNTIME_BYTES}`);
    return size >= MAX_RUNTIME_BYTES ? [`${contract} (${size} bytes)`] : [];
  });
}

function main(): void {
  const check = process.argv.includes('--check');
  compile();
  const large = tooLarge();
  const stale: string[] = [];
  const expected = new Set<string>();
  const wanted = [...targets, ...devnetTargets()];
  refuseTwins(wanted);
  for (const target of wanted) {
    const artifact = artifactOf(target);
    const path = join(root, target.folder, `${target.contract}.ts`);
    expected.add(path);
    const text = typescriptOf(target, artifact);
    if (readOrNull(path) === text) continue;
    if (check) stale.push(relative(root, path));
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  for (const path of orphans(expected)) {
    if (check) stale.push(relative(root, path));
    else rmSync(path);
  }
  if (stale.length > 0) console.error(`Stale, run \`npm run contracts\` and commit: ${stale.join(', ')}`);
  if (large.length > 0) console.error(`Runtime code of ${MAX_RUNTIME_BYTES} bytes or more: ${large.join(', ')}`);
  const unproved = properties(check);
  for (const sentence of unproved) console.error(`Properties: ${sentence}`);
  if (stale.length + large.length + unproved.length > 0) process.exitCode = 1;
}

main();
