/** Sends signed bytes to the public mempool. A send that failed is "unknown" unless the node proves otherwise. */
import { keccak256 } from 'viem';
import type { Hex } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import { rpcFailure } from '../rpc.ts';

/**
 * `accepted`: the node has it. `lookup`: the node says it knows the bytes or the nonce is used: ask for the receipt.
 * `rejected`: the node proved that these bytes can not be included as they are (they may be later: see `reason`).
 * `unknown`: nobody knows; the same bytes may be sent again at any time.
 */
export type SendResult =
  | { readonly status: 'accepted'; readonly hash: Hex }
  | { readonly status: 'lookup'; readonly hash: Hex; readonly message: string }
  | {
      readonly status: 'rejected';
      readonly hash: Hex;
      readonly reason: 'OUT_OF_GAS_MONEY' | 'INVALID';
      readonly message: string;
    }
  | { readonly status: 'unknown'; readonly hash: Hex; readonly message: string };

const KNOWN = /already known|already imported|known transaction|already exists|nonce too low|nonce is too low/i;
const NO_MONEY = /insufficient funds/i;
const INVALID =
  /invalid (sender|signature|chain ?id)|chain id|intrinsic gas too low|exceeds block gas limit|oversized data|transaction type not supported/i;

export function classifySend(hash: Hex, error: unknown): SendResult {
  const failure = rpcFailure(error);
  if (failure === null) throw error;
  const { message } = failure;
  if (failure.kind === 'unreachable') return { status: 'unknown', hash, message };
  if (KNOWN.test(message)) return { status: 'lookup', hash, message };
  if (NO_MONEY.test(message)) return { status: 'rejected', hash, reason: 'OUT_OF_GAS_MONEY', message };
  if (INVALID.test(message)) return { status: 'rejected', hash, reason: 'INVALID', message };
  return { status: 'unknown', hash, message };
}

export type Submit = (chain: Chain, raw: Hex) => Promise<SendResult>;

export const sendPublic: Submit = async (chain, raw) => {
  const hash = keccak256(raw);
  try {
    await chain.client.request({ method: 'eth_sendRawTransaction', params: [raw] });
    return { status: 'accepted', hash };
  } catch (error) {
    return classifySend(hash, error);
  }
};
