/** The vault as the chain has it now: read once per head, shared by everybody who asks. */
import type { Chain } from '../chain/clients.ts';
import { type Head, latestHead, watchHeads } from '../chain/head.ts';
import { type Deployment, readVault } from '../chain/snapshot.ts';
import { KeelError } from '../core/errors.ts';
import type { VaultState } from '../core/types.ts';

export type VaultView = { readonly head: Head; readonly vault: VaultState };

export type LiveAnswer = {
  /** null: the chain has never answered. */
  readonly view: VaultView | null;
  /** {s} wall time since the newest block was first seen; null = the chain does not answer now. */
  readonly dataAgeS: number | null;
  /** Changes whenever blocks were reorganised away. */
  readonly branch: number;
  /** Why the chain does not answer. */
  readonly down: KeelError | null;
};

export type LiveVault = { read(): Promise<LiveAnswer>; stop(): void };

/** A block hash can leave the chain between the two reads; then the next head is read instead. */
const ATTEMPTS = 3;

export function followVault(chain: Chain, deployment: Deployment, nowMs: () => number): LiveVault {
  let view: VaultView | null = null;
  let newest: { readonly hash: string; readonly seenMs: number } | null = null;
  let pending: Promise<LiveAnswer> | null = null;
  const see = (head: Head): void => {
    if (newest?.hash !== head.hash) newest = { hash: head.hash, seenMs: nowMs() };
  };
  let branch = 0;
  // requests read the chain themselves; the watch knows when a block came while nobody asked, and when one went away
  const watch = watchHeads(
    chain,
    ({ head, orphaned, jumped }) => {
      if (jumped || orphaned.length > 0) branch += 1;
      see(head);
    },
    () => {},
  );

  const readOnce = async (): Promise<VaultView> => {
    const head = await latestHead(chain);
    see(head);
    if (view?.head.hash === head.hash) return view;
    return { head, vault: await readVault(chain, deployment, head) };
  };
  const read = async (): Promise<LiveAnswer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        view = await readOnce();
        return {
          view,
          dataAgeS: newest === null ? null : Math.max(0, Math.floor((nowMs() - newest.seenMs) / 1000)),
          branch,
          down: null,
        };
      } catch (error) {
        if (!(error instanceof KeelError) || error.retry !== 'later') throw error;
        if (error.code === 'CHAIN_BEHIND' && attempt < ATTEMPTS) continue;
        return { view, dataAgeS: null, branch, down: error };
      }
    }
  };
  return {
    read() {
      pending ??= read().finally(() => {
        pending = null;
      });
      return pending;
    },
    stop: () => watch.stop(),
  };
}
