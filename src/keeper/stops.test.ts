import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, WORLD_POLICY, type World } from '../chain/testing/world.ts';
import { listChecks } from '../store/checks.ts';
import type { Db } from '../store/db.ts';
import { type TestCluster, testCluster } from '../store/testing/cluster.ts';
import { startKeeper, type TestKeeper, untilFinal } from './testing/keeper.ts';

const E8 = 10n ** 8n;
const CONFIRM_S = 120;
const POLICY = { ...WORLD_POLICY, maxSliceBps: 10_000, stopLossBps: 1_000, confirmS: CONFIRM_S, lossBpsPerDay: 300 };

let cluster: TestCluster;
let world: World;
let db: Db;
let keeper: TestKeeper | null;

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await startWorld(POLICY, true);
  db = await cluster.fresh();
  keeper = null;
});
afterEach(async () => {
  await keeper?.stop();
  await world.stop();
});

describe('stops', () => {
  it('are told of a fall in the block it happens, fire once it is confirmed, and the asset is sold', async () => {
    keeper = await startKeeper(world, db);
    const reference = await untilFinal(world, keeper);
    expect(reference, reference.sentence).toMatchObject({ outcome: 'NO_TRADE', reason: 'STOP_REFERENCE' });
    expect(reference.txHashes).toHaveLength(1);

    await world.setPrice(1_550n * E8); // 11.25 % off the portfolio
    const armed = await untilFinal(world, keeper);
    expect(armed, armed.sentence).toMatchObject({ outcome: 'NO_TRADE', reason: 'STOP_ARMED' });
    expect(armed.sentence).toContain('$40,000');
    expect(armed.realised?.gasUsdE8).toBeGreaterThan(0n);

    await world.mine(CONFIRM_S);
    const fired = await untilFinal(world, keeper);
    expect(fired, fired.sentence).toMatchObject({ outcome: 'NO_TRADE', reason: 'STOP_FIRED' });

    await world.mine();
    const sold = await untilFinal(world, keeper);
    expect(sold, sold.sentence).toMatchObject({ outcome: 'TRADED', reason: 'STOPPED' });
    const { contracts, vault } = world.deployment;
    expect(await world.balance(contracts.weth, vault)).toBeLessThan(10n ** 16n);
    expect(sold.block.time - armed.block.time).toBeLessThan(3_600);
  });

  it('are disarmed when the price comes back before the confirmation', async () => {
    keeper = await startKeeper(world, db);
    await untilFinal(world, keeper);
    await world.setPrice(1_550n * E8);
    expect((await untilFinal(world, keeper)).reason).toBe('STOP_ARMED');
    await world.setPrice(1_990n * E8);
    expect((await untilFinal(world, keeper)).reason).toBe('STOP_DISARMED');
    await world.mine(2 * CONFIRM_S);
    await keeper.stop();
    const { checks } = await listChecks(db.kysely, 1, { limit: 20 });
    expect(checks.map((c) => c.reason).filter((r) => r.startsWith('STOP'))).toEqual([
      'STOP_DISARMED',
      'STOP_ARMED',
      'STOP_REFERENCE',
    ]);
    keeper = null;
  });
});
