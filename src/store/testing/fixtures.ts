/** Small, complete shapes for tests of the store; their numbers mean nothing. */

import { OPTIONS_OFF } from '../../core/policy.ts';
import type { Address, BlockRef, DecisionRecord, Hex, Outcome, Plan, Realised, Snapshot } from '../../core/types.ts';
import { openCheck } from '../checks.ts';
import type { Q } from '../db.ts';
import { createExecution, type Execution } from '../executions.ts';
import { upsertVault } from '../vaults.ts';

export const VAULT: Address = '0xAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa';
export const OWNER: Address = '0xBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBb';
export const KEEPER: Address = '0xCcCcCcCcCcCcCcCcCcCcCcCcCcCcCcCcCcCcCcCc';
export const CHAIN = 913377;

export function hash(n: number | bigint): Hex {
  return `0x${n.toString(16).padStart(64, '0')}`;
}

export function block(number: number): BlockRef {
  return { number, hash: hash(number), time: 1_700_000_000 + number * 12 };
}

const GAS = { baseFeeWei: 7n * 10n ** 9n, priorityFeeWei: 10n ** 9n, scaleE4: 10_000, nativeUsdE8: 2_000n * 10n ** 8n };

export function snapshot(number = 1): Snapshot {
  return {
    schema: 'evenkeel.snapshot/3',
    chainId: CHAIN,
    mode: 'REHEARSAL',
    block: block(number),
    vault: {
      address: VAULT,
      owner: OWNER,
      policy: {
        destinationBps: 5_000,
        innerBandBps: 100,
        scheduleS: 0,
        cooldownS: 3_600,
        maxSlipBps: 100,
        lossBpsPerDay: 50,
        maxSliceBps: 2_000,
        sliceCooldownS: 60,
        minTradeUsdE2: 1_000,
        maxGasPriceMwei: 200_000,
        ttlS: 3_600,
        ...OPTIONS_OFF,
      },
      state: {
        epoch: 1,
        sequence: 0,
        epochStart: 0,
        lastSliceAt: 0,
        epochEnd: 0,
        pausedUntil: 0,
        snapshotAt: 0,
        epochNavUsdE8: 123n,
        lossUsdE8: 0n,
        sold: 0,
        stopped: 0,
        referenceLive: false,
        ownerMoved: false,
      },
      stop: { baseUsdE8: 0n, highUsdE8: 0n, armedAt: 0, armed: 0 },
      upSince: 0,
      assets: [],
    },
    pools: [],
    leftOut: [],
    gas: GAS,
    hourlyGas: null,
    pathFiller: null,
  };
}

export function plan(): Plan {
  return {
    schema: 'evenkeel.plan/3',
    vault: VAULT,
    chainId: CHAIN,
    block: block(1),
    kind: 'DEVIATION',
    epoch: 2,
    slices: [],
    cost: { gasUsdE8: 1n, feeUsdE8: 2n, impactUsdE8: 3n, totalUsdE8: 6n },
    naive: null,
    yearlySavingUsdE8: 10n ** 10n,
    paybackDays: 3,
    driftAfterBps: [0, 0],
    leftOver: [],
  };
}

export function realised(total: bigint): Realised {
  return {
    fills: [],
    gasUnits: 100_000n,
    gasWei: 10n ** 15n,
    gasUsdE8: total - 6n,
    feeUsdE8: 3n,
    impactUsdE8: 2n,
    slippageUsdE8: 1n,
    totalUsdE8: total,
    driftAfterBps: [10, -10],
  };
}

export type RecordOptions = {
  readonly outcome?: Outcome;
  readonly number?: number;
  readonly navUsdE8?: bigint;
  readonly drifts?: Readonly<Record<string, number>>;
  readonly realised?: Realised | null;
};

export function record(checkId: number, o: RecordOptions = {}): DecisionRecord {
  const outcome = o.outcome ?? 'NO_TRADE';
  const drifts = o.drifts ?? { WETH: 120, USDC: -120 };
  return {
    schema: 'evenkeel.decision/3',
    checkId,
    chainId: CHAIN,
    mode: 'REHEARSAL',
    vault: VAULT,
    block: block(o.number ?? checkId),
    outcome,
    reason: outcome === 'TRADED' ? 'DEVIATION' : 'IN_BAND',
    secondary: [],
    sentence: 'Every weight is inside its band.',
    counterfactual: 'would trade if WETH moved 3 points further',
    due: { kind: 'NONE', reason: 'IN_BAND', retryAt: 0 },
    navUsdE8: o.navUsdE8 ?? 10n ** 20n,
    holdNavUsdE8: 10n ** 20n + 1n,
    gas: GAS,
    assets: Object.entries(drifts).map(([symbol, driftBps]) => ({
      symbol,
      token: VAULT,
      decimals: 18,
      balance: 2n ** 90n,
      priceUsdE8: 2_000n * 10n ** 8n,
      priceAgeS: 12,
      priceStatus: 'OK',
      valueUsdE8: 10n ** 19n,
      weightBps: 5_000 + driftBps,
      targetBps: 5_000,
      bandBps: 500,
      driftBps,
    })),
    guards: [],
    plan: null,
    txHashes: outcome === 'TRADED' ? [hash(checkId)] : [],
    realised: o.realised ?? null,
  };
}

/** A vault of its own with an opened check and a live run. */
export async function liveRun(q: Q, address: Address = VAULT): Promise<Execution<{ slice: number }>> {
  const vaultId = await upsertVault(q, { chainId: CHAIN, address, owner: OWNER });
  const opened = await openCheck(q, vaultId, (id) => record(id, { outcome: 'TRADED' }), snapshot());
  const run = await createExecution(
    q,
    { vaultId, checkId: opened.checkId, plan: plan(), step: 'planned', data: { slice: 0 } },
    { state: 'planned', detail: 'Two slices are planned.' },
  );
  if (!run) throw new Error('the vault has a live run already');
  return run;
}
