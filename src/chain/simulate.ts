/** Runs a slice against the state a decision looked at, without sending it. */
import type { Address, BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import type { FeeCaps } from './fees.ts';
import { type CallRequest, requestAt } from './read.ts';
import { decodeRevert, type Revert } from './reverts.ts';
import { isRevert, rpcFailure } from './rpc.ts';

export type Simulated =
  | { readonly ok: true; readonly gasUnits: bigint }
  | { readonly ok: false; readonly revert: Revert };

export type SimulationRequest = {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly fees: FeeCaps;
  /** Gas the call may use: what the sender can pay for, or nodes refuse the call for lack of funds. */
  readonly gas: bigint;
};

/**
 * eth_call for the verdict (with the fees, because the vault looks at tx.gasprice), eth_estimateGas for the gas.
 * @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND; viem's error when the node answers something else than a revert
 */
export async function simulateSlice(chain: Chain, block: BlockRef, request: SimulationRequest): Promise<Simulated> {
  const call: CallRequest = {
    from: request.from,
    to: request.to,
    data: request.data,
    gas: `0x${request.gas.toString(16)}`,
    maxFeePerGas: `0x${request.fees.maxFeePerGas.toString(16)}`,
    maxPriorityFeePerGas: `0x${request.fees.maxPriorityFeePerGas.toString(16)}`,
  };
  try {
    const [, gas] = await Promise.all([
      requestAt<Hex>(chain, block, 'eth_call', [call]),
      requestAt<Hex>(chain, block, 'eth_estimateGas', [call]),
    ]);
    return { ok: true, gasUnits: BigInt(gas) };
  } catch (error) {
    const failure = rpcFailure(error);
    if (!isRevert(failure)) throw error;
    return { ok: false, revert: decodeRevert(failure.data) };
  }
}

/** {wei} */
export async function readBalance(chain: Chain, block: BlockRef, account: Address): Promise<bigint> {
  return BigInt(await requestAt<Hex>(chain, block, 'eth_getBalance', [account]));
}

/** Transactions of `account` mined up to `block`. */
export async function readNonce(chain: Chain, block: BlockRef, account: Address): Promise<number> {
  return Number(await requestAt<Hex>(chain, block, 'eth_getTransactionCount', [account]));
}
