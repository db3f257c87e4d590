/** What is deployed once per chain, in order, and with which arguments. */
import { type Abi, encodeDeployData } from 'viem';
import { oracleHubAbi, oracleHubBytecode } from '../abi/OracleHub.ts';
import { pathFillerAbi, pathFillerBytecode } from '../abi/PathFiller.ts';
import { rulebookAbi, rulebookBytecode } from '../abi/Rulebook.ts';
import { trampolineAbi, trampolineBytecode } from '../abi/Trampoline.ts';
import { vaultFactoryAbi, vaultFactoryBytecode } from '../abi/VaultFactory.ts';
import { vaultLensAbi, vaultLensBytecode } from '../abi/VaultLens.ts';
import type { Address, Hex } from '../core/types.ts';
import type { Network } from '../networks/types.ts';
import { create2Address, saltOf } from './create2.ts';

export type ContractSpec = { readonly name: string; readonly abi: Abi; readonly bytecode: Hex };

/** A contract may take addresses of those above it. Another filler is another row. */
export const CONTRACTS: readonly ContractSpec[] = [
  { name: 'OracleHub', abi: oracleHubAbi, bytecode: oracleHubBytecode },
  { name: 'Rulebook', abi: rulebookAbi, bytecode: rulebookBytecode },
  { name: 'VaultFactory', abi: vaultFactoryAbi, bytecode: vaultFactoryBytecode },
  { name: 'VaultLens', abi: vaultLensAbi, bytecode: vaultLensBytecode },
  { name: 'Trampoline', abi: trampolineAbi, bytecode: trampolineBytecode },
  { name: 'PathFiller', abi: pathFillerAbi, bytecode: pathFillerBytecode },
];

export function contractNamed(name: string): ContractSpec {
  const spec = CONTRACTS.find((c) => c.name === name);
  if (spec === undefined) throw new Error(`no contract is named ${name}`);
  return spec;
}

/** Names of the constructor's parameters as its getters have them: `hub_` is `hub`. */
export function parametersOf(spec: ContractSpec): string[] {
  const made = spec.abi.find((item) => item.type === 'constructor');
  return (made?.inputs ?? []).map((input) => (input.name ?? '').replaceAll(/^_+|_+$/g, ''));
}

export function initCodeOf(spec: ContractSpec, args: readonly unknown[]): Hex {
  return encodeDeployData({ abi: spec.abi, bytecode: spec.bytecode, args });
}

/** A constructor parameter by name: one of our own contracts, or something of the network. */
type Source = { readonly ours: string } | { readonly of: (network: Network) => Address | number | null };

const SOURCES: Readonly<Record<string, Source>> = {
  hub: { ours: 'OracleHub' },
  rulebook: { ours: 'Rulebook' },
  factory: { ours: 'VaultFactory' },
  weth: { of: (n) => n.wrappedNative.address },
  poolManager: { of: (n) => n.uniswapV4PoolManager?.address ?? null },
  balancer: { of: (n) => n.balancerV3Vault?.address ?? null },
  sequencerFeed: { of: (n) => n.sequencerFeed?.address ?? null },
  graceS: { of: (n) => n.sequencerGraceS },
};
const ZERO: Address = '0x0000000000000000000000000000000000000000';

/** The parameters that are contracts of ours. */
export function ownParameters(spec: ContractSpec): { readonly parameter: string; readonly name: string }[] {
  return parametersOf(spec).flatMap((parameter) => {
    const source = SOURCES[parameter];
    return source !== undefined && 'ours' in source ? [{ parameter, name: source.ours }] : [];
  });
}

/** What the registry would pass; null: it has nothing, or the parameter is a contract of ours. */
export function registryValue(network: Network, parameter: string): Address | number | null {
  const source = SOURCES[parameter];
  return source === undefined || 'ours' in source ? null : source.of(network);
}

export type PlannedContract = {
  readonly name: string;
  readonly spec: ContractSpec;
  readonly address: Address;
  readonly salt: Hex;
  readonly initCode: Hex;
  /** Contracts of ours that must be there before this one. */
  readonly needs: readonly string[];
  /** Contracts of others that it is told of: they must be there too. */
  readonly others: readonly { readonly parameter: string; readonly address: Address }[];
  /** Parameters for which the network has nothing; they are passed as zero. */
  readonly missing: readonly string[];
};

/** Every address before anything is sent. */
export function planContracts(network: Network, specs: readonly ContractSpec[] = CONTRACTS): PlannedContract[] {
  const planned: PlannedContract[] = [];
  for (const spec of specs) {
    const needs: string[] = [];
    const others: { parameter: string; address: Address }[] = [];
    const missing: string[] = [];
    const args = parametersOf(spec).map((parameter) => {
      const source = SOURCES[parameter];
      if (source === undefined) throw new Error(`${spec.name}: nobody knows what to pass as ${parameter}`);
      if ('ours' in source) {
        const earlier = planned.find((p) => p.name === source.ours);
        if (earlier === undefined) throw new Error(`${spec.name} needs ${source.ours}, which is not planned before it`);
        needs.push(earlier.name);
        return earlier.address;
      }
      const value = source.of(network);
      if (typeof value === 'string') others.push({ parameter, address: value });
      if (value === null) missing.push(parameter);
      return value ?? ZERO;
    });
    const initCode = initCodeOf(spec, args);
    const salt = saltOf(spec.name);
    planned.push({
      name: spec.name,
      spec,
      address: create2Address(salt, initCode),
      salt,
      initCode,
      needs,
      others,
      missing,
    });
  }
  return planned;
}
