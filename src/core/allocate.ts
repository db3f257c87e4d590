/** The search behind a plan: which asset pays for which, in which slice, through which pool. */
import { hopOf } from './amm/path.ts';
import { connects, impactOf, poolFeePips, quoteExactIn } from './amm/quote.ts';
import { usdText } from './format.ts';
import { gasUsdE8 } from './gas.ts';
import {
  broughtPips,
  type FillInputs,
  fillLossUsdE8,
  lossCapUsdE8,
  lossLevel,
  maxSellAmount,
  minTradeUsdE8,
  relaxedToAfterS,
  relaxesFrom,
  requiredOut,
  requiredPipsAt,
} from './limits.ts';
import { bestRoute, plannedToleranceBps, type RoutePart } from './route.ts';
import { paysBackWithin, squaredDrift, yearlySavingUsdE8 } from './saving.ts';
import { hasBit, isStopped } from './stops.ts';
import type { AssetState, KeeperRule, Leg, PlannedSlice, PoolState, Reason, Snapshot } from './types.ts';
import { BPS, max, subFloor } from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8, valueUsdE8 } from './value.ts';

/** More fills than this in one transaction risk the block gas limit; the rest goes to the next slice. */
const MAX_LEGS_PER_SLICE = 12;
/** A plan longer than this is replanned from a fresh snapshot anyway. */
const MAX_SLICES = 64;

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

/** Why a pair was not traded, or not further. */
export type Note = { readonly reason: Reason; readonly detail: string };

export type Allocation = {
  readonly slices: readonly PlannedSlice[];
  readonly assets: readonly AssetState[];
  /** By "sell>buy" index pair. */
  readonly notes: ReadonlyMap<string, Note>;
  /** Set when every further trade is impossible, whatever the pair. */
  readonly stopped: Note | null;
};

/** Which pair goes first: the largest drifts, or the assets that have the fewest pools to leave by. */
export type Order = 'LARGEST' | 'SCARCEST';

type Pair = { readonly sell: number; readonly buy: number; readonly size: bigint; readonly pools: number };

/** Sells by surplus, then buys by deficit: each unit of value moves once, from the most over- to the most underweight. */
function pairsOf(
  assets: readonly AssetState[],
  targets: readonly bigint[],
  pools: readonly PoolState[],
  order: Order,
): Pair[] {
  const gaps = assets.map((a, i) => assetValueUsdE8(a) - (targets[i] ?? 0n));
  const ranked = gaps
    .map((gap, i) => ({ gap, i }))
    .sort((x, y) => (y.gap > x.gap ? 1 : y.gap < x.gap ? -1 : x.i - y.i));
  const pairs: Pair[] = [];
  for (const s of ranked) {
    if (s.gap <= 0n) break;
    for (let k = ranked.length - 1; k >= 0; k--) {
      const b = ranked[k];
      if (b === undefined || b.gap >= 0n) break;
      const [sell, buy] = [assets[s.i], assets[b.i]];
      if (sell === undefined || buy === undefined) continue;
      const links = pools.filter((p) => connects(p, sell.token, buy.token)).length;
      pairs.push({ sell: s.i, buy: b.i, size: s.gap, pools: links });
    }
  }
  if (order === 'LARGEST') return pairs;
  const ways = new Map<string, number>();
  for (const p of pairs) {
    if (p.pools === 0) continue;
    for (const key of [`s${p.sell}`, `b${p.buy}`]) ways.set(key, (ways.get(key) ?? 0) + 1);
  }
  const scarcity = (p: Pair): number => Math.min(ways.get(`s${p.sell}`) ?? 99, ways.get(`b${p.buy}`) ?? 99);
  return pairs
    .map((p, i) => ({ p, i }))
    .sort((x, y) => scarcity(x.p) - scarcity(y.p) || x.i - y.i)
    .map(({ p }) => p);
}

