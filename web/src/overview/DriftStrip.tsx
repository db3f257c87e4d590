import { plainPercent, points } from '../format.ts';
import { seriesClass } from '../palette.ts';
import { linePath, type Point, type Trade, thin } from './driftModel.ts';

const HEIGHT = 58;
const GAP = 6;

export type StripAsset = {
  readonly symbol: string;
  /** Place in the series' columns. */
  readonly column: number;
  /** Place in the vault, which decides the colour. */
  readonly place: number;
  /** Null when the vault no longer lists the asset. */
  readonly bandBps: number | null;
};

export type Frame = {
  readonly x: (time: number) => number;
  readonly left: number;
  readonly right: number;
  readonly width: number;
  readonly from: number;
  readonly to: number;
};

function sentence(asset: StripAsset, values: readonly (readonly [number, number | null])[], trades: number): string {
  const known = values.flatMap(([, v]) => (v === null ? [] : [v]));
  const last = known.at(-1);
  if (last === undefined) return `${asset.symbol}: no drift is known in this time.`;
  const low = points(Math.min(...known), 'always');
  const high = points(Math.max(...known), 'always');
  const band = asset.bandBps === null ? 'no band' : `band plus or minus ${plainPercent(asset.bandBps)} points`;
  const count = trades === 1 ? '1 trade' : `${trades} trades`;
  return `${asset.symbol} drift, ${band}: between ${low} and ${high} points, now ${points(last, 'always')}. ${count}.`;
}

export function DriftStrip(props: {
  readonly asset: StripAsset;
  readonly points: readonly Point[];
  readonly trades: readonly Trade[];
  readonly frame: Frame;
  readonly cursor: Point | null;
}) {
  const { asset, frame, cursor } = props;
  const { left, right } = frame;
  const values = props.points.map((p) => [p.time, p.driftBps[asset.column] ?? null] as const);
  const largest = values.reduce((max, [, v]) => (v === null ? max : Math.max(max, Math.abs(v))), 0);
  const band = asset.bandBps ?? 0;
  const end = Math.max(band * 1.25, largest * 1.08, 50);
  const mid = HEIGHT / 2;
  const y = (bps: number): number => mid - (bps / end) * (mid - 3);
  const now = cursor === null ? values.at(-1)?.[1] : (cursor.driftBps[asset.column] ?? null);
  const cursorBps = cursor === null ? null : (cursor.driftBps[asset.column] ?? null);
  // 12 px semibold is at most about 7.8 px per character.
  const room = Math.floor((frame.width - right - 8) / 7.8);
  // With a drift far beyond the band the two edge labels would touch each other.
  const bothEdges = y(-band) - y(band) >= 13;
  return (
    <svg
      className={seriesClass(asset.place)}
      width={frame.width}
      height={HEIGHT + GAP}
      role="img"
      aria-label={sentence(asset, values, props.trades.length)}
      data-testid="drift-strip"
    >
      {band > 0 ? (
        <>
          <rect className="band" x={left} y={y(band)} width={right - left} height={y(-band) - y(band)} />
          <line className="limit" x1={left} x2={right} y1={y(band)} y2={y(band)} />
          <line className="limit" x1={left} x2={right} y1={y(-band)} y2={y(-band)} />
          <text x={left - 8} y={(bothEdges ? y(band) : mid) + 4} textAnchor="end">
            {bothEdges ? '+' : ''}
            {plainPercent(band)}
          </text>
          {bothEdges ? (
            <text x={left - 8} y={y(-band) + 4} textAnchor="end">
              {'\u2212'}
              {plainPercent(band)}
            </text>
          ) : null}
        </>
      ) : null}
      <line className="zero" x1={left} x2={right} y1={mid} y2={mid} />
      {props.trades.map((t) => (
        <line key={t.checkId} className="mark" x1={frame.x(t.time)} x2={frame.x(t.time)} y1={0} y2={HEIGHT} />
      ))}
      <path className="line" d={linePath(thin(values, Math.max(50, Math.floor(right - left))), frame.x, y)} />
      {cursor === null ? null : (
        <line className="cursor" x1={frame.x(cursor.time)} x2={frame.x(cursor.time)} y1={0} y2={HEIGHT + GAP} />
      )}
      {cursor === null || cursorBps === null ? null : (
        <circle className="dot" cx={frame.x(cursor.time)} cy={y(cursorBps)} r={3.5} />
      )}
      <text className="k" x={right + 8} y={mid - 3}>
        {asset.symbol.length > room ? `${asset.symbol.slice(0, room - 1)}\u2026` : asset.symbol}
      </text>
      <text x={right + 8} y={mid + 13}>
        {now === null || now === undefined ? 'no price' : `${points(now, 'always')} pt`}
      </text>
    </svg>
  );
}
