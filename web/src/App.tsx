import { useEffect, useRef, useState } from 'react';
import { freshness, useNow } from './clock.ts';
import { appData } from './data.ts';
import { DecisionPage } from './decisions/DecisionPage.tsx';
import { DecisionsPage } from './decisions/DecisionsPage.tsx';
import { DataAge, Header } from './Header.tsx';
import { startLive } from './live.ts';
import { faviconOf, ModeContext } from './mode.ts';
import { Overview } from './overview/Overview.tsx';
import { links, parseRoute, type Route, useHash } from './router.ts';
import { StateBars } from './StateBars.tsx';
import { useStore } from './store.ts';
import { ConnectDialog } from './wallet/ConnectDialog.tsx';
import { startWallets } from './wallet/connection.ts';
import { setRefresh } from './wallet/refresh.ts';
import { loadRehearsalWallet } from './wallet/rehearsal.ts';
import { connectDialog } from './wallet/ui.ts';
import { WalletBars } from './wallet/WalletBars.tsx';
import { ACTIVITY_WORDS } from './words.ts';

function titleOf(route: Route, activity: string | null): string {
  const page = { overview: null, decisions: 'Decisions', decision: 'Why', missing: 'Not found' }[route.name];
  return [activity, page, 'Evenkeel'].filter((part) => part !== null).join(' \u2013 ');
}

function Page(props: { readonly route: Route; readonly stale: boolean }) {
  const { route } = props;
  if (route.name === 'overview') return <Overview stale={props.stale} />;
  if (route.name === 'decisions') return <DecisionsPage />;
  if (route.name === 'decision') return <DecisionPage key={route.checkId} checkId={route.checkId} />;
  return (
    <div className="page plain">
      <h1>There is no such page.</h1>
      <p className="lead">
        Nothing lives at <code>{route.path}</code>. <a href={links.overview}>Go to the overview</a>
      </p>
    </div>
  );
}

/** Focus and scroll follow a change of page, as they would on a fresh load. */
function useArrival(hash: string): void {
  const shown = useRef(hash);
  useEffect(() => {
    if (shown.current === hash) return;
    shown.current = hash;
    window.scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [hash]);
}

/** Says a changed state once. Numbers inside a headline count on, and are not read out each time. */
function Announcer(props: { readonly headline: string }) {
  const said = useRef('');
  const gist = (text: string): string => text.replace(/\d[\d.,]*/g, '#');
  if (gist(said.current) !== gist(props.headline)) said.current = props.headline;
  return (
    <p className="sr-only" role="status" aria-live="polite" data-testid="announcer">
      {said.current}
    </p>
  );
}

export function App() {
  const hash = useHash();
  const route = parseRoute(hash);
  const status = useStore(appData, (d) => d.status);
  const connecting = useStore(connectDialog, (open) => open);
  const now = useNow();
  const [walletProblem, setWalletProblem] = useState<string | null>(null);
  const fresh = freshness(status.data?.dataAgeS ?? null, status.at, now);
  const mode = status.data?.mode ?? null;
  const activity = status.data === null ? null : ACTIVITY_WORDS[status.data.activity];

  useEffect(() => {
    const stopWallets = startWallets();
    const live = startLive();
    setRefresh(live.refresh);
    return () => {
      live.stop();
      stopWallets();
    };
  }, []);
  useEffect(() => {
    if (mode === null) return;
    document.getElementById('favicon')?.setAttribute('href', faviconOf(mode));
    if (mode === 'REHEARSAL') void loadRehearsalWallet().then(setWalletProblem);
  }, [mode]);
  const title = titleOf(route, activity);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useArrival(hash);

  return (
    <ModeContext value={mode}>
      <Header route={route} status={status.data} fresh={fresh} />
      <main id="main" tabIndex={-1}>
        <div className="under-header">
          <DataAge status={status.data} fresh={fresh} testId="data-age-phone" />
        </div>
        <div className="bars">
          <StateBars status={status.data} error={status.error} fresh={fresh} />
          {walletProblem === null ? null : <p className="bar warn">{walletProblem}</p>}
          <WalletBars status={status.data} />
        </div>
        <Page route={route} stale={fresh.stale && status.data !== null} />
      </main>
      <Announcer headline={status.data?.headline ?? ''} />
      {connecting ? <ConnectDialog /> : null}
    </ModeContext>
  );
}
