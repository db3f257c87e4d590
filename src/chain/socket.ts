/**
 * JSON-RPC over one WebSocket, opened on demand and opened again after it broke.
 * viem's own socket keeps one shared client per URL for the whole process, gives up after a fixed number of attempts
 * and prints to the console; a keeper needs the opposite of all three.
 */
import { RpcRequestError, SocketClosedError, TimeoutError } from 'viem';

type RpcMessage = {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  readonly params?: { readonly subscription: string; readonly result: unknown };
};

type Waiting = {
  readonly body: { readonly method: string; readonly params?: unknown };
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
};

export type RpcSocket = {
  request(body: { method: string; params?: unknown }): Promise<unknown>;
  /** Every subscription message, as (subscription id, payload). Returns a function that stops listening. */
  onMessage(listener: (subscription: string, payload: unknown) => void): () => void;
  /** Called each time an open connection breaks; not called by `close`. */
  onBreak(listener: (error: Error) => void): () => void;
  close(): void;
};

export function openSocket(url: string, timeoutMs: number): RpcSocket {
  let socket: WebSocket | null = null;
  let opening: Promise<WebSocket> | null = null;
  let nextId = 1;
  let closed = false;
  const waiting = new Map<number, Waiting>();
  const messageListeners = new Set<(subscription: string, payload: unknown) => void>();
  const breakListeners = new Set<(error: Error) => void>();

  function drop(from: WebSocket): void {
    if (socket !== from) return;
    socket = null;
    const error = new SocketClosedError({ url: 'the endpoint' });
    for (const [id, w] of waiting) {
      clearTimeout(w.timer);
      waiting.delete(id);
      w.reject(error);
    }
    if (!closed) for (const listener of breakListeners) listener(error);
  }

  function receive(from: WebSocket, data: unknown): void {
    if (typeof data !== 'string' || data.trim() === '') return;
    let message: RpcMessage;
    try {
      message = JSON.parse(data) as RpcMessage;
    } catch {
      // Not JSON-RPC: nothing on this connection can be trusted any more.
      from.close();
      drop(from);
      return;
    }
    if (message.method === 'eth_subscription' && message.params !== undefined) {
      for (const listener of messageListeners) listener(message.params.subscription, message.params.result);
      return;
    }
    const w = message.id === undefined ? undefined : waiting.get(message.id);
    if (w === undefined || message.id === undefined) return;
    waiting.delete(message.id);
    clearTimeout(w.timer);
    if (message.error) w.reject(new RpcRequestError({ body: w.body, error: message.error, url: 'the endpoint' }));
    else w.resolve(message.result);
  }

  function open(): Promise<WebSocket> {
    if (socket) return Promise.resolve(socket);
    if (closed) return Promise.reject(new SocketClosedError({ url: 'the endpoint' }));
    opening ??= new Promise<WebSocket>((resolve, reject) => {
      const fresh = new WebSocket(url);
      const timer = setTimeout(() => fresh.close(), timeoutMs);
      fresh.addEventListener('open', () => {
        clearTimeout(timer);
        opening = null;
        if (closed) fresh.close();
        socket = fresh;
        resolve(fresh);
      });
      fresh.addEventListener('message', (event: MessageEvent) => receive(fresh, event.data));
      const fail = () => {
        clearTimeout(timer);
        if (socket === fresh) drop(fresh);
        else {
          opening = null;
          reject(new SocketClosedError({ url: 'the endpoint' }));
        }
      };
      fresh.addEventListener('close', fail);
      fresh.addEventListener('error', fail);
    });
    return opening;
  }

  return {
    async request(body) {
      const live = await open();
      const id = nextId++;
      return new Promise<unknown>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new TimeoutError({ body: { method: body.method }, url: 'the endpoint' }));
        }, timeoutMs);
        waiting.set(id, { body, resolve, reject, timer });
        live.send(JSON.stringify({ jsonrpc: '2.0', id, method: body.method, params: body.params ?? [] }));
      });
    },
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
    onBreak(listener) {
      breakListeners.add(listener);
      return () => breakListeners.delete(listener);
    },
    close() {
      closed = true;
      const live = socket;
      if (live) {
        live.close();
        drop(live);
      }
    },
  };
}
