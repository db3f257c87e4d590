/** The built dashboard from dist/web. Names under assets/ carry a hash of their content and never change. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { apiError, problemOf } from './problem.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

function fileFor(root: string, path: string): string | null {
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (name.includes('\0')) return null;
  const file = join(root, name);
  if (!existsSync(file) || !statSync(file).isFile()) return null;
  // symbolic links and ".." end outside the folder; neither is served
  return realpathSync(file).startsWith(realpathSync(root) + sep) ? file : null;
}

function respond(file: string, ifNoneMatch: string | undefined, immutable: boolean): Response {
  const body = readFileSync(file);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
  };
  if (ifNoneMatch === etag) return new Response(null, { status: 304, headers });
  return new Response(body, { headers });
}

/** Any path without a dot is a screen of the page; everything else is a file or 404. */
export function servePage(app: OpenAPIHono, root: string): void {
  app.get('*', (c) => {
    const { path } = c.req;
    const seen = c.req.header('if-none-match');
    const file = path === '/' ? null : fileFor(root, path);
    if (file !== null) return respond(file, seen, path.startsWith('/assets/'));
    const isScreen =
      !path.startsWith('/api/') && !path.startsWith('/rehearsal/') && !path.slice(path.lastIndexOf('/')).includes('.');
    if (!isScreen)
      return problemOf(apiError('NOT_FOUND', 'path', path, 'does not exist', 'See /openapi.json for what does'));
    const index = join(root, 'index.html');
    if (existsSync(index)) return respond(index, seen, false);
    return problemOf(
      apiError(
        'PAGE_NOT_BUILT',
        'dist/web',
        path,
        'the dashboard has not been built',
        'Run `npm run build`; the API works without it',
      ),
    );
  });
}
