/**
 * Keepers that die at the worst moments. Whatever the moment: each slice lands once, the books say what the chain says,
 * and nothing needs a person.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEEPER, KEEPER_KEY, startWorld, type World } from '../src/chain/testing/world.ts';
import { decodeVaultEvents, eventTopic, type RawLog } from '../src/chain/vault.ts';
import type { DecisionRecord } from '../src/core/types.ts';
import { configOf } from '../src/keeper/testing/keeper.ts';
import { getCheck } from '../src/store/checks.ts';
import { type Db, urlOf } from '../src/store/db.ts';
import { type TestCluster, testCluster } from '../src/store/testing/cluster.ts';
import type { ChildInput, Fault } from './crash/child.ts';
import { type KeeperProcess, play, spawnKeeper } from './crash/harness.ts';

const E8 = 10n ** 8n;
/** {ms} several processes are started one after the other; a busy machine takes its time. */
const PATIENCE = 180_000;
let cluster: TestCluster;
let world: World;
let db: Db;
let databaseUrl: string;
let keyDir: string;
let keyFile: string;
const running: KeeperProcess[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  keyDir = mkdtempSync(join(tmpdir(), 'keel-crash-'));
  keyFile = join(keyDir, 'keeper.key');
  writeFileSync(keyFile, KEEPER_KEY);
  chmodSync(keyFile, 0o600);
});
afterAll(async () => {
  await cluster.stop();
  rmSync(keyDir, { recursive: true });
});
beforeEach(async () => {
  world = await startWorld();
  await world.setPrice(2_600n * E8);
  db = await cluster.fresh();
  const { rows } = await db.pool.query<{ name: string }>('select current_database() as name');
  databaseUrl = urlOf(cluster.server, rows[0]?.name);
});
afterEach(async () => {
  for (const k of running.splice(0)) await k.kill();
  await world.stop();
});

function keeper(fault: Fault | null, change: Partial<ChildInput> = {}): KeeperProcess {
  const input = { rpcUrl: world.anvil.ws, databaseUrl, config: configOf(world), keyFile, fault, ...change };
  const started = spawnKeeper(input);
  running.push(started);
  return started;
}

async function now(): Promise<number> {
  return Number((await world.anvil.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false])).timestamp);
}

async function clock(runAt: number): Promise<void> {
  await world.mine(Math.max(1, runAt - (await now())));
}

async function nonce(block: 'latest' | 'pending'): Promise<number> {
  return Number(await world.anvil.rpc<string>('eth_getTransactionCount', [KEEPER, block]));
}

async function filledEvents() {
  const logs = await world.anvil.rpc<RawLog[]>('eth_getLogs', [
    { address: world.deployment.vault, fromBlock: '0x0', toBlock: 'latest', topics: [eventTopic('Filled')] },
  ]);
  return decodeVaultEvents(world.deployment.vault, logs).flatMap((e) => (e.event === 'Filled' ? [e] : []));
}

type TxRow = { slice: number; attempt: number; nonce: string; status: string; sends: number; hash: string };
async function txRows(): Promise<TxRow[]> {
  const { rows } = await db.pool.query<TxRow>(
    'select slice, attempt, nonce::text, status, sends, hash from tx order by id',
  );
  return rows;
}

/** The chain, the record and the books, compared to the wei. */
async function expectConsistent(record: DecisionRecord, weiBefore: bigint, wethBefore: bigint): Promise<void> {
  expect(record.outcome, record.sentence).toBe('TRADED');
  const slices = record.plan?.slices ?? [];
  expect(slices.length).toBeGreaterThan(2);
  const filled = await filledEvents();
  expect(filled.map((f) => [f.epoch, f.sequence])).toEqual(slices.map((s) => [1, s.sequence]));
  expect(record.txHashes).toEqual(filled.map((f) => f.txHash));
  const rows = await txRows();
  expect(rows.map((r) => [r.slice, r.attempt, r.nonce, r.status, r.hash])).toEqual(
    filled.map((f, i) => [f.sequence, 0, String(i), 'FINAL', f.txHash]),
  );
  expect(await nonce('latest')).toBe(slices.length);
  expect(await nonce('pending')).toBe(slices.length);
  const { contracts, vault } = world.deployment;
  const sold = record.realised?.fills.reduce((sum, f) => sum + f.amountIn, 0n) ?? 0n;
  expect(filled.reduce((sum, f) => sum + f.amountIn, 0n)).toBe(sold);
  expect(wethBefore - (await world.balance(contracts.weth, vault))).toBe(sold);
  expect(record.realised?.gasWei).toBe(weiBefore - (await keeperWei()));
  expect(await getCheck(db.kysely, record.checkId)).toMatchObject({ status: 'FINAL', record });
  const { rows: runs } = await db.pool.query('select state from execution');
  expect(runs).toEqual([{ state: 'DONE' }]);
}

