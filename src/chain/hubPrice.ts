/** One price of the OracleHub as it was at some block. */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import type { Address, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import type { Head } from './head.ts';
import { callAt } from './read.ts';
import { rpcFailure } from './rpc.ts';

/** {USD E8} null when the price was bad then, or when the node no longer has the state of that block. */
export async function readHubPrice(chain: Chain, hub: Address, feedId: Hex, at: Head): Promise<bigint | null> {
  const data = encodeFunctionData({ abi: oracleHubAbi, functionName: 'peek', args: [[feedId]] });
  try {
    const raw = await callAt(chain, at, { to: hub, data });
    const price = decodeFunctionResult({ abi: oracleHubAbi, functionName: 'peek', data: raw })[0];
    return price?.status === 0 ? price.usdE8 : null;
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    return null;
  }
}
