import { getAddress, isAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { NETWORKS } from './data.ts';
import { networkNamed, networkOfChain } from './find.ts';
import { NETWORK_IDS, type Sourced } from './types.ts';

/** Everything with an address, with its path: nothing may hide in a corner of the data. */
function sourcedIn(value: unknown, path: string): [string, Partial<Sourced>][] {
  if (Array.isArray(value)) return value.flatMap((item, i) => sourcedIn(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return [];
  const here: [string, Partial<Sourced>][] = 'address' in value ? [[path, value as Partial<Sourced>]] : [];
  return [...here, ...Object.entries(value).flatMap(([key, item]) => sourcedIn(item, `${path}.${key}`))];
}

const all = NETWORKS.flatMap((n) => sourcedIn(n, n.id));

describe('the registry of networks', () => {
  it('has the six networks, each under one name and one chain id', () => {
    expect(NETWORKS.map((n) => n.id)).toEqual([...NETWORK_IDS]);
    expect(NETWORKS.map((n) => n.chainId)).toEqual([1, 137, 42_161, 10, 8_453, 11_155_111]);
    for (const n of NETWORKS) expect([networkNamed(n.id), networkOfChain(n.chainId)]).toEqual([n, n]);
    expect([networkNamed('mainnet'), networkOfChain(31_337)]).toEqual([null, null]);
  });

  it('writes every address with its checksum and names the pinned source', () => {
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(([, s]) => !isAddress(s.address ?? '', { strict: true })).map(([path]) => path)).toEqual([]);
    expect(all.filter(([, s]) => getAddress(s.address ?? '0x') !== s.address).map(([path]) => path)).toEqual([]);
    expect(all.filter(([, s]) => !/^@[\w-]+\/[\w-]+@\d+\.\d+\.\d+\S* \S/.test(s.source ?? '')).map(([p]) => p)).toEqual(
      [],
    );
  });

  it('checks its own checksums: one digit changed is noticed', () => {
    const [, first] = all[0] ?? [];
    const address = first?.address ?? '';
    const swapped = address.replace(/[a-f]/, (c) => c.toUpperCase());
    expect([isAddress(address, { strict: true }), isAddress(swapped, { strict: true })]).toEqual([true, false]);
  });

  it.each(NETWORKS)('$id is whole', (network) => {
    const pairs = network.feeds.map((f) => f.pair);
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(new Set(network.feeds.map((f) => f.address)).size).toBe(pairs.length);
    expect(new Set(network.tokens.map((t) => t.address)).size).toBe(network.tokens.length);
    for (const token of network.tokens) {
      expect(token.pricedBy.length).toBeGreaterThan(0);
      // the last factor gives dollars, those before it cancel out
      expect(token.pricedBy.at(-1)).toMatch(/ \/ USD$/);
      for (const [i, pair] of token.pricedBy.entries()) {
        expect(pairs).toContain(pair);
        const next = token.pricedBy[i + 1];
        if (next !== undefined) expect(next.split(' / ')[0]).toBe(pair.split(' / ')[1]);
      }
    }
    for (const feed of network.feeds) {
      expect(feed.decimals).toBe(feed.pair.endsWith('/ ETH') ? 18 : 8);
      expect(feed.heartbeatS === null).toBe(feed.heartbeatSource === null);
      if (feed.heartbeatS !== null) expect(feed.heartbeatS).toBeGreaterThanOrEqual(60);
    }
    expect(network.tokens.some((t) => t.address === network.wrappedNative.address)).toBe(true);
    // a rollup without its sequencer's feed would trade on prices of before an outage
    expect(network.sequencerFeed !== null).toBe(network.finality.by === 'ethereum');
    expect(network.sequencerGraceS > 0).toBe(network.sequencerFeed !== null);
  });

  it('says where something is missing', () => {
    const missing = NETWORKS.flatMap((n) =>
      (['uniswapV2Factory', 'uniswapV3Factory', 'uniswapV4PoolManager', 'balancerV3Vault'] as const)
        .filter((key) => n[key] === null)
        .map((key) => `${n.id}.${key}`),
    );
    expect(missing).toEqual(['polygon.balancerV3Vault']);
  });
});
