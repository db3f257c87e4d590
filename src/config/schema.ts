/**
 * The one schema of keel.config.json, in the units people think in. `.describe()` is the remedy shown when a value does
 * not fit. Keys live in their own files, so the config can be shown to anyone.
 */
import { getAddress, isAddress } from 'viem';
import { z } from 'zod';
import {
  type Address,
  FREQUENCIES,
  type Hex,
  type KeeperRule,
  MODES,
  type Mode,
  type PoolRef,
  SIDES,
  type VaultPolicy,
} from '../core/types.ts';

const TWO_DECIMALS = 0.01;
const YEAR_S = 31_536_000;

const percent = (min: number, max: number, what: string) =>
  z.number().min(min).max(max).multipleOf(TWO_DECIMALS).describe(`${what}, ${min} to ${max} with at most two decimals`);
const seconds = (min: number, max: number, what: string) =>
  z.int().min(min).max(max).describe(`${what} in whole seconds, ${min} to ${max}`);
const usdPrice = (what: string) => z.number().positive().max(100_000_000_000).describe(`${what}, or null for none`);
const text = (what: string) => z.string().min(1).describe(what);

const anyAddress = z
  .string()
  .superRefine((value, context) => {
    if (!/^0x[0-9a-fA-F]{40}$/.test(value))
      context.addIssue({
        code: 'custom',
        message: 'is not an address (0x and 40 hex digits)',
        params: { code: 'BAD_ADDRESS' },
      });
    else if (!isAddress(value, { strict: true }))
      context.addIssue({
        code: 'custom',
        message: 'has a wrong checksum, so at least one character was mistyped',
        params: {
          code: 'BAD_ADDRESS_CHECKSUM',
          remedy: 'Copy the address again from its source, or write it all in lower case if you are sure',
        },
      });
  })
  .transform((value): Address => getAddress(value));

const ZERO: Address = '0x0000000000000000000000000000000000000000';
const orZero = (meaning: string) => anyAddress.describe(`an address: 0x and 40 hex digits, or zero for ${meaning}`);
const address = anyAddress
  .refine((value) => value !== ZERO, { error: 'is the zero address', params: { code: 'BAD_ADDRESS' } })
  .describe('an address: 0x and 40 hex digits');

const feedId = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((value) => value.toLowerCase() as Hex)
  .describe('the id of a feed of the OracleHub: 0x and 64 hex digits');

const symbol = z
  .string()
  .regex(/^[\p{L}\p{N}.+_$-]{1,16}$/u)
  .describe('a token symbol of 1 to 16 letters, digits or . + _ $ -');

const url = (schemes: readonly string[], what: string) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol), {
      error: `is not a URL that begins with ${schemes.map((s) => `${s}//`).join(' or ')}`,
    })
    .describe(what);

export const rpcUrlSchema = url(['http:', 'https:', 'ws:', 'wss:'], 'the URL of a node, e.g. ws://127.0.0.1:8545');
export const wsUrlSchema = url(['ws:', 'wss:'], 'the WebSocket URL of the same node, e.g. ws://127.0.0.1:8545');
export const databaseUrlSchema = url(
  ['postgres:', 'postgresql:'],
  'a PostgreSQL URL, e.g. postgres://keel@127.0.0.1:5432/keel',
);

const keyFile = z.strictObject({
  keyFile: text('the path of a key file (hex private key or V3 keystore) of mode 0600'),
  passwordFile: text('the path of a file of mode 0600 with the password of the keystore').optional(),
});

const autoBand = z.strictObject({
  costPercent: percent(0, 20, 'what trading it costs one way: fee, half spread and expected impact').default(0.3),
});

const band = z
  .strictObject({
    points: z.number().describe('the band in points of the portfolio, 0.5 to 20').optional(),
    relativePercent: z.number().describe('the band in percent of the target, e.g. 12.5').optional(),
    auto: autoBand.describe('{} or { "costPercent": 0.3 }: the band that costs least').optional(),
  })
  .superRefine((value, context) => {
    if (Object.values(value).filter((v) => v !== undefined).length !== 1)
      context.addIssue({ code: 'custom', message: 'needs exactly one of "points", "relativePercent" and "auto"' });
  })
  .transform(({ points, relativePercent, auto }) =>
    auto !== undefined
      ? { auto }
      : points !== undefined
        ? { points }
        : { relativePercent: relativePercent ?? Number.NaN },
  )
  .describe('one of { "points": 5 }, { "relativePercent": 12.5 } and { "auto": {} }');

