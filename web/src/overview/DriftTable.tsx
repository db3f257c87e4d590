import type { ApiSeries } from '../api.ts';
import { points, when } from '../format.ts';
import { domainOf } from './driftModel.ts';

const ROWS = 28;

/** The strips as figures: evenly spaced checks, newest first. */
export function DriftTable(props: { readonly series: ApiSeries; readonly bands: ReadonlyMap<string, string> }) {
  const { series, bands } = props;
  const [from, to] = domainOf(series);
  const shown = series.points.filter((p) => p.time >= from);
  const step = Math.max(1, Math.ceil(shown.length / ROWS));
  const rows = shown.filter((_, i) => (shown.length - 1 - i) % step === 0).reverse();
  return (
    <table className="data">
      <caption>Drift in points{step > 1 ? `, every ${step} checks` : ''}. Newest first.</caption>
      <thead>
        <tr>
          <th scope="col">Check</th>
          {series.symbols.map((symbol) => (
            <th key={symbol} scope="col" className="n">
              {symbol}
              {bands.has(symbol) ? `, band ${bands.get(symbol)}` : ''}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((p) => (
          <tr key={p.time}>
            <th scope="row">{when(p.time, to)}</th>
            {series.symbols.map((symbol, i) => {
              const bps = p.driftBps[i];
              return (
                <td key={symbol} className="n">
                  {bps === null || bps === undefined ? 'no price' : points(bps, 'always')}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
