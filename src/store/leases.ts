/** Which keeper watches. A lease that ran out, or whose process is provably dead, passes on; a living one is respected. */
import { type Selectable, sql } from 'kysely';
import { EXIT, KeelError } from '../core/errors.ts';
import { type Q, toNumber, transact } from './db.ts';
import { dropLeasesOf, type StepResult } from './executions.ts';
import { hostId, startTimeOf } from './processes.ts';
import type { WatchLeaseTable } from './schema.ts';

/** The process that wants to watch. */
export type LeaseOwner = {
  /** Unique per process; also the owner of its run leases. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly processStart: string;
};

export type WatchLease = {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
  readonly ttlS: number;
};

/** This process, as its leases name it. */
export function thisProcess(): LeaseOwner {
  const host = hostId();
  const processStart = startTimeOf(process.pid) ?? '';
  return { id: `${host}:${process.pid}:${processStart}`, host, pid: process.pid, processStart };
}

/** True only when the owner ran on this very machine (and pid space) and is gone or replaced by another process. */
function provablyDead(
  lease: Pick<Selectable<WatchLeaseTable>, 'host' | 'pid' | 'process_start'>,
  here: string,
): boolean {
  return lease.host === here && startTimeOf(lease.pid) !== lease.process_start;
}

/** Throws KEEPER_ALREADY_RUNNING with host and pid. Run leases of the keeper it succeeds end with it. */
export async function acquireWatchLease(q: Q, name: string, owner: LeaseOwner, ttlS: number): Promise<WatchLease> {
  return transact(q, async (t) => {
    const values = {
      owner: owner.id,
      host: owner.host,
      pid: owner.pid,
      process_start: owner.processStart,
      lease_until: until(ttlS),
      heartbeat_at: sql<Date>`now()`,
    };
    const made = await t
      .insertInto('watch_lease')
      .values({ name, fence: 1n, ...values })
      .onConflict((c) => c.column('name').doNothing())
      .returning('fence')
      .executeTakeFirst();
    if (made) return { name, owner: owner.id, fence: 1, ttlS };
    const held = await t
      .selectFrom('watch_lease')
      .selectAll()
      .select(sql<boolean>`lease_until < now()`.as('expired'))
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (held.owner !== owner.id && !held.expired && !provablyDead(held, owner.host)) throw alreadyRunning(held);
    const fence = held.fence + 1n;
    await t
      .updateTable('watch_lease')
      .set({ ...values, fence })
      .where('name', '=', name)
      .execute();
    if (held.owner !== owner.id && provablyDead(held, owner.host)) await dropLeasesOf(t, held.owner);
    return { name, owner: owner.id, fence: toNumber(fence), ttlS };
  });
}

function alreadyRunning(held: Selectable<WatchLeaseTable>): KeelError {
  const host = held.host.split('/')[0] ?? held.host;
  return new KeelError({
    code: 'KEEPER_ALREADY_RUNNING',
    exit: EXIT.actionNeeded,
    field: 'keeper',
    value: `pid ${held.pid} on ${host}`,
    reason: `this keeper watches "${held.name}" on the same data already`,
    remedy: `Stop it first, or wait until its lease ends at ${held.lease_until.toISOString()} if its machine is gone`,
    retry: 'later',
  });
}

function until(ttlS: number) {
  return sql<Date>`now() + make_interval(secs => ${ttlS})`;
}

/** Heartbeat, every third of the lease. LOST_LEASE: stop watching at once. */
export async function renewWatchLease(q: Q, lease: WatchLease): Promise<StepResult> {
  const row = await q
    .updateTable('watch_lease')
    .set({ lease_until: until(lease.ttlS), heartbeat_at: sql<Date>`now()` })
    .where('name', '=', lease.name)
    .where('fence', '=', BigInt(lease.fence))
    .returning('fence')
    .executeTakeFirst();
  return row ? 'OK' : 'LOST_LEASE';
}

/** Gives the lease back: the next keeper starts without waiting. */
export async function releaseWatchLease(q: Q, lease: WatchLease): Promise<void> {
  await q
    .updateTable('watch_lease')
    .set({ lease_until: sql<Date>`'-infinity'` })
    .where('name', '=', lease.name)
    .where('fence', '=', BigInt(lease.fence))
    .execute();
}
