/** What the portfolio is doing, as one headline and one detail. Pure: the same inputs always give the same words. */
import { mostDrifted } from '../core/counterfactual.ts';
import { dueOf, isEpochOpen } from '../core/due.ts';
import { durationText, pointsText } from '../core/format.ts';
import type { AssetView, DecisionRecord, DueState, PriceStatus, VaultState } from '../core/types.ts';
import { firstBadPrice, firstUnknownBalance, nav } from '../core/value.ts';
import type { Activity } from './types.ts';
import { guardText, signedPoints } from './words.ts';

/** {s} wall time without a heartbeat after which a keeper counts as silent */
export const KEEPER_SILENT_S = 60;

export type Situation = {
  readonly vault: VaultState;
  readonly views: readonly AssetView[];
  /** Chain time of the newest block. */
  readonly now: number;
  /** null: the chain answers. */
  readonly chainDown: string | null;
  readonly lastCheck: DecisionRecord | null;
  /** One sentence about the run that is under way; null = none. */
  readonly run: string | null;
  readonly nextCheckAt: number | null;
  readonly keeperSeenS: number | null;
};

export type Headline = { readonly activity: Activity; readonly headline: string; readonly detail: string };

const PRICE_WORDS: Readonly<Record<Exclude<PriceStatus, 'OK'>, string>> = {
  STALE: 'is stale',
  INVALID: 'is invalid',
  OUT_OF_BOUNDS: 'is outside its bounds',
  UNREACHABLE: 'cannot be read',
  DIVERGED: 'differs between its two sources',
  SEQUENCER_DOWN: 'does not count while the sequencer is down',
};

/** "the price of WETH is stale" must not become "The Price Of ..." */
function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function inTime(at: number, now: number): string {
  return at <= now ? 'now' : `in ${durationText(at - now)}`;
}

function nextCheck(s: Situation): string {
  return s.nextCheckAt === null ? 'Every block is checked.' : `Next check ${inTime(s.nextCheckAt, s.now)}.`;
}

function driftText(s: Situation): string {
  const worst = mostDrifted(s.views);
  if (worst === undefined) return '';
  return `Largest drift: ${worst.symbol} ${signedPoints(worst.driftBps)} of ${pointsText(worst.bandBps)} points. `;
}

/** Only the owner pauses for good, and only the guardian for a while. */
function paused(s: Situation): Headline {
  const left = s.vault.state.pausedUntil - s.now;
  const byOwner = left > 10 * 365 * 86_400;
  const ends = byOwner ? 'until you resume' : `for ${durationText(left)} more, unless you resume`;
  return {
    activity: 'PAUSED',
    headline: byOwner ? 'Paused by you.' : 'Paused by the guardian.',
    detail: `Nobody can trade for this vault ${ends}. Withdrawing stays open.`,
  };
}

function silent(s: Situation): Headline {
  return s.keeperSeenS === null
    ? {
        activity: 'KEEPER_SILENT',
        headline: 'No keeper is running.',
        detail: 'Nothing is checked or traded until you start it with `keel run`. Your coins stay in the vault.',
      }
    : {
        activity: 'KEEPER_SILENT',
        headline: `The keeper has been silent for ${durationText(s.keeperSeenS)}.`,
        detail: 'Nothing is checked or traded until it runs again. Look at its terminal, or start it with `keel run`.',
      };
}

/** The keeper looked at this and declined; its record says why better than anything we could repeat here. */
function heldBack(check: DecisionRecord, s: Situation): Headline {
  const failed = check.guards.find((g) => !g.pass && g.code === check.reason);
  const because = check.counterfactual === null ? '' : ` ${withStop(capitalised(check.counterfactual))}`;
  const what = failed === undefined ? check.reason.toLowerCase().replaceAll('_', ' ') : guardText(failed);
  return {
    activity: 'WAITING',
    headline: `Waiting: ${what}.`,
    detail: `${withStop(check.sentence)}${because} ${nextCheck(s)}`,
  };
}

