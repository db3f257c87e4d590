/**
 * `band: { auto }`: from costs and one preference to the vault's integers, a band per asset and one destination for all.
 *
 * The vault holds a single destination as a share of every band, where the optimum has a share per asset. The share is
 * chosen so that the yearly costs of all assets together are least, each band being the best one beside that share;
 * `addedCost` says what this and the whole bps cost. Between two looks a weight goes beyond its band: bands are set
 * narrower by that overshoot, so that trades happen where they should.
 */
import { MAX_BAND_BPS, MIN_BAND_BPS, shortText, usage } from '../bands.ts';
import { type BandModel, bandCost, type OptimalBand, optimalBand, overshoot } from './optimalBand.ts';
import { type Preference, riskAversionFor, type Setting } from './preference.ts';
import {
  type BallModel,
  ballCost,
  ballTrackingError,
  type Covariance,
  covarianceOf,
  driftShape,
  isCovariance,
  optimalBall,
} from './trackingBall.ts';

export type AutoTarget = {
  readonly symbol: string;
  readonly targetBps: number;
  /** One-way cost of trading it: fee, half spread and expected impact, as a fraction. */
  readonly cost: number;
  /** A band that the owner chose; null = choose it. */
  readonly bandBps: number | null;
};

export type AutoInputs = {
  /** All targets of the portfolio; they sum to 10,000. */
  readonly targets: readonly AutoTarget[];
  readonly portfolioUsd: number;
  /** {USD} gas of one rebalance. */
  readonly gasUsd: number;
  readonly preference: Preference;
  /** One volatility of any asset against the rest (a band per asset), or a covariance (bands out of one ball). */
  readonly risk: { readonly relativeVolatility: number } | { readonly covariance: Covariance };
  /** How often the keeper looks; Infinity = all the time. */
  readonly looksPerYear: number;
  /** c: variance of the deviations over that under resting targets, 1 = they rest. */
  readonly varianceScale: number;
  /** Share of the band that a rebalance leaves, as the owner set it; null = choose it. */
  readonly destinationBps: number | null;
};

export type AutoBands = {
  readonly bands: readonly {
    readonly symbol: string;
    readonly bandBps: number;
    /** Where a trade should happen and end, were the vault to hold anything: fractions of the portfolio. */
    readonly optimal: OptimalBand;
  }[];
  readonly destinationBps: number;
  /** Both faces of the preference. */
  readonly riskAversion: number;
  readonly trackingError: number;
  /** Expected cost of trading and tracking, a fraction of the portfolio a year. */
  readonly yearlyCost: number;
  /** By how much the vault's one destination, whole bps and bands of the owner's raise the cost: 0.01 = by 1 % of it. */
  readonly addedCost: number;
};

function checkInputs(inputs: AutoInputs): void {
  const { targets, preference, risk } = inputs;
  const figures: [field: string, value: number, ok: boolean, what: string][] = [
    ['auto.portfolioUsd', inputs.portfolioUsd, inputs.portfolioUsd > 0, 'an amount above 0'],
    ['auto.gasUsd', inputs.gasUsd, inputs.gasUsd >= 0, 'an amount of 0 or more'],
    ['auto.looksPerYear', inputs.looksPerYear, inputs.looksPerYear > 0, 'a number above 0'],
    ['auto.varianceScale', inputs.varianceScale, inputs.varianceScale > 0, 'a number above 0'],
    'riskAversion' in preference
      ? ['rule.riskAversion', preference.riskAversion, preference.riskAversion > 0, 'a number above 0']
      : ['auto.maxTrackingErrorPercent', preference.trackingError, preference.trackingError > 0, 'a number above 0'],
    ...targets.map((t): [string, number, boolean, string] => [
      `targets.${t.symbol}.band.auto.costPercent`,
      t.cost,
      t.cost >= 0 && t.cost < 1,
      'a percentage from 0 to below 100',
    ]),
  ];
  if ('relativeVolatility' in risk)
    figures.push([
      'rule.volatilityPercent',
      risk.relativeVolatility,
      risk.relativeVolatility > 0 && Number.isFinite(risk.relativeVolatility),
      'a number above 0',
    ]);
  for (const [field, value, ok, what] of figures)
    if (!ok) throw usage('AUTO_BAND_INVALID', field, String(value), `not ${what}`, `Write ${what}.`);
  const sum = targets.reduce((a, t) => a + t.targetBps, 0);
  if (targets.length < 2 || sum !== 10_000)
    throw usage(
      'AUTO_BAND_INVALID',
      'targets',
      `${targets.length} targets of ${sum} bps`,
      'not two or more targets that sum to 100%',
      'Complete the targets first.',
    );
}

