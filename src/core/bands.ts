/** From the owner's targets (percent, points, relative percent) to the vault's integers, with errors people can act on. */
import { EXIT, KeelError } from './errors.ts';

export const MIN_BAND_BPS = 50;
export const MAX_BAND_BPS = 2_000;

export type Band = { readonly points: number } | { readonly relativePercent: number };

export type TargetInput = { readonly symbol: string; readonly percent: number; readonly band: Band };

export type TargetBps = { readonly symbol: string; readonly targetBps: number; readonly bandBps: number };

/** Percent or points to bps; null when there are more than two decimals, because bps cannot hold them. */
function toBps(percent: number): number | null {
  if (!Number.isFinite(percent)) return null;
  const bps = Math.round(percent * 100);
  return Math.abs(percent * 100 - bps) < 1e-6 ? bps : null;
}

/** {bps} as percent or points without needless zeros. */
export function shortText(bps: number): string {
  return (bps / 100).toFixed(2).replace(/\.?0+$/, '');
}

function bandText(band: Band): string {
  return 'points' in band ? `${band.points} points` : `${band.relativePercent}% of target`;
}

export function usage(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field, value, reason, remedy });
}

/**
 * Band in bps of NAV. Relative bands are a share of the target: 12.5 % of a 40 % target is 5 points; fractions of a
 * bps are rounded down, so that a band is never wider than asked for.
 * @throws KeelError BAND_INVALID, BAND_TOO_NARROW, BAND_TOO_WIDE, BAND_WIDER_THAN_TARGET
 */
export function bandBps(symbol: string, targetBps: number, band: Band): number {
  const field = `targets.${symbol}.band`;
  const value = bandText(band);
  const bps =
    'points' in band
      ? toBps(band.points)
      : Number.isFinite(band.relativePercent)
        ? Math.floor((targetBps * band.relativePercent) / 100 + 1e-6)
        : null;
  if (bps === null)
    throw usage('BAND_INVALID', field, value, 'not a number with at most two decimals', 'Write it as 5 or 2.75.');
  const asPoints = 'points' in band ? '' : `, which is ${shortText(bps)} points,`;
  if (bps < MIN_BAND_BPS)
    throw usage(
      'BAND_TOO_NARROW',
      field,
      value,
      `the band${asPoints} is under 0.5 points`,
      'Use at least 0.5 points: narrower bands trade on noise.',
    );
  if (bps > MAX_BAND_BPS)
    throw usage('BAND_TOO_WIDE', field, value, `the band${asPoints} is over 20 points`, 'Use at most 20 points.');
  if (bps > targetBps)
    throw usage(
      'BAND_WIDER_THAN_TARGET',
      field,
      value,
      `the band${asPoints} is wider than the target of ${shortText(targetBps)}%, so ${symbol} could fall to zero without a trade`,
      `Use at most ${shortText(targetBps)} points.`,
    );
  return bps;
}

/**
 * {bps} in the order of `inputs`; they sum to 10,000.
 * @throws KeelError TARGETS_MISSING, TARGET_INVALID, TARGET_DUPLICATE, TARGETS_DO_NOT_SUM (names the exact difference)
 */
export function weightsFrom(inputs: readonly Pick<TargetInput, 'symbol' | 'percent'>[]): number[] {
  if (inputs.length === 0) throw usage('TARGETS_MISSING', 'targets', '[]', 'no targets', 'Name at least two tokens.');
  const seen = new Set<string>();
  let sum = 0;
  const weights = inputs.map((t) => {
    if (seen.has(t.symbol))
      throw usage('TARGET_DUPLICATE', `targets.${t.symbol}`, t.symbol, 'named twice', 'Keep one line per token.');
    seen.add(t.symbol);
    const bps = toBps(t.percent);
    if (bps === null || bps <= 0 || bps > 10_000)
      throw usage(
        'TARGET_INVALID',
        `targets.${t.symbol}.percent`,
        String(t.percent),
        'not a percentage above 0 and at most 100 with at most two decimals',
        'Write it as 40 or 12.5.',
      );
    sum += bps;
    return bps;
  });
  if (sum !== 10_000) {
    const off = sum - 10_000;
    const amount = shortText(Math.abs(off));
    throw usage(
      'TARGETS_DO_NOT_SUM',
      'targets',
      `${shortText(sum)}%`,
      `the targets sum to ${shortText(sum)}%, ${amount}% ${off > 0 ? 'too much' : 'too little'}`,
      `${off > 0 ? 'Take' : 'Add'} ${amount}% ${off > 0 ? 'from' : 'to'} one of them so that they sum to exactly 100%.`,
    );
  }
  return weights;
}

/** @throws KeelError everything that `weightsFrom` and `bandBps` throw */
export function targetsFrom(inputs: readonly TargetInput[]): TargetBps[] {
  const weights = weightsFrom(inputs);
  return inputs.map((t, i) => {
    const targetBps = weights[i] ?? 0;
    return { symbol: t.symbol, targetBps, bandBps: bandBps(t.symbol, targetBps, t.band) };
  });
}
