/** The keeper's own state of a run, as it is stored with the execution. */
import type { RunState } from '../core/runState.ts';
import type { PlannedSlice, Reason } from '../core/types.ts';

export type RunData = {
  readonly state: RunState;
  /** The slices as they were signed: maybe smaller than planned. */
  readonly sent: readonly PlannedSlice[];
  /** Why the run ended before its plan did. */
  readonly stop: { readonly reason: Reason; readonly sentence: string } | null;
};

/** Name of the stored step: the state machine's word and the slice. */
export function stepName(state: RunState): string {
  return `${state.step}:${state.sequence}`;
}
