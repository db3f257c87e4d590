/** The two shapes in which solady's LibClone makes a vault: without arguments, and with arguments behind the code. */
import { concat, slice } from 'viem';
import type { Address, Hex } from '../core/types.ts';

type Shape = { readonly before: Hex; readonly after: Hex; readonly withArguments: boolean };

const SHAPES: readonly Shape[] = [
  { before: '0x3d3d3d3d363d3d37363d73', after: '0x5af43d3d93803e602a57fd5bf3', withArguments: false },
  { before: '0x363d3d373d3d3d363d73', after: '0x5af43d82803e903d91602b57fd5bf3', withArguments: true },
];
const ADDRESS_DIGITS = 40;

export type Clone = {
  readonly implementation: Address;
  /** Immutable arguments; "0x" for none. */
  readonly args: Hex;
};

/** null: this code is no clone, to the last byte */
export function parseClone(code: Hex): Clone | null {
  for (const { before, after, withArguments } of SHAPES) {
    if (!code.startsWith(before)) continue;
    const implementation = `0x${code.slice(before.length, before.length + ADDRESS_DIGITS)}` as Address;
    const head = concat([before, implementation, after]);
    if (!code.startsWith(head)) continue;
    if (code.length === head.length) return { implementation, args: '0x' };
    if (withArguments) return { implementation, args: slice(code, (head.length - 2) / 2) };
  }
  return null;
}
