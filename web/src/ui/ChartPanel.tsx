import { type ReactNode, useState } from 'react';
import type { ApiError } from '../api.ts';
import { Panel } from './Panel.tsx';

/** A panel whose drawing can be read as a table instead. */
export function ChartPanel(props: {
  readonly title: ReactNode;
  readonly testId: string;
  readonly error?: ApiError | null;
  readonly chart: ReactNode;
  readonly table: ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const toggle = (
    <button type="button" className="toggle" onClick={() => setAsTable((on) => !on)}>
      {asTable ? 'Show as chart' : 'Show as table'}
    </button>
  );
  return (
    <Panel title={props.title} testId={props.testId} aside={toggle} error={props.error ?? null}>
      {asTable ? <div className="scroll-x">{props.table}</div> : props.chart}
    </Panel>
  );
}
