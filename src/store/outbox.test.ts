import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Address } from '../core/types.ts';
import type { Db } from './db.ts';
import { claimExecution, type Execution, finishExecution, getExecution } from './executions.ts';
import { journalOfExecution } from './journal.ts';
import {
  type OutboxTx,
  openTx,
  pendingTx,
  recordSend,
  siblingLanded,
  strayTx,
  txOfExecution,
  unfinalTx,
} from './outbox.ts';
import {
  backToSigned,
  markExpired,
  markFinal,
  markForeign,
  markMined,
  markReverted,
  type Receipt,
} from './receipts.ts';
import { type NonceGrant, type Signed, signOnce } from './sign.ts';
import { initSigner, resumeSigner } from './signers.ts';
import { type TestCluster, testCluster } from './testing/cluster.ts';
import { CHAIN, hash, KEEPER, liveRun } from './testing/fixtures.ts';

let cluster: TestCluster;
let db: Db;
let run: Execution<unknown>;
let signatures: number;
const signer = { chainId: CHAIN, address: KEEPER };

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  db = await cluster.fresh();
  signatures = 0;
  await initSigner(db.kysely, signer, 5);
  run = await newRun('0x01');
});

async function newRun(address: Address): Promise<Execution<unknown>> {
  const made = await liveRun(db.kysely, address);
  const claim = { owner: 'k', leaseS: 60, chainTime: 0, vaultId: made.vaultId };
  const claimed = await claimExecution(db.kysely, claim);
  if (!claimed) throw new Error('not claimed');
  return claimed;
}

/** Every signature differs, as if the key signed another transaction. */
async function sign(grant: NonceGrant): Promise<Signed> {
  signatures += 1;
  const fee = (grant.floor?.maxFeeWei ?? 90n) + 10n;
  return { raw: `0x02${signatures}`, hash: hash(signatures), maxFeeWei: fee, priorityFeeWei: 1n, deadline: 1_000 };
}

const request = (slice: number, attempt = 0, lease: { id: number; fence: number } = run) => ({
  ...{ lease, slice, attempt, chainId: CHAIN, signer: KEEPER, chainNonce: 5, sign },
});

async function signed(slice: number, attempt = 0, lease: { id: number; fence: number } = run): Promise<OutboxTx> {
  const result = await signOnce(db.kysely, request(slice, attempt, lease));
  if (result.kind !== 'SIGNED') throw new Error(`not signed: ${result.kind}`);
  return result.tx;
}

const receipt = (blockNumber: number): Receipt => ({
  blockNumber,
  blockHash: hash(blockNumber),
  gasUsed: 21_000n,
  effectiveGasPriceWei: 7n,
});

const statuses = async (id = run.id) => (await txOfExecution(db.kysely, id)).map((t) => t.status);

describe('signOnce', () => {
  it('gives one nonce and one transaction, however often and concurrently it is called', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => signOnce(db.kysely, request(0))));
    const txs = results.flatMap((r) => (r.kind === 'SIGNED' ? [r.tx] : []));
    expect(txs).toHaveLength(8);
    expect(new Set(txs.map((t) => t.raw)).size).toBe(1);
    expect(txs[0]).toMatchObject({ nonce: 5, bump: 0, status: 'SIGNED', slice: 0, attempt: 0 });
    expect(results.filter((r) => r.kind === 'SIGNED' && r.fresh)).toHaveLength(1);
    expect(signatures).toBe(1);
    expect((await signed(1)).nonce).toBe(6);
  });

  it('leaves no gap when signing fails or the transaction is undone', async () => {
    const failing = { ...request(0), sign: () => Promise.reject(new Error('wrong password')) };
    await expect(signOnce(db.kysely, failing)).rejects.toThrow('wrong password');
    const undone = db.kysely.transaction().execute(async (t) => {
      const result = await signOnce(t, request(0));
      expect(result).toMatchObject({ kind: 'SIGNED', tx: { nonce: 5 } });
      throw new Error('crash before commit');
    });
    await expect(undone).rejects.toThrow('crash');
    expect(await txOfExecution(db.kysely, run.id)).toEqual([]);
    expect((await signed(0)).nonce).toBe(5);
  });

  it('refuses a keeper that lost its lease, and a run that has ended', async () => {
    await db.pool.query(`update execution set lease_until = now() - interval '1 second'`);
    const next = await claimExecution(db.kysely, { owner: 'k2', leaseS: 60, chainTime: 0 });
    expect(await signOnce(db.kysely, request(0))).toEqual({ kind: 'LOST_LEASE' });
    expect(signatures).toBe(0);
    if (!next) throw new Error('not claimed');
    await finishExecution(db.kysely, next, { state: 'CANCELLED', step: 'x', data: null }, []);
    expect(await signOnce(db.kysely, request(0, 0, next))).toEqual({ kind: 'LOST_LEASE' });
  });

  it('gives different runs of one key different nonces in a row', async () => {
    const runs = [run, ...(await Promise.all((['0x02', '0x03', '0x04'] as const).map(newRun)))];
    const txs = await Promise.all(runs.map((r) => signed(0, 0, r)));
    expect(txs.map((t) => t.nonce).sort()).toEqual([5, 6, 7, 8]);
  });

  it('reuses the nonce for a fee bump and tells the fees to beat', async () => {
    const first = await signed(0);
    const grants: NonceGrant[] = [];
    const bump = {
      ...request(0, 1),
      sign: (g: NonceGrant) => {
        grants.push(g);
        return sign(g);
      },
    };
    expect(await signOnce(db.kysely, bump)).toMatchObject({ kind: 'SIGNED', tx: { nonce: 5, bump: 1, attempt: 1 } });
    expect(grants).toEqual([{ nonce: 5, bump: 1, floor: { maxFeeWei: first.maxFeeWei, priorityFeeWei: 1n } }]);
    await expect(signOnce(db.kysely, request(0, 3))).rejects.toThrow(/no attempt 2/);
    expect((await pendingTx(db.kysely, signer)).map((t) => [t.nonce, t.bump])).toEqual([[5, 1]]);
    expect(await openTx(db.kysely, signer)).toHaveLength(2);
  });

  it('signs nothing more for a slice that landed', async () => {
    const tx = await signed(0);
    await markMined(db.kysely, tx.id, receipt(10));
    expect(await signOnce(db.kysely, request(0, 1))).toMatchObject({ kind: 'ALREADY_MINED', tx: { id: tx.id } });
  });

  it('takes a new nonce for a reverted slice', async () => {
    const tx = await signed(0);
    await markReverted(db.kysely, tx.id, receipt(10));
    expect(await signed(0, 1)).toMatchObject({ nonce: 6, bump: 0 });
  });
});

