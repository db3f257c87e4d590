import { useState } from 'react';
import type { ApiStatus } from '../api.ts';
import { useStore } from '../store.ts';
import { switchChain, wallet } from './connection.ts';

/** One inline bar when the wallet is on another chain, one line when it changed something by itself. */
export function WalletBars(props: { readonly status: ApiStatus | null }) {
  const connected = useStore(wallet, (w) => w.connected);
  const notice = useStore(wallet, (w) => w.notice);
  const [said, setSaid] = useState<string | null>(null);
  const chainId = props.status?.chainId;
  const wrong = connected !== null && chainId !== undefined && connected.chainId !== chainId;
  return (
    <>
      <p
        className={notice === null ? 'sr-only' : 'bar note'}
        role="status"
        aria-live="polite"
        data-testid="wallet-notice"
      >
        {notice ?? ''}
      </p>
      {wrong ? (
        <div className="bar warn" data-testid="wrong-chain">
          <span>
            Your wallet is on {connected.chainId === null ? 'an unknown chain' : `chain ${connected.chainId}`}; this
            vault lives on chain {chainId}. {said ?? ''}
          </span>
          <button type="button" onClick={() => void switchChain(connected, chainId).then(setSaid)}>
            Switch
          </button>
        </div>
      ) : null}
    </>
  );
}
