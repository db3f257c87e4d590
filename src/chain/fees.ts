/** What a transaction may pay, and whether the signer can pay it. */
import type { Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import type { Head } from './head.ts';
import { reach } from './rpc.ts';

/** {wei} Blocks whose fees are looked at, and the bounds of what is tipped per gas. */
const HISTORY_BLOCKS = 5;
const MIN_PRIORITY_WEI = 10_000_000n;
const MAX_PRIORITY_WEI = 3_000_000_000n;

/** {wei per gas} */
export type FeeCaps = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

type RawFeeHistory = {
  readonly reward?: readonly (readonly Hex[])[];
  readonly gasUsedRatio: readonly number[];
};

/**
 * {wei per gas} Median over the last non-empty blocks of the median tip paid in them, within 0.01 to 3 gwei.
 * @throws KeelError RPC_UNREACHABLE
 */
export async function readPriorityFee(chain: Chain, head: Head): Promise<bigint> {
  const history = (await reach(chain.label, () =>
    chain.client.request({
      method: 'eth_feeHistory',
      params: [`0x${HISTORY_BLOCKS.toString(16)}`, `0x${head.number.toString(16)}`, [50]],
    }),
  )) as RawFeeHistory;
  const paid: bigint[] = [];
  for (const [i, ratio] of history.gasUsedRatio.entries()) {
    const reward = history.reward?.[i]?.[0];
    if (ratio > 0 && reward !== undefined) paid.push(BigInt(reward));
  }
  paid.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const median = paid[Math.floor(paid.length / 2)] ?? MIN_PRIORITY_WEI;
  return median < MIN_PRIORITY_WEI ? MIN_PRIORITY_WEI : median > MAX_PRIORITY_WEI ? MAX_PRIORITY_WEI : median;
}

/**
 * Room for the base fee to double, never above the lowest ceiling: a transaction that would break the ceiling cannot
 * be included at all and expires by its deadline instead.
 * @param ceilingsWei {wei per gas} ceilings in force; null and 0 mean none
 */
export function feeCaps(baseFeeWei: bigint, priorityFeeWei: bigint, ceilingsWei: readonly (bigint | null)[]): FeeCaps {
  let maxFeePerGas = 2n * baseFeeWei + priorityFeeWei;
  for (const ceiling of ceilingsWei) {
    if (ceiling !== null && ceiling > 0n && ceiling < maxFeePerGas) maxFeePerGas = ceiling;
  }
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: priorityFeeWei < maxFeePerGas ? priorityFeeWei : maxFeePerGas,
  };
}

/**
 * Two accumulators that a V2 pair, or one observation that a V3 pool, writes once per block time. A simulation runs at
 * the time of a block in which somebody may have written them already, so its estimate lacks up to 2 x 22,100 gas.
 */
const GAS_PER_POOL_CLOCK = 50_000n;

/** Gas limit: the estimate and a quarter on top, because pool and oracle state move before inclusion. */
export function gasLimitOf(estimate: bigint, pools = 0): bigint {
  return estimate + estimate / 4n + BigInt(pools) * GAS_PER_POOL_CLOCK;
}

/** {wei} what is missing to pay for `gas` at the cap; 0 = enough. */
export function missingGasMoney(balanceWei: bigint, gas: bigint, caps: FeeCaps): bigint {
  const needed = gas * caps.maxFeePerGas;
  return balanceWei >= needed ? 0n : needed - balanceWei;
}
