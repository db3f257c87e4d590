import type { ApiChecks, ApiStatus } from '../api.ts';
import type { Resource } from '../data.ts';
import { groupRuns } from '../decisions/groupRuns.ts';
import { RunRow } from '../decisions/RunRow.tsx';
import { dueText } from '../format.ts';
import { links } from '../router.ts';
import { Panel, Skeleton } from '../ui/Panel.tsx';

const ROWS = 6;

export function LatestDecisions(props: { readonly checks: Resource<ApiChecks>; readonly status: ApiStatus }) {
  const { data, error } = props.checks;
  const { nextCheckAt, block } = props.status;
  const all = <a href={links.decisions}>All decisions</a>;
  return (
    <Panel title="Latest decisions" testId="latest-decisions" error={error} aside={data === null ? null : all}>
      {data === null ? (
        error === null ? (
          <Skeleton rows={4} row="line" />
        ) : null
      ) : data.checks.length === 0 ? (
        <p className="empty">No check has run yet.{dueText('The first', nextCheckAt, block.time)}</p>
      ) : (
        <table className="decisions">
          <thead>
            <tr>
              <th scope="col">Check</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {groupRuns(data.checks)
              .slice(0, ROWS)
              .map((run) => (
                <RunRow key={run.newest.checkId} run={run} now={block.time} />
              ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
