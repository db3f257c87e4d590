import type { ApiError, ApiStatus } from './api.ts';
import type { Freshness } from './clock.ts';
import { duration } from './format.ts';

/** What a person must know before believing the figures below. */
export function StateBars(props: {
  readonly status: ApiStatus | null;
  readonly error: ApiError | null;
  readonly fresh: Freshness;
}) {
  const { status, error, fresh } = props;
  if (status === null) return null;
  const silent = status.activity === 'KEEPER_SILENT';
  return (
    <>
      {error === null ? null : (
        <p className="bar warn" data-testid="server-bar">
          {error.message}
        </p>
      )}
      {fresh.stale ? (
        <p className="bar warn" data-testid="stale-bar">
          {fresh.ageS === null
            ? 'The chain does not answer, so these figures are the last ones known.'
            : `Data ${duration(fresh.ageS)} old.`}{' '}
          Trading controls are off until it refreshes. Pause and Withdraw still work.
        </p>
      ) : null}
      {silent ? (
        <p className="bar bad" data-testid="silent-bar">
          No keeper has checked in. Your coins are untouched. Run your own with <code>keel run</code>, or pause.
        </p>
      ) : null}
    </>
  );
}