async function keeperWei(): Promise<bigint> {
  return BigInt(await world.anvil.rpc<string>('eth_getBalance', [KEEPER, 'latest']));
}

function wethOfVault(): Promise<bigint> {
  return world.balance(world.deployment.contracts.weth, world.deployment.vault);
}

/** The record that the dead keeper had committed, once the next one has started and found nothing left to do. */
async function storedAfterStart(k: KeeperProcess): Promise<DecisionRecord | null> {
  for (let line = await k.next(); line !== null; line = await k.next()) {
    if (line.type === 'event' && line.event.kind === 'keeper') break;
  }
  return (await getCheck(db.kysely, 1))?.record ?? null;
}

describe('a keeper that dies', () => {
  const faults: readonly { name: string; fault: Fault; whileDown: 'nothing' | 'a block' }[] = [
    {
      name: 'between sign and broadcast of the first slice',
      fault: { at: 'before-send', nth: 1 },
      whileDown: 'nothing',
    },
    {
      name: 'between broadcast and receipt of the first slice',
      fault: { at: 'after-send', nth: 1 },
      whileDown: 'nothing',
    },
    { name: 'the same, and it is mined meanwhile', fault: { at: 'after-send', nth: 1 }, whileDown: 'a block' },
    {
      name: 'between sign and broadcast of the second slice',
      fault: { at: 'before-send', nth: 2 },
      whileDown: 'a block',
    },
    {
      name: 'between broadcast and receipt of the second slice',
      fault: { at: 'after-send', nth: 2 },
      whileDown: 'a block',
    },
    { name: 'after it noted a receipt', fault: { at: 'run.mined', nth: 2 }, whileDown: 'a block' },
    { name: 'while it waits for the slice cooldown', fault: { at: 'run.parked', nth: 2 }, whileDown: 'a block' },
    { name: 'after it planned, before it signed', fault: { at: 'run.planned', nth: 1 }, whileDown: 'nothing' },
    { name: 'after it closed the run, before it said so', fault: { at: 'run.closed', nth: 1 }, whileDown: 'nothing' },
  ];
  it.each(faults)(
    '$name: every slice lands once',
    async ({ fault, whileDown }) => {
      const weiBefore = await keeperWei();
      const wethBefore = await wethOfVault();
      const first = keeper(fault);
      expect(await play(first, clock)).toBeNull();
      expect(await first.exit).toEqual({ code: null, signal: 'SIGKILL' });

      const rows = await txRows();
      if (fault.at === 'before-send') {
        expect(rows).toHaveLength(fault.nth);
        expect(rows.at(-1)).toMatchObject({ status: 'SIGNED', sends: 0 });
        expect(await nonce('pending')).toBe(fault.nth - 1);
      }
      if (fault.at === 'after-send') {
        expect(rows.at(-1)).toMatchObject({ status: 'SIGNED', sends: 0 });
        expect(await nonce('pending')).toBe(fault.nth);
      }
      if (whileDown === 'a block') await world.mine();

      const signed = rows.map((r) => r.hash);
      const second = keeper(null);
      const record = fault.at === 'run.closed' ? await storedAfterStart(second) : await play(second, clock);
      if (record === null) throw new Error('the second keeper ended');
      // What was signed before the crash is what landed: nothing was signed in its place.
      expect((await txRows()).slice(0, signed.length).map((r) => r.hash)).toEqual(signed);
      await expectConsistent(record, weiBefore, wethBefore);
      expect(await second.terminate()).toEqual({ code: 0, signal: null });
    },
    PATIENCE,
  );

  it(
    'right after its decision was stored: the plan is stored with it, and is carried out',
    async () => {
      const weiBefore = await keeperWei();
      const wethBefore = await wethOfVault();
      const first = keeper({ at: 'check.opened', nth: 1 });
      expect(await play(first, clock)).toBeNull();
      const second = keeper(null);
      const record = await play(second, clock);
      if (record === null) throw new Error('the second keeper ended');
      expect(record.checkId).toBe(1);
      await expectConsistent(record, weiBefore, wethBefore);
    },
    PATIENCE,
  );

  it(
    'so long that the deadline passes: the slice is given up by chain evidence and its nonce is used again',
    async () => {
      const weiBefore = await keeperWei();
      const wethBefore = await wethOfVault();
      const first = keeper({ at: 'before-send', nth: 1 });
      expect(await play(first, clock)).toBeNull();
      await world.mine(1_200);
      const second = keeper(null);
      const expired = await play(second, clock);
      expect(expired).toMatchObject({
        checkId: 1,
        outcome: 'FAILED',
        reason: 'TX_EXPIRED',
        txHashes: [],
        realised: null,
      });
      expect(await filledEvents()).toEqual([]);
      await world.mine(3_600);
      const record = await play(second, clock, (r) => r.outcome !== 'SKIPPED');
      if (record === null) throw new Error('the second keeper ended');
      expect(record.outcome, record.sentence).toBe('TRADED');
      const filled = await filledEvents();
      expect(new Set(filled.map((f) => `${f.epoch}/${f.sequence}`)).size).toBe(filled.length);
      expect(await nonce('latest')).toBe(filled.length);
      expect((await txRows())[0]).toMatchObject({ nonce: '0', status: 'REPLACED' });
      expect(record.realised?.gasWei).toBe(weiBefore - (await keeperWei()));
      const sold = filled.reduce((sum, f) => sum + f.amountIn, 0n);
      expect(wethBefore - (await wethOfVault())).toBe(sold);
    },
    PATIENCE,
  );

  it(
    'six times in a row at different points, and the vault is still rebalanced once',
    async () => {
      const weiBefore = await keeperWei();
      const wethBefore = await wethOfVault();
      const points: Fault['at'][] = ['before-send', 'after-send', 'run.mined', 'run.signed', 'run.sent', 'run.parked'];
      let record: DecisionRecord | null = null;
      for (let i = 0; i < 6 && record === null; i++) {
        const at = points[(i * 5 + 1) % points.length] ?? 'before-send';
        const k = keeper({ at, nth: 1 } as Fault);
        record = await play(k, clock);
        if (record === null) expect((await k.exit).signal).toBe('SIGKILL');
      }
      record ??= await play(keeper(null), clock);
      if (record === null) throw new Error('the last keeper ended');
      await expectConsistent(record, weiBefore, wethBefore);
    },
    PATIENCE,
  );
});

