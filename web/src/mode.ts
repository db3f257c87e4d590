import { createContext, useContext } from 'react';
import type { Mode } from '../../src/core/types.ts';

/** Null while the mode is unknown: amounts then carry no claim of being real. */
export const ModeContext = createContext<Mode | null>(null);

/** " test" behind every amount that is not real money. */
export function testSuffix(mode: Mode | null): string {
  return mode === 'LIVE' ? '' : ' test';
}

export function useSuffix(): string {
  return testSuffix(useContext(ModeContext));
}

type Mark = { readonly colour: string; readonly shape: string };

/** Shape and colour both differ, so tabs of two modes cannot be mixed up by colour alone. */
const MARKS: Record<Mode, Mark> = {
  REHEARSAL: { colour: '#8A5300', shape: '<path d="M6 11h20v10H6z" fill="none" stroke="#fff" stroke-width="3"/>' },
  FORK: { colour: '#1F5AA8', shape: '<path d="M16 26V16M16 16 8 7M16 16l8-9" stroke="#fff" stroke-width="3"/>' },
  TESTNET: { colour: '#5C6169', shape: '<path d="M7 9h18M16 9v16" stroke="#fff" stroke-width="3"/>' },
  LIVE: { colour: '#0B5D57', shape: '<path d="M5 13h22M9 13q7 12 14 0" fill="none" stroke="#fff" stroke-width="3"/>' },
};

export function faviconOf(mode: Mode): string {
  const { colour, shape } = MARKS[mode];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="4" fill="${colour}"/>${shape}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
