import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeelError } from '../../src/core/errors.ts';
import { SYMBOLS } from '../layout.ts';
import { scenarioByName } from '../scenarios/catalogue.ts';
import { scenarioOfCsv, scenarioOfFile } from './csv.ts';
import { buildPath } from './path.ts';

const GOOD = [
  'open_time,BTC,ETH,LINK,UNI,DOGE',
  '2022-11-01 00:00:00,20490.5,1572.1,7.69,7.13,',
  '2022-11-01 01:00:00,20500,1575,7.7,7.14,0.1',
  '2022-11-01T02:00:00Z,20480,1570.25,7.68,7.1,0.1',
  '2022-11-01 03:00:00,20440,1569,7.66,7.09,0.1',
];
const HOUR_S = 3_600;

/** The good file with one line changed, added or removed. */
const changed = (line: number, ...texts: string[]): string => {
  const lines = [...GOOD];
  lines.splice(line - 1, 1, ...texts);
  return lines.join('\n');
};
const failure = (run: () => unknown): KeelError => {
  try {
    run();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('no error');
};

describe('price file', () => {
  it('is a scenario whose path hits every hourly close', () => {
    const scenario = scenarioOfCsv(`${GOOD.join('\r\n')}\r\n`, 'p.csv');
    expect(scenario.hours).toBe(3);
    expect(scenario.startTime).toBe(Date.UTC(2022, 10, 1, 1) / 1000);
    expect(scenario.gasMeanGwei).toBe(49);
    const path = buildPath(scenario, 7);
    const closes = [0, 1, 2, 3].map((h) => path.priceAt('WETH', scenario.startTime + h * HOUR_S));
    expect(closes).toEqual([1572.1, 1575, 1570.25, 1569]);
    expect(path.priceAt('WBTC', scenario.startTime)).toBe(20490.5);
    expect(path.priceAt('USDC', scenario.startTime + 777)).toBe(1);
    expect(path.priceAt('WETH', scenario.startTime + 1_800)).not.toBe((1572.1 + 1575) / 2);
  });

  it('uses a part of the file', () => {
    const scenario = scenarioOfCsv(changed(2, '2022-10-31 20:00:00,,,,,'), 'p.csv', { from: '2022-11-01' });
    expect(scenario.hours).toBe(2);
  });

  const row = GOOD[2] ?? '';
  it.each([
    ['a missing price', changed(3, row.replace('1575', '')), 'line 3 column ETH', 'missing'],
    ['a gap', changed(3), 'line 3 column open_time', '1 hour is missing'],
    ['a duplicate', changed(3, row, row), 'line 4 column open_time', 'repeats'],
    ['rows out of order', changed(3, GOOD[3] ?? '', row), 'line 3 column open_time', 'missing before this row'],
    ['an earlier row', changed(5, '2022-11-01 00:00:00,1,1,1,1,1'), 'line 5 column open_time', 'earlier'],
    ['words for a price', changed(3, row.replace('20500', 'n/a')), 'line 3 column BTC', 'no price'],
    ['a negative price', changed(3, row.replace('20500', '-20500')), 'line 3 column BTC', 'no price'],
    ['a price of zero', changed(3, row.replace('20500', '0')), 'line 3 column BTC', 'outside'],
    ['NaN', changed(3, row.replace('7.14', 'NaN')), 'line 3 column UNI', 'no price'],
    ['too few cells', changed(3, '2022-11-01 01:00:00,20500,1575'), 'line 3 column row', '3 cells'],
    ['an empty line', changed(3, row, ''), 'line 4 column open_time', 'no time'],
    ['a time that is none', changed(3, row.replace('11-01', '02-30')), 'line 3 column open_time', 'no time'],
    ['half an hour', changed(3, row.replace('01:00:00', '01:30:00')), 'line 3 column open_time', 'on the hour'],
    ['no ETH column', changed(1, 'open_time,BTC,XTH,LINK,UNI,DOGE'), 'line 1 column ETH', 'missing'],
    ['a doubled column', changed(1, 'open_time,BTC,ETH,LINK,UNI,ETH'), 'line 1 column ETH', 'twice'],
    ['another first column', changed(1, 'time,BTC,ETH,LINK,UNI,DOGE'), 'line 1 column 1', 'open_time'],
    ['too few rows', GOOD.slice(0, 3).join('\n'), 'line 3 column rows', 'at least 3'],
    ['an empty file', '', 'line 1 column 1', 'open_time'],
  ])('refuses %s', (_what, text, place, reason) => {
    const error = failure(() => scenarioOfCsv(text, 'p.csv'));
    expect(error.code).toBe('PRICES_FILE_INVALID');
    expect(error.field).toBe(`p.csv ${place}`);
    expect(error.reason).toContain(reason);
  });

  it('refuses a year whose gas price it does not know, unless told one', () => {
    const text = GOOD.join('\n').replaceAll('2022-', '2019-');
    expect(failure(() => scenarioOfCsv(text, 'p.csv')).code).toBe('GAS_UNKNOWN');
    expect(scenarioOfCsv(text, 'p.csv', { gasMeanGwei: 15 }).gasMeanGwei).toBe(15);
  });

  it('refuses a file that is not there and bounds that are no times', () => {
    expect(failure(() => scenarioOfFile('/nonexistent/p.csv')).code).toBe('PRICES_FILE_UNREADABLE');
    expect(failure(() => scenarioOfCsv(GOOD.join('\n'), 'p.csv', { from: 'yesterday' })).code).toBe('BAD_TIME');
  });
});

/** The recorded hours where they lie beside the project; else a bundled episode, written to a file of the same form. */
describe('a month of hours from a file', () => {
  const recorded = resolve(import.meta.dirname, '../../../shared/data/hourly-close-2021-2025/wide.csv');
  const window = { from: '2022-05-01', to: '2022-05-31' };

  function bundledFile(folder: string): string {
    const path = buildPath(scenarioByName('2022-05-luna'), 7);
    const lines = ['open_time,BTC,ETH,LINK,UNI,USDC'];
    for (let t = path.startTime; t < path.endTime; t += HOUR_S) {
      const prices = (['WBTC', 'WETH', 'LINK', 'UNI', 'USDC'] as const).map((s) => path.priceAt(s, t + HOUR_S));
      lines.push(`${new Date(t * 1000).toISOString().slice(0, 19).replace('T', ' ')},${prices.join(',')}`);
    }
    const file = join(folder, 'wide.csv');
    writeFileSync(file, lines.join('\n'));
    return file;
  }

  it('replays the days that the bundled episode was made of', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keel-prices-'));
    try {
      const scenario = scenarioOfFile(existsSync(recorded) ? recorded : bundledFile(folder), window);
      const bundled = buildPath(scenarioByName('2022-05-luna'), 7);
      const path = buildPath(scenario, 7);
      expect(scenario.hours).toBe(719);
      expect(path.endTime).toBe(bundled.endTime);
      for (let t = bundled.startTime + 86_400; t <= bundled.endTime; t += 86_400) {
        // The published daily closes are rounded.
        for (const s of SYMBOLS) expect(path.priceAt(s, t) / bundled.priceAt(s, t)).toBeCloseTo(1, 3);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
