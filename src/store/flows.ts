/** Deposits and withdrawals as decoded from the vault's events, and how far the chain has been scanned for them. */
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address, Hex } from '../core/types.ts';
import { type Q, toNumber, transact } from './db.ts';

export type Flow = {
  readonly kind: 'DEPOSIT' | 'WITHDRAWAL';
  readonly token: Address;
  readonly amount: bigint;
  /** Worth at the oracle's price of that block; null when there was none. */
  readonly valueUsdE8: bigint | null;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly blockTime: number;
  readonly txHash: Hex;
  readonly logIndex: number;
};

export type ScanPoint = { readonly blockNumber: number; readonly blockHash: Hex };

/** Newest block up to which flows are complete; null before the first scan. */
export async function scannedTo(q: Q, vaultId: number): Promise<ScanPoint | null> {
  const row = await q.selectFrom('scan').selectAll().where('vault_id', '=', BigInt(vaultId)).executeTakeFirst();
  return row ? { blockNumber: toNumber(row.block_number), blockHash: row.block_hash as Hex } : null;
}

/** Stores a scanned range as a whole. `fromBlock` must follow the last range: a gap would lose money from the books. */
export async function recordFlows(
  q: Q,
  vaultId: number,
  range: { readonly fromBlock: number; readonly to: ScanPoint },
  flows: readonly Flow[],
): Promise<void> {
  await transact(q, async (t) => {
    const vault = await t
      .selectFrom('vault')
      .select('chain_id')
      .where('id', '=', BigInt(vaultId))
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    const last = await scannedTo(t, vaultId);
    if (last && range.fromBlock > last.blockNumber + 1) {
      throw new KeelError({
        code: 'SCAN_GAP',
        exit: EXIT.bug,
        field: 'fromBlock',
        value: String(range.fromBlock),
        reason: `blocks ${last.blockNumber + 1} to ${range.fromBlock - 1} were never scanned for deposits and withdrawals`,
        remedy: 'Report this as a bug',
      });
    }
    if (flows.length > 0) {
      await t
        .insertInto('flow')
        .values(
          flows.map((f) => ({
            vault_id: BigInt(vaultId),
            chain_id: vault.chain_id,
            kind: f.kind,
            token: f.token.toLowerCase(),
            amount: f.amount,
            value_usd_e8: f.valueUsdE8,
            block_number: BigInt(f.blockNumber),
            block_hash: f.blockHash,
            block_time: BigInt(f.blockTime),
            tx_hash: f.txHash,
            log_index: f.logIndex,
          })),
        )
        .onConflict((c) => c.columns(['chain_id', 'tx_hash', 'log_index']).doNothing())
        .execute();
    }
    if (last && last.blockNumber >= range.to.blockNumber) return;
    const at = { block_number: BigInt(range.to.blockNumber), block_hash: range.to.blockHash };
    await t
      .insertInto('scan')
      .values({ vault_id: BigInt(vaultId), ...at })
      .onConflict((c) => c.column('vault_id').doUpdateSet(at))
      .execute();
  });
}

/** A reorg: forgets flows after `to` and scans on from there. */
export async function rewindFlows(q: Q, vaultId: number, to: ScanPoint): Promise<void> {
  await transact(q, async (t) => {
    await t
      .deleteFrom('flow')
      .where('vault_id', '=', BigInt(vaultId))
      .where('block_number', '>', BigInt(to.blockNumber))
      .execute();
    await t
      .updateTable('scan')
      .set({ block_number: BigInt(to.blockNumber), block_hash: to.blockHash })
      .where('vault_id', '=', BigInt(vaultId))
      .where('block_number', '>=', BigInt(to.blockNumber))
      .execute();
  });
}

/** Oldest first. */
export async function allFlows(q: Q, vaultId: number): Promise<readonly Flow[]> {
  const rows = await q
    .selectFrom('flow')
    .selectAll()
    .where('vault_id', '=', BigInt(vaultId))
    .orderBy('block_number')
    .orderBy('log_index')
    .execute();
  return rows.map((r) => ({
    kind: r.kind,
    token: r.token as Address,
    amount: r.amount,
    valueUsdE8: r.value_usd_e8,
    blockNumber: toNumber(r.block_number),
    blockHash: r.block_hash as Hex,
    blockTime: toNumber(r.block_time),
    txHash: r.tx_hash as Hex,
    logIndex: r.log_index,
  }));
}
