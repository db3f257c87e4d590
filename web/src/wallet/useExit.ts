import { useCallback, useEffect, useState } from 'react';
import type { ApiStatus } from '../api.ts';
import type { Connected, Hex } from './connection.ts';
import { errorMessage } from './provider.ts';

export type Coin = {
  readonly token: Hex;
  readonly symbol: string;
  readonly decimals: number;
  readonly balance: bigint;
};

export type ExitRead =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ready'; readonly owner: Hex; readonly coins: readonly Coin[] };

async function readExit(status: ApiStatus, connected: Connected): Promise<ExitRead> {
  try {
    const chain = await import('./chain.ts');
    const owner = await chain.readOwner(connected, status.vault);
    if (!chain.sameAddress(owner, connected.account))
      return { kind: 'failed', message: `its owner is ${owner}, not the connected account.` };
    const coins = await Promise.all(
      status.assets.map(async ({ token, symbol, decimals }) => {
        const balance = await chain.readBalance(connected, token, status.vault);
        return { token, symbol, decimals, balance };
      }),
    );
    return { kind: 'ready', owner: chain.checksummed(owner), coins };
  } catch (error) {
    return { kind: 'failed', message: errorMessage(error) };
  }
}

/** Owner and balances straight from the vault, through the connected wallet. */
export function useExit(status: ApiStatus, connected: Connected): { read: ExitRead; reload: () => void } {
  const [read, setRead] = useState<ExitRead>({ kind: 'loading' });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const { account, chainId } = connected;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read when opened, for another account or chain, and on request; not at every new status
  useEffect(() => {
    let current = true;
    void readExit(status, connected).then((result) => {
      if (current) setRead(result);
    });
    return () => {
      current = false;
    };
  }, [turn, account, chainId, status.vault]);
  return { read, reload };
}
