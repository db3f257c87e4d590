/**
 * Which of many vaults are due? The same answers as `dueOf`, from columns of float64; what lies too near an edge for
 * float64 is answered by `dueOf` itself.
 *
 * How near: with u = 2^-53, a value takes at most five roundings and is cut to a whole unit, so it is known to
 * 6 u value + 1, and the sum of n of them to (6 + n) u NAV + n. Every question is a sum of at most three products of these
 * and of the smallest trade with numbers of at most 65,535 bps, each rounded twice more, and of floors that take less than
 * one unit times 10,000. All of that stays below 100,000 ((32 + 2 n) u (NAV + smallest trade) + 2 n + 4): what is further
 * from its edge than this is certain. (Values so small that each may be cut to nothing are nearer than this to every edge.)
 */
import { dueOf, priceReason } from './due.ts';
import type { ScreenTable } from './screenTable.ts';
import { DUE_KINDS, type DueState, PRICE_STATUSES, REASONS, type Reason, type VaultState } from './types.ts';

export type ScreenAnswers = {
  /** By row; index into DUE_KINDS. */
  readonly kind: Uint8Array;
  /** Index into REASONS. */
  readonly reason: Uint8Array;
  readonly retryAt: Float64Array;
};

/** A vault as it is, read where vaults are kept. Prices are taken from the table. */
export type VaultAt = (row: number) => VaultState;

const U = 2 ** -53;
/** Not answered: too near an edge. */
const UNSURE = -1;

const KIND = {
  none: DUE_KINDS.indexOf('NONE'),
  deviation: DUE_KINDS.indexOf('DEVIATION'),
  schedule: DUE_KINDS.indexOf('SCHEDULE'),
  continue: DUE_KINDS.indexOf('CONTINUE'),
  stop: DUE_KINDS.indexOf('STOP'),
} as const;

const at = (reason: Reason): number => REASONS.indexOf(reason);
const REASON = {
  paused: at('PAUSED'),
  noTargets: at('NO_TARGETS'),
  continue: at('CONTINUE'),
  unreadable: at('BALANCE_UNREADABLE'),
  empty: at('EMPTY'),
  stopped: at('STOPPED'),
  cooldown: at('COOLDOWN'),
  deviation: at('DEVIATION'),
  schedule: at('SCHEDULE'),
  inBand: at('IN_BAND'),
  belowMinTrade: at('BELOW_MIN_TRADE'),
} as const;
const PRICE_REASON = PRICE_STATUSES.map((s) => (s === 'OK' ? 0 : at(priceReason(s))));
const STOPPED_BAND_BPS = 50;

export function screenAnswers(count: number): ScreenAnswers {
  return { kind: new Uint8Array(count), reason: new Uint8Array(count), retryAt: new Float64Array(count) };
}

export function answerAt(answers: ScreenAnswers, row: number): DueState {
  return {
    kind: DUE_KINDS[answers.kind[row] ?? 0] ?? 'NONE',
    reason: REASONS[answers.reason[row] ?? 0] ?? 'IN_BAND',
    retryAt: answers.retryAt[row] ?? 0,
  };
}

/** What drift says. Kept twice: of what is certain, and of what may be. */
const STOPPED_HELD = 1;
const OUTSIDE_BAND = 2;
const OUTSIDE_INNER = 4;
const SURPLUS = 8;
const DEFICIT = 16;
const SELL_REACH = 32;
const BUY_REACH = 64;
const FILLABLE = 128;
const SELLS = SELL_REACH | DEFICIT;
const BUYS = BUY_REACH | SURPLUS;
const DRIFTED = STOPPED_HELD | OUTSIDE_BAND | OUTSIDE_INNER;

function pairs(bits: number): boolean {
  return (bits & SELLS) === SELLS || (bits & BUYS) === BUYS;
}