function shownVolatility(variance: number): string {
  return variance >= 0 ? `${shortText(Math.sqrt(variance) * 10_000)}%` : 'none';
}

function covarianceFor({ targets, risk }: AutoInputs): Covariance {
  if ('covariance' in risk) {
    const n = targets.length;
    const square = risk.covariance.length === n && risk.covariance.every((row) => row.length === n);
    if (!square || !isCovariance(risk.covariance))
      throw usage(
        'AUTO_BAND_INVALID',
        'auto.volatilities',
        risk.covariance.map((row, i) => shownVolatility(row[i] ?? Number.NaN)).join(', '),
        'not a covariance of all targets with some risk in it',
        'Give every target a volatility, at least one above 0, and a correlation from 0 to below 100%.',
      );
    return risk.covariance;
  }
  // Independent assets whose volatility against the rest is this, taken over all of them.
  const weights = targets.map((t) => t.targetBps / 10_000);
  const squares = weights.reduce((a, w) => a + w * w, 0);
  const against = weights.reduce((a, w) => a + 1 + (squares - w * w) / (1 - w) ** 2, 0) / weights.length;
  const volatility = risk.relativeVolatility / Math.sqrt(against);
  return covarianceOf(
    weights.map(() => volatility),
    0,
  );
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** A band as the vault holds it, and what it costs a year with the overshoot it will have. */
type Held = {
  readonly model: BandModel;
  readonly volatility: number;
  readonly beyond: number;
  /** The owner's band; null = free. */
  readonly given: number | null;
};

function heldCost({ model, volatility, beyond }: Held, band: number, share: number): number {
  return bandCost(model, volatility, { trigger: band + beyond, destination: share * band });
}

/** The best band beside a given share: the cost has one minimum in ln(band). */
function bandBeside(held: Held, share: number): number {
  if (held.given !== null) return held.given;
  let [low, high] = [Math.log(1e-6), 0];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [heldCost(held, Math.exp(left), share), heldCost(held, Math.exp(right), share)];
  for (let i = 0; i < 40; i++) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = heldCost(held, Math.exp(left), share);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = heldCost(held, Math.exp(right), share);
    }
  }
  return Math.exp((low + high) / 2);
}

function bestShareBps(held: readonly Held[]): number {
  const costAt = (bps: number): number =>
    held.reduce((sum, h) => sum + heldCost(h, bandBeside(h, bps / 10_000), bps / 10_000), 0);
  let [best, least] = [0, costAt(0)];
  const look = (bps: number): void => {
    const cost = costAt(bps);
    if (cost < least) [best, least] = [bps, cost];
  };
  for (let bps = 100; bps <= 10_000; bps += 100) look(bps);
  for (const step of [10, 1]) {
    const around = best;
    for (let k = -10; k <= 10; k++) look(Math.min(10_000, Math.max(0, around + k * step)));
  }
  return best;
}

/** @throws KeelError BAND_TOO_NARROW, BAND_TOO_WIDE, BAND_WIDER_THAN_TARGET */
function wholeBps({ symbol, targetBps }: AutoTarget, band: number): number {
  const bps = Math.round(band * 10_000);
  const [field, value] = [`targets.${symbol}.band`, `auto, which is ${shortText(bps)} points,`];
  if (bps < MIN_BAND_BPS)
    throw usage(
      'BAND_TOO_NARROW',
      field,
      value,
      'trading costs so little here that the best band is under the 0.5 points a vault holds',
      'Write { "points": 0.5 } for it, a lower riskAversion, or a larger maxTrackingErrorPercent.',
    );
  if (bps > MAX_BAND_BPS)
    throw usage(
      'BAND_TOO_WIDE',
      field,
      value,
      'trading costs so much here that the best band is over the 20 points a vault holds',
      'Write { "points": 20 } for it, a higher riskAversion, a smaller maxTrackingErrorPercent, or use a cheaper chain.',
    );
  if (bps > targetBps)
    throw usage(
      'BAND_WIDER_THAN_TARGET',
      field,
      value,
      `the best band is wider than the target of ${shortText(targetBps)}%, so ${symbol} could fall to zero without a trade`,
      `Write { "points": ${shortText(targetBps)} } for it, or leave it out: at these costs it is too small to keep.`,
    );
  return bps;
}

