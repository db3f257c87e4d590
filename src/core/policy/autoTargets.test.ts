import { describe, expect, it } from 'vitest';
import { KeelError } from '../errors.ts';
import { type AutoPortfolio, type PolicyTarget, policyTargets } from './autoTargets.ts';

const PORTFOLIO: AutoPortfolio = {
  portfolioUsd: 100_000,
  gasUsd: 5,
  preference: { riskAversion: 3 },
  risk: { relativeVolatility: 0.8 },
  looksPerYear: 8_760,
  varianceScale: 1,
};
const auto = (symbol: string, percent: number, costPercent = 0.3): PolicyTarget => ({
  symbol,
  percent,
  band: { auto: { costPercent } },
});

describe('targets with automatic bands', () => {
  it('are as written where no band is automatic', () => {
    const written: PolicyTarget[] = [
      { symbol: 'WETH', percent: 60, band: { points: 5 } },
      { symbol: 'USDC', percent: 40, band: { relativePercent: 10 } },
    ];
    expect(policyTargets(written, null, null)).toEqual({
      targets: [
        { symbol: 'WETH', targetBps: 6_000, bandBps: 500 },
        { symbol: 'USDC', targetBps: 4_000, bandBps: 400 },
      ],
      destinationBps: 0,
      auto: null,
    });
    expect(policyTargets(written, PORTFOLIO, 5_000).destinationBps).toBe(5_000);
  });

  it('are chosen with their destination, beside those that are written', () => {
    const all = policyTargets([auto('WETH', 50), auto('USDC', 50)], PORTFOLIO, null);
    // The row k = 5e-5, 30 bp: 7.5 points and a third, less what an hourly look overshoots.
    expect(all.targets.map((t) => t.bandBps)).toEqual([738, 738]);
    expect(all.destinationBps).toBeGreaterThan(3_333);
    expect(all.destinationBps).toBeLessThan(3_500);
    const some = policyTargets(
      [auto('WETH', 50), auto('LINK', 20, 1), { symbol: 'USDC', percent: 30, band: { points: 4 } }],
      PORTFOLIO,
      null,
    );
    expect(some.targets[2]).toEqual({ symbol: 'USDC', targetBps: 3_000, bandBps: 400 });
    expect(some.auto?.bands.length).toBe(3);
    expect(policyTargets([auto('WETH', 50), auto('USDC', 50)], PORTFOLIO, 0).destinationBps).toBe(0);
  });

  it('need to know the portfolio', () => {
    expect(() => policyTargets([auto('WETH', 50), auto('USDC', 50)], null, null)).toThrow(KeelError);
    expect(() => policyTargets([auto('WETH', 50), auto('USDC', 50)], null, null)).toThrow(/"portfolioUsd": 10000/);
    expect(() => policyTargets([auto('WETH', 50), auto('USDC', 49)], PORTFOLIO, null)).toThrow(/1% too little/);
  });
});
