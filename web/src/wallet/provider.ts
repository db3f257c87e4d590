/** What a wallet looks like to the page: EIP-1193 for requests, EIP-6963 for being found. */
export type RequestArguments = { readonly method: string; readonly params?: readonly unknown[] };

export type Provider = {
  readonly request: (args: RequestArguments) => Promise<unknown>;
  readonly on?: (event: string, listener: (value: unknown) => void) => unknown;
  readonly removeListener?: (event: string, listener: (value: unknown) => void) => unknown;
};

export type WalletInfo = {
  readonly uuid: string;
  readonly name: string;
  readonly icon: string;
  readonly rdns: string;
};

export type FoundWallet = { readonly info: WalletInfo; readonly provider: Provider };

function isFound(detail: unknown): detail is FoundWallet {
  if (typeof detail !== 'object' || detail === null || !('info' in detail) || !('provider' in detail)) return false;
  const { info, provider } = detail;
  return (
    typeof info === 'object' &&
    info !== null &&
    ['uuid', 'name', 'icon', 'rdns'].every((key) => typeof (info as Record<string, unknown>)[key] === 'string') &&
    typeof provider === 'object' &&
    provider !== null &&
    'request' in provider
  );
}

/** Asks for announcements and reports every wallet; a later announcement of the same rdns replaces the earlier. */
export function watchWallets(report: (found: FoundWallet) => void): () => void {
  const hear = (event: Event): void => {
    if (event instanceof CustomEvent && isFound(event.detail)) report(event.detail);
  };
  window.addEventListener('eip6963:announceProvider', hear);
  window.dispatchEvent(new Event('eip6963:requestProvider'));
  return () => window.removeEventListener('eip6963:announceProvider', hear);
}

/** A wallet of before EIP-6963; used only when nothing announced itself. */
export function legacyWallet(): FoundWallet | null {
  const provider: unknown = (window as { ethereum?: unknown }).ethereum;
  if (typeof provider !== 'object' || provider === null || !('request' in provider)) return null;
  const info = { uuid: 'window.ethereum', name: 'Browser wallet', icon: '', rdns: 'window.ethereum' };
  return { info, provider: provider as Provider };
}

/** The code of an EIP-1193 or JSON-RPC error, wherever the wallet put it. */
export function errorCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'number') return error.code;
  return 'data' in error ? errorCode((error.data as { originalError?: unknown } | null)?.originalError) : null;
}

export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message;
  return String(error);
}

/** Revert data inside an error of eth_call; wallets nest it differently. */
export function revertData(error: unknown, depth = 0): `0x${string}` | null {
  if (typeof error === 'string') return /^0x([0-9a-f]{2})*$/i.test(error) ? (error as `0x${string}`) : null;
  if (typeof error !== 'object' || error === null || depth > 4) return null;
  for (const key of ['data', 'originalError', 'error', 'cause']) {
    const inner = revertData((error as Record<string, unknown>)[key], depth + 1);
    if (inner !== null) return inner;
  }
  return null;
}

export const REFUSED = 4001;
export const UNKNOWN_CHAIN = 4902;
export const ALREADY_PENDING = -32002;
