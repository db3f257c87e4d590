import type { ApiCheck } from '../api.ts';
import { percent, plainPercent, points } from '../format.ts';
import { Panel } from '../ui/Panel.tsx';
import { ScrollX } from '../ui/ScrollX.tsx';

function after(targetBps: number, drift: readonly number[] | undefined, index: number): string {
  const bps = drift?.[index];
  return bps === undefined ? '' : percent(targetBps + bps);
}

/** Weights before, promised and realised, per asset. */
export function Weights(props: { readonly check: ApiCheck }) {
  const { assets, plan, realised } = props.check;
  return (
    <Panel title={plan === null ? 'Weights at the check' : 'Weights before and after'} testId="weights">
      <ScrollX label="Weights, as a table">
        <table className="data">
          <thead>
            <tr>
              <th scope="col">Coin</th>
              <th scope="col" className="n">
                Target
              </th>
              <th scope="col" className="n">
                Before
              </th>
              <th scope="col" className="n">
                Drift
              </th>
              {plan === null ? null : (
                <th scope="col" className="n">
                  Promised
                </th>
              )}
              {realised === null ? null : (
                <th scope="col" className="n">
                  Realised
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {assets.map((a, i) => (
              <tr key={a.token}>
                <th scope="row">{a.symbol}</th>
                <td className="n">
                  {plainPercent(a.targetBps)}%<small>band {plainPercent(a.bandBps)}</small>
                </td>
                <td className="n">{percent(a.weightBps)}</td>
                <td className={Math.abs(a.driftBps) > a.bandBps ? 'n drift out' : 'n'}>
                  {points(a.driftBps, 'always')} pt
                </td>
                {plan === null ? null : <td className="n">{after(a.targetBps, plan.driftAfterBps, i)}</td>}
                {realised === null ? null : <td className="n">{after(a.targetBps, realised.driftAfterBps, i)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </Panel>
  );
}
