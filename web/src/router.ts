import { useSyncExternalStore } from 'react';

export type Route =
  | { readonly name: 'overview' }
  | { readonly name: 'decisions' }
  | { readonly name: 'decision'; readonly checkId: number }
  | { readonly name: 'missing'; readonly path: string };

/** Routes live in the fragment, so the server needs no rewriting and a link never leaves the page. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#/, '');
  if (path === '' || path === '/') return { name: 'overview' };
  if (path === '/decisions') return { name: 'decisions' };
  const match = /^\/decisions\/(\d{1,15})$/.exec(path);
  if (match?.[1] !== undefined) return { name: 'decision', checkId: Number(match[1]) };
  return { name: 'missing', path };
}

export const links = {
  overview: '#/',
  decisions: '#/decisions',
  decision: (checkId: number): string => `#/decisions/${checkId}`,
} as const;

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash);
}
