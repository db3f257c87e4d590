import { type ReactNode, useState } from 'react';
import type { ApiError } from '../api.ts';
import { Panel } from './Panel.tsx';
import { ScrollX } from './ScrollX.tsx';

/** A panel whose drawing can be read as a table instead. */
export function ChartPanel(props: {
  readonly title: string;
  readonly testId: string;
  readonly error?: ApiError | null;
  readonly chart: ReactNode;
  /** Null while there is nothing to tabulate. */
  readonly table: ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const toggle = (
    <button type="button" className="toggle" onClick={() => setAsTable((on) => !on)}>
      {asTable ? 'Show as chart' : 'Show as table'}
    </button>
  );
  return (
    <Panel
      title={props.title}
      testId={props.testId}
      aside={props.table === null ? null : toggle}
      error={props.error ?? null}
    >
      {asTable && props.table !== null ? (
        <ScrollX label={`${props.title}, as a table`}>{props.table}</ScrollX>
      ) : (
        props.chart
      )}
    </Panel>
  );
}
