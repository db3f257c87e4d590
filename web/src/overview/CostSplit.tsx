import type { ApiStatus } from '../api.ts';
import { exactCents, splitCents, toCents, usd } from '../format.ts';
import { useSuffix } from '../mode.ts';
import { Money } from '../ui/Money.tsx';
import { Panel } from '../ui/Panel.tsx';
import { useWidth } from '../ui/useWidth.ts';

const LABELS = ['Network gas', 'Pool fees', 'Price impact', 'Slippage'] as const;
const HEIGHT = 14;

/** Bars from a common zero; a part below zero (better prices than promised) points to the left of it. */
function Bars(props: { readonly value: bigint; readonly low: bigint; readonly high: bigint }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const span = Number(props.high - props.low);
  const x = (v: bigint): number => (span === 0 ? 0 : (Number(v - props.low) / span) * (width - 1));
  const zero = x(0n);
  const end = x(props.value);
  return (
    <div ref={ref} className="track">
      <svg width={width} height={HEIGHT} aria-hidden="true">
        <rect
          className={props.value < 0n ? 'cost-bar gain' : 'cost-bar'}
          x={Math.min(zero, end)}
          width={props.value === 0n ? 0 : Math.max(1, Math.abs(end - zero))}
          height={HEIGHT}
        />
        {props.low < 0n ? <line className="axis-line" x1={zero} x2={zero} y1={0} y2={HEIGHT} /> : null}
      </svg>
    </div>
  );
}

export function CostSplit(props: { readonly costs: ApiStatus['costs'] }) {
  const { costs } = props;
  const suffix = useSuffix();
  const total = BigInt(costs.totalUsdE8);
  const parts = [costs.gasUsdE8, costs.feeUsdE8, costs.impactUsdE8, costs.slippageUsdE8].map(BigInt);
  const cents = splitCents(parts, total);
  const sorted = [0n, ...parts].sort((a, b) => Number(a - b));
  const low = sorted[0] ?? 0n;
  const high = sorted.at(-1) ?? 0n;
  const nothing = total === 0n && high === 0n && low === 0n;
  return (
    <Panel title={nothing ? 'Costs' : `Where the ${usd(total)}${suffix} went`} testId="costs">
      {nothing ? (
        <p className="empty">Nothing has been traded yet, so nothing has been paid.</p>
      ) : (
        <table className="costs">
          <tbody>
            {LABELS.map((label, i) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td className="bar-cell">
                  <Bars value={parts[i] ?? 0n} low={low} high={high} />
                </td>
                <td className="n" data-testid="cost-part">
                  <Money usdE8={parts[i] ?? 0n} text={exactCents(cents[i] ?? 0n)} />
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              <td />
              <td className="n" data-testid="cost-total">
                <Money usdE8={total} text={exactCents(toCents(total))} />
              </td>
            </tr>
          </tfoot>
        </table>
      )}
    </Panel>
  );
}
