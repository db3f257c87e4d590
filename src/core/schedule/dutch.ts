/** Dutch relaxation: a demand that starts above the market and decays until the first filler finds it profitable. */
import { overshootSigmas, sigmaOver } from './walk.ts';

/** The decay per block that this module recommends, in volatilities of a block: faster gives more away, slower waits longer. */
const DECAY_SIGMAS = 0.5;
/** Start above the market, in volatilities of the time that fillers need to react. */
const START_SIGMAS = 2.5;

export type Relaxation = {
  /** {share} the demand starts this far above the market. */
  readonly start: number;
  /** {share} it falls by this much each block. */
  readonly decayPerBlock: number;
  /** {s} from the start down to `maxSlip` below the market. */
  readonly relaxS: number;
  /** {share of the order} below the market at the moment of the fill: the filler's gas, and what he gets for being late. */
  readonly expectedGiveUp: number;
  readonly expectedS: number;
};

/**
 * Half a block's volatility a block. Fillers take the first profit; the mean time to it follows by Wald's identity.
 * @param latencyBlocks {blocks} that fillers need to react
 * @param maxSlip {share} at which the demand stops falling
 */
export function dutchRelaxation(p: {
  readonly sigma: number;
  readonly blockTimeS: number;
  readonly latencyBlocks: number;
  readonly maxSlip: number;
  readonly sizeUsd: number;
  readonly fillerGasUsd: number;
}): Relaxation {
  const perBlock = sigmaOver(p.sigma, p.blockTimeS);
  const decayPerBlock = DECAY_SIGMAS * perBlock;
  const start = START_SIGMAS * perBlock * Math.sqrt(p.latencyBlocks);
  const expectedGiveUp = p.fillerGasUsd / p.sizeUsd + overshootSigmas(DECAY_SIGMAS) * perBlock;
  return {
    start,
    decayPerBlock,
    relaxS: Math.ceil(((start + p.maxSlip) / decayPerBlock) * p.blockTimeS),
    expectedGiveUp,
    expectedS: ((start + expectedGiveUp) / decayPerBlock) * p.blockTimeS,
  };
}
