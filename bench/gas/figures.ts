/** The benchmark's output, and what it means that two of them differ. */
export type Figures = { readonly [name: string]: number | null | Figures };

export const TOLERANCE = 0.005;

function leaves(figures: Figures, prefix = ''): Map<string, number | null> {
  const found = new Map<string, number | null>();
  for (const [name, value] of Object.entries(figures)) {
    if (value === null || typeof value === 'number') found.set(prefix + name, value);
    else for (const [path, leaf] of leaves(value, `${prefix}${name}.`)) found.set(path, leaf);
  }
  return found;
}

function same(a: number | null | undefined, b: number | null | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Math.abs(a - b) <= TOLERANCE * Math.abs(a);
}

/** One line for each figure that is new, gone or outside the tolerance. Cheaper counts as well: it is to be written down. */
export function moved(committed: Figures, now: Figures): string[] {
  const [before, after] = [leaves(committed), leaves(now)];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return same(a, b) ? [] : [`${name.padEnd(34)} ${told(a)} -> ${told(b)}${percent(a, b)}`];
  });
}

const told = (value: number | null | undefined): string => (value === undefined ? 'absent' : String(value));

function percent(a: number | null | undefined, b: number | null | undefined): string {
  if (typeof a !== 'number' || typeof b !== 'number') return '';
  return `  ${b > a ? '+' : ''}${(((b - a) / a) * 100).toFixed(2)} %`;
}
