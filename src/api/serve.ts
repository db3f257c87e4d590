/** Puts the API on a socket, and takes it down again without cutting an answer. */
import type { Server as HttpServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { Chain } from '../chain/clients.ts';
import type { Config } from '../config/schema.ts';
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import type { Db } from '../store/db.ts';
import { createApp } from './app.ts';
import { openSources } from './sources.ts';

export type StartApiOptions = {
  readonly config: Config;
  readonly db: Db;
  readonly chain: Chain;
  readonly keeper: Address;
  /** Gets one line per unexpected error. */
  readonly log: (line: string) => void;
  /** Built page; dist/web of this package when left out. */
  readonly pageDir?: string;
};

export type RunningApi = {
  readonly url: string;
  readonly port: number;
  /** Ends every event stream, waits for running answers, closes the socket. */
  stop(): Promise<void>;
};

const PAGE_DIR = fileURLToPath(new URL('../../dist/web', import.meta.url));
const LAST_ANSWERS_MS = 2_000;

function listenError(error: NodeJS.ErrnoException, host: string, port: number): KeelError {
  const known: Readonly<Record<string, readonly [string, string, string]>> = {
    EADDRINUSE: [
      'PORT_IN_USE',
      'another program listens there',
      'Stop it, or choose another port with --port (0 = any free one)',
    ],
    EACCES: ['PORT_FORBIDDEN', 'this user may not listen there', 'Choose a port of 1024 or more with --port'],
    EADDRNOTAVAIL: ['HOST_UNKNOWN', 'this machine has no such address', 'Set api.host to 127.0.0.1'],
    ENOTFOUND: ['HOST_UNKNOWN', 'this machine has no such address', 'Set api.host to 127.0.0.1'],
  };
  const [code, reason, remedy] = known[error.code ?? ''] ?? [
    'LISTEN_FAILED',
    `cannot listen (${error.code ?? error.message})`,
    'Check api.host and api.port',
  ];
  const field = code === 'HOST_UNKNOWN' ? 'api.host' : 'api.port';
  return new KeelError({
    code,
    exit: code === 'PORT_IN_USE' ? EXIT.actionNeeded : EXIT.usage,
    field,
    value: `${host}:${port}`,
    reason,
    remedy,
    cause: error,
  });
}

/** @throws KeelError PORT_IN_USE (exit 3), PORT_FORBIDDEN, HOST_UNKNOWN, LISTEN_FAILED (exit 2) */
export async function startApi(options: StartApiOptions): Promise<RunningApi> {
  const { config } = options;
  const { host, port } = config.api;
  const log = (error: unknown): void =>
    options.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const opened = await openSources(options, log);
  const app = createApp({
    sources: opened.sources,
    host,
    pageDir: options.pageDir ?? PAGE_DIR,
    rehearsal: config.mode === 'REHEARSAL' ? { chain: options.chain, vault: config.vault, owner: opened.owner } : null,
    log,
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      server.listen(port, host, resolve);
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const http = server as HttpServer;
  let stopping: Promise<void> | null = null;
  // a connection whose stream has just ended is kept alive by the client; it would hold the server up for seconds
  http.on('request', (_request, response) => {
    response.on('close', () => {
      if (stopping !== null) setImmediate(() => http.closeIdleConnections());
    });
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    await opened.close();
    http.closeIdleConnections();
    const force = setTimeout(() => http.closeAllConnections(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(force);
  };
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
