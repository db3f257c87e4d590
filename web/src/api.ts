import type { Check, Checks, Problem, Public, Series, ServerEvent, Status } from '../../src/api/types.ts';
import type { CheckSummary } from '../../src/core/types.ts';

export type ApiStatus = Public<Status>;
export type ApiChecks = Public<Checks>;
export type ApiCheckSummary = Public<CheckSummary>;
export type ApiCheck = Public<Check>;
export type ApiSeries = Public<Series>;
export type ApiEvent = Public<ServerEvent>;

/** What went wrong with a request to our own server, in the server's own words where it gave any. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(sentencesOf(problem), cause === undefined ? undefined : { cause });
    this.problem = problem;
  }
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** "check 999: does not exist. Open the list of decisions." The server's reasons begin in lower case, after their subject. */
export function sentencesOf({ field, value, reason, remedy }: Problem): string {
  return `${field.charAt(0).toUpperCase()}${field.slice(1)} ${value}: ${withStop(reason)} ${withStop(remedy)}`;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'reason' in body && 'remedy' in body;
}

async function getJson(path: string, schema: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
  } catch (cause) {
    const problem: Problem = {
      code: 'API_UNREACHABLE',
      field: 'server',
      value: path,
      reason: 'the Evenkeel server does not answer',
      remedy: 'Check that it is still running in its terminal. This page tries again by itself',
    };
    throw new ApiError(problem, cause);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    if (isProblem(body)) throw new ApiError(body);
    throw new ApiError(wrongAnswer(path, `the answer was ${response.status}, without saying why`));
  }
  if (typeof body !== 'object' || body === null || !('schema' in body) || body.schema !== schema)
    throw new ApiError(wrongAnswer(path, `the answer is not an ${schema} document`));
  return body;
}

function wrongAnswer(path: string, reason: string): Problem {
  const remedy = 'Reload the page; if it stays, the page and the server are of different versions';
  return { code: 'API_ANSWER', field: 'server', value: path, reason, remedy };
}

export async function getStatus(): Promise<ApiStatus> {
  return (await getJson('/api/status', 'evenkeel.status/1')) as ApiStatus;
}

/** Newest first; `before` pages backwards. */
export async function getChecks(limit: number, before?: number): Promise<ApiChecks> {
  const query = before === undefined ? `limit=${limit}` : `limit=${limit}&before=${before}`;
  return (await getJson(`/api/checks?${query}`, 'evenkeel.checks/1')) as ApiChecks;
}

export async function getCheck(checkId: number): Promise<ApiCheck> {
  return (await getJson(`/api/checks/${checkId}`, 'evenkeel.decision/3')) as ApiCheck;
}

export async function getSeries(hours: number): Promise<ApiSeries> {
  return (await getJson(`/api/series?hours=${hours}`, 'evenkeel.series/1')) as ApiSeries;
}
