import type { Costs } from '../../core/types.ts';

/** What `npm start -- --unattended --json` prints. Dollars are numbers rounded to cents, drift to 1/100 point. */
export type RehearsalSummary = {
  readonly schema: 'evenkeel.rehearsal/1';
  readonly scenario: string;
  readonly seed: number;
  readonly hours: number;
  readonly checks: number;
  readonly traded: number;
  readonly noTrade: number;
  readonly heldBack: number;
  readonly failed: number;
  readonly navStartUsd: number;
  readonly navEndUsd: number;
  readonly holdNavUsd: number;
  readonly costUsd: { gas: number; fee: number; impact: number; slippage: number; total: number };
  readonly maxDriftAfterTradePoints: number;
  readonly withdrawnAll: boolean;
  readonly invariantViolations: number;
  readonly wallSeconds: number;
};

export function usd(valueUsdE8: bigint): number {
  const cents = (valueUsdE8 + (valueUsdE8 < 0n ? -500_000n : 500_000n)) / 1_000_000n;
  return Number(cents) / 100;
}

/** Rounds the parts and sums the rounded parts, so that the printed total is the sum of the printed parts. */
export function costUsd(costs: Costs): RehearsalSummary['costUsd'] {
  const parts = {
    gas: usd(costs.gasUsdE8),
    fee: usd(costs.feeUsdE8),
    impact: usd(costs.impactUsdE8),
    slippage: usd(costs.slippageUsdE8),
  };
  const total = Math.round((parts.gas + parts.fee + parts.impact + parts.slippage) * 100) / 100;
  return { ...parts, total };
}

/** Exit 0 only if the rehearsal holds together. */
export function holdsTogether(s: RehearsalSummary): boolean {
  return s.failed === 0 && s.withdrawnAll && s.invariantViolations === 0;
}
