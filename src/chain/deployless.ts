/** Reading by code that is never deployed: a node runs its creation, and what would become its code is the answer. */
import type { BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { unreadable } from './lens.ts';
import { requestAt } from './read.ts';
import { isRevert, rpcFailure } from './rpc.ts';

/**
 * @param field setting of the config that names what is read
 * @throws KeelError CONTRACT_UNREADABLE, RPC_UNREACHABLE, CHAIN_BEHIND
 */
export async function answerOf(
  chain: Chain,
  block: BlockRef,
  creation: Hex,
  field: string,
  value: string,
): Promise<Hex> {
  try {
    return await requestAt<Hex>(chain, block, 'eth_call', [{ data: creation }]);
  } catch (error) {
    const failure = rpcFailure(error);
    if (!isRevert(failure)) throw error;
    const remedy = `Check ${field} in the config against chain ${chain.chainId}`;
    throw unreadable(field, value, `it could not be read (${failure.message})`, remedy);
  }
}
