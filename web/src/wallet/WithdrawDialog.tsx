import { useEffect, useState } from 'react';
import type { ApiStatus } from '../api.ts';
import { useStore } from '../store.ts';
import { Copyable } from '../ui/Copyable.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Skeleton } from '../ui/Panel.tsx';
import { listWords, plural } from '../words.ts';
import { ActionStatus } from './ActionStatus.tsx';
import { action, isBusy, perform } from './action.ts';
import { CoinList } from './CoinList.tsx';
import type { Connected } from './connection.ts';
import { refreshNow } from './refresh.ts';
import { useExit } from './useExit.ts';

/** Takes the coins out in kind. What is listed comes from the chain through the owner's own wallet, not from our server. */
export function WithdrawDialog(props: {
  readonly status: ApiStatus;
  readonly connected: Connected;
  readonly onClose: () => void;
}) {
  const { status, connected } = props;
  const exit = useExit(status, connected);
  const state = useStore(action, (s) => s);
  const [skip, setSkip] = useState<ReadonlySet<string>>(new Set());
  const busy = isBusy(state);
  const done = state.kind === 'confirmed' && state.action === 'withdrawAll';
  const failing = state.kind === 'would-fail' && state.action === 'withdrawAll' ? state.failingToken : null;
  const { reload } = exit;
  useEffect(() => {
    if (done) reload();
  }, [done, reload]);

  const toggle = (token: string): void =>
    setSkip((old) => {
      const next = new Set(old);
      if (!next.delete(token)) next.add(token);
      return next;
    });

  const coins = exit.read.kind === 'ready' ? exit.read.coins.filter((c) => c.balance > 0n) : [];
  const taken = coins.filter((c) => !skip.has(c.token));
  const symbolOf = (token: string): string =>
    status.assets.find((a) => a.token.toLowerCase() === token.toLowerCase())?.symbol ?? 'A coin';
  const failingKnown = coins.find((c) => c.token.toLowerCase() === failing?.toLowerCase());

  const send = (): void => {
    const call = { name: 'withdrawAll' as const, skip: coins.filter((c) => skip.has(c.token)).map((c) => c.token) };
    const { vault, chainId } = status;
    void perform({ connected, chainId, vault, call, symbolOf, onConfirmed: refreshNow });
  };

  return (
    <Dialog title="Withdraw all coins" testId="withdraw-dialog" onClose={props.onClose}>
      <p>Withdrawing in kind needs no price, no keeper and no permission from us.</p>
      {exit.read.kind === 'loading' ? <Skeleton rows={4} row="line" /> : null}
      {exit.read.kind === 'failed' ? (
        <p className="bad" role="alert">
          The vault could not be read through your wallet: {exit.read.message}{' '}
          <button type="button" className="link" onClick={reload}>
            Try again
          </button>
        </p>
      ) : null}
      {exit.read.kind === 'ready' ? (
        <>
          {done ? null : <CoinList coins={coins} skip={skip} failing={failing} busy={busy} onToggle={toggle} />}
          <p className="label">To the owner, the only allowed address</p>
          <Copyable hex={exit.read.owner} what="owner address" whole />
          {done ? (
            <p className="good">
              {coins.length === 0
                ? 'The vault is empty now.'
                : `Left in the vault: ${listWords(coins.map((c) => c.symbol))}.`}
            </p>
          ) : (
            <p className="muted">
              {taken.length === 0
                ? 'Nothing is chosen.'
                : `One transaction moves ${listWords(taken.map((c) => c.symbol))}.`}
              {coins.length > taken.length ? ' What you leave stays yours and can be withdrawn later.' : ''}
            </p>
          )}
        </>
      ) : null}
      <ActionStatus of={['withdrawAll']} />
      <div className="acts">
        {done ? null : (
          <button type="button" className="primary" disabled={busy || taken.length === 0} onClick={send}>
            Withdraw {plural(taken.length, 'coin', 'coins')}
          </button>
        )}
        {failingKnown !== undefined && !skip.has(failingKnown.token) ? (
          <button type="button" onClick={() => toggle(failingKnown.token)}>
            Leave {failingKnown.symbol} in the vault
          </button>
        ) : null}
        <button type="button" onClick={props.onClose}>
          {done ? 'Done' : 'Cancel'}
        </button>
      </div>
    </Dialog>
  );
}
