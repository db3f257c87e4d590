/** When the stops are worth a transaction that looks at them, and that transaction as a plan. */
import { listed, percentText, usdText } from './format.ts';
import { gasUsdE8, sliceGasUnits } from './gas.ts';
import { hasBit, hasStops, judgeStop, type StopAct, type StopVerdict } from './stops.ts';
import { type Plan, type Reason, type Snapshot, STOP_CHECK_SEQUENCE, type VaultState } from './types.ts';
import { BPS } from './units.ts';
import { driftBps, firstBadPrice, firstUnknownBalance, portfolioValue } from './value.ts';

/** {bps} A new high is told to the vault in steps of this: every wei of it would cost a transaction a block. */
const HIGH_STEP_BPS = 100n;

const REASONS: Readonly<Record<StopAct, Reason>> = {
  REFERENCE: 'STOP_REFERENCE',
  ARM: 'STOP_ARMED',
  DISARM: 'STOP_DISARMED',
  FIRE: 'STOP_FIRED',
};

export type StopCheck = StopVerdict & { readonly act: StopAct };

/** null = nothing to tell the vault, or nothing that can be judged on these prices. */
export function stopCheckOf(vault: VaultState, now: number): StopCheck | null {
  if (!hasStops(vault) || firstBadPrice(vault.assets) || firstUnknownBalance(vault.assets)) return null;
  const { navUsdE8 } = portfolioValue(vault.assets);
  if (navUsdE8 === 0n) return null;
  const verdict = judgeStop(vault, navUsdE8, now);
  if (verdict.act === null) return null;
  const step = vault.stop.highUsdE8 * (BPS + HIGH_STEP_BPS);
  if (verdict.act === 'REFERENCE' && vault.state.referenceLive && navUsdE8 * BPS < step) return null;
  return { ...verdict, act: verdict.act };
}

export function stopReason(check: StopCheck): Reason {
  return REASONS[check.act];
}

export function planStopCheck(snapshot: Snapshot, now: number): Plan {
  const { vault, chainId, block, gas } = snapshot;
  const { values, navUsdE8 } = portfolioValue(vault.assets);
  const gasCost = gasUsdE8(sliceGasUnits(true, vault.assets.length), gas);
  return {
    schema: 'evenkeel.plan/3',
    vault: vault.address,
    chainId,
    block,
    kind: 'STOP_CHECK',
    epoch: vault.state.epoch,
    slices: [{ sequence: STOP_CHECK_SEQUENCE, notBefore: now, legs: [] }],
    cost: { gasUsdE8: gasCost, feeUsdE8: 0n, impactUsdE8: 0n, totalUsdE8: gasCost },
    naive: null,
    yearlySavingUsdE8: 0n,
    paybackDays: 0,
    driftAfterBps: vault.assets.map((a, i) => driftBps(values[i] ?? 0n, a.targetBps, navUsdE8)),
    leftOver: [],
  };
}

function namesOf(vault: VaultState, mask: number): string {
  return listed(vault.assets.flatMap((a, i) => (hasBit(mask, i) ? [a.symbol] : [])));
}

/** What makes asset i stop: its own price, or the whole portfolio. */
function causeOf({ policy, assets, stop }: VaultState, reached: number, navUsdE8: bigint): string {
  for (const [i, a] of assets.entries()) {
    if (!hasBit(reached, i)) continue;
    if (a.priceUsdE8 <= a.stopPriceUsdE8)
      return `${a.symbol} at ${usdText(a.priceUsdE8)} is at or below its stop of ${usdText(a.stopPriceUsdE8)}`;
    if (a.takePriceUsdE8 !== 0n && a.priceUsdE8 >= a.takePriceUsdE8)
      return `${a.symbol} at ${usdText(a.priceUsdE8)} is at or above its take-profit of ${usdText(a.takePriceUsdE8)}`;
  }
  return policy.stopLossBps !== 0 && navUsdE8 * BPS <= stop.highUsdE8 * (BPS - BigInt(policy.stopLossBps))
    ? `the portfolio at ${usdText(navUsdE8)} is ${percentText(policy.stopLossBps)} or more below its high of ${usdText(stop.highUsdE8)}`
    : `the portfolio at ${usdText(navUsdE8)} is ${percentText(policy.takeProfitBps)} or more above its first value of ${usdText(stop.baseUsdE8)}`;
}

export function stopSentence(vault: VaultState, check: StopCheck): string {
  const { navUsdE8 } = portfolioValue(vault.assets);
  const cause = causeOf(vault, check.reached, navUsdE8);
  switch (check.act) {
    case 'REFERENCE':
      return `${usdText(navUsdE8)} becomes the value that the stop of the portfolio is measured from.`;
    case 'ARM':
      return `The stop of ${namesOf(vault, check.stop.armed)} is armed because ${cause}; it fires if that still holds after ${vault.policy.confirmS} s.`;
    case 'DISARM':
      return `The stop of ${namesOf(vault, vault.stop.armed & ~check.stop.armed)} is disarmed: its condition holds no longer.`;
    case 'FIRE':
      return `The stop of ${namesOf(vault, check.fired)} fires because ${cause}; it is sold into the safe assets and stays so until the owner resets.`;
  }
}
