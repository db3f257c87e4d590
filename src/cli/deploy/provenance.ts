/**
 * Is the vault what this version of keel would have made? Proved from the factory down: who made the factory is known from
 * its address or from the config, what it is from its code, and what it made from its own answers.
 */
import { keccak256, parseAbi } from 'viem';
import type { Chain } from '../../chain/clients.ts';
import { parseClone } from '../../chain/clone.ts';
import {
  type ContractSpec,
  contractNamed,
  initCodeOf,
  ownParameters,
  type PlannedContract,
  parametersOf,
  planContracts,
  registryValue,
} from '../../chain/contracts.ts';
import { type CreatedCode, codeOfCreation } from '../../chain/creation.ts';
import type { Head } from '../../chain/head.ts';
import { isRevert, rpcFailure } from '../../chain/rpc.ts';
import { addressViews, readView } from '../../chain/view.ts';
import { sameAddress } from '../../core/address.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { Network } from '../../networks/types.ts';
import { type Check, doubt, proved, wrong } from './checks.ts';
import { readCode } from './survey.ts';

/** Where our contracts are said to be. */
export type Expected = {
  /** null: not a chain of the registry */
  readonly network: Network | null;
  /** From the config file, if there is one. */
  readonly named: { readonly factory: Address; readonly hub: Address; readonly weth: Address } | null;
};

const LEAVE = 'Do not send coins to it; if coins are in it, withdraw them with the owner key';
const LOOK = 'Look it up at its publisher before you trust it';
const ASK_AGAIN = 'Compare the version of keel with the one that deployed it, and ask another node';

const asAddress = (value: unknown): Address | null => (typeof value === 'string' ? (value as Address) : null);

type Where = { readonly address: Address; readonly planned: PlannedContract | null; readonly how: string };

/** What a vault may say of its maker; whether it does is up to its version. */
const makerAbi = parseAbi(['function factory() view returns (address)']);

const FACTORY = 'VaultFactory';
const HUB = 'OracleHub';

function plannedOf(expected: Expected, name: string): PlannedContract | null {
  return expected.network === null ? null : (planContracts(expected.network).find((p) => p.name === name) ?? null);
}

function namedOf({ named }: Expected, name: string): Address | null {
  if (name === FACTORY) return named?.factory ?? null;
  return name === HUB ? (named?.hub ?? null) : null;
}

/** The contract as it should be, when `claimed` is a place where it should be. */
function placeOf(expected: Expected, name: string, claimed: Address): Where | null {
  const planned = plannedOf(expected, name);
  if (planned !== null && sameAddress(planned.address, claimed))
    return { address: claimed, planned, how: `the deterministic address on ${expected.network?.name}` };
  const named = namedOf(expected, name);
  if (named !== null && sameAddress(named, claimed))
    return { address: claimed, planned: null, how: 'the address in the config' };
  // a config names only the factory and the hub; what the factory is wired to is proved by its code alone
  const free = expected.named !== null && name !== FACTORY && name !== HUB;
  return free ? { address: claimed, planned: null, how: 'as the factory says' } : null;
}

type Argument = { readonly parameter: string; readonly value: unknown };

/** What the contract says it was made with; null: it does not answer. Its code then shows whether that is true. */
async function argumentsAt(chain: Chain, head: Head, spec: ContractSpec, at: Address): Promise<Argument[] | null> {
  const found: Argument[] = [];
  for (const parameter of parametersOf(spec)) {
    const value = await readView(chain, head, at, spec.abi, parameter);
    if (value === null) return null;
    found.push({ parameter, value });
  }
  return found;
}

/** null: the constructor refuses what the contract says of itself. */
async function codesOf(chain: Chain, head: Head, initCode: Hex, at: Address): Promise<CreatedCode[] | null> {
  try {
    return await codeOfCreation(chain, head, initCode, at);
  } catch (error) {
    if (!isRevert(rpcFailure(error))) throw error;
    return null;
  }
}

/** Where the address does not prove the arguments, each is compared with what is known of it. */
function checkArguments(expected: Expected, spec: ContractSpec, field: string, given: readonly Argument[]): Check[] {
  const own = ownParameters(spec).map((o) => o.parameter);
  return given
    .filter(({ parameter }) => !own.includes(parameter))
    .map(({ parameter, value }) => {
      const name = `${field} ${parameter}`;
      const text = String(value);
      const known =
        (parameter === 'weth' ? expected.named?.weth : undefined) ??
        (expected.network === null ? null : registryValue(expected.network, parameter));
      if (known === null) return doubt('ARGUMENT_UNKNOWN', name, text, 'nothing here says what it should be', LOOK);
      if (String(known).toLowerCase() === text.toLowerCase()) return proved(name, text, 'as expected');
      return wrong('ARGUMENT_DIFFERS', name, text, `should be ${known}`, LEAVE);
    });
}

async function compare(chain: Chain, head: Head, name: string, { address, code }: CreatedCode): Promise<Check> {
  const actual = await readCode(chain, head, address);
  const hash = keccak256(code);
  if (actual === code) return proved(`${name} code`, address, hash);
  const found = actual === '0x' ? 'has no code' : `has code ${keccak256(actual)}`;
  return wrong('CODE_DIFFERS', `${name} code`, address, `${found}, but this version of keel makes ${hash}`, ASK_AGAIN);
}

