import type { ApiCheckSummary, ApiChecks, ApiError, ApiSeries, ApiStatus } from './api.ts';
import { createStore } from './store.ts';

/** One answer of the server: what was last known, and what went wrong since. `at` is the page's clock in ms. */
export type Resource<T> = { readonly data: T | null; readonly error: ApiError | null; readonly at: number };

export type RunProgress = { readonly checkId: number; readonly state: string; readonly detail: string };

export type AppData = {
  readonly status: Resource<ApiStatus>;
  readonly checks: Resource<ApiChecks>;
  readonly series: Resource<ApiSeries>;
  /** The event stream. */
  readonly link: 'connecting' | 'open' | 'down';
  /** Newest progress of a run, from the event stream. */
  readonly run: RunProgress | null;
};

const nothing = { data: null, error: null, at: 0 } as const;

export const appData = createStore<AppData>({
  status: nothing,
  checks: nothing,
  series: nothing,
  link: 'connecting',
  run: null,
});

/** Puts a new or changed check where its id belongs; newest first, never twice. */
export function upsertCheck(list: ApiChecks, check: ApiCheckSummary): ApiChecks {
  const others = list.checks.filter((c) => c.checkId !== check.checkId);
  const at = others.findIndex((c) => c.checkId < check.checkId);
  const oldest = others.at(-1)?.checkId ?? 0;
  // A late event for a check older than what is loaded belongs to a page that is not loaded yet.
  if (at < 0 && others.length > 0 && list.nextBefore !== null && check.checkId < oldest) return list;
  const place = at < 0 ? others.length : at;
  return { ...list, checks: [...others.slice(0, place), check, ...others.slice(place)] };
}

/** Joins an older page to the loaded ones. */
export function appendOlder(list: ApiChecks, older: ApiChecks): ApiChecks {
  const known = new Set(list.checks.map((c) => c.checkId));
  return { ...older, checks: [...list.checks, ...older.checks.filter((c) => !known.has(c.checkId))] };
}

/** Joins a fresh newest page to what is loaded; a gap between the two drops the older part, which can be paged in again. */
export function mergeNewest(loaded: ApiChecks | null, fresh: ApiChecks): ApiChecks {
  const oldestFresh = fresh.checks.at(-1)?.checkId;
  if (loaded === null || oldestFresh === undefined) return fresh;
  const older = loaded.checks.filter((c) => c.checkId < oldestFresh);
  const joins = loaded.checks.some((c) => c.checkId >= oldestFresh);
  if (!joins || older.length === 0) return fresh;
  return { ...fresh, checks: [...fresh.checks, ...older], nextBefore: loaded.nextBefore };
}
