/** Contract reads that all see the same block. */
import type { Address, BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { readHead } from './head.ts';
import { chainBehind, reach, rpcFailure } from './rpc.ts';

/** Nodes that refused a block-hash parameter (EIP-1898); they are read by number and checked afterwards. */
const readsByNumber = new WeakSet<Chain>();

export type CallRequest = {
  readonly from?: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly gas?: Hex;
  readonly maxFeePerGas?: Hex;
  readonly maxPriorityFeePerGas?: Hex;
};

export function blockParameter(chain: Chain, block: BlockRef): Hex | { blockHash: Hex; requireCanonical: true } {
  return readsByNumber.has(chain)
    ? `0x${block.number.toString(16)}`
    : { blockHash: block.hash, requireCanonical: true };
}

function orphaned(block: BlockRef): Error {
  const reason = 'is not part of the chain that the node serves (a reorganisation, or the node lags)';
  return chainBehind('block', `${block.number} (${block.hash})`, reason);
}

/**
 * One JSON-RPC call that takes a block parameter last. A refusal of EIP-1898 switches this provider to block numbers.
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND; viem's error when the call itself reverts
 */
export async function requestAt<T>(
  chain: Chain,
  block: BlockRef,
  method: 'eth_call' | 'eth_estimateGas' | 'eth_getBalance' | 'eth_getCode' | 'eth_getTransactionCount',
  params: readonly unknown[],
): Promise<T> {
  const send = () =>
    reach(chain.label, () =>
      chain.client.request({ method, params: [...params, blockParameter(chain, block)] } as never),
    ) as Promise<T>;
  try {
    return await send();
  } catch (error) {
    const failure = rpcFailure(error);
    if (failure?.kind !== 'answered' || failure.data !== null) throw error;
    if (
      /not (found|available|canonical)|unknown block|missing trie|header not found|out of range/i.test(failure.message)
    ) {
      throw orphaned(block);
    }
    const refused = failure.code === -32602 || /invalid argument|cannot unmarshal|blockhash/i.test(failure.message);
    if (!refused || readsByNumber.has(chain)) throw error;
    readsByNumber.add(chain);
    return send();
  }
}

export function callAt(chain: Chain, block: BlockRef, call: CallRequest): Promise<Hex> {
  return requestAt<Hex>(chain, block, 'eth_call', [call]);
}

/**
 * Ends a group of reads. Reads by hash need no proof; reads by number do: the number must still be this hash.
 * @throws KeelError CHAIN_BEHIND
 */
export async function assertSameBlock(chain: Chain, block: BlockRef): Promise<void> {
  if (!readsByNumber.has(chain)) return;
  const now = await readHead(chain, block.number);
  if (now?.hash !== block.hash) throw orphaned(block);
}
