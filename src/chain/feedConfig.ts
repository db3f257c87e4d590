/** What the OracleHub is told about a price feed. */
import type { Address } from '../core/types.ts';

export const NO_ADDRESS: Address = '0x0000000000000000000000000000000000000000';

export type PlainFeed = {
  readonly feed: Address;
  readonly heartbeat: number;
  readonly decimals: number;
  readonly minPriceUsdE8: bigint;
  readonly maxPriceUsdE8: bigint;
};

/** `FeedConfig` of IOracleHub.sol for an aggregator that answers in dollars, without a second source. */
export function plainFeedConfig(feed: PlainFeed) {
  return {
    ...feed,
    quoteFeed: NO_ADDRESS,
    quoteHeartbeat: 0,
    quoteDecimals: 0,
    wrapper: NO_ADDRESS,
    wrapperDecimals: 0,
    wrapperAssetDecimals: 0,
    second: {
      kind: 0,
      maxDivergenceBps: 0,
      source: NO_ADDRESS,
      window: 0,
      decimals: 0,
      baseIsToken0: false,
      baseDecimals: 0,
      quoteDecimals: 0,
      quoteFeed: NO_ADDRESS,
      quoteHeartbeat: 0,
      quoteFeedDecimals: 0,
    },
  };
}
