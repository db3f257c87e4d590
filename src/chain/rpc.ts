/** What an RPC failure means, without the endpoint's URL (its path often is the API key). */
import { BaseError, RpcRequestError } from 'viem';
import { KeelError } from '../core/errors.ts';
import type { Hex } from '../core/types.ts';

/** `answered`: the node replied with a JSON-RPC error. `unreachable`: no reply that could be trusted arrived. */
export type RpcFailure =
  | { readonly kind: 'answered'; readonly code: number; readonly message: string; readonly data: Hex | null }
  | { readonly kind: 'unreachable'; readonly message: string };

function hexData(data: unknown): Hex | null {
  if (typeof data === 'string' && data.startsWith('0x')) return data as Hex;
  if (typeof data === 'object' && data !== null && 'data' in data) return hexData(data.data);
  return null;
}

/** Host and port are kept, everything that may carry a secret (user, path, query) is dropped. */
export function scrubUrls(text: string): string {
  return text.replace(/\b(https?|wss?):\/\/[^\s"'<>)]+/gi, (url) => {
    try {
      const u = new URL(url);
      return `${u.protocol}//${u.host}`;
    } catch {
      return '(url)';
    }
  });
}

/** Classifies what a viem call threw; `null` when it is not an RPC failure at all (a bug, a KeelError). */
export function rpcFailure(error: unknown): RpcFailure | null {
  if (!(error instanceof BaseError)) return null;
  const answered = error.walk((e) => e instanceof RpcRequestError);
  if (answered instanceof RpcRequestError) {
    return {
      kind: 'answered',
      code: answered.code,
      message: scrubUrls(answered.details || answered.shortMessage),
      data: hexData(answered.data),
    };
  }
  const transport = error.walk(
    (e) =>
      e instanceof BaseError &&
      ['HttpRequestError', 'TimeoutError', 'SocketClosedError', 'WebSocketRequestError'].includes(e.name),
  );
  if (transport === null) return null;
  const text = error.details ? `${error.shortMessage} ${error.details}` : error.shortMessage;
  return { kind: 'unreachable', message: scrubUrls(text) };
}

/** Did the call run and revert? Everything else a node answers is about the node, not about the contract. */
export function isRevert(failure: RpcFailure | null): failure is Extract<RpcFailure, { kind: 'answered' }> {
  return (
    failure?.kind === 'answered' && (failure.data !== null || failure.code === 3 || /revert/i.test(failure.message))
  );
}

export function unreachable(label: string, message: string): KeelError {
  return new KeelError({
    code: 'RPC_UNREACHABLE',
    exit: 5,
    field: 'rpcUrl',
    value: label,
    reason: `the node did not answer (${message.replace(/\.$/, '')})`,
    remedy: 'Check that the node runs and that the URL is right; the keeper reconnects by itself',
    retry: 'later',
  });
}

/** The node answers from a chain, or a part of it, that does not fit what it showed before: the same work is tried again. */
export function chainBehind(field: string, value: string, reason: string): KeelError {
  return new KeelError({
    code: 'CHAIN_BEHIND',
    exit: 5,
    field,
    value,
    reason,
    remedy: 'The next block is read instead; nothing has to be done',
    retry: 'later',
  });
}

/** Runs one RPC call; transport trouble becomes RPC_UNREACHABLE, everything else passes through. */
export async function reach<T>(label: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const failure = rpcFailure(error);
    if (failure?.kind === 'unreachable') throw unreachable(label, failure.message);
    throw error;
  }
}
