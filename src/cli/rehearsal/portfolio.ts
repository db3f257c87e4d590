import type { KeeperRule, VaultPolicy } from '../../core/types.ts';

/** The portfolio that a rehearsal starts with: what the guided set-up proposes to a new user. */
export const REHEARSAL_VALUE_USD = 25_000n;

export const REHEARSAL_TARGETS = [
  { symbol: 'WETH', targetBps: 4000, bandBps: 500 },
  { symbol: 'WBTC', targetBps: 3000, bandBps: 500 },
  { symbol: 'USDC', targetBps: 2000, bandBps: 500 },
  { symbol: 'LINK', targetBps: 1000, bandBps: 300 },
] as const;

export const REHEARSAL_POLICY: VaultPolicy = {
  destinationBps: 0,
  innerBandBps: 100,
  scheduleS: 0,
  cooldownS: 3600,
  maxSlipBps: 100,
  lossBpsPerDay: 100,
  maxSliceBps: 2500,
  sliceCooldownS: 60,
  minTradeUsdE2: 25_00,
  maxGasPriceMwei: 80_000,
  ttlS: 3600,
};

export const REHEARSAL_RULE: KeeperRule = {
  frequency: 'hourly',
  maxGasPriceWei: 40_000_000_000n,
  maxGasUsdE8: 40_00000000n,
  maxImpactBps: 50,
  maxPaybackDays: 120,
  volatilityBps: 8000,
  riskAversionE2: 300,
};
