import { useState } from 'react';
import type { ApiStatus } from '../api.ts';
import { shortHex } from '../format.ts';
import { useStore } from '../store.ts';
import { ActionStatus } from './ActionStatus.tsx';
import { action, clearAction, isBusy, perform } from './action.ts';
import { type Connected, wallet } from './connection.ts';
import { refreshNow } from './refresh.ts';
import { openConnect } from './ui.ts';
import { WithdrawDialog } from './WithdrawDialog.tsx';

/** Why the owner's controls are off, or null when they are on. */
export function whyNot(status: ApiStatus, connected: Connected | null): string | null {
  if (connected === null) return `Pausing and withdrawing need the owner's wallet, ${shortHex(status.owner)}.`;
  if (connected.account.toLowerCase() !== status.owner.toLowerCase())
    return `Only the owner, ${shortHex(status.owner)}, can pause or withdraw. You are connected as ${shortHex(connected.account)}.`;
  if (connected.chainId !== status.chainId)
    return `Your wallet is on another chain. Switch it to chain ${status.chainId} first.`;
  return null;
}

export function OwnerActions(props: { readonly status: ApiStatus; readonly stale: boolean }) {
  const { status, stale } = props;
  const connected = useStore(wallet, (w) => w.connected);
  const state = useStore(action, (s) => s);
  const [withdrawing, setWithdrawing] = useState(false);
  const why = whyNot(status, connected);
  const paused = status.pausedUntil > status.block.time;
  const empty = status.assets.every((a) => a.balance === '0');
  const off = why !== null || isBusy(state);

  const send = (name: 'pause' | 'resume'): void => {
    if (connected === null) return;
    const { vault, chainId, assets } = status;
    const symbolOf = (token: string): string =>
      assets.find((a) => a.token.toLowerCase() === token.toLowerCase())?.symbol ?? 'A coin';
    void perform({ connected, chainId, vault, call: { name }, symbolOf, onConfirmed: refreshNow });
  };

  return (
    <div className="owner">
      <div className="acts">
        {paused ? (
          <button type="button" className="primary" disabled={off || stale} onClick={() => send('resume')}>
            Resume
          </button>
        ) : (
          <button type="button" disabled={off} onClick={() => send('pause')}>
            Pause
          </button>
        )}
        <button
          type="button"
          disabled={off || empty}
          onClick={() => {
            clearAction();
            setWithdrawing(true);
          }}
        >
          Withdraw
        </button>
      </div>
      {why === null ? null : (
        <p className="why-not" data-testid="why-not">
          {why}{' '}
          {connected === null ? (
            <button type="button" className="link" onClick={openConnect}>
              Connect wallet
            </button>
          ) : null}
        </p>
      )}
      {why === null && empty ? <p className="why-not">The vault is empty, so there is nothing to withdraw.</p> : null}
      <ActionStatus of={['pause', 'resume']} />
      {withdrawing && connected !== null ? (
        <WithdrawDialog status={status} connected={connected} onClose={() => setWithdrawing(false)} />
      ) : null}
    </div>
  );
}
