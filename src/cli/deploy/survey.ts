/** What of a plan is on the chain already. Nothing is sent here. */
import { decodeErrorResult, keccak256 } from 'viem';
import type { Chain } from '../../chain/clients.ts';
import type { PlannedContract } from '../../chain/contracts.ts';
import {
  CREATE2_DEPLOYER,
  CREATE2_DEPLOYER_CODE,
  CREATE2_DEPLOYER_TRANSACTION,
  create2Data,
  MAX_INIT_CODE_BYTES,
} from '../../chain/create2.ts';
import { codeOfCreation } from '../../chain/creation.ts';
import type { Head } from '../../chain/head.ts';
import { requestAt } from '../../chain/read.ts';
import { isRevert, rpcFailure } from '../../chain/rpc.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { Network } from '../../networks/types.ts';
import { ethText } from '../owner/send.ts';

export function readCode(chain: Chain, head: Head, address: Address): Promise<Hex> {
  return requestAt<Hex>(chain, head, 'eth_getCode', [address]);
}

/** @throws KeelError CREATE2_DEPLOYER_MISSING */
export async function requireDeployer(chain: Chain, head: Head): Promise<void> {
  const code = await readCode(chain, head, CREATE2_DEPLOYER);
  if (code === CREATE2_DEPLOYER_CODE) return;
  const { from, gas, gasPriceWei } = CREATE2_DEPLOYER_TRANSACTION;
  throw new KeelError({
    code: 'CREATE2_DEPLOYER_MISSING',
    exit: EXIT.actionNeeded,
    field: 'deployer',
    value: CREATE2_DEPLOYER,
    reason:
      code === '0x'
        ? `chain ${chain.chainId} has no deterministic deployer, so no address can be known beforehand`
        : `is another contract than the deterministic deployer on chain ${chain.chainId}`,
    remedy:
      code === '0x'
        ? `Send ${ethText(gas * gasPriceWei)} to ${from} and broadcast the transaction that docs/deploy.md shows, then run it again`
        : 'Check that the node serves the chain that you mean; on this one nothing of ours can be deployed',
  });
}

/** The contracts of others that ours will call. @throws KeelError NETWORK_CONTRACT_MISSING */
export async function requireOthers(
  chain: Chain,
  head: Head,
  network: Network,
  plan: readonly PlannedContract[],
): Promise<void> {
  for (const { parameter, address } of plan.flatMap((p) => p.others))
    if ((await readCode(chain, head, address)) === '0x')
      throw new KeelError({
        code: 'NETWORK_CONTRACT_MISSING',
        exit: EXIT.unreachable,
        field: `${network.id}.${parameter}`,
        value: address,
        reason: `has no code on the chain that ${chain.label} serves`,
        remedy: `Use a node of ${network.name} itself that has caught up with its chain`,
      });
}

export function codeDiffers(name: string, address: Address, expected: Hex, actual: Hex): KeelError {
  return new KeelError({
    code: 'CODE_DIFFERS',
    exit: EXIT.reverted,
    field: name,
    value: address,
    reason: `has code ${keccak256(actual)}, but this version of keel deploys ${keccak256(expected)}`,
    remedy: 'Trust nothing at this address; compare the versions of keel, and ask another node',
  });
}

/** Why the constructor refuses: the deployer itself passes no reason on. */
async function creationError(chain: Chain, head: Head, contract: PlannedContract): Promise<KeelError> {
  let reason = 'its creation fails without a reason';
  try {
    await requestAt(chain, head, 'eth_call', [{ from: CREATE2_DEPLOYER, data: contract.initCode }]);
  } catch (error) {
    const failure = rpcFailure(error);
    if (!isRevert(failure)) throw error;
    reason = `its constructor refuses: ${reasonOf(contract, failure.data)}`;
  }
  return new KeelError({
    code: 'CREATION_REVERTED',
    exit: EXIT.reverted,
    field: contract.name,
    value: contract.address,
    reason,
    remedy: 'Nothing was sent for it; report this with the output of --dry-run --json',
  });
}

