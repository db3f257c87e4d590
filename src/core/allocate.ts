/**
 * From what should move to the fills of each slice. The basket is routed as a whole; when it takes N slices, the router
 * solves an N-th of the portfolio, because each slice finds pools that have recovered.
 */
import { pathMidPrice, quotePath, stepsOf } from './amm/path.ts';
import { tokensOf } from './amm/quote.ts';
import { listed, usdText } from './format.ts';
import { expectedGasUsdE8, GAS_FILL, GAS_HOP } from './gas.ts';
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
import { wantedMoves } from './moves.ts';
import { divergenceBps } from './poolChecks.ts';
import { type BasketRoute, routeBasket } from './route/basket.ts';
import { compileMarket } from './route/market.ts';
import type { SliceSchedule } from './schedule/planSlices.ts';
import { scheduleOf } from './sliceOrder.ts';
import { hasBit } from './stops.ts';
import type { Address, AssetState, KeeperRule, Leg, PlannedSlice, PoolState, Reason, Snapshot } from './types.ts';
import { abs, max, subFloor } from './units.ts';
import { assetValueUsdE8, portfolioValue, targetValueUsdE8 } from './value.ts';

/** More fills than this in one transaction risk the block gas limit; the rest goes to the next slice. */
const MAX_LEGS_PER_SLICE = 12;
/** A plan longer than this is replanned from a fresh snapshot anyway. */
const MAX_SLICES = 64;
/** Routes without a pool that broke a limit, before the best so far is taken. */
const MAX_DETOURS = 6;
/** {s} a slice that would run later than this before the end of its epoch may land too late. */
export const INCLUSION_MARGIN_S = 60;
/** {1} what missing the target counts when a stop sells: it is there to sell, not to pay off. */
const STOP_PENALTY = 1_000;
const SHARE_E9 = 1_000_000_000;
/** Of the limit on impact: the integers round it up. */
const IMPACT_MARGIN = 0.02;
const SCHEDULE_ROUNDS = 6;
const CLOSE = 1e-6;
const ONE_SLICE: Pick<SliceSchedule, 'shares' | 'spacingS' | 'fraction'> = { shares: [1], spacingS: 0, fraction: 1 };
const DAYS_PER_YEAR = 365;

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

/** Why an asset was not traded, or not further. */
export type Note = { readonly reason: Reason; readonly detail: string };

export type Allocation = {
  readonly slices: readonly PlannedSlice[];
  readonly assets: readonly AssetState[];
  /** By index of the asset. */
  readonly notes: ReadonlyMap<number, Note>;
  /** Set when every further trade is impossible, whatever the asset. */
  readonly stopped: Note | null;
};

/**
 * Kappa of the router: what missing the target by a share of NAV costs until the payback time is over, as the saving of a
 * plan counts it. So the last dollar that moves earns its cost back within that time, too.
 */
function penaltyOf({ snapshot, rule }: AllocateInputs): number {
  if (snapshot.vault.state.stopped !== 0) return STOP_PENALTY;
  const variance = (rule.volatilityBps / 10_000) ** 2;
  return (rule.riskAversionE2 / 100) * variance * (rule.maxPaybackDays / DAYS_PER_YEAR);
}

/** The tokens that a chain of pools leads to. */
function reachedFrom(pools: readonly PoolState[], from: Address): ReadonlySet<Address> {
  const reached = new Set([from]);
  for (let before = 0; before !== reached.size; ) {
    before = reached.size;
    for (const tokens of pools.map(tokensOf))
      if (tokens.some((t) => reached.has(t))) for (const t of tokens) reached.add(t);
  }
  return reached;
}

type Routing = {
  readonly inputs: AllocateInputs;
  readonly assets: readonly AssetState[];
  /** {USD E8} */
  readonly moves: readonly bigint[];
};

/** One slice's share of the portfolio over some of the pools. */
function routeShare(
  { inputs, assets, moves }: Routing,
  pools: readonly PoolState[],
  share: number,
  maxImpact: number,
): BasketRoute {
  const { snapshot } = inputs;
  const usd = (e8: bigint): number => Number(e8) / 1e8;
  const shareE9 = BigInt(Math.round(share * SHARE_E9));
  const portion = (amount: bigint): bigint => (amount * shareE9) / BigInt(SHARE_E9);
  const gas = (units: bigint): number => usd(expectedGasUsdE8(units, snapshot.gas));
  return routeBasket({
    assets: assets.map((a, i) => {
      const move = moves[i] ?? 0n;
      const wantedUsd = usd(portion(assetValueUsdE8(a) + move));
      return {
        token: a.token,
        symbol: a.symbol,
        decimals: a.decimals,
        priceUsdE8: a.priceUsdE8,
        balance: portion(a.balance),
        targetUsd: wantedUsd,
        loUsd: 0,
        hiUsd: Number.POSITIVE_INFINITY,
        maxSellUsd: usd(portion(max(0n, -move))),
        maxBuyUsd: usd(portion(max(0n, move))),
      };
    }),
    market: compileMarket(pools, maxImpact),
    navUsd: usd(portion(portfolioValue(assets).navUsdE8)),
    penalty: penaltyOf(inputs),
    hopGasUsd: (i) => gas(GAS_HOP[pools[i]?.venue ?? 'UNISWAP_V3']),
    fillGasUsd: gas(GAS_FILL.UNISWAP_V3 - GAS_HOP.UNISWAP_V3),
    minFillUsd: usd(minTradeUsdE8(snapshot.vault.policy)),
  });
}

