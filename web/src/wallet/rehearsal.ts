import { errorMessage } from './provider.ts';

let asked = false;

/**
 * In a rehearsal the server offers a wallet for the local chain; it announces itself like any other. Its code is the
 * server's and is never part of this page's bundle. Null on success, otherwise what went wrong.
 */
export async function loadRehearsalWallet(): Promise<string | null> {
  if (asked) return null;
  asked = true;
  const url = new URL('/rehearsal/wallet.js', window.location.origin).href;
  try {
    await import(/* @vite-ignore */ url);
    return null;
  } catch (error) {
    asked = false;
    return `The rehearsal's own wallet could not be loaded: ${errorMessage(error)}`;
  }
}
