/** A private anvil on a free loopback port, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Chain, connect } from '../clients.ts';

export type TestAnvil = {
  readonly port: number;
  readonly chainId: number;
  readonly http: string;
  readonly ws: string;
  rpc<T>(method: string, params?: readonly unknown[]): Promise<T>;
  /** Kills the process and waits for its end. */
  stop(): Promise<void>;
};

const LISTENING = /Listening on 127\.0\.0\.1:(\d+)/;

/** The native binary: the package's bin is a wrapper that would leave it running when killed. */
function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const platform = `@foundry-rs/anvil-${process.platform}-${arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  return join(dirname(require.resolve(`${platform}/package.json`)), 'bin', 'anvil');
}

export async function startAnvil(args: readonly string[] = [], chainId = 913_377, onPort = 0): Promise<TestAnvil> {
  const child: ChildProcess = spawn(
    anvilBinary(),
    ['--host', '127.0.0.1', '--port', String(onPort), '--chain-id', String(chainId), '--no-mining', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = LISTENING.exec(text);
      if (found) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text}`)));
  });
  const http = `http://127.0.0.1:${port}`;
  let id = 0;
  return {
    port,
    chainId,
    http,
    ws: `ws://127.0.0.1:${port}`,
    async rpc<T>(method: string, params: readonly unknown[] = []) {
      const response = await fetch(http, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
      });
      const body = (await response.json()) as { result?: T; error?: { message: string } };
      if (body.error) throw new Error(`${method}: ${body.error.message}`);
      return body.result as T;
    },
    stop() {
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      });
    },
  };
}

export function connectTo(anvil: TestAnvil, kind: 'http' | 'ws' = 'ws'): Promise<Chain> {
  return connect(anvil[kind], anvil.chainId);
}
