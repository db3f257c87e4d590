import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { finaliseCheck, getCheck } from './checks.ts';
import { type Db, transact } from './db.ts';
import {
  claimExecution,
  createExecution,
  finishExecution,
  getExecution,
  liveExecution,
  openRun,
  parkExecution,
  renewExecution,
  stepExecution,
  wakeExecution,
} from './executions.ts';
import { journalOfExecution } from './journal.ts';
import { type TestCluster, testCluster } from './testing/cluster.ts';
import { liveRun, plan, realised, record, snapshot } from './testing/fixtures.ts';

let cluster: TestCluster;
let db: Db;
beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  db = await cluster.fresh();
});

type Data = { slice: number };
const claim = (owner: string, leaseS = 60, chainTime = 0) =>
  claimExecution<Data>(db.kysely, { owner, leaseS, chainTime });
const moved = { state: 'moved', detail: 'It moved.' };

async function claimed(owner: string, leaseS = 60) {
  const run = await claim(owner, leaseS);
  if (!run) throw new Error('nothing to claim');
  return run;
}

/** Ends every lease, as time does. */
const expireLeases = () => db.pool.query(`update execution set lease_until = now() - interval '1 second'`);

describe('a run', () => {
  it('is the only live one of its vault, whoever plans', async () => {
    const run = await liveRun(db.kysely);
    const again = () =>
      openRun<Data>(
        db.kysely,
        { vaultId: run.vaultId, build: (id) => record(id, { outcome: 'TRADED' }), snapshot: snapshot() },
        { plan: plan(), step: 'planned', data: { slice: 0 } },
        moved,
      );
    expect(await again()).toBeNull();
    const checks = await db.kysely.selectFrom('check_record').select('check_id').execute();
    expect(checks).toHaveLength(1); // the check of the refused run went with it

    const lease = await claimed('k1');
    expect(await finishExecution(db.kysely, lease, { state: 'DONE', step: 'done', data: { slice: 1 } }, [])).toBe('OK');
    expect((await again())?.execution.vaultId).toBe(run.vaultId);
    const both = await Promise.all([again(), again()]);
    expect(both).toEqual([null, null]);
  });

  it('cannot be made twice at the same time', async () => {
    const run = await liveRun(db.kysely);
    await finishExecution(db.kysely, await claimed('k'), { state: 'FAILED', step: 'x', data: { slice: 0 } }, []);
    const results = await Promise.all(
      [1, 2, 3, 4].map(() =>
        openRun<Data>(
          db.kysely,
          { vaultId: run.vaultId, build: (id) => record(id, { outcome: 'TRADED' }), snapshot: snapshot() },
          { plan: plan(), step: 'planned', data: { slice: 0 } },
          moved,
        ),
      ),
    );
    expect(results.filter((r) => r !== null)).toHaveLength(1);
    expect(await liveExecution(db.kysely, run.vaultId)).not.toBeNull();
  });

  it('keeps its plan byte for byte', async () => {
    const run = await liveRun(db.kysely);
    expect((await getExecution(db.kysely, run.id))?.plan).toEqual(plan());
    expect(Object.keys(run.plan)).toEqual(Object.keys(plan()));
  });
});

