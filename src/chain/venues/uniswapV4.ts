/** Pools of Uniswap V4, from the storage of its manager. */
import {
  decodeAbiParameters,
  encodeAbiParameters,
  encodeDeployData,
  hexToBigInt,
  keccak256,
  parseAbiParameters,
  size,
  slice,
} from 'viem';
import { v4PoolReaderAbi, v4PoolReaderBytecode } from '../../abi/V4PoolReader.ts';
import { lower, sameAddress } from '../../core/address.ts';
import type { Address, BlockRef, Hex, LeftOutPool, TickState, V4Key, V4PoolState } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import { answerOf } from '../deployless.ts';

const ETHER: Address = '0x0000000000000000000000000000000000000000';
const KEY = parseAbiParameters('address, address, uint24, int24, address');
/** `struct V4Answer` of PoolReader.sol. */
const ANSWER = parseAbiParameters([
  '(uint160 sqrtPriceX96, int24 tick, uint24 protocolFee, uint24 lpFee, uint128 liquidity, int24 minTick, int24 maxTick, bytes ticks) answer',
]);
/** {bytes} of each packed tick: its index and its net liquidity. */
const [INDEX_BYTES, TICK_BYTES] = [3, 19];

/** What an address of hooks says that they may do (Hooks.sol): before and after a swap, and with its amounts. */
const SWAP_HOOKS = (1n << 7n) | (1n << 6n) | (1n << 3n) | (1n << 2n);

export function v4PoolId(key: V4Key): Hex {
  const { currency0, currency1, fee, tickSpacing, hooks } = key;
  return keccak256(encodeAbiParameters(KEY, [currency0, currency1, fee, tickSpacing, hooks]));
}

function ticksOf(packed: Hex): TickState[] {
  return Array.from({ length: size(packed) / TICK_BYTES }, (_, i) => {
    const at = i * TICK_BYTES;
    return {
      index: Number(hexToBigInt(slice(packed, at, at + INDEX_BYTES), { signed: true })),
      liquidityNet: hexToBigInt(slice(packed, at + INDEX_BYTES, at + TICK_BYTES), { signed: true }),
    };
  });
}

/**
 * @param weth stands for ether in what is returned
 * @param words tick-bitmap words read on each side of the current one; fewer when they hold very many ticks
 */
export async function readV4Pool(
  chain: Chain,
  { manager, weth }: { readonly manager: Address; readonly weth: Address },
  block: BlockRef,
  key: V4Key,
  words: number,
): Promise<V4PoolState | LeftOutPool> {
  const address = v4PoolId(key);
  const leftOut = (reason: string): LeftOutPool => ({ venue: 'UNISWAP_V4', pool: address, reason });
  if ((BigInt(key.hooks) & SWAP_HOOKS) !== 0n) return leftOut('its hooks have a say in swaps, so it cannot be quoted');
  const native = key.currency0 === ETHER;
  if (native && sameAddress(key.currency1, weth)) return leftOut('it trades ether for wrapped ether');
  const args = [manager, key, words] as const;
  const creation = encodeDeployData({ abi: v4PoolReaderAbi, bytecode: v4PoolReaderBytecode, args });
  const raw = await answerOf(chain, block, creation, 'contracts.poolManager', manager);
  const [answer] = decodeAbiParameters(ANSWER, raw);
  if (answer.sqrtPriceX96 === 0n) return leftOut('it has never been initialised');
  return {
    venue: 'UNISWAP_V4',
    address,
    token0: lower(native ? weth : key.currency0),
    token1: lower(key.currency1),
    tickSpacing: key.tickSpacing,
    sqrtPriceX96: answer.sqrtPriceX96,
    tick: answer.tick,
    liquidity: answer.liquidity,
    minTick: answer.minTick,
    maxTick: answer.maxTick,
    ticks: ticksOf(answer.ticks),
    hooks: lower(key.hooks),
    keyFee: key.fee,
    lpFeePips: answer.lpFee,
    protocolFeePips: [answer.protocolFee & 0xfff, answer.protocolFee >> 12],
    native,
  };
}
