/** Pools of Uniswap V3, as the lens reads them. */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { vaultLensAbi } from '../../abi/VaultLens.ts';
import { lower } from '../../core/address.ts';
import type { Address, BlockRef, V3PoolState } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import { lensCall } from '../lens.ts';

/** @param words tick-bitmap words read on each side of the current one */
export async function readV3Pools(
  chain: Chain,
  lens: Address,
  block: BlockRef,
  pools: readonly Address[],
  words: number,
): Promise<V3PoolState[]> {
  if (pools.length === 0) return [];
  const data = encodeFunctionData({ abi: vaultLensAbi, functionName: 'v3Pools', args: [pools, words] });
  const raw = await lensCall(chain, block, lens, data, 'pools', pools.join(', '));
  return decodeFunctionResult({ abi: vaultLensAbi, functionName: 'v3Pools', data: raw }).map((p) => ({
    venue: 'UNISWAP_V3',
    address: lower(p.pool),
    token0: lower(p.token0),
    token1: lower(p.token1),
    feePips: p.feePips,
    tickSpacing: p.tickSpacing,
    sqrtPriceX96: p.sqrtPriceX96,
    tick: p.tick,
    liquidity: p.liquidity,
    minTick: p.minTick,
    maxTick: p.maxTick,
    ticks: p.ticks.map((t) => ({ index: t.index, liquidityNet: t.liquidityNet })),
  }));
}
