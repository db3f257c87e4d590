/** Bytecode of the peers, as `npm run vendor` put it down, and of the benchmark's own contracts, as forge made it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Abi, encodeDeployData, type Hex } from 'viem';

const ROOT = resolve(import.meta.dirname, '..', '..');

type Artifact = { readonly abi: Abi; readonly bytecode: Hex };

function read(path: string): { abi: Abi; bytecode: Hex | { object: Hex } } {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  } catch (cause) {
    throw new Error(`${path} could not be read: run npm run vendor`, { cause });
  }
}

export function vendored(name: string): Artifact {
  const { abi, bytecode } = read(`.cache/vendor/artifacts/${name}.json`);
  return { abi, bytecode: typeof bytecode === 'string' ? bytecode : bytecode.object };
}

/** @param file without .sol, where it is not named after the contract */
export function built(name: string, file = name): Artifact {
  const { abi, bytecode } = read(`contracts/out/${file}.sol/${name}.json`);
  return { abi, bytecode: typeof bytecode === 'string' ? bytecode : bytecode.object };
}

export function creation({ abi, bytecode }: Artifact, args: readonly unknown[] = []): Hex {
  return encodeDeployData({ abi, bytecode, args });
}
