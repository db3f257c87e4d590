/** A decision as text: the same lines for `keel plan` (not yet made) and `keel explain` (made). */
import { guardNumber, signedPoints } from '../api/words.ts';
import { amountText, decimalText, pointsText, usdText, VENUE_TEXT } from '../core/format.ts';
import type { AssetView, Guard, Leg, Plan, Realised } from '../core/types.ts';
import { type Output, table } from './output.ts';

export function timeText(unix: number): string {
  return `${new Date(unix * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

type Flow = { readonly sold: bigint; readonly bought: bigint };

/** What a plan does to one asset, over all slices. */
function flowOf(plan: Plan | null, index: number): Flow {
  const legs = plan?.slices.flatMap((s) => s.legs) ?? [];
  const sum = (of: (leg: Leg) => bigint): bigint => legs.reduce((total, leg) => total + of(leg), 0n);
  return {
    sold: sum((l) => (l.sell === index ? l.amountIn : 0n)),
    bought: sum((l) => (l.buy === index ? l.quotedOut : 0n)),
  };
}

function actionOf(asset: AssetView, flow: Flow): string {
  const { decimals } = asset;
  if (flow.sold > 0n && flow.bought > 0n)
    return `sell ${amountText(flow.sold, decimals)}, buy ${amountText(flow.bought, decimals)}`;
  if (flow.sold > 0n) return `sell ${amountText(flow.sold, decimals)}`;
  return flow.bought > 0n ? `buy ${amountText(flow.bought, decimals)}` : 'keep';
}

/** @param plan what happens to each asset; undefined leaves that column out */
export function assetTable(assets: readonly AssetView[], plan?: Plan | null): string[] {
  const percent = (bps: number): string => `${decimalText(BigInt(bps), 2, 1)}%`;
  const rows = assets.map((a, i) => [
    a.symbol,
    percent(a.weightBps),
    percent(a.targetBps),
    `${signedPoints(a.driftBps)} pt`,
    pointsText(a.bandBps),
    a.priceStatus === 'OK' ? usdText(a.valueUsdE8) : `price ${a.priceStatus.toLowerCase().replaceAll('_', ' ')}`,
    ...(plan === undefined ? [] : [actionOf(a, flowOf(plan, i))]),
  ]);
  const head = ['TOKEN', 'NOW', 'TARGET', 'DRIFT', 'BAND', 'VALUE', ...(plan === undefined ? [] : ['ACTION'])];
  return table([head, ...rows], [1, 2, 3, 4, 5]);
}

function naiveLines({ naive, cost }: Plan): string[] {
  if (naive === null || naive.swaps === 0) return [];
  const gaps =
    naive.unreachable.length === 0 ? '' : ` (without ${naive.unreachable.join(', ')}, for which it finds no way)`;
  const early = naive.trades ? '' : ', once a drift passes 5 points';
  return [
    `5-point band, pair by pair through ${naive.cash}, one swap each: ${usdText(naive.cost.totalUsdE8)} for ${usdText(naive.movedUsdE8)} moved${gaps}${early}; this plan: ${usdText(cost.totalUsdE8)}.`,
  ];
}

export function planLines(plan: Plan): string[] {
  const { cost, slices, driftAfterBps } = plan;
  const legs = slices.flatMap((s) => s.legs);
  const moved = legs.reduce((sum, l) => sum + l.valueUsdE8, 0n);
  const share = moved === 0n ? '' : ` (${decimalText((cost.totalUsdE8 * 1_000_000n) / moved, 4, 2)}% of traded)`;
  const after = driftAfterBps.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  return [
    ...legs.map(
      (l) =>
        `  ${l.sellSymbol} to ${l.buySymbol} through ${l.hops.map((h) => `${VENUE_TEXT[h.venue]} ${h.pool}`).join(', then ')}: ${usdText(l.valueUsdE8)}`,
    ),
    `After: max drift ${pointsText(after)} pt, in ${slices.length} ${slices.length === 1 ? 'transaction' : 'transactions'}.`,
    `Cost ${usdText(cost.totalUsdE8)}${share}: gas ${usdText(cost.gasUsdE8)}, fee ${usdText(cost.feeUsdE8)}, impact ${usdText(cost.impactUsdE8)}. Earned back in ${plan.paybackDays} days.`,
    ...naiveLines(plan),
    ...plan.leftOver.map((l) => `Left: ${l.symbol}, ${l.detail}.`),
  ];
}

export function guardLines(guards: readonly Guard[], output: Output): string[] {
  const rows = guards.map((g) => [
    g.pass ? output.paint('good', 'ok  ') : output.paint('bad', 'FAIL'),
    g.name,
    g.unit === 'FLAG' ? (g.pass ? 'yes' : 'no') : guardNumber(g.unit, g.value),
    g.unit === 'FLAG' ? '' : `limit ${guardNumber(g.unit, g.limit)}`,
    g.enforcedBy.toLowerCase(),
  ]);
  return table(rows).map((line) => `  ${line}`);
}

export function guardCount(guards: readonly Guard[]): string {
  const passed = guards.filter((g) => g.pass).length;
  return `Guards ${passed}/${guards.length} pass.`;
}

export function realisedLines(realised: Realised): string[] {
  return [
    ...realised.fills.map((f) => `  filled ${f.sellSymbol} to ${f.buySymbol} in ${f.txHash}`),
    `Paid ${usdText(realised.totalUsdE8)}: gas ${usdText(realised.gasUsdE8)}, fee ${usdText(realised.feeUsdE8)}, impact ${usdText(realised.impactUsdE8)}, slippage ${usdText(realised.slippageUsdE8)}.`,
  ];
}
