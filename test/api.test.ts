/** The API on a real socket, with a real database and a real vault. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeFunctionData } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vaultAbi } from '../src/abi/Vault.ts';
import { openApiDocument } from '../src/api/app.ts';
import {
  checkSchema,
  checksSchema,
  healthSchema,
  problemSchema,
  seriesSchema,
  serverEventSchema,
  statusSchema,
} from '../src/api/schemas.ts';
import { type RunningApi, startApi } from '../src/api/serve.ts';
import { type Chain, connect } from '../src/chain/clients.ts';
import { encodePublicJson } from '../src/core/json.ts';
import type { DecisionRecord } from '../src/core/types.ts';
import { leaseName } from '../src/keeper/loop.ts';
import { recordCheck } from '../src/store/checks.ts';
import type { Db } from '../src/store/db.ts';
import { appendJournal } from '../src/store/journal.ts';
import { acquireWatchLease, thisProcess } from '../src/store/leases.ts';
import { makeDir, removeDir, type TestCluster, testCluster } from '../src/store/testing/cluster.ts';
import { realised, record, snapshot } from '../src/store/testing/fixtures.ts';
import { findVault } from '../src/store/vaults.ts';
import { type VaultOnDevnet, vaultOnDevnet } from './support/vaultOnDevnet.ts';

let cluster: TestCluster;
let db: Db;
let world: VaultOnDevnet;
let api: RunningApi;
let dir: string;
const logged: string[] = [];

beforeAll(async () => {
  dir = makeDir();
  mkdirSync(join(dir, 'page', 'assets'), { recursive: true });
  writeFileSync(join(dir, 'page', 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(dir, 'page', 'assets', 'app-3f2a.js'), 'export {};');
  writeFileSync(join(dir, 'secret.txt'), 'not for the web');
  [cluster, world] = await Promise.all([testCluster(), vaultOnDevnet(dir)]);
  db = await cluster.fresh();
  api = await start();
}, 120_000);

afterAll(async () => {
  await api?.stop();
  await world?.stop();
  await cluster?.stop();
  removeDir(dir);
});

/** A node that can be switched off and on again. */
async function proxyTo(target: string): Promise<{ url: string; stop(): Promise<void>; again(): Promise<void> }> {
  const port = Number(new URL(target).port);
  const open = new Set<Socket>();
  let server = createServer();
  const listen = (at: number) =>
    new Promise<number>((resolve) => {
      server = createServer((socket) => {
        const upstream = connectSocket(port, '127.0.0.1');
        for (const s of [socket, upstream]) {
          open.add(s);
          s.on('error', () => s.destroy()).on('close', () => open.delete(s));
        }
        socket.pipe(upstream).pipe(socket);
      }).listen(at, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
  const own = await listen(0);
  return {
    url: `http://127.0.0.1:${own}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
    again: async () => {
      await listen(own);
    },
  };
}

function start(change: Partial<VaultOnDevnet['config']> = {}, chain: Chain = world.chain): Promise<RunningApi> {
  const config = { ...world.config, ...change };
  return startApi({
    config,
    db,
    chain,
    keeper: world.devnet.accounts.keeper.address,
    log: (line) => logged.push(line),
    pageDir: join(dir, 'page'),
  });
}

const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

async function vaultId(): Promise<number> {
  const found = await findVault(db.kysely, world.config.chainId, world.config.vault);
  if (found === null) throw new Error('the API did not register the vault');
  return found.id;
}

async function addCheck(options: Parameters<typeof record>[1] = {}): Promise<DecisionRecord> {
  return recordCheck(db.kysely, await vaultId(), (id) => record(id, options), snapshot());
}

/** fetch() does not let a caller choose the Host header. */
function rawGet(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = httpRequest({ host: '127.0.0.1', port: api.port, path, headers }, (res) => {
      let body = '';
      res.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
    });
    req.on('error', reject);
    req.end();
  });
}

describe('status', () => {
  it('reads the vault from the chain and says that no keeper runs', async () => {
    const status = statusSchema.parse(await (await get('/api/status')).json());
    const assets = await world.chain.client.readContract({
      address: world.config.vault,
      abi: vaultAbi,
      functionName: 'assets',
    });
    expect(status.assets.map((a) => a.token.toLowerCase())).toEqual(assets.map((a) => a.token.toLowerCase()));
    expect(status.assets.find((a) => a.symbol === 'WBTC')?.balance).toBe('10000000');
    const sum = status.assets.reduce((total, a) => total + BigInt(a.valueUsdE8), 0n);
    expect(BigInt(status.navUsdE8 ?? -1)).toBe(sum);
    expect(sum).toBeGreaterThan(0n);
    expect(status.activity).toBe('KEEPER_SILENT');
    expect(status.headline).toBe('No keeper is running.');
    expect(status.dataAgeS).toBeGreaterThanOrEqual(0);
    expect(status.owner.toLowerCase()).toBe(world.devnet.accounts.owner.address.toLowerCase());
  });

  it('values what was deposited, and what holding would be worth, up to the newest block', async () => {
    const read = async () => statusSchema.parse(await (await get('/api/status')).json());
    const before = await read();
    expect(before.holdNavUsdE8).toBe(before.navUsdE8);
    expect(before.depositedUsdE8).toBe(before.navUsdE8);
    expect(before.sinceStartUsdE8).toBe('0');
    const usdc = world.config.tokens.find((t) => t.symbol === 'USDC');
    if (usdc === undefined) throw new Error('no USDC');
    await world.owner({ to: world.config.vault, functionName: 'withdraw', args: [usdc.address, 1_000_000_000n] });
    const after = await read();
    const price = after.assets.find((a) => a.symbol === 'USDC')?.priceUsdE8 ?? '0';
    expect(BigInt(before.navUsdE8 ?? 0) - BigInt(after.navUsdE8 ?? 0)).toBe(1_000n * BigInt(price));
    expect(after.holdNavUsdE8).toBe(after.navUsdE8);
    expect(after.sinceStartUsdE8).toBe('0');
  });

  it('follows the chain: pause, resume and a new block show up at once', async () => {
    await acquireWatchLease(db.kysely, leaseName(world.config), thisProcess(), 30);
    await world.owner({ to: world.config.vault, functionName: 'pause' });
    const paused = statusSchema.parse(await (await get('/api/status')).json());
    expect([paused.activity, paused.headline]).toEqual(['PAUSED', 'Paused by you.']);
    await world.owner({ to: world.config.vault, functionName: 'resume' });
    const resumed = statusSchema.parse(await (await get('/api/status')).json());
    expect(resumed.activity).not.toBe('PAUSED');
    expect(resumed.keeper.lastSeenS).toBeLessThan(30);
    expect(resumed.block.number).toBeGreaterThan(paused.block.number);
  });

  it('says that the chain is silent, keeps the last view, and never guesses a value', async () => {
    const proxy = await proxyTo(world.devnet.rpcUrl);
    const chain = await connect(proxy.url, world.config.chainId);
    const other = await start({}, chain);
    const read = async () => statusSchema.parse(await (await fetch(`${other.url}/api/status`)).json());
    try {
      const before = await read();
      expect(before.navUsdE8).not.toBeNull();
      await proxy.stop();
      const after = await read();
      expect([after.activity, after.headline]).toEqual(['CANNOT_ACT', 'The chain does not answer.']);
      expect([after.dataAgeS, after.navUsdE8, after.sinceStartUsdE8]).toEqual([null, null, null]);
      expect(after.assets.map((a) => a.balance)).toEqual(before.assets.map((a) => a.balance));
      const health = await fetch(`${other.url}/health`);
      expect([health.status, healthSchema.parse(await health.json()).chain]).toEqual([503, false]);
      await proxy.again();
      expect((await read()).navUsdE8).toBe(before.navUsdE8);
    } finally {
      await other.stop();
      chain.close();
      await proxy.stop();
    }
  });
});

describe('checks', () => {
  it('pages newest first and shows each decision whole', async () => {
    const made = [await addCheck(), await addCheck({ outcome: 'TRADED', realised: realised(100n) }), await addCheck()];
    const [a, b, c] = made.map((m) => m.checkId);
    const first = checksSchema.parse(await (await get('/api/checks?limit=2')).json());
    expect(first.checks.map((x) => x.checkId)).toEqual([c, b]);
    expect(first.nextBefore).toBe(b);
    const next = checksSchema.parse(await (await get(`/api/checks?limit=2&before=${b}`)).json());
    expect(next.checks.map((x) => x.checkId)).toEqual([a]);
    expect(next.nextBefore).toBeNull();
    const whole: unknown = await (await get(`/api/checks/${b}`)).json();
    expect(checkSchema.parse(whole)).toEqual(JSON.parse(encodePublicJson(made[1])));
  });

  it('serves the series', async () => {
    const series = seriesSchema.parse(await (await get('/api/series?hours=24')).json());
    expect(series.points.length).toBeGreaterThanOrEqual(3);
    expect(series.trades).toHaveLength(1);
  });

  it.each([
    ['/api/checks?limit=0', 400, 'BAD_PARAMETER'],
    ['/api/checks?limit=abc', 400, 'BAD_PARAMETER'],
    ['/api/checks?limti=5', 400, 'BAD_PARAMETER'],
    ['/api/series?hours=9000', 400, 'BAD_PARAMETER'],
    ['/api/checks/0', 400, 'BAD_PARAMETER'],
    ['/api/checks/999999', 404, 'CHECK_UNKNOWN'],
    ['/api/nothing', 404, 'NOT_FOUND'],
  ])('%s is a problem with a remedy', async (path, status, code) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = problemSchema.parse(await response.json());
    expect(problem.code).toBe(code);
    expect(problem.remedy).not.toBe('');
  });
});

type Frame = { readonly event: string | null; readonly id: number; readonly data: unknown };

/** Reads frames until `count` with data have come, then hangs up. */
async function listen(lastEventId: number | null, count: number, meanwhile?: () => Promise<void>): Promise<Frame[]> {
  const hangUp = new AbortController();
  const response = await get('/api/events', {
    signal: hangUp.signal,
    headers: lastEventId === null ? {} : { 'last-event-id': String(lastEventId) },
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const frames: Frame[] = [];
  let text = '';
  let started = false;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (!started) {
      started = true;
      await meanwhile?.();
    }
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const line = (name: string) =>
        part
          .split('\n')
          .find((l) => l.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? null;
      const data = line('data');
      if (data !== null) frames.push({ event: line('event'), id: Number(line('id')), data: JSON.parse(data) });
    }
    if (frames.length >= count) break;
  }
  hangUp.abort();
  return frames;
}

describe('events', () => {
  it('tells a new check as it is recorded', async () => {
    const frames = await listen(null, 1, async () => {
      await addCheck();
    });
    const event = serverEventSchema.parse(frames[0]?.data);
    expect([frames[0]?.event, event.type, event.id]).toEqual(['check', 'check', frames[0]?.id]);
  });

  it('resumes after the last event without a gap or a repetition, across a restart of the server', async () => {
    const made: DecisionRecord[] = [];
    const [first] = await listen(null, 1, async () => {
      made.push(await addCheck());
    });
    for (let i = 0; i < 5; i++) made.push(await addCheck());
    await appendJournal(db.kysely, [
      {
        kind: 'RUN',
        vaultId: await vaultId(),
        checkId: made[0]?.checkId ?? 0,
        executionId: null,
        payload: { state: 'planned', detail: 'One slice.' },
      },
    ]);
    await api.stop();
    api = await start();
    const rest = await listen(first?.id ?? 0, 7, async () => {
      made.push(await addCheck());
    });
    const checks = rest.flatMap((f) =>
      f.event === 'check' ? [(f.data as { check: { checkId: number } }).check.checkId] : [],
    );
    expect(checks).toEqual(made.slice(1).map((m) => m.checkId));
    expect(rest.map((f) => f.event).filter((e) => e === 'run')).toHaveLength(1);
    expect(rest.map((f) => f.id)).toEqual([...rest.map((f) => f.id)].sort((x, y) => x - y));
    for (const frame of rest) serverEventSchema.parse(frame.data);
  });

  it('refuses an id that is none', async () => {
    const response = await get('/api/events', { headers: { 'last-event-id': 'abc' } });
    expect([response.status, problemSchema.parse(await response.json()).field]).toEqual([400, 'Last-Event-ID']);
  });

  it('ends every open stream when the server stops', async () => {
    const other = await start();
    const response = await fetch(`${other.url}/api/events`);
    const ended = (async () => {
      for await (const _chunk of response.body ?? []) {
        // until the server ends it
      }
      return true;
    })();
    await other.stop();
    expect(await ended).toBe(true);
  });
});

describe('who may ask', () => {
  it.each(['evil.example', `evil.example:80`, '127.0.0.1.evil.example', '10.0.0.1'])(
    'refuses the Host %j',
    async (host) => {
      const answer = await rawGet('/api/status', { host });
      expect(answer.status).toBe(403);
      expect(problemSchema.parse(JSON.parse(answer.body)).code).toBe('HOST_REFUSED');
    },
  );

  it.each(['localhost:4173', '127.0.0.1', '[::1]:80'])('accepts the Host %j', async (host) => {
    expect((await rawGet('/api/status', { host })).status).toBe(200);
  });

  it('refuses a request that another site makes', async () => {
    const answer = await rawGet('/api/status', { host: `127.0.0.1:${api.port}`, origin: 'https://evil.example' });
    expect([answer.status, problemSchema.parse(JSON.parse(answer.body)).code]).toEqual([403, 'ORIGIN_REFUSED']);
    expect((await rawGet('/api/status', { host: `127.0.0.1:${api.port}`, origin: 'null' })).status).toBe(403);
    expect(
      (await rawGet('/api/status', { host: `127.0.0.1:${api.port}`, origin: `http://127.0.0.1:${api.port}` })).status,
    ).toBe(200);
  });

  it('names a port in use with the remedy', async () => {
    await expect(start({ api: { host: '127.0.0.1', port: api.port } })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      field: 'api.port',
      value: `127.0.0.1:${api.port}`,
      exit: 3,
    });
  });
});

