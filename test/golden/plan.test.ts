/**
 * Plans meet the real vault, the real pools and feeds that lag: every slice does exactly what the plan said, for about
 * the gas it said. A market that crashes gives both trades and refusals.
 */
import { decodeFunctionResult, encodeFunctionData, erc20Abi, zeroHash } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Devnet, startDevnet } from '../../devnet/devnet.ts';
import { scenarioByName } from '../../devnet/scenarios/catalogue.ts';
import { vaultAbi } from '../../src/abi/Vault.ts';
import { vaultFactoryAbi } from '../../src/abi/VaultFactory.ts';
import { type Chain, connect } from '../../src/chain/clients.ts';
import { latestHead } from '../../src/chain/head.ts';
import { type Receipt, readReceipt } from '../../src/chain/receipts.ts';
import { decodeRevert } from '../../src/chain/reverts.ts';
import { type Deployment, readSnapshot } from '../../src/chain/snapshot.ts';
import { decodeVaultEvents, encodeSlice, type SliceCall } from '../../src/chain/vault.ts';
import { type Decision, decide } from '../../src/core/decide.ts';
import { fillTargetOf } from '../../src/core/fillVenue.ts';
import { planGasUnits } from '../../src/core/plan.ts';
import { OPTIONS_OFF } from '../../src/core/policy.ts';
import { realise } from '../../src/core/report.ts';
import { RULE as HOURLY } from '../../src/core/testing/fixtures.ts';
import type { Address, Hex, PlannedSlice, Snapshot, VaultPolicy } from '../../src/core/types.ts';
import { assetViews } from '../../src/core/value.ts';

/** The crash of 8 November begins in this hour of the scenario. */
const FIRST_HOUR = 150;
const HOURS = 70;
/** Small slices of a small portfolio would rarely pay; here they are to happen. */
const RULE = { ...HOURLY, maxPaybackDays: 100_000, maxGasPriceWei: 60_000_000_000n };
const TARGETS = { WETH: 4_000, WBTC: 3_000, USDC: 2_000, LINK: 1_000 } as const;
const POLICY: VaultPolicy = {
  destinationBps: 0,
  innerBandBps: 100,
  scheduleS: 0,
  cooldownS: 3_600,
  maxSlipBps: 100,
  lossBpsPerDay: 100,
  maxSliceBps: 75,
  sliceCooldownS: 60,
  minTradeUsdE2: 2_500,
  maxGasPriceMwei: 0,
  ttlS: 3_600,
  ...OPTIONS_OFF,
};

let devnet: Devnet;
let chain: Chain;
let deployment: Deployment;

async function rpc<T>(method: string, ...params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = (await (await fetch(devnet.rpcUrl, { method: 'POST', headers, body })).json()) as {
    result: T;
    error?: { message: string };
  };
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}

/** The revert of the same call on the newest block. */
async function whyReverted(from: Address, to: Address, data: Hex): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ from, to, data }, 'latest'] });
  const headers = { 'content-type': 'application/json' };
  const { error } = (await (await fetch(devnet.rpcUrl, { method: 'POST', headers, body })).json()) as {
    error?: { message: string; data?: Hex };
  };
  return error?.data ? decodeRevert(error.data).sentence : (error?.message ?? 'it passes now');
}

async function send(from: Address, to: Address, data: Hex): Promise<Receipt> {
  // The synchronous form answers when the transaction is mined.
  const { transactionHash } = await rpc<{ transactionHash: Hex }>('eth_sendTransactionSync', {
    from,
    to,
    data,
    gas: '0x4c4b40',
  });
  const receipt = await readReceipt(chain, transactionHash);
  if (!receipt?.ok) throw new Error(`transaction to ${to} was reverted: ${await whyReverted(from, to, data)}`);
  return receipt;
}

async function createVault(): Promise<Address> {
  const owner = devnet.accounts.owner.address;
  const { factory } = devnet.deployment.contracts;
  const targets = devnet.deployment.tokens
    .flatMap((t) => (t.symbol in TARGETS ? [{ ...t, targetBps: TARGETS[t.symbol as keyof typeof TARGETS] }] : []))
    .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  const list = targets.map((t) => ({
    token: t.address,
    targetBps: t.targetBps,
    bandBps: 120,
    safe: false,
    stopPriceUsdE8: 0n,
    takePriceUsdE8: 0n,
    feedId: t.feedId,
  }));
  const args = [owner, devnet.accounts.keeper.address, POLICY, list, zeroHash] as const;
  const data = encodeFunctionData({ abi: vaultFactoryAbi, functionName: 'create', args });
  const answer = await rpc<Hex>('eth_call', { from: owner, to: factory, data }, 'latest');
  const vault = decodeFunctionResult({ abi: vaultFactoryAbi, functionName: 'create', data: answer });
  await send(owner, factory, data);
  for (const t of targets) {
    const priceUsd = devnet.market.priceAt(t.symbol, devnet.market.time);
    const amount = BigInt(Math.floor(((20_000 * t.targetBps) / 10_000 / priceUsd) * 10 ** Math.min(8, t.decimals)));
    const units = amount * 10n ** BigInt(t.decimals - Math.min(8, t.decimals));
    await send(owner, t.address, encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [vault, units] }));
    await send(owner, vault, encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [t.address, units] }));
  }
  return vault;
}

