/** Pairs of Uniswap V2, as the lens reads them. */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { vaultLensAbi } from '../../abi/VaultLens.ts';
import { lower } from '../../core/address.ts';
import type { Address, BlockRef, V2PoolState } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import { lensCall } from '../lens.ts';

export async function readV2Pairs(
  chain: Chain,
  lens: Address,
  block: BlockRef,
  pairs: readonly Address[],
): Promise<V2PoolState[]> {
  if (pairs.length === 0) return [];
  const data = encodeFunctionData({ abi: vaultLensAbi, functionName: 'v2Pairs', args: [pairs] });
  const raw = await lensCall(chain, block, lens, data, 'pools', pairs.join(', '));
  return decodeFunctionResult({ abi: vaultLensAbi, functionName: 'v2Pairs', data: raw }).map((p) => ({
    venue: 'UNISWAP_V2',
    address: lower(p.pair),
    token0: lower(p.token0),
    token1: lower(p.token1),
    reserve0: p.reserve0,
    reserve1: p.reserve1,
  }));
}