function legOf(f: FillInputs, pair: Pair, pool: PoolState, part: RoutePart): Leg {
  const { sell, buy } = f;
  const { amountIn, quote } = part;
  const { impactAmount, impactBps } = impactOf(pool, sell.token, buy.token, amountIn, quote);
  const tolerated = (quote.amountOut * (BPS - plannedToleranceBps(poolFeePips(pool, sell.token, buy.token)))) / BPS;
  return {
    sell: pair.sell,
    buy: pair.buy,
    sellSymbol: sell.symbol,
    buySymbol: buy.symbol,
    hops: [hopOf(pool, buy.token)],
    amountIn,
    quotedOut: quote.amountOut,
    minOut: tolerated,
    valueUsdE8: valueUsdE8(amountIn, sell.priceUsdE8, sell.decimals),
    feeUsdE8: valueUsdE8(quote.feeAmount, sell.priceUsdE8, sell.decimals),
    impactUsdE8: valueUsdE8(impactAmount, buy.priceUsdE8, buy.decimals),
    impactBps,
    gasUnits: part.gasUnits,
  };
}

/** {s} a slice that would run later than this before the end of its epoch may land too late. */
export const INCLUSION_MARGIN_S = 60;

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

/** Rather than leave the next slice a remainder below the smallest trade, share what is wanted between the two. */
function evenedOut(f: FillInputs, amountIn: bigint, minTrade: bigint): bigint {
  const whole = maxSellAmount({ ...f, policy: { ...f.policy, maxSliceBps: 10_000 }, soldInSliceUsdE8: 0n });
  const worth = (amount: bigint): bigint => valueUsdE8(amount, f.sell.priceUsdE8, f.sell.decimals);
  const half = (whole + 1n) / 2n;
  const stranded = whole > amountIn && worth(whole - amountIn) < minTrade;
  return stranded && half <= amountIn && worth(half) >= minTrade ? half : amountIn;
}

/** The second half of a split meets limits that the first half has moved by a rounding: clamp it as the vault will. */
function clampPart(
  part: RoutePart,
  pool: PoolState,
  { sell, buy }: FillInputs,
  allowed: bigint,
  minTrade: bigint,
): RoutePart | null {
  if (part.amountIn <= allowed) return part;
  if (allowed === 0n || valueUsdE8(allowed, sell.priceUsdE8, sell.decimals) < minTrade) return null;
  const quote = quoteExactIn(pool, sell.token, buy.token, allowed);
  return quote.complete ? { ...part, amountIn: allowed, quote } : null;
}

/**
 * Slices until nothing is left that the vault, the gas and the loss budget allow. Every slice is planned on the pools
 * as they are now: between slices arbitrage brings a pool back to the edge of its fee band, so carrying the impact of
 * one slice into the next would be too pessimistic; the keeper replans each slice from a fresh snapshot anyway.
 * Within a slice every leg is quoted on the pools that the legs before it leave.
 */
