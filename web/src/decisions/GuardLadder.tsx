import type { Guard } from '../../../src/core/types.ts';
import { useSuffix } from '../mode.ts';
import { Panel } from '../ui/Panel.tsx';
import { useWidth } from '../ui/useWidth.ts';
import { bullet, guardText, limitText } from './guardModel.ts';

const HEIGHT = 22;

function Bullet(props: { readonly guard: Guard }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { value, limit } = bullet(props.guard);
  const x = (part: number): number => Math.round(part * (width - 2));
  return (
    <div ref={ref} className="track">
      <svg width={width} height={HEIGHT} aria-hidden="true" className={props.guard.pass ? 'bullet' : 'bullet fail'}>
        <rect className="rail" x={0} y={7} width={width} height={8} />
        <rect className="value" x={0} y={7} width={value > 0 ? Math.max(1, x(value)) : 0} height={8} />
        <rect className="target" x={x(limit)} y={1} width={2} height={20} />
      </svg>
    </div>
  );
}

/** Every limit as value against limit, the failed ones first to be seen by word, shape and colour. */
export function GuardLadder(props: { readonly guards: readonly Guard[] }) {
  const suffix = useSuffix();
  const failed = props.guards.filter((g) => !g.pass).length;
  // A yes-or-no limit that is met has nothing to draw: one line for all of them.
  const plain = props.guards.filter((g) => g.unit === 'FLAG' && g.pass);
  const drawn = props.guards.filter((g) => !plain.includes(g));
  const rows = [...drawn.filter((g) => !g.pass), ...drawn.filter((g) => g.pass)];
  const title = failed === 0 ? 'Limits, all met' : `Limits, ${failed} of ${props.guards.length} not met`;
  return (
    <Panel title={title} testId="guards">
      {props.guards.length === 0 ? (
        <p className="empty">This check ended before any limit had to be looked at.</p>
      ) : (
        <table className="guards">
          <thead>
            <tr>
              <th scope="col">Limit</th>
              <th scope="col" className="bar-cell">
                <span className="sr-only">Drawing</span>
              </th>
              <th scope="col" className="n">
                Value
              </th>
              <th scope="col" className="n">
                Limit
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((g) => (
              <tr key={`${g.code} ${g.name} ${g.enforcedBy}`} data-testid="guard" data-code={g.code} data-pass={g.pass}>
                <th scope="row">
                  {g.name}
                  <small>{g.enforcedBy === 'VAULT' ? 'enforced on-chain' : 'checked by the keeper'}</small>
                </th>
                <td className="bar-cell">{g.unit === 'FLAG' ? null : <Bullet guard={g} />}</td>
                <td className="n" data-label="Value">
                  {guardText(g.code, g.unit, g.value, suffix)}
                </td>
                <td className="n" data-label="Limit">
                  {limitText(g, suffix)}
                </td>
                <td className={g.pass ? 'verdict pass' : 'verdict fail'}>{g.pass ? 'Met' : 'Not met'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {plain.length === 0 ? null : (
        <p className="muted also-met" data-testid="also-met">
          Also met: {plain.map((g) => g.name).join(', ')}.
        </p>
      )}
    </Panel>
  );
}
