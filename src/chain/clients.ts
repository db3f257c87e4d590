/** The connection to one chain. One Chain is one provider: everything a decision reads comes through it. */
import { createPublicClient, custom, http, type PublicClient } from 'viem';
import { KeelError } from '../core/errors.ts';
import { reach, rpcFailure, scrubUrls, unreachable } from './rpc.ts';
import { openSocket, type RpcSocket } from './socket.ts';

export type Chain = {
  /** viem client without retries (a retried send is a second send) and without cached block numbers. */
  readonly client: PublicClient;
  readonly chainId: number;
  /** Scheme, host and port of the endpoint; safe to print. */
  readonly label: string;
  /** Announces new heads; null = they are polled for. */
  readonly socket: RpcSocket | null;
  close(): void;
};

export type ConnectOptions = {
  readonly timeoutMs?: number;
  /** WebSocket of the same node, for new heads, when `rpcUrl` is http. */
  readonly wsUrl?: string | null;
};

function parseUrl(rpcUrl: string): URL {
  let url: URL | null = null;
  try {
    url = new URL(rpcUrl);
  } catch {
    url = null;
  }
  if (url !== null && ['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) return url;
  throw new KeelError({
    code: 'RPC_URL_INVALID',
    exit: 2,
    field: 'rpcUrl',
    value: url === null ? '(not a URL)' : url.protocol,
    reason: 'is not an http, https, ws or wss URL',
    remedy: 'Set rpcUrl to the address of an Ethereum JSON-RPC endpoint, for example ws://127.0.0.1:8545',
  });
}

/** @throws KeelError RPC_URL_INVALID, RPC_UNREACHABLE, CHAIN_MISMATCH */
export async function connect(rpcUrl: string, expectedChainId: number, options: ConnectOptions = {}): Promise<Chain> {
  const url = parseUrl(rpcUrl);
  const label = `${url.protocol}//${url.host}`;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const overHttp = url.protocol.startsWith('http');
  const socketUrl = overHttp ? (options.wsUrl ?? null) : rpcUrl;
  const socket = socketUrl === null ? null : openSocket(socketUrl, timeoutMs);
  const client = createPublicClient({
    transport:
      overHttp || socket === null
        ? http(rpcUrl, { retryCount: 0, timeout: timeoutMs })
        : custom({ request: (body) => socket.request(body) }, { retryCount: 0 }),
    cacheTime: 0,
    ccipRead: false,
  });
  const close = () => socket?.close();
  try {
    const actual = await chainIdOf(client, label);
    if (actual !== expectedChainId) {
      throw new KeelError({
        code: 'CHAIN_MISMATCH',
        exit: 5,
        field: 'chainId',
        value: String(expectedChainId),
        reason: `the node at ${label} serves chain ${actual}`,
        remedy: `Point rpcUrl to a node of chain ${expectedChainId}, or correct chainId`,
      });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { client, chainId: expectedChainId, label, socket, close };
}

async function chainIdOf(client: PublicClient, label: string): Promise<number> {
  try {
    return await reach(label, () => client.getChainId());
  } catch (error) {
    const failure = rpcFailure(error);
    if (failure !== null) throw unreachable(label, failure.message);
    if (error instanceof KeelError) throw error;
    throw unreachable(label, scrubUrls(error instanceof Error ? error.message : String(error)));
  }
}