export function allocate(inputs: AllocateInputs, order: Order): Allocation {
  const { snapshot, rule, epochNavUsdE8: navE } = inputs;
  const { policy, state } = snapshot.vault;
  const assets: AssetState[] = [...snapshot.vault.assets];
  const targets = assets.map((a) => targetValueUsdE8(a.targetBps, navE));
  const minTrade = minTradeUsdE8(policy);
  const lossCap = lossCapUsdE8(policy, navE);
  let level = lossLevel(state, policy, navE, inputs.startAt);
  const notes = new Map<string, Note>();
  // What an open epoch has sold already may not be bought in it any more.
  const soldBefore = inputs.begins ? 0 : state.sold;
  const sold = new Set<number>();
  const bought = new Set<number>();
  const slices: PlannedSlice[] = [];
  let stopped: Note | null = null;

  const note = (pair: Pair, reason: Reason, detail: string): void => {
    notes.set(`${pair.sell}>${pair.buy}`, { reason, detail });
  };

  /** Is this trade worth its own gas within the owner's payback time? */
  const worthGas = (f: FillInputs, parts: readonly RoutePart[]): boolean => {
    const gas = gasUsdE8(
      parts.reduce((sum, p) => sum + p.gasUnits, 0n),
      snapshot.gas,
    );
    const [tSell, tBuy] = [targetValueUsdE8(f.sell.targetBps, navE), targetValueUsdE8(f.buy.targetBps, navE)];
    const inSum = parts.reduce((sum, p) => sum + p.amountIn, 0n);
    const outSum = parts.reduce((sum, p) => sum + p.quote.amountOut, 0n);
    const before = squaredDrift([assetValueUsdE8(f.sell), assetValueUsdE8(f.buy)], [tSell, tBuy]);
    const after = squaredDrift(
      [
        valueUsdE8(f.sell.balance - inSum, f.sell.priceUsdE8, f.sell.decimals),
        valueUsdE8(f.buy.balance + outSum, f.buy.priceUsdE8, f.buy.decimals),
      ],
      [tSell, tBuy],
    );
    return paysBackWithin(gas, yearlySavingUsdE8(rule, navE, before, after), rule.maxPaybackDays);
  };

  let notBefore = inputs.startAt;
  while (slices.length < MAX_SLICES && stopped === null) {
    if (notBefore >= inputs.epochEnd) {
      stopped = { reason: 'COOLDOWN', detail: 'the epoch ends before another slice may run' };
      break;
    }
    const pools = [...snapshot.pools];
    const touched = new Set<number>();
    const used = new Set<string>();
    const legs: Leg[] = [];
    const begins = inputs.begins && slices.length === 0;
    // A slice can wait until the demand has relaxed, so routes are judged by the end of the relaxation.
    const pips = requiredPipsAt(snapshot.vault, inputs.epochStart, inputs.epochEnd - INCLUSION_MARGIN_S);
    let soldInSliceUsdE8 = 0n;

    const takeNext = (): boolean => {
      for (const pair of pairsOf(assets, targets, pools, order)) {
        const key = `${pair.sell}>${pair.buy}`;
        if (notes.has(key) || used.has(key) || sold.has(pair.buy) || bought.has(pair.sell)) continue;
        const [sell, buy] = [assets[pair.sell], assets[pair.buy]];
        if (sell === undefined || buy === undefined) continue;
        if (hasBit(soldBefore, pair.buy)) {
          note(pair, 'SOLD_IN_EPOCH', `${buy.symbol} was sold in this rebalance, so it is not bought back in it`);
          continue;
        }
        const f: FillInputs = { policy, sell, buy, pips, epochNavUsdE8: navE, soldInSliceUsdE8 };
        const amountIn = evenedOut(f, maxSellAmount(f), minTrade);
        const worth = valueUsdE8(amountIn, sell.priceUsdE8, sell.decimals);
        if (worth === 0n || worth < minTrade) {
          // Too small only because this slice is nearly full: the next slice will take it.
          const alone = maxSellAmount({ ...f, soldInSliceUsdE8: 0n });
          const aloneWorth = valueUsdE8(alone, sell.priceUsdE8, sell.decimals);
          if (aloneWorth > 0n && aloneWorth >= minTrade) continue;
          if (aloneWorth > 0n)
            note(pair, 'BELOW_MIN_TRADE', `${usdText(aloneWorth)} is below the smallest trade of ${usdText(minTrade)}`);
          continue;
        }
        const newTokens = begins ? 0 : [pair.sell, pair.buy].filter((i) => !touched.has(i)).length;
        const route = bestRoute({
          pools,
          sell,
          buy,
          amountIn,
          gas: snapshot.gas,
          pips,
          maxSlipBps: policy.maxSlipBps,
          maxImpactBps: rule.maxImpactBps,
          minTradeUsdE8: minTrade,
          newTokens,
        });
        if (route.parts === null) {
          if (route.why === 'NO_POOL') note(pair, 'NO_ROUTE', `no pool connects ${sell.symbol} and ${buy.symbol}`);
          else
            note(
              pair,
              'IMPACT_ABOVE_CAP',
              `no pool between ${sell.symbol} and ${buy.symbol} can take ${usdText(worth)} within its known depth`,
            );
          continue;
        }
        // A stop is there to sell, not to pay off.
        if (!isStopped(snapshot.vault, pair.sell) && !worthGas(f, route.parts)) {
          note(
            pair,
            'COST_EXCEEDS_BENEFIT',
            `moving ${usdText(worth)} from ${sell.symbol} to ${buy.symbol} does not earn its gas back within ${rule.maxPaybackDays} days`,
          );
          continue;
        }
        used.add(key);
        if (take(pair, route.parts)) return true;
        if (stopped !== null) return false;
      }
      return false;
    };

    /** Appends the parts as legs and moves the balances and pools; false when the loss budget ends the plan. */
    const take = (pair: Pair, parts: readonly RoutePart[]): boolean => {
      let taken = false;
      for (const planned of parts) {
        const [sell, buy, pool] = [assets[pair.sell], assets[pair.buy], pools[planned.pool]];
        if (sell === undefined || buy === undefined || pool === undefined) continue;
        const f: FillInputs = { policy, sell, buy, pips, epochNavUsdE8: navE, soldInSliceUsdE8 };
        const part = clampPart(planned, pool, f, maxSellAmount(f), minTrade);
        if (part === null) continue;
        const leg = legOf(f, pair, pool, part);
        const loss = fillLossUsdE8(leg.amountIn, leg.quotedOut, sell, buy);
        const over = level + loss > lossCap;
        if (over) {
          stopped = {
            reason: 'LOSS_BUDGET_SPENT',
            detail: `the next fill would lose ${usdText(loss)} against oracle prices and ${usdText(subFloor(lossCap, level))} of the loss budget is left`,
          };
          // The first one is planned all the same: the record then shows which limit holds it back, and by how much.
          if (legs.length + slices.length > 0) return taken;
        }
        level += loss;
        legs.push(leg);
        soldInSliceUsdE8 += leg.valueUsdE8;
        assets[pair.sell] = { ...sell, balance: sell.balance - leg.amountIn };
        assets[pair.buy] = { ...buy, balance: buy.balance + leg.quotedOut };
        pools[part.pool] = part.quote.poolAfter;
        touched.add(pair.sell).add(pair.buy);
        sold.add(pair.sell);
        bought.add(pair.buy);
        taken = true;
        if (over) return taken;
      }
      return taken;
    };

    while (legs.length < MAX_LEGS_PER_SLICE && stopped === null && takeNext());
    if (legs.length === 0) break;
    // The demand only falls: what is met at the earliest time is met whenever the slice lands. Where waiting does not
    // help it is planned all the same, so that the record shows what is missing.
    const met = metAt(inputs, assets, legs, notBefore);
    if (begins && met !== null && met > notBefore) slices.push({ sequence: -1, notBefore, legs: [] });
    const sequence = inputs.firstSequence + slices.filter((s) => s.legs.length > 0).length;
    notBefore = met ?? notBefore;
    slices.push({ sequence, notBefore, legs: demandedAt(inputs, assets, legs, notBefore) });
    notBefore += policy.sliceCooldownS;
  }
  if (slices.length === MAX_SLICES && stopped === null)
    stopped = {
      reason: 'CONTINUE',
      detail: `the first ${MAX_SLICES} slices come first, the rest is planned after them`,
    };
  return { slices, assets, notes, stopped };
}

/** {USD E8} NAV of the predicted balances. */
export function predictedNav(a: Allocation): bigint {
  return portfolioValue(a.assets).navUsdE8;
}
