import { type Address, createPublicClient, http, type PublicClient, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oracleHubAbi } from '../src/abi/OracleHub.ts';
import { vaultLensAbi } from '../src/abi/VaultLens.ts';
import { quoteExactIn } from '../src/core/amm/quote.ts';
import type { V3PoolState } from '../src/core/types.ts';
import type { PoolDeployment } from './deploy.ts';
import { type Devnet, startDevnet } from './devnet.ts';
import { KEEPER_ETH, OWNER_ETH, TOKENS, type TokenSymbol } from './layout.ts';
import { feeBand } from './liquidity.ts';
import { scenarioByName } from './scenarios/catalogue.ts';

const HOUR_S = 3_600;
const abi = parseAbi([
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick)',
  'function liquidity() view returns (uint128)',
  'function getReserves() view returns (uint112, uint112, uint32)',
  'function token0() view returns (address)',
  'function balanceOf(address) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)',
  'function aggregator() view returns (address)',
]);

const clientOf = (devnet: Devnet): PublicClient => createPublicClient({ transport: http(devnet.rpcUrl) });

/** Square-root prices as fractions of the band's edges: 1 = at that edge. */
async function positions(client: PublicClient, devnet: Devnet) {
  const at = (symbol: TokenSymbol) => ({
    priceUsdE8: BigInt(Math.round(devnet.market.priceAt(symbol, devnet.market.time) * 1e8)),
    decimals: TOKENS[symbol].decimals,
  });
  const read = async (pool: PoolDeployment) => {
    const band = feeBand(at(pool.token0), at(pool.token1), pool.feePips);
    const { address } = pool;
    if (pool.venue === 'UNISWAP_V3') {
      const [sqrt] = await client.readContract({ address, abi, functionName: 'slot0' });
      return { pool, band, sqrt };
    }
    const [r0, r1] = await client.readContract({ address, abi, functionName: 'getReserves' });
    return { pool, band, sqrt: BigInt(Math.floor(Math.sqrt(Number(r1) / Number(r0)) * 2 ** 96)) };
  };
  return Promise.all(devnet.deployment.pools.map(read));
}

const round = async (client: PublicClient, address: Address) => {
  const [id, answer, startedAt, updatedAt, answeredIn] = await client.readContract({
    address,
    abi,
    functionName: 'latestRoundData',
  });
  return { id, answer, startedAt, updatedAt: Number(updatedAt), answeredIn };
};

