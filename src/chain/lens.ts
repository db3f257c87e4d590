/** Questions to the contracts that the config names. */
import { KeelError } from '../core/errors.ts';
import type { Address, BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { callAt } from './read.ts';
import { isRevert, rpcFailure } from './rpc.ts';

/** An address of the config that is something else on this chain. */
export function unreadable(field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code: 'CONTRACT_UNREADABLE', exit: 2, field, value, reason, remedy });
}

/** Answer of a contract that must be there. @throws KeelError CONTRACT_UNREADABLE, RPC_UNREACHABLE, CHAIN_BEHIND */
export async function lensCall(
  chain: Chain,
  head: BlockRef,
  lens: Address,
  data: Hex,
  field: string,
  value: string,
): Promise<Hex> {
  try {
    const result = await callAt(chain, head, { to: lens, data });
    if (result !== '0x') return result;
  } catch (error) {
    const failure = rpcFailure(error);
    if (!isRevert(failure)) throw error;
    throw unreadable(
      field,
      value,
      `the lens ${lens} could not read it (${failure.message})`,
      `Check ${field} in the config against the deployment on chain ${chain.chainId}`,
    );
  }
  throw unreadable('contracts.lens', lens, 'has no code', `Check the address on chain ${chain.chainId}`);
}
