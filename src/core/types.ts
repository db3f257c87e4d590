/**
 * The vocabulary of Evenkeel. Everything that flows between modules is one of these plain, serialisable shapes.
 *
 * Units: `amount` base units of a token; `UsdE8` US dollars times 1e8; `Bps` 1/10,000; `Wei`; times are unix seconds.
 * Drift is weight minus target, in bps of NAV (100 bps = 1 point).
 */

export type Hex = `0x${string}`;
export type Address = Hex;

/** Which way an asset may be traded. */
export const SIDES = ['TRADE', 'BUY_ONLY', 'SELL_ONLY', 'LOCKED'] as const;
export type Side = (typeof SIDES)[number];

export const MODES = ['REHEARSAL', 'FORK', 'TESTNET', 'LIVE'] as const;
export type Mode = (typeof MODES)[number];

/* ---- what the chain says ------------------------------------------------------------------------------------ */

/** In the order of `enum PriceStatus` of IOracleHub.sol. */
export const PRICE_STATUSES = [
  'OK',
  'STALE',
  'INVALID',
  'OUT_OF_BOUNDS',
  'UNREACHABLE',
  'DIVERGED',
  'SEQUENCER_DOWN',
] as const;
export type PriceStatus = (typeof PRICE_STATUSES)[number];

export type AssetState = {
  readonly index: number;
  readonly token: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly feedId: Hex;
  readonly targetBps: number;
  readonly bandBps: number;
  /** What a stop sells into; never stopped itself. */
  readonly safe: boolean;
  /** At or below it the asset is sold out; 0n = no stop. */
  readonly stopPriceUsdE8: bigint;
  /** At or above it the asset is sold out; 0n = no take-profit. */
  readonly takePriceUsdE8: bigint;
  readonly balance: bigint;
  /** False when the token refused to tell the balance, which is then 0n. */
  readonly balanceKnown: boolean;
  /** 0n unless `priceStatus` is OK. */
  readonly priceUsdE8: bigint;
  readonly priceUpdatedAt: number;
  readonly priceStatus: PriceStatus;
  /** {s} oldest age at which the feed's answer is still a price; absent when the reader did not ask the hub. */
  readonly heartbeatS?: number;
};

/** Mirrors `struct Policy` of IVault.sol. */
export type VaultPolicy = {
  readonly destinationBps: number;
  readonly innerBandBps: number;
  readonly scheduleS: number;
  readonly cooldownS: number;
  readonly maxSlipBps: number;
  readonly lossBpsPerDay: number;
  readonly maxSliceBps: number;
  readonly sliceCooldownS: number;
  readonly minTradeUsdE2: number;
  readonly maxGasPriceMwei: number;
  readonly ttlS: number;
  readonly premiumBps: number;
  readonly relaxS: number;
  readonly open: boolean;
  readonly snapshotS: number;
  readonly stopLossBps: number;
  readonly takeProfitBps: number;
  readonly confirmS: number;
  readonly tipBps: number;
  readonly maxTipUsdE2: number;
  readonly tipPerDayUsdE2: number;
};

/** Mirrors `struct State` of IVault.sol. */
export type EpochState = {
  readonly epoch: number;
  readonly sequence: number;
  readonly epochStart: number;
  readonly lastSliceAt: number;
  readonly epochEnd: number;
  readonly pausedUntil: number;
  readonly snapshotAt: number;
  readonly epochNavUsdE8: bigint;
  /** Level of the loss bucket at `lastSliceAt`. */
  readonly lossUsdE8: bigint;
  /** Bit i: asset i was sold in this epoch, so it cannot be bought in it. */
  readonly sold: number;
  /** Bit i: asset i was stopped; its target is 0 until the owner resets. */
  readonly stopped: number;
  /** The stop's reference is that of the present holdings. */
  readonly referenceLive: boolean;
  readonly ownerMoved: boolean;
};

