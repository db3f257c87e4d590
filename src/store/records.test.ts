import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { finaliseCheck, getCheck, listChecks, openCheck, recordCheck, runningChecks, summaryOf } from './checks.ts';
import type { Db } from './db.ts';
import { claimExecution } from './executions.ts';
import { allFlows, type Flow, recordFlows, rewindFlows, scannedTo } from './flows.ts';
import { gasHours } from './gasHours.ts';
import { health } from './health.ts';
import { journalAfter } from './journal.ts';
import { acquireWatchLease, type LeaseOwner, releaseWatchLease, renewWatchLease, thisProcess } from './leases.ts';
import { startTimeOf } from './processes.ts';
import { costTotals, outcomeCounts, series } from './series.ts';
import { type TestCluster, testCluster } from './testing/cluster.ts';
import { block, CHAIN, hash, liveRun, OWNER, realised, record, snapshot, VAULT } from './testing/fixtures.ts';
import { findVault, upsertVault } from './vaults.ts';

let cluster: TestCluster;
let db: Db;
let vault: number;
beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  db = await cluster.fresh();
  vault = await upsertVault(db.kysely, { chainId: CHAIN, address: VAULT, owner: OWNER });
});

describe('vaults', () => {
  it('keep their id, whatever the letter case', async () => {
    const again = await upsertVault(db.kysely, {
      chainId: CHAIN,
      address: VAULT.toLowerCase() as typeof VAULT,
      owner: VAULT,
    });
    expect(again).toBe(vault);
    expect(await findVault(db.kysely, CHAIN, VAULT)).toMatchObject({ id: vault, owner: VAULT.toLowerCase() });
    expect(await findVault(db.kysely, 1, VAULT)).toBeNull();
  });
});

describe('gas by the hour', () => {
  it('is known once every hour of the day was seen often enough, and forgets what is too old', async () => {
    const start = 1_700_006_400; // midnight
    const look = async (day: number, hour: number, gwei: bigint): Promise<void> => {
      const time = start + day * 86_400 + hour * 3_600 + 60;
      const gas = { ...snapshot().gas, baseFeeWei: gwei * 10n ** 9n, priorityFeeWei: 0n };
      const at = { ...block(day * 24 + hour + 1), time };
      await recordCheck(db.kysely, vault, (id) => ({ ...record(id), block: at, gas }), {
        ...snapshot(),
        block: at,
        gas,
      });
    };
    for (let day = 0; day < 7; day++)
      for (let hour = 0; hour < 24; hour++) if (day < 5 || hour < 23) await look(day, hour, BigInt(hour + day));
    const now = start + 7 * 86_400;
    expect(await gasHours(db.kysely, vault, now)).toBeNull();
    await look(6, 23, 29n);
    const table = await gasHours(db.kysely, vault, now);
    expect(table?.quantilesWei).toHaveLength(24);
    expect(table?.quantilesWei[5]?.[0]).toBe(5e9);
    expect(table?.quantilesWei[5]?.[3]).toBe(8e9); // of 5 to 11 gwei
    expect(table?.quantilesWei[23]?.at(-1)).toBe(29e9);
    expect(await gasHours(db.kysely, vault, now + 10 * 86_400)).toBeNull();
  });
});

describe('checks', () => {
  it('come back exactly as they were written, with bigint and key order', async () => {
    const written = await recordCheck(db.kysely, vault, (id) => record(id), snapshot());
    const read = await getCheck(db.kysely, written.checkId);
    expect(read).toEqual({ status: 'FINAL', vaultId: vault, record: written, snapshot: snapshot() });
    expect(Object.keys(read?.record ?? {})).toEqual(Object.keys(written));
    expect(await getCheck(db.kysely, 999)).toBeNull();
    const [entry] = await journalAfter(db.kysely, 0);
    expect(entry).toMatchObject({ kind: 'CHECK_FINAL', checkId: written.checkId, vaultId: vault });
  });

  it('that trade are final only once their receipts are in, and only once', async () => {
    const open = await openCheck(db.kysely, vault, (id) => record(id, { outcome: 'TRADED' }), snapshot());
    expect((await listChecks(db.kysely, vault, { limit: 10 })).checks).toEqual([]);
    expect((await runningChecks(db.kysely, vault)).map((c) => c.record.checkId)).toEqual([open.checkId]);
    const final = { ...open, realised: realised(50n) };
    await finaliseCheck(db.kysely, final);
    await expect(finaliseCheck(db.kysely, final)).rejects.toMatchObject({ code: 'CHECK_NOT_RUNNING' });
    expect(await runningChecks(db.kysely, vault)).toEqual([]);
    expect((await listChecks(db.kysely, vault, { limit: 10 })).checks).toEqual([summaryOf(final)]);
    expect((await journalAfter(db.kysely, 0)).map((e) => e.kind)).toEqual(['CHECK_OPENED', 'CHECK_FINAL']);
  });

  it('are refused when their record names another id', async () => {
    await expect(recordCheck(db.kysely, vault, () => record(12345), snapshot())).rejects.toThrow(/12345/);
  });

  it('are listed newest first, page by page', async () => {
    const ids: number[] = [];
    for (let i = 1; i <= 5; i++) {
      ids.unshift((await recordCheck(db.kysely, vault, (id) => record(id, { number: i }), snapshot(i))).checkId);
    }
    const first = await listChecks(db.kysely, vault, { limit: 2 });
    expect(first.checks.map((c) => c.checkId)).toEqual(ids.slice(0, 2));
    expect(first.nextBefore).toBe(ids[1]);
    const second = await listChecks(db.kysely, vault, { before: first.nextBefore, limit: 3 });
    expect(second.checks.map((c) => c.checkId)).toEqual(ids.slice(2));
    expect(second.nextBefore).toBeNull();
  });
});

