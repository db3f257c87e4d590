import { type ReactNode, useId } from 'react';
import type { ApiError } from '../api.ts';

/** What a panel shows when its own data could not be had; the rest of the page goes on. */
export function PanelError(props: { readonly error: ApiError }) {
  return (
    <p className="panel-error" data-testid="panel-error">
      <span>{props.error.message}</span> <code>{props.error.problem.code}</code>
    </p>
  );
}

export function Skeleton(props: { readonly rows: number; readonly row: string }) {
  return (
    <div aria-hidden="true" data-testid="skeleton">
      {Array.from({ length: props.rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical, stateless rows
        <div key={i} className={`skeleton ${props.row}`} />
      ))}
    </div>
  );
}

/** A section under a hairline: heading, optional control at its right, then old data with a note, data, or a skeleton. */
export function Panel(props: {
  readonly title: ReactNode;
  readonly testId: string;
  readonly aside?: ReactNode;
  readonly error?: ApiError | null;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id} data-testid={props.testId}>
      <div className="panel-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </div>
      {props.error === null || props.error === undefined ? null : <PanelError error={props.error} />}
      {props.children}
    </section>
  );
}