describe('a devnet', () => {
  let devnet: Devnet;
  let client: PublicClient;
  beforeAll(async () => {
    devnet = await startDevnet({ scenario: scenarioByName('2022-11-ftx'), seed: 7 });
    client = clientOf(devnet);
  });
  afterAll(() => devnet.stop());

  it('starts at the start of its scenario', async () => {
    const block = await client.getBlock();
    expect(Number(block.timestamp)).toBe(devnet.market.scenario.startTime);
    expect(block.baseFeePerGas).toBe(devnet.market.baseFeeAt(devnet.market.time));
    expect(block.gasLimit).toBe(60_000_000n);
  });

  it('has tokens with their decimals, and an owner who can deposit any mix of $25,000', async () => {
    for (const token of devnet.deployment.tokens) {
      const { address } = token;
      expect(await client.readContract({ address, abi, functionName: 'symbol' })).toBe(token.symbol);
      expect(await client.readContract({ address, abi, functionName: 'decimals' })).toBe(token.decimals);
      const args = [devnet.accounts.owner.address] as const;
      const balance = await client.readContract({ address, abi, functionName: 'balanceOf', args });
      const usd = (Number(balance) / 10 ** token.decimals) * devnet.market.priceAt(token.symbol, devnet.market.time);
      expect(usd).toBeCloseTo(25_000, 0);
    }
    expect(await client.getBalance(devnet.accounts.owner)).toBe(BigInt(OWNER_ETH) * 10n ** 18n);
    expect(await client.getBalance(devnet.accounts.keeper)).toBe(BigInt(KEEPER_ETH) * 10n ** 18n);
  });

  it("has a registered feed per token, behind Chainlink's proxy", async () => {
    const ids = devnet.deployment.tokens.map((t) => t.feedId);
    const hub = { address: devnet.deployment.contracts.hub, abi: oracleHubAbi } as const;
    const prices = await client.readContract({ ...hub, functionName: 'prices', args: [ids] });
    const first = devnet.market.scenario.startTime - 12;
    expect(prices.map(Number)).toEqual(
      devnet.deployment.tokens.map((t) => Math.round(devnet.market.priceAt(t.symbol, first) * 1e8)),
    );
    for (const [i, feed] of devnet.deployment.feeds.entries()) {
      const config = await client.readContract({ ...hub, functionName: 'configOf', args: [ids[i] ?? '0x'] });
      expect(config.feed).toBe(feed.proxy);
      const behind = await client.readContract({ address: feed.proxy, abi, functionName: 'aggregator' });
      expect(behind).toBe(feed.aggregator);
      const { id, answeredIn } = await round(client, feed.proxy);
      expect(id >> 64n).toBe(1n);
      expect(id & ((1n << 64n) - 1n)).toBe((await round(client, feed.aggregator)).id);
      expect(answeredIn).toBe(id);
    }
  });

  it('has depth: $10,000 move the price by a few basis points, $200,000 cross several ticks', async () => {
    const pools = devnet.deployment.pools.filter((p) => p.venue === 'UNISWAP_V3');
    const views = await client.readContract({
      address: devnet.deployment.contracts.lens,
      abi: vaultLensAbi,
      functionName: 'v3Pools',
      args: [pools.map((p) => p.address), 8],
    });
    for (const [i, { pool: address, ...view }] of views.entries()) {
      const spec = pools[i];
      if (!spec) throw new Error(`view ${i} of no pool`);
      const pool: V3PoolState = { venue: 'UNISWAP_V3', address, ...view };
      const price = devnet.market.priceAt(spec.token0, devnet.market.time);
      const sell = (usd: number) => {
        const amount = BigInt(Math.floor((usd / price) * 10 ** TOKENS[spec.token0].decimals));
        const after = quoteExactIn(pool, view.token0, view.token1, amount).poolAfter;
        if (after.venue !== 'UNISWAP_V3') throw new Error(spec.name);
        const crossed = view.ticks.filter((t) => t.index <= view.tick && t.index > after.tick).length;
        return {
          crossed,
          ticks: view.tick - after.tick,
          bps: (1 - (Number(after.sqrtPriceX96) / Number(view.sqrtPriceX96)) ** 2) * 10_000,
        };
      };
      const thin = spec.depthUsd <= 10_000_000;
      expect(sell(10_000).bps).toBeGreaterThan(thin ? 10 : 1);
      expect(sell(10_000).bps).toBeLessThan(thin ? 60 : 8);
      expect(sell(200_000).ticks).toBeGreaterThan(20);
      // The tick spacing of a deep 0.3 % pool is wider than what this trade moves it by.
      if (spec.feePips === 500 || thin) expect(sell(200_000).crossed).toBeGreaterThanOrEqual(2);
    }
  });

  it('keeps every pool inside its fee band and every feed inside its rule, hour by hour through the crash', async () => {
    await devnet.market.step(devnet.market.scenario.startTime + 6 * 24 * HOUR_S);
    let atAnEdge = 0;
    for (let hour = 0; hour < 36; hour++) {
      const wanted = devnet.market.time + HOUR_S;
      const step = await devnet.market.step();
      expect(step.time).toBe(wanted);
      const block = await client.getBlock();
      expect(Number(block.timestamp)).toBe(wanted);
      expect(block.baseFeePerGas).toBe(devnet.market.baseFeeAt(wanted));
      for (const { pool, band, sqrt } of await positions(client, devnet)) {
        expect(Number(sqrt) / Number(band.low)).toBeGreaterThan(1 - 1e-9);
        expect(Number(sqrt) / Number(band.high)).toBeLessThan(1 + 1e-9);
        if (!step.traded.includes(pool.name)) continue;
        atAnEdge += 1;
        if (pool.venue === 'UNISWAP_V3') expect([band.low, band.high]).toContain(sqrt);
        else {
          const off = Math.min(Number(sqrt) / Number(band.low) - 1, 1 - Number(sqrt) / Number(band.high));
          expect(Math.abs(off)).toBeLessThan(2e-4);
        }
      }
      for (const { symbol, proxy } of devnet.deployment.feeds) {
        const { heartbeatS, deviationBps } = TOKENS[symbol].feed;
        const { answer, updatedAt } = await round(client, proxy);
        expect(wanted - updatedAt).toBeLessThanOrEqual(heartbeatS);
        const market = devnet.market.priceAt(symbol, wanted);
        expect(Math.abs(market / (Number(answer) / 1e8) - 1) * 10_000).toBeLessThan(deviationBps + 1e-3);
      }
    }
    expect(atAnEdge).toBeGreaterThan(150);
  });

  it("gives others' transactions a block twelve seconds later at the hour's fee, and never goes back in time", async () => {
    const before = devnet.market.time;
    const { owner, keeper } = devnet.accounts;
    const send = (from: Address) =>
      client.request({
        method: 'eth_sendTransaction' as never,
        params: [{ from, to: from, value: '0x1', gas: '0x5208' }] as never,
      });
    for (const [i, from] of [keeper.address, owner.address].entries()) {
      const receipt = await client.waitForTransactionReceipt({ hash: await send(from), pollingInterval: 5 });
      const block = await client.getBlock({ blockNumber: receipt.blockNumber });
      expect(Number(block.timestamp)).toBe(before + 12 * (i + 1));
      if (i === 0) expect(block.baseFeePerGas).toBe(devnet.market.baseFeeAt(before));
    }
    expect((await devnet.market.step(before + 5)).time).toBe(before + 25);
    expect((await devnet.market.step(before + HOUR_S)).time).toBe(before + HOUR_S);
  });

  it('keeps time running forwards while others send transactions in the middle of its steps', async () => {
    const { address } = devnet.accounts.keeper;
    const start = devnet.market.time;
    const from = await client.getBlockNumber();
    const fees = { maxFeePerGas: '0x746a528800', maxPriorityFeePerGas: '0x1' };
    let stepping = true;
    const steps = (async () => {
      for (let i = 1; i <= 40; i++) await devnet.market.step(start + 12 * i);
      stepping = false;
    })();
    let sent = 0;
    while (stepping) {
      const params = [{ from: address, to: address, gas: '0x5208', ...fees }] as never;
      const hash = await client.request({ method: 'eth_sendTransaction' as never, params });
      const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 2, timeout: 5_000 });
      expect(receipt.status).toBe('success');
      sent += 1;
    }
    await steps;
    const to = await client.getBlockNumber();
    const numbers = Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i));
    const times = await Promise.all(
      numbers.map(async (blockNumber) => Number((await client.getBlock({ blockNumber })).timestamp)),
    );
    expect(sent).toBeGreaterThan(5);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const { band, sqrt } of await positions(client, devnet)) {
      expect(Number(sqrt) / Number(band.low)).toBeGreaterThan(1 - 1e-9);
      expect(Number(sqrt) / Number(band.high)).toBeLessThan(1 + 1e-9);
    }
  });

  it('runs steps one after the other when they are asked for at once', async () => {
    const first = devnet.market.time;
    const steps = await Promise.all([devnet.market.step(first + 60), devnet.market.step(first + 120)]);
    expect(steps.map((s) => s.time)).toEqual([first + 60, first + 120]);
    expect(Number((await client.getBlock()).timestamp)).toBe(first + 120);
  });
});