/** What the contracts that a factory made are called, by the factory's getters. */
async function namesOf(chain: Chain, head: Head, spec: ContractSpec, at: Address): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const view of addressViews(spec.abi)) {
    const target = asAddress(await readView(chain, head, at, spec.abi, view));
    if (target !== null) names.set(target.toLowerCase(), view);
  }
  return names;
}

const UNKNOWN: Readonly<Record<string, string>> = { [FACTORY]: 'FACTORY_UNKNOWN', [HUB]: 'HUB_UNKNOWN' };

/**
 * One contract of ours, what its constructor made, and the contracts of ours that it was given.
 * @param field what it is called by the one that names it
 */
async function checkContract(
  chain: Chain,
  head: Head,
  expected: Expected,
  name: string,
  field: string,
  claimed: Address | null,
): Promise<Check[]> {
  const where = claimed === null ? null : placeOf(expected, name, claimed);
  if (claimed === null || where === null) {
    const known = [plannedOf(expected, name)?.address, namedOf(expected, name)].filter((a) => a != null);
    const says = claimed === null ? 'the vault names none' : `is not ${known.join(' nor ')}`;
    return [wrong(UNKNOWN[name] ?? 'CONTRACT_UNKNOWN', field, claimed ?? '(none)', says, LEAVE)];
  }
  const spec = contractNamed(name);
  const given = where.planned === null ? await argumentsAt(chain, head, spec, claimed) : [];
  const args = given?.map((a) => a.value) ?? [];
  const initCode = where.planned?.initCode ?? (given === null ? null : initCodeOf(spec, args));
  const codes = initCode === null ? null : await codesOf(chain, head, initCode, claimed);
  if (given === null || codes === null)
    return [wrong('CODE_DIFFERS', `${field} code`, claimed, 'its constructor cannot be repeated', ASK_AGAIN)];
  const names = await namesOf(chain, head, spec, claimed);
  const checks = [proved(field, claimed, where.how)];
  for (const [i, created] of codes.entries()) {
    const called = i === 0 ? field : (names.get(created.address.toLowerCase()) ?? `contract ${i} of the ${field}`);
    checks.push(await compare(chain, head, called, created));
  }
  checks.push(...checkArguments(expected, spec, field, given));
  for (const own of ownParameters(spec)) {
    const target = asAddress(await readView(chain, head, claimed, spec.abi, own.parameter));
    checks.push(...(await checkContract(chain, head, expected, own.name, own.parameter, target)));
  }
  return checks;
}

/** The factory that the vault names or, when it names none, the one that knows it. */
async function factoryOf(chain: Chain, head: Head, vault: Address, expected: Expected): Promise<Address | null> {
  const claimed = asAddress(await readView(chain, head, vault, makerAbi, 'factory'));
  if (claimed !== null) return claimed;
  for (const place of [plannedOf(expected, FACTORY)?.address, namedOf(expected, FACTORY)])
    if (place != null && (await knows(chain, head, place, vault))) return place;
  return null;
}

async function knows(chain: Chain, head: Head, factory: Address, vault: Address): Promise<boolean> {
  return (await readView(chain, head, factory, contractNamed(FACTORY).abi, 'isVault', [vault])) === true;
}

export type Provenance = {
  readonly checks: readonly Check[];
  /** Whose prices the vaults of this factory use. */
  readonly hub: Address | null;
};

/** Vault, factory, everything that the factory made, and the hub. */
export async function checkProvenance(
  chain: Chain,
  head: Head,
  vault: Address,
  code: Hex,
  expected: Expected,
): Promise<Provenance> {
  const clone = parseClone(code);
  if (clone === null) {
    const says = `its code ${keccak256(code)} is no clone as a factory makes them, so nothing that it says can be believed`;
    return { checks: [wrong('VAULT_CODE_DIFFERS', 'vault code', vault, says, LEAVE)], hub: null };
  }
  // whatever the vault and the factory say of themselves counts only because their code is compared below
  const factory = await factoryOf(chain, head, vault, expected);
  const { abi } = contractNamed(FACTORY);
  const made = factory === null ? null : asAddress(await readView(chain, head, factory, abi, 'implementation'));
  const known = factory !== null && (await knows(chain, head, factory, vault));
  const immutable = clone.args === '0x' ? '' : `, arguments ${clone.args}`;
  const ofVault = [
    made !== null && sameAddress(made, clone.implementation)
      ? proved('vault code', vault, `${keccak256(code)}: exactly the clone of ${made}${immutable}`)
      : wrong(
          'IMPLEMENTATION_DIFFERS',
          'vault code',
          vault,
          `is a clone of ${clone.implementation}, but the factory makes clones of ${made ?? '(nothing)'}`,
          LEAVE,
        ),
    known
      ? proved('made by', factory, 'the factory says that it made this vault')
      : wrong('NOT_FROM_FACTORY', 'made by', factory ?? '(none)', 'the factory does not know this vault', LEAVE),
  ];
  const hub = factory === null ? null : asAddress(await readView(chain, head, factory, abi, 'hub'));
  const ofFactory = await checkContract(chain, head, expected, FACTORY, 'factory', factory);
  return { checks: [...ofVault, ...ofFactory], hub };
}