beforeAll(async () => {
  devnet = await startDevnet({ scenario: scenarioByName('2022-11-ftx'), seed: 7 });
  chain = await connect(devnet.rpcUrl, devnet.chainId);
  deployment = { ...devnet.deployment, vault: await createVault() };
});

afterAll(async () => {
  await chain?.close();
  await devnet?.stop();
});

async function look(): Promise<{ snapshot: Snapshot; decision: Decision }> {
  const head = await latestHead(chain);
  const snapshot = await readSnapshot(chain, deployment, 'REHEARSAL', head);
  return { snapshot, decision: decide(snapshot, RULE, { now: head.time, runInProgress: false }) };
}

/** Runs one slice and compares what the vault did with what was planned. */
async function runSlice(snapshot: Snapshot, slice: PlannedSlice, call: Omit<SliceCall, 'legs' | 'deadline'>) {
  const data = encodeSlice({ ...call, legs: slice.legs, deadline: snapshot.block.time + 600 }, deployment.contracts);
  const receipt = await send(devnet.accounts.keeper.address, deployment.vault, data);
  const fills = decodeVaultEvents(deployment.vault, receipt.logs).flatMap((e) => (e.event === 'Filled' ? [e] : []));
  expect(fills.map((f) => [f.sell, f.buy, f.target, f.amountIn, f.amountOut])).toEqual(
    slice.legs.map((l) => {
      const { pathFiller } = deployment.contracts;
      return [l.sell, l.buy, fillTargetOf(l, pathFiller)?.target.toLowerCase(), l.amountIn, l.quotedOut];
    }),
  );
  const estimated = planGasUnits([slice], snapshot.vault.assets.length, call.begin);
  if (process.env.KEEL_PRINT_GAS)
    process.stderr.write(
      `${call.begin ? 'begin' : '     '} ${slice.legs.map((l) => `${l.hops.map((h) => h.venue)} ${l.gasUnits}`).join(' ')}: used ${receipt.gasUsed}, estimated ${estimated}\n`,
    );
  return { receipt, fills, estimated };
}

describe('plans on the chain', () => {
  it('do exactly what they say, slice by slice, through a crash', { timeout: 120_000 }, async () => {
    const seen = { trades: 0, slices: 0, fills: 0, stopped: 0, venues: new Set<string>(), quiet: 0 };
    const ratios: number[] = [];
    for (let hour = FIRST_HOUR; hour < FIRST_HOUR + HOURS; hour++) {
      await devnet.market.step(devnet.market.scenario.startTime + hour * 3_600);
      const first = await look();
      if (first.decision.proposal !== 'TRADE' || !first.decision.plan) {
        seen.quiet++;
        continue;
      }
      const { plan } = first.decision;
      const stoppedBefore = seen.stopped;
      const sent: PlannedSlice[] = [];
      const receipts: Receipt[] = [];
      const fills = [];
      for (let now = first, begin = true; ; begin = false) {
        const current = now.decision.plan;
        // The slices before may have used up what the pools pay within the vault's limits: the keeper stops there, too.
        if (now.decision.proposal !== 'TRADE') {
          const finish = encodeFunctionData({ abi: vaultAbi, functionName: 'finish' });
          await send(devnet.accounts.keeper.address, deployment.vault, finish);
          seen.stopped++;
          break;
        }
        const slice = current?.slices[0];
        if (!current || !slice) throw new Error(`hour ${hour}: ${now.decision.sentence}`);
        expect([current.epoch, slice.sequence]).toEqual([plan.epoch, sent.length]);
        const last = current.slices.length === 1;
        const done = await runSlice(now.snapshot, slice, { begin, epoch: plan.epoch, sequence: slice.sequence, last });
        sent.push(slice);
        receipts.push(done.receipt);
        fills.push(...done.fills);
        ratios.push(Number(done.estimated) / Number(done.receipt.gasUsed));
        for (const leg of slice.legs) for (const hop of leg.hops) seen.venues.add(hop.venue);
        if (last) break;
        const { time } = await latestHead(chain);
        await rpc('evm_setNextBlockTimestamp', time + POLICY.sliceCooldownS);
        await rpc('evm_mine');
        now = await look();
      }
      seen.trades++;
      seen.slices += sent.length;
      seen.fills += fills.length;
      const realised = realise({
        snapshot: first.snapshot,
        slices: sent,
        fills,
        receipts,
        pathFiller: deployment.contracts.pathFiller,
      });
      expect(realised.slippageUsdE8).toBe(0n);
      const after = await look();
      expect(after.decision.due.kind, `hour ${hour}`).toBe('NONE');
      if (seen.stopped > stoppedBefore) continue;
      const drift = Math.max(...assetViews(after.snapshot).map((v) => Math.abs(v.driftBps)));
      expect(drift, `hour ${hour}`).toBeLessThan(130); // one point: less than the smallest trade of $25 on $2,000
    }
    const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
    if (process.env.KEEL_PRINT_GAS)
      process.stderr.write(`${JSON.stringify({ ...seen, venues: [...seen.venues] })} ${mean}\n`);
    expect(seen.trades).toBeGreaterThan(2);
    expect(seen.fills).toBeGreaterThan(8);
    expect([...seen.venues].sort()).toEqual(['UNISWAP_V2', 'UNISWAP_V3']);
    expect(seen.slices).toBeGreaterThan(seen.trades);
    expect(seen.quiet).toBeGreaterThan(20);
    expect(Math.min(...ratios)).toBeGreaterThan(0.85);
    expect(Math.max(...ratios)).toBeLessThan(1.15);
  });
});
