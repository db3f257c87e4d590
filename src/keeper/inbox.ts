/** Heads and troubles wait here while the keeper works; it always takes the newest head, and loses no orphan. */
import type { Head, HeadEvent } from '../chain/head.ts';

export type Delivery = {
  readonly head: Head | null;
  /** Oldest block that was reorganised away since the last delivery. */
  readonly firstOrphan: Head | null;
  /** The ancestry is unknown: the connection was lost for long. */
  readonly jumped: boolean;
  readonly error: Error | null;
};

export type Inbox = {
  push(event: HeadEvent): void;
  fail(error: Error): void;
  /** Fulfils with what has come; null when `signal` aborted, or nothing came for `timeoutMs`. */
  take(signal: AbortSignal, timeoutMs: number): Promise<Delivery | null>;
};

export function createInbox(): Inbox {
  let head: Head | null = null;
  let firstOrphan: Head | null = null;
  let jumped = false;
  let error: Error | null = null;
  let wake: (() => void) | null = null;

  function pending(): boolean {
    return head !== null || error !== null;
  }
  return {
    push(event) {
      head = event.head;
      error = null;
      jumped ||= event.jumped;
      for (const orphan of event.orphaned) {
        if (firstOrphan === null || orphan.number < firstOrphan.number) firstOrphan = orphan;
      }
      wake?.();
    },
    fail(e) {
      error = e;
      wake?.();
    },
    async take(signal, timeoutMs) {
      if (!pending() && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, timeoutMs);
          function done(): void {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            wake = null;
            resolve();
          }
          signal.addEventListener('abort', done);
          wake = done;
        });
      }
      if (!pending() || signal.aborted) return null;
      const delivery = { head, firstOrphan, jumped, error };
      head = null;
      firstOrphan = null;
      jumped = false;
      error = null;
      return delivery;
    },
  };
}