describe('page', () => {
  it('is served under a strict policy, hashed assets for ever', async () => {
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect([await page.text(), page.headers.get('cache-control')]).toEqual([
      '<!doctype html><title>page</title>',
      'no-cache',
    ]);
    expect(await (await get('/checks/12')).text()).toContain('page');
    const asset = await get('/assets/app-3f2a.js');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toContain('text/javascript');
    const again = await get('/assets/app-3f2a.js', { headers: { 'if-none-match': asset.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  it('never leaves its folder', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%00',
      '/assets/%E0%A4%A',
    ]) {
      const answer = await rawGet(path, { host: '127.0.0.1' });
      expect(answer.body).not.toContain('not for the web');
    }
  });
});

async function wallet(method: string, params: unknown[] = [], base = api.url) {
  const response = await fetch(`${base}/rehearsal/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const body = (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
  return { status: response.status, ...body };
}

describe('rehearsal wallet', () => {
  it('announces itself with code of our own', async () => {
    const response = await get('/rehearsal/wallet.js');
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(await response.text()).toContain("rdns: 'org.evenkeel.rehearsal'");
  });

  it('sends from the owner to the vault, and nowhere else', async () => {
    const from = world.devnet.accounts.owner.address;
    const to = world.config.vault;
    const data = encodeFunctionData({ abi: vaultAbi, functionName: 'pause' });
    expect((await wallet('eth_requestAccounts')).result).toEqual([expect.stringMatching(new RegExp(from, 'i'))]);
    const sent = await wallet('eth_sendTransaction', [
      { from, to, data, chainId: `0x${world.config.chainId.toString(16)}` },
    ]);
    expect(sent.error).toBeUndefined();
    await world.chain.client.waitForTransactionReceipt({ hash: sent.result as `0x${string}`, pollingInterval: 20 });
    const receipt = (await wallet('eth_getTransactionReceipt', [sent.result])).result as { status: string };
    expect(receipt.status).toBe('0x1');
    expect(statusSchema.parse(await (await get('/api/status')).json()).activity).toBe('PAUSED');

    const refusals: unknown[][] = [
      [{ from: world.devnet.accounts.keeper.address, to, data }],
      [{ from, to: world.config.contracts.weth, data }],
      [{ from, data }],
      [{ from, to, data, chainId: '0x1' }],
      [{ from, to, data, authorizationList: [] }],
      [{ from, to, data }, 'latest'],
    ];
    for (const params of refusals) {
      const answer = await wallet('eth_sendTransaction', params);
      expect([answer.result, typeof answer.error?.code]).toEqual([undefined, 'number']);
    }
    const resume = encodeFunctionData({ abi: vaultAbi, functionName: 'resume' });
    expect((await wallet('eth_sendTransaction', [{ from, to, data: resume }])).error).toBeUndefined();
  });

  it.each([
    'anvil_setBalance',
    'eth_sign',
    'personal_sign',
    'eth_sendRawTransaction',
    'evm_mine',
    'debug_traceCall',
    'eth_signTypedData_v4',
  ])('does not know %s', async (method) => {
    expect((await wallet(method)).error?.code).toBe(4200);
  });

  it('refuses what is not JSON-RPC, and bodies that are too large', async () => {
    const post = (body: string) =>
      get('/rehearsal/rpc', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect((await post('{')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    const large = await post(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: ['x'.repeat(300_000)] }),
    );
    expect([large.status, problemSchema.parse(await large.json()).code]).toEqual([413, 'BODY_TOO_LARGE']);
    const plain = await get('/rehearsal/rpc', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(plain.status).toBe(415);
  });

  it.each(['FORK', 'TESTNET', 'LIVE'] as const)('does not exist in mode %s', async (mode) => {
    const other = await start({ mode });
    try {
      expect((await fetch(`${other.url}/rehearsal/wallet.js`)).status).toBe(404);
      expect((await fetch(`${other.url}/rehearsal/rpc`, { method: 'POST', body: '{}' })).status).toBe(404);
    } finally {
      await other.stop();
    }
  });
});

describe('health', () => {
  it('answers with what it looked at', async () => {
    const response = await get('/health');
    const health = healthSchema.parse(await response.json());
    expect([response.status, health.ok, health.chain, health.database]).toEqual([200, true, true, true]);
  });

  it('describes itself', async () => {
    const doc = (await (await get('/openapi.json')).json()) as { openapi: string; paths: Record<string, unknown> };
    expect(doc).toEqual(openApiDocument());
    expect(doc.openapi).toBe('3.1.0');
    expect(Object.keys(doc.paths)).toEqual([
      '/api/status',
      '/api/checks',
      '/api/checks/{id}',
      '/api/series',
      '/api/events',
      '/health',
    ]);
  });
});

it('had no unexpected error all along', () => {
  expect(logged).toEqual([]);
});
