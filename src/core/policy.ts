/** The limits that an owner may leave out. */
import type { VaultPolicy } from './types.ts';

/** No premium, no relaxation, no strangers, no snapshots within an epoch, no stops, no tips. */
export const OPTIONS_OFF = {
  premiumBps: 0,
  relaxS: 0,
  open: false,
  snapshotS: 0,
  stopLossBps: 0,
  takeProfitBps: 0,
  confirmS: 0,
  tipBps: 0,
  maxTipUsdE2: 0,
  tipPerDayUsdE2: 0,
} as const satisfies Partial<VaultPolicy>;
