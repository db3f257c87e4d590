/** The routes. Every answer is checked against the same zod schemas that docs/openapi.json is generated from (in tests). */
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { KeelError } from '../core/errors.ts';
import { encodePublicJson } from '../core/json.ts';
import { isLoopbackHost, onlyLocal } from './hosts.ts';
import { servePage } from './page.ts';
import { apiError, PROBLEM_TYPE, problemOf, unexpected } from './problem.ts';
import { type RehearsalParties, serveRehearsalWallet } from './rehearsal/wallet.ts';
import {
  checkSchema,
  checksSchema,
  healthSchema,
  problemSchema,
  seriesSchema,
  serverEventSchema,
  statusSchema,
} from './schemas.ts';
import type { Check, Checks, Series, Status } from './types.ts';

export type Health = {
  readonly schema: 'evenkeel.health/1';
  readonly ok: boolean;
  readonly database: boolean;
  readonly chain: boolean;
  readonly keeperLastSeenS: number | null;
  readonly lastCheck: { readonly checkId: number; readonly time: number } | null;
};

/** Where the answers come from; the routes know neither database nor chain. */
export type Sources = {
  status(): Promise<Status>;
  checks(page: { readonly before: number | null; readonly limit: number }): Promise<Checks>;
  check(checkId: number): Promise<Check | null>;
  series(hours: number): Promise<Series>;
  events(lastEventId: number | null, signal: AbortSignal): Promise<Response>;
  health(): Promise<Health>;
};

export type AppOptions = {
  readonly sources: Sources;
  /** Host that the server listens on. */
  readonly host: string;
  /** dist/web */
  readonly pageDir: string;
  /** null in every mode but REHEARSAL. */
  readonly rehearsal: RehearsalParties | null;
  /** Gets every unexpected error. */
  readonly log: (error: unknown) => void;
};

const BODY_LIMIT = 256 * 1024;

const asJson = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
const problem = { description: 'what is wrong and what to do', content: { [PROBLEM_TYPE]: { schema: problemSchema } } };
const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

export const ROUTES = {
  status: createRoute({
    method: 'get',
    path: '/api/status',
    summary: 'The portfolio now',
    responses: { 200: asJson(statusSchema, 'read from the chain when asked'), 503: problem },
  }),
  checks: createRoute({
    method: 'get',
    path: '/api/checks',
    summary: 'Checks, newest first',
    request: {
      query: z.strictObject({
        before: wholeNumber(1, Number.MAX_SAFE_INTEGER)
          .optional()
          .openapi({ description: 'only checks with a lower id' }),
        limit: wholeNumber(1, 500).default(50),
      }),
    },
    responses: { 200: asJson(checksSchema, 'one page'), 400: problem },
  }),
  check: createRoute({
    method: 'get',
    path: '/api/checks/{id}',
    summary: 'One decision, whole',
    request: { params: z.strictObject({ id: wholeNumber(1, Number.MAX_SAFE_INTEGER) }) },
    responses: { 200: asJson(checkSchema, 'the record'), 400: problem, 404: problem },
  }),
  series: createRoute({
    method: 'get',
    path: '/api/series',
    summary: 'Value and drift over chain time',
    request: { query: z.strictObject({ hours: wholeNumber(1, 8_760).default(168) }) },
    responses: {
      200: asJson(seriesSchema, 'oldest first, at most 2,000 points; trades are never dropped'),
      400: problem,
    },
  }),
  events: createRoute({
    method: 'get',
    path: '/api/events',
    summary: 'Checks and runs as they happen (server-sent events)',
    request: { headers: z.object({ 'last-event-id': z.string().optional() }) },
    responses: {
      200: {
        description: 'each event has a journal id; Last-Event-ID resumes without a gap; comments are heartbeats',
        content: { 'text/event-stream': { schema: serverEventSchema } },
      },
      400: problem,
      503: problem,
    },
  }),
  health: createRoute({
    method: 'get',
    path: '/health',
    summary: 'Does everything answer?',
    responses: { 200: asJson(healthSchema, 'all well'), 503: asJson(healthSchema, 'something does not answer') },
  }),
} as const;