describe('a claim', () => {
  it('goes to one keeper only', async () => {
    await liveRun(db.kysely);
    const claims = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((o) => claim(o)));
    expect(claims.filter((c) => c !== null)).toHaveLength(1);
  });

  it('is free again when the lease has run out, and the late keeper changes nothing', async () => {
    await liveRun(db.kysely);
    const old = await claimed('zombie');
    expect(await claim('k2')).toBeNull();
    await expireLeases();
    // Nobody has taken over yet: the late keeper may go on.
    expect(await renewExecution(db.kysely, old, 60)).toBe('OK');
    await expireLeases();
    const now = await claimed('k2');
    expect(now.fence).toBe(old.fence + 1);
    expect(now.attempts).toBe(2);

    const next = { step: 'signed', data: { slice: 9 } };
    expect(await stepExecution(db.kysely, old, 'planned', next, [moved])).toBe('LOST_LEASE');
    expect(await parkExecution(db.kysely, old, { afterS: 0, wakes: old.wakes })).toBe('LOST_LEASE');
    expect(await renewExecution(db.kysely, old, 60)).toBe('LOST_LEASE');
    expect(await finishExecution(db.kysely, old, { state: 'DONE', ...next }, [moved])).toBe('LOST_LEASE');
    expect(await getExecution(db.kysely, now.id)).toEqual(now);
    expect(await journalOfExecution(db.kysely, now.id)).toHaveLength(1);

    expect(await stepExecution(db.kysely, now, 'planned', next, [moved])).toBe('OK');
    // The same step cannot be taken twice.
    expect(await stepExecution(db.kysely, now, 'planned', next, [moved])).toBe('LOST_LEASE');
    expect(await getExecution(db.kysely, now.id)).toMatchObject({ step: 'signed', data: { slice: 9 } });
    const entries = await journalOfExecution(db.kysely, now.id);
    expect(entries.map((e) => JSON.parse(e.payload))).toEqual([
      { state: 'planned', detail: 'Two slices are planned.' },
      moved,
    ]);
  });
});

describe('parking', () => {
  it('gives the lease back until the wall clock and the chain have come', async () => {
    await liveRun(db.kysely);
    const a = await claimed('k');
    await parkExecution(db.kysely, a, { afterS: 3600, wakes: a.wakes });
    expect(await claim('k')).toBeNull();
    await wakeExecution(db.kysely, a.id);
    const b = await claimed('k');
    await parkExecution(db.kysely, b, { afterS: 0, notBefore: 500, wakes: b.wakes });
    expect(await claim('k', 60, 499)).toBeNull();
    expect(await claim('k', 60, 500)).toMatchObject({ id: a.id, notBefore: 500 });
  });

  it('does not sleep through a wake that came first', async () => {
    await liveRun(db.kysely);
    const a = await claimed('k');
    await wakeExecution(db.kysely, a.id);
    await parkExecution(db.kysely, a, { afterS: 3600, wakes: a.wakes });
    expect(await claim('k')).toMatchObject({ id: a.id });
  });
});

describe('the end', () => {
  it('comes together with the final check, or not at all', async () => {
    await liveRun(db.kysely);
    const lease = await claimed('k');
    const final = record(lease.checkId, { outcome: 'TRADED', realised: realised(100n) });
    const end = { state: 'DONE' as const, step: 'done', data: { slice: 2 } };
    await expect(
      transact(db.kysely, async (t) => {
        await finishExecution(t, lease, end, [moved]);
        await finaliseCheck(t, final);
        throw new Error('crash before commit');
      }),
    ).rejects.toThrow('crash');
    expect(await getExecution(db.kysely, lease.id)).toMatchObject({ state: 'READY' });
    expect(await getCheck(db.kysely, lease.checkId)).toMatchObject({ status: 'RUNNING' });

    await transact(db.kysely, async (t) => {
      await finishExecution(t, lease, end, [moved]);
      await finaliseCheck(t, final);
    });
    expect(await getExecution(db.kysely, lease.id)).toMatchObject({ state: 'DONE', step: 'done' });
    expect(await getCheck(db.kysely, lease.checkId)).toMatchObject({ status: 'FINAL', record: final });
    expect(await claim('k')).toBeNull();
  });

  it('is refused for a check that has a run already', async () => {
    const run = await liveRun(db.kysely);
    const lease = await claimed('k');
    await finishExecution(db.kysely, lease, { state: 'DONE', step: 'done', data: { slice: 0 } }, []);
    const twice = createExecution(
      db.kysely,
      { vaultId: run.vaultId, checkId: run.checkId, plan: plan(), step: 'planned', data: {} },
      moved,
    );
    await expect(twice).rejects.toThrow(/execution_check_id_key/);
  });
});
