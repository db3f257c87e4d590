/** The rehearsal's test wallet: its code for the page, and the few JSON-RPC calls it may make. Never in another mode. */
import { readFileSync } from 'node:fs';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Chain } from '../../chain/clients.ts';
import { rpcFailure } from '../../chain/rpc.ts';
import type { Address } from '../../core/types.ts';

const READS = [
  'eth_chainId',
  'eth_getTransactionReceipt',
  'eth_call',
  'eth_estimateGas',
  'eth_blockNumber',
  'eth_getBalance',
  'eth_getTransactionByHash',
] as const;

const requestSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.number(), z.string(), z.null()]),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});

const hex = z.string().regex(/^0x[0-9a-fA-F]*$/);
/** What the wallet signs: fields it does not know are refused, so nothing slips past the two rules below. */
const transactionSchema = z.strictObject({
  from: hex,
  to: hex,
  data: hex.optional(),
  input: hex.optional(),
  value: hex.optional(),
  gas: hex.optional(),
  gasPrice: hex.optional(),
  maxFeePerGas: hex.optional(),
  maxPriorityFeePerGas: hex.optional(),
  chainId: hex.optional(),
  type: hex.optional(),
});

export type RehearsalParties = {
  readonly chain: Chain;
  readonly vault: Address;
  readonly owner: () => Promise<Address>;
};

type RpcError = { readonly code: number; readonly message: string; readonly data?: unknown };

const refused = (message: string): { readonly error: RpcError } => ({ error: { code: 4100, message } });
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

async function forward(
  chain: Chain,
  method: string,
  params: readonly unknown[],
): Promise<{ readonly result: unknown } | { readonly error: RpcError }> {
  try {
    return { result: await chain.client.request({ method, params } as never) };
  } catch (error) {
    const failure = rpcFailure(error);
    if (failure === null) throw error;
    if (failure.kind === 'unreachable') return { error: { code: -32603, message: 'the local chain does not answer' } };
    const { code, message, data } = failure;
    return { error: data === null ? { code, message } : { code, message, data } };
  }
}

async function sendTransaction(parties: RehearsalParties, params: readonly unknown[]) {
  const parsed = transactionSchema.safeParse(params[0]);
  if (params.length !== 1 || !parsed.success)
    return { error: { code: -32602, message: 'one transaction with from and to is needed' } };
  const tx = parsed.data;
  const owner = await parties.owner();
  if (!same(tx.from, owner)) return refused('the test wallet signs for the owner of the vault only');
  if (!same(tx.to, parties.vault)) return refused('the test wallet sends to the vault only');
  if (tx.chainId !== undefined && BigInt(tx.chainId) !== BigInt(parties.chain.chainId))
    return { error: { code: 4901, message: 'the test wallet knows the local chain only' } };
  return forward(parties.chain, 'eth_sendTransaction', [tx]);
}

async function answer(parties: RehearsalParties, method: string, params: readonly unknown[]) {
  if (method === 'eth_accounts' || method === 'eth_requestAccounts') return { result: [await parties.owner()] };
  if (method === 'eth_sendTransaction') return sendTransaction(parties, params);
  if ((READS as readonly string[]).includes(method)) return forward(parties.chain, method, params);
  return { error: { code: 4200, message: `the test wallet does not support ${method}` } };
}

export function serveRehearsalWallet(app: OpenAPIHono, parties: RehearsalParties): void {
  const script = readFileSync(new URL('./wallet.client.js', import.meta.url), 'utf8');
  app.get(
    '/rehearsal/wallet.js',
    () =>
      new Response(script, {
        headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' },
      }),
  );
  app.post('/rehearsal/rpc', async (c) => {
    // a form of another site cannot say this without asking first, and nobody answers that question
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
      return c.json(
        { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'content-type must be application/json' } },
        415,
      );
    let body: unknown;
    try {
      body = await c.req.json();
    } catch {
      return c.json({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'the body is not JSON' } }, 400);
    }
    const request = requestSchema.safeParse(body);
    if (!request.success)
      return c.json({ jsonrpc: '2.0', id: null, error: { code: -32600, message: 'not a JSON-RPC 2.0 request' } }, 400);
    const { id, method, params } = request.data;
    return c.json({ jsonrpc: '2.0', id, ...(await answer(parties, method, params)) });
  });
}
