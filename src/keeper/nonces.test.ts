/** Nonces that others used, lost or left behind. */
import { parseTransaction } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPriorityFee } from '../chain/fees.ts';
import { latestHead } from '../chain/head.ts';
import { connectTo } from '../chain/testing/anvil.ts';
import { KEEPER, STRANGER, startWorld, type World } from '../chain/testing/world.ts';
import type { Hex } from '../core/types.ts';
import type { Db } from '../store/db.ts';
import { initSigner, resumeSigner } from '../store/signers.ts';
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

async function rows<T extends object>(sql: string): Promise<T[]> {
  return (await db.pool.query<T>(sql)).rows;
}

describe('a nonce that nothing has', () => {
  it('is given out again when the transaction that was counted at the start was orphaned', async () => {
    await initSigner(db.kysely, { chainId: world.anvil.chainId, address: KEEPER }, 1);
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'TRADED', reason: 'DEVIATION' });
    const nonces = await rows<{ nonce: bigint }>('select nonce::int from tx order by id');
    expect(nonces.map((r) => Number(r.nonce))).toEqual(nonces.map((_, i) => i));
  });
});

describe('a transaction that takes over an expired nonce', () => {
  it("pays no more than the owner's gas ceiling", async () => {
    await world.setPrice(2_600n * E8);
    const chain = await connectTo(world.anvil, 'http');
    const head = await latestHead(chain);
    const ceiling = head.baseFeeWei + (await readPriorityFee(chain, head)) + 1_000n;
    keeper = await startKeeper(world, db, { config: configOf(world, { maxGasPriceWei: ceiling }) });
    for (let i = 0; i < 3; i++) {
      const { hash } = await keeper.event('run.sent');
      await world.anvil.rpc('anvil_dropTransaction', [hash]);
      await world.mine(700);
      expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'FAILED', reason: 'TX_EXPIRED' });
      await world.mine(3_600);
    }
    const fees = await rows<{ max_fee_wei: bigint; nonce: bigint }>('select max_fee_wei, nonce from tx order by id');
    expect(fees.length).toBeGreaterThan(2);
    for (const f of fees) {
      expect(BigInt(f.max_fee_wei)).toBeLessThanOrEqual(ceiling);
      expect(BigInt(f.nonce)).toBe(0n);
    }
  });
});

describe('a transaction that takes over an expired nonce, without the money for its higher fee', () => {
  it('is not signed, and the record says what is missing', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const { hash } = await keeper.event('run.sent');
    const [first] = await rows<{ raw: Hex }>('select raw from tx');
    const { gas = 0n, maxFeePerGas = 0n } = parseTransaction(first?.raw ?? '0x');
    await world.anvil.rpc('anvil_dropTransaction', [hash]);
    await world.mine(700);
    await untilFinal(world, keeper);
    const balance = (gas * maxFeePerGas * 106n) / 100n;
    await world.anvil.rpc('anvil_setBalance', [KEEPER, `0x${balance.toString(16)}`]);
    await world.mine(3_600);
    const held = await untilFinal(world, keeper);
    expect(held).toMatchObject({ outcome: 'HELD_BACK', reason: 'OUT_OF_GAS_MONEY', txHashes: [] });
    expect(await rows('select status from tx')).toEqual([{ status: 'EXPIRED' }]);
  });
});

describe('a halted key', () => {
  it('goes on by itself when a reorganisation replaces the other transaction by ours', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const sent = await keeper.event('run.sent');
    await world.anvil.rpc('anvil_dropTransaction', [sent.hash]);
    await world.anvil.rpc('eth_sendTransaction', [{ from: KEEPER, to: STRANGER, value: '0x1', nonce: '0x0' }]);
    const before = Number(await world.anvil.rpc<string>('eth_blockNumber'));
    expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'FAILED', reason: 'TX_REPLACED' });
    expect(await rows('select status, final from tx')).toEqual([{ status: 'REPLACED', final: false }]);
    expect((await rows<{ halted: string }>('select halted from signer'))[0]?.halted).toContain('Nonce 0');

    const depth = Number(await world.anvil.rpc<string>('eth_blockNumber')) - before;
    const [ours] = await rows<{ raw: string }>('select raw from tx');
    await world.anvil.rpc('anvil_reorg', [depth, [[ours?.raw, 0]]]);
    await world.mine();
    await keeper.event('run.mined', (e) => e.hash === sent.hash);
    await expect.poll(() => rows('select halted from signer')).toEqual([{ halted: null }]);
  });

  it('trades again at the next check after a person has cleared it, without a restart', async () => {
    await world.setPrice(2_600n * E8);
    keeper = await startKeeper(world, db);
    const sent = await keeper.event('run.sent');
    await world.anvil.rpc('anvil_dropTransaction', [sent.hash]);
    await world.anvil.rpc('eth_sendTransaction', [{ from: KEEPER, to: STRANGER, value: '0x1', nonce: '0x0' }]);
    expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'FAILED', reason: 'TX_REPLACED' });
    await resumeSigner(db.kysely, { chainId: world.anvil.chainId, address: KEEPER }, 1);
    await world.mine(3_600);
    expect(await untilFinal(world, keeper)).toMatchObject({ outcome: 'TRADED', reason: 'DEVIATION' });
  });
});
