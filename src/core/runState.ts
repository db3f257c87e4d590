/**
 * The life of a run, one slice after the other. A transaction counts as unknown from the moment it may have left; only
 * chain evidence or an expired deadline moves it on, and a reorg moves it back.
 */
import { EXIT, KeelError } from './errors.ts';
import { type Hex, STOP_CHECK_SEQUENCE } from './types.ts';

/** Every transaction signed for one nonce: a fee bump adds a hash, and any of them may be the one that lands. */
export type Signed = { readonly nonce: number; readonly hashes: readonly Hex[] };

export type Mined = {
  readonly txHash: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: number;
  readonly ok: boolean;
};

export type RunState =
  /** Nothing of slice `sequence` was signed yet. */
  | { readonly step: 'planned'; readonly sequence: number }
  /** Signed and stored; not sent as far as we know. */
  | { readonly step: 'signed'; readonly sequence: number; readonly signed: Signed }
  /** Sent, or about to be: it may or may not be on its way. */
  | { readonly step: 'unknown'; readonly sequence: number; readonly signed: Signed }
  | { readonly step: 'mined'; readonly sequence: number; readonly signed: Signed; readonly mined: Mined }
  | { readonly step: 'done'; readonly sequence: number }
  | { readonly step: 'reverted'; readonly sequence: number; readonly txHash: Hex }
  /** Its deadline passed on chain: it can never execute. */
  | { readonly step: 'expired'; readonly sequence: number }
  /** Its nonce was used by a transaction that is not ours. */
  | { readonly step: 'replaced'; readonly sequence: number; readonly nonce: number };

export type RunStep = RunState['step'];

export type RunEvent =
  | { readonly type: 'SIGNED'; readonly nonce: number; readonly txHash: Hex }
  | { readonly type: 'BROADCAST' }
  | ({ readonly type: 'MINED' } & Mined)
  | { readonly type: 'REORGED' }
  /** Deep enough. `last`: no further slice of this run is wanted. */
  | { readonly type: 'CONFIRMED'; readonly last: boolean }
  | { readonly type: 'DEADLINE_PASSED' }
  | { readonly type: 'NONCE_TAKEN' }
  /** Nothing (more) to trade: the remaining slices are given up. */
  | { readonly type: 'STOPPED' };

export const FINAL_STEPS: readonly RunStep[] = ['done', 'reverted', 'expired', 'replaced'];

export function isFinal(state: RunState): boolean {
  return FINAL_STEPS.includes(state.step);
}

export function startRun(firstSequence: number): RunState {
  return { step: 'planned', sequence: firstSequence };
}

function illegal(state: RunState, event: RunEvent, reason: string): KeelError {
  return new KeelError({
    code: 'ILLEGAL_RUN_TRANSITION',
    exit: EXIT.bug,
    field: 'run',
    value: `${state.step} slice ${state.sequence}, event ${event.type}`,
    reason,
    remedy: 'Report this with the journal of the run; nothing was sent because of it.',
  });
}

/** @throws KeelError ILLEGAL_RUN_TRANSITION */
export function reduceRun(state: RunState, event: RunEvent): RunState {
  const { sequence } = state;
  switch (event.type) {
    case 'SIGNED': {
      if (state.step === 'planned')
        return { step: 'signed', sequence, signed: { nonce: event.nonce, hashes: [event.txHash] } };
      if (state.step !== 'signed' && state.step !== 'unknown') break;
      if (state.signed.nonce !== event.nonce)
        throw illegal(state, event, `nonce ${event.nonce} differs from ${state.signed.nonce} of the same slice`);
      if (state.signed.hashes.includes(event.txHash)) return state;
      return { step: 'signed', sequence, signed: { ...state.signed, hashes: [...state.signed.hashes, event.txHash] } };
    }
    case 'BROADCAST':
      if (state.step === 'signed') return { step: 'unknown', sequence, signed: state.signed };
      if (state.step === 'unknown') return state;
      break;
    case 'MINED': {
      // From `signed` too: a keeper may die after the send and before it could write that down.
      if (state.step !== 'signed' && state.step !== 'unknown') break;
      if (!state.signed.hashes.includes(event.txHash))
        throw illegal(state, event, `${event.txHash} was not signed for this slice`);
      const { txHash, blockHash, blockNumber, ok } = event;
      return { step: 'mined', sequence, signed: state.signed, mined: { txHash, blockHash, blockNumber, ok } };
    }
    case 'REORGED':
      if (state.step === 'mined') return { step: 'signed', sequence, signed: state.signed };
      break;
    case 'CONFIRMED':
      if (state.step !== 'mined') break;
      if (!state.mined.ok) return { step: 'reverted', sequence, txHash: state.mined.txHash };
      return event.last ? { step: 'done', sequence } : { step: 'planned', sequence: sequence + 1 };
    case 'DEADLINE_PASSED':
      if (state.step === 'planned' || state.step === 'signed' || state.step === 'unknown')
        return { step: 'expired', sequence };
      break;
    case 'NONCE_TAKEN':
      if (state.step === 'signed' || state.step === 'unknown')
        return { step: 'replaced', sequence, nonce: state.signed.nonce };
      break;
    case 'STOPPED':
      if (state.step === 'planned') return { step: 'done', sequence };
      break;
  }
  throw illegal(state, event, `a run that is ${state.step} cannot take it`);
}

/** "Slice 1"; what is no slice of fills has a sequence below 0. */
export function sliceText(sequence: number): string {
  if (sequence === STOP_CHECK_SEQUENCE) return 'The look at the stops';
  return sequence < 0 ? 'The opening of the rebalance' : `Slice ${sequence + 1}`;
}
