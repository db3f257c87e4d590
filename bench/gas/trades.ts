/** What is traded: always $10,000, so that all rows compare. */
import type { Market, Trade } from './market.ts';

export const TRADE_USD = 10_000;

const trade = (market: Market, sell: string, buy: string): Trade => ({
  sell: market.token(sell),
  buy: market.token(buy),
  usd: TRADE_USD,
});

export const single = (market: Market): Trade => trade(market, 'WETH', 'USDC');

/** Four trades over five assets, each from what is too much to what is too little. */
export const rebalance = (market: Market): Trade[] => [
  trade(market, 'WETH', 'USDC'),
  trade(market, 'WBTC', 'USDC'),
  trade(market, 'WETH', 'LINK'),
  trade(market, 'WETH', 'UNI'),
];

/** The same rebalance with USDC as the hub. Only who lets an asset pass through can trade so; we never do. */
export const throughUsdc = (market: Market): Trade[] => [
  trade(market, 'WETH', 'USDC'),
  trade(market, 'WBTC', 'USDC'),
  trade(market, 'USDC', 'LINK'),
  trade(market, 'USDC', 'UNI'),
];
