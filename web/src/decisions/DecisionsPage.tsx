import { useState } from 'react';
import type { Outcome } from '../../../src/core/types.ts';
import { ApiError, getChecks } from '../api.ts';
import { appData, appendOlder } from '../data.ts';
import { useStore } from '../store.ts';
import { PanelError, Skeleton } from '../ui/Panel.tsx';
import { OUTCOME_WORDS, plural } from '../words.ts';
import { groupRuns } from './groupRuns.ts';
import { RunRow } from './RunRow.tsx';

const PAGE = 200;
const OUTCOMES = Object.keys(OUTCOME_WORDS) as Outcome[];

export function DecisionsPage() {
  const { data, error } = useStore(appData, (d) => d.checks);
  const now = useStore(appData, (d) => d.status.data?.block.time ?? d.checks.data?.checks[0]?.time ?? 0);
  const [only, setOnly] = useState<Outcome | 'ALL'>('ALL');
  const [older, setOlder] = useState<'idle' | 'loading' | ApiError>('idle');

  const loadOlder = async (): Promise<void> => {
    if (data === null || data.nextBefore === null) return;
    setOlder('loading');
    try {
      const page = await getChecks(PAGE, data.nextBefore);
      appData.set((all) =>
        all.checks.data === null
          ? all
          : { ...all, checks: { ...all.checks, data: appendOlder(all.checks.data, page) } },
      );
      setOlder('idle');
    } catch (e) {
      if (!(e instanceof ApiError)) throw e;
      setOlder(e);
    }
  };

  const shown = data === null ? [] : data.checks.filter((c) => only === 'ALL' || c.outcome === only);
  return (
    <div className="page plain" data-testid="decisions">
      <h1>Decisions</h1>
      <p className="lead">Every check the keeper made, and why it traded or did not.</p>
      {error === null ? null : <PanelError error={error} />}
      {data === null ? (
        error === null ? (
          <Skeleton rows={8} row="line" />
        ) : null
      ) : data.checks.length === 0 ? (
        <p className="empty">No check has run.</p>
      ) : (
        <>
          <div className="filter">
            <label htmlFor="only">Outcome</label>
            <select id="only" value={only} onChange={(e) => setOnly(e.target.value as Outcome | 'ALL')}>
              <option value="ALL">All</option>
              {OUTCOMES.map((o) => (
                <option key={o} value={o}>
                  {OUTCOME_WORDS[o]}
                </option>
              ))}
            </select>
            <span className="muted">
              {plural(shown.length, 'check', 'checks')}
              {only === 'ALL' ? '' : ` of ${data.checks.length}`} loaded
            </span>
          </div>
          <table className="decisions wide">
            <thead>
              <tr>
                <th scope="col">Check</th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {groupRuns(shown).map((run) => (
                <RunRow key={run.newest.checkId} run={run} now={now} />
              ))}
            </tbody>
          </table>
          {shown.length === 0 ? <p className="empty">None of the loaded checks ended like that.</p> : null}
          {older instanceof ApiError ? <PanelError error={older} /> : null}
          {data.nextBefore === null ? null : (
            <button type="button" disabled={older === 'loading'} onClick={() => void loadOlder()}>
              {older === 'loading' ? 'Loading older checks' : 'Load older checks'}
            </button>
          )}
        </>
      )}
    </div>
  );
}