describe('series', () => {
  it('thins evenly, and never drops a trade or the newest check', async () => {
    const trades = new Set([3, 4, 50, 97]);
    for (let i = 1; i <= 100; i++) {
      const options = trades.has(i)
        ? { outcome: 'TRADED' as const, realised: realised(BigInt(i) * 100n) }
        : { outcome: 'NO_TRADE' as const };
      const drifts = i < 60 ? { WETH: i, USDC: -i } : { USDC: -i, WBTC: i };
      await recordCheck(
        db.kysely,
        vault,
        (id) => record(id, { ...options, number: i, drifts, navUsdE8: BigInt(i) }),
        snapshot(),
      );
    }
    const all = await series(db.kysely, vault, 0, 2_000);
    expect(all.points).toHaveLength(100);
    expect(all.symbols).toEqual(['USDC', 'WBTC']);
    expect(all.points[0]).toEqual({
      time: block(1).time,
      navUsdE8: 1n,
      holdNavUsdE8: 10n ** 20n + 1n,
      driftBps: [-1, null],
    });
    expect(all.points[99]?.driftBps).toEqual([-100, 100]);

    const thin = await series(db.kysely, vault, 0, 10);
    const numbers = thin.points.map((p) => Number(p.navUsdE8));
    expect(numbers).toEqual([3, 4, 10, 20, 30, 40, 50, 60, 70, 80, 90, 97, 100]);
    expect(thin.trades.map((t) => t.costUsdE8)).toEqual([300n, 400n, 5_000n, 9_700n]);
    const late = await series(db.kysely, vault, block(95).time, 10);
    expect(late.points).toHaveLength(6);

    expect(await costTotals(db.kysely, vault)).toEqual({
      gasUsdE8: 15_400n - 24n,
      feeUsdE8: 12n,
      impactUsdE8: 8n,
      slippageUsdE8: 4n,
      totalUsdE8: 15_400n,
    });
    expect(await outcomeCounts(db.kysely, vault)).toEqual({ NO_TRADE: 96, TRADED: 4 });
  });

  it('is empty without checks', async () => {
    expect(await series(db.kysely, vault, 0, 10)).toEqual({ symbols: [], points: [], trades: [] });
    expect((await costTotals(db.kysely, vault)).totalUsdE8).toBe(0n);
  });
});

describe('flows', () => {
  const flow = (blockNumber: number, logIndex: number, kind: Flow['kind'] = 'DEPOSIT'): Flow => ({
    ...{ kind, token: '0xabcd', amount: 2n ** 200n, valueUsdE8: null, blockNumber, blockHash: hash(blockNumber) },
    ...{ blockTime: block(blockNumber).time, txHash: hash(blockNumber * 100), logIndex },
  });
  const to = (blockNumber: number) => ({ blockNumber, blockHash: hash(blockNumber) });

  it('are stored once, without gaps between scans', async () => {
    expect(await scannedTo(db.kysely, vault)).toBeNull();
    await recordFlows(db.kysely, vault, { fromBlock: 0, to: to(10) }, [
      flow(5, 1),
      flow(5, 0),
      flow(9, 0, 'WITHDRAWAL'),
    ]);
    // The overlap is harmless, the gap is not.
    await recordFlows(db.kysely, vault, { fromBlock: 8, to: to(12) }, [flow(9, 0, 'WITHDRAWAL'), flow(11, 3)]);
    await expect(recordFlows(db.kysely, vault, { fromBlock: 14, to: to(20) }, [flow(15, 0)])).rejects.toMatchObject({
      code: 'SCAN_GAP',
    });
    expect(await scannedTo(db.kysely, vault)).toEqual(to(12));
    expect(await allFlows(db.kysely, vault)).toEqual([flow(5, 0), flow(5, 1), flow(9, 0, 'WITHDRAWAL'), flow(11, 3)]);
  });

  it('are forgotten when a reorg took their blocks', async () => {
    await recordFlows(db.kysely, vault, { fromBlock: 0, to: to(10) }, [flow(5, 0), flow(9, 0)]);
    await rewindFlows(db.kysely, vault, to(7));
    expect(await allFlows(db.kysely, vault)).toEqual([flow(5, 0)]);
    expect(await scannedTo(db.kysely, vault)).toEqual(to(7));
    await recordFlows(db.kysely, vault, { fromBlock: 8, to: to(10) }, [flow(10, 0)]);
    expect((await allFlows(db.kysely, vault)).map((f) => f.blockNumber)).toEqual([5, 10]);
  });
});

