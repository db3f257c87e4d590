/** A small server that speaks the API from canned answers, with the headers of the real one. For states that are hard to bring about for real. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Public, ServerEvent } from '../../src/api/types.ts';
import type { World } from './fixtureData.ts';

export const CSP =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'";

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
};

export type RpcError = { readonly code: number; readonly message: string; readonly data?: string };
/** Answers a wallet request; a thrown RpcError is what the wallet throws. */
export type Rpc = (method: string, params: readonly unknown[]) => unknown;

export type Fixture = {
  readonly url: string;
  /** Change it and the next request sees the change. */
  world: World;
  rpc: Rpc;
  /** Paths that answer 500 with a problem document. */
  readonly broken: Set<string>;
  /** Paths that never answer. */
  readonly hanging: Set<string>;
  readonly requests: string[];
  readonly emit: (event: Public<ServerEvent>) => void;
  readonly close: () => Promise<void>;
};

const WALLET = `
const listeners = new Map();
const provider = {
  async request({ method, params }) {
    const response = await fetch('/rehearsal/rpc', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ method, params: params ?? [] }) });
    const { result, error } = await response.json();
    if (error) throw Object.assign(new Error(error.message), error);
    return result;
  },
  on(event, listener) { listeners.set(event, [...(listeners.get(event) ?? []), listener]); },
  removeListener(event, listener) { listeners.set(event, (listeners.get(event) ?? []).filter((l) => l !== listener)); },
};
window.__emit = (event, value) => (listeners.get(event) ?? []).forEach((l) => l(value));
const icon = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 28 28'><rect width='28' height='28' fill='%238A5300'/></svg>";
const detail = Object.freeze({ info: { uuid: '350670db-19fa-4704-a166-e52e178b59d2', name: 'Local test wallet', icon, rdns: 'org.evenkeel.rehearsal' }, provider });
const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
window.addEventListener('eip6963:requestProvider', announce);
announce();
`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': CSP,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(body);
}

export async function startFixture(dir: string, world: World): Promise<Fixture> {
  const streams = new Set<ServerResponse>();
  const broken = new Set<string>();
  const hanging = new Set<string>();
  const requests: string[] = [];
  const state: { world: World; rpc: Rpc } = {
    world,
    rpc: (method) => {
      throw Object.assign(new Error(`unexpected ${method}`), { code: -32_601 });
    },
  };

  const json = (response: ServerResponse, value: unknown): void =>
    send(response, 200, 'application/json', JSON.stringify(value));
  const problem = (response: ServerResponse, status: number, path: string, code: string, reason: string): void =>
    send(
      response,
      status,
      'application/problem+json',
      JSON.stringify({ code, field: 'path', value: path, reason, remedy: 'See the log of the server' }),
    );

  const answerOf = (path: string, query: URLSearchParams): unknown => {
    const w = state.world;
    if (path === '/api/status') return w.status;
    if (path === '/api/series') return w.series;
    if (path === '/api/checks') {
      const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY);
      const found = w.checks.checks.filter((c) => c.checkId < before);
      return { ...w.checks, checks: found, nextBefore: query.has('before') ? null : w.checks.nextBefore };
    }
    return w.records.get(Number(/^\/api\/checks\/(\d+)$/.exec(path)?.[1])) ?? null;
  };

  const rpc = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, params } = JSON.parse(await bodyOf(request)) as { method: string; params: unknown[] };
    try {
      json(response, { result: await state.rpc(method, params) });
    } catch (error) {
      const { code, message, data } = error as RpcError;
      json(response, { error: { code: code ?? -32_603, message, data } });
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fixture');
    requests.push(`${request.method} ${pathname}`);
    if (hanging.has(pathname)) return;
    if (broken.has(pathname)) problem(response, 500, pathname, 'DATABASE_DOWN', 'the database does not answer');
    else if (pathname === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': open\n\n');
      streams.add(response);
      request.on('close', () => streams.delete(response));
    } else if (pathname === '/rehearsal/wallet.js') send(response, 200, 'text/javascript', WALLET);
    else if (pathname === '/rehearsal/rpc') await rpc(request, response);
    else if (pathname.startsWith('/api/')) {
      const answer = answerOf(pathname, searchParams);
      if (answer === null) problem(response, 404, pathname, 'CHECK_UNKNOWN', 'no check has this number');
      else json(response, answer);
    } else {
      const file = normalize(pathname === '/' ? '/index.html' : pathname);
      send(response, 200, TYPES[extname(file)] ?? 'application/octet-stream', await readFile(join(dir, file)));
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => send(response, 404, 'text/plain', String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/`,
    get world() {
      return state.world;
    },
    set world(next) {
      state.world = next;
    },
    get rpc() {
      return state.rpc;
    },
    set rpc(next) {
      state.rpc = next;
    },
    broken,
    hanging,
    requests,
    emit: (event) => {
      for (const stream of streams)
        stream.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    },
    close: () =>
      new Promise((resolve) => {
        for (const stream of streams) stream.end();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
