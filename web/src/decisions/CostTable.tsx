import type { ApiCheck } from '../api.ts';
import { exactCents, splitCents, toCents } from '../format.ts';
import { Money } from '../ui/Money.tsx';
import { Panel } from '../ui/Panel.tsx';

const ROWS = ['Network gas', 'Pool fees', 'Price impact', 'Slippage'] as const;

function cells(parts: readonly string[], total: string): readonly bigint[] {
  return splitCents(parts.map(BigInt), BigInt(total));
}

/** Costs promised against realised; each column sums to its total, to the cent. */
export function CostTable(props: { readonly check: ApiCheck }) {
  const cost = props.check.plan?.cost ?? null;
  const naive = props.check.plan?.naive ?? null;
  const real = props.check.realised;
  if (cost === null && real === null) return null;
  const promised = cost === null ? null : cells([cost.gasUsdE8, cost.feeUsdE8, cost.impactUsdE8, '0'], cost.totalUsdE8);
  const realised =
    real === null ? null : cells([real.gasUsdE8, real.feeUsdE8, real.impactUsdE8, real.slippageUsdE8], real.totalUsdE8);
  const text = (column: readonly bigint[] | null, row: number): string | null =>
    column === null ? null : exactCents(column[row] ?? 0n);
  return (
    <Panel title="Costs, promised and realised" testId="cost-table">
      <table className="data">
        <thead>
          <tr>
            <th scope="col">Part</th>
            {promised === null ? null : (
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
          {ROWS.map((label, i) => {
            const p = text(promised, i);
            const r = text(realised, i);
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                {p === null ? null : (
                  <td className="n">
                    <Money usdE8={0n} text={p} />
                  </td>
                )}
                {r === null ? null : (
                  <td className="n">
                    <Money usdE8={0n} text={r} />
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            {cost === null ? null : (
              <td className="n">
                <Money usdE8={0n} text={exactCents(toCents(BigInt(cost.totalUsdE8)))} />
              </td>
            )}
            {real === null ? null : (
              <td className="n">
                <Money usdE8={0n} text={exactCents(toCents(BigInt(real.totalUsdE8)))} />
              </td>
            )}
          </tr>
        </tfoot>
      </table>
      {naive === null || naive.swaps === 0 || cost === null ? null : (
        <p className="muted" data-testid="naive">
          A 5-point band, pair by pair through {naive.cash}, one swap each:{' '}
          <Money usdE8={BigInt(naive.cost.totalUsdE8)} /> for <Money usdE8={BigInt(naive.movedUsdE8)} /> moved
          {naive.unreachable.length === 0 ? '' : `, and no way for ${naive.unreachable.join(', ')}`}
          {naive.trades ? '' : ', once a drift passes 5 points'}. This plan: <Money usdE8={BigInt(cost.totalUsdE8)} />.
        </p>
      )}
    </Panel>
  );
}
