import type { ReactNode } from 'react';
import type { ApiStatus } from './api.ts';
import type { Freshness } from './clock.ts';
import { duration, integer } from './format.ts';
import { links, type Route } from './router.ts';
import { useStore } from './store.ts';
import { wallet } from './wallet/connection.ts';
import { connectDialog, openConnect } from './wallet/ui.ts';
import { MODE_MEANING, MODE_WORDS } from './words.ts';

function Nav(props: { readonly route: Route }) {
  const { name } = props.route;
  const items: readonly (readonly [string, string, boolean])[] = [
    [links.overview, 'Overview', name === 'overview'],
    [links.decisions, 'Decisions', name === 'decisions' || name === 'decision'],
  ];
  return (
    <nav aria-label="Main">
      {items.map(([href, label, here]) => (
        <a key={href} href={href} aria-current={here ? 'page' : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}

function ModePlate(props: { readonly status: ApiStatus | null }) {
  if (props.status === null) return null;
  const { mode } = props.status;
  const [first, ...rest] = MODE_WORDS[mode].split(' ');
  const last = rest.join(' ');
  return (
    <span className={`plate ${mode.toLowerCase()}`} title={MODE_MEANING[mode]} data-testid="mode">
      {last === '' ? null : <span className="plate-wide">{first} </span>}
      {last === '' ? first : last}
    </span>
  );
}

export function DataAge(props: {
  readonly status: ApiStatus | null;
  readonly fresh: Freshness;
  readonly testId: string;
}) {
  const { status, fresh } = props;
  if (status === null) return null;
  const block = `block ${integer(status.block.number)}`;
  return (
    <span className={fresh.stale ? 'live old' : 'live'} data-testid={props.testId}>
      <i aria-hidden="true" />
      {fresh.ageS === null ? `No data from the chain, last ${block}` : `Data ${duration(fresh.ageS)} old, ${block}`}
    </span>
  );
}

function WalletButton() {
  const connected = useStore(wallet, (w) => w.connected);
  const open = useStore(connectDialog, (v) => v);
  const account = connected?.account ?? '';
  return (
    <button
      type="button"
      className={connected === null ? 'wallet' : 'wallet mono'}
      aria-haspopup="dialog"
      aria-expanded={open}
      onClick={openConnect}
      data-testid="wallet"
    >
      {connected === null ? (
        <>
          Connect<span className="wide-only"> wallet</span>
        </>
      ) : (
        <>
          {account.slice(0, 6)}
          <span className="roomy">{account.slice(6, 8)}</span>
          {'\u2026'}
          <span className="roomy">{account.slice(-6, -4)}</span>
          {account.slice(-4)}
        </>
      )}
    </button>
  );
}

export function Header(props: {
  readonly route: Route;
  readonly status: ApiStatus | null;
  readonly fresh: Freshness;
}): ReactNode {
  return (
    <header>
      <button type="button" className="skip-link" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <b>Evenkeel</b>
      <Nav route={props.route} />
      <span className="space" />
      <DataAge status={props.status} fresh={props.fresh} testId="data-age" />
      <ModePlate status={props.status} />
      <WalletButton />
    </header>
  );
}
