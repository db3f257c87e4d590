/** Makes steps happen at a pace. It decides when, never what: the numbers of a step do not depend on it. */
import { EXIT, KeelError } from '../../src/core/errors.ts';

export type Clock = {
  /** Chain seconds per second. */
  readonly speed: number;
  /** Takes effect at once. @throws KeelError unless 1 to the highest speed */
  readonly setSpeed: (speed: number) => void;
  readonly running: boolean;
  readonly start: (onError: (error: unknown) => void) => void;
  /** No beat begins after this. */
  readonly stop: () => void;
};

const BLOCK_S = 12;
/** At most four blocks a second. */
const MIN_BEAT_S = 0.25;

export type ClockOptions = {
  readonly maxSpeed: number;
  /** Moves the chain on by so many seconds; false when there is nothing left to play. */
  readonly beat: (chainSeconds: number) => Promise<boolean>;
};

export function createClock({ maxSpeed, beat }: ClockOptions): Clock {
  let speed = 1;
  let timer: NodeJS.Timeout | null = null;
  /** The run that may schedule; null while stopped. A beat that ends after a stop belongs to no run. */
  let run: { readonly onError: (error: unknown) => void } | null = null;
  let beating = false;
  let lastBeatMs = 0;

  const beatMs = (): number => Math.max(BLOCK_S / speed, MIN_BEAT_S) * 1_000;

  /** From beat to beat, not from the end of one to the next, so that the time a step takes does not slow the clock. */
  function schedule(): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => void tick(), Math.max(0, lastBeatMs + beatMs() - performance.now()));
  }

  async function tick(): Promise<void> {
    const mine = run;
    lastBeatMs = performance.now();
    beating = true;
    try {
      const more = await beat(Math.round((beatMs() / 1_000) * speed));
      if (!more && run === mine) run = null;
    } catch (error) {
      if (run === mine) run = null;
      mine?.onError(error);
    } finally {
      beating = false;
      if (run) schedule();
    }
  }

  return {
    get speed() {
      return speed;
    },
    get running() {
      return run !== null;
    },
    setSpeed: (wanted) => {
      if (!(wanted >= 1 && wanted <= maxSpeed)) throw badSpeed(wanted, maxSpeed);
      speed = wanted;
      if (run && !beating) schedule();
    },
    start: (onError) => {
      if (run) return;
      run = { onError };
      lastBeatMs = performance.now();
      if (!beating) schedule();
    },
    stop: () => {
      run = null;
      if (timer) clearTimeout(timer);
    },
  };
}

function badSpeed(speed: number, maxSpeed: number): KeelError {
  return new KeelError({
    code: 'BAD_SPEED',
    exit: EXIT.usage,
    field: 'speed',
    value: String(speed),
    reason: `the clock of the devnet runs 1 to ${maxSpeed} times as fast as life`,
    remedy: `Choose a number from 1 to ${maxSpeed}, e.g. 3600 for an hour a second`,
  });
}
