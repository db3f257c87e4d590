/** Targets as people write them, some or all of them with `"band": { "auto": {} }`, to the vault's integers. */
import { type Band, bandBps, type TargetBps, usage, weightsFrom } from '../bands.ts';
import { type AutoBands, type AutoInputs, autoBands } from './autoBands.ts';

export type AutoBand = { readonly auto: { readonly costPercent: number } };

export type PolicyTarget = {
  readonly symbol: string;
  readonly percent: number;
  readonly band: Band | AutoBand;
};

/** What the owner says of the whole portfolio for automatic bands. */
export type AutoPortfolio = Omit<AutoInputs, 'targets' | 'destinationBps'>;

export type PolicyTargets = {
  readonly targets: readonly TargetBps[];
  /** {bps of the band} the owner's, or the one that suits the automatic bands. */
  readonly destinationBps: number;
  /** null when no band is automatic. */
  readonly auto: AutoBands | null;
};

/**
 * @param portfolio null = not given, which is an error once a band is automatic
 * @param destinationBps null = the one that suits the automatic bands, or 0 where there are none
 * @throws KeelError everything that `weightsFrom`, `bandBps` and `autoBands` throw
 */
export function policyTargets(
  inputs: readonly PolicyTarget[],
  portfolio: AutoPortfolio | null,
  destinationBps: number | null,
): PolicyTargets {
  const weights = weightsFrom(inputs);
  const given = inputs.map(({ symbol, band }, i) => ('auto' in band ? null : bandBps(symbol, weights[i] ?? 0, band)));
  const first = inputs[given.indexOf(null)];
  if (first === undefined) {
    const targets = inputs.map(({ symbol }, i) => ({ symbol, targetBps: weights[i] ?? 0, bandBps: given[i] ?? 0 }));
    return { targets, destinationBps: destinationBps ?? 0, auto: null };
  }
  if (portfolio === null)
    throw usage(
      'AUTO_BAND_INVALID',
      `targets.${first.symbol}.band`,
      'auto',
      'an automatic band follows from what a rebalance costs this portfolio, which is not given',
      'Add "auto": { "portfolioUsd": 10000, "gasUsd": 0.5 } to the file, or write { "points": 5 }.',
    );
  // What trading costs an asset counts for the share too, also where the owner chose the band.
  const costs = inputs.flatMap(({ band }) => ('auto' in band ? [band.auto.costPercent / 100] : []));
  const usual = costs.reduce((a, c) => a + c, 0) / costs.length;
  const auto = autoBands({
    ...portfolio,
    destinationBps,
    targets: inputs.map(({ symbol, band }, i) => ({
      symbol,
      targetBps: weights[i] ?? 0,
      cost: 'auto' in band ? band.auto.costPercent / 100 : usual,
      bandBps: given[i] ?? null,
    })),
  });
  const targets = auto.bands.map(({ symbol, bandBps: band }, i) => ({
    symbol,
    targetBps: weights[i] ?? 0,
    bandBps: band,
  }));
  return { targets, destinationBps: auto.destinationBps, auto };
}
