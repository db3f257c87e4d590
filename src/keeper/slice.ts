/** One slice as a transaction: its calldata, its fees, and proof that it would go through now. */
import { keccak256 } from 'viem';
import { type FeeCaps, feeCaps, gasLimitOf, missingGasMoney } from '../chain/fees.ts';
import { readBalance, simulateSlice } from '../chain/simulate.ts';
import { encodeSlice, encodeStopCheck, type SliceCall } from '../chain/vault.ts';
import { amountText, usdText } from '../core/format.ts';
import { gasUsdE8 } from '../core/gas.ts';
import { sellsStopped } from '../core/guards.ts';
import { sliceText } from '../core/runState.ts';
import type { Hex, Leg, Plan, Reason, Snapshot } from '../core/types.ts';
import { max, min } from '../core/units.ts';
import type { NonceGrant, Signed } from '../store/sign.ts';
import type { Ctx } from './context.ts';
import { gasCeilingWei } from './recheck.ts';

export type Prepared = {
  readonly ok: true;
  readonly data: Hex;
  readonly gas: bigint;
  /** What the simulation used. */
  readonly gasUnits: bigint;
  readonly fees: FeeCaps;
  /** {wei per gas} the lowest ceiling in force; null = none. */
  readonly ceilingWei: bigint | null;
  /** {wei} what the keeper has for gas. */
  readonly balanceWei: bigint;
  readonly deadline: number;
};
export type Refused = {
  readonly ok: false;
  readonly reason: Reason;
  readonly sentence: string;
  readonly counterfactual: string;
};

/** {s} a slice that did not land within this is given up: the vault then refuses it for ever. */
const DEADLINE_S = 600;
/** No slice needs more; nodes refuse simulations far above the block gas limit. */
const MAX_SLICE_GAS = 15_000_000n;
const MIN_TX_GAS = 21_000n;

export function begins(plan: Plan, sequence: number): boolean {
  return plan.kind !== 'CONTINUE' && plan.kind !== 'STOP_CHECK' && sequence === plan.slices[0]?.sequence;
}

export function sliceCall(snapshot: Snapshot, plan: Plan, sequence: number, legs: readonly Leg[]): SliceCall {
  const now = snapshot.block.time;
  const opens = begins(plan, sequence);
  return {
    begin: opens,
    epoch: plan.epoch,
    sequence,
    deadline:
      opens || plan.kind === 'STOP_CHECK'
        ? now + DEADLINE_S
        : Math.min(now + DEADLINE_S, snapshot.vault.state.epochEnd - 1),
    last: plan.slices.at(-1)?.sequence === sequence,
    legs,
  };
}

function noMoney(ctx: Ctx, missing: bigint): Refused {
  return {
    ok: false,
    reason: 'OUT_OF_GAS_MONEY',
    sentence: `The keeper ${ctx.signer.address} cannot pay the gas: ${amountText(missing, 18)} of the native coin are missing.`,
    counterfactual: `would trade if the keeper held ${amountText(missing, 18)} more of the native coin`,
  };
}

/**
 * Simulates at the snapshot's block. @throws KeelError RPC_UNREACHABLE, CHAIN_BEHIND
 */
