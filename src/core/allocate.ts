/** Slices of a rebalance: exact fills, clamped as the vault will, until nothing is left that its limits allow. */
import { usdText } from './format.ts';
import { type FillPlan, legOf } from './legs.ts';
import {
  broughtPips,
  type FillInputs,
  fillLossUsdE8,
  lossCapUsdE8,
  lossLevel,
  minTradeUsdE8,
  relaxedToAfterS,
  relaxesFrom,
  requiredOut,
  requiredPipsAt,
  sliceCapUsdE8,
} from './limits.ts';
import { sellsStop, wantedMoves } from './moves.ts';
import { type Note, noteClosed, noteUnmoved } from './notes.ts';
import { canMove, plannedRound, type Routing } from './routing.ts';
import type { AssetState, KeeperRule, Leg, PlannedSlice, Snapshot } from './types.ts';
import { max, subFloor } from './units.ts';
import { portfolioValue } from './value.ts';

/** More fills than this in one transaction risk the block gas limit; the rest goes to the next slice. */
const MAX_LEGS_PER_SLICE = 12;
/** A plan longer than this is replanned from a fresh snapshot anyway. */
const MAX_SLICES = 64;
/** {s} a slice that would run later than this before the end of its epoch may land too late. */
export const INCLUSION_MARGIN_S = 60;

export type AllocateInputs = {
  readonly snapshot: Snapshot;
  readonly rule: KeeperRule;
  readonly epochNavUsdE8: bigint;
  readonly firstSequence: number;
  /** {s} earliest time of the first slice. */
  readonly startAt: number;
  /** {s} the relaxation of the demand counts from here. */
  readonly epochStart: number;
  /** {s} no slice may execute at or after this time. */
  readonly epochEnd: number;
  /** Does the first slice begin the epoch? */
  readonly begins: boolean;
};

export type Allocation = {
  readonly slices: readonly PlannedSlice[];
  readonly assets: readonly AssetState[];
  /** By index of the asset. */
  readonly notes: ReadonlyMap<number, Note>;
  /** Set when every further trade is impossible, whatever the asset. */
  readonly stopped: Note | null;
};

/** {s} earliest time from `notBefore` on at which the vault's demand has relaxed to what every leg brings; null = never. */
function metAt(
  inputs: AllocateInputs,
  assets: readonly AssetState[],
  legs: readonly Leg[],
  notBefore: number,
): number | null {
  const { policy } = inputs.snapshot.vault;
  const from = relaxesFrom(inputs.snapshot.vault, inputs.epochStart);
  let at = notBefore;
  for (const leg of legs) {
    const [sell, buy] = [assets[leg.sell], assets[leg.buy]];
    if (sell === undefined || buy === undefined) continue;
    const after = relaxedToAfterS(policy, broughtPips(leg.amountIn, leg.quotedOut, sell, buy));
    if (after === null) return null;
    at = Math.max(at, from + after);
  }
  return at < inputs.epochEnd - INCLUSION_MARGIN_S || at === notBefore ? at : null;
}

/** The legs for another time of the same epoch, and what the vault demands then. */
function demandedAt(inputs: AllocateInputs, assets: readonly AssetState[], legs: readonly Leg[], at: number): Leg[] {
  const pips = requiredPipsAt(inputs.snapshot.vault, inputs.epochStart, at);
  return legs.map((leg) => {
    const [sell, buy] = [assets[leg.sell], assets[leg.buy]];
    if (sell === undefined || buy === undefined) return leg;
    return { ...leg, minOut: max(requiredOut(leg.amountIn, sell, buy, pips), leg.minOut) };
  });
}

