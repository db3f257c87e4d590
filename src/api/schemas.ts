/** The wire shapes as zod schemas: docs/openapi.json is generated from them, and tests read every answer through them. */
import { z } from '@hono/zod-openapi';
import { type Address, FREQUENCIES, type Hex, MODES, OUTCOMES, PRICE_STATUSES, REASONS, SIDES } from '../core/types.ts';

const hexText = z
  .custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-fA-F]*$/.test(v), { error: 'not hex' })
  .openapi({ type: 'string', pattern: '^0x[0-9a-fA-F]*$' });
const addressText = z
  .custom<Address>((v) => typeof v === 'string' && /^0x[0-9a-fA-F]{40}$/.test(v), { error: 'not an address' })
  .openapi({ type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' });
/** A bigint of the core shapes. */
const integerText = z
  .string()
  .regex(/^-?\d+$/)
  .openapi({ description: 'integer as decimal text', example: '2481640000000' });
const seconds = z.int().openapi({ description: 'unix seconds' });

export const costsSchema = z
  .strictObject({
    gasUsdE8: integerText,
    feeUsdE8: integerText,
    impactUsdE8: integerText,
    slippageUsdE8: integerText,
    totalUsdE8: integerText,
  })
  .openapi('Costs');

const assetViewSchema = z
  .strictObject({
    symbol: z.string(),
    token: addressText,
    decimals: z.int(),
    balance: integerText,
    priceUsdE8: integerText,
    priceAgeS: z.number(),
    priceStatus: z.enum(PRICE_STATUSES),
    valueUsdE8: integerText,
    weightBps: z.number(),
    targetBps: z.int(),
    bandBps: z.int(),
    driftBps: z.number(),
  })
  .openapi('AssetView');

const policySchema = z
  .strictObject({
    destinationBps: z.int(),
    innerBandBps: z.int(),
    scheduleS: z.int(),
    cooldownS: z.int(),
    maxSlipBps: z.int(),
    lossBpsPerDay: z.int(),
    maxSliceBps: z.int(),
    sliceCooldownS: z.int(),
    minTradeUsdE2: z.int(),
    maxGasPriceMwei: z.int(),
    ttlS: z.int(),
    premiumBps: z.int(),
    relaxS: z.int(),
    open: z.boolean(),
    snapshotS: z.int(),
    stopLossBps: z.int(),
    takeProfitBps: z.int(),
    confirmS: z.int(),
    tipBps: z.int(),
    maxTipUsdE2: z.int(),
    tipPerDayUsdE2: z.int(),
  })
  .openapi('VaultPolicy');

const ruleSchema = z
  .strictObject({
    frequency: z.enum(FREQUENCIES),
    maxGasPriceWei: integerText.nullable(),
    maxGasUsdE8: integerText.nullable(),
    maxImpactBps: z.int(),
    maxPaybackDays: z.int(),
    volatilityBps: z.int(),
    riskAversionE2: z.int(),
    waitForGas: z.boolean(),
    sides: z.record(z.string(), z.enum(SIDES)),
    buyOnlyWith: z.string().nullable(),
    blockTimeS: z.number(),
  })
  .openapi('KeeperRule');

export const checkSummarySchema = z
  .strictObject({
    checkId: z.int(),
    time: seconds,
    block: z.int(),
    outcome: z.enum(OUTCOMES),
    reason: z.enum(REASONS),
    sentence: z.string(),
    maxDriftBps: z.number(),
    costUsdE8: integerText.nullable(),
    txHashes: z.array(hexText).readonly(),
  })
  .openapi('CheckSummary');

export const ACTIVITIES = ['WATCHING', 'TRADING', 'WAITING', 'PAUSED', 'CANNOT_ACT', 'EMPTY', 'KEEPER_SILENT'] as const;

export const statusSchema = z
  .strictObject({
    schema: z.literal('evenkeel.status/1'),
    mode: z.enum(MODES),
    chainId: z.int(),
    vault: hexText,
    owner: hexText,
    weth: hexText,
    activity: z.enum(ACTIVITIES),
    headline: z.string(),
    detail: z.string(),
    block: z.strictObject({ number: z.int(), time: seconds }),
    dataAgeS: z.number().nullable(),
    navUsdE8: integerText.nullable(),
    holdNavUsdE8: integerText.nullable(),
    depositedUsdE8: integerText.nullable(),
    sinceStartUsdE8: integerText.nullable(),
    costs: costsSchema,
    assets: z.array(assetViewSchema).readonly(),
    pausedUntil: z.number(),
    policy: policySchema,
    rule: ruleSchema,
    lastCheck: checkSummarySchema.nullable(),
    nextCheckAt: seconds.nullable(),
    keeper: z.strictObject({ address: hexText, lastSeenS: z.number().nullable() }),
  })
  .openapi('Status');

export const checksSchema = z
  .strictObject({
    schema: z.literal('evenkeel.checks/1'),
    checks: z.array(checkSummarySchema).readonly(),
    nextBefore: z.int().nullable(),
  })
  .openapi('Checks');

export const seriesSchema = z
  .strictObject({
    schema: z.literal('evenkeel.series/1'),
    symbols: z.array(z.string()).readonly(),
    points: z
      .array(
        z.strictObject({
          time: seconds,
          navUsdE8: integerText.nullable(),
          holdNavUsdE8: integerText.nullable(),
          driftBps: z.array(z.number().nullable()).readonly(),
        }),
      )
      .readonly(),
    trades: z.array(z.strictObject({ time: seconds, checkId: z.int(), costUsdE8: integerText })).readonly(),
  })
  .openapi('Series');

export const checkEventSchema = z
  .strictObject({ type: z.literal('check'), id: z.int(), check: checkSummarySchema })
  .openapi('CheckEvent');
export const runEventSchema = z
  .strictObject({ type: z.literal('run'), id: z.int(), checkId: z.int(), state: z.string(), detail: z.string() })
  .openapi('RunEvent');
export const serverEventSchema = z.union([checkEventSchema, runEventSchema]).openapi('ServerEvent');

export const problemSchema = z
  .strictObject({ code: z.string(), field: z.string(), value: z.string(), reason: z.string(), remedy: z.string() })
  .openapi('Problem');

/* ---- one decision, whole ------------------------------------------------------------------------------------- */

const GUARD_UNITS = ['BPS', 'USD_E8', 'SECONDS', 'WEI', 'DAYS', 'COUNT', 'FLAG'] as const;
const SIMPLE_VENUES = ['UNISWAP_V2', 'UNISWAP_V3', 'BALANCER_V3'] as const;
const TRADE_KINDS = ['DEVIATION', 'SCHEDULE', 'CONTINUE', 'STOP'] as const;

const blockRefSchema = z.strictObject({ number: z.int(), hash: hexText, time: seconds }).openapi('BlockRef');

const guardSchema = z
  .strictObject({
    code: z.enum(REASONS),
    name: z.string(),
    unit: z.enum(GUARD_UNITS),
    value: z.string(),
    limit: z.string(),
    pass: z.boolean(),
    enforcedBy: z.enum(['VAULT', 'KEEPER']),
  })
  .openapi('Guard');

const hopSchema = z
  .union([
    z.strictObject({ venue: z.enum(SIMPLE_VENUES), pool: hexText, tokenOut: addressText }),
    z.strictObject({
      venue: z.literal('UNISWAP_V4'),
      pool: hexText,
      tokenOut: addressText,
      keyFee: z.int(),
      tickSpacing: z.int(),
      hooks: addressText,
      native: z.boolean(),
    }),
  ])
  .openapi('Hop');

const legSchema = z
  .strictObject({
    sell: z.int(),
    buy: z.int(),
    sellSymbol: z.string(),
    buySymbol: z.string(),
    hops: z.array(hopSchema).readonly(),
    amountIn: integerText,
    quotedOut: integerText,
    minOut: integerText,
    valueUsdE8: integerText,
    feeUsdE8: integerText,
    impactUsdE8: integerText,
    impactBps: z.number(),
    gasUnits: integerText,
  })
  .openapi('Leg');

const costSchema = z.strictObject({
  gasUsdE8: integerText,
  feeUsdE8: integerText,
  impactUsdE8: integerText,
  totalUsdE8: integerText,
});

const planSchema = z
  .strictObject({
    schema: z.literal('evenkeel.plan/3'),
    vault: addressText,
    chainId: z.int(),
    block: blockRefSchema,
    kind: z.enum([...TRADE_KINDS, 'STOP_CHECK']),
    epoch: z.int(),
    slices: z
      .array(z.strictObject({ sequence: z.int(), notBefore: seconds, legs: z.array(legSchema).readonly() }))
      .readonly(),
    cost: costSchema,
    naive: z
      .strictObject({
        cash: z.string(),
        trades: z.boolean(),
        swaps: z.int(),
        movedUsdE8: integerText,
        cost: costSchema,
        unreachable: z.array(z.string()).readonly(),
      })
      .nullable(),
    yearlySavingUsdE8: integerText,
    paybackDays: z.number(),
    driftAfterBps: z.array(z.number()).readonly(),
    leftOver: z.array(z.strictObject({ symbol: z.string(), reason: z.enum(REASONS), detail: z.string() })).readonly(),
  })
  .openapi('Plan');

const realisedSchema = z
  .strictObject({
    fills: z
      .array(
        z.strictObject({
          sellSymbol: z.string(),
          buySymbol: z.string(),
          amountIn: integerText,
          amountOut: integerText,
          quotedOut: integerText,
          txHash: hexText,
        }),
      )
      .readonly(),
    gasUnits: integerText,
    gasWei: integerText,
    gasUsdE8: integerText,
    feeUsdE8: integerText,
    impactUsdE8: integerText,
    slippageUsdE8: integerText,
    totalUsdE8: integerText,
    driftAfterBps: z.array(z.number()).readonly(),
  })
  .openapi('Realised');

export const checkSchema = z
  .strictObject({
    schema: z.literal('evenkeel.decision/3'),
    checkId: z.int(),
    chainId: z.int(),
    mode: z.enum(MODES),
    vault: addressText,
    block: blockRefSchema,
    outcome: z.enum(OUTCOMES),
    reason: z.enum(REASONS),
    secondary: z.array(z.enum(REASONS)).readonly(),
    sentence: z.string(),
    counterfactual: z.string().nullable(),
    due: z.strictObject({
      kind: z.enum(['NONE', ...TRADE_KINDS]),
      reason: z.enum(REASONS),
      retryAt: z.number(),
    }),
    navUsdE8: integerText,
    holdNavUsdE8: integerText.nullable(),
    gas: z.strictObject({
      baseFeeWei: integerText,
      priorityFeeWei: integerText,
      scaleE4: z.int(),
      nativeUsdE8: integerText,
    }),
    assets: z.array(assetViewSchema).readonly(),
    guards: z.array(guardSchema).readonly(),
    plan: planSchema.nullable(),
    txHashes: z.array(hexText).readonly(),
    realised: realisedSchema.nullable(),
  })
  .openapi('Check');

export const healthSchema = z
  .strictObject({
    schema: z.literal('evenkeel.health/1'),
    ok: z.boolean(),
    database: z.boolean(),
    chain: z.boolean(),
    keeperLastSeenS: z.number().nullable(),
    lastCheck: z.strictObject({ checkId: z.int(), time: seconds }).nullable(),
  })
  .openapi('Health');
