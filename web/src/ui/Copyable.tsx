import { useState } from 'react';
import { shortHex } from '../format.ts';

/** A hash or address: short in lists, whole on a review; the button copies all of it. */
export function Copyable(props: { readonly hex: string; readonly what: string; readonly whole?: boolean }) {
  const [said, setSaid] = useState('Copy');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.hex);
      setSaid('Copied');
    } catch {
      // The browser may refuse the clipboard; the whole text is then shown for copying by hand.
      setSaid(props.hex);
    }
  };
  return (
    <span className="copyable">
      <code className={props.whole === true ? 'hex whole' : 'hex'} title={props.hex}>
        {props.whole === true ? props.hex : shortHex(props.hex)}
      </code>
      <button type="button" className="small" aria-label={`Copy ${props.what}`} onClick={() => void copy()}>
        {said}
      </button>
    </span>
  );
}
