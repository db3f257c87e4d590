/** JSON-RPC over one kept-alive connection: a step of the market is five calls, so each must cost a fraction of a ms. */
import { Agent, request } from 'node:http';

export type Call = readonly [method: string, params: readonly unknown[]];

export type Rpc = {
  readonly call: <T>(method: string, ...params: unknown[]) => Promise<T>;
  /** In order; fails on the first error. */
  readonly batch: (calls: readonly Call[]) => Promise<unknown[]>;
  readonly close: () => void;
};

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: { code: number; message: string } };

export function connect(port: number): Rpc {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let id = 0;

  function post(body: string): Promise<unknown> {
    return new Promise((done, fail) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const req = request({ host: '127.0.0.1', port, method: 'POST', agent, headers }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', fail);
        res.on('end', () => {
          try {
            done(JSON.parse(Buffer.concat(chunks).toString()));
          } catch (cause) {
            fail(new Error(`the devnet answered HTTP ${res.statusCode} without JSON`, { cause }));
          }
        });
      });
      req.on('error', fail);
      req.end(body);
    });
  }

  const resultOf = (answer: Answer, method: string): unknown => {
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };

  return {
    call: async <T>(method: string, ...params: unknown[]): Promise<T> => {
      const answer = (await post(JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }))) as Answer;
      return resultOf(answer, method) as T;
    },
    batch: async (calls) => {
      const first = id + 1;
      const body = calls.map(([method, params]) => ({ jsonrpc: '2.0', id: ++id, method, params }));
      const answers = (await post(JSON.stringify(body))) as Answer[];
      const byId = new Map(answers.map((a) => [a.id, a]));
      return calls.map(([method], i) => {
        const answer = byId.get(first + i);
        if (!answer) throw new Error(`${method}: no answer in the batch`);
        return resultOf(answer, method);
      });
    },
    close: () => agent.destroy(),
  };
}

export const hex = (n: number | bigint): `0x${string}` => `0x${n.toString(16)}`;