describe('drills on a devnet', () => {
  async function at(name: string, hours: readonly number[], look: (devnet: Devnet, hour: number) => Promise<void>) {
    const devnet = await startDevnet({ scenario: scenarioByName(name), seed: 3 });
    try {
      for (const hour of hours) {
        await devnet.market.step(devnet.market.scenario.startTime + hour * HOUR_S);
        await look(devnet, hour);
      }
    } finally {
      await devnet.stop();
    }
  }

  it('frozen-feed: the hub calls ETH stale, and nothing else', () =>
    at('frozen-feed', [5, 9, 17, 18], async (devnet, hour) => {
      const prices = await clientOf(devnet).readContract({
        address: devnet.deployment.contracts.hub,
        abi: oracleHubAbi,
        functionName: 'peek',
        args: [devnet.deployment.tokens.map((t) => t.feedId)],
      });
      const stale = hour === 9 || hour === 17;
      expect(prices.map((p) => p.status)).toEqual(
        devnet.deployment.tokens.map((t) => (stale && t.symbol === 'WETH' ? 1 : 0)),
      );
    }));

  it('gas-spike: blocks cost 900 gwei for twelve hours', () =>
    at('gas-spike', [7, 8, 19, 20], async (devnet, hour) => {
      const { baseFeePerGas } = await clientOf(devnet).getBlock();
      expect(baseFeePerGas === 900_000_000_000n).toBe(hour === 8 || hour === 19);
    }));

  it('thin-pool: one part in two hundred of the liquidity is left in the LINK pools', () => {
    const before = new Map<string, number>();
    return at('thin-pool', [0, 6, 8, 24], async (devnet, hour) => {
      for (const { pool, band, sqrt } of await positions(clientOf(devnet), devnet)) {
        const { address } = pool;
        const client = clientOf(devnet);
        const depth =
          pool.venue === 'UNISWAP_V3'
            ? Number(await client.readContract({ address, abi, functionName: 'liquidity' }))
            : await client
                .readContract({ address, abi, functionName: 'getReserves' })
                .then(([a, b]) => Math.sqrt(Number(a) * Number(b)));
        if (hour === 0) before.set(pool.name, depth);
        const left = depth / (before.get(pool.name) ?? Number.NaN);
        if (pool.pair.includes('LINK') && hour >= 7) expect(left).toBeLessThan(0.0051);
        else expect(left).toBeGreaterThan(0.3);
        expect(Number(sqrt) / Number(band.low)).toBeGreaterThan(1 - 1e-9);
        expect(Number(sqrt) / Number(band.high)).toBeLessThan(1 + 1e-9);
      }
    });
  });
});

