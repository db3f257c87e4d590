/** Receipts by hash, and the chain evidence that closes a transaction. */
import type { Address, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { reach } from './rpc.ts';
import type { RawLog } from './vault.ts';

export type Receipt = {
  readonly hash: Hex;
  readonly ok: boolean;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  /** {wei per gas} actually paid */
  readonly gasPriceWei: bigint;
  readonly logs: readonly RawLog[];
};

type RawReceipt = {
  readonly status?: Hex;
  readonly blockNumber: Hex | null;
  readonly blockHash: Hex | null;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly logs: readonly RawLog[];
};

/** Hash of the transaction with this sender and nonce in a block; `none` = not in it, null = the node has no such block. */
export async function findSentIn(
  chain: Chain,
  blockNumber: number,
  sender: Address,
  nonce: number,
): Promise<{ readonly hash: Hex | 'none'; readonly blockTime: number } | null> {
  const raw = (await reach(chain.label, () =>
    chain.client.request({ method: 'eth_getBlockByNumber', params: [`0x${blockNumber.toString(16)}`, true] }),
  )) as RawBlock | null;
  if (raw === null) return null;
  const sent = raw.transactions.find((t) => t.from.toLowerCase() === sender.toLowerCase() && Number(t.nonce) === nonce);
  return { hash: sent?.hash ?? 'none', blockTime: Number(raw.timestamp) };
}

type RawBlock = {
  readonly timestamp: Hex;
  readonly transactions: readonly { readonly hash: Hex; readonly from: Address; readonly nonce: Hex }[];
};

/** The receipt of exactly this transaction in a canonical block, or null while it is not mined. */
export async function readReceipt(chain: Chain, hash: Hex): Promise<Receipt | null> {
  const raw = (await reach(chain.label, () =>
    chain.client.request({ method: 'eth_getTransactionReceipt', params: [hash] }),
  )) as RawReceipt | null;
  if (raw === null || raw.blockHash === null || raw.blockNumber === null) return null;
  return {
    hash,
    ok: raw.status === '0x1',
    blockNumber: Number(raw.blockNumber),
    blockHash: raw.blockHash,
    gasUsed: BigInt(raw.gasUsed),
    gasPriceWei: BigInt(raw.effectiveGasPrice),
    logs: raw.logs,
  };
}
