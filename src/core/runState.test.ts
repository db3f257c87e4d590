import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeelError } from './errors.ts';
import { decodeJson, encodeJson } from './json.ts';
import { isFinal, type RunEvent, type RunState, type RunStep, reduceRun, startRun } from './runState.ts';
import { word } from './testing/fixtures.ts';

const signed = (n = 1, nonce = 7): RunEvent => ({ type: 'SIGNED', nonce, txHash: word(n) });
const broadcast: RunEvent = { type: 'BROADCAST' };
const mined = (n = 1, ok = true): RunEvent => ({
  type: 'MINED',
  txHash: word(n),
  blockHash: word(100),
  blockNumber: 100,
  ok,
});
const confirmed = (last: boolean): RunEvent => ({ type: 'CONFIRMED', last });

function run(...events: RunEvent[]): RunState {
  return events.reduce(reduceRun, startRun(0));
}

describe('a run', () => {
  it('goes slice by slice from planned to done', () => {
    expect(run(signed())).toEqual({ step: 'signed', sequence: 0, signed: { nonce: 7, hashes: [word(1)] } });
    expect(run(signed(), broadcast).step).toBe('unknown');
    expect(run(signed(), broadcast, mined()).step).toBe('mined');
    const second = run(signed(), broadcast, mined(), confirmed(false));
    expect(second).toEqual({ step: 'planned', sequence: 1 });
    expect([signed(2, 8), broadcast, mined(2), confirmed(true)].reduce(reduceRun, second)).toEqual({
      step: 'done',
      sequence: 1,
    });
  });

  it('accepts the block of a transaction whose broadcast it did not live to write down', () => {
    expect(run(signed(), mined()).step).toBe('mined');
  });

  it('keeps every hash of one nonce, and any of them may land', () => {
    const bumped = run(signed(1), broadcast, signed(2), broadcast);
    expect(bumped).toMatchObject({ step: 'unknown', signed: { nonce: 7, hashes: [word(1), word(2)] } });
    expect(reduceRun(bumped, mined(1)).step).toBe('mined');
    expect(reduceRun(bumped, signed(2))).toBe(bumped);
    expect(() => reduceRun(bumped, signed(3, 8))).toThrow(/nonce 8 differs from 7/);
    expect(() => reduceRun(bumped, mined(9))).toThrow(/was not signed/);
  });

  it('goes back to signed when its block is reorganised away, and may then land elsewhere or expire', () => {
    const back = run(signed(), broadcast, mined(), { type: 'REORGED' });
    expect(back.step).toBe('signed');
    expect(reduceRun(back, mined()).step).toBe('mined');
    expect(reduceRun(back, { type: 'DEADLINE_PASSED' }).step).toBe('expired');
  });

  it('ends as reverted, expired or replaced', () => {
    expect(run(signed(), broadcast, mined(1, false), confirmed(false))).toEqual({
      step: 'reverted',
      sequence: 0,
      txHash: word(1),
    });
    expect(run({ type: 'DEADLINE_PASSED' }).step).toBe('expired');
    expect(run(signed(), broadcast, { type: 'NONCE_TAKEN' })).toEqual({ step: 'replaced', sequence: 0, nonce: 7 });
    expect(run({ type: 'STOPPED' }).step).toBe('done');
  });

  /** Which events each state takes; everything else is an error, and the error changes nothing. */
  const LEGAL: Record<RunStep, readonly RunEvent['type'][]> = {
    planned: ['SIGNED', 'DEADLINE_PASSED', 'STOPPED'],
    signed: ['SIGNED', 'BROADCAST', 'MINED', 'DEADLINE_PASSED', 'NONCE_TAKEN'],
    unknown: ['SIGNED', 'BROADCAST', 'MINED', 'DEADLINE_PASSED', 'NONCE_TAKEN'],
    mined: ['REORGED', 'CONFIRMED'],
    done: [],
    reverted: [],
    expired: [],
    replaced: [],
  };
  const EVENTS: readonly RunEvent[] = [
    signed(),
    broadcast,
    mined(),
    mined(1, false),
    { type: 'REORGED' },
    confirmed(true),
    confirmed(false),
    { type: 'DEADLINE_PASSED' },
    { type: 'NONCE_TAKEN' },
    { type: 'STOPPED' },
  ];

  it('takes legal events only, over any history', () => {
    const reached = new Set<RunStep>();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 25 }), (events) => {
        let state = startRun(0);
        for (const e of events) {
          reached.add(state.step);
          if (LEGAL[state.step].includes(e.type)) {
            const next = reduceRun(state, e);
            expect(next.sequence - state.sequence).toBe(state.step === 'mined' && next.step === 'planned' ? 1 : 0);
            expect(decodeJson(encodeJson(next))).toEqual(next);
            state = next;
          } else {
            expect(() => reduceRun(state, e)).toThrow(KeelError);
          }
        }
        expect(isFinal(state)).toBe(LEGAL[state.step].length === 0);
      }),
      { numRuns: 3_000 },
    );
    expect([...reached].sort()).toEqual(Object.keys(LEGAL).sort());
  });
});