describe('receipts', () => {
  it('settle every transaction of the nonce and wake the run', async () => {
    const first = await signed(0);
    const bumped = await signed(0, 1);
    await recordSend(db.kysely, bumped.id, 'already known');
    await markMined(db.kysely, first.id, receipt(10));
    await markMined(db.kysely, first.id, receipt(10));
    expect(await statuses()).toEqual(['MINED', 'REPLACED']);
    expect(await pendingTx(db.kysely, signer)).toEqual([]);
    expect((await getExecution(db.kysely, run.id))?.wakes).toBe(1);
    expect(await unfinalTx(db.kysely, signer)).toMatchObject([
      { id: first.id, blockNumber: 10, blockHash: hash(10), gasUsed: 21_000n, effectiveGasPriceWei: 7n },
    ]);
    await markFinal(db.kysely, first.id);
    expect(await statuses()).toEqual(['FINAL', 'REPLACED']);
    expect(await unfinalTx(db.kysely, signer)).toEqual([]);
    await backToSigned(db.kysely, first.id);
    expect(await statuses()).toEqual(['FINAL', 'REPLACED']);
    const states = (await journalOfExecution(db.kysely, run.id)).map((e) => JSON.parse(e.payload).state);
    expect(states).toEqual(['planned', 'SIGNED', 'SIGNED', 'MINED', 'FINAL']);
  });

  it('are taken back by a reorg', async () => {
    const first = await signed(0);
    await signed(0, 1);
    await markMined(db.kysely, first.id, receipt(10));
    await backToSigned(db.kysely, first.id);
    expect(await statuses()).toEqual(['SIGNED', 'SIGNED']);
    expect(await pendingTx(db.kysely, signer)).toMatchObject([{ attempt: 1, blockHash: null, gasUsed: null }]);
    await markReverted(db.kysely, first.id, receipt(11));
    expect(await statuses()).toEqual(['REVERTED', 'REPLACED']);
    await markFinal(db.kysely, first.id);
    expect(await txOfExecution(db.kysely, run.id)).toMatchObject([
      { status: 'REVERTED', final: true },
      { final: true },
    ]);
  });

  it('can be only one per nonce, whatever the code above does', async () => {
    const first = await signed(0);
    const bumped = await signed(0, 1);
    await markMined(db.kysely, first.id, receipt(10));
    const forged = db.pool.query(`update tx set status = 'MINED', block_hash = '0x1' where id = $1`, [bumped.id]);
    await expect(forged).rejects.toThrow(/tx_mined_once/);
  });
});

