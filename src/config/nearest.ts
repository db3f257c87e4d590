/** Typing errors: which known word was probably meant. */

/** Edit distance in which swapping two neighbours counts once (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  let twoAgo: number[] = [];
  let previous = Array.from({ length: width }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j < width; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min((row[j - 1] ?? 0) + 1, (previous[j] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, (twoAgo[j - 2] ?? 0) + 1);
      row.push(d);
    }
    twoAgo = previous;
    previous = row;
  }
  return previous[width - 1] ?? 0;
}

/** The known word closest to `word`, ignoring case; null when nothing is close enough to be a typing error. */
export function nearest(word: string, known: readonly string[]): string | null {
  const typed = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length * 0.4)) + 1;
  for (const candidate of known) {
    const name = candidate.toLowerCase();
    // a word written out ("dataDirectory") or cut short ("addr") is no typing error by distance, but just as clear
    const shorter = Math.min(name.length, typed.length);
    const prefix = shorter >= 3 && name.slice(0, shorter) === typed.slice(0, shorter);
    const d = Math.min(editDistance(typed, name), prefix ? 2 : Number.POSITIVE_INFINITY);
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
