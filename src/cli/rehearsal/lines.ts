import { pointsText, usdText } from '../../core/format.ts';
import type { CheckSummary } from '../../core/types.ts';
import type { Output, Tone } from '../output.ts';

const TONES: Record<CheckSummary['outcome'], Tone> = {
  TRADED: 'good',
  NO_TRADE: 'quiet',
  HELD_BACK: 'warn',
  FAILED: 'bad',
  SKIPPED: 'warn',
};

/** One line per check: when, what, why. */
export function checkLine(check: CheckSummary, paint: Output['paint']): string {
  const time = new Date(check.time * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const outcome = paint(TONES[check.outcome], check.outcome.padEnd(9));
  const cost = check.costUsdE8 === null ? '' : `   cost ${usdText(check.costUsdE8)}`;
  const drift = `max drift ${pointsText(check.maxDriftBps)} pt`;
  return `${time}  check ${String(check.checkId).padStart(4)}  ${outcome} ${check.reason}   ${drift}${cost}   ${check.sentence}`;
}