/** Slices until nothing is left that the vault, the gas and the loss budget allow. */
export function allocate(inputs: AllocateInputs): Allocation {
  const { snapshot, rule, epochNavUsdE8: navE } = inputs;
  const { policy, state } = snapshot.vault;
  const assets: AssetState[] = [...snapshot.vault.assets];
  const closed = inputs.begins ? 0 : state.sold;
  const lossCap = lossCapUsdE8(policy, navE);
  // A slice can wait until the demand has relaxed, so routes are judged by the end of the relaxation.
  const pips = requiredPipsAt(snapshot.vault, inputs.epochStart, inputs.epochEnd - INCLUSION_MARGIN_S);
  const notes = new Map<number, Note>();
  const slices: PlannedSlice[] = [];
  let level = lossLevel(state, policy, navE, inputs.startAt);
  let stopped: Note | null = null;
  let notBefore = inputs.startAt;

  /** @returns the fills that were left for the next slice, or null when nothing was taken */
  const addSlice = (fills: readonly FillPlan[]): readonly FillPlan[] | null => {
    if (slices.length >= MAX_SLICES) {
      stopped = {
        reason: 'CONTINUE',
        detail: `the first ${MAX_SLICES} slices come first, the rest is planned after them`,
      };
      return null;
    }
    if (notBefore >= inputs.epochEnd) {
      stopped = { reason: 'COOLDOWN', detail: 'the epoch ends before another slice may run' };
      return null;
    }
    const begins = inputs.begins && slices.length === 0;
    const touched = new Set<number>();
    let pools = snapshot.pools;
    let soldInSliceUsdE8 = 0n;
    const legs: Leg[] = [];
    let rest: readonly FillPlan[] = [];
    for (const [i, fill] of fills.entries()) {
      if (legs.length === MAX_LEGS_PER_SLICE) {
        rest = fills.slice(i);
        break;
      }
      const [sell, buy] = [assets[fill.sell], assets[fill.buy]];
      if (sell === undefined || buy === undefined) continue;
      const f: FillInputs = { policy, sell, buy, pips, epochNavUsdE8: navE, soldInSliceUsdE8 };
      const newTokens = begins ? 0 : [fill.sell, fill.buy].filter((x) => !touched.has(x)).length;
      const made = legOf(f, fill, pools, newTokens);
      if (made.leg === null) {
        const detail =
          made.why === 'SMALL'
            ? `what is left to move is below the smallest trade of ${usdText(minTradeUsdE8(policy))}`
            : `no pool between ${sell.symbol} and ${buy.symbol} can take it within its known depth`;
        const reason = made.why === 'SMALL' ? 'BELOW_MIN_TRADE' : 'IMPACT_ABOVE_CAP';
        for (const x of [fill.sell, fill.buy]) notes.set(x, { reason, detail });
        continue;
      }
      const { leg } = made;
      const loss = fillLossUsdE8(leg.amountIn, leg.quotedOut, sell, buy);
      if (level + loss > lossCap) {
        stopped = {
          reason: 'LOSS_BUDGET_SPENT',
          detail: `the next fill would lose ${usdText(loss)} against oracle prices and ${usdText(subFloor(lossCap, level))} of the loss budget is left`,
        };
        // The first one is planned all the same: the record then shows which limit holds it back, and by how much.
        if (legs.length + slices.length > 0) break;
      }
      level += loss;
      legs.push(leg);
      soldInSliceUsdE8 += leg.valueUsdE8;
      assets[fill.sell] = { ...sell, balance: sell.balance - leg.amountIn };
      assets[fill.buy] = { ...buy, balance: buy.balance + leg.quotedOut };
      pools = made.pools;
      touched.add(fill.sell).add(fill.buy);
      if (stopped !== null) break;
    }
    if (legs.length === 0) return null;
    // The demand only falls: what is met at the earliest time is met whenever the slice lands. Where waiting does not
    // help it is planned all the same, so that the record shows what is missing.
    const met = metAt(inputs, assets, legs, notBefore);
    if (begins && met !== null && met > notBefore) slices.push({ sequence: -1, notBefore, legs: [] });
    const sequence = inputs.firstSequence + slices.filter((s) => s.legs.length > 0).length;
    notBefore = met ?? notBefore;
    slices.push({ sequence, notBefore, legs: demandedAt(inputs, assets, legs, notBefore) });
    return rest;
  };

  const addAll = (fills: readonly FillPlan[], spacingS: number): boolean => {
    for (let rest: readonly FillPlan[] | null = fills; rest !== null && rest.length > 0; ) {
      rest = addSlice(rest);
      if (rest === null || stopped !== null) return false;
      notBefore += rest.length > 0 ? policy.sliceCooldownS : spacingS;
    }
    return fills.length > 0;
  };

  // What the slices of one round had to leave because a share of it was below the smallest trade goes in a second one.
  for (let round = 0; round < 2 && stopped === null; round++) {
    const moves = wantedMoves(policy, assets, navE, closed, rule, state.stopped);
    const flees = sellsStop(policy, assets, navE, state.stopped);
    const routing: Routing = { snapshot, rule, assets: [...assets], moves, flees };
    const sliceCap = sliceCapUsdE8(policy, navE);
    if (!canMove(routing, sliceCap)) break;
    if (snapshot.pools.length === 0) {
      noteUnmoved(routing, null, notes);
      break;
    }
    const planned = plannedRound(routing, inputs.epochEnd - INCLUSION_MARGIN_S - notBefore, pips, sliceCap);
    noteUnmoved(routing, planned.found, notes);
    let going = true;
    for (const share of planned.shares) {
      if (!going) break;
      going = addAll(planned.fillsOf(share), planned.spacingS);
    }
    if (planned.fraction < 1) stopped ??= { reason: 'COOLDOWN', detail: 'the epoch ends before another slice may run' };
    if (planned.shares.length === 1 || !going) break;
  }
  noteClosed(assets, policy, navE, closed, notes);
  return { slices, assets, notes, stopped };
}

/** {USD E8} NAV of the predicted balances. */
export function predictedNav(a: Allocation): bigint {
  return portfolioValue(a.assets).navUsdE8;
}
