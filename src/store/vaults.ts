/** The vaults this database knows. */
import type { Address } from '../core/types.ts';
import { type Q, toNumber } from './db.ts';

export type VaultRow = {
  readonly id: number;
  readonly chainId: number;
  readonly address: Address;
  readonly owner: Address;
};

/** Registers the vault, or updates its owner; returns its id, which stays. */
export async function upsertVault(
  q: Q,
  vault: { readonly chainId: number; readonly address: Address; readonly owner: Address },
): Promise<number> {
  const row = await q
    .insertInto('vault')
    .values({
      chain_id: BigInt(vault.chainId),
      address: vault.address.toLowerCase(),
      owner: vault.owner.toLowerCase(),
    })
    .onConflict((c) => c.columns(['chain_id', 'address']).doUpdateSet({ owner: vault.owner.toLowerCase() }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return toNumber(row.id);
}

export async function findVault(q: Q, chainId: number, address: Address): Promise<VaultRow | null> {
  const row = await q
    .selectFrom('vault')
    .selectAll()
    .where('chain_id', '=', BigInt(chainId))
    .where('address', '=', address.toLowerCase())
    .executeTakeFirst();
  if (!row) return null;
  return { id: toNumber(row.id), chainId, address: row.address as Address, owner: row.owner as Address };
}
