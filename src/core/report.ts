/** What a run really did and cost, from the chain's own evidence. */
import { sameAddress } from './address.ts';
import { EXIT, KeelError } from './errors.ts';
import { type FillVenue, fillTargetOf } from './fillVenue.ts';
import { inForce } from './stops.ts';
import type { Address, Hex, Leg, PlannedSlice, Realised, Snapshot } from './types.ts';
import { mulDiv, mulDivUp, WEI_PER_NATIVE } from './units.ts';
import { assetValueUsdE8, driftBps, portfolioValue, valueUsdE8 } from './value.ts';

/** A `Filled` event of the vault, in log order. */
export type FilledEvent = {
  readonly sequence: number;
  readonly sell: number;
  readonly buy: number;
  readonly venue: FillVenue;
  readonly target: Address;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly txHash: Hex;
};

/** Gas of one mined transaction of the run, reverted ones included. */
export type PaidGas = { readonly hash: Hex; readonly gasUsed: bigint; readonly gasPriceWei: bigint };

export type RealisedInputs = {
  /** The snapshot the (last) plan was made on: its prices value everything. */
  readonly snapshot: Snapshot;
  /** The slices as they were sent. */
  readonly slices: readonly PlannedSlice[];
  readonly fills: readonly FilledEvent[];
  readonly receipts: readonly PaidGas[];
  /** What carried the legs of several hops. */
  readonly pathFiller: Address | null;
};

function isFillOf(leg: Leg, fill: FilledEvent, pathFiller: Address | null): boolean {
  const asked = fillTargetOf(leg, pathFiller);
  if (leg.sell !== fill.sell || leg.buy !== fill.buy || asked === null) return false;
  return asked.venue === fill.venue && sameAddress(asked.target, fill.target);
}

/** Several legs can ask for the same target (pools of V4 without hooks): they are filled in their order. */
function takeLeg(open: Map<number, Leg[]>, fill: FilledEvent, pathFiller: Address | null): Leg {
  const legs = open.get(fill.sequence) ?? [];
  const at = legs.findIndex((l) => isFillOf(l, fill, pathFiller));
  const [leg] = at < 0 ? [] : legs.splice(at, 1);
  if (!leg)
    throw new KeelError({
      code: 'FILL_NOT_IN_PLAN',
      exit: EXIT.bug,
      field: 'fill',
      value: `${fill.txHash} slice ${fill.sequence}`,
      reason: `the vault filled ${fill.sell} to ${fill.buy} through ${fill.target}, which no planned leg asked for`,
      remedy: 'Pause the vault and check which keepers it allows.',
    });
  return leg;
}

/**
 * The split of costs, all at the snapshot's oracle prices:
 * - fee and impact are the planned ones, scaled by amountIn / planned amountIn when the vault clamped the fill;
 * - slippage is what was promised and not received: quotedOut (scaled likewise) minus amountOut; negative when better;
 * - gas is what the receipts charge, at the snapshot's price of the native coin.
 * Hence fee + impact + slippage is the pool's mid price at planning minus what arrived, and the four add up to the total.
 * @throws KeelError FILL_NOT_IN_PLAN
 */
export function realise({ snapshot, slices, fills, receipts, pathFiller }: RealisedInputs): Realised {
  const open = new Map(slices.map((s) => [s.sequence, [...s.legs]]));
  const assets = [...inForce(snapshot.vault).assets];
  let feeUsdE8 = 0n;
  let impactUsdE8 = 0n;
  let slippageUsdE8 = 0n;
  const done = fills.map((fill) => {
    const leg = takeLeg(open, fill, pathFiller);
    const [sell, buy] = [assets[leg.sell], assets[leg.buy]];
    if (!sell || !buy) throw new RangeError(`leg ${leg.sell} to ${leg.buy} names an asset the snapshot does not have`);
    const quotedOut = mulDiv(leg.quotedOut, fill.amountIn, leg.amountIn);
    feeUsdE8 += mulDiv(leg.feeUsdE8, fill.amountIn, leg.amountIn);
    impactUsdE8 += mulDiv(leg.impactUsdE8, fill.amountIn, leg.amountIn);
    slippageUsdE8 +=
      valueUsdE8(quotedOut, buy.priceUsdE8, buy.decimals) - valueUsdE8(fill.amountOut, buy.priceUsdE8, buy.decimals);
    assets[leg.sell] = { ...sell, balance: sell.balance - fill.amountIn };
    assets[leg.buy] = { ...buy, balance: buy.balance + fill.amountOut };
    return {
      sellSymbol: leg.sellSymbol,
      buySymbol: leg.buySymbol,
      amountIn: fill.amountIn,
      amountOut: fill.amountOut,
      quotedOut,
      txHash: fill.txHash,
    };
  });
  let gasUnits = 0n;
  let gasWei = 0n;
  for (const r of receipts) {
    gasUnits += r.gasUsed;
    gasWei += r.gasUsed * r.gasPriceWei;
  }
  const gasUsdE8 = mulDivUp(gasWei, snapshot.gas.nativeUsdE8, WEI_PER_NATIVE);
  const { navUsdE8 } = portfolioValue(assets);
  return {
    fills: done,
    gasUnits,
    gasWei,
    gasUsdE8,
    feeUsdE8,
    impactUsdE8,
    slippageUsdE8,
    totalUsdE8: gasUsdE8 + feeUsdE8 + impactUsdE8 + slippageUsdE8,
    driftAfterBps: assets.map((a) => driftBps(assetValueUsdE8(a), a.targetBps, navUsdE8)),
  };
}
