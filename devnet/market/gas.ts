/** What gas costs hour by hour: autocorrelated, dearer in hours in which the market moves, with the mean of its year. */
import { randomOf } from '../random.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { MarketPath } from './path.ts';

/** Public yearly means of the Ethereum gas price. */
export const YEARLY_MEAN_GWEI: Readonly<Record<number, number>> = {
  2021: 105,
  2022: 49,
  2023: 34,
  2024: 20,
  2025: 3.5,
};

const HOUR_S = 3_600;
/** Of the log of the calm part; one hour remembers this much of the last. */
const PERSISTENCE = 0.9;
const CALM_SPREAD = 0.35;
/** An hour whose ETH return is n standard deviations costs 1 + (n - 1) times this, up to the cap. */
const PANIC_SLOPE = 0.8;
const PANIC_CAP = 8;

/** Gwei by hour of the scenario. */
export function gasSeries(scenario: Scenario, path: MarketPath, seed: number): readonly number[] {
  const random = randomOf(seed, 'gas');
  const hours = (path.endTime - path.startTime) / HOUR_S;
  const price = (hour: number): number => path.priceAt('WETH', path.startTime + hour * HOUR_S);
  const moves = Array.from({ length: hours }, (_, h) => Math.abs(Math.log(price(h + 1) / price(h))));
  const typical = Math.sqrt(moves.reduce((sum, m) => sum + m * m, 0) / moves.length);
  let calm = random.normal() * CALM_SPREAD;
  const raw = moves.map((move) => {
    calm = PERSISTENCE * calm + Math.sqrt(1 - PERSISTENCE ** 2) * CALM_SPREAD * random.normal();
    const panic = typical === 0 ? 1 : 1 + PANIC_SLOPE * Math.max(0, move / typical - 1);
    return Math.exp(calm) * Math.min(panic, PANIC_CAP);
  });
  const scale = (scenario.gasMeanGwei * hours) / raw.reduce((sum, g) => sum + g, 0);
  return raw.map((g, h) => {
    const set = scenario.events.find((e) => e.kind === 'GAS' && h >= e.fromHour && h < e.toHour);
    return set?.kind === 'GAS' ? set.gwei : g * scale;
  });
}

/** Wei; before the first and after the last hour, theirs. */
export function baseFeeAt(series: readonly number[], startTime: number, time: number): bigint {
  const hour = Math.min(Math.max(Math.floor((time - startTime) / HOUR_S), 0), series.length - 1);
  return BigInt(Math.round((series[hour] ?? Number.NaN) * 1e9));
}
