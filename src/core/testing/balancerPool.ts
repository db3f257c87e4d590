/** Balancer pools for tests: whole tokens in, a state out. */
import type { Address, BalancerPoolState } from '../types.ts';
import { pow10 } from '../units.ts';

const E18 = 10n ** 18n;

export const balancerToken = (i: number): Address => `0x${(i + 1).toString(16).padStart(40, '0')}`;

export function balancerPool(
  balancesE18: readonly bigint[],
  curve: BalancerPoolState['curve'],
  more: {
    readonly swapFeeE18?: bigint;
    readonly ratesE18?: readonly bigint[];
    readonly decimals?: readonly number[];
  } = {},
): BalancerPoolState {
  return {
    venue: 'BALANCER_V3',
    address: '0x00000000000000000000000000000000000000ba',
    tokens: balancesE18.map((_, i) => balancerToken(i)),
    balancesE18,
    scalingFactors: balancesE18.map((_, i) => pow10(18 - (more.decimals?.[i] ?? 18))),
    ratesE18: more.ratesE18 ?? balancesE18.map(() => E18),
    swapFeeE18: more.swapFeeE18 ?? 0n,
    aggregateFeeE18: E18 / 2n,
    curve,
  };
}
