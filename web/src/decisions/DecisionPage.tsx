import { useEffect, useState } from 'react';
import { type ApiCheck, ApiError, getCheck } from '../api.ts';
import { appData } from '../data.ts';
import { fullTime, integer } from '../format.ts';
import { links } from '../router.ts';
import { useStore } from '../store.ts';
import { Panel, PanelError, Skeleton } from '../ui/Panel.tsx';
import { Prose } from '../ui/Prose.tsx';
import { OutcomeTag } from '../ui/Tag.tsx';
import { CostTable } from './CostTable.tsx';
import { Fills } from './Fills.tsx';
import { GuardLadder } from './GuardLadder.tsx';
import { reasonWords } from './groupRuns.ts';
import { Weights } from './Weights.tsx';

type Loaded = ApiCheck | ApiError | null;

/** Loads the check again whenever the event stream says that it, or its run, went on. */
function useCheck(checkId: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const summary = useStore(appData, (d) => d.checks.data?.checks.find((c) => c.checkId === checkId) ?? null);
  const run = useStore(appData, (d) => (d.run?.checkId === checkId ? d.run : null));
  const version = `${summary?.outcome} ${summary?.costUsdE8} ${summary?.txHashes.length} ${run?.state}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is the reason to ask again
  useEffect(() => {
    let current = true;
    getCheck(checkId).then(
      (check) => {
        if (current) setLoaded(check);
      },
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        if (current) setLoaded(error);
      },
    );
    return () => {
      current = false;
    };
  }, [checkId, version]);
  return loaded;
}

function Raw(props: { readonly check: ApiCheck }) {
  const text = JSON.stringify(props.check, null, 2);
  const [said, setSaid] = useState('Copy JSON');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('The browser refused. Select the text below.');
    }
  };
  return (
    <Panel title="The record" testId="raw">
      <details>
        <summary>Show the whole record as JSON</summary>
        <button type="button" className="small" onClick={() => void copy()}>
          {said}
        </button>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <pre tabIndex={0}>{text}</pre>
      </details>
    </Panel>
  );
}

function Record(props: { readonly check: ApiCheck }) {
  const { check } = props;
  return (
    <>
      <p className="meta">
        <OutcomeTag outcome={check.outcome} /> &nbsp;Check {integer(check.checkId)}, {fullTime(check.block.time)}, block{' '}
        {integer(check.block.number)}
      </p>
      <h1 data-testid="sentence">
        <Prose text={check.sentence} />
      </h1>
      {check.counterfactual === null ? null : (
        <p className="lead" data-testid="counterfactual">
          <Prose text={check.counterfactual} />
        </p>
      )}
      {check.secondary.length === 0 ? null : (
        <p className="muted">Also: {check.secondary.map(reasonWords).join(', ')}.</p>
      )}
      <div className="why">
        <div className="column">
          <GuardLadder guards={check.guards} />
          <Fills check={check} />
        </div>
        <div className="column">
          <Weights check={check} />
          <CostTable check={check} />
        </div>
      </div>
      <Raw check={check} />
    </>
  );
}

export function DecisionPage(props: { readonly checkId: number }) {
  const loaded = useCheck(props.checkId);
  return (
    <div className="page plain why-page" data-testid="decision">
      <p className="back">
        <a href={links.decisions}>All decisions</a>
      </p>
      {loaded === null ? (
        <>
          <h1 className="sr-only">Check {props.checkId} is loading</h1>
          <Skeleton rows={1} row="headline" />
          <Skeleton rows={6} row="line" />
        </>
      ) : loaded instanceof ApiError ? (
        <>
          <h1>Check {props.checkId} cannot be shown.</h1>
          <PanelError error={loaded} />
        </>
      ) : (
        <Record check={loaded} />
      )}
    </div>
  );
}