/** Mirrors `struct Stop` of IVault.sol. */
export type StopState = {
  readonly baseUsdE8: bigint;
  readonly highUsdE8: bigint;
  readonly armedAt: number;
  /** Bit i: asset i is stopped if its condition still holds `confirmS` after `armedAt`. */
  readonly armed: number;
};

export type VaultState = {
  readonly address: Address;
  readonly owner: Address;
  readonly policy: VaultPolicy;
  readonly state: EpochState;
  readonly stop: StopState;
  /** {s} since when the chain's sequencer has been up for longer than the grace period; 0 = it has none. */
  readonly upSince: number;
  /** As the owner set them, whatever is stopped: see `inForce`. */
  readonly assets: readonly AssetState[];
};

export type V2PoolState = {
  readonly venue: 'UNISWAP_V2';
  readonly address: Address;
  readonly token0: Address;
  readonly token1: Address;
  readonly reserve0: bigint;
  readonly reserve1: bigint;
};

export type TickState = { readonly index: number; readonly liquidityNet: bigint };

export type V3PoolState = {
  readonly venue: 'UNISWAP_V3';
  readonly address: Address;
  readonly token0: Address;
  readonly token1: Address;
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  readonly liquidity: bigint;
  /** `ticks` covers [minTick, maxTick]; a swap that would leave the window cannot be quoted. */
  readonly minTick: number;
  readonly maxTick: number;
  readonly ticks: readonly TickState[];
};

/** A pool inside Uniswap V4's PoolManager. Its ether counts as wrapped ether: `token0` and `token1` are never zero. */
export type V4PoolState = Omit<V3PoolState, 'venue' | 'address' | 'feePips'> & {
  readonly venue: 'UNISWAP_V4';
  /** Its id: the hash of its key. */
  readonly address: Hex;
  readonly hooks: Address;
  /** Fee as the key has it; 0x800000 = set by its hooks. */
  readonly keyFee: number;
  /** {1e-6} of the liquidity providers, at this block. */
  readonly lpFeePips: number;
  /** {1e-6} by direction: token0 for token1, and back. */
  readonly protocolFeePips: readonly [number, number];
  /** One of its currencies is ether itself. */
  readonly native: boolean;
};

/** A pool of Balancer's V3 vault. Balances are scaled to 18 decimals and by the rates of their tokens. */
export type BalancerPoolState = {
  readonly venue: 'BALANCER_V3';
  readonly address: Address;
  readonly tokens: readonly Address[];
  readonly balancesE18: readonly bigint[];
  /** 10 ** (18 - decimals) */
  readonly scalingFactors: readonly bigint[];
  /** {1e-18} 1e18 for a token without rate. */
  readonly ratesE18: readonly bigint[];
  readonly swapFeeE18: bigint;
  /** {1e-18 of the swap fee} that leaves the pool. */
  readonly aggregateFeeE18: bigint;
  readonly curve:
    | { readonly kind: 'WEIGHTED'; readonly weightsE18: readonly bigint[] }
    /** Amplification times 1000. */
    | { readonly kind: 'STABLE'; readonly ampE3: bigint };
};

/** Names a pool of Uniswap V4; `currency0` zero = ether itself. */
export type V4Key = {
  readonly currency0: Address;
  readonly currency1: Address;
  readonly fee: number;
  readonly tickSpacing: number;
  readonly hooks: Address;
};

/** A pool as the config names it. */
export type PoolRef =
  | { readonly venue: 'UNISWAP_V2' | 'UNISWAP_V3' | 'BALANCER_V3'; readonly address: Address }
  | { readonly venue: 'UNISWAP_V4'; readonly key: V4Key };

/** A pool of the config that cannot be traded with now, and why. */
export type LeftOutPool = { readonly venue: VenueName; readonly pool: Hex; readonly reason: string };

export type PoolState = V2PoolState | V3PoolState | V4PoolState | BalancerPoolState;
export type VenueName = PoolState['venue'];