describe('the seed', () => {
  const played = async (seed: number, chainId?: number) => {
    const scenario = scenarioByName('2021-05-crash');
    const devnet = await startDevnet({ scenario, seed, ...(chainId === undefined ? {} : { chainId }) });
    try {
      const steps = [];
      for (let hour = 0; hour < 24; hour++) {
        const step = await devnet.market.step();
        const sqrts = (await positions(clientOf(devnet), devnet)).map((p) => p.sqrt);
        steps.push({ ...step, sqrts, gas: (await clientOf(devnet).getBlock()).gasUsed });
      }
      return { deployment: devnet.deployment, owner: devnet.accounts.owner, steps, chainId: devnet.chainId };
    } finally {
      await devnet.stop();
    }
  };

  it('decides accounts, addresses and numbers; the chain id does not', async () => {
    const { chainId: first, ...a } = await played(7);
    const { chainId: second, ...b } = await played(7, 4242);
    expect(second).toBe(4242);
    expect(first).not.toBe(second);
    expect(b).toEqual(a);
    const c = await played(8);
    expect(c.owner.address).not.toBe(a.owner.address);
    expect(c.deployment.contracts.hub).not.toBe(a.deployment.contracts.hub);
    expect(c.steps).not.toEqual(a.steps);
  });
});
