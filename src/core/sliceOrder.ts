/** Routed fills as an order for the schedule: how deep their pools are, how soon they recover, what may be sandwiched. */
import { maxPathInWithinImpact, pathFeePips, type Step, stepsOf } from './amm/path.ts';
import { midPrice, poolFeePips } from './amm/quote.ts';
import { expectedGasUsdE8, hopGasUnits, sliceGasUnits } from './gas.ts';
import type { FillPlan } from './legs.ts';
import { minTradeUsdE8 } from './limits.ts';
import { plannedToleranceBps } from './poolChecks.ts';
import { localDepth } from './schedule/depth.ts';
import { planSlices, type SliceLeg, type SliceSchedule } from './schedule/planSlices.ts';
import { recoveryBlocks } from './schedule/recovery.ts';
import { sandwichCap } from './schedule/sandwich.ts';
import type { AssetState, KeeperRule, PoolState, Snapshot } from './types.ts';
import { portfolioValue, valueUsdE8 } from './value.ts';

export type SliceInputs = {
  readonly snapshot: Snapshot;
  readonly rule: KeeperRule;
  /** As routed for `share` of the whole. */
  readonly fills: readonly FillPlan[];
  readonly share: number;
  readonly pools: readonly PoolState[];
  readonly assets: readonly AssetState[];
  readonly sliceCapUsdE8: bigint;
  /** {s} until the epoch ends */
  readonly ttlS: number;
  /** A stop sells. */
  readonly flees: boolean;
};

type Leg = SliceLeg & {
  /** Of the whole leg that moves no pool further than the rule allows; 1 = all of it. */
  readonly mostShare: number;
};

/** A smaller share is routed over fewer pools, so that its legs shrink less than the share does. */
const IMPACT_MARGIN = 0.97;

function usd(e8: bigint): number {
  return Number(e8) / 1e8;
}

/** {USD per base unit} of what each step sells: the oracle's price carried along the mid prices. */
function unitPrices(steps: readonly Step[], sell: AssetState): number[] {
  let unit = Number(sell.priceUsdE8) / 10 ** (sell.decimals + 8);
  return steps.map(({ pool, tokenIn, tokenOut }) => {
    const now = unit;
    const mid = midPrice(pool, tokenIn, tokenOut);
    unit *= Number(mid.denominator) / Number(mid.numerator);
    return now;
  });
}

/** Impacts along a path add up; it recovers as slowly as its slowest, and is as safe as its least safe one. */
function legOf(inputs: SliceInputs, fill: FillPlan): Leg | null {
  const { rule, pools, assets, share } = inputs;
  const sell = assets[fill.sell];
  const steps = sell === undefined ? null : stepsOf(pools, sell.token, fill.hops);
  if (sell === undefined || steps === null) return null;
  const units = unitPrices(steps, sell);
  const slackBps = Number(plannedToleranceBps(pathFeePips(steps)));
  const sizeUsd = usd(valueUsdE8(fill.amountIn, sell.priceUsdE8, sell.decimals)) / share;
  const least = (of: (s: Step) => number): number => Math.min(...steps.map((s, i) => of(s) * (units[i] ?? 0)));
  const depths = steps.map((s, i) => localDepth(s.pool, s.tokenIn, s.tokenOut) * (units[i] ?? 0));
  const depthUsd = 1 / depths.reduce((sum, d) => sum + 1 / d, 0);
  if (!(sizeUsd > 0 && depthUsd > 0 && Number.isFinite(depthUsd))) return null;
  const within = maxPathInWithinImpact(steps, rule.maxImpactBps, fill.amountIn);
  const smallest = minTradeUsdE8(inputs.snapshot.vault.policy);
  const fits = within > 0n && valueUsdE8(within, sell.priceUsdE8, sell.decimals) >= smallest;
  return {
    sizeUsd,
    depthUsd,
    feePips: pathFeePips(steps),
    recoveryBlocks: Math.max(
      ...steps.map((s) =>
        recoveryBlocks(poolFeePips(s.pool, s.tokenIn, s.tokenOut), rule.volatilityBps / 10_000, rule.blockTimeS),
      ),
    ),
    sandwichCapUsd: least((s) => Number(sandwichCap(s.pool, s.tokenIn, s.tokenOut, slackBps))),
    // Where not even the smallest trade fits, slicing does not help: the guard says by how much.
    mostShare: !fits || within === fill.amountIn ? 1 : (IMPACT_MARGIN * share * Number(within)) / Number(fill.amountIn),
  };
}

export type Schedule = Pick<SliceSchedule, 'shares' | 'spacingS' | 'fraction'>;

/** As few slices as the limits allow, as soon as they may follow each other. */
function soonest(totalUsd: number, maxSliceUsd: number, spacingS: number, ttlS: number): Schedule {
  const most = 1 + Math.max(0, Math.floor(ttlS / Math.max(1, spacingS)));
  const count = Math.max(1, Math.min(most, Math.ceil(totalUsd / maxSliceUsd)));
  const fraction = Math.min(1, (count * maxSliceUsd) / totalUsd);
  return { shares: Array.from({ length: count }, () => 1 / count), spacingS, fraction };
}

/** null: there is no fill to schedule. */
export function scheduleOf(inputs: SliceInputs): Schedule | null {
  const { snapshot, rule, fills, pools } = inputs;
  const legs = fills.flatMap((fill) => legOf(inputs, fill) ?? []);
  if (legs.length === 0) return null;
  const venueOf = new Map(pools.map((p) => [p.address, p.venue]));
  const units = fills
    .flatMap((f) => f.hops)
    .reduce((sum, h) => sum + hopGasUnits(venueOf.get(h.pool) ?? 'UNISWAP_V3', 0), sliceGasUnits(false, 0));
  const totalUsd = legs.reduce((sum, l) => sum + l.sizeUsd, 0);
  const { policy, assets } = snapshot.vault;
  const maxSliceUsd = Math.min(usd(inputs.sliceCapUsdE8), totalUsd * Math.min(...legs.map((l) => l.mostShare)));
  if (inputs.flees) return soonest(totalUsd, maxSliceUsd, policy.sliceCooldownS, inputs.ttlS);
  return planSlices({
    legs,
    sigma: rule.volatilityBps / 10_000,
    blockTimeS: rule.blockTimeS,
    sliceGasUsd: usd(expectedGasUsdE8(units, snapshot.gas)),
    riskAversion: rule.riskAversionE2 / 200 / usd(portfolioValue(assets).navUsdE8),
    ttlS: Math.max(0, inputs.ttlS),
    sliceCooldownS: policy.sliceCooldownS,
    maxSliceUsd,
    publicMempool: true,
    slackBps: Math.max(...legs.map((l) => Number(plannedToleranceBps(l.feePips)))),
  });
}