function fillsOf(route: BasketRoute, pools: readonly PoolState[]): FillPlan[] {
  return route.fills.map((f) => ({
    sell: f.sell,
    buy: f.buy,
    amountIn: f.amountIn,
    hops: f.hops.map(({ pool, tokenOut }) => {
      const state = pools[pool];
      if (state === undefined) throw new RangeError(`the router chose pool ${pool} of ${pools.length}`);
      return { pool: state.address, tokenOut };
    }),
  }));
}

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

/** Which limit a fill of `amountIn` would break, whatever the size of the slices. */
function brokenBy(r: Routing, pools: readonly PoolState[], fill: FillPlan, pips: bigint): Note | null {
  const { policy } = r.inputs.snapshot.vault;
  const [sell, buy] = [r.assets[fill.sell], r.assets[fill.buy]];
  const steps = sell === undefined ? null : stepsOf(pools, sell.token, fill.hops);
  if (sell === undefined || buy === undefined || steps === null) return null;
  const away = divergenceBps(pathMidPrice(steps), sell, buy);
  const pair = `${sell.symbol} and ${buy.symbol}`;
  if (away > policy.maxSlipBps)
    return {
      reason: 'POOL_PRICE_DIVERGES',
      detail: `the pools between ${pair} are ${away / 100}% off the oracle's price`,
    };
  const { amountOut, complete } = quotePath(steps, fill.amountIn);
  if (complete && amountOut < requiredOut(fill.amountIn, sell, buy, pips))
    return { reason: 'SLIPPAGE_WOULD_EXCEED', detail: `no pool between ${pair} pays what the vault demands` };
  return null;
}

type Found = { readonly route: BasketRoute; readonly pools: readonly PoolState[]; readonly broken: Note | null };

/**
 * The best route that keeps every limit: a thin or odd pool with the nicer quote must not hold back a trade that others
 * can carry. Where all that are left break one, the first route, so that the record shows which limit, and by how much.
 */
