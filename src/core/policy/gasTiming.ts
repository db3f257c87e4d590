/**
 * Gas moves by the hour, drift by the week: at the gas price of now, is this the moment? Waiting saves gas if it falls and
 * costs what tracking costs until then.
 */
import { EXIT, KeelError } from '../errors.ts';
import { durationText, percentText, usdText } from '../format.ts';
import type { HourlyGas } from '../types.ts';
import { divUp } from '../units.ts';
import { type BandModel, type OptimalBand, optimalBand } from './optimalBand.ts';

const HOUR_S = 3_600;
const YEAR_S = 31_536_000n;

/** @throws KeelError GAS_TABLE_INVALID */
export function checkHourlyGas({ probabilities, quantilesWei }: HourlyGas): void {
  const rising = (xs: readonly number[]): boolean => xs.every((x, i) => i === 0 || x >= (xs[i - 1] ?? 0));
  const sound =
    probabilities.length >= 2 &&
    probabilities[0] === 0 &&
    probabilities.at(-1) === 1 &&
    rising(probabilities) &&
    quantilesWei.length === 24 &&
    quantilesWei.every((row) => row.length === probabilities.length && rising(row) && (row[0] ?? -1) >= 0);
  if (!sound)
    throw new KeelError({
      code: 'GAS_TABLE_INVALID',
      exit: EXIT.usage,
      field: 'gasTable',
      value: `${quantilesWei.length} rows of ${probabilities.length} quantiles`,
      reason: 'not 24 rows of rising gas prices at probabilities that rise from 0 to 1',
      remedy: 'Build it anew from the fee history of some weeks.',
    });
}

type Outlook = {
  /** Chance that gas is below now's. */
  readonly falls: number;
  /** Of now's price: what it falls by on average, a rise counted against it. */
  readonly saved: number;
};

/** Between two quantiles the price is taken to rise evenly. */
function outlookOf(probabilities: readonly number[], row: readonly number[], nowWei: number): Outlook {
  let [falls, mean] = [0, 0];
  for (let i = 1; i < probabilities.length; i++) {
    const share = (probabilities[i] ?? 0) - (probabilities[i - 1] ?? 0);
    const [from, to] = [row[i - 1] ?? 0, row[i] ?? 0];
    mean += (share * (from + to)) / 2;
    if (to < nowWei) falls += share;
    else if (from < nowWei) falls += (share * (nowWei - from)) / (to - from);
  }
  return { falls, saved: 1 - mean / nowWei };
}

export type Wait = {
  /** {s} start of the hour in which to trade. */
  readonly until: number;
  readonly waitS: number;
  /** {bps} chance that gas is cheaper then. */
  readonly fallsBps: number;
  /** {USD E8} expected, dearer hours counted against cheaper ones; may be negative. */
  readonly gasSavedUsdE8: bigint;
  /** {USD E8} what the drift costs until then: yearly saving of the plan * waiting time, rounded up. */
  readonly trackingUsdE8: bigint;
  readonly worthIt: boolean;
};

export type WaitInputs = {
  /** {s} */
  readonly now: number;
  readonly gasPriceWei: bigint;
  /** {USD E8} gas of the plan at that price. */
  readonly gasUsdE8: bigint;
  /** {USD E8} of the plan: gamma / 2 * (d' Sigma d before - after) * NAV, so that dt of it is the cost of waiting dt. */
  readonly yearlySavingUsdE8: bigint;
  /** Hours to look ahead, at most a day: beyond it the hour of the day says nothing new. */
  readonly hours: number;
};

/**
 * The best of the coming hours to trade in, whether or not it is worth the wait. It is judged as if the trade happened
 * then at whatever gas costs: a keeper that goes on waiting when gas has not fallen can only do better.
 */
