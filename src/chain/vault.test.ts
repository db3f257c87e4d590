import { decodeFunctionData } from 'viem';
import { describe, expect, it } from 'vitest';
import { vaultAbi } from '../abi/Vault.ts';
import { address } from '../core/testing/fixtures.ts';
import type { Address, Hop } from '../core/types.ts';
import { encodeSlice, type PathContracts } from './vault.ts';

const WETH = address(0xee);
const USDC = address(0xc);
const LINK = address(0x11);
const HOOKS = address(0x400);
const CONTRACTS: PathContracts = { pathFiller: address(0xf1), weth: WETH };

const hex = (a: Address): string => a.slice(2);
const v2: Hop = { venue: 'UNISWAP_V2', pool: address(2), tokenOut: LINK };
const v3: Hop = { venue: 'UNISWAP_V3', pool: address(3), tokenOut: USDC };
const v4 = (tokenOut: Address, native: boolean): Hop => ({
  venue: 'UNISWAP_V4',
  pool: `0x${'44'.repeat(32)}`,
  tokenOut,
  keyFee: 0x0bb8,
  tickSpacing: -2,
  hooks: HOOKS,
  native,
});
const balancer: Hop = { venue: 'BALANCER_V3', pool: address(0xba1), tokenOut: USDC };

/** As the vault decodes it. */
function fillOf(hops: readonly Hop[], contracts = CONTRACTS) {
  const leg = { sell: 0, buy: 1, hops, amountIn: 5n, minOut: 4n };
  const data = encodeSlice({ begin: false, epoch: 1, sequence: 0, deadline: 9, last: true, legs: [leg] }, contracts);
  const { args } = decodeFunctionData({ abi: vaultAbi, data });
  const [, fills] = args as unknown as [unknown, readonly { venue: number; target: Address; data: string }[]];
  const fill = fills[0];
  if (fill === undefined) throw new Error('no fill');
  return [fill.venue, fill.target.toLowerCase(), fill.data];
}

const HOP_V4 = `000bb8fffffe${hex(HOOKS)}`;

describe('encodeSlice', () => {
  it('names one pool directly', () => {
    expect(fillOf([v2])).toEqual([0, v2.pool, '0x']);
    expect(fillOf([v3])).toEqual([1, v3.pool, '0x']);
    expect(fillOf([balancer])).toEqual([4, balancer.pool, '0x']);
  });

  it('names a pool of V4 by its hooks, fee and tick spacing', () => {
    expect(fillOf([v4(USDC, false)])).toEqual([3, HOOKS, '0x000bb8fffffe']);
  });

  it('sends several hops through the path filler, 41 bytes for V2 and V3, 47 for V4', () => {
    const path = `0x00${hex(v2.pool)}${hex(LINK)}02${hex(USDC)}${HOP_V4}01${hex(v3.pool)}${hex(USDC)}`;
    expect(fillOf([v2, v4(USDC, false), v3])).toEqual([2, CONTRACTS.pathFiller, path]);
  });

  it('unwraps for a pool of ether, and wraps what it brings', () => {
    expect(fillOf([v4(USDC, true)])).toEqual([2, CONTRACTS.pathFiller, `0x03${hex(USDC)}${HOP_V4}`]);
    expect(fillOf([v4(WETH, true)])).toEqual([2, CONTRACTS.pathFiller, `0x02${hex(address(0))}${HOP_V4}`]);
  });

  it('leaves ether what it is between two pools of ether, and only there', () => {
    const [, , both] = fillOf([v4(WETH, true), v4(USDC, true)]);
    expect(both).toBe(`0x02${hex(address(0))}${HOP_V4}02${hex(USDC)}${HOP_V4}`);
    const [, , between] = fillOf([v4(WETH, true), v2, v4(USDC, true)]);
    expect(between).toContain(`03${hex(USDC)}`);
    expect(() => fillOf([v4(WETH, true), v4(USDC, false)])).toThrow(/wrapped ether cannot follow/);
  });

  it('refuses a path without a filler, or through Balancer, by name', () => {
    expect(() => fillOf([v2, v3], { ...CONTRACTS, pathFiller: null })).toThrow(
      expect.objectContaining({ code: 'PATH_FILLER_MISSING', field: 'contracts.pathFiller' }),
    );
    expect(fillOf([v2], { ...CONTRACTS, pathFiller: null })).toEqual([0, v2.pool, '0x']);
    expect(() => fillOf([balancer, v3])).toThrow(expect.objectContaining({ code: 'PATH_IMPOSSIBLE' }));
  });
});
