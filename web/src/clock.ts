import { useEffect, useState } from 'react';

/** The page's clock in ms, once a second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** From here on figures may be old enough to mislead. Fifty missed blocks on a slow chain would be 10 minutes; five are one. */
export const STALE_AFTER_S = 60;

export type Freshness = {
  /** Seconds since the newest block was seen; null = never, or the chain does not answer. */
  readonly ageS: number | null;
  readonly stale: boolean;
};

/** Age of the newest block: what the server said when it answered, plus the time since. */
export function freshness(dataAgeS: number | null, loadedAtMs: number, nowMs: number): Freshness {
  if (dataAgeS === null) return { ageS: null, stale: true };
  const ageS = dataAgeS + Math.max(0, Math.floor((nowMs - loadedAtMs) / 1000));
  return { ageS, stale: ageS > STALE_AFTER_S };
}
