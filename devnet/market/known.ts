/** What is known of a scenario's prices, and the statistics of its closes. */
import type { TokenSymbol } from '../layout.ts';
import { type Random, randomOf } from '../random.ts';
import type { DayRow, Scenario, Turn } from '../scenarios/scenario.ts';

export type Knot = { readonly hour: number; readonly price: number };
/** Hourly points from `fromHour` to `toHour`, both exclusive, may not close below `price`. */
export type Floor = { readonly fromHour: number; readonly toHour: number; readonly price: number };
export type Known = {
  readonly knots: readonly Knot[];
  readonly floors: readonly Floor[];
  /** Standard deviation of the hourly log return, by hour. */
  readonly sigma: (hour: number) => number;
  /** Correlation of the noise with that of ETH. */
  readonly correlation: number;
  /** Follow the deviation of ETH from the straight line between its closes by this coefficient. */
  readonly beta: number;
};
export type KnownMarket = {
  readonly hours: number;
  readonly known: Readonly<Record<TokenSymbol, Known>>;
  readonly closeHours: number;
};

export function knownOf(scenario: Scenario, seed: number): KnownMarket {
  const { market } = scenario;
  if (market.kind === 'daily') return knownDays(market.days, randomOf(seed, 'hour of the low'));
  if (market.kind === 'turns') return knownTurns(market.turns, market.volatilityPercentPerYear);
  return knownHours(market.prices);
}

const HOURS_PER_DAY = 24;
const HOURS_PER_YEAR = 8_766;
/** Correlation of invented markets; that of the recorded ones is computed from their closes. */
const TYPICAL_CORRELATION = 0.8;

function logReturns(prices: readonly number[]): number[] {
  return prices.slice(1).map((p, i) => Math.log(p / (prices[i] ?? Number.NaN)));
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / (values.length - 1));
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const spread = deviationOf(a) * deviationOf(b);
  if (spread === 0) return 0;
  const meanA = a.reduce((s, v) => s + v, 0) / a.length;
  const meanB = b.reduce((s, v) => s + v, 0) / b.length;
  const covariance = a.reduce((s, v, i) => s + (v - meanA) * ((b[i] ?? Number.NaN) - meanB), 0) / (a.length - 1);
  return Math.min(1, Math.max(-1, covariance / spread));
}

/** The path opens at the first close: what the price was before is not recorded. */
function knownDays(days: readonly DayRow[], random: Random): KnownMarket {
  const lowHours = days.map(() => random.integer(1, HOURS_PER_DAY - 1));
  const closes = (symbol: TokenSymbol): number[] => days.map((d) => d.close[symbol] ?? 1);
  const ethReturns = logReturns(closes('WETH'));
  const known = (symbol: TokenSymbol): Known => {
    const prices = closes(symbol);
    const returns = logReturns(prices);
    const sigma = deviationOf(returns);
    const correlation = symbol === 'USDC' ? 0 : correlationOf(returns, ethReturns);
    const knots: Knot[] = [{ hour: 0, price: prices[0] ?? Number.NaN }];
    const floors: Floor[] = [];
    for (const [d, row] of days.entries()) {
      const dayStart = d * HOURS_PER_DAY;
      const close = prices[d] ?? Number.NaN;
      const low = symbol === 'LINK' || symbol === 'UNI' ? null : row.low[symbol];
      if (low !== null) {
        floors.push({ fromHour: dayStart, toHour: dayStart + HOURS_PER_DAY, price: low });
        if (low < close) knots.push({ hour: dayStart + (lowHours[d] ?? 1), price: low });
      }
      knots.push({ hour: dayStart + HOURS_PER_DAY, price: close });
    }
    const follows = symbol === 'LINK' || symbol === 'UNI';
    const own = (follows ? Math.sqrt(1 - correlation * correlation) : 1) * sigma;
    // A peg does not diffuse: its noise is half of the day's own move, none while it is not quoted.
    const pegMove = (hour: number): number => Math.abs(returns[Math.floor(hour / HOURS_PER_DAY) - 1] ?? 0) / 2;
    return {
      knots,
      floors,
      sigma: (hour) => (symbol === 'USDC' ? pegMove(hour) : own) / Math.sqrt(HOURS_PER_DAY),
      correlation,
      beta: follows ? (correlation * sigma) / deviationOf(ethReturns) : 0,
    };
  };
  return { hours: days.length * HOURS_PER_DAY, known: forAll(known), closeHours: HOURS_PER_DAY };
}

function knownTurns(turns: readonly Turn[], volatilityPercentPerYear: number): KnownMarket {
  const sigma = volatilityPercentPerYear / 100 / Math.sqrt(HOURS_PER_YEAR);
  const hours = turns.at(-1)?.hour ?? 0;
  const known = (symbol: TokenSymbol): Known => ({
    knots: turns.map((t) => ({ hour: t.hour, price: t.price[symbol] })),
    floors: [],
    sigma: () => (symbol === 'USDC' ? 0 : sigma),
    correlation: symbol === 'USDC' ? 0 : TYPICAL_CORRELATION,
    beta: 0,
  });
  return { hours, known: forAll(known), closeHours: hours };
}

function knownHours(prices: Readonly<Record<TokenSymbol, readonly number[]>>): KnownMarket {
  const ethReturns = logReturns(prices.WETH);
  const known = (symbol: TokenSymbol): Known => {
    const returns = logReturns(prices[symbol]);
    const sigma = deviationOf(returns);
    return {
      knots: prices[symbol].map((price, hour) => ({ hour, price })),
      floors: [],
      sigma: () => sigma,
      correlation: correlationOf(returns, ethReturns),
      beta: 0,
    };
  };
  return { hours: prices.WETH.length - 1, known: forAll(known), closeHours: 1 };
}

function forAll(known: (symbol: TokenSymbol) => Known): Record<TokenSymbol, Known> {
  return { WETH: known('WETH'), USDC: known('USDC'), WBTC: known('WBTC'), LINK: known('LINK'), UNI: known('UNI') };
}
