import type { Outcome } from '../../../src/core/types.ts';
import { OUTCOME_WORDS } from '../words.ts';

const TONE: Record<Outcome, string> = {
  TRADED: 'tag go',
  NO_TRADE: 'tag',
  HELD_BACK: 'tag no',
  FAILED: 'tag bad',
  SKIPPED: 'tag skip',
};

export function OutcomeTag(props: { readonly outcome: Outcome }) {
  return <span className={TONE[props.outcome]}>{OUTCOME_WORDS[props.outcome]}</span>;
}