function routeWithin(r: Routing, share: number, pips: bigint): Found {
  const all = r.inputs.snapshot.pools;
  const maxImpact = (r.inputs.rule.maxImpactBps * (1 - IMPACT_MARGIN)) / 10_000;
  let pools = all;
  let first: Found | null = null;
  for (let detour = 0; detour <= MAX_DETOURS; detour++) {
    const route = routeShare(r, pools, share, maxImpact);
    const broken = fillsOf(route, pools).flatMap((fill) => {
      const note = brokenBy(r, pools, fill, pips);
      return note === null ? [] : [{ fill, note }];
    });
    const found: Found = { route, pools, broken: first?.broken ?? broken[0]?.note ?? null };
    first ??= found;
    if (broken.length === 0 && (route.fills.length > 0 || first.broken !== null))
      return route.fills.length > 0 ? found : first;
    if (broken.length === 0) break;
    const avoid = new Set(broken.flatMap(({ fill }) => fill.hops.map((h) => h.pool)));
    pools = pools.filter((p) => !avoid.has(p.address));
  }
  if (first !== null && first.route.fills.length > 0) return first;
  const whole = routeShare(r, all, share, 1);
  const detail = 'what the pools take within the impact limit is not worth a trade';
  return { route: whole, pools: all, broken: whole.fills.length > 0 ? { reason: 'IMPACT_ABOVE_CAP', detail } : null };
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
    const moves = wantedMoves(policy, assets, navE, closed);
    const routing: Routing = { inputs, assets: [...assets], moves };
    const sliceCap = sliceCapUsdE8(policy, navE);
    if (!canMove(routing, sliceCap)) break;
    if (snapshot.pools.length === 0) {
      explain(routing, null, notes);
      break;
    }
    const planned = plannedRound(routing, notBefore, pips, sliceCap);
    explain(routing, planned.found, notes);
    let going = true;
    for (const share of planned.shares) {
      if (!going) break;
      going = addAll(planned.fillsOf(share), planned.spacingS);
    }
    if (planned.fraction < 1) stopped ??= { reason: 'COOLDOWN', detail: 'the epoch ends before another slice may run' };
    if (planned.shares.length === 1 || !going) break;
  }
  noteClosed();
  return { slices, assets, notes, stopped };

  /** What was sold is not bought back, so that those who were to pay for it keep what they have. */
  function noteClosed(): void {
    const gaps = assets.map((a) => targetValueUsdE8(a.targetBps, navE) - assetValueUsdE8(a));
    for (const [i, a] of assets.entries()) {
      if (!hasBit(closed, i) || (gaps[i] ?? 0n) < minTradeUsdE8(policy) || gaps[i] === 0n) continue;
      const detail = `${a.symbol} was sold in this rebalance, so it is not bought back in it`;
      for (const [j, gap] of gaps.entries())
        if (j === i || (gap < 0n && !notes.has(j))) notes.set(j, { reason: 'SOLD_IN_EPOCH', detail });
    }
  }

  /** @param found null when there are no pools to look at */
  function explain(r: Routing, found: Found | null, into: Map<number, Note>): void {
    const moved = new Set(found?.route.fills.flatMap((f) => [f.sell, f.buy]));
    const [sold, bought] = [false, true].map((buys) => {
      const assets = r.assets.filter((_, i) => (buys ? (r.moves[i] ?? 0n) > 0n : (r.moves[i] ?? 0n) < 0n));
      return { assets, names: listed(assets.map((a) => a.symbol)) };
    });
    for (const [i, a] of r.assets.entries()) {
      const move = r.moves[i] ?? 0n;
      if (into.has(i) || moved.has(i) || move === 0n) continue;
      const others = move > 0n ? sold : bought;
      const reached = reachedFrom(snapshot.pools, a.token);
      if (others === undefined || !others.assets.some((o) => reached.has(o.token))) {
        into.set(i, { reason: 'NO_ROUTE', detail: `no pools connect ${a.symbol} and ${others?.names ?? ''}` });
        continue;
      }
      if (found !== null && found.broken !== null) into.set(i, found.broken);
      else if (abs(move) < minTradeUsdE8(policy))
        into.set(i, {
          reason: 'BELOW_MIN_TRADE',
          detail: `${usdText(abs(move))} is below the smallest trade of ${usdText(minTradeUsdE8(policy))}`,
        });
      else
        into.set(i, {
          reason: 'COST_EXCEEDS_BENEFIT',
          detail: `moving ${usdText(abs(move))} of ${a.symbol} does not earn its cost back within ${rule.maxPaybackDays} days`,
        });
    }
  }
}

type Round = {
  readonly shares: readonly number[];
  readonly spacingS: number;
  readonly fraction: number;
  readonly found: Found;
  fillsOf(share: number): readonly FillPlan[];
};

function canMove({ moves }: Routing, sliceCapUsdE8: bigint): boolean {
  return sliceCapUsdE8 > 0n && moves.some((m) => m < 0n) && moves.some((m) => m > 0n);
}

/** Of moves both ways: see `canMove`. */
function plannedRound(r: Routing, startAt: number, pips: bigint, sliceCapUsdE8: bigint): Round {
  const { snapshot, rule, epochEnd } = r.inputs;
  const soldUsdE8 = r.moves.reduce((sum, m) => sum + max(0n, -m), 0n);
  const routed = new Map<number, Found>();
  const routeOf = (share: number): Found => {
    const key = Math.round(share * SHARE_E9);
    const known = routed.get(key) ?? routeWithin(r, share, pips);
    routed.set(key, known);
    return known;
  };
  // A smaller share finds other paths, which may be narrower: until the schedule takes the share that was routed.
  let share = Math.min(1, 1 / Math.ceil(Number(soldUsdE8) / Number(sliceCapUsdE8)));
  let found = routeOf(share);
  let schedule = ONE_SLICE;
  for (let round = 0; round < SCHEDULE_ROUNDS; round++) {
    const { route, pools } = found;
    const fills = fillsOf(route, pools);
    const ttlS = epochEnd - INCLUSION_MARGIN_S - startAt;
    schedule = scheduleOf({ snapshot, rule, fills, pools, assets: r.assets, share, sliceCapUsdE8, ttlS }) ?? ONE_SLICE;
    const next = Math.max(...schedule.shares) * schedule.fraction;
    if (next >= share * (1 - CLOSE)) break;
    share = next;
    found = routeOf(share);
  }
  const { spacingS, fraction } = schedule;
  return {
    shares: schedule.shares.map((s) => s * fraction),
    ...{ spacingS, fraction, found },
    fillsOf: (s) => {
      const { route, pools } = routeOf(s);
      return fillsOf(route, pools);
    },
  };
}

/** {USD E8} NAV of the predicted balances. */
export function predictedNav(a: Allocation): bigint {
  return portfolioValue(a.assets).navUsdE8;
}
