/**
 * Is the vault what this version of keel would have made? Proved from the factory down: who made the factory is known from
 * its address or from the config, what it is from its code, and what it made from its own answers.
 */
import { type Abi, keccak256 } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import type { Chain } from '../../chain/clients.ts';
import { parseClone } from '../../chain/clone.ts';
import {
  type ContractSpec,
  contractNamed,
  initCodeOf,
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

/** The contract as it should be, when `claimed` is a place where it should be. */
function placeOf(expected: Expected, name: 'VaultFactory' | 'OracleHub', claimed: Address | null): Where | null {
  if (claimed === null) return null;
  const planned = expected.network === null ? null : planContracts(expected.network).find((p) => p.name === name);
  if (planned && sameAddress(planned.address, claimed))
    return { address: claimed, planned, how: `the deterministic address on ${expected.network?.name}` };
  const named = name === 'VaultFactory' ? expected.named?.factory : expected.named?.hub;
  if (named !== undefined && sameAddress(named, claimed))
    return { address: claimed, planned: null, how: 'the address in the config' };
  return null;
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
function checkArguments(expected: Expected, field: string, given: readonly Argument[]): Check[] {
  return given
    .filter(({ parameter }) => parameter !== 'hub')
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

async function checkContract(
  chain: Chain,
  head: Head,
  expected: Expected,
  name: 'VaultFactory' | 'OracleHub',
  field: 'factory' | 'hub',
  claimed: Address | null,
): Promise<Check[]> {
  const spec = contractNamed(name);
  const where = placeOf(expected, name, claimed);
  if (where === null) {
    const known = [
      expected.network === null ? null : planContracts(expected.network).find((p) => p.name === name)?.address,
      field === 'factory' ? expected.named?.factory : expected.named?.hub,
    ].filter((a) => a !== null && a !== undefined);
    const code = field === 'factory' ? 'FACTORY_UNKNOWN' : 'HUB_UNKNOWN';
    const says = claimed === null ? 'it names none' : `is not ${known.join(' nor ')}`;
    return [wrong(code, field, claimed ?? '(none)', says, LEAVE)];
  }
  const given = where.planned === null ? await argumentsAt(chain, head, spec, where.address) : [];
  const initCode =
    where.planned?.initCode ??
    (given === null
      ? null
      : initCodeOf(
          spec,
          given.map((a) => a.value),
        ));
  const codes = initCode === null ? null : await codesOf(chain, head, initCode, where.address);
  if (given === null || codes === null)
    return [wrong('CODE_DIFFERS', `${field} code`, where.address, 'its constructor cannot be repeated', ASK_AGAIN)];
  const names = await namesOf(chain, head, spec, where.address);
  const compared: Check[] = [];
  for (const [i, created] of codes.entries())
    compared.push(
      await compare(
        chain,
        head,
        i === 0 ? field : (names.get(created.address.toLowerCase()) ?? `contract ${i} of the ${field}`),
        created,
      ),
    );
  return [proved(field, where.address, where.how), ...compared, ...checkArguments(expected, field, given)];
}

/** Vault, factory, everything that the factory made, and the hub. */
export async function checkProvenance(
  chain: Chain,
  head: Head,
  vault: Address,
  code: Hex,
  expected: Expected,
): Promise<Check[]> {
  const abi: Abi = vaultAbi;
  const clone = parseClone(code);
  if (clone === null)
    return [
      wrong(
        'VAULT_CODE_DIFFERS',
        'vault code',
        vault,
        `its code ${keccak256(code)} is no clone as a factory makes them, so nothing that it says can be believed`,
        LEAVE,
      ),
    ];
  // asked of the vault, which may lie: every answer is compared with what the factory's own code implies
  const factory = asAddress(await readView(chain, head, vault, abi, 'factory'));
  const ofFactory = await checkContract(chain, head, expected, 'VaultFactory', 'factory', factory);
  const factoryAbi = contractNamed('VaultFactory').abi;
  const made = factory === null ? null : asAddress(await readView(chain, head, factory, factoryAbi, 'implementation'));
  const known = factory !== null && (await readView(chain, head, factory, factoryAbi, 'isVault', [vault])) === true;
  const hub = factory === null ? null : asAddress(await readView(chain, head, factory, factoryAbi, 'hub'));
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
  return [...ofVault, ...ofFactory, ...(await checkContract(chain, head, expected, 'OracleHub', 'hub', hub))];
}
