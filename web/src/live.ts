import { ApiError, type ApiEvent, getChecks, getSeries, getStatus } from './api.ts';
import { type AppData, appData, mergeNewest, type Resource, upsertCheck } from './data.ts';

const SERIES_HOURS = 168;
/** Equal checks share a row, and a quiet week of hourly ones is a single row: fewer would hide the last trade. */
const CHECKS_PAGE = 500;
/** The chain moves between checks too; a loopback request this often keeps "data age" honest. */
const POLL_MS = 5_000;

type Key = 'status' | 'checks' | 'series';

function settle<K extends Key>(key: K, change: (old: AppData[K]) => AppData[K]): void {
  appData.set((all) => ({ ...all, [key]: change(all[key]) }));
}

function failed<T>(old: Resource<T>, error: unknown): Resource<T> {
  if (error instanceof ApiError) return { ...old, error };
  throw error;
}

async function loadStatus(): Promise<void> {
  try {
    const data = await getStatus();
    settle('status', () => ({ data, error: null, at: Date.now() }));
  } catch (error) {
    settle('status', (old) => failed(old, error));
  }
}

async function loadChecks(): Promise<void> {
  try {
    const data = await getChecks(CHECKS_PAGE);
    settle('checks', (old) => ({ data: mergeNewest(old.data, data), error: null, at: Date.now() }));
  } catch (error) {
    settle('checks', (old) => failed(old, error));
  }
}

async function loadSeries(): Promise<void> {
  try {
    const data = await getSeries(SERIES_HOURS);
    settle('series', () => ({ data, error: null, at: Date.now() }));
  } catch (error) {
    settle('series', (old) => failed(old, error));
  }
}

/** Runs `load` at most once per `everyMs`; requests in between become one later run, none is lost. */
export function coalesce(load: () => Promise<void>, everyMs: number): () => void {
  let busy = false;
  let wanted = false;
  const run = (): void => {
    if (busy) {
      wanted = true;
      return;
    }
    busy = true;
    wanted = false;
    const pause = new Promise<void>((resolve) => setTimeout(resolve, everyMs));
    void Promise.all([load(), pause]).then(() => {
      busy = false;
      if (wanted) run();
    });
  };
  return run;
}

export type Live = { readonly refresh: () => void; readonly stop: () => void };

/** Loads everything once, then follows the event stream and asks again only for what an event changed. */
export function startLive(): Live {
  const status = coalesce(loadStatus, 400);
  const checks = coalesce(loadChecks, 400);
  const series = coalesce(loadSeries, 2_000);
  const all = (): void => {
    status();
    checks();
    series();
  };

  const onEvent = (event: ApiEvent): void => {
    if (event.type === 'check') {
      settle('checks', (old) => (old.data === null ? old : { ...old, data: upsertCheck(old.data, event.check) }));
      status();
      series();
      return;
    }
    const { checkId, state, detail } = event;
    appData.set((old) => ({ ...old, run: { checkId, state, detail } }));
    status();
  };

  let source: EventSource | null = null;
  let reopen: ReturnType<typeof setTimeout> | undefined;
  let backoffMs = 1_000;
  let opened = false;
  const open = (): void => {
    source = new EventSource('/api/events');
    const es = source;
    es.onopen = () => {
      // The browser resumes by Last-Event-ID when it reconnects itself; a stream we had to open anew may have missed some.
      if (opened) all();
      opened = true;
      backoffMs = 1_000;
      appData.set((old) => ({ ...old, link: 'open' }));
    };
    es.onerror = () => {
      appData.set((old) => ({ ...old, link: 'down' }));
      status();
      if (es.readyState !== EventSource.CLOSED) return;
      reopen = setTimeout(open, backoffMs);
      backoffMs = Math.min(backoffMs * 2, 30_000);
    };
    const receive = (message: MessageEvent<string>): void => onEvent(JSON.parse(message.data) as ApiEvent);
    for (const name of ['message', 'check', 'run']) es.addEventListener(name, receive);
  };

  const poll = setInterval(() => {
    if (document.visibilityState === 'visible') status();
  }, POLL_MS);
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') all();
  };
  document.addEventListener('visibilitychange', onVisible);
  all();
  open();

  return {
    refresh: all,
    stop: () => {
      clearInterval(poll);
      clearTimeout(reopen);
      document.removeEventListener('visibilitychange', onVisible);
      source?.close();
    },
  };
}
