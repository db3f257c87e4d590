/** What a keeper does when its node answers late, from a lagging backend, or not this time. */
import { RpcRequestError } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../chain/testing/world.ts';
import type { Db } from '../store/db.ts';
import { type TestCluster, testCluster } from '../store/testing/cluster.ts';
import { configOf, startKeeper, type TestKeeper, untilFinal } from './testing/keeper.ts';

const E8 = 10n ** 8n;
let cluster: TestCluster;
let world: World;
let db: Db;
let keeper: TestKeeper | null;

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await startWorld();
  db = await cluster.fresh();
  keeper = null;
});
afterEach(async () => {
  await keeper?.stop();
  await world.stop();
});

type Block = { readonly number: string; readonly hash: string };
type Mined = { readonly blockNumber: string };

async function rows<T extends object>(sql: string): Promise<T[]> {
  return (await db.pool.query<T>(sql)).rows;
}

/** A block at a time, each once the keeper has asked for receipts at the one before, until `done`. */
async function mineUntil(done: Promise<unknown>, asked: () => number): Promise<void> {
  let over = false;
  const end = done.finally(() => {
    over = true;
  });
  while (!over) {
    const before = asked();
    await world.mine();
    await expect.poll(() => over || asked() > before, { timeout: 20_000 }).toBe(true);
  }
  await end;
}

describe('a receipt that the node does not show', () => {
  it('once, when the run is closed, does not end the keeper', async () => {
    await world.setPrice(2_600n * E8);
    let hidden = false;
    keeper = await startKeeper(world, db, {
      tamper: async (method, _params, real) => {
        const answer = await real();
        if (method !== 'eth_getTransactionReceipt' || answer === null || hidden) return answer;
        const final = await rows(`select from tx where status = 'FINAL'`);
        if (final.length === 0) return answer;
        hidden = true;
        return null;
      },
    });
    expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'TRADED' });
    expect(hidden).toBe(true);
  });

  it('for some blocks does not halt the key, and the slice counts when it comes', async () => {
    await world.setPrice(2_600n * E8);
    let head = 0;
    let held = 0;
    keeper = await startKeeper(world, db, {
      kind: 'http',
      tamper: async (method, _params, real) => {
        const answer = await real();
        if (method === 'eth_getBlockByNumber' && answer !== null) {
          head = Math.max(head, Number((answer as Block).number));
        }
        if (method !== 'eth_getTransactionReceipt' || answer === null) return answer;
        if (head - Number((answer as Mined).blockNumber) >= 5) return answer;
        held += 1;
        return null;
      },
    });
    const { hash } = await keeper.event('run.sent');
    await mineUntil(keeper.event('run.mined'), () => held);
    expect(held).toBeGreaterThan(3);
    // The next slice may be signed already; this one has one transaction, and it counts.
    expect(await rows('select hash, status from tx where slice = 0')).toMatchObject([
      { hash, status: expect.stringMatching(/MINED|FINAL/) },
    ]);
    expect(await rows('select halted from signer')).toEqual([{ halted: null }]);
  });

  it('after it showed it is not a reorganisation while its block is still there', async () => {
    await world.setPrice(2_600n * E8);
    let shown = 0;
    keeper = await startKeeper(world, db, {
      confirmations: 3,
      tamper: async (method, _params, real) => {
        const answer = await real();
        if (method !== 'eth_getTransactionReceipt' || answer === null) return answer;
        shown += 1;
        return shown === 2 ? null : answer;
      },
    });
    const sent = await keeper.event('run.sent');
    await world.mine();
    await keeper.event('run.mined', (e) => e.hash === sent.hash);
    await mineUntil(
      keeper.event('run.parked', (e) => e.slice === 1),
      () => shown,
    );
    expect(shown).toBeGreaterThan(2);
    expect(keeper.events.filter((e) => e.kind === 'run.reorged')).toEqual([]);
    expect(await rows(`select from journal where payload like '%ROLLED_BACK%'`)).toEqual([]);
  });
});

describe('a node that refuses the simulation', () => {
  it('leaves nothing behind, and the check is made as soon as it answers', async () => {
    await world.setPrice(2_600n * E8);
    let refused = 0;
    keeper = await startKeeper(world, db, {
      tamper: async (method, _params, real) => {
        if (method !== 'eth_estimateGas' || refused > 0) return real();
        refused += 1;
        expect(await rows('select from check_record')).toEqual([]);
        const error = { code: -32005, message: 'rate limit exceeded' };
        throw new RpcRequestError({ body: {}, url: 'http://127.0.0.1', error });
      },
    });
    expect(await untilTraded(keeper)).toMatchObject({ outcome: 'TRADED', reason: 'DEVIATION' });
    expect(refused).toBe(1);
    const made = await rows<{ outcome: string; status: string }>('select outcome, status from check_record');
    expect(made.filter((r) => r.status !== 'FINAL' || r.outcome === 'SKIPPED')).toEqual([]);
  });
});

/** The outage itself may have its record first. */
async function untilTraded(k: TestKeeper) {
  for (;;) {
    const record = await untilFinal(world, k);
    if (record.reason !== 'RPC_UNREACHABLE') return record;
  }
}

describe('a node whose answers make no sense', () => {
  it('shows a block from the future: nothing is decided on it, and the record says why', async () => {
    keeper = await startKeeper(world, db, { config: { ...configOf(world), mode: 'LIVE' } });
    const first = await keeper.final();
    await world.anvil.rpc('evm_setNextBlockTimestamp', [Math.floor(Date.now() / 1_000) + 3_600]);
    await world.anvil.rpc('evm_mine');
    const held = await keeper.final();
    expect(held).toMatchObject({ outcome: 'HELD_BACK', reason: 'CHAIN_BEHIND', block: first.block });
    expect(held.sentence).toContain('in the future');
    const late = await rows(`select from check_record where block_time > ${first.block.time}`);
    expect(late).toEqual([]);
  });

  it('shows a fill that nobody planned: the run ends as failed instead of being tried for ever', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db, {
      tamper: async (method, _params, real) => {
        const answer = await real();
        if (method !== 'eth_getTransactionReceipt' || answer === null) return answer;
        const { logs } = answer as { readonly logs: readonly object[] };
        return { ...answer, logs: [...logs, ...logs] };
      },
    });
    const record = await untilFinal(world, keeper);
    expect(record).toMatchObject({ outcome: 'FAILED', reason: 'DEVIATION', realised: null });
    expect(record.sentence).toContain('FILL_NOT_IN_PLAN');
    expect(record.txHashes.length).toBeGreaterThan(0);
    expect(await rows('select state from execution')).toEqual([{ state: 'FAILED' }]);
  });
});
