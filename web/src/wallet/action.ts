import { createStore } from '../store.ts';
import type { VaultCall } from './chain.ts';
import type { Connected, Hex } from './connection.ts';
import { ALREADY_PENDING, errorCode, errorMessage, REFUSED } from './provider.ts';

export type ActionName = VaultCall['name'];

/** One owner's transaction, from the click to the block. */
export type ActionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'simulating'; readonly action: ActionName }
  | {
      readonly kind: 'would-fail';
      readonly action: ActionName;
      readonly reason: string;
      readonly failingToken: Hex | null;
    }
  | { readonly kind: 'needs-you'; readonly action: ActionName; readonly walletName: string }
  | { readonly kind: 'refused'; readonly action: ActionName }
  | { readonly kind: 'pending'; readonly action: ActionName }
  | { readonly kind: 'failed'; readonly action: ActionName; readonly message: string }
  | { readonly kind: 'sent'; readonly action: ActionName; readonly hash: Hex; readonly note: string | null }
  | { readonly kind: 'replaced'; readonly action: ActionName; readonly hash: Hex }
  | { readonly kind: 'reverted'; readonly action: ActionName; readonly hash: Hex; readonly reason: string }
  | { readonly kind: 'confirmed'; readonly action: ActionName; readonly hash: Hex; readonly block: number };

export const action = createStore<ActionState>({ kind: 'idle' });

export function isBusy(state: ActionState): boolean {
  return ['simulating', 'needs-you', 'sent'].includes(state.kind);
}

export function clearAction(): void {
  action.set((s) => (isBusy(s) ? s : { kind: 'idle' }));
}

const RECEIPT_EVERY_MS = 1_000;
/** A node may not have heard of a fresh transaction for a moment; only a lasting "unknown" means it was replaced. */
const UNKNOWN_TIMES = 20;

export type Job = {
  readonly connected: Connected;
  readonly chainId: number;
  readonly vault: Hex;
  readonly call: VaultCall;
  readonly symbolOf: (token: Hex) => string;
  readonly onConfirmed: () => void;
};

type Chain = typeof import('./chain.ts');

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Simulates, asks the wallet, follows the transaction to its block. Every end is a state; nothing is thrown away. */
export async function perform(job: Job): Promise<void> {
  if (isBusy(action.get())) return;
  const { connected, vault, call } = job;
  const name = call.name;
  const set = (state: ActionState): void => action.set(() => state);
  set({ kind: 'simulating', action: name });
  let chain: Chain;
  let hash: Hex;
  try {
    chain = await import('./chain.ts');
  } catch (error) {
    set({ kind: 'failed', action: name, message: `A part of this page could not be loaded: ${errorMessage(error)}` });
    return;
  }
  const tx = { from: connected.account, to: vault, data: chain.calldata(call) };
  try {
    await chain.ethCall(connected, tx);
  } catch (error) {
    set({ kind: 'would-fail', action: name, ...chain.explain(error, job.symbolOf) });
    return;
  }
  set({ kind: 'needs-you', action: name, walletName: connected.wallet.info.name });
  try {
    // The chain id in the transaction makes a wallet that moved to another chain refuse instead of sending there.
    const params = [{ ...tx, chainId: `0x${job.chainId.toString(16)}` }];
    hash = (await connected.wallet.provider.request({ method: 'eth_sendTransaction', params })) as Hex;
  } catch (error) {
    const code = errorCode(error);
    if (code === REFUSED) set({ kind: 'refused', action: name });
    else if (code === ALREADY_PENDING) set({ kind: 'pending', action: name });
    else set({ kind: 'failed', action: name, message: chain.explain(error, job.symbolOf).reason });
    return;
  }
  set({ kind: 'sent', action: name, hash, note: null });
  set(await follow(job, chain, hash, tx));
}

async function follow(job: Job, chain: Chain, hash: Hex, tx: Record<string, unknown>): Promise<ActionState> {
  const { connected } = job;
  const name = job.call.name;
  let unknown = 0;
  for (;;) {
    try {
      const receipt = await chain.readReceipt(connected, hash);
      if (receipt?.ok === true) {
        job.onConfirmed();
        return { kind: 'confirmed', action: name, hash, block: receipt.block };
      }
      if (receipt !== null)
        return { kind: 'reverted', action: name, hash, reason: await revertReason(job, chain, tx, receipt.block) };
      unknown = (await chain.isKnown(connected, hash)) ? 0 : unknown + 1;
      if (unknown >= UNKNOWN_TIMES) return { kind: 'replaced', action: name, hash };
      action.set((s) => (s.kind === 'sent' && s.note !== null ? { ...s, note: null } : s));
    } catch (error) {
      // The transaction is out; a node that does not answer changes nothing about it.
      const note = `The chain does not answer (${errorMessage(error)}). Still waiting.`;
      action.set((s) => (s.kind === 'sent' ? { ...s, note } : s));
    }
    await wait(RECEIPT_EVERY_MS);
  }
}

/** A receipt does not say why; the same call on the state before that block does. */
async function revertReason(job: Job, chain: Chain, tx: Record<string, unknown>, block: number): Promise<string> {
  try {
    await chain.ethCall(job.connected, tx, `0x${(block - 1).toString(16)}`);
    return 'The chain gave no reason.';
  } catch (error) {
    return chain.explain(error, job.symbolOf).reason;
  }
}
