/** Keccak-256 (the original padding, as Ethereum uses it). Plans are named by it, so core needs it without a library. */
import type { Hex } from './types.ts';

const RATE_BYTES = 136;

/** 24 round constants as [high, low] 32-bit halves, from the LFSR of the specification. */
const ROUND_CONSTANTS: readonly (readonly [number, number])[] = (() => {
  const out: [number, number][] = [];
  let lfsr = 1;
  const bit = (): number => {
    const b = lfsr & 1;
    lfsr = (lfsr << 1) ^ ((lfsr >> 7) * 0x171);
    return b;
  };
  for (let round = 0; round < 24; round++) {
    let high = 0;
    let low = 0;
    for (let j = 0; j < 7; j++) {
      const position = (1 << j) - 1;
      if (bit() === 0) continue;
      if (position < 32) low |= 1 << position;
      else high |= 1 << (position - 32);
    }
    out.push([high >>> 0, low >>> 0]);
  }
  return out;
})();

/** For each lane in the order of the rho-pi walk: where it goes and how far it turns. */
const WALK: readonly { readonly lane: number; readonly turn: number }[] = (() => {
  const out: { lane: number; turn: number }[] = [];
  let x = 1;
  let y = 0;
  for (let t = 0; t < 24; t++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    out.push({ lane: x + 5 * y, turn: (((t + 1) * (t + 2)) / 2) % 64 });
  }
  return out;
})();

/** `s` holds 25 lanes as pairs (low, high). */
function permute(s: Uint32Array): void {
  const c = new Uint32Array(10);
  const row = new Uint32Array(10);
  const at = (a: Uint32Array, i: number): number => a[i] ?? 0;
  for (const [rcHigh, rcLow] of ROUND_CONSTANTS) {
    for (let x = 0; x < 10; x++) c[x] = at(s, x) ^ at(s, x + 10) ^ at(s, x + 20) ^ at(s, x + 30) ^ at(s, x + 40);
    for (let x = 0; x < 5; x++) {
      const next = ((x + 1) % 5) * 2;
      const prev = ((x + 4) % 5) * 2;
      const low = at(c, prev) ^ ((at(c, next) << 1) | (at(c, next + 1) >>> 31));
      const high = at(c, prev + 1) ^ ((at(c, next + 1) << 1) | (at(c, next) >>> 31));
      for (let y = 0; y < 50; y += 10) {
        s[2 * x + y] = at(s, 2 * x + y) ^ low;
        s[2 * x + y + 1] = at(s, 2 * x + y + 1) ^ high;
      }
    }
    let low = at(s, 2);
    let high = at(s, 3);
    for (const { lane, turn } of WALK) {
      const l = turn < 32 ? low : high;
      const h = turn < 32 ? high : low;
      const n = turn % 32;
      low = at(s, 2 * lane);
      high = at(s, 2 * lane + 1);
      s[2 * lane] = n === 0 ? l : (l << n) | (h >>> (32 - n));
      s[2 * lane + 1] = n === 0 ? h : (h << n) | (l >>> (32 - n));
    }
    for (let y = 0; y < 50; y += 10) {
      for (let i = 0; i < 10; i++) row[i] = at(s, y + i);
      for (let i = 0; i < 10; i++) s[y + i] = at(row, i) ^ (~at(row, (i + 2) % 10) & at(row, (i + 4) % 10));
    }
    s[0] = at(s, 0) ^ rcLow;
    s[1] = at(s, 1) ^ rcHigh;
  }
}

export function keccak256(text: string): Hex {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((Math.floor(bytes.length / RATE_BYTES) + 1) * RATE_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x01;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  const view = new DataView(padded.buffer);
  const state = new Uint32Array(50);
  for (let block = 0; block < padded.length; block += RATE_BYTES) {
    for (let i = 0; i < RATE_BYTES / 4; i++) state[i] = (state[i] ?? 0) ^ view.getUint32(block + 4 * i, true);
    permute(state);
  }
  let hex = '';
  for (let i = 0; i < 32; i++) {
    const byte = ((state[i >> 2] ?? 0) >>> (8 * (i & 3))) & 0xff;
    hex += byte.toString(16).padStart(2, '0');
  }
  return `0x${hex}`;
}
