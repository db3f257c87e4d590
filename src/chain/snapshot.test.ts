import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vaultAbi } from '../abi/Vault.ts';
import { quoteExactIn } from '../core/amm/quote.ts';
import { dueOf } from '../core/due.ts';
import { requiredOut } from '../core/limits.ts';
import type { Chain } from './clients.ts';
import { gasLimitOf } from './fees.ts';
import { creationBlock, scanFlows } from './flows.ts';
import { latestHead } from './head.ts';
import { readReceipt } from './receipts.ts';
import { tokensInRules } from './rules.ts';
import { simulateSlice } from './simulate.ts';
import { readSnapshot } from './snapshot.ts';
import { connectTo } from './testing/anvil.ts';
import { KEEPER, OWNER, STRANGER, startWorld, WORLD_POLICY, type World } from './testing/world.ts';
import { decodeVaultEvents, encodeSlice, type SliceCall } from './vault.ts';

let world: World;
let chain: Chain;
beforeAll(async () => {
  world = await startWorld();
  chain = await connectTo(world.anvil);
});
afterAll(async () => {
  chain?.close();
  await world?.stop();
});

const ONE = 10n ** 18n;

function read() {
  return latestHead(chain).then((head) => readSnapshot(chain, world.deployment, 'REHEARSAL', head));
}

async function firstSlice(): Promise<SliceCall & { out: bigint }> {
  const snapshot = await read();
  const weth = snapshot.vault.assets.find((a) => a.symbol === 'WETH');
  const dai = snapshot.vault.assets.find((a) => a.symbol === 'DAI');
  const pool = snapshot.pools[0];
  if (!weth || !dai) throw new Error('the world is incomplete');
  const amountIn = ONE / 10n;
  const out = pool === undefined ? 0n : quoteExactIn(pool, weth.token, dai.token, amountIn).amountOut;
  return {
    begin: true,
    epoch: snapshot.vault.state.epoch + 1,
    sequence: 0,
    deadline: snapshot.block.time + 600,
    last: true,
    legs: [
      {
        sell: weth.index,
        buy: dai.index,
        hops: [{ venue: 'UNISWAP_V2', pool: world.pair, tokenOut: dai.token }],
        amountIn,
        minOut: out,
      },
    ],
    out,
  };
}
const FEES = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };

describe('readSnapshot', () => {
  it('reads vault, pool, prices and fees of one block', async () => {
    const snapshot = await read();
    expect(snapshot.vault).toMatchObject({ address: world.deployment.vault, owner: OWNER, policy: WORLD_POLICY });
    const bySymbol = Object.fromEntries(snapshot.vault.assets.map((a) => [a.symbol, a]));
    expect(bySymbol.WETH).toMatchObject({
      balance: 10n * ONE,
      priceUsdE8: 2_000n * 10n ** 8n,
      priceStatus: 'OK',
      targetBps: 5_000,
    });
    expect(bySymbol.DAI).toMatchObject({
      balance: 20_000n * ONE,
      priceUsdE8: 10n ** 8n,
      decimals: 18,
      heartbeatS: 86_400,
    });
    expect(snapshot.vault.assets.map((a) => a.index)).toEqual([0, 1]);
    expect(snapshot.gas.nativeUsdE8).toBe(2_000n * 10n ** 8n);
    expect(dueOf(snapshot.vault, snapshot.block.time)).toMatchObject({ kind: 'NONE', reason: 'IN_BAND' });
    expect(snapshot.pools).toEqual([]);
  });

  it('reads the pools as well when a trade is due, and names what is no pool', async () => {
    await world.setPrice(2_600n * 10n ** 8n);
    const snapshot = await read();
    expect(dueOf(snapshot.vault, snapshot.block.time)).toMatchObject({ kind: 'DEVIATION' });
    const [pool] = snapshot.pools;
    expect(pool).toMatchObject({ venue: 'UNISWAP_V2', address: world.pair });
    if (pool?.venue !== 'UNISWAP_V2') throw new Error('not a pair');
    expect([pool.reserve0, pool.reserve1].sort()).toEqual(
      [await world.balance(pool.token0, world.pair), await world.balance(pool.token1, world.pair)].sort(),
    );
    const head = await latestHead(chain);
    const pools = [{ venue: 'UNISWAP_V3' as const, address: world.pair }];
    await expect(readSnapshot(chain, { ...world.deployment, pools }, 'REHEARSAL', head)).rejects.toMatchObject({
      code: 'CONTRACT_UNREADABLE',
      field: 'pools',
    });
    await world.setPrice(2_000n * 10n ** 8n);
  });

  it('still shows the old block after newer ones changed everything', async () => {
    const head = await latestHead(chain);
    const before = await readSnapshot(chain, world.deployment, 'REHEARSAL', head);
    await world.setFeed(world.feeds.weth, 1_500n * 10n ** 8n);
    const again = await readSnapshot(chain, world.deployment, 'REHEARSAL', head);
    expect(again).toEqual(before);
    expect((await read()).vault.assets.find((a) => a.symbol === 'WETH')?.priceUsdE8).toBe(1_500n * 10n ** 8n);
    await world.setFeed(world.feeds.weth, 2_000n * 10n ** 8n);
  });

  it('refuses a block that a reorganisation removed', async () => {
    await world.mine();
    const head = await latestHead(chain);
    await world.anvil.rpc('anvil_reorg', [1, []]);
    await expect(readSnapshot(chain, world.deployment, 'REHEARSAL', head)).rejects.toMatchObject({
      code: 'CHAIN_BEHIND',
      retry: 'later',
    });
  });

  it('reports a stale price with no value', async () => {
    await world.setFeed(world.feeds.weth, 2_000n * 10n ** 8n, 90_000);
    const snapshot = await read();
    expect(snapshot.vault.assets.find((a) => a.symbol === 'WETH')).toMatchObject({
      priceStatus: 'STALE',
      priceUsdE8: 0n,
    });
    expect(snapshot.gas.nativeUsdE8).toBe(0n);
    await world.setFeed(world.feeds.weth, 2_000n * 10n ** 8n);
  });

  it('holds a vault whose token does not tell its balance, and goes on when it does', async () => {
    const dai = world.deployment.tokens.find((t) => t.symbol === 'DAI')?.address;
    if (dai === undefined) throw new Error('no DAI');
    const code = await world.anvil.rpc('eth_getCode', [dai, 'latest']);
    await world.anvil.rpc('anvil_setCode', [dai, '0x5f5ffd']);
    await world.mine();
    const broken = await read();
    const [known, unknown] = [true, false].map((k) => broken.vault.assets.filter((a) => a.balanceKnown === k));
    expect([known?.map((a) => a.symbol), unknown?.map((a) => a.symbol)]).toEqual([['WETH'], ['DAI']]);
    expect(known?.[0]?.balance).toBe(10n * ONE);
    expect(dueOf(broken.vault, broken.block.time)).toEqual({ kind: 'NONE', reason: 'BALANCE_UNREADABLE', retryAt: 0 });
    await world.anvil.rpc('anvil_setCode', [dai, code]);
    await world.mine();
    expect((await read()).vault.assets.every((a) => a.balanceKnown)).toBe(true);
  });

  it('finds the tokens in the rules of the vault itself', async () => {
    const data = encodeFunctionData({ abi: vaultAbi, functionName: 'raw' });
    const answer = await world.anvil.rpc<`0x${string}`>('eth_call', [{ to: world.deployment.vault, data }, 'latest']);
    const { rules } = decodeFunctionResult({ abi: vaultAbi, functionName: 'raw', data: answer });
    const { assets } = (await read()).vault;
    expect(tokensInRules(rules)).toEqual(assets.map(({ token, decimals }) => ({ token, decimals })));
    expect(() => tokensInRules(rules.slice(0, 180) as `0x${string}`)).toThrow('shorter than they say');
  });

  it('names a token that the config does not list, and wrong decimals', async () => {
    const head = await latestHead(chain);
    const [weth, dai] = world.deployment.tokens;
    if (!weth || !dai) throw new Error('no tokens');
    await expect(readSnapshot(chain, { ...world.deployment, tokens: [weth] }, 'REHEARSAL', head)).rejects.toMatchObject(
      { code: 'UNKNOWN_TOKEN', exit: 2, value: dai.address },
    );
    await expect(
      readSnapshot(chain, { ...world.deployment, tokens: [weth, { ...dai, decimals: 6 }] }, 'REHEARSAL', head),
    ).rejects.toMatchObject({ code: 'TOKEN_DECIMALS_DIFFER', field: 'tokens.DAI.decimals', value: '6' });
    await expect(
      readSnapshot(chain, { ...world.deployment, tokens: [weth, { ...dai, feedId: weth.feedId }] }, 'REHEARSAL', head),
    ).rejects.toMatchObject({ code: 'FEED_ID_DIFFERS', field: 'tokens.DAI.feedId', value: weth.feedId });
    await expect(readSnapshot(chain, { ...world.deployment, tokens: [dai] }, 'REHEARSAL', head)).rejects.toMatchObject({
      field: 'tokens',
    });
  });

  it('names an address that is no vault or no lens', async () => {
    const head = await latestHead(chain);
    const d = world.deployment;
    await expect(readSnapshot(chain, { ...d, vault: STRANGER }, 'REHEARSAL', head)).rejects.toMatchObject({
      code: 'CONTRACT_UNREADABLE',
      field: 'vault',
      value: STRANGER,
    });
    const contracts = { ...d.contracts, lens: STRANGER };
    await expect(readSnapshot(chain, { ...d, contracts }, 'REHEARSAL', head)).rejects.toMatchObject({
      code: 'CONTRACT_UNREADABLE',
      field: 'contracts.lens',
    });
  });
});

