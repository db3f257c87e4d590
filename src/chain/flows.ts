/** Deposits and withdrawals of a vault since it was created, from its events. */
import type { Address, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { reach, rpcFailure } from './rpc.ts';
import { decodeVaultEvents, eventTopic, type RawLog, type VaultEvent } from './vault.ts';

export type FlowEvent = Extract<VaultEvent, { event: 'Deposited' | 'Withdrawn' }>;

export type FlowRange = { readonly fromBlock: number; readonly toBlock: number; readonly flows: readonly FlowEvent[] };

const FIRST_RANGE = 2_000;

function hex(n: number): Hex {
  return `0x${n.toString(16)}`;
}

async function readRange(chain: Chain, vault: Address, from: number, to: number): Promise<readonly RawLog[]> {
  return (await reach(chain.label, () =>
    chain.client.request({
      method: 'eth_getLogs',
      params: [
        {
          address: vault,
          fromBlock: hex(from),
          toBlock: hex(to),
          topics: [[eventTopic('Deposited'), eventTopic('Withdrawn')]],
        },
      ],
    }),
  )) as readonly RawLog[];
}

/**
 * Yields the flows of [fromBlock, toBlock] range by range, so that the caller can store each range with its cursor.
 * A range the node refuses (too many blocks or results) is halved; a single refused block is an error.
 * @throws KeelError RPC_UNREACHABLE
 */
export async function* scanFlows(
  chain: Chain,
  vault: Address,
  fromBlock: number,
  toBlock: number,
): AsyncGenerator<FlowRange> {
  let size = FIRST_RANGE;
  let from = fromBlock;
  while (from <= toBlock) {
    const to = Math.min(toBlock, from + size - 1);
    try {
      const logs = await readRange(chain, vault, from, to);
      const flows = decodeVaultEvents(vault, logs).filter(
        (e): e is FlowEvent => e.event === 'Deposited' || e.event === 'Withdrawn',
      );
      yield { fromBlock: from, toBlock: to, flows };
      from = to + 1;
    } catch (error) {
      if (rpcFailure(error)?.kind !== 'answered' || to === from) throw error;
      size = Math.max(1, Math.floor((to - from + 1) / 2));
    }
  }
}

/**
 * First block at which `vault` has code, by bisection (about 25 reads); 0 when the node refuses to look that far back,
 * so that a scan from there misses nothing.
 * @throws KeelError RPC_UNREACHABLE
 */
export async function creationBlock(chain: Chain, vault: Address, head: number): Promise<number> {
  let low = 0;
  let high = head;
  try {
    while (low < high) {
      const mid = Math.floor((low + high) / 2);
      const code = await reach(chain.label, () =>
        chain.client.request({ method: 'eth_getCode', params: [vault, hex(mid)] }),
      );
      if (code !== undefined && code !== '0x') high = mid;
      else low = mid + 1;
    }
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    return 0;
  }
  return low;
}

/** The withdrawals of one block, by its hash. */
export async function readWithdrawals(
  chain: Chain,
  vault: Address,
  blockHash: Hex,
): Promise<readonly Extract<FlowEvent, { event: 'Withdrawn' }>[]> {
  const logs = (await reach(chain.label, () =>
    chain.client.request({
      method: 'eth_getLogs',
      params: [{ address: vault, blockHash, topics: [eventTopic('Withdrawn')] }],
    }),
  )) as readonly RawLog[];
  return decodeVaultEvents(vault, logs).filter(
    (e): e is Extract<FlowEvent, { event: 'Withdrawn' }> => e.event === 'Withdrawn',
  );
}
