import { createStore } from '../store.ts';
import {
  ALREADY_PENDING,
  errorCode,
  errorMessage,
  type FoundWallet,
  legacyWallet,
  REFUSED,
  UNKNOWN_CHAIN,
  watchWallets,
} from './provider.ts';

export type Hex = `0x${string}`;

export type ConnectPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly name: string }
  | { readonly kind: 'refused'; readonly name: string }
  | { readonly kind: 'pending'; readonly name: string }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

export type Connected = {
  readonly wallet: FoundWallet;
  readonly account: Hex;
  /** Null when the wallet would not say. */
  readonly chainId: number | null;
};

export type WalletState = {
  readonly found: readonly FoundWallet[];
  readonly phase: ConnectPhase;
  readonly connected: Connected | null;
  /** Said when the wallet changed something by itself. */
  readonly notice: string | null;
};

export const wallet = createStore<WalletState>({ found: [], phase: { kind: 'idle' }, connected: null, notice: null });

const REMEMBER = 'evenkeel.wallet';
let attempt = 0;
let unlisten: () => void = () => undefined;

function firstAccount(answer: unknown): Hex | null {
  const first: unknown = Array.isArray(answer) ? answer[0] : undefined;
  return typeof first === 'string' && /^0x[0-9a-f]{40}$/i.test(first) ? (first as Hex) : null;
}

function chainNumber(answer: unknown): number | null {
  if (typeof answer === 'number') return answer;
  if (typeof answer !== 'string') return null;
  const value = Number(answer);
  return Number.isSafeInteger(value) ? value : null;
}

function follow(found: FoundWallet): () => void {
  const { provider } = found;
  const onAccounts = (accounts: unknown): void => {
    const account = firstAccount(accounts);
    if (account === null) {
      disconnect('Your wallet disconnected from this page.');
      return;
    }
    const notice = `Your wallet changed to another account.`;
    wallet.set((s) => (s.connected === null ? s : { ...s, notice, connected: { ...s.connected, account } }));
  };
  const onChain = (chain: unknown): void => {
    const chainId = chainNumber(chain);
    wallet.set((s) => (s.connected === null ? s : { ...s, connected: { ...s.connected, chainId } }));
  };
  const onDisconnect = (): void => disconnect('Your wallet disconnected from this page.');
  provider.on?.('accountsChanged', onAccounts);
  provider.on?.('chainChanged', onChain);
  provider.on?.('disconnect', onDisconnect);
  return () => {
    provider.removeListener?.('accountsChanged', onAccounts);
    provider.removeListener?.('chainChanged', onChain);
    provider.removeListener?.('disconnect', onDisconnect);
  };
}

async function adopt(found: FoundWallet, account: Hex, mine: number): Promise<void> {
  const chainId = chainNumber(await found.provider.request({ method: 'eth_chainId' }));
  if (mine !== attempt) return;
  unlisten();
  unlisten = follow(found);
  localStorage.setItem(REMEMBER, found.info.rdns);
  wallet.set((s) => ({ ...s, phase: { kind: 'idle' }, notice: null, connected: { wallet: found, account, chainId } }));
}

/** Asks the wallet for its account. A later call, `cancelConnect` or `disconnect` makes a late answer count for nothing. */
export async function connect(found: FoundWallet): Promise<void> {
  const mine = ++attempt;
  const { name } = found.info;
  wallet.set((s) => ({ ...s, phase: { kind: 'waiting', name } }));
  try {
    const account = firstAccount(await found.provider.request({ method: 'eth_requestAccounts' }));
    if (mine !== attempt) return;
    if (account === null) throw new Error('it named no account');
    await adopt(found, account, mine);
  } catch (error) {
    if (mine !== attempt) return;
    const code = errorCode(error);
    const phase: ConnectPhase =
      code === REFUSED
        ? { kind: 'refused', name }
        : code === ALREADY_PENDING
          ? { kind: 'pending', name }
          : { kind: 'failed', name, message: errorMessage(error) };
    wallet.set((s) => ({ ...s, phase }));
  }
}

export function cancelConnect(): void {
  attempt++;
  wallet.set((s) => ({ ...s, phase: { kind: 'idle' } }));
}

export function disconnect(notice: string | null = null): void {
  attempt++;
  unlisten();
  unlisten = () => undefined;
  localStorage.removeItem(REMEMBER);
  wallet.set((s) => ({ ...s, phase: { kind: 'idle' }, connected: null, notice }));
}

/** A wallet that was connected before the reload and still shares its account is taken up again, without a prompt. */
async function restore(found: FoundWallet): Promise<void> {
  if (wallet.get().connected !== null || localStorage.getItem(REMEMBER) !== found.info.rdns) return;
  const mine = attempt;
  try {
    const account = firstAccount(await found.provider.request({ method: 'eth_accounts' }));
    if (account !== null && mine === attempt) await adopt(found, account, mine);
  } catch (error) {
    const notice = `${found.info.name} could not be reconnected: ${errorMessage(error)}`;
    wallet.set((s) => ({ ...s, notice }));
  }
}

export function startWallets(): () => void {
  return watchWallets((found) => {
    wallet.set((s) => ({
      ...s,
      found: [...s.found.filter((w) => w.info.rdns !== found.info.rdns), found],
    }));
    void restore(found);
  });
}

/** Announced wallets, or the old injected one when none announced itself. */
export function choices(found: readonly FoundWallet[]): readonly FoundWallet[] {
  if (found.length > 0) return found;
  const legacy = legacyWallet();
  return legacy === null ? [] : [legacy];
}

/** Null on success, otherwise what to tell the user. */
export async function switchChain(connected: Connected, chainId: number): Promise<string | null> {
  const params = [{ chainId: `0x${chainId.toString(16)}` }];
  try {
    await connected.wallet.provider.request({ method: 'wallet_switchEthereumChain', params });
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === REFUSED) return 'You declined. Your wallet stays on its chain.';
    if (code === UNKNOWN_CHAIN)
      return `Your wallet does not know chain ${chainId}. Add it there with the RPC address of your configuration, then switch.`;
    return `Your wallet did not switch: ${errorMessage(error)}`;
  }
}
