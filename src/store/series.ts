/** What the charts and totals are drawn from: final checks over chain time. */
import { sql } from 'kysely';
import type { Costs } from '../core/types.ts';
import { type Q, toNumber } from './db.ts';

export type SeriesData = {
  /** Of the newest check; `driftBps` follows this order. */
  readonly symbols: readonly string[];
  readonly points: readonly {
    readonly time: number;
    readonly navUsdE8: bigint;
    readonly holdNavUsdE8: bigint | null;
    readonly driftBps: readonly (number | null)[];
  }[];
  readonly trades: readonly { readonly time: number; readonly checkId: number; readonly costUsdE8: bigint }[];
};

/**
 * Checks with chain time >= fromTime, oldest first, thinned evenly to about `maxPoints`. Trades and the newest check are
 * always among the points, even when that makes them more.
 */
export async function series(q: Q, vaultId: number, fromTime: number, maxPoints: number): Promise<SeriesData> {
  const columns = [
    'check_id',
    'block_time',
    'outcome',
    'nav_usd_e8',
    'hold_nav_usd_e8',
    'symbols',
    'drift_bps',
    'cost_usd_e8',
  ] as const;
  const rows = await q
    .with('numbered', (w) =>
      w
        .selectFrom('check_record')
        .select(columns)
        .select(sql<bigint>`row_number() over (order by block_time desc, check_id desc) - 1`.as('back'))
        .select(sql<bigint>`ceil(count(*) over () / ${maxPoints}::numeric)::int8`.as('stride'))
        .where('vault_id', '=', BigInt(vaultId))
        .where('status', '=', 'FINAL')
        .where('outcome', '!=', 'SKIPPED')
        .where('block_time', '>=', BigInt(fromTime)),
    )
    .selectFrom('numbered')
    .select(columns)
    .where((e) => e.or([e('outcome', '=', 'TRADED'), sql<boolean>`back % stride = 0`]))
    .orderBy('block_time')
    .orderBy('check_id')
    .execute();
  const symbols = rows.at(-1)?.symbols ?? [];
  return {
    symbols,
    points: rows.map((r) => ({
      time: toNumber(r.block_time),
      navUsdE8: r.nav_usd_e8,
      holdNavUsdE8: r.hold_nav_usd_e8,
      driftBps: symbols.map((s) => r.drift_bps[r.symbols.indexOf(s)] ?? null),
    })),
    trades: rows
      .filter((r) => r.outcome === 'TRADED')
      .map((r) => ({ time: toNumber(r.block_time), checkId: toNumber(r.check_id), costUsdE8: r.cost_usd_e8 ?? 0n })),
  };
}

/** Everything this vault's runs have cost, failed ones included. */
export async function costTotals(q: Q, vaultId: number): Promise<Costs> {
  const sum = (column: string) => sql<bigint>`coalesce(sum(${sql.ref(column)}), 0)`;
  return q
    .selectFrom('check_record')
    .select([
      sum('gas_usd_e8').as('gasUsdE8'),
      sum('fee_usd_e8').as('feeUsdE8'),
      sum('impact_usd_e8').as('impactUsdE8'),
      sum('slippage_usd_e8').as('slippageUsdE8'),
      sum('cost_usd_e8').as('totalUsdE8'),
    ])
    .where('vault_id', '=', BigInt(vaultId))
    .where('status', '=', 'FINAL')
    .executeTakeFirstOrThrow();
}

/** How often each outcome was recorded. */
export async function outcomeCounts(q: Q, vaultId: number): Promise<Readonly<Record<string, number>>> {
  const rows = await q
    .selectFrom('check_record')
    .select(['outcome', (e) => e.fn.countAll<bigint>().as('n')])
    .where('vault_id', '=', BigInt(vaultId))
    .where('status', '=', 'FINAL')
    .groupBy('outcome')
    .orderBy('outcome')
    .execute();
  return Object.fromEntries(rows.map((r) => [r.outcome, toNumber(r.n)]));
}