/** What automatic bands follow from. */
const auto = z.strictObject({
  portfolioUsd: z.number().positive().max(1e12).describe('what the portfolio is worth in US dollars'),
  gasUsd: z.number().min(0).max(1_000_000).describe('the gas of one whole rebalance in US dollars'),
  maxTrackingErrorPercent: percent(0.01, 100, 'the yearly tracking error to allow instead of rule.riskAversion')
    .nullable()
    .default(null),
  targetMotion: z
    .number()
    .min(0.01)
    .max(100)
    .describe('the variance of the drift over what it were with resting targets, 1 = they rest')
    .default(1),
  correlationPercent: percent(0, 99, 'the correlation between any two assets').default(0),
  volatilitiesPercent: z
    .record(z.string(), percent(0, 1_000, 'the yearly volatility of the asset'))
    .nullable()
    .describe('the yearly volatility of each target by symbol, or null for rule.volatilityPercent each')
    .default(null),
});

/** As a fee, what pools of Uniswap V4 have whose hooks set it. */
const DYNAMIC_FEE = 0x800000;

const v4Key = z
  .strictObject({
    currency0: orZero('ether itself'),
    currency1: address,
    fee: z
      .int()
      .refine((fee) => fee === DYNAMIC_FEE || (fee >= 0 && fee <= 1_000_000), { error: 'is no fee of Uniswap V4' })
      .describe(`the fee in millionths, 0 to 1000000, or ${DYNAMIC_FEE} where hooks set it`),
    tickSpacing: z.int().min(1).max(32_767).describe('the tick spacing, 1 to 32767'),
    hooks: orZero('none'),
  })
  .refine((key) => BigInt(key.currency0) < BigInt(key.currency1), {
    error: 'has currency0 not below currency1',
    params: { code: 'BAD_POOL_KEY', remedy: 'Copy the key of the pool as it was initialised: the lower address first' },
  });

const POOL_VENUES = ['UNISWAP_V2', 'UNISWAP_V3', 'UNISWAP_V4', 'BALANCER_V3'] as const;

const pool = z
  .strictObject({
    venue: z.enum(POOL_VENUES).describe(POOL_VENUES.map((v) => `"${v}"`).join(', ')),
    address: address.optional(),
    key: v4Key.optional(),
  })
  .transform((value, context): PoolRef => {
    const { venue, address, key } = value;
    const [wanted, other] = venue === 'UNISWAP_V4' ? (['key', 'address'] as const) : (['address', 'key'] as const);
    if (venue === 'UNISWAP_V4' && key !== undefined && address === undefined) return { venue, key };
    if (venue !== 'UNISWAP_V4' && address !== undefined && key === undefined) return { venue, address };
    const missing = value[wanted] === undefined;
    const remedy = `Name a pool of ${venue} by its "${wanted}", and by nothing else`;
    context.addIssue({
      code: 'custom',
      path: [missing ? wanted : other],
      message: missing ? 'is required' : `does not belong to a pool of ${venue}`,
      params: { code: missing ? 'MISSING_KEY' : 'BAD_VALUE', remedy },
    });
    return z.NEVER;
  });

