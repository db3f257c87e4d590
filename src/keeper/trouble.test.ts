/** What a keeper does when the chain misbehaves. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAnvil } from '../chain/testing/anvil.ts';
import { KEEPER, STRANGER, startWorld, type World } from '../chain/testing/world.ts';
import { listChecks } from '../store/checks.ts';
import type { Db } from '../store/db.ts';
import { type TestCluster, testCluster } from '../store/testing/cluster.ts';
import { startKeeper, type TestKeeper, untilFinal } from './testing/keeper.ts';

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

type TxRow = { slice: number; status: string; hash: string; nonce: string };
async function txRows(): Promise<TxRow[]> {
  return (await db.pool.query<TxRow>('select slice, status, hash, nonce::text from tx order by id')).rows;
}

describe('a reorganisation', () => {
  it('takes a mined slice back, and the same bytes land again', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db, { confirmations: 3 });
    const sent = await keeper.event('run.sent');
    await world.mine();
    await keeper.event('run.mined', (e) => e.hash === sent.hash);
    expect(await txRows()).toMatchObject([{ slice: 0, status: 'MINED' }]);

    await world.anvil.rpc('anvil_reorg', [1, []]);
    await world.anvil.rpc('anvil_dropTransaction', [sent.hash]);
    await world.mine();
    await keeper.event('run.reorged', (e) => e.hash === sent.hash);
    await keeper.event('run.sent', (e) => e.hash === sent.hash);
    await world.mine();
    await keeper.event('run.mined', (e) => e.hash === sent.hash);
    await world.mine();
    await world.mine();
    // Final now: the next slice waits for its cooldown, and nothing was signed twice.
    await keeper.event('run.parked', (e) => e.slice === 1);
    const rows = await txRows();
    expect(rows).toMatchObject([{ slice: 0, status: 'FINAL', hash: sent.hash }]);
    expect(await world.anvil.rpc('eth_getTransactionCount', [KEEPER, 'latest'])).toBe('0x1');
  });
});

describe('a key that somebody else uses', () => {
  it('ends the run, halts the key, and says so at the next check', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const sent = await keeper.event('run.sent');
    await world.anvil.rpc('anvil_dropTransaction', [sent.hash]);
    await world.anvil.rpc('eth_sendTransaction', [{ from: KEEPER, to: STRANGER, value: '0x1', nonce: '0x0' }]);
    const failed = await untilFinal(world, keeper);
    expect(failed).toMatchObject({ outcome: 'FAILED', reason: 'TX_REPLACED', txHashes: [], realised: null });
    expect(await txRows()).toMatchObject([{ status: 'REPLACED', hash: sent.hash }]);
    await world.mine(3_600);
    const held = await keeper.event('check.final', (e) => e.record.outcome === 'HELD_BACK');
    expect(held.record).toMatchObject({ reason: 'SIGNER_HALTED', secondary: ['DEVIATION'] });
    await keeper.stop();

    keeper = await startKeeper(world, db, { once: true });
    expect(await keeper.ended).toMatchObject({ outcome: 'HELD_BACK', reason: 'SIGNER_HALTED' });
    expect(await txRows()).toHaveLength(1);
  });

  it('is noticed at the start when it was used while the keeper was away', async () => {
    keeper = await startKeeper(world, db, { once: true });
    await keeper.ended;
    await world.anvil.rpc('eth_sendTransaction', [{ from: KEEPER, to: STRANGER, value: '0x1' }]);
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db, { once: true });
    expect(await keeper.ended).toMatchObject({ outcome: 'HELD_BACK', reason: 'SIGNER_HALTED' });
    expect(await txRows()).toEqual([]);
  });
});

describe.each(['http', 'ws'] as const)('an outage of the node over %s', (kind) => {
  it('is recorded once, and the keeper goes on when it is back', async () => {
    const state = await world.anvil.rpc<string>('anvil_dumpState');
    keeper = await startKeeper(world, db, { kind });
    const first = await keeper.final();
    await world.anvil.stop();
    const held = await keeper.final();
    expect(held).toMatchObject({ outcome: 'HELD_BACK', reason: 'RPC_UNREACHABLE', block: first.block });
    expect(held.sentence).not.toMatch(/http|ws:/);

    const again = await startAnvil(['--timestamp', '1700003000'], world.anvil.chainId, world.anvil.port);
    try {
      await again.rpc('anvil_loadState', [state]);
      await again.rpc('evm_setNextBlockTimestamp', [first.block.time + 7_200]);
      await again.rpc('evm_mine');
      await keeper.event('keeper', (e) => e.state === 'rpc-back');
      const next = await keeper.event('check.final', (e) => e.record.block.time > first.block.time);
      expect(next.record.block.time).toBe(first.block.time + 7_200);
      await keeper.stop();
      keeper = null;
      const { checks } = await listChecks(db.kysely, 1, { limit: 50 });
      expect(checks.filter((c) => c.reason === 'RPC_UNREACHABLE')).toHaveLength(1);
    } finally {
      await keeper?.stop();
      keeper = null;
      await again.stop();
    }
  });
});
