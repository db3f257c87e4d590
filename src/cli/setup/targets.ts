/** "WETH=40,WBTC=30,USDC=30" and "5" or "12.5%", as typed on a command line or at a prompt. */
import type { ConfigFile } from '../../config/schema.ts';
import { badOption } from '../command.ts';

type Target = ConfigFile['targets'][number];

const NUMBER = /^\d{1,6}(?:\.\d{1,6})?$/;

/** @throws KeelError BAD_OPTION */
export function parseBand(text: string): Target['band'] {
  const trimmed = text.trim();
  const relative = trimmed.endsWith('%');
  const number = relative ? trimmed.slice(0, -1).trim() : trimmed;
  if (!NUMBER.test(number))
    throw badOption(
      '--band',
      text,
      'is neither points nor a percentage',
      'Write e.g. 5 for points or 12.5% of the target',
    );
  return relative ? { relativePercent: Number(number) } : { points: Number(number) };
}

/** @throws KeelError BAD_OPTION; sums and bounds are checked by the config schema afterwards */
export function parseTargets(text: string, band: Target['band']): Target[] {
  const parts = text.split(',').map((p) => p.trim());
  return parts.map((part) => {
    const [symbol = '', percent = '', ...more] = part.split(/[=\s]+/);
    if (symbol === '' || more.length > 0 || !NUMBER.test(percent))
      throw badOption(
        '--targets',
        part === '' ? '(empty)' : part,
        'is not SYMBOL=PERCENT',
        'Write e.g. --targets "WETH=40,WBTC=30,USDC=30"',
      );
    return { symbol, percent: Number(percent), band };
  });
}