const limits = z.strictObject({
  destinationPercentOfBand: percent(
    0,
    100,
    'how much drift a rebalance leaves, in percent of the band (0 = back to target), or null for what suits automatic bands',
  )
    .nullable()
    .default(null),
  innerBandPoints: percent(0, 20, 'the smallest drift a scheduled rebalance acts on, in points').default(1),
  schedule: z
    .union([z.enum(['off', 'daily']), z.int().min(60).max(YEAR_S)])
    .describe(`"off", "daily" or whole seconds from 60 to ${YEAR_S}`)
    .default('off'),
  cooldownS: seconds(0, YEAR_S, 'the pause between two rebalances').default(3_600),
  maxSlipPercent: percent(0.01, 5, 'how much less than the oracle value a fill may return').default(1),
  lossPercentPerDay: percent(0.01, 3, 'how much of the portfolio may be lost to execution per day').default(1),
  maxSlicePercent: percent(0.01, 100, 'how much of the portfolio one transaction may sell').default(10),
  sliceCooldownS: seconds(0, 65_535, 'the pause between two transactions of one rebalance').default(60),
  minTradeUsd: percent(0.01, 1_000_000, 'the smallest trade in US dollars').default(10),
  maxGasGwei: z
    .number()
    .min(0.001)
    .max(4_000_000)
    .multipleOf(0.001)
    .nullable()
    .describe('the highest gas price the vault accepts in gwei, or null for no ceiling')
    .default(null),
  ttlS: seconds(60, 86_400, 'the time after which a rebalance ends by itself').default(3_600),
  premiumPercent: percent(0, 5, 'how much better than the oracle value a fill must be when a rebalance begins').default(
    0,
  ),
  relaxS: seconds(0, 86_400, 'the time over which that demand relaxes to maxSlipPercent, or 0 for at once').default(0),
  openToAnyone: z.boolean().describe('true or false: may anyone begin and fill within these limits').default(false),
  snapshotS: seconds(0, 86_400, 'the age at which a rebalance values the portfolio anew, or 0 for never').default(0),
  stopLossPercent: percent(0.01, 90, 'the fall of the portfolio from its highest value that sells everything')
    .nullable()
    .default(null),
  takeProfitPercent: percent(0.01, 600, 'the rise of the portfolio over its first value that sells everything')
    .nullable()
    .default(null),
  confirmS: seconds(0, 604_800, 'how long a stop must hold before it fires').default(0),
  tipPercent: percent(0, 0.2, 'what whoever executes a slice is paid, in percent of the value moved').default(0),
  maxTipUsd: percent(0, 1_000_000, 'the largest tip of one transaction in US dollars').default(0),
  tipPerDayUsd: percent(0, 1_000_000, 'the most paid in tips on one day in US dollars').default(0),
});

const rule = z.strictObject({
  frequency: z
    .enum(FREQUENCIES)
    .describe(FREQUENCIES.map((f) => `"${f}"`).join(', '))
    .default('hourly'),
  maxGasGwei: z
    .number()
    .min(0.001)
    .max(4_000_000)
    .multipleOf(0.001)
    .nullable()
    .describe('hold above this gas price in gwei, or null for no ceiling')
    .default(40),
  maxGasUsd: z
    .number()
    .min(TWO_DECIMALS)
    .max(1_000_000)
    .multipleOf(TWO_DECIMALS)
    .nullable()
    .describe('hold when the gas of a plan costs more US dollars, or null for no ceiling')
    .default(null),
  maxImpactPercent: percent(0.01, 100, 'hold when a trade moves its pool by more than this').default(1),
  maxPaybackDays: z
    .int()
    .min(1)
    .max(36_500)
    .describe('hold when the cost takes more whole days to earn back, 1 to 36500')
    .default(365),
  volatilityPercent: percent(0.01, 1_000, 'the yearly volatility of a risky asset against the rest').default(60),
  riskAversion: percent(0.01, 100, 'relative risk aversion, usually 3').default(3),
  waitForGas: z
    .boolean()
    .describe('true or false: hold while waiting is expected to save more gas than the drift costs until then')
    .default(true),
  sides: z
    .record(z.string(), z.enum(SIDES).describe(SIDES.map((s) => `"${s}"`).join(', ')))
    .describe('by symbol which way it may be traded; what is not named may be traded both ways')
    .default({}),
  buyOnlyWith: symbol.nullable().describe('the symbol of the only asset that is ever sold, or null').default(null),
  blockTimeS: z
    .number()
    .min(0.1)
    .max(600)
    .nullable()
    .describe('the seconds between two blocks, 0.1 to 600, or null for what the chain is known for')
    .default(null),
});