/** @throws KeelError AUTO_BAND_INVALID, and what the vault cannot hold: see `wholeBps` */
export function autoBands(inputs: AutoInputs): AutoBands {
  checkInputs(inputs);
  const { targets, varianceScale, looksPerYear } = inputs;
  const fixed = inputs.gasUsd / inputs.portfolioUsd;
  const weights = targets.map((t) => t.targetBps / 10_000);
  const shape = driftShape(weights, covarianceFor(inputs));
  // What is traded of each asset goes with the spread of its drift.
  const spread = weights.map((w, i) => w * (1 - w) * (shape.relativeVolatilities[i] ?? 0));
  const spreads = spread.reduce((a, x) => a + x, 0);
  const proportional = targets.reduce((a, t, i) => a + (t.cost * (spread[i] ?? 0)) / spreads, 0);
  const setting: Setting = { shape, fixed, proportional, varianceScale };
  const riskAversion =
    'riskAversion' in inputs.preference
      ? inputs.preference.riskAversion
      : riskAversionFor(setting, inputs.preference.trackingError);
  if (riskAversion === null)
    throw usage(
      'AUTO_BAND_INVALID',
      'auto.maxTrackingErrorPercent',
      'trackingError' in inputs.preference ? shortText(inputs.preference.trackingError * 10_000) : '',
      'no band of this portfolio leaves that tracking error',
      'Write a figure like 3; costs of 0 leave no tracking error at all.',
    );
  const ballModel: BallModel = { ...setting, riskAversion };
  const ball = optimalBall(ballModel);

  const held = targets.map((t, i): Held => {
    const model = { weight: weights[i] ?? 0, fixed, proportional: t.cost, riskAversion, varianceScale };
    const volatility =
      'covariance' in inputs.risk ? (shape.relativeVolatilities[i] ?? 0) : inputs.risk.relativeVolatility;
    const given = t.bandBps === null ? null : t.bandBps / 10_000;
    return { model, volatility, beyond: overshoot(model, volatility, looksPerYear), given };
  });
  const ofBall = 'covariance' in inputs.risk;
  const optimal = held.map(({ model, volatility }): OptimalBand => {
    if (!ofBall) return optimalBand(model);
    // The box of bands that is left, on average over the directions of drift, where the ball is.
    const perPoint = shape.reach / volatility;
    return { trigger: perPoint * ball.trigger, destination: perPoint * ball.destination };
  });
  const narrowed = optimal.map((o, i) => o.trigger - (held[i]?.beyond ?? 0));
  const ballShare = optimal.reduce((a, o) => a + o.destination, 0) / narrowed.reduce((a, x) => a + x, 0);
  const destinationBps =
    inputs.destinationBps ?? (ofBall ? Math.min(10_000, Math.round(ballShare * 10_000)) : bestShareBps(held));
  const share = destinationBps / 10_000;
  const bands = targets.map((t, i) => {
    const own = held[i];
    const band = ofBall || own === undefined ? (narrowed[i] ?? 0) : bandBeside(own, share);
    const bandBps = t.bandBps ?? wholeBps(t, band);
    return { symbol: t.symbol, bandBps, optimal: optimal[i] ?? { trigger: 0, destination: 0 } };
  });

  let [free, vault] = [0, 0];
  for (const [i, h] of held.entries()) {
    free += bandCost(h.model, h.volatility, optimal[i] ?? { trigger: 0, destination: 0 });
    vault += heldCost(h, (bands[i]?.bandBps ?? 0) / 10_000, share);
  }
  return {
    bands,
    destinationBps,
    riskAversion,
    trackingError: ballTrackingError(shape, ball),
    yearlyCost: ballCost(ballModel, ball),
    addedCost: vault / free - 1,
  };
}