describe('slices', () => {
  it('says why the vault would refuse', async () => {
    const slice = await firstSlice();
    const head = await latestHead(chain);
    const simulate = (s: SliceCall, from = KEEPER, fees = FEES) =>
      simulateSlice(chain, head, {
        from,
        to: world.deployment.vault,
        data: encodeSlice(s, world.deployment.contracts),
        fees,
        gas: 5_000_000n,
      });
    expect(await simulate(slice)).toMatchObject({ ok: false, revert: { name: 'NotDue', reason: 'IN_BAND' } });
    expect(await simulate(slice, STRANGER)).toMatchObject({ ok: false, revert: { name: 'NotKeeper' } });
    expect(await simulate({ ...slice, begin: false })).toMatchObject({ ok: false, revert: { name: 'NoOpenEpoch' } });
  });

  it('simulates, estimates and lands a slice whose events carry what happened to the wei', async () => {
    await world.setPrice(2_600n * 10n ** 8n);
    const { out, ...slice } = await firstSlice();
    const head = await latestHead(chain);
    const simulate = (s: SliceCall) =>
      simulateSlice(chain, head, {
        from: KEEPER,
        to: world.deployment.vault,
        data: encodeSlice(s, world.deployment.contracts),
        fees: FEES,
        gas: 5_000_000n,
      });
    const [leg] = slice.legs;
    if (!leg) throw new Error('no leg');
    const vaultOut = requiredOut(
      leg.amountIn,
      { priceUsdE8: 2_600n * 10n ** 8n, decimals: 18 },
      { priceUsdE8: 10n ** 8n, decimals: 18 },
      990_000n,
    );
    expect(out).toBeGreaterThan(vaultOut);
    expect(await simulate({ ...slice, legs: [{ ...leg, minOut: out + 1n }] })).toMatchObject({
      ok: false,
      revert: { name: 'BelowCallersMinOut', args: [out, out + 1n], reason: 'SLIPPAGE_WOULD_EXCEED' },
    });
    expect(await simulate({ ...slice, deadline: head.time - 1 })).toMatchObject({
      ok: false,
      revert: { name: 'DeadlinePassed', reason: 'TX_EXPIRED' },
    });
    expect(await simulate({ ...slice, epoch: 9 })).toMatchObject({ ok: false, revert: { name: 'WrongSlice' } });
    const simulated = await simulate(slice);
    if (!simulated.ok) throw new Error(simulated.revert.sentence);
    expect(simulated.gasUnits).toBeGreaterThan(100_000n);
    const hash = await world.anvil.rpc<`0x${string}`>('eth_sendTransaction', [
      {
        from: KEEPER,
        to: world.deployment.vault,
        data: encodeSlice(slice, world.deployment.contracts),
        gas: `0x${gasLimitOf(simulated.gasUnits, 1).toString(16)}`,
      },
    ]);
    expect(await readReceipt(chain, hash)).toBeNull();
    await world.mine();
    const receipt = await readReceipt(chain, hash);
    expect(receipt).toMatchObject({ ok: true, hash });
    const events = decodeVaultEvents(world.deployment.vault, receipt?.logs ?? []);
    expect(events.map((e) => e.event)).toEqual(['EpochOpened', 'Filled', 'EpochClosed']);
    expect(events[1]).toMatchObject({
      epoch: slice.epoch,
      sequence: 0,
      keeper: KEEPER,
      venue: 'UNISWAP_V2',
      target: world.pair,
      amountIn: leg.amountIn,
      amountOut: out,
    });
  });
});

describe('flows', () => {
  it("finds every deposit and withdrawal from the vault's first block, range by range", async () => {
    const { vault, contracts } = world.deployment;
    const args = [contracts.weth, ONE] as const;
    await world.send(OWNER, vault, encodeFunctionData({ abi: vaultAbi, functionName: 'withdraw', args }));
    const head = await latestHead(chain);
    const first = await creationBlock(chain, vault, head.number);
    const code = (block: number) => world.anvil.rpc<string>('eth_getCode', [vault, `0x${block.toString(16)}`]);
    expect(await code(first)).not.toBe('0x');
    expect(await code(first - 1)).toBe('0x');
    const flows = [];
    let next = first;
    for await (const range of scanFlows(chain, vault, first, head.number)) {
      expect(range.fromBlock).toBe(next);
      next = range.toBlock + 1;
      flows.push(...range.flows);
    }
    expect(next).toBe(head.number + 1);
    expect(flows).toMatchObject([
      { event: 'Deposited', amount: 10n * ONE, from: OWNER },
      { event: 'Deposited', amount: 20_000n * ONE, from: OWNER },
      { event: 'Withdrawn', token: contracts.weth, amount: ONE },
    ]);
  });
});
