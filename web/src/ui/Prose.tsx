import { prose } from '../format.ts';

/** A sentence of the server: `commands` in backticks are set as code, minus signs are real ones. */
export function Prose(props: { readonly text: string }) {
  const parts = prose(props.text).split('`');
  if (parts.length % 2 === 0) return parts.join('`');
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence have no other identity
  return parts.map((part, i) => (i % 2 === 0 ? part : <code key={i}>{part}</code>));
}
