/**
 * Who may talk to the server. It has no password, so it must be unreachable for other machines (it listens on loopback)
 * and for other web pages: a page that rebinds its own name to 127.0.0.1 still sends that name as Host.
 */
import type { MiddlewareHandler } from 'hono';
import { apiError, problemOf } from './problem.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export const CSP =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'";

export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host);
}

/** @param extraHost the host the owner chose to listen on, when it is not a loopback one */
export function onlyLocal(extraHost: string | null): MiddlewareHandler {
  const allowed = (host: string | undefined): boolean =>
    isLoopbackHost(host) || (extraHost !== null && host !== undefined && host.replace(/:\d+$/, '') === extraHost);
  return async (c, next) => {
    const host = c.req.header('host');
    if (!allowed(host))
      return problemOf(
        apiError(
          'HOST_REFUSED',
          'Host',
          host ?? '(missing)',
          'is not a name of this machine',
          'Open the address that `keel run` printed',
        ),
      );
    const origin = c.req.header('origin');
    if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
      return problemOf(
        apiError(
          'ORIGIN_REFUSED',
          'Origin',
          origin,
          'is another site than this one',
          'Open the page from its own address',
        ),
      );
    await next();
    c.header('content-security-policy', CSP);
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-resource-policy', 'same-origin');
    c.header('x-frame-options', 'DENY');
    return undefined;
  };
}
