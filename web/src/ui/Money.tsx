import { useEffect, useRef, useState } from 'react';
import { type SignStyle, tokenExact, tokenShort, usd } from '../format.ts';
import { useSuffix } from '../mode.ts';

function Suffix() {
  const suffix = useSuffix();
  return suffix === '' ? null : <small className="test">{suffix}</small>;
}

/** Dollars; `text` replaces the formatted figure where parts must sum to a total. */
export function Money(props: { readonly usdE8: bigint; readonly sign?: SignStyle; readonly text?: string }) {
  return (
    <span className="money">
      {props.text ?? usd(props.usdE8, props.sign)}
      <Suffix />
    </span>
  );
}

/** Five significant digits; the whole amount on hover and for copying. */
export function TokenAmount(props: { readonly amount: bigint; readonly decimals: number; readonly symbol: string }) {
  const exact = tokenExact(props.amount, props.decimals);
  return (
    <span className="money" title={`${exact} ${props.symbol}`}>
      {tokenShort(props.amount, props.decimals)} {props.symbol}
      <Suffix />
    </span>
  );
}

/** Every digit, without the symbol. */
export function ExactAmount(props: { readonly amount: bigint; readonly decimals: number }) {
  return (
    <span className="money">
      {tokenExact(props.amount, props.decimals)}
      <Suffix />
    </span>
  );
}

/** A figure that underlines itself for a moment when it changes, instead of flashing. */
export function Changing(props: { readonly value: string; readonly children: React.ReactNode }) {
  const last = useRef(props.value);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (last.current === props.value) return;
    last.current = props.value;
    setTurn((n) => n + 1);
  }, [props.value]);
  return (
    <span key={turn} className={turn === 0 ? undefined : 'changed'}>
      {props.children}
    </span>
  );
}
