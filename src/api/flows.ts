/** What came in and went out of the vault, complete up to the block the status talks about. */
import type { Chain } from '../chain/clients.ts';
import type { Head } from '../chain/head.ts';
import type { Config } from '../config/schema.ts';
import type { HoldBalances } from '../core/hold.ts';
import { type FlowCtx, holdingsAt } from '../keeper/holdings.ts';
import type { Q } from '../store/db.ts';
import { allFlows, type Flow } from '../store/flows.ts';

export type FlowsNow = { readonly held: HoldBalances; readonly depositedUsdE8: bigint | null };

/** `branch` changes whenever blocks were reorganised away. */
export type FlowFollower = { at(head: Head, branch: number): Promise<FlowsNow> };

/** {USD E8} deposits minus withdrawals, each valued when it happened; null when one had no price then. */
export function depositedUsdE8(flows: readonly Flow[]): bigint | null {
  let sum = 0n;
  for (const flow of flows) {
    if (flow.valueUsdE8 === null) return null;
    sum += flow.kind === 'DEPOSIT' ? flow.valueUsdE8 : -flow.valueUsdE8;
  }
  return sum;
}

/**
 * The keeper scans at its checks; between two of them the same scan runs here, so that a deposit never looks like a gain.
 * Ranges are stored with their cursor, whoever reads them first.
 */
export function followFlows(chain: Chain, config: Config, q: Q, vaultId: number): FlowFollower {
  let ctx: FlowCtx = { chain, config, q, vaultId, memory: { flows: null } };
  let branch = 0;
  let last: { readonly hash: string; readonly answer: Promise<FlowsNow> } | null = null;
  const read = async (head: Head): Promise<FlowsNow> => {
    const held = await holdingsAt(ctx, head);
    return { held, depositedUsdE8: depositedUsdE8(await allFlows(q, vaultId)) };
  };
  return {
    at(head, onBranch) {
      if (last?.hash === head.hash) return last.answer;
      // blocks were reorganised away: what was remembered may be of the other branch, the stored cursor is checked again
      if (onBranch !== branch) ctx = { ...ctx, memory: { flows: null } };
      branch = onBranch;
      const before = last?.answer ?? Promise.resolve();
      const answer = before.catch(() => {}).then(() => read(head));
      answer.catch(() => {
        last = null;
      });
      last = { hash: head.hash, answer };
      return answer;
    },
  };
}
