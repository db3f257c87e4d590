/** Small invented scenarios, each about one thing that must hold. Start prices are those of 2023-09-01. */
import { POOLS, type TokenSymbol } from '../layout.ts';
import type { Scenario, Turn } from './scenario.ts';

const START: Readonly<Record<TokenSymbol, number>> = { WETH: 1629.1, WBTC: 25805, LINK: 5.941, UNI: 4.262, USDC: 1 };
const startTime = Date.UTC(2023, 8, 1) / 1000;

const turn = (hour: number, factors: Partial<Record<TokenSymbol, number>> = {}): Turn => ({
  hour,
  price: {
    WETH: START.WETH * (factors.WETH ?? 1),
    WBTC: START.WBTC * (factors.WBTC ?? 1),
    LINK: START.LINK * (factors.LINK ?? 1),
    UNI: START.UNI * (factors.UNI ?? 1),
    USDC: START.USDC * (factors.USDC ?? 1),
  },
});

export const flat: Scenario = {
  name: 'flat',
  title: 'Flat',
  summary: 'No price moves for two days: nothing may be traded after the first balance.',
  startTime,
  hours: 48,
  gasMeanGwei: 20,
  market: { kind: 'turns', turns: [turn(0), turn(48)], volatilityPercentPerYear: 0 },
  events: [],
};

export const gasSpike: Scenario = {
  name: 'gas-spike',
  title: 'Gas spike',
  summary: 'ETH rises by 30 % while gas costs 900 gwei for twelve hours: the keeper must wait.',
  startTime,
  hours: 48,
  gasMeanGwei: 20,
  market: {
    kind: 'turns',
    turns: [turn(0), turn(6), turn(12, { WETH: 1.3, WBTC: 1.05 }), turn(48, { WETH: 1.3, WBTC: 1.05 })],
    volatilityPercentPerYear: 20,
  },
  events: [{ kind: 'GAS', gwei: 900, fromHour: 8, toHour: 20 }],
};

export const frozenFeed: Scenario = {
  name: 'frozen-feed',
  title: 'Frozen feed',
  summary: 'The ETH feed stops for twelve hours while ETH falls by 25 %: its price must not be used.',
  startTime,
  hours: 48,
  gasMeanGwei: 20,
  market: {
    kind: 'turns',
    turns: [turn(0), turn(6), turn(18, { WETH: 0.75, WBTC: 0.9 }), turn(48, { WETH: 0.78, WBTC: 0.92 })],
    volatilityPercentPerYear: 40,
  },
  events: [{ kind: 'FREEZE_FEED', symbol: 'WETH', fromHour: 6, toHour: 18 }],
};

export const thinPool: Scenario = {
  name: 'thin-pool',
  title: 'Thin pools',
  summary: 'LINK rises by 60 % after its liquidity providers left: large trades would move the price too far.',
  startTime,
  hours: 48,
  gasMeanGwei: 20,
  market: {
    kind: 'turns',
    turns: [turn(0), turn(8), turn(14, { LINK: 1.6, WETH: 1.04 }), turn(48, { LINK: 1.65, WETH: 1.02 })],
    volatilityPercentPerYear: 40,
  },
  events: [
    {
      kind: 'DRAIN_POOLS',
      pools: POOLS.filter((p) => p.pair.includes('LINK')).map((p) => p.name),
      keepBps: 50,
      atHour: 7,
    },
  ],
};