export type GasState = {
  readonly baseFeeWei: bigint;
  readonly priorityFeeWei: bigint;
  /** {1/10,000} what a simulation of the first slice used of what was expected; 10,000 before there was one. */
  readonly scaleE4: number;
  /** Dollars per whole native coin, to express gas in dollars. */
  readonly nativeUsdE8: bigint;
};

export type BlockRef = { readonly number: number; readonly hash: Hex; readonly time: number };

/**
 * Quantiles of the gas price by UTC hour of the day, of some weeks. Row h, column p: the price that was not exceeded in the
 * share `probabilities[p]` of the looks at hour h.
 */
export type HourlyGas = {
  /** Rising from 0 to 1. */
  readonly probabilities: readonly number[];
  /** {wei} 24 rows, each rising. */
  readonly quantilesWei: readonly (readonly number[])[];
};

/** Everything one decision looks at, read at one block hash from one provider. */
export type Snapshot = {
  readonly schema: 'evenkeel.snapshot/3';
  readonly chainId: number;
  readonly mode: Mode;
  readonly block: BlockRef;
  readonly vault: VaultState;
  /** Empty while nothing is due. */
  readonly pools: readonly PoolState[];
  readonly leftOut: readonly LeftOutPool[];
  /** What carries a fill over several pools, or with ether itself; null = nothing does. */
  readonly pathFiller: Address | null;
  readonly gas: GasState;
  /** null until a trade is proposed, or while too little is known. */
  readonly hourlyGas: HourlyGas | null;
};

/* ---- what the owner wants from the keeper (the vault enforces its own limits on top) ---------------------------- */

export const FREQUENCIES = ['hourly', 'six-hourly', 'every-block'] as const;
export type Frequency = (typeof FREQUENCIES)[number];

export type KeeperRule = {
  readonly frequency: Frequency;
  /** Hold while base fee plus priority fee is above this; null = no ceiling. */
  readonly maxGasPriceWei: bigint | null;
  /** Hold when the gas of a whole plan costs more than this; null = no ceiling. */
  readonly maxGasUsdE8: bigint | null;
  /** Hold when any leg moves its pool by more than this. */
  readonly maxImpactBps: number;
  /** Hold when the expected cost takes longer than this to be earned back by lower tracking error. */
  readonly maxPaybackDays: number;
  /** Annual volatility of a risky asset against the rest, for the expected saving. */
  readonly volatilityBps: number;
  /** Relative risk aversion gamma times 100 (research: 3.00), for the expected saving. */
  readonly riskAversionE2: number;
  /** Hold while waiting is expected to save more gas than the drift costs until then. */
  readonly waitForGas: boolean;
  /** By symbol; what is not named may be traded both ways. */
  readonly sides: Readonly<Record<string, Side>>;
  /** Symbol of the only asset that is ever sold; null = each as its side says. A stop sells all the same. */
  readonly buyOnlyWith: string | null;
  /** {s} between two blocks of the chain, as a rule. */
  readonly blockTimeS: number;
};

/* ---- decisions --------------------------------------------------------------------------------------------------- */

