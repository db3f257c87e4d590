/** Signs of life, for /health and the dead-man alert. */
import { sql } from 'kysely';
import { type Q, toNumber, toUnix } from './db.ts';

export type Health = {
  /** Chain time and database time of the newest final check; null when there is none. */
  readonly lastCheck: { readonly checkId: number; readonly time: number; readonly at: number } | null;
  /** Seconds since the keeper's last heartbeat, by the database's clock; null when none ever ran. */
  readonly keeperSeenS: number | null;
  /** Does a keeper hold the lease now? */
  readonly keeperHolds: boolean;
  readonly keeperOwner: string | null;
};

/** `leaseName` as given to acquireWatchLease. */
export async function health(q: Q, vaultId: number, leaseName: string): Promise<Health> {
  const check = await q
    .selectFrom('check_record')
    .select(['check_id', 'block_time', 'final_at'])
    .where('vault_id', '=', BigInt(vaultId))
    .where('status', '=', 'FINAL')
    .orderBy('check_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const lease = await q
    .selectFrom('watch_lease')
    .select([
      'owner',
      sql<number>`extract(epoch from now() - heartbeat_at)::float8`.as('seen'),
      sql<boolean>`lease_until > now()`.as('holds'),
    ])
    .where('name', '=', leaseName)
    .executeTakeFirst();
  return {
    lastCheck: check?.final_at
      ? { checkId: toNumber(check.check_id), time: toNumber(check.block_time), at: toUnix(check.final_at) }
      : null,
    keeperSeenS: lease ? Math.max(0, lease.seen) : null,
    keeperHolds: lease?.holds ?? false,
    keeperOwner: lease?.owner ?? null,
  };
}