const DUE_WORDS: Readonly<Record<DueState['kind'], string>> = {
  NONE: 'No trade is due.',
  DEVIATION: 'A trade is due.',
  SCHEDULE: 'A scheduled trade is due.',
  CONTINUE: 'A trade is due.',
  STOP: 'A stop has fired: a sale is due.',
};

function whenDue(s: Situation, due: DueState): Headline {
  const { lastCheck } = s;
  if (lastCheck?.outcome === 'HELD_BACK' && lastCheck.block.time <= s.now) return heldBack(lastCheck, s);
  if (lastCheck?.outcome === 'FAILED')
    return {
      activity: 'WAITING',
      headline: 'The last trade did not go through.',
      detail: `${withStop(lastCheck.sentence)} ${nextCheck(s)}`,
    };
  if (lastCheck?.outcome === 'NO_TRADE' && lastCheck.due.kind !== 'NONE')
    return {
      activity: 'WATCHING',
      headline: 'No trade is needed.',
      detail: `${withStop(lastCheck.sentence)} ${nextCheck(s)}`,
    };
  return {
    activity: 'WATCHING',
    headline: DUE_WORDS[due.kind],
    detail: `${driftText(s)}${nextCheck(s)}`,
  };
}

export function headlineOf(s: Situation): Headline {
  if (s.chainDown !== null)
    return {
      activity: 'CANNOT_ACT',
      headline: 'The chain does not answer.',
      detail: `${withStop(capitalised(s.chainDown))} Numbers below are the last ones seen.`,
    };
  if (s.vault.state.pausedUntil > s.now) return paused(s);
  if (s.vault.assets.length === 0)
    return {
      activity: 'EMPTY',
      headline: 'No targets are set.',
      detail: 'Choose what the vault should hold before anything is traded.',
    };
  if (s.vault.assets.every((a) => a.balance === 0n))
    return {
      activity: 'EMPTY',
      headline: 'The vault is empty.',
      detail: 'Deposit any of its coins to begin. Nothing is traded before that.',
    };
  if (s.keeperSeenS === null || s.keeperSeenS > KEEPER_SILENT_S) return silent(s);
  const unknown = firstUnknownBalance(s.vault.assets);
  if (unknown !== undefined)
    return {
      activity: 'CANNOT_ACT',
      headline: `Cannot act: the balance of ${unknown.symbol} cannot be read.`,
      detail: `Nothing is traded on a guess; withdrawing the other coins stays open. ${nextCheck(s)}`,
    };
  const bad = firstBadPrice(s.vault.assets);
  if (bad !== undefined && bad.priceStatus !== 'OK') {
    const age = durationText(s.now - bad.priceUpdatedAt);
    return {
      activity: 'CANNOT_ACT',
      headline: `Cannot act: the price of ${bad.symbol} ${PRICE_WORDS[bad.priceStatus]}.`,
      detail: `It was last updated ${age} ago. Nothing is traded on a guess; withdrawing stays open. ${nextCheck(s)}`,
    };
  }
  if (s.run !== null) return { activity: 'TRADING', headline: 'A rebalance is in progress.', detail: withStop(s.run) };
  if (isEpochOpen(s.vault, s.now))
    return { activity: 'TRADING', headline: 'A rebalance is in progress.', detail: `${driftText(s)}${nextCheck(s)}` };
  if (nav(s.vault.assets) === 0n)
    return {
      activity: 'EMPTY',
      headline: 'The vault holds less than a cent.',
      detail: 'Deposit any of its coins to begin.',
    };
  const due = dueOf(s.vault, s.now);
  if (due.kind !== 'NONE') return whenDue(s, due);
  if (due.reason === 'COOLDOWN')
    return {
      activity: 'WAITING',
      headline: `Waiting: the last rebalance is too recent.`,
      detail: `${driftText(s)}The next one may begin ${inTime(due.retryAt, s.now)}.`,
    };
  if (due.reason === 'BELOW_MIN_TRADE')
    return {
      activity: 'WATCHING',
      headline: 'No trade is worth its cost.',
      detail: `${driftText(s)}It is below your smallest trade. ${nextCheck(s)}`,
    };
  return { activity: 'WATCHING', headline: 'Balanced. No trade is needed.', detail: `${driftText(s)}${nextCheck(s)}` };
}
