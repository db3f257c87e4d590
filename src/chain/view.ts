/** Questions to contracts that may not be what they seem: whatever is not an answer is null. */
import { type Abi, BaseError, decodeFunctionResult, encodeFunctionData } from 'viem';
import type { Address, BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { callAt } from './read.ts';
import { rpcFailure } from './rpc.ts';

function hasView(abi: Abi, name: string): boolean {
  return abi.some((item) => item.type === 'function' && item.name === name);
}

/**
 * null: the ABI has no such function, the call reverts, or its answer has another shape.
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND
 */
export async function readView(
  chain: Chain,
  block: BlockRef,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<unknown> {
  if (!hasView(abi, functionName)) return null;
  let data: Hex;
  try {
    data = await callAt(chain, block, { to: address, data: encodeFunctionData({ abi, functionName, args }) });
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    return null;
  }
  try {
    return decodeFunctionResult({ abi, functionName, data });
  } catch (error) {
    if (error instanceof BaseError) return null;
    throw error;
  }
}

/** Names of the views without arguments that answer with one address: what a contract is wired to. */
export function addressViews(abi: Abi): string[] {
  return abi.flatMap((item) =>
    item.type === 'function' &&
    item.inputs.length === 0 &&
    item.outputs.length === 1 &&
    item.outputs[0]?.type === 'address' &&
    item.stateMutability !== 'nonpayable' &&
    item.stateMutability !== 'payable'
      ? [item.name]
      : [],
  );
}