describe('an expired transaction', () => {
  it('gives its nonce to the next slice that signs', async () => {
    const dead = await signed(0);
    await markExpired(db.kysely, dead.id);
    const other = await newRun('0x02');
    const next = await signed(0, 0, other);
    expect(next).toMatchObject({ nonce: 5, bump: 1 });
    expect(next.maxFeeWei).toBe(dead.maxFeeWei + 10n);
    expect((await signed(1, 0, other)).nonce).toBe(6);
    // Two slices must not bid against each other for one nonce.
    expect(await signOnce(db.kysely, request(0, 1))).toMatchObject({ kind: 'NOT_FINAL', tx: { id: dead.id } });
    await markMined(db.kysely, next.id, receipt(10));
    expect(await statuses()).toEqual(['REPLACED']);
    // By one of ours: no stranger took it.
    expect(await siblingLanded(db.kysely, dead)).toBe(true);
    expect(await strayTx(db.kysely, signer)).toEqual([]);
    // The slice it had been signed for starts anew, once its old nonce is final in the other transaction.
    expect(await signOnce(db.kysely, request(0, 1))).toMatchObject({ kind: 'NOT_FINAL' });
    await markFinal(db.kysely, next.id);
    expect(await signed(0, 1)).toMatchObject({ nonce: 7, bump: 0 });
  });

  it('is sent again only where a later nonce waits behind it', async () => {
    const dead = await signed(0);
    const other = await newRun('0x02');
    const behind = await signed(0, 0, other);
    await markExpired(db.kysely, dead.id);
    expect((await pendingTx(db.kysely, signer)).map((t) => t.id)).toEqual([dead.id, behind.id]);
    await markExpired(db.kysely, behind.id);
    expect(await pendingTx(db.kysely, signer)).toEqual([]);
  });
});

describe('a nonce that the chain lost', () => {
  it('is given out again when nothing of ours has it, and before a later one that expired', async () => {
    const stuck = await signed(0); // 5
    await markExpired(db.kysely, stuck.id);
    const other = await newRun('0x02');
    const behind = { ...request(0, 0, other), chainNonce: 3 };
    const grants: NonceGrant[] = [];
    const noted = async (g: NonceGrant) => {
      grants.push(g);
      return sign(g);
    };
    for (const slice of [0, 1, 2, 3]) await signOnce(db.kysely, { ...behind, slice, sign: noted });
    expect(grants.map((g) => [g.nonce, g.bump])).toEqual([
      [3, 0],
      [4, 0],
      [5, 1],
      [6, 0],
    ]);
  });

  it('is not taken from a transaction of ours that the count does not show yet', async () => {
    const tx = await signed(0);
    await markMined(db.kysely, tx.id, receipt(10));
    expect(await signOnce(db.kysely, request(1))).toMatchObject({ kind: 'SIGNED', tx: { nonce: 6 } });
  });

  it('is not signed for when the chain has used it: the key is halted instead', async () => {
    const late = { ...request(0), chainNonce: 6 };
    const result = await signOnce(db.kysely, late);
    expect(result).toMatchObject({ kind: 'SIGNER_HALTED', reason: expect.stringContaining('used elsewhere') });
    expect((await initSigner(db.kysely, signer, 6)).halted).toMatch(/used elsewhere/);
  });
});

describe('the signer', () => {
  it('goes on where the database left off, and is halted when the chain is ahead of it', async () => {
    await signed(0);
    expect(await initSigner(db.kysely, signer, 5)).toEqual({ nextNonce: 6, halted: null });
    expect(await initSigner(db.kysely, signer, 6)).toEqual({ nextNonce: 6, halted: null });
    const halted = await initSigner(db.kysely, signer, 7);
    expect(halted).toMatchObject({ nextNonce: 6, halted: expect.stringContaining('used elsewhere') });
    expect(await signOnce(db.kysely, request(1))).toEqual({ kind: 'SIGNER_HALTED', reason: halted.halted });
    // A restart does not forget it, and what was signed may still be looked up.
    expect((await initSigner(db.kysely, signer, 7)).halted).toBe(halted.halted);
    expect(await signOnce(db.kysely, request(0))).toMatchObject({ kind: 'SIGNED', fresh: false });
  });

  it('is halted by a foreign transaction and resumed by a person, once nothing is open', async () => {
    const tx = await signed(0);
    await signed(1);
    await markForeign(db.kysely, signer, tx.nonce, 'Nonce 5 went to 0xdead.');
    expect(await statuses()).toEqual(['REPLACED', 'SIGNED']);
    expect(await siblingLanded(db.kysely, tx)).toBe(false);
    expect((await strayTx(db.kysely, signer)).map((t) => t.id)).toEqual([tx.id]);
    await expect(resumeSigner(db.kysely, signer, 6)).rejects.toMatchObject({ code: 'SIGNER_HAS_OPEN_TRANSACTIONS' });
    const last = await openTx(db.kysely, signer);
    await markMined(db.kysely, last[0]?.id ?? 0, receipt(12));
    expect(await resumeSigner(db.kysely, signer, 9)).toEqual({ nextNonce: 9, halted: null });
    expect(await strayTx(db.kysely, signer)).toEqual([]);
    expect(await signOnce(db.kysely, { ...request(2), chainNonce: 9 })).toMatchObject({ tx: { nonce: 9 } });
  });
});
