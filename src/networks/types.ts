/** What is known of a public chain before anything of ours is on it. Every address says where it was taken from. */
import type { Address } from '../core/types.ts';

export const NETWORK_IDS = ['ethereum', 'polygon', 'arbitrum', 'optimism', 'base', 'sepolia'] as const;
export type NetworkId = (typeof NETWORK_IDS)[number];

export type Sourced = {
  readonly address: Address;
  /** Package, version and key; docs/deploy.md says how to look it up again. */
  readonly source: string;
};

export type Feed = Sourced & {
  /** As Chainlink names it, e.g. "ETH / USD". */
  readonly pair: string;
  readonly decimals: number;
  /** {s} longest pause between two answers; null: no source says it */
  readonly heartbeatS: number | null;
  readonly heartbeatSource: string | null;
};

export type Token = Sourced & {
  readonly symbol: string;
  readonly decimals: number;
  /** Feeds whose product is the token's price in dollars. */
  readonly pricedBy: readonly string[];
};

export type Network = {
  readonly id: NetworkId;
  readonly chainId: number;
  readonly name: string;
  readonly nativeSymbol: string;
  readonly testnet: boolean;
  /** {ms} between two blocks */
  readonly blockTimeMs: number;
  /** {gas} most that one transaction may ask for */
  readonly maxTxGas: number;
  readonly finality: {
    /** Whose consensus a block must pass until it cannot be taken back. */
    readonly by: 'own' | 'ethereum';
    /** {s} until then; null: no source says it */
    readonly typicalS: number | null;
    readonly source: string;
  };
  readonly wrappedNative: Sourced;
  /** null: not on this chain as far as the source knows */
  readonly uniswapV2Factory: Sourced | null;
  readonly uniswapV3Factory: Sourced | null;
  readonly uniswapV4PoolManager: Sourced | null;
  readonly balancerV3Vault: Sourced | null;
  /** Chainlink's uptime feed of a rollup's sequencer; null on chains without one */
  readonly sequencerFeed: Sourced | null;
  /** {s} after the sequencer is back, before prices count again; 0 without a sequencer */
  readonly sequencerGraceS: number;
  readonly feeds: readonly Feed[];
  readonly tokens: readonly Token[];
};