/** As `fillable` of due.ts: FILLABLE, 0 or UNSURE. */
function fillableBit(t: ScreenTable, v: number, values: Float64Array, nav: number, margin: number): number {
  const from = t.firstHolding[v] as number;
  const n = (t.firstHolding[v + 1] as number) - from;
  const least = 10_000 * (t.minTradeUsdE8[v] as number);
  const slice = (t.maxSliceBps[v] as number) * nav - least;
  if (Math.abs(slice) <= margin) return UNSURE;
  if (slice < 0) return 0;
  // Nothing is too small where there is no smallest trade.
  const bonus = least === 0 ? Number.POSITIVE_INFINITY : -least;
  let sure = 0;
  let maybe = 0;
  for (let i = 0; i < n; i++) {
    const value = 10_000 * (values[i] as number);
    const target = t.targetBps[from + i] as number;
    const away = (t.awayBps[from + i] as number) * nav;
    const deviation = value - target * nav;
    // What is empty is not above its target; near it both sides are possible.
    const above = value !== 0 && deviation >= -margin;
    const below = value === 0 || deviation <= margin;
    const certain = above !== below;
    if (above) {
      const surplus = deviation + bonus;
      const reach = deviation - away + bonus;
      if (surplus >= -margin) maybe |= SURPLUS;
      if (reach >= -margin) maybe |= SELL_REACH;
      if (certain && surplus > margin) sure |= SURPLUS;
      if (certain && reach > margin) sure |= SELL_REACH;
    }
    if (below) {
      const deficit = bonus - deviation;
      const reach = Math.max(0, target * nav - away) - value + bonus;
      if (deficit >= -margin) maybe |= DEFICIT;
      if (reach >= -margin) maybe |= BUY_REACH;
      if (certain && deficit > margin) sure |= DEFICIT;
      if (certain && reach > margin) sure |= BUY_REACH;
    }
    if (pairs(sure)) return FILLABLE;
  }
  return pairs(maybe) ? UNSURE : 0;
}

/** The bits of DRIFTED, and FILLABLE where a fill is possible; UNSURE when one that matters is too near its edge. */
function driftBits(t: ScreenTable, v: number, values: Float64Array, nav: number): number {
  const from = t.firstHolding[v] as number;
  const n = (t.firstHolding[v + 1] as number) - from;
  const minTrade = t.minTradeUsdE8[v] as number;
  const margin = 100_000 * ((32 + 2 * n) * U * (nav + minTrade) + 2 * n + 4);
  const inner = t.scheduleS[v] === 0 ? Number.POSITIVE_INFINITY : (t.innerBandBps[v] as number) * nav;
  let sure = 0;
  let maybe = 0;
  for (let i = 0; i < n; i++) {
    const value = 10_000 * (values[i] as number);
    const band = t.bandBps[from + i] as number;
    if (band < 0) {
      const held = Math.min(value - STOPPED_BAND_BPS * nav, value - 10_000 * minTrade);
      if (held > margin) sure |= STOPPED_HELD;
      if (held >= -margin) maybe |= STOPPED_HELD;
      continue;
    }
    const deviation = Math.abs(value - (t.targetBps[from + i] as number) * nav);
    const beyond = deviation - band * nav;
    if (beyond > margin) sure |= OUTSIDE_BAND;
    if (beyond >= -margin) maybe |= OUTSIDE_BAND;
    if (deviation - inner > margin) sure |= OUTSIDE_INNER;
    if (deviation - inner >= -margin) maybe |= OUTSIDE_INNER;
  }
  if (sure !== maybe) return UNSURE;
  if (sure === 0) return 0;
  const possible = fillableBit(t, v, values, nav, margin);
  return possible === UNSURE ? UNSURE : sure | possible;
}

function write(answers: ScreenAnswers, v: number, kind: number, reason: number, retryAt: number): true {
  answers.kind[v] = kind;
  answers.reason[v] = reason;
  answers.retryAt[v] = retryAt;
  return true;
}

