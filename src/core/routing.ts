/**
 * Which fills a share of the portfolio takes, within every limit, and in how many shares it goes. When N slices pay, the
 * router solves an N-th of the portfolio, because each slice finds pools that have recovered.
 */
import { pathMidPrice, quotePath, stepsOf } from './amm/path.ts';
import { expectedGasUsdE8, GAS_FILL, GAS_HOP } from './gas.ts';
import type { FillPlan } from './legs.ts';
import { minTradeUsdE8, requiredOut } from './limits.ts';
import type { Note } from './notes.ts';
import { divergenceBps } from './poolChecks.ts';
import { type BasketRoute, routeBasket } from './route/basket.ts';
import { compileMarket } from './route/market.ts';
import { type Schedule, scheduleOf } from './sliceOrder.ts';
import type { AssetState, KeeperRule, PoolState, Snapshot } from './types.ts';
import { max } from './units.ts';
import { assetValueUsdE8, portfolioValue } from './value.ts';

/** Routes without a pool that broke a limit, before the best so far is taken. */
const MAX_DETOURS = 6;
/** {1} what missing the target counts when a stop sells: it is there to sell, not to pay off. */
const STOP_PENALTY = 1_000;
const SHARE_E9 = 1_000_000_000;
/** Of the limit on impact: the integers round it up. */
const IMPACT_MARGIN = 0.02;
const SCHEDULE_ROUNDS = 6;
const CLOSE = 1e-6;
const ONE_SLICE: Schedule = { shares: [1], spacingS: 0, fraction: 1 };
const DAYS_PER_YEAR = 365;

export type Routing = {
  readonly snapshot: Snapshot;
  readonly rule: KeeperRule;
  /** A stop sells: as soon as the vault allows, whatever it costs within its limits. */
  readonly flees: boolean;
  readonly assets: readonly AssetState[];
  /** {USD E8} */
  readonly moves: readonly bigint[];
};

export type Found = {
  readonly route: BasketRoute;
  readonly pools: readonly PoolState[];
  /** Does the route keep every limit? */
  readonly keeps: boolean;
  /** The first limit that this or a better route broke. */
  readonly broken: Note | null;
};

export type Round = {
  readonly shares: readonly number[];
  readonly spacingS: number;
  readonly fraction: number;
  readonly found: Found;
  fillsOf(share: number): readonly FillPlan[];
};

/**
 * Kappa of the router: what missing the target by a share of NAV costs until the payback time is over, as the saving of a
 * plan counts it. So the last dollar that moves earns its cost back within that time, too.
 */
function penaltyOf({ rule, flees }: Routing): number {
  if (flees) return STOP_PENALTY;
  const variance = (rule.volatilityBps / 10_000) ** 2;
  return (rule.riskAversionE2 / 100) * variance * (rule.maxPaybackDays / DAYS_PER_YEAR);
}

/** One slice's share of the portfolio over some of the pools. */
function routeShare(routing: Routing, pools: readonly PoolState[], share: number, maxImpact: number): BasketRoute {
  const { snapshot, assets, moves } = routing;
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
    market: compileMarket(pools, maxImpact, snapshot.pathFiller === null),
    navUsd: usd(portion(portfolioValue(assets).navUsdE8)),
    penalty: penaltyOf(routing),
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

/** Which limit a fill of `amountIn` would break, whatever the size of the slices. */
function brokenBy(r: Routing, pools: readonly PoolState[], fill: FillPlan, pips: bigint): Note | null {
  const { policy } = r.snapshot.vault;
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

/**
 * The best route that keeps every limit: a thin or odd pool with the nicer quote must not hold back a trade that others
 * can carry. Where all that are left break one, the first route, so that the record shows which limit, and by how much.
 */
function routeWithin(r: Routing, share: number, pips: bigint): Found {
  const { pathFiller } = r.snapshot;
  // Only the path filler turns wrapped ether into ether.
  const all = r.snapshot.pools.filter((p) => pathFiller !== null || p.venue !== 'UNISWAP_V4' || !p.native);
  const maxImpact = (r.rule.maxImpactBps * (1 - IMPACT_MARGIN)) / 10_000;
  let pools = all;
  let first: Found | null = null;
  for (let detour = 0; detour <= MAX_DETOURS; detour++) {
    const route = routeShare(r, pools, share, maxImpact);
    const broken = fillsOf(route, pools).flatMap((fill) => {
      const note = brokenBy(r, pools, fill, pips);
      return note === null ? [] : [{ fill, note }];
    });
    const keeps = broken.length === 0;
    const found: Found = { route, pools, keeps, broken: first?.broken ?? broken[0]?.note ?? null };
    first ??= found;
    if (broken.length === 0 && route.fills.length > 0) return found;
    if (broken.length === 0) break;
    const avoid = new Set(broken.flatMap(({ fill }) => fill.hops.map((h) => h.pool)));
    pools = pools.filter((p) => !avoid.has(p.address));
  }
  if (first !== null && first.route.fills.length > 0) return first;
  const whole = routeShare(r, all, share, 1);
  const detail = 'what the pools take within the impact limit is not worth a trade';
  return {
    route: whole,
    pools: all,
    keeps: false,
    broken: whole.fills.length > 0 ? { reason: 'IMPACT_ABOVE_CAP', detail } : null,
  };
}

export function canMove({ moves }: Routing, sliceCapUsdE8: bigint): boolean {
  return sliceCapUsdE8 > 0n && moves.some((m) => m < 0n) && moves.some((m) => m > 0n);
}

/** Of moves both ways: see `canMove`. @param ttlS {s} from the first slice to the last moment of the epoch */
export function plannedRound(r: Routing, ttlS: number, pips: bigint, sliceCapUsdE8: bigint): Round {
  const { snapshot, rule } = r;
  const soldUsdE8 = r.moves.reduce((sum, m) => sum + max(0n, -m), 0n);
  // A smaller share finds other paths, which may be narrower: until the schedule takes the share that was routed.
  let share = Math.min(1, 1 / Math.ceil(Number(soldUsdE8) / Number(sliceCapUsdE8)));
  let found = routeWithin(r, share, pips);
  let schedule = ONE_SLICE;
  for (let round = 0; round < SCHEDULE_ROUNDS; round++) {
    // Such a route is planned only to show the limit that it breaks.
    if (!found.keeps) break;
    const { route, pools } = found;
    const fills = fillsOf(route, pools);
    schedule =
      scheduleOf({ snapshot, rule, fills, pools, assets: r.assets, share, sliceCapUsdE8, ttlS, flees: r.flees }) ??
      ONE_SLICE;
    const next = Math.max(...schedule.shares) * schedule.fraction;
    if (next >= share * (1 - CLOSE)) break;
    share = next;
    found = routeWithin(r, share, pips);
  }
  const { spacingS, fraction } = schedule;
  return {
    shares: schedule.shares.map((s) => s * fraction),
    ...{ spacingS, fraction, found },
    // A route of its own for each share would differ little and cost as much time again.
    fillsOf: (s) => {
      const partE9 = BigInt(Math.min(SHARE_E9, Math.round((s / share) * SHARE_E9)));
      const all = fillsOf(found.route, found.pools);
      return all.map((f) => ({ ...f, amountIn: (f.amountIn * partE9) / BigInt(SHARE_E9) }));
    },
  };
}
