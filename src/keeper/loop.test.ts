import { encodeFunctionData } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { vaultAbi } from '../abi/Vault.ts';
import { KEEPER, OWNER, startWorld, WORLD_POLICY, type World } from '../chain/testing/world.ts';
import { getCheck, listChecks } from '../store/checks.ts';
import type { Db } from '../store/db.ts';
import { journalAfter } from '../store/journal.ts';
import { type TestCluster, testCluster } from '../store/testing/cluster.ts';
import { clockSignal } from './events.ts';
import { startKeeper, type TestKeeper, untilFinal } from './testing/keeper.ts';

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

const HOUR = 3_600;
const E8 = 10n ** 8n;

describe('runKeeper', () => {
  it('records a quiet check each hour and nothing in between', async () => {
    keeper = await startKeeper(world, db);
    const first = await keeper.final();
    expect(first).toMatchObject({ outcome: 'NO_TRADE', reason: 'IN_BAND', checkId: 1, plan: null });
    expect(first.navUsdE8).toBe(40_000n * E8);
    expect(first.holdNavUsdE8).toBe(40_000n * E8);
    await world.mine(12);
    await world.mine(HOUR);
    const second = await keeper.final();
    expect(second.block.time).toBeGreaterThanOrEqual(first.block.time + HOUR);
    await keeper.stop();
    const { checks } = await listChecks(db.kysely, 1, { limit: 10 });
    expect(checks.map((c) => c.checkId)).toEqual([second.checkId, first.checkId]);
    const journal = await journalAfter(db.kysely, 0);
    expect(journal.map((j) => j.kind)).toEqual(['KEEPER', 'CHECK_FINAL', 'CHECK_FINAL', 'KEEPER']);
    expect(journal.flatMap((j) => clockSignal(j) ?? []).map((s) => s.kind)).toEqual(['check.final', 'check.final']);
    keeper = null;
  });

  it('trades a drifted vault in slices and reports costs that the chain confirms to the wei', async () => {
    await world.setPrice(2_600n * E8);
    const { contracts, vault } = world.deployment;
    const before = await world.balance(contracts.weth, vault);
    const weiBefore = BigInt(await world.anvil.rpc<string>('eth_getBalance', [KEEPER, 'latest']));
    keeper = await startKeeper(world, db);
    const record = await untilFinal(world, keeper);
    expect(record.outcome, record.sentence).toBe('TRADED');
    expect(record.reason).toBe('DEVIATION');
    const slices = record.plan?.slices.length ?? 0;
    expect(slices).toBeGreaterThan(1);
    expect(record.txHashes).toHaveLength(slices);
    const sold = record.realised?.fills.reduce((sum, f) => sum + f.amountIn, 0n) ?? 0n;
    expect(before - (await world.balance(contracts.weth, vault))).toBe(sold);
    const paid = weiBefore - BigInt(await world.anvil.rpc<string>('eth_getBalance', [KEEPER, 'latest']));
    expect(record.realised?.gasWei).toBe(paid);
    const r = record.realised;
    expect(r?.totalUsdE8).toBe(
      (r?.gasUsdE8 ?? 0n) + (r?.feeUsdE8 ?? 0n) + (r?.impactUsdE8 ?? 0n) + (r?.slippageUsdE8 ?? 0n),
    );
    for (const drift of r?.driftAfterBps ?? []) expect(Math.abs(drift)).toBeLessThan(60);
    expect(await getCheck(db.kysely, record.checkId)).toMatchObject({ status: 'FINAL', record });
    // Nothing is left open, and the epoch was closed by its last slice.
    expect(await db.pool.query('select status, count(*)::int as n from tx group by 1')).toMatchObject({
      rows: [{ status: 'FINAL', n: slices }],
    });
    await world.mine(HOUR);
    expect(await keeper.final()).toMatchObject({ outcome: 'NO_TRADE', reason: 'IN_BAND' });
  });

  it('costs what it said, within one percent, on a quiet chain', async () => {
    await world.stop();
    world = await startWorld({ ...WORLD_POLICY, maxSliceBps: 10_000, cooldownS: 7_000, sliceCooldownS: 7_000 });
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const { plan, realised, outcome, sentence } = await untilFinal(world, keeper);
    expect(outcome, sentence).toBe('TRADED');
    const [expected, paid] = [Number(plan?.cost.totalUsdE8), Number(realised?.totalUsdE8)];
    expect(Math.abs(paid / expected - 1), `${paid} for ${expected}`).toBeLessThan(0.01);
  });

  it('opens a rebalance that demands a premium, waits until the pools pay what is left of it, and trades', async () => {
    await world.stop();
    world = await startWorld({ ...WORLD_POLICY, maxSliceBps: 1_000, premiumBps: 50, relaxS: 900 });
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const record = await untilFinal(world, keeper);
    expect(record.outcome, record.sentence).toBe('TRADED');
    const [opening, ...trading] = record.plan?.slices ?? [];
    expect(opening).toMatchObject({ sequence: -1, legs: [] });
    expect(trading[0]?.notBefore).toBeGreaterThan((opening?.notBefore ?? 0) + 200);
    expect(record.txHashes).toHaveLength(1 + trading.length);
    expect(record.realised?.fills).toHaveLength(trading.flatMap((t) => t.legs).length);
    for (const drift of record.realised?.driftAfterBps ?? []) expect(Math.abs(drift)).toBeLessThan(60);
  });

  it('shrinks or stops the later slices when the market comes back', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    await keeper.event('run.sent');
    await world.mine();
    await keeper.event('run.mined');
    await world.setPrice(2_000n * E8);
    await world.mine(60);
    const record = await keeper.final();
    expect(record).toMatchObject({
      outcome: 'TRADED',
      reason: 'DEVIATION',
      secondary: expect.arrayContaining(['IN_BAND']),
    });
    expect(record.realised?.fills).toHaveLength(1);
    expect(record.sentence).toContain('The rest was given up');
  });

  it('holds back while paused, and when the price is stale, with the reason', async () => {
    await world.setPrice(2_600n * E8);
    await world.send(OWNER, world.deployment.vault, encodeFunctionData({ abi: vaultAbi, functionName: 'pause' }));
    keeper = await startKeeper(world, db);
    expect(await keeper.final()).toMatchObject({ outcome: 'HELD_BACK', reason: 'PAUSED', txHashes: [] });
    await world.send(OWNER, world.deployment.vault, encodeFunctionData({ abi: vaultAbi, functionName: 'resume' }));
    await world.mine(25 * HOUR);
    expect(await keeper.final()).toMatchObject({ outcome: 'HELD_BACK', reason: 'PRICE_STALE' });
  });

  it('says how much gas money is missing and signs nothing', async () => {
    await world.setPrice(2_600n * E8);
    await world.anvil.rpc('anvil_setBalance', [KEEPER, '0x1']);
    keeper = await startKeeper(world, db);
    const record = await keeper.final();
    expect(record).toMatchObject({ outcome: 'HELD_BACK', reason: 'OUT_OF_GAS_MONEY', secondary: ['DEVIATION'] });
    expect(record.counterfactual).toMatch(/^would trade if the keeper held 0\.\d+ more/);
    expect((await db.pool.query('select count(*)::int as n from tx')).rows[0]).toEqual({ n: 0 });
  });

  it('notes checks that nobody made in one record', async () => {
    keeper = await startKeeper(world, db);
    await keeper.final();
    await keeper.stop();
    await world.mine(5 * HOUR);
    keeper = await startKeeper(world, db);
    const skipped = await keeper.final();
    expect(skipped).toMatchObject({ outcome: 'SKIPPED', reason: 'MISSED_CHECK', txHashes: [] });
    expect(skipped.sentence).toMatch(/^[45] checks were not made because the keeper was not running/);
    expect(await keeper.final()).toMatchObject({ outcome: 'NO_TRADE' });
  });

  it('once: makes one check and ends, without waiting for the hour', async () => {
    keeper = await startKeeper(world, db, { once: true });
    const first = await keeper.ended;
    keeper = await startKeeper(world, db, { once: true });
    const second = await keeper.ended;
    expect([first?.checkId, second?.checkId]).toEqual([1, 2]);
  });

  it('dry run: says what it would do, signs and stores nothing', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db, { once: true, dryRun: true });
    const record = await keeper.ended;
    expect(record).toMatchObject({ outcome: 'SKIPPED', reason: 'DEVIATION', checkId: 0, txHashes: [] });
    expect(record?.plan?.slices.length).toBeGreaterThan(0);
    expect((await db.pool.query('select count(*)::int as n from check_record')).rows[0]).toEqual({ n: 0 });
    expect((await db.pool.query('select count(*)::int as n from tx')).rows[0]).toEqual({ n: 0 });
    expect(await world.anvil.rpc('eth_getTransactionCount', [KEEPER, 'pending'])).toBe('0x0');
  });
});
