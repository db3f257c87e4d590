/**
 * What a transaction weighs on a layer 2 of the OP stack: since its Fjord upgrade the fee for data is charged for a
 * linear estimate of the compressed size, from what FastLZ makes of the signed transaction.
 */
import { type Hex, hexToBytes } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Tx } from './chain.ts';

/** {bytes} https://specs.optimism.io/protocol/fjord/exec-engine.html, in millionths */
const INTERCEPT_E6 = -42_585_600;
const SLOPE_E6 = 836_500;
const MIN_BYTES = 100;

export type DataSize = { readonly calldata: number; readonly tx: number; readonly fastlz: number; readonly op: number };

const HASH_BITS_SHIFT = 19;
const HASH_SIZE = 8192;
const MAX_DISTANCE = 0x1fff;
const MAX_MATCH = 262;

/** Length of the FastLZ level 1 output, by op-geth's rules. */
export function fastLzLength(input: Uint8Array): number {
  const table = new Uint32Array(HASH_SIZE);
  const at = (i: number): number => input[i] ?? 0;
  const u24 = (i: number): number => at(i) | (at(i + 1) << 8) | (at(i + 2) << 16);
  const hash = (v: number): number => (Math.imul(v, 2_654_435_769) >>> HASH_BITS_SHIFT) & (HASH_SIZE - 1);
  const limit = input.length < 13 ? 0 : input.length - 13;
  let length = 0;

  const literals = (run: number): void => {
    length += 0x21 * Math.floor(run / 0x20);
    if (run % 0x20 !== 0) length += (run % 0x20) + 1;
  };
  const match = (run: number): void => {
    const rest = run - 1;
    length += 3 * Math.floor(rest / MAX_MATCH) + (rest % MAX_MATCH >= 6 ? 3 : 2);
  };
  const remember = (i: number): number => {
    table[hash(u24(i))] = i;
    return i + 1;
  };

  let anchor = 0;
  let here = 2;
  while (here < limit) {
    let reference = 0;
    for (;;) {
      const sequence = u24(here);
      const slot = hash(sequence);
      reference = table[slot] ?? 0;
      table[slot] = here;
      const distance = here - reference;
      if (here >= limit) break;
      here += 1;
      if (distance <= MAX_DISTANCE && sequence === u24(reference)) break;
    }
    if (here >= limit) break;
    here -= 1;
    if (here > anchor) literals(here - anchor);
    const end = limit + 9;
    let run = 0;
    while (here + 3 + run < end && at(reference + 3 + run) === at(here + 3 + run)) run += 1;
    if (here + 3 + run < end) run += 1;
    match(run);
    here = remember(remember(here + run));
    anchor = here;
  }
  literals(input.length - anchor);
  return length;
}

export function opBytes(fastlz: number): number {
  return Math.max(MIN_BYTES, Math.floor((INTERCEPT_E6 + SLOPE_E6 * fastlz) / 1_000_000));
}

/** A signature is 65 bytes of noise whoever makes it; this key is nobody's. */
const SIGNER = privateKeyToAccount(`0x${'5e'.repeat(32)}`);

/** Values as a keeper on Base would sign them: they are part of what is charged for. */
async function signed(tx: Tx): Promise<Hex> {
  return SIGNER.signTransaction({
    chainId: 8453,
    type: 'eip1559',
    nonce: 1_234,
    gas: 500_000n,
    maxFeePerGas: 12_345_678n,
    maxPriorityFeePerGas: 1_234_567n,
    to: tx.to,
    value: tx.value ?? 0n,
    data: tx.data,
  });
}

/** Of all transactions together. */
export async function dataSizeOf(txs: readonly Tx[]): Promise<DataSize> {
  const sum = { calldata: 0, tx: 0, fastlz: 0, op: 0 };
  for (const tx of txs) {
    const bytes = hexToBytes(await signed(tx));
    const fastlz = fastLzLength(bytes);
    sum.calldata += (tx.data.length - 2) / 2;
    sum.tx += bytes.length;
    sum.fastlz += fastlz;
    sum.op += opBytes(fastlz);
  }
  return sum;
}