function reasonOf(contract: PlannedContract, data: Hex | null): string {
  const known = contract.spec.abi.some((item) => item.type === 'error' && data?.startsWith('0x'));
  if (!known || data === null || data === '0x') return data ?? 'no reason';
  try {
    const { errorName, args } = decodeErrorResult({ abi: contract.spec.abi, data });
    return `${errorName}(${(args ?? []).join(', ')})`;
  } catch {
    return data; // an error of a contract that it called: its selector is all there is
  }
}

/** {gas} @throws KeelError CREATION_TOO_LARGE, CREATION_REVERTED, CREATION_TOO_EXPENSIVE */
export async function estimateCreation(
  chain: Chain,
  head: Head,
  network: Network,
  contract: PlannedContract,
  from: Address,
): Promise<bigint> {
  const bytes = (contract.initCode.length - 2) / 2;
  if (bytes > MAX_INIT_CODE_BYTES)
    throw new KeelError({
      code: 'CREATION_TOO_LARGE',
      exit: EXIT.reverted,
      field: contract.name,
      value: String(bytes),
      reason: `bytes of init code are more than a chain accepts (${MAX_INIT_CODE_BYTES})`,
      remedy: 'Nothing was sent; this version of keel cannot be deployed',
    });
  const call = { from, to: CREATE2_DEPLOYER, data: create2Data(contract.salt, contract.initCode) };
  let gas: bigint;
  try {
    gas = BigInt(await requestAt<Hex>(chain, head, 'eth_estimateGas', [call]));
  } catch (error) {
    if (!isRevert(rpcFailure(error))) throw error;
    throw await creationError(chain, head, contract);
  }
  const cap = BigInt(network.maxTxGas);
  if (gas <= cap) return gas;
  throw new KeelError({
    code: 'CREATION_TOO_EXPENSIVE',
    exit: EXIT.reverted,
    field: contract.name,
    value: String(gas),
    reason: `is more gas than one transaction may use on ${network.name} (${cap})`,
    remedy: 'Nothing was sent; this version of keel cannot be deployed there',
  });
}

export type Surveyed = {
  readonly contract: PlannedContract;
  readonly present: boolean;
  /** null while contracts that it needs are not there, so that its code cannot be computed yet */
  readonly codeHash: Hex | null;
  /** {gas} null when it is present, or cannot be known yet */
  readonly gas: bigint | null;
};

/** The code that the contract has, or would have, at its address. */
export async function expectedCode(chain: Chain, head: Head, contract: PlannedContract): Promise<Hex> {
  const [own] = await codeOfCreation(chain, head, contract.initCode, contract.address);
  if (own === undefined) throw new Error(`${contract.name} has no code after its creation`);
  return own.code;
}

/** @throws KeelError CODE_DIFFERS and what the functions above throw */
export async function survey(
  chain: Chain,
  head: Head,
  network: Network,
  plan: readonly PlannedContract[],
  from: Address,
): Promise<Surveyed[]> {
  const found: Surveyed[] = [];
  for (const contract of plan) {
    const code = await readCode(chain, head, contract.address);
    const ready = contract.needs.every((name) => found.some((f) => f.present && f.contract.name === name));
    if (!ready && code === '0x') {
      found.push({ contract, present: false, codeHash: null, gas: null });
      continue;
    }
    if (code === '0x') {
      const gas = await estimateCreation(chain, head, network, contract, from);
      found.push({ contract, present: false, codeHash: keccak256(await expectedCode(chain, head, contract)), gas });
      continue;
    }
    const expected = await expectedCode(chain, head, contract);
    if (code !== expected) throw codeDiffers(contract.name, contract.address, expected, code);
    found.push({ contract, present: true, codeHash: keccak256(code), gas: null });
  }
  return found;
}
