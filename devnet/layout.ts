/** What a devnet consists of: tokens, feeds and pools. Majors are deep, LINK and UNI ten times thinner. */

export const SYMBOLS = ['WETH', 'USDC', 'WBTC', 'LINK', 'UNI'] as const;
export type TokenSymbol = (typeof SYMBOLS)[number];

export type TokenSpec = {
  readonly name: string;
  readonly decimals: number;
  readonly feed: {
    readonly description: string;
    /** Seconds after which the oracles report even though nothing moved. */
    readonly heartbeatS: number;
    /** Move against the last answer at which they report at once. */
    readonly deviationBps: number;
    /** Answers at or beyond these are clamps of the feed, not prices. */
    readonly minPriceUsdE8: bigint;
    readonly maxPriceUsdE8: bigint;
  };
};

const E8 = 100_000_000n;
const feed = (asset: string, heartbeatS: number, deviationBps: number, minUsd: bigint, maxUsd: bigint) => ({
  description: `${asset} / USD`,
  heartbeatS,
  deviationBps,
  minPriceUsdE8: (minUsd * E8) / 100n,
  maxPriceUsdE8: (maxUsd * E8) / 100n,
});

/** Heartbeat and deviation as the Ethereum mainnet feeds have them; bounds in cents. */
export const TOKENS: Readonly<Record<TokenSymbol, TokenSpec>> = {
  WETH: { name: 'Wrapped Ether', decimals: 18, feed: feed('ETH', 3_600, 50, 1_000n, 10_000_000n) },
  USDC: { name: 'USD Coin', decimals: 6, feed: feed('USDC', 86_400, 25, 1n, 1_000n) },
  WBTC: { name: 'Wrapped BTC', decimals: 8, feed: feed('BTC', 3_600, 50, 10_000n, 1_000_000_000n) },
  LINK: { name: 'ChainLink Token', decimals: 18, feed: feed('LINK', 3_600, 100, 1n, 1_000_000n) },
  UNI: { name: 'Uniswap', decimals: 18, feed: feed('UNI', 3_600, 100, 1n, 1_000_000n) },
};

/**
 * What the vault's feeds are registered with beyond the heartbeat: a report that is due takes a moment to land, and
 * readers that allow no margin see a stale price once an hour.
 */
export const HEARTBEAT_MARGIN_S = 300;

export type PoolSpec = {
  readonly name: string;
  readonly venue: 'UNISWAP_V2' | 'UNISWAP_V3';
  readonly pair: readonly [TokenSymbol, TokenSymbol];
  readonly feePips: number;
  /** Virtual dollars per side at the first price: a trade of v moves the price by about 2v/depth. */
  readonly depthUsd: number;
};

const v3 = (a: TokenSymbol, b: TokenSymbol, feePips: number, depthUsd: number): PoolSpec => ({
  name: `${a}/${b} V3 ${feePips / 10_000} %`,
  venue: 'UNISWAP_V3',
  pair: [a, b],
  feePips,
  depthUsd,
});
const v2 = (a: TokenSymbol, b: TokenSymbol, depthUsd: number): PoolSpec => ({
  name: `${a}/${b} V2`,
  venue: 'UNISWAP_V2',
  pair: [a, b],
  feePips: 3_000,
  depthUsd,
});

export const POOLS: readonly PoolSpec[] = [
  v3('WETH', 'USDC', 500, 100_000_000),
  v2('WETH', 'USDC', 50_000_000),
  v3('WBTC', 'WETH', 500, 100_000_000),
  v3('WBTC', 'WETH', 3_000, 100_000_000),
  v3('WBTC', 'USDC', 3_000, 50_000_000),
  v3('LINK', 'WETH', 3_000, 10_000_000),
  v2('LINK', 'WETH', 4_000_000),
  v3('LINK', 'USDC', 3_000, 6_000_000),
  v3('UNI', 'WETH', 3_000, 10_000_000),
  v3('UNI', 'USDC', 3_000, 6_000_000),
];

/** What the owner's wallet holds of each token before the vault exists, in dollars: any mix of $25,000 can be deposited. */
export const OWNER_USD_PER_TOKEN = 25_000;
export const OWNER_ETH = 20;
export const KEEPER_ETH = 100;