export const OPENAPI_INFO = {
  openapi: '3.1.0',
  info: {
    title: 'Evenkeel API',
    version: '1',
    description:
      'Served on loopback. Amounts are integers as decimal text; the unit is in the name (UsdE8: US dollars times 1e8).',
  },
} as const;

function respond(value: unknown, status = 200): Response {
  return new Response(encodePublicJson(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

function badParameter(issues: readonly z.core.$ZodIssue[], target: string): KeelError {
  const issue = issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknownKey ?? issue?.path.map(String).join('.') ?? target;
  return apiError('BAD_PARAMETER', field, `(in the ${target})`, issue?.message ?? 'is wrong', 'See /openapi.json');
}

function lastEventId(header: string | undefined): number | null {
  if (header === undefined || header === '') return null;
  if (!/^\d{1,15}$/.test(header))
    throw apiError(
      'BAD_PARAMETER',
      'Last-Event-ID',
      header.slice(0, 40),
      'is not an id of this stream',
      'Leave it out to hear new events only',
    );
  return Number(header);
}

/** The typed handlers of zod-openapi want c.json(); ours write bigint as text, so the answers are plain responses. */
type Answer = never;

export function createApp(options: AppOptions): OpenAPIHono {
  const { sources } = options;
  const app = new OpenAPIHono({
    defaultHook: (result) => (result.success ? undefined : problemOf(badParameter(result.error.issues, result.target))),
  });
  app.onError((error) => {
    if (error instanceof KeelError) return problemOf(error);
    options.log(error);
    return problemOf(unexpected());
  });
  app.use(onlyLocal(isLoopbackHost(options.host) ? null : options.host));
  app.use(
    bodyLimit({
      maxSize: BODY_LIMIT,
      onError: () => {
        const answer = problemOf(
          apiError('BODY_TOO_LARGE', 'body', `more than ${BODY_LIMIT} bytes`, 'is too large', 'Send less'),
        );
        // the rest of the body is never read, so this connection cannot carry another request
        answer.headers.set('connection', 'close');
        return answer;
      },
    }),
  );
  app.openapi(ROUTES.status, async () => respond(await sources.status()) as Answer);
  app.openapi(ROUTES.checks, async (c) => {
    const { before, limit } = c.req.valid('query');
    return respond(await sources.checks({ before: before ?? null, limit })) as Answer;
  });
  app.openapi(ROUTES.check, async (c) => {
    const { id } = c.req.valid('param');
    const found = await sources.check(id);
    if (found === null)
      throw apiError('CHECK_UNKNOWN', 'id', String(id), 'no such check', 'GET /api/checks lists them');
    return respond(found) as Answer;
  });
  app.openapi(ROUTES.series, async (c) => respond(await sources.series(c.req.valid('query').hours)) as Answer);
  app.openapi(
    ROUTES.events,
    async (c) => (await sources.events(lastEventId(c.req.header('last-event-id')), c.req.raw.signal)) as Answer,
  );
  app.openapi(ROUTES.health, async () => {
    const state = await sources.health();
    return respond(state, state.ok ? 200 : 503) as Answer;
  });
  app.doc31('/openapi.json', OPENAPI_INFO);
  if (options.rehearsal !== null) serveRehearsalWallet(app, options.rehearsal);
  servePage(app, options.pageDir);
  app.notFound((c) =>
    problemOf(apiError('NOT_FOUND', 'path', c.req.path, 'does not exist', 'See /openapi.json for what does')),
  );
  return app;
}

/** What /openapi.json answers, without a server: the sources are never asked. */
export function openApiDocument(): unknown {
  const app = new OpenAPIHono();
  for (const route of Object.values(ROUTES)) app.openAPIRegistry.registerPath(route);
  return app.getOpenAPI31Document(OPENAPI_INFO);
}