describe('a keeper that must not start', () => {
  async function refusal(k: KeeperProcess) {
    const { code } = await k.exit;
    const line = k.lines.find((l) => l.type === 'error');
    return { exit: code, ...(line?.type === 'error' ? { code: line.code, message: line.message } : {}) };
  }

  it(
    'a second one on the same data: named, and the first goes on',
    async () => {
      await world.setPrice(2_000n * E8);
      const first = keeper(null);
      expect(await play(first, clock)).toMatchObject({ outcome: 'NO_TRADE' });
      const second = await refusal(keeper(null));
      expect(second).toMatchObject({ exit: 3, code: 'KEEPER_ALREADY_RUNNING' });
      await world.mine(3_600);
      expect(await play(first, clock)).toMatchObject({ outcome: 'NO_TRADE', checkId: 2 });
      const { code } = await first.terminate();
      expect(code).toBe(0);
      const rss = first.lines.find((l) => l.type === 'rss');
      expect(rss?.type === 'rss' ? rss.bytes : Number.POSITIVE_INFINITY).toBeLessThan(200 * 1024 * 1024);
    },
    PATIENCE,
  );

  it(
    'one that is pointed to another chain, a dead node, or a key that others can read',
    async () => {
      const config = configOf(world);
      expect(await refusal(keeper(null, { config: { ...config, chainId: 1 } }))).toMatchObject({
        exit: 5,
        code: 'CHAIN_MISMATCH',
      });
      chmodSync(keyFile, 0o640);
      expect(await refusal(keeper(null))).toMatchObject({ exit: 6, code: 'KEY_FILE_READABLE_BY_OTHERS' });
      chmodSync(keyFile, 0o600);
      await world.anvil.stop();
      expect(await refusal(keeper(null))).toMatchObject({ exit: 5, code: 'RPC_UNREACHABLE' });
      const { rows } = await db.pool.query(
        'select (select count(*) from check_record)::int as checks, (select count(*) from vault)::int as vaults',
      );
      expect(rows).toEqual([{ checks: 0, vaults: 0 }]);
    },
    PATIENCE,
  );
});
