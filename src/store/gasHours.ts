/** Gas by hour of the day, as this vault's checks have met it. */
import { sql } from 'kysely';
import type { HourlyGas } from '../core/types.ts';
import type { Q } from './db.ts';

const PROBABILITIES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1] as const;
/** {s} what is older says little about gas today. */
const WINDOW_S = 10 * 86_400;
/** Fewer days say nothing about an hour. */
const LEAST_DAYS = 6;

/** null: there are not enough checks yet at some hour of the day. @param now {s} chain time */
export async function gasHours(q: Q, vaultId: number, now: number): Promise<HourlyGas | null> {
  const rows = await sql<{ hour: number; days: number; quantiles: number[] }>`
    select hour, count(distinct day)::int as days,
      percentile_cont(${sql.lit(`{${PROBABILITIES.join(',')}}`)}::float8[]) within group (order by price) as quantiles
    from (
      select ((block_time % 86400) / 3600)::int as hour, block_time / 86400 as day,
        rtrim(gas ->> 'baseFeeWei', 'n')::float8 + rtrim(gas ->> 'priorityFeeWei', 'n')::float8 as price
      from (
        select block_time, record::json -> 'gas' as gas from check_record
        where vault_id = ${BigInt(vaultId)} and status = 'FINAL' and outcome <> 'SKIPPED'
          and block_time > ${BigInt(now - WINDOW_S)} and block_time <= ${BigInt(now)}
      ) checks
    ) prices
    group by hour order by hour`.execute(q);
  const byHour = new Map(rows.rows.map((r) => [r.hour, r]));
  const hours = Array.from({ length: 24 }, (_, hour) => byHour.get(hour));
  if (hours.some((h) => h === undefined || h.days < LEAST_DAYS)) return null;
  return { probabilities: PROBABILITIES, quantilesWei: hours.map((h) => h?.quantiles ?? []) };
}
