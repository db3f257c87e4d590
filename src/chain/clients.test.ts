import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './clients.ts';
import { startAnvil, type TestAnvil } from './testing/anvil.ts';

let anvil: TestAnvil;
beforeAll(async () => {
  anvil = await startAnvil();
});
afterAll(() => anvil.stop());

/** A port of this machine on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('connect', () => {
  it.each(['http', 'ws'] as const)('reads the chain over %s', async (kind) => {
    const chain = await connect(anvil[kind], anvil.chainId);
    expect(await chain.client.getBlockNumber()).toBe(0n);
    await anvil.rpc('anvil_mine', ['0x1']);
    expect(await chain.client.getBlockNumber()).toBe(1n);
    await anvil.rpc('anvil_rollback', [1]);
    chain.close();
  });

  it.each(['http', 'ws'] as const)('refuses a node of another chain over %s', async (kind) => {
    await expect(connect(anvil[kind], 1)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      exit: 5,
      field: 'chainId',
      value: '1',
      reason: expect.stringContaining('913377'),
    });
  });

  it.each(['http', 'ws'] as const)(
    'says that nothing answers over %s without showing the key in the URL',
    async (kind) => {
      const port = await freePort();
      const url = `${kind}://user:hunter2@127.0.0.1:${port}/v3/s3cretkey?token=abcdef`;
      const error = await connect(url, 1, { timeoutMs: 2_000 }).then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toMatchObject({
        code: 'RPC_UNREACHABLE',
        exit: 5,
        value: `${kind}://127.0.0.1:${port}`,
        retry: 'later',
      });
      const shown = `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`;
      expect(shown).not.toMatch(/hunter2|s3cretkey|abcdef/);
      expect(error instanceof Error && error.cause).toBeUndefined();
    },
  );

  it('refuses an answer that is not JSON-RPC', async () => {
    const server = createServer((_req, res) => res.writeHead(502).end('<html>bad gateway</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(connect(`http://127.0.0.1:${address.port}/key123`, 1)).rejects.toMatchObject({
      code: 'RPC_UNREACHABLE',
      message: expect.not.stringContaining('key123'),
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['', 'not a url', 'ftp://example.org', '127.0.0.1:8545'])('refuses %j as an RPC URL', async (url) => {
    await expect(connect(url, 1)).rejects.toMatchObject({ code: 'RPC_URL_INVALID', exit: 2, field: 'rpcUrl' });
  });
});
