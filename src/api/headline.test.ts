import { describe, expect, it } from 'vitest';
import type { AssetState, DecisionRecord, VaultState } from '../core/types.ts';
import { assetViews } from '../core/value.ts';
import { record, snapshot } from '../store/testing/fixtures.ts';
import { headlineOf, type Situation } from './headline.ts';

const NOW = 1_700_000_000;
const token = (n: number) => `0x${n.toString(16).padStart(40, '0')}` as const;

function asset(
  index: number,
  symbol: string,
  targetBps: number,
  valueUsd: bigint,
  more: Partial<AssetState> = {},
): AssetState {
  return {
    index,
    token: token(index + 1),
    symbol,
    decimals: 0,
    feedId: `0x${'0'.repeat(64)}`,
    targetBps,
    bandBps: 500,
    safe: false,
    stopPriceUsdE8: 0n,
    takePriceUsdE8: 0n,
    balanceKnown: true,
    balance: valueUsd,
    priceUsdE8: 10n ** 8n,
    priceUpdatedAt: NOW - 30,
    priceStatus: 'OK',
    ...more,
  };
}

function vaultOf(assets: readonly AssetState[], state: Partial<VaultState['state']> = {}): VaultState {
  const { vault } = snapshot();
  return {
    ...vault,
    assets,
    policy: { ...vault.policy, minTradeUsdE2: 1_000 },
    state: { ...vault.state, epoch: 0, ...state },
  };
}

function situation(vault: VaultState, more: Partial<Situation> = {}): Situation {
  const views = assetViews({ ...snapshot(), block: { number: 1, hash: '0x', time: NOW }, vault });
  return {
    vault,
    views,
    now: NOW,
    chainDown: null,
    lastCheck: null,
    run: null,
    nextCheckAt: NOW + 1_800,
    keeperSeenS: 3,
    ...more,
  };
}

const balanced = [asset(0, 'WETH', 5_000, 5_210n), asset(1, 'USDC', 5_000, 4_790n)];
const drifted = [asset(0, 'WETH', 5_000, 5_900n), asset(1, 'USDC', 5_000, 4_100n)];
const check = (more: Partial<DecisionRecord>): DecisionRecord => ({
  ...record(7),
  block: { number: 1, hash: '0x', time: NOW - 60 },
  ...more,
});

describe('headline', () => {
  it('is balanced', () => {
    expect(headlineOf(situation(vaultOf(balanced)))).toEqual({
      activity: 'WATCHING',
      headline: 'Balanced. No trade is needed.',
      detail: 'Largest drift: WETH +2.1 of 5.0 points. Next check in 30 min.',
    });
  });

  it('says what it waits for in the words of the guard that failed', () => {
    const guard = {
      code: 'GAS_ABOVE_CAP',
      name: 'gas price',
      unit: 'WEI',
      value: '61000000000',
      limit: '40000000000',
      pass: false,
      enforcedBy: 'KEEPER',
    } as const;
    const lastCheck = check({
      outcome: 'HELD_BACK',
      reason: 'GAS_ABOVE_CAP',
      guards: [guard],
      sentence: 'Gas was too high',
      counterfactual: 'would trade if gas is at most 40 gwei',
    });
    expect(headlineOf(situation(vaultOf(drifted), { lastCheck }))).toEqual({
      activity: 'WAITING',
      headline: 'Waiting: gas price is 61 gwei, the limit is 40 gwei.',
      detail: 'Gas was too high. Would trade if gas is at most 40 gwei. Next check in 30 min.',
    });
  });

  const cases: [name: string, situation: Situation, activity: string, says: RegExp][] = [
    [
      'chain silent',
      situation(vaultOf(balanced), { chainDown: 'ws://127.0.0.1: no answer' }),
      'CANNOT_ACT',
      /^The chain does not answer\. Ws:/i,
    ],
    [
      'paused for ever',
      situation(vaultOf(balanced, { pausedUntil: 2 ** 32 - 1 })),
      'PAUSED',
      /Paused by you\. .*until you resume/,
    ],
    ['paused for a while', situation(vaultOf(balanced, { pausedUntil: NOW + 600 })), 'PAUSED', /for 10 min more/],
    [
      'paused beats a silent keeper',
      situation(vaultOf(balanced, { pausedUntil: NOW + 600 }), { keeperSeenS: null }),
      'PAUSED',
      /Paused by the guardian/,
    ],
    ['a pause that is over', situation(vaultOf(balanced, { pausedUntil: NOW })), 'WATCHING', /Balanced/],
    ['no targets', situation(vaultOf([])), 'EMPTY', /No targets are set/],
    [
      'nothing deposited',
      situation(vaultOf(balanced.map((a) => ({ ...a, balance: 0n })))),
      'EMPTY',
      /The vault is empty/,
    ],
    ['no keeper ever', situation(vaultOf(balanced), { keeperSeenS: null }), 'KEEPER_SILENT', /No keeper is running/],
    ['keeper silent', situation(vaultOf(balanced), { keeperSeenS: 61 }), 'KEEPER_SILENT', /silent for 61 s/],
    ['keeper just alive', situation(vaultOf(balanced), { keeperSeenS: 60 }), 'WATCHING', /Balanced/],
    [
      'price stale',
      situation(
        vaultOf([
          asset(0, 'WETH', 5_000, 1n, { priceStatus: 'STALE', priceUsdE8: 0n, priceUpdatedAt: NOW - 7_200 }),
          ...drifted.slice(1),
        ]),
      ),
      'CANNOT_ACT',
      /price of WETH is stale\. It was last updated 2 h ago|price of WETH is stale\. It was last updated 120 min ago/,
    ],
    [
      'run under way',
      situation(vaultOf(drifted), { run: 'Slice 1 of 2 is signed' }),
      'TRADING',
      /in progress\. Slice 1 of 2 is signed\./,
    ],
    ['epoch open', situation(vaultOf(drifted, { epoch: 3, epochEnd: NOW + 60 })), 'TRADING', /in progress/],
    [
      'drifted, not checked yet',
      situation(vaultOf(drifted)),
      'WATCHING',
      /A trade is due\. Largest drift: WETH \+9\.0 of 5\.0/,
    ],
    [
      'cooling down',
      situation(vaultOf(drifted, { epoch: 3, epochEnd: NOW - 600 })),
      'WAITING',
      /too recent\. .*may begin in 50 min/,
    ],
    [
      'last trade failed',
      situation(vaultOf(drifted), { lastCheck: check({ outcome: 'FAILED', sentence: 'The pool moved' }) }),
      'WAITING',
      /did not go through\. The pool moved\./,
    ],
    [
      'due but nothing worth trading',
      situation(vaultOf(drifted), {
        lastCheck: check({
          outcome: 'NO_TRADE',
          due: { kind: 'DEVIATION', reason: 'DEVIATION', retryAt: 0 },
          sentence: 'No leg earns its gas',
        }),
      }),
      'WATCHING',
      /No trade is needed\. No leg earns its gas\./,
    ],
    ['every block', situation(vaultOf(balanced), { nextCheckAt: null }), 'WATCHING', /Every block is checked/],
  ];
  it.each(cases)('%s', (_name, s, activity, says) => {
    const words = headlineOf(s);
    expect(words.activity).toBe(activity);
    expect(`${words.headline} ${words.detail}`).toMatch(says);
    expect(words.headline).toMatch(/\.$/);
  });
});
