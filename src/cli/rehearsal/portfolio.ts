import type { ConfigFile } from '../../config/schema.ts';

/** The portfolio that a rehearsal starts with: what the guided set-up proposes to a new user. */
export const REHEARSAL_VALUE_USD = 25_000n;

export const REHEARSAL_PORTFOLIO: Pick<ConfigFile, 'targets' | 'limits' | 'rule'> = {
  targets: [
    { symbol: 'WETH', percent: 40, band: { points: 3 } },
    { symbol: 'WBTC', percent: 30, band: { points: 3 } },
    { symbol: 'USDC', percent: 20, band: { points: 3 } },
    { symbol: 'LINK', percent: 10, band: { points: 2 } },
  ],
  limits: {
    destinationPercentOfBand: 0,
    cooldownS: 3600,
    maxSlipPercent: 1,
    lossPercentPerDay: 1,
    maxSlicePercent: 25,
    sliceCooldownS: 60,
    minTradeUsd: 25,
    maxGasGwei: 80,
    ttlS: 3600,
  },
  rule: {
    frequency: 'hourly',
    maxGasGwei: 40,
    maxGasUsd: 40,
    maxImpactPercent: 0.5,
    maxPaybackDays: 120,
    volatilityPercent: 80,
    riskAversion: 3,
  },
};