describe('the watch lease', () => {
  const me = thisProcess();
  const elsewhere: LeaseOwner = { id: 'other', host: 'other-machine/1/2', pid: 4711, processStart: '1' };

  it('is refused to a second keeper while the first lives', async () => {
    const lease = await acquireWatchLease(db.kysely, 'w', me, 60);
    const second = acquireWatchLease(db.kysely, 'w', { ...me, id: 'second' }, 60);
    await expect(second).rejects.toMatchObject({
      code: 'KEEPER_ALREADY_RUNNING',
      value: expect.stringContaining(`pid ${process.pid} on ${me.host.split('/')[0]}`),
    });
    expect(await renewWatchLease(db.kysely, lease)).toBe('OK');
    await releaseWatchLease(db.kysely, lease);
    const next = await acquireWatchLease(db.kysely, 'w', elsewhere, 60);
    expect(next.fence).toBe(2);
    expect(await renewWatchLease(db.kysely, lease)).toBe('LOST_LEASE');
  });

  it('passes on by the database clock when its keeper on another machine falls silent', async () => {
    await acquireWatchLease(db.kysely, 'w', elsewhere, 60);
    await expect(acquireWatchLease(db.kysely, 'w', me, 60)).rejects.toMatchObject({ code: 'KEEPER_ALREADY_RUNNING' });
    await db.pool.query(`update watch_lease set lease_until = now() - interval '1 ms'`);
    expect((await acquireWatchLease(db.kysely, 'w', me, 60)).fence).toBe(2);
  });

  it('passes on at once when its keeper is dead on this machine, with the runs it held', async () => {
    const child = spawn('sleep', ['600']);
    const pid = child.pid ?? 0;
    const victim: LeaseOwner = { id: 'victim', host: me.host, pid, processStart: startTimeOf(pid) ?? '' };
    await acquireWatchLease(db.kysely, 'w', victim, 3_600);
    const run = await liveRun(db.kysely);
    const claim = { leaseS: 3_600, chainTime: 0 };
    expect(await claimExecution(db.kysely, { ...claim, owner: victim.id })).toMatchObject({ id: run.id });
    await expect(acquireWatchLease(db.kysely, 'w', me, 60)).rejects.toMatchObject({ code: 'KEEPER_ALREADY_RUNNING' });

    child.kill('SIGKILL');
    await once(child, 'exit');
    await acquireWatchLease(db.kysely, 'w', me, 60);
    expect(await claimExecution(db.kysely, { ...claim, owner: me.id })).toMatchObject({ id: run.id, fence: 2 });
  });

  it('is not fooled by another process with the same pid', async () => {
    await acquireWatchLease(db.kysely, 'w', { ...me, id: 'predecessor', processStart: '1' }, 3_600);
    expect((await acquireWatchLease(db.kysely, 'w', me, 60)).fence).toBe(2);
  });

  it('is given to one of several that ask at once', async () => {
    const owners = Array.from({ length: 6 }, (_, i) => ({ ...me, id: `k${i}` }));
    const results = await Promise.allSettled(owners.map((o) => acquireWatchLease(db.kysely, 'w', o, 60)));
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  });
});

describe('health', () => {
  it('tells the last check and the last heartbeat', async () => {
    expect(await health(db.kysely, vault, 'w')).toEqual({
      ...{ lastCheck: null, keeperSeenS: null, keeperHolds: false, keeperOwner: null },
    });
    const check = await recordCheck(db.kysely, vault, (id) => record(id), snapshot());
    const lease = await acquireWatchLease(db.kysely, 'w', thisProcess(), 60);
    await db.pool.query(`update watch_lease set heartbeat_at = now() - interval '40 seconds'`);
    const silent = await health(db.kysely, vault, 'w');
    expect(silent.lastCheck).toMatchObject({ checkId: check.checkId, time: check.block.time });
    expect(silent.keeperSeenS).toBeGreaterThanOrEqual(40);
    expect(silent.keeperHolds).toBe(true);
    await renewWatchLease(db.kysely, lease);
    expect((await health(db.kysely, vault, 'w')).keeperSeenS).toBeLessThan(10);
    await releaseWatchLease(db.kysely, lease);
    expect((await health(db.kysely, vault, 'w')).keeperHolds).toBe(false);
  });
});