export function bestWait(inputs: WaitInputs, table: HourlyGas): Wait {
  const { now, gasUsdE8 } = inputs;
  const yearly = inputs.yearlySavingUsdE8 > 0n ? inputs.yearlySavingUsdE8 : 0n;
  const price = Number(inputs.gasPriceWei);
  const thisHour = Math.floor(now / HOUR_S);
  let best: Wait | null = null;
  for (let ahead = 1; ahead <= Math.min(24, Math.max(1, inputs.hours)); ahead++) {
    const until = (thisHour + ahead) * HOUR_S;
    const row = table.quantilesWei[(thisHour + ahead) % 24] ?? [];
    const { falls, saved } = price > 0 ? outlookOf(table.probabilities, row, price) : { falls: 0, saved: 0 };
    const waitS = until - now;
    const gasSavedUsdE8 = (gasUsdE8 * BigInt(Math.floor(saved * 1e6))) / 1_000_000n;
    const trackingUsdE8 = divUp(yearly * BigInt(waitS), YEAR_S);
    const net = gasSavedUsdE8 - trackingUsdE8;
    if (best !== null && net <= best.gasSavedUsdE8 - best.trackingUsdE8) continue;
    best = { until, waitS, fallsBps: Math.round(falls * 10_000), gasSavedUsdE8, trackingUsdE8, worthIt: net > 0n };
  }
  if (best === null) throw new RangeError('no hour to wait for');
  return best;
}

/** "Waiting 6 h is expected to save $3.10 of gas (82.0 percent chance that it falls) and costs $0.42 of tracking." */
export function waitSentence(w: Wait): string {
  const effect =
    w.gasSavedUsdE8 >= 0n ? `save ${usdText(w.gasSavedUsdE8)} of gas` : `cost ${usdText(-w.gasSavedUsdE8)} more gas`;
  return `Waiting ${durationText(w.waitS)} is expected to ${effect} (${percentText(w.fallsBps)} chance that it falls) and costs ${usdText(w.trackingUsdE8)} of tracking.`;
}

export type BandNow = {
  /** Of the asset furthest beyond (or closest to) its band of now. */
  readonly index: number;
  readonly band: OptimalBand;
  /** |deviation| over that band's trigger: above 1 a trade is due at this gas price. */
  readonly ratio: number;
};

/**
 * The bands of this moment, with the gas price of now in `fixed` of each model, held against deviations as fractions of
 * the portfolio: dear gas widens every band, so what the vault calls due may still be worth a wait.
 */
export function bandNow(models: readonly BandModel[], deviations: readonly number[]): BandNow | null {
  let worst: BandNow | null = null;
  for (const [index, model] of models.entries()) {
    const band = optimalBand(model);
    const ratio = Math.abs(deviations[index] ?? 0) / band.trigger;
    if (worst === null || ratio > worst.ratio) worst = { index, band, ratio };
  }
  return worst;
}

/** ceil(sqrt(n)) */
function rootUp(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x * x < n ? x + 1n : x;
    x = y;
  }
}

/** {years} how long a trade keeps its use: lambda / (gamma sigma^2 h), the horizon at which one asset's band is (3). */
export function tradeHorizon(proportional: number, riskAversion: number, volatility: number, trigger: number): number {
  return proportional / (riskAversion * volatility * volatility * trigger);
}

export type LegUse = {
  /** {USD E8} gas of this leg alone. */
  readonly gasUsdE8: bigint;
  readonly navUsdE8: bigint;
  readonly riskAversionE2: number;
  readonly volatilityBps: number;
  /** {s} how long the trade keeps its use. */
  readonly horizonS: number;
};

/**
 * {USD E8} smallest drift worth a leg of its own: gamma / 2 * sigma^2 * drift^2 / NAV * horizon covers its gas. Rounded up.
 */
export function leastUsefulTradeUsdE8(use: LegUse): bigint {
  const worth = BigInt(use.riskAversionE2) * BigInt(use.volatilityBps) ** 2n * BigInt(use.horizonS);
  return rootUp(divUp(use.gasUsdE8 * use.navUsdE8 * 200n * 10n ** 8n * YEAR_S, worth));
}
