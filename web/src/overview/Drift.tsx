import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import type { ApiSeries, ApiStatus } from '../api.ts';
import type { Resource } from '../data.ts';
import { dueText, duration, hourMinute, plainPercent, points, usd, weekdayName, when } from '../format.ts';
import { useSuffix } from '../mode.ts';
import { ChartPanel } from '../ui/ChartPanel.tsx';
import { Skeleton } from '../ui/Panel.tsx';
import { useWidth } from '../ui/useWidth.ts';
import { DriftStrip, type StripAsset } from './DriftStrip.tsx';
import { DriftTable } from './DriftTable.tsx';
import { domainOf, labelled, type Trade, ticks, WEEK_S } from './driftModel.ts';

const LABELS_HEIGHT = 18;
const AXIS_HEIGHT = 20;
/** Geist and Instrument Sans at 12 px are about this wide per character. */
const CHARACTER_PX = 6.8;

type Asset = ApiStatus['assets'][number];

function stripAssets(series: ApiSeries, assets: readonly Asset[]): readonly StripAsset[] {
  return series.symbols.map((symbol, column) => {
    const place = assets.findIndex((a) => a.symbol === symbol);
    return { symbol, column, place: place < 0 ? column : place, bandBps: assets[place]?.bandBps ?? null };
  });
}

function Chart(props: { readonly series: ApiSeries; readonly assets: readonly Asset[] }) {
  const { series } = props;
  const suffix = useSuffix();
  const [ref, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState<number | null>(null);
  const [from, to] = domainOf(series);
  const narrow = width < 480;
  const left = narrow ? 40 : 46;
  const right = width - (narrow ? 64 : 76);
  const x = (time: number): number => left + ((time - from) / (to - from)) * (right - left);
  const shown = series.points.filter((p) => p.time >= from);
  const trades = series.trades.filter((t) => t.time >= from && t.time <= to);
  const label = (t: Trade): string => `Traded, ${usd(BigInt(t.costUsdE8))}${suffix}`;
  const named = labelled(trades, x, (t) => label(t).length * CHARACTER_PX, right);
  const at = cursor === null ? undefined : shown[Math.min(cursor, shown.length - 1)];

  const point = (event: PointerEvent<HTMLDivElement>): void => {
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const time = from + ((px - left) / (right - left)) * (to - from);
    let best = 0;
    shown.forEach((p, i) => {
      if (Math.abs(p.time - time) < Math.abs((shown[best]?.time ?? 0) - time)) best = i;
    });
    setCursor(best);
  };
  const key = (event: KeyboardEvent<HTMLDivElement>): void => {
    const last = shown.length - 1;
    const now = cursor ?? last;
    const next: Record<string, number | null> = {
      ArrowLeft: Math.max(0, now - 1),
      ArrowRight: Math.min(last, now + 1),
      PageUp: Math.max(0, now - 24),
      PageDown: Math.min(last, now + 24),
      Home: 0,
      End: last,
      Escape: null,
    };
    const target = next[event.key];
    if (target === undefined) return;
    event.preventDefault();
    setCursor(target);
  };

  const assets = stripAssets(series, props.assets);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of drawings that share one cursor is no form fieldset
    <div
      ref={ref}
      className="drift-chart"
      role="group"
      aria-label="Drift over time. The arrow keys move a cursor through the checks."
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard needs a way to the cursor
      tabIndex={0}
      onKeyDown={key}
      onPointerMove={point}
      onPointerLeave={() => setCursor(null)}
      onBlur={() => setCursor(null)}
    >
      {width === 0 ? null : (
        <>
          <svg className="trade-labels" width={width} height={LABELS_HEIGHT} aria-hidden="true">
            {trades
              .filter((t) => named.has(t.checkId))
              .map((t) => (
                <text key={t.checkId} className="k" x={x(t.time) + 6} y={13}>
                  {label(t)}
                </text>
              ))}
            {trades.map((t) => (
              <path key={t.checkId} className="mark" d={`M${x(t.time) - 4} 6h8l-4 6zM${x(t.time)} 12v6`} />
            ))}
          </svg>
          {assets.map((asset) => (
            <DriftStrip
              key={asset.symbol}
              asset={asset}
              points={shown}
              trades={trades}
              frame={{ x, left, right, width, from, to }}
              cursor={at ?? null}
            />
          ))}
          <svg className="axis" width={width} height={AXIS_HEIGHT} aria-hidden="true">
            {at === undefined ? (
              ticks(from, to, narrow ? 5 : 8).map((t) => (
                <text key={t.time} x={x(t.time)} y={14}>
                  {t.kind === 'day' ? weekdayName(t.time) : hourMinute(t.time)}
                </text>
              ))
            ) : (
              <text className="k" x={Math.min(Math.max(x(at.time), left + 36), right - 36)} y={14} textAnchor="middle">
                {when(at.time, to)}
              </text>
            )}
          </svg>
          <p className="sr-only" aria-live="polite">
            {at === undefined
              ? ''
              : `${when(at.time, to)}: ${assets
                  .map((a) => {
                    const bps = at.driftBps[a.column];
                    return `${a.symbol} ${bps === null || bps === undefined ? 'not known' : points(bps, 'always')}`;
                  })
                  .join(', ')}`}
          </p>
        </>
      )}
    </div>
  );
}

function title(series: ApiSeries | null): string {
  if (series === null || series.points.length === 0) return 'Drift';
  const [from, to] = domainOf(series);
  return to - from >= WEEK_S - 3_600 ? 'Drift, last 7 days' : `Drift, last ${duration(to - from)}`;
}

/** One strip per asset: weight minus target in points, between the dashed edges of its band. */
export function Drift(props: { readonly series: Resource<ApiSeries>; readonly status: ApiStatus }) {
  const { data, error } = props.series;
  const { assets, nextCheckAt, block } = props.status;
  if (data === null)
    return (
      <ChartPanel
        title="Drift"
        testId="drift"
        error={error}
        chart={error === null ? <Skeleton rows={4} row="strip" /> : null}
        table={null}
      />
    );
  if (data.points.length === 0)
    return (
      <ChartPanel
        title="Drift"
        testId="drift"
        error={error}
        chart={
          <p className="empty">
            The first check draws the first point.
            {dueText('It', nextCheckAt, block.time)}
          </p>
        }
        table={null}
      />
    );
  return (
    <ChartPanel
      title={title(data)}
      testId="drift"
      error={error}
      chart={<Chart series={data} assets={assets} />}
      table={<DriftTable series={data} bands={new Map(assets.map((a) => [a.symbol, plainPercent(a.bandBps)]))} />}
    />
  );
}