export const OUTCOMES = ['TRADED', 'NO_TRADE', 'HELD_BACK', 'FAILED', 'SKIPPED'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const REASONS = [
  'DEVIATION',
  'SCHEDULE',
  'CONTINUE',
  'STOPPED',
  'STOP_REFERENCE',
  'STOP_ARMED',
  'STOP_DISARMED',
  'STOP_FIRED',
  'IN_BAND',
  'COOLDOWN',
  'BELOW_MIN_TRADE',
  'COST_EXCEEDS_BENEFIT',
  'GAS_ABOVE_CAP',
  'GAS_MAY_FALL',
  'PRICE_STALE',
  'PRICE_INVALID',
  'PRICE_OUT_OF_BOUNDS',
  'PRICE_UNREACHABLE',
  'PRICE_DIVERGED',
  'SEQUENCER_DOWN',
  'BALANCE_UNREADABLE',
  'POOL_PRICE_DIVERGES',
  'IMPACT_ABOVE_CAP',
  'SLIPPAGE_WOULD_EXCEED',
  'LOSS_BUDGET_SPENT',
  'SOLD_IN_EPOCH',
  'NO_ROUTE',
  'NO_TARGETS',
  'EMPTY',
  'PAUSED',
  'RUN_IN_PROGRESS',
  'CHAIN_BEHIND',
  'RPC_UNREACHABLE',
  'SIMULATION_REVERTED',
  'TX_REVERTED',
  'TX_EXPIRED',
  'TX_REPLACED',
  'SIGNER_HALTED',
  'OUT_OF_GAS_MONEY',
  'MISSED_CHECK',
] as const;
export type Reason = (typeof REASONS)[number];

/** In the order of `enum Due` of IVault.sol. */
export const DUE_KINDS = ['NONE', 'DEVIATION', 'SCHEDULE', 'CONTINUE', 'STOP'] as const;
export type DueKind = (typeof DUE_KINDS)[number];
export type TradeKind = Exclude<DueKind, 'NONE'>;
/** STOP_CHECK trades nothing: it lets the vault look at its stops. */
export type PlanKind = TradeKind | 'STOP_CHECK';

/** The vault's own answer, recomputed by core; must equal `Vault.due()` for the same inputs. */
export type DueState = { readonly kind: DueKind; readonly reason: Reason; readonly retryAt: number };

export type GuardUnit = 'BPS' | 'USD_E8' | 'SECONDS' | 'WEI' | 'DAYS' | 'COUNT' | 'FLAG';

/** One limit as value, limit and verdict. `value` and `limit` are integers in `unit`, as decimal strings. */
export type Guard = {
  readonly code: Reason;
  /** Short noun, e.g. "price age WETH", "gas price". */
  readonly name: string;
  readonly unit: GuardUnit;
  readonly value: string;
  readonly limit: string;
  readonly pass: boolean;
  readonly enforcedBy: 'VAULT' | 'KEEPER';
};

export type AssetView = {
  readonly symbol: string;
  readonly token: Address;
  readonly decimals: number;
  readonly balance: bigint;
  readonly priceUsdE8: bigint;
  readonly priceAgeS: number;
  readonly priceStatus: PriceStatus;
  readonly valueUsdE8: bigint;
  readonly weightBps: number;
  readonly targetBps: number;
  readonly bandBps: number;
  readonly driftBps: number;
};

/** One swap of a leg: all that a transaction needs to name the pool. */
export type Hop = { readonly tokenOut: Address; readonly pool: Hex } & (
  | { readonly venue: 'UNISWAP_V2' | 'UNISWAP_V3' | 'BALANCER_V3' }
  | {
      readonly venue: 'UNISWAP_V4';
      readonly keyFee: number;
      readonly tickSpacing: number;
      readonly hooks: Address;
      readonly native: boolean;
    }
);

/** One fill as planned. Amounts are exact; what the vault will clamp has been clamped already. */
export type Leg = {
  readonly sell: number;
  readonly buy: number;
  readonly sellSymbol: string;
  readonly buySymbol: string;
  /** One or more; two or more run through the path filler as one fill. */
  readonly hops: readonly Hop[];
  readonly amountIn: bigint;
  readonly quotedOut: bigint;
  readonly minOut: bigint;
  readonly valueUsdE8: bigint;
  /** Fees of its pools, in dollars at oracle prices. */
  readonly feeUsdE8: bigint;
  /** Value lost to moving the pools: mid prices minus fees minus quote. */
  readonly impactUsdE8: bigint;
  /** Of the hop that moves its pool most. */
  readonly impactBps: number;
  readonly gasUnits: bigint;
};

/** A slice of sequence -1 has no legs: it opens the epoch, so that its demand begins to relax. Nor has the only one of a STOP_CHECK. */
export const STOP_CHECK_SEQUENCE = -2;

export type PlannedSlice = { readonly sequence: number; readonly notBefore: number; readonly legs: readonly Leg[] };

export type CostEstimate = {
  readonly gasUsdE8: bigint;
  readonly feeUsdE8: bigint;
  readonly impactUsdE8: bigint;
  readonly totalUsdE8: bigint;
};

/** What a fixed band, pair by pair through one asset and a single swap each, would have cost on the same pools. */
export type NaiveAlternative = {
  /** Symbol of the asset that every pair goes through. */
  readonly cash: string;
  /** Is any drift beyond its band of 5 points at all? */
  readonly trades: boolean;
  readonly swaps: number;
  readonly movedUsdE8: bigint;
  readonly cost: CostEstimate;
  /** Symbols it could not have traded. */
  readonly unreachable: readonly string[];
};

export type Plan = {
  readonly schema: 'evenkeel.plan/3';
  readonly vault: Address;
  readonly chainId: number;
  readonly block: BlockRef;
  readonly kind: PlanKind;
  /** Epoch in which the slices execute: state.epoch + 1 unless an epoch is open. */
  readonly epoch: number;
  readonly slices: readonly PlannedSlice[];
  readonly cost: CostEstimate;
  /** null: there is nothing to compare with. */
  readonly naive: NaiveAlternative | null;
  readonly yearlySavingUsdE8: bigint;
  readonly paybackDays: number;
  readonly driftAfterBps: readonly number[];
  /** Drift that could not be traded away, with why: "LINK: no pool against WBTC". */
  readonly leftOver: readonly { readonly symbol: string; readonly reason: Reason; readonly detail: string }[];
};

/** What actually happened, from receipts. Costs sum to `totalUsdE8`. */
export type Realised = {
  readonly fills: readonly {
    readonly sellSymbol: string;
    readonly buySymbol: string;
    readonly amountIn: bigint;
    readonly amountOut: bigint;
    readonly quotedOut: bigint;
    readonly txHash: Hex;
  }[];
  readonly gasUnits: bigint;
  readonly gasWei: bigint;
  readonly gasUsdE8: bigint;
  readonly feeUsdE8: bigint;
  readonly impactUsdE8: bigint;
  /** Promised minus received: quotedOut minus amountOut at oracle price; may be negative. */
  readonly slippageUsdE8: bigint;
  readonly totalUsdE8: bigint;
  readonly driftAfterBps: readonly number[];
};

/** One check, from its deciding inputs to its realised outcome. Feeds CLI, API, dashboard and alerts. */
export type DecisionRecord = {
  readonly schema: 'evenkeel.decision/3';
  readonly checkId: number;
  readonly chainId: number;
  readonly mode: Mode;
  readonly vault: Address;
  readonly block: BlockRef;
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly secondary: readonly Reason[];
  /** One plain sentence: what was decided and why. */
  readonly sentence: string;
  /** What would have to change for the outcome to change; null for TRADED. */
  readonly counterfactual: string | null;
  readonly due: DueState;
  readonly navUsdE8: bigint;
  /** Value of the deposited coins had nobody ever traded; null when a price is missing. */
  readonly holdNavUsdE8: bigint | null;
  readonly gas: GasState;
  readonly assets: readonly AssetView[];
  readonly guards: readonly Guard[];
  readonly plan: Plan | null;
  readonly txHashes: readonly Hex[];
  readonly realised: Realised | null;
};

/** A decision record in a line: what lists, event streams and logs show of it. */
export type CheckSummary = {
  readonly checkId: number;
  /** Chain time. */
  readonly time: number;
  readonly block: number;
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly sentence: string;
  readonly maxDriftBps: number;
  readonly costUsdE8: bigint | null;
  readonly txHashes: readonly Hex[];
};

/** What runs have cost. The parts sum to `totalUsdE8`. */
export type Costs = {
  readonly gasUsdE8: bigint;
  readonly feeUsdE8: bigint;
  readonly impactUsdE8: bigint;
  readonly slippageUsdE8: bigint;
  readonly totalUsdE8: bigint;
};
