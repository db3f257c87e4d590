import { useEffect, useState } from 'react';
import { useStore } from '../store.ts';
import { Copyable } from '../ui/Copyable.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { type ConnectPhase, cancelConnect, choices, connect, disconnect, wallet } from './connection.ts';
import { connectDialog } from './ui.ts';

const SEARCH_MS = 400;

function phaseText(phase: ConnectPhase): string {
  switch (phase.kind) {
    case 'idle':
      return '';
    case 'waiting':
      return `Open ${phase.name} to answer.`;
    case 'refused':
      return 'You declined. Nothing was sent.';
    case 'pending':
      return `A request is already open in ${phase.name}. Answer it there.`;
    case 'failed':
      return `${phase.name} did not connect: ${phase.message}`;
  }
}

/** EIP-6963 asks wallets for a data: image; anything else would be a request to elsewhere. */
function Icon(props: { readonly src: string }) {
  if (!props.src.startsWith('data:image/')) return <span className="wallet-icon" aria-hidden="true" />;
  return <img className="wallet-icon" src={props.src} alt="" width={28} height={28} />;
}

export function ConnectDialog() {
  const { found, phase, connected } = useStore(wallet, (w) => w);
  const [searching, setSearching] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setSearching(false), SEARCH_MS);
    return () => clearTimeout(timer);
  }, []);
  const close = (): void => {
    if (phase.kind !== 'idle') cancelConnect();
    connectDialog.set(() => false);
  };
  if (connected !== null)
    return (
      <Dialog title={connected.wallet.info.name} testId="connect-dialog" onClose={close}>
        <p className="label">Connected account</p>
        <Copyable hex={connected.account} what="account address" whole />
        <p className="muted">
          {connected.chainId === null ? 'The wallet does not name its chain.' : `On chain ${connected.chainId}.`}
        </p>
        <div className="acts">
          <button type="button" onClick={() => disconnect()}>
            Disconnect from this page
          </button>
        </div>
      </Dialog>
    );
  const list = searching ? found : choices(found);
  return (
    <Dialog title="Connect a wallet" testId="connect-dialog" onClose={close}>
      <p>Connecting lets this page see your address. It cannot move anything.</p>
      {list.length > 0 ? (
        <ul className="wallets">
          {list.map((w) => (
            <li key={w.info.rdns}>
              <button
                type="button"
                disabled={phase.kind === 'waiting'}
                onClick={() => {
                  void connect(w).then(() => {
                    if (wallet.get().connected !== null) connectDialog.set(() => false);
                  });
                }}
              >
                <Icon src={w.info.icon} />
                <span className="name">
                  {w.info.name}
                  <code>{w.info.rdns}</code>
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p data-testid="no-wallet">
          {searching
            ? 'Looking for wallets in this browser.'
            : 'No wallet found in this browser. You can read everything here without one. To pause or withdraw, open this page in a browser with a wallet extension, or use keel pause and keel withdraw in a terminal.'}
        </p>
      )}
      <div className="action-status" data-state={phase.kind}>
        <p role="status" aria-live="polite" className={phase.kind === 'failed' ? 'bad' : 'info'}>
          {phaseText(phase)}
        </p>
        {phase.kind === 'waiting' ? (
          <button type="button" onClick={cancelConnect}>
            Cancel
          </button>
        ) : null}
      </div>
    </Dialog>
  );
}
