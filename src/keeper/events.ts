/**
 * What a keeper tells the world. Everything below is a journal row first (so it survives, and NOTIFY announces it), and
 * then, in the same process, an `onEvent` callback.
 *
 * | event          | journal row                                   | when                                                   |
 * |----------------|-----------------------------------------------|--------------------------------------------------------|
 * | `check.final`  | kind CHECK_FINAL, payload CheckSummary        | a decision record is final, whatever its outcome       |
 * | `check.opened` | kind CHECK_OPENED, payload CheckSummary       | a trade was decided; its record becomes final later    |
 * | `run.planned`  | kind RUN, state "planned"                     | the plan is stored, nothing is signed                  |
 * | `run.signed`   | kind RUN, state "SIGNED", hash                | signed and stored, not sent                            |
 * | `run.sent`     | kind RUN, state "sent", hash                  | handed to the node (which may have refused: see detail)|
 * | `run.mined`    | kind RUN, state "MINED" or "REVERTED", hash   | a receipt exists                                       |
 * | `run.parked`   | kind RUN, state "parked", runAt               | nothing happens before chain time runAt                |
 * | `run.reorged`  | kind RUN, state "ROLLED_BACK", hash           | a reorganisation took the block away                   |
 * | `run.closed`   | kind RUN, state done/reverted/expired/replaced| the run ended; `check.final` follows in the same commit|
 * | `keeper`       | kind KEEPER, payload { state, detail }        | started, stopped, RPC lost or back, signer halted      |
 *
 * A scripted clock waits for `check.final` and `run.parked`: `clockSignal` picks them out of the journal.
 */
import { decodeJson } from '../core/json.ts';
import type { DecisionRecord, Hex, Outcome } from '../core/types.ts';
import type { JournalEntry, RunEvent } from '../store/journal.ts';

export type KeeperEvent =
  | { readonly kind: 'check.final'; readonly record: DecisionRecord; readonly nextCheckAt: number }
  | { readonly kind: 'check.opened'; readonly record: DecisionRecord }
  | RunNews
  | {
      readonly kind: 'run.parked';
      readonly checkId: number;
      readonly slice: number;
      readonly runAt: number;
      readonly detail: string;
    }
  | { readonly kind: 'keeper'; readonly state: KeeperState; readonly detail: string };

type RunNewsKind = 'run.planned' | 'run.signed' | 'run.sent' | 'run.mined' | 'run.reorged' | 'run.closed';

/** One shape per kind, so that a kind selects its shape. */
export type RunNews = {
  readonly [K in RunNewsKind]: {
    readonly kind: K;
    readonly checkId: number;
    readonly slice: number;
    readonly hash: Hex | null;
    readonly detail: string;
  };
}[RunNewsKind];

export type KeeperState = 'started' | 'stopped' | 'rpc-lost' | 'rpc-back' | 'signer-halted';

/** Payload of a RUN row with state "parked". */
export type ParkedEvent = RunEvent & { readonly runAt: number };

export type ClockSignal =
  | {
      readonly kind: 'check.final';
      readonly checkId: number;
      readonly vaultId: number;
      readonly blockTime: number;
      readonly outcome: Outcome;
    }
  /** `runAt`: chain time before which the keeper does nothing. */
  | { readonly kind: 'run.parked'; readonly checkId: number; readonly vaultId: number; readonly runAt: number };

/** What a scripted clock has to know about a journal row; null for every other row. */
export function clockSignal(entry: JournalEntry): ClockSignal | null {
  const { checkId, vaultId } = entry;
  if (checkId === null || vaultId === null) return null;
  if (entry.kind === 'CHECK_FINAL') {
    const summary = decodeJson<{ time: number; outcome: Outcome }>(entry.payload);
    return { kind: 'check.final', checkId, vaultId, blockTime: summary.time, outcome: summary.outcome };
  }
  if (entry.kind !== 'RUN') return null;
  const event = decodeJson<Partial<ParkedEvent>>(entry.payload);
  if (event.state !== 'parked' || event.runAt === undefined) return null;
  return { kind: 'run.parked', checkId, vaultId, runAt: event.runAt };
}
