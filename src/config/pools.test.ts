import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFolder, example, type Folder, type Json, refusal } from './testing/folder.ts';

const at = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;
const KEY = { currency0: at(0), currency1: at(7), fee: 500, tickSpacing: 10, hooks: at(0) };
const V4 = { venue: 'UNISWAP_V4', key: KEY };
const BALANCER = { venue: 'BALANCER_V3', address: at(0xba1) };
const CONTRACTS = { factory: at(1), hub: at(2), lens: at(3), weth: at(4) };
const HOMES = { ...CONTRACTS, poolManager: at(0x44), balancerVault: at(0x33), pathFiller: at(0xf1) };

let folder: Folder;
beforeEach(() => {
  folder = configFolder();
});
afterEach(() => {
  folder.remove();
});

function withPools(pools: readonly unknown[], contracts: Json = HOMES): Json {
  return example((c) => {
    c.pools = pools;
    c.contracts = contracts;
  });
}

describe('pools of the config', () => {
  it('are named by an address, or by a key where they have none', () => {
    const pair = { venue: 'UNISWAP_V2', address: at(8) };
    const dynamic = { ...V4, key: { ...KEY, fee: 0x800000 } };
    const { config } = folder.load(withPools([pair, V4, dynamic, BALANCER]));
    expect(config.pools.map((p) => p.venue)).toEqual(['UNISWAP_V2', 'UNISWAP_V4', 'UNISWAP_V4', 'BALANCER_V3']);
    expect(config.pools[1]).toEqual(V4);
    expect(config.contracts).toMatchObject({ pathFiller: expect.stringMatching(/f1$/i), poolManager: at(0x44) });
  });

  it('need no contracts that no pool is in', () => {
    const { config } = folder.load(withPools([{ venue: 'UNISWAP_V3', address: at(9) }], CONTRACTS));
    expect(config.contracts).toMatchObject({ pathFiller: null, poolManager: null, balancerVault: null });
  });

  it.each<[name: string, pools: readonly unknown[], contracts: Json, code: string, field: string, says: RegExp]>([
    [
      'a pool of V4 without its manager',
      [BALANCER, V4],
      { ...HOMES, poolManager: null },
      'MISSING_KEY',
      'contracts.poolManager',
      /required for pools\[1\].*PoolManager/,
    ],
    [
      "a pool of Balancer without Balancer's vault",
      [BALANCER],
      CONTRACTS,
      'MISSING_KEY',
      'contracts.balancerVault',
      /required for pools\[0\]/,
    ],
    [
      'a pool of V4 by address',
      [{ ...V4, key: undefined, address: at(8) }],
      HOMES,
      'MISSING_KEY',
      'pools[0].key',
      /"key"/,
    ],
    [
      'a pair with a key',
      [{ venue: 'UNISWAP_V2', address: at(8), key: KEY }],
      HOMES,
      'BAD_VALUE',
      'pools[0].key',
      /V2/,
    ],
    ['a pair without address', [{ venue: 'UNISWAP_V2' }], HOMES, 'MISSING_KEY', 'pools[0].address', /"address"/],
    ['an unknown venue', [{ venue: 'CURVE', address: at(8) }], HOMES, 'BAD_VALUE', 'pools[0].venue', /"BALANCER_V3"/],
    [
      'currencies the wrong way round',
      [{ ...V4, key: { ...KEY, currency0: at(9) } }],
      HOMES,
      'BAD_POOL_KEY',
      'pools[0].key',
      /lower address first/,
    ],
    [
      'a fee above everything',
      [{ ...V4, key: { ...KEY, fee: 1_000_001 } }],
      HOMES,
      'BAD_VALUE',
      'pools[0].key.fee',
      /0 to 1000000/,
    ],
    [
      'no tick spacing',
      [{ ...V4, key: { ...KEY, tickSpacing: 0 } }],
      HOMES,
      'BAD_VALUE',
      'pools[0].key.tickSpacing',
      /below 1/,
    ],
    [
      'a mistyped member of a key',
      [{ ...V4, key: { ...KEY, hook: at(0) } }],
      HOMES,
      'UNKNOWN_KEY',
      'pools[0].key.hook',
      /"hooks"/,
    ],
    ['the same key twice', [V4, BALANCER, V4], HOMES, 'DUPLICATE', 'pools[2].key', /pools\[0\]\.key/],
    [
      'the zero address as a token',
      [{ ...V4, key: { ...KEY, currency1: at(0) } }],
      HOMES,
      'BAD_ADDRESS',
      'pools[0].key.currency1',
      /zero/,
    ],
  ])('refuses %s', (_name, pools, contracts, code, field, says) => {
    const error = refusal(() => folder.load(withPools(pools, contracts)));
    expect(error).toMatchObject({ code, field });
    expect(error.message).toMatch(says);
  });
});