export const configFileSchema = z.strictObject({
  schema: z.literal('evenkeel.config/1').describe('"evenkeel.config/1"'),
  mode: z.enum(MODES).describe(MODES.map((m) => `"${m}"`).join(', ')),
  chainId: z.int().min(1).max(Number.MAX_SAFE_INTEGER).describe('the chain id, a whole number above 0'),
  rpcUrl: rpcUrlSchema,
  wsUrl: wsUrlSchema.optional(),
  contracts: z.strictObject({
    factory: address,
    hub: address,
    lens: address,
    weth: address,
    pathFiller: address.nullable().default(null),
    poolManager: address.nullable().default(null),
    balancerVault: address.nullable().default(null),
  }),
  vault: address.optional(),
  tokens: z
    .array(
      z.strictObject({
        symbol,
        address,
        decimals: z.int().min(0).max(36).describe('the decimals of the token, 0 to 36'),
        feedId,
      }),
    )
    .min(2)
    .max(32)
    .describe('2 to 32 tokens'),
  pools: z.array(pool).max(256).describe('at most 256 pools'),
  targets: z
    .array(
      z.strictObject({
        symbol,
        percent: z.number().describe('the target in percent, e.g. 40'),
        band,
        safe: z.boolean().describe('true or false: do stops sell into it').default(false),
        stopPriceUsd: usdPrice('the price in US dollars at or below which it is sold out').nullable().default(null),
        takePriceUsd: usdPrice('the price in US dollars at or above which it is sold out').nullable().default(null),
      }),
    )
    .min(2)
    .max(32)
    .describe('2 to 32 targets that sum to 100'),
  auto: auto.optional(),
  limits: limits.prefault({}),
  rule: rule.prefault({}),
  keeper: keyFile.optional(),
  owner: keyFile.optional(),
  dataDir: text('the directory for the database and run files').default('.keel'),
  databaseUrl: databaseUrlSchema.optional(),
  api: z
    .strictObject({
      host: text('the address to listen on, 127.0.0.1 unless you know why').default('127.0.0.1'),
      port: z.int().min(0).max(65_535).describe('a port from 1 to 65535, or 0 for any free one').default(4173),
    })
    .prefault({}),
});

/** keel.config.json as written by people: human units, defaults may be missing. */
export type ConfigFile = z.input<typeof configFileSchema>;
/** The same after defaults. */
export type ConfigFileFull = z.output<typeof configFileSchema>;

export type KeyFile = { readonly keyFile: string; readonly passwordFile?: string };

/** What the rest of the program gets: units of the vault, absolute paths, checked addresses. */
export type Config = {
  readonly mode: Mode;
  readonly chainId: number;
  readonly rpcUrl: string;
  /** Where new blocks are announced when rpcUrl is http; null = rpcUrl itself, by polling unless it is a WebSocket. */
  readonly wsUrl: string | null;
  readonly contracts: {
    readonly factory: Address;
    readonly hub: Address;
    readonly lens: Address;
    readonly weth: Address;
    /** Trades over several pools in one fill; null: every fill takes one pool. */
    readonly pathFiller: Address | null;
    /** Of Uniswap V4; null: no pool of the config is one of its. */
    readonly poolManager: Address | null;
    /** Balancer's V3 vault; null: no pool of the config is one of its. */
    readonly balancerVault: Address | null;
  };
  readonly vault: Address;
  readonly tokens: readonly {
    readonly symbol: string;
    readonly address: Address;
    readonly decimals: number;
    readonly feedId: Hex;
  }[];
  readonly pools: readonly PoolRef[];
  readonly targets: readonly {
    readonly symbol: string;
    readonly token: Address;
    readonly feedId: Hex;
    readonly targetBps: number;
    readonly bandBps: number;
    readonly safe: boolean;
    readonly stopPriceUsdE8: bigint;
    readonly takePriceUsdE8: bigint;
  }[];
  readonly policy: VaultPolicy;
  readonly rule: KeeperRule;
  readonly keeper: KeyFile | null;
  readonly owner: KeyFile | null;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  readonly api: { readonly host: string; readonly port: number };
};

/** A config whose vault has not been created yet. */
export type DraftConfig = Omit<Config, 'vault'> & { readonly vault: Address | null };