export async function prepareSlice(
  ctx: Ctx,
  snapshot: Snapshot,
  plan: Plan,
  sequence: number,
  legs: readonly Leg[],
): Promise<Prepared | Refused> {
  const call = sliceCall(snapshot, plan, sequence, legs);
  const data = plan.kind === 'STOP_CHECK' ? encodeStopCheck() : encodeSlice(call, ctx.config.contracts);
  const ceilingWei = plan.kind === 'STOP_CHECK' ? null : gasCeilingWei(snapshot, ctx.config.rule, plan);
  const fees = feeCaps(snapshot.gas.baseFeeWei, snapshot.gas.priorityFeeWei, [ceilingWei]);
  const balance = await readBalance(ctx.chain, snapshot.block, ctx.signer.address);
  const planned = legs.reduce((sum, l) => sum + l.gasUnits, MIN_TX_GAS);
  const short = missingGasMoney(balance, planned, fees);
  if (short > 0n) return noMoney(ctx, short);
  const affordable = balance / fees.maxFeePerGas;
  const simulated = await simulateSlice(ctx.chain, snapshot.block, {
    from: ctx.signer.address,
    to: ctx.config.vault,
    data,
    fees,
    gas: min(affordable, MAX_SLICE_GAS),
  });
  if (!simulated.ok) {
    const { name, reason, sentence } = simulated.revert;
    return {
      ok: false,
      reason,
      sentence: `${sliceText(sequence)} was reverted in a simulation (${name}): ${sentence}.`,
      counterfactual: `would trade if the vault accepted the slice (${name})`,
    };
  }
  const { maxGasUsdE8 } = ctx.config.rule;
  const cost = gasUsdE8(simulated.gasUnits, snapshot.gas);
  if (maxGasUsdE8 !== null && cost > maxGasUsdE8 && plan.kind !== 'STOP_CHECK' && !sellsStopped(plan, snapshot)) {
    return {
      ok: false,
      reason: 'GAS_ABOVE_CAP',
      sentence: `${sliceText(sequence)} would cost ${usdText(cost)} of gas, more than the ceiling of ${usdText(maxGasUsdE8)}.`,
      counterfactual: `would trade with gas below ${usdText(maxGasUsdE8)}`,
    };
  }
  const gas = gasLimitOf(simulated.gasUnits, legs.length);
  const missing = missingGasMoney(balance, gas, fees);
  if (missing > 0n) return noMoney(ctx, missing);
  return {
    ok: true,
    data,
    gas,
    gasUnits: simulated.gasUnits,
    fees,
    ceilingWei,
    balanceWei: balance,
    deadline: call.deadline,
  };
}

/**
 * Nodes replace a pending transaction only for 10 % more of both fees. Where that is above the ceiling, the ceiling is
 * offered: a node that has dropped the old transaction takes it, and where the old one is still pending, its landing
 * (as a revert, within the ceiling too) frees the nonce. Refusing to sign instead would block the key for ever.
 */
function replacing({ fees, ceilingWei }: Prepared, floor: NonceGrant['floor']): FeeCaps {
  if (floor === null) return fees;
  const more = (fee: bigint) => fee + fee / 8n + 1n;
  const maxPriorityFeePerGas = max(fees.maxPriorityFeePerGas, more(floor.priorityFeeWei));
  const maxFeePerGas = max(max(fees.maxFeePerGas, more(floor.maxFeeWei)), maxPriorityFeePerGas);
  if (ceilingWei === null || maxFeePerGas <= ceilingWei) return { maxFeePerGas, maxPriorityFeePerGas };
  return { maxFeePerGas: ceilingWei, maxPriorityFeePerGas: min(maxPriorityFeePerGas, ceilingWei) };
}

/** The nonce that was granted asks for fees that the keeper cannot pay: nothing is signed, and the grant is undone. */
export class SigningRefused extends Error {
  override readonly name = 'SigningRefused';
  readonly refused: Refused;
  constructor(refused: Refused) {
    super(refused.sentence);
    this.refused = refused;
  }
}

/** @throws SigningRefused */
export async function signPrepared(ctx: Ctx, prepared: Prepared, grant: NonceGrant): Promise<Signed> {
  const fees = replacing(prepared, grant.floor);
  const missing = missingGasMoney(prepared.balanceWei, prepared.gas, fees);
  if (missing > 0n) throw new SigningRefused(noMoney(ctx, missing));
  const raw = await ctx.signer.signTransaction({
    type: 'eip1559',
    chainId: ctx.config.chainId,
    to: ctx.config.vault,
    data: prepared.data,
    value: 0n,
    nonce: grant.nonce,
    gas: prepared.gas,
    ...fees,
  });
  return {
    raw,
    hash: keccak256(raw),
    maxFeeWei: fees.maxFeePerGas,
    priorityFeeWei: fees.maxPriorityFeePerGas,
    deadline: prepared.deadline,
  };
}