/** Writes the answer of row `v` and says true, or false when it lies too near an edge. */
function answerRow(t: ScreenTable, v: number, now: number, values: Float64Array, out: ScreenAnswers): boolean {
  const pausedUntil = t.pausedUntil[v] as number;
  if (pausedUntil > now) return write(out, v, KIND.none, REASON.paused, pausedUntil);
  const from = t.firstHolding[v] as number;
  const n = (t.firstHolding[v + 1] as number) - from;
  if (n === 0) return write(out, v, KIND.none, REASON.noTargets, 0);
  const epochEnd = t.epochEnd[v] as number;
  if (now < epochEnd) return write(out, v, KIND.continue, REASON.continue, Math.max(now, t.sliceAfter[v] as number));
  let nav = 0;
  for (let i = 0; i < n; i++) {
    const price = t.price[from + i] as number;
    const status = t.priceStatus[price] as number;
    if (status !== 0) return write(out, v, KIND.none, PRICE_REASON[status] as number, 0);
    const value = (t.units[from + i] as number) * (t.priceUsdE8[price] as number);
    values[i] = value;
    nav += value;
  }
  if (Number.isNaN(nav)) return write(out, v, KIND.none, REASON.unreadable, 0);
  if (nav === 0) return write(out, v, KIND.none, REASON.empty, 0);

  const bits = driftBits(t, v, values, nav);
  if (bits === UNSURE) return false;
  if ((bits & DRIFTED) === 0) return write(out, v, KIND.none, REASON.inBand, 0);
  const possible = (bits & FILLABLE) !== 0;
  const outside = (bits & OUTSIDE_BAND) !== 0;
  if (possible && (bits & STOPPED_HELD) !== 0) return write(out, v, KIND.stop, REASON.stopped, now);
  const cooldown = t.cooldownS[v] as number;
  if (possible && outside) {
    const ready = epochEnd + cooldown;
    if (t.hasEpoch[v] === 1 && now < ready) return write(out, v, KIND.none, REASON.cooldown, ready);
    return write(out, v, KIND.deviation, REASON.deviation, now);
  }
  let retryAt = 0;
  if (possible && (bits & OUTSIDE_INNER) !== 0) {
    retryAt = epochEnd + Math.max(t.scheduleS[v] as number, cooldown);
    if (now >= retryAt) return write(out, v, KIND.schedule, REASON.schedule, now);
  }
  return write(out, v, KIND.none, outside ? REASON.belowMinTrade : REASON.inBand, retryAt);
}

/** `vault` at the prices of the table. */
function priced(t: ScreenTable, vault: VaultState): VaultState {
  const assets = vault.assets.map((a) => {
    const row = t.feedRow.get(a.feedId) ?? -1;
    const priceStatus = PRICE_STATUSES[t.priceStatus[row] ?? -1] ?? 'UNREACHABLE';
    return { ...a, priceUsdE8: t.exactPrice[row] ?? 0n, priceStatus };
  });
  return { ...vault, assets };
}

/** All rows, or those in `rows`: after a price changed, its holders. Returns how many were too near an edge for float64. */
export function screen(
  t: ScreenTable,
  now: number,
  vaultAt: VaultAt,
  out: ScreenAnswers,
  rows: Int32Array | null = null,
): number {
  let widest = 0;
  for (let v = 0; v < t.count; v++)
    widest = Math.max(widest, (t.firstHolding[v + 1] as number) - (t.firstHolding[v] as number));
  const values = new Float64Array(widest);
  const count = rows === null ? t.count : rows.length;
  let exact = 0;
  for (let r = 0; r < count; r++) {
    const v = rows === null ? r : (rows[r] as number);
    if (answerRow(t, v, now, values, out)) continue;
    const due = dueOf(priced(t, vaultAt(v)), now);
    write(out, v, DUE_KINDS.indexOf(due.kind), REASONS.indexOf(due.reason), due.retryAt);
    exact++;
  }
  return exact;
}
