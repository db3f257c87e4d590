/** Receipts by hash, and the chain evidence that closes a transaction. */
import type { Hex } from '../core/types.ts';
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
