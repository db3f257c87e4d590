import type { ApiSeries } from '../api.ts';

export const WEEK_S = 7 * 86_400;

export type Point = ApiSeries['points'][number];
export type Trade = ApiSeries['trades'][number];

/** The time window the strips show: the last seven days of chain time, or as much of them as there is. */
export function domainOf(series: ApiSeries): readonly [number, number] {
  const last = series.points.at(-1)?.time ?? 0;
  const first = series.points[0]?.time ?? last;
  const from = Math.max(first, last - WEEK_S);
  return from === last ? [last - 3_600, last] : [from, last];
}

/**
 * At most two points per bucket (its lowest and its highest), always the first and the last: what a line of `buckets`
 * pixels can show. Missing values stay as gaps.
 */
export function thin(values: readonly (readonly [number, number | null])[], buckets: number): typeof values {
  if (values.length <= buckets * 2) return values;
  const keep = new Set<number>([0, values.length - 1]);
  const size = values.length / buckets;
  for (let b = 0; b < buckets; b++) {
    const from = Math.floor(b * size);
    const to = Math.min(values.length, Math.floor((b + 1) * size));
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      const v = values[i]?.[1];
      if (v === null || v === undefined) {
        keep.add(i);
        continue;
      }
      const lowest = low < 0 ? undefined : values[low]?.[1];
      const highest = high < 0 ? undefined : values[high]?.[1];
      if (lowest === undefined || lowest === null || v < lowest) low = i;
      if (highest === undefined || highest === null || v > highest) high = i;
    }
    if (low >= 0) keep.add(low);
    if (high >= 0) keep.add(high);
  }
  return values.filter((_, i) => keep.has(i));
}

/** SVG path through (time, bps), broken where a value is missing. */
export function linePath(
  values: readonly (readonly [number, number | null])[],
  x: (time: number) => number,
  y: (bps: number) => number,
): string {
  let path = '';
  let pen = false;
  for (const [time, bps] of values) {
    if (bps === null) {
      pen = false;
      continue;
    }
    path += `${pen ? 'L' : 'M'}${x(time).toFixed(1)} ${y(bps).toFixed(1)}`;
    pen = true;
  }
  return path;
}

export type TickLabel = { readonly time: number; readonly kind: 'day' | 'date' | 'hour' };

const HOUR_STEPS = [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48] as const;

/** Tick times on round local hours or midnights, at most `most` of them. */
export function ticks(from: number, to: number, most: number): readonly TickLabel[] {
  const span = to - from;
  const hours = HOUR_STEPS.find((h) => span / (h * 3600) <= most) ?? 48;
  const step = hours * 3600;
  const offset = new Date(from * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((from - offset) / step) * step + offset;
  const out: TickLabel[] = [];
  for (let t = first; t <= to; t += step) out.push({ time: t, kind: hours >= 24 ? 'day' : 'hour' });
  return out;
}

/** Which trades get a text label: newest first, none that would touch a label already placed or leave the plot. */
export function labelled(
  trades: readonly Trade[],
  x: (time: number) => number,
  width: (trade: Trade) => number,
  right: number,
): ReadonlySet<number> {
  const taken: (readonly [number, number])[] = [];
  const chosen = new Set<number>();
  for (const trade of [...trades].sort((a, b) => b.time - a.time)) {
    const from = x(trade.time) + 6;
    const to = from + width(trade);
    if (to > right || taken.some(([a, b]) => from < b + 8 && to > a - 8)) continue;
    // A label may not cover the mark of a later trade either.
    if (trades.some((t) => t !== trade && x(t.time) > from - 6 && x(t.time) < to)) continue;
    taken.push([from, to]);
    chosen.add(trade.checkId);
  }
  return chosen;
}
