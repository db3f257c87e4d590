/**
 * Hourly closes from a file as a scenario. The header is `open_time,SYMBOL,...`; times are UTC on the hour; ETH (or
 * WETH), BTC (or WBTC), LINK and UNI are needed, USDC is one dollar when the file has no such column, other columns are
 * ignored. Nothing is filled in: a row that is missing, doubled, out of order or malformed is an error.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, KeelError } from '../../src/core/errors.ts';
import { SYMBOLS, type TokenSymbol } from '../layout.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { YEARLY_MEAN_GWEI } from './gas.ts';

export type PriceFileOptions = {
  /** Use only rows whose open_time is at or after this, e.g. "2022-11-01" or "2022-11-01 00:00:00". */
  readonly from?: string;
  /** Use only rows whose open_time is before this. */
  readonly to?: string;
  /** Needed when the file begins in a year outside of YEARLY_MEAN_GWEI. */
  readonly gasMeanGwei?: number;
};

const HOUR_S = 3_600;
/** Volatility needs two returns. */
const MIN_ROWS = 3;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.0+)?Z?)?$/;
const NUMBER = /^\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** First column that the file has wins. */
const COLUMNS: Readonly<Record<TokenSymbol, readonly string[]>> = {
  WETH: ['ETH', 'WETH'],
  USDC: ['USDC'],
  WBTC: ['BTC', 'WBTC'],
  LINK: ['LINK'],
  UNI: ['UNI'],
};

