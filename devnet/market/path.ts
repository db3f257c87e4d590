/**
 * Prices every five minutes, from what is known of a market: closes and lows, a few turns, or hourly closes.
 *
 * Between two known prices the logarithm is a Brownian bridge, first by the hour, then by five minutes, with the
 * volatility of the known closes. The hour of a day's low is random and common to the assets; other hours of that day
 * are mirrored at the low, so that it stays the lowest hourly close. Assets without a recorded low follow the ETH path
 * between its closes by their regression coefficient, plus a bridge of the rest of their own variance.
 */
import { SYMBOLS, type TokenSymbol } from '../layout.ts';
import { type Random, randomOf } from '../random.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { type Knot, type Known, knownOf } from './known.ts';

export const STEP_S = 300;
const STEPS_PER_HOUR = 12;
const HOUR_S = 3_600;

export type MarketPath = {
  readonly startTime: number;
  readonly endTime: number;
  /** US dollars; between two grid points the straight line, outside of the scenario its first or last price. */
  readonly priceAt: (symbol: TokenSymbol, time: number) => number;
  readonly priceE8At: (symbol: TokenSymbol, time: number) => bigint;
};

export function buildPath(scenario: Scenario, seed: number): MarketPath {
  const market = knownOf(scenario, seed);
  const eth = bridged(market.known.WETH, market.hours, noiseOf(seed, 'WETH', market.hours), null);
  const ethNoise = noiseOf(seed, 'WETH', market.hours);
  const ethDeviation = deviation(eth, market.closeHours * STEPS_PER_HOUR);
  const series = {} as Record<TokenSymbol, Float64Array>;
  for (const symbol of SYMBOLS) {
    const known = market.known[symbol];
    if (symbol === 'WETH') {
      series.WETH = exact(eth, known.knots);
      continue;
    }
    const own = noiseOf(seed, symbol, market.hours);
    const log = bridged(known, market.hours, own, known.beta === 0 ? ethNoise : null);
    if (known.beta !== 0) for (let i = 0; i < log.length; i++) log[i] = at(log, i) + known.beta * at(ethDeviation, i);
    series[symbol] = exact(log, known.knots);
  }
  const endTime = scenario.startTime + market.hours * HOUR_S;
  const priceAt = (symbol: TokenSymbol, time: number): number => {
    const prices = series[symbol];
    const position = Math.min(Math.max((time - scenario.startTime) / STEP_S, 0), prices.length - 1);
    const i = Math.floor(position);
    const left = at(prices, i);
    return position === i ? left : left + (at(prices, i + 1) - left) * (position - i);
  };
  return {
    startTime: scenario.startTime,
    endTime,
    priceAt,
    priceE8At: (symbol, time) => BigInt(Math.round(priceAt(symbol, time) * 1e8)),
  };
}

function at(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no point ${index} in a path of ${values.length}`);
  return value;
}

/* ---- noise ---------------------------------------------------------------------------------------------------- */

type Noise = { readonly hourly: Float64Array; readonly fine: Float64Array };

function noiseOf(seed: number, symbol: TokenSymbol, hours: number): Noise {
  const draw = (random: Random, n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());
  return {
    hourly: draw(randomOf(seed, `${symbol}/hourly`), hours),
    fine: draw(randomOf(seed, `${symbol}/fine`), hours * STEPS_PER_HOUR),
  };
}

/**
 * The log of the price on the five-minute grid.
 * @param eth noise to correlate with, or null
 */
function bridged(known: Known, hours: number, own: Noise, eth: Noise | null): Float64Array {
  const rho = eth ? known.correlation : 0;
  const rest = Math.sqrt(1 - rho * rho);
  const mix = (kind: keyof Noise, i: number): number => rho * (eth ? at(eth[kind], i) : 0) + rest * at(own[kind], i);

  const hourly = new Float64Array(hours + 1);
  for (let k = 0; k + 1 < known.knots.length; k++) {
    const [from, to] = [known.knots[k], known.knots[k + 1]];
    if (!from || !to) continue;
    const step = (i: number): number => known.sigma(from.hour + i) * mix('hourly', from.hour + i);
    bridge(hourly, from.hour, to.hour, Math.log(from.price), Math.log(to.price), step);
  }
  for (const floor of known.floors) {
    const low = Math.log(floor.price);
    for (let h = floor.fromHour + 1; h < floor.toHour; h++) hourly[h] = low + Math.abs(at(hourly, h) - low);
  }
  const fine = new Float64Array(hours * STEPS_PER_HOUR + 1);
  for (let h = 0; h < hours; h++) {
    const first = h * STEPS_PER_HOUR;
    const sigma = known.sigma(h) / Math.sqrt(STEPS_PER_HOUR);
    bridge(
      fine,
      first,
      first + STEPS_PER_HOUR,
      at(hourly, h),
      at(hourly, h + 1),
      (i) => sigma * mix('fine', first + i),
    );
  }
  return fine;
}

/** Brownian bridge from (from, a) to (to, b), both included; `step(i)` is the increment after i steps. */
function bridge(out: Float64Array, from: number, to: number, a: number, b: number, step: (i: number) => number): void {
  const n = to - from;
  const walk = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) walk[i + 1] = at(walk, i) + step(i);
  const end = at(walk, n);
  for (let i = 0; i <= n; i++) out[from + i] = a + at(walk, i) + ((b - a - end) * i) / n;
}

/** How far the log price is off the straight line between the closes, which lie `every` grid points apart. */
function deviation(log: Float64Array, every: number): Float64Array {
  const out = new Float64Array(log.length);
  for (let first = 0; first < log.length - 1; first += every) {
    const last = Math.min(first + every, log.length - 1);
    const [a, b] = [at(log, first), at(log, last)];
    for (let i = first; i <= last; i++) out[i] = at(log, i) - (a + ((b - a) * (i - first)) / (last - first));
  }
  return out;
}

/** Prices in the eight digits of a feed's answer, the known ones as they are known. */
function exact(log: Float64Array, knots: readonly Knot[]): Float64Array {
  const prices = log.map((l) => Math.round(Math.exp(l) * 1e8) / 1e8);
  for (const { hour, price } of knots) prices[hour * STEPS_PER_HOUR] = price;
  return prices;
}
