/** Errors as application/problem+json: the same five fields everywhere. */
import { EXIT, KeelError } from '../core/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  CHECK_UNKNOWN: 404,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  TOO_MANY_STREAMS: 503,
  STOPPING: 503,
};

function statusOf(error: KeelError): number {
  const known = STATUS[error.code];
  if (known !== undefined) return known;
  if (error.exit === EXIT.unreachable || error.retry === 'later') return 503;
  return error.exit === EXIT.usage && error.code.startsWith('BAD_') ? 400 : 500;
}

export function problemOf(error: KeelError): Response {
  const { code, field, value, reason, remedy } = error;
  return new Response(JSON.stringify({ code, field, value, reason, remedy }), {
    status: statusOf(error),
    headers: { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' },
  });
}

export function apiError(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field, value, reason, remedy });
}

/** A bug of ours: the cause goes to the log, not to whoever asked. */
export function unexpected(): KeelError {
  return new KeelError({
    code: 'BUG',
    exit: EXIT.bug,
    field: 'server',
    value: '(internal)',
    reason: 'an unexpected error happened; it is in the log of the process that serves this page',
    remedy: 'Try again; report it if it stays',
  });
}
