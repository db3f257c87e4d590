/** Which tokens and how much: what `keel withdraw` was asked for, against what the vault holds. */
import { nearest } from '../../config/nearest.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import { badOption, type Call, flagOption, textOption } from '../command.ts';
import type { Holding } from './vault.ts';

export type Selection =
  | { readonly kind: 'all'; readonly take: readonly Holding[]; readonly skip: readonly Holding[] }
  | { readonly kind: 'one'; readonly holding: Holding; readonly amount: bigint };

export function findHolding(holdings: readonly Holding[], name: string, flag: string): Holding {
  const found = holdings.find((h) => h.symbol === name || h.token.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const symbols = holdings.map((h) => h.symbol);
  const meant = nearest(name, symbols);
  throw badOption(
    flag,
    name,
    'is not an asset of this vault',
    meant === null ? `It has ${symbols.join(', ')}` : `Did you mean ${meant}?`,
  );
}

/** Exact: "1.5" with 6 decimals is 1500000. @throws KeelError BAD_OPTION */
export function parseAmount(text: string, decimals: number): bigint {
  const found = /^(\d{1,60})(?:\.(\d+))?$/.exec(text);
  if (found === null) throw badOption('--amount', text, 'is not a positive decimal number', 'Write e.g. --amount 12.5');
  const [, whole = '0', fraction = ''] = found;
  if (fraction.length > decimals)
    throw badOption(
      '--amount',
      text,
      `has more than the ${decimals} decimals of the token`,
      'Leave out the digits the token cannot hold',
    );
  return BigInt(whole) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0');
}

function skipNames(call: Call): string[] {
  const { skip } = call.options;
  if (!Array.isArray(skip)) return [];
  return skip.flatMap((s) => String(s).split(',')).filter((s) => s !== '');
}

/** @throws KeelError BAD_OPTION, AMOUNT_ABOVE_BALANCE, BALANCE_UNREADABLE */
export function selectionOf(call: Call, holdings: readonly Holding[]): Selection {
  const all = flagOption(call, 'all');
  const token = textOption(call, 'token');
  const amountText = textOption(call, 'amount');
  const skipped = skipNames(call);
  if (all === (token !== undefined))
    throw badOption(
      '--all, --token',
      all ? 'both' : '(neither)',
      'exactly one of them is needed',
      'Use --all, or --token SYMBOL with or without --amount',
    );
  if (token === undefined) {
    if (amountText !== undefined) throw badOption('--amount', amountText, 'needs --token', 'Leave it out with --all');
    const skip = skipped.map((name) => findHolding(holdings, name, '--skip'));
    return { kind: 'all', skip, take: holdings.filter((h) => !skip.includes(h)) };
  }
  if (skipped.length > 0) throw badOption('--skip', skipped.join(','), 'needs --all', 'Leave it out with --token');
  const holding = findHolding(holdings, token, '--token');
  if (holding.balance === null)
    throw new KeelError({
      code: 'BALANCE_UNREADABLE',
      exit: EXIT.reverted,
      field: '--token',
      value: holding.symbol,
      reason: `the token ${holding.token} does not answer balanceOf`,
      remedy: 'Withdraw the other tokens; this one is broken by its own contract',
    });
  const amount = amountText === undefined ? holding.balance : parseAmount(amountText, holding.decimals);
  if (amount === 0n && amountText !== undefined)
    throw badOption('--amount', amountText, 'is zero', 'Name an amount above zero');
  if (amount > holding.balance)
    throw new KeelError({
      code: 'AMOUNT_ABOVE_BALANCE',
      exit: EXIT.usage,
      field: '--amount',
      value: amountText ?? '',
      reason: `the vault holds less ${holding.symbol}`,
      remedy: 'Leave out --amount to take everything',
    });
  return { kind: 'one', holding, amount };
}