/** @throws KeelError naming file, line and column */
export function scenarioOfFile(file: string, options: PriceFileOptions = {}): Scenario {
  return scenarioOfCsv(read(file), file, options);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KeelError({
      code: 'PRICES_FILE_UNREADABLE',
      exit: EXIT.usage,
      field: 'prices',
      value: file,
      reason: `the file cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      remedy: 'Name a CSV file that exists and that you may read',
      cause,
    });
  }
}

export function scenarioOfCsv(text: string, file: string, options: PriceFileOptions = {}): Scenario {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  const columns = columnsOf(file, lines[0] ?? '');
  const from = options.from === undefined ? Number.NEGATIVE_INFINITY : boundOf('from', options.from);
  const to = options.to === undefined ? Number.POSITIVE_INFINITY : boundOf('to', options.to);

  const prices: Record<TokenSymbol, number[]> = { WETH: [], USDC: [], WBTC: [], LINK: [], UNI: [] };
  let first: number | null = null;
  let before: number | null = null;
  for (let i = 1; i < lines.length; i++) {
    const place = { file, line: i + 1 };
    const cells = (lines[i] ?? '').split(',');
    const time = openTimeOf(place, cells[0] ?? '');
    if (time < from || time >= to) continue;
    if (cells.length !== columns.count) {
      throw invalid(place, 'row', String(cells.length), `has ${cells.length} cells, the header ${columns.count}`);
    }
    requireNextHour(place, cells[0] ?? '', time, before);
    before = time;
    first ??= time;
    for (const symbol of SYMBOLS) {
      const column = columns.index[symbol];
      prices[symbol].push(column === null ? 1 : priceOf(place, COLUMNS[symbol][0] ?? symbol, cells[column] ?? ''));
    }
  }
  if (first === null || prices.WETH.length < MIN_ROWS) {
    const place = { file, line: lines.length };
    throw invalid(place, 'rows', String(prices.WETH.length), `the market needs at least ${MIN_ROWS} hourly rows`);
  }
  // A close is known when its hour is over.
  const startTime = first + HOUR_S;
  return {
    name: basename(file),
    title: basename(file),
    summary: `${prices.WETH.length} hourly closes from ${new Date(first * 1000).toISOString()}`,
    startTime,
    hours: prices.WETH.length - 1,
    gasMeanGwei: options.gasMeanGwei ?? gasOf(new Date(startTime * 1000).getUTCFullYear()),
    market: { kind: 'hourly', prices },
    events: [],
  };
}

type Place = { readonly file: string; readonly line: number };

function invalid(place: Place, column: string, value: string, reason: string): KeelError {
  return new KeelError({
    code: 'PRICES_FILE_INVALID',
    exit: EXIT.usage,
    field: `${place.file} line ${place.line} column ${column}`,
    value: JSON.stringify(value),
    reason,
    remedy: 'Correct the file, or choose a part of it without such rows; missing prices are never guessed',
  });
}

function columnsOf(file: string, header: string): { count: number; index: Record<TokenSymbol, number | null> } {
  const place = { file, line: 1 };
  const names = header.split(',').map((n) => n.trim());
  if (names[0] !== 'open_time') throw invalid(place, '1', names[0] ?? '', 'the first column must be open_time');
  const doubled = names.find((n, i) => names.indexOf(n) !== i);
  if (doubled !== undefined) throw invalid(place, doubled, doubled, 'the column occurs twice');
  const indexOf = (symbol: TokenSymbol): number | null => {
    const name = COLUMNS[symbol].find((n) => names.includes(n));
    if (name !== undefined) return names.indexOf(name);
    if (symbol === 'USDC') return null;
    throw invalid(place, COLUMNS[symbol][0] ?? symbol, header, 'the column is missing');
  };
  const index = {
    WETH: indexOf('WETH'),
    USDC: indexOf('USDC'),
    WBTC: indexOf('WBTC'),
    LINK: indexOf('LINK'),
    UNI: indexOf('UNI'),
  };
  return { count: names.length, index };
}

/** Unix seconds, or NaN. */
function secondsOf(text: string): number {
  const match = TIME.exec(text);
  if (!match) return Number.NaN;
  const iso = `${match[1]}T${match[2] ?? '00:00:00'}.000Z`;
  const ms = Date.parse(iso);
  // Date.parse rolls 30 February over to March.
  return Number.isNaN(ms) || new Date(ms).toISOString() !== iso ? Number.NaN : ms / 1000;
}

function openTimeOf(place: Place, text: string): number {
  const seconds = secondsOf(text);
  if (Number.isNaN(seconds))
    throw invalid(place, 'open_time', text, 'is no time of the form 2022-11-01 00:00:00 (UTC)');
  if (seconds % HOUR_S !== 0) throw invalid(place, 'open_time', text, 'is not on the hour');
  return seconds;
}

function boundOf(field: string, text: string): number {
  const seconds = secondsOf(text);
  if (!Number.isNaN(seconds)) return seconds;
  throw new KeelError({
    code: 'BAD_TIME',
    exit: EXIT.usage,
    field,
    value: text,
    reason: 'is no time in UTC',
    remedy: 'Write it as 2022-11-01 or 2022-11-01 00:00:00',
  });
}

function requireNextHour(place: Place, text: string, time: number, before: number | null): void {
  if (before === null || time === before + HOUR_S) return;
  if (time === before) throw invalid(place, 'open_time', text, 'repeats the hour of the row above');
  if (time < before) throw invalid(place, 'open_time', text, 'is earlier than the row above');
  const missing = (time - before) / HOUR_S - 1;
  throw invalid(
    place,
    'open_time',
    text,
    `${missing} ${missing === 1 ? 'hour is' : 'hours are'} missing before this row`,
  );
}

function priceOf(place: Place, column: string, text: string): number {
  const value = text.trim();
  if (value === '') throw invalid(place, column, text, 'the price is missing');
  const price = NUMBER.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(price)) throw invalid(place, column, text, 'is no price in digits');
  if (price < 1e-8 || price > 1e9)
    throw invalid(place, column, text, 'is outside of 0.00000001 to 1,000,000,000 dollars');
  return price;
}

function gasOf(year: number): number {
  const mean = YEARLY_MEAN_GWEI[year];
  if (mean !== undefined) return mean;
  throw new KeelError({
    code: 'GAS_UNKNOWN',
    exit: EXIT.usage,
    field: 'gasMeanGwei',
    value: String(year),
    reason: 'the mean gas price of this year is not recorded',
    remedy: `Give one, or use prices of ${Object.keys(YEARLY_MEAN_GWEI).join(', ')}`,
  });
}
