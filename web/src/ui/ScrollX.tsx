import type { ReactNode } from 'react';

/** A table that may be wider than a phone scrolls by itself; the keyboard must be able to reach it. */
export function ScrollX(props: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className="scroll-x" aria-label={props.label} tabIndex={0}>
      {props.children}
    </section>
  );
}
