/** Solidity and TypeScript answer the same, to the wei, on 10,000 random portfolios. */
import {
  type ContractFunctionArgs,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  hexToString,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnvil, type TestAnvil } from '../../src/chain/testing/anvil.ts';
import { dueOf } from '../../src/core/due.ts';
import {
  lossCapUsdE8,
  lossLevel,
  maxSellAmount,
  requiredOut,
  requiredPips,
  scaledMinOut,
  tipUsdE8,
} from '../../src/core/limits.ts';
import { inForce, stepStop, stopsReached } from '../../src/core/stops.ts';
import { address, NOW, randomAssets, randomPolicy, randomState, word } from '../../src/core/testing/fixtures.ts';
import { type Random, seeded } from '../../src/core/testing/random.ts';
import {
  type Address,
  type AssetState,
  DUE_KINDS,
  type Hex,
  PRICE_STATUSES,
  type StopState,
  type VaultState,
} from '../../src/core/types.ts';
import { min } from '../../src/core/units.ts';
import { nav, portfolioValue } from '../../src/core/value.ts';
import { mathHarnessAbi, mathHarnessBytecode } from './artifacts/MathHarness.ts';

const PORTFOLIOS = 10_000;
const PER_CALL = 250;

const sender: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
let anvil: TestAnvil;
let harness: Address;

beforeAll(async () => {
  anvil = await startAnvil(['--gas-limit', '4000000000']);
  const hash = await anvil.rpc<Hex>('eth_sendTransaction', [
    { from: sender, data: encodeDeployData({ abi: mathHarnessAbi, bytecode: mathHarnessBytecode }), gas: '0x989680' },
  ]);
  await anvil.rpc('evm_mine');
  const receipt = await anvil.rpc<{ contractAddress: Address }>('eth_getTransactionReceipt', [hash]);
  harness = receipt.contractAddress;
});

afterAll(() => anvil.stop());

type View =
  | 'due'
  | 'inForce'
  | 'step'
  | 'maxSellAmount'
  | 'requiredPips'
  | 'requiredOut'
  | 'tipUsdE8'
  | 'lossLevel'
  | 'scaledMinOut';

async function ask<N extends View>(functionName: N, args: ContractFunctionArgs<typeof mathHarnessAbi, 'pure', N>) {
  const data = encodeFunctionData({ abi: mathHarnessAbi, functionName, args } as Parameters<
    typeof encodeFunctionData
  >[0]);
  const result = await anvil.rpc<Hex>('eth_call', [{ to: harness, data, gas: '0xee6b2800' }, 'latest']);
  return decodeFunctionResult({ abi: mathHarnessAbi, functionName, data: result } as Parameters<
    typeof decodeFunctionResult
  >[0]);
}

function randomStop(r: Random, navUsdE8: bigint): StopState {
  const around = (): bigint => (navUsdE8 * BigInt(r.int(3_000, 30_000))) / 10_000n;
  return { baseUsdE8: around(), highUsdE8: around(), armedAt: NOW - r.int(0, 90_000), armed: r.int(0, 63) };
}

function randomVault(r: Random): VaultState {
  const navUsdE8 = r.magnitude(10n ** 6n, 10n ** 18n);
  const n = r.chance(0.02) ? 0 : r.int(1, 6);
  let assets = n === 0 ? [] : randomAssets(r, n, navUsdE8);
  if (r.chance(0.08)) {
    const broken = r.int(0, Math.max(0, n - 1));
    assets = assets.map((a, i) =>
      i >= broken && r.chance(0.7) ? { ...a, priceStatus: r.pick(PRICE_STATUSES.slice(1)), priceUsdE8: 0n } : a,
    );
  }
  if (r.chance(0.02)) assets = assets.map((a) => ({ ...a, balance: 0n }));
  return {
    address: address(0xabc),
    owner: address(0xdef),
    policy: randomPolicy(r),
    // The rulebook allows stops only beside a safe asset, but the rule is defined without one too.
    state: { ...randomState(r, navUsdE8), stopped: r.chance(0.7) ? 0 : r.int(0, 2 ** n - 1) },
    stop: randomStop(r, navUsdE8),
    upSince: 0,
    assets,
  };
}

/** Two assets exactly on an edge of the policy (band, inner band, smallest trade), or one unit beside it. */
function edgeVault(r: Random): VaultState {
  const navUsdE8 = r.big(1n, 10n ** 6n) * 10n ** 10n;
  const targetBps = r.int(2_100, 7_900);
  const bandBps = r.int(50, 2_000);
  const policy = { ...randomPolicy(r), innerBandBps: r.int(1, bandBps), scheduleS: r.pick([0, 86_400]) };
  const edge = BigInt(r.pick([bandBps, bandBps, policy.innerBandBps]));
  const gap = (edge * navUsdE8) / 10_000n;
  const minTradeUsdE2 = r.chance(0.5) ? Number(gap / 10n ** 6n) : 0;
  const first = (BigInt(targetBps) * navUsdE8) / 10_000n + r.pick([gap, -gap]) + BigInt(r.pick([0, 0, 1, -1]));
  const assets = [first, navUsdE8 - first].map(
    (balance, index): AssetState => ({
      ...{ index, token: address(index + 1), symbol: `E${index}`, decimals: 8, feedId: word(index) },
      ...{ targetBps: index === 0 ? targetBps : 10_000 - targetBps, bandBps, balance, balanceKnown: true },
      ...{ safe: index === 1, stopPriceUsdE8: 0n, takePriceUsdE8: 0n },
      ...{ priceUsdE8: 10n ** 8n, priceUpdatedAt: NOW, priceStatus: 'OK' as const },
    }),
  );
  const state = { ...randomState(r, navUsdE8), pausedUntil: 0 };
  const at = r.pick([policy.cooldownS, Math.max(policy.scheduleS, policy.cooldownS)]) - r.int(-1, 1);
  const edgePolicy = { ...policy, minTradeUsdE2: minTradeUsdE2 < 2 ** 32 ? minTradeUsdE2 : 0 };
  return {
    address: address(0xabc),
    owner: address(0xdef),
    policy: edgePolicy,
    stop: randomStop(r, navUsdE8),
    upSince: 0,
    state: r.chance(0.5) ? { ...state, epochEnd: NOW - at } : state,
    assets,
  };
}

function sideOf(a: AssetState) {
  const { balance, priceUsdE8, decimals, targetBps, bandBps } = a;
  return { balance, priceUsdE8, decimals, targetBps, bandBps };
}

function assetOf(a: AssetState) {
  const { token, decimals, targetBps, bandBps, safe, stopPriceUsdE8, takePriceUsdE8, feedId } = a;
  return { token, decimals, targetBps, bandBps, safe, stopPriceUsdE8, takePriceUsdE8, feedId };
}

function priceOf(a: AssetState) {
  return { usdE8: a.priceUsdE8, updatedAt: a.priceUpdatedAt, status: PRICE_STATUSES.indexOf(a.priceStatus) };
}

function dueCase(v: VaultState) {
  return {
    policy: v.policy,
    state: v.state,
    assets: v.assets.map(assetOf),
    balances: v.assets.map((a) => a.balance),
    prices: v.assets.map(priceOf),
    nowS: BigInt(NOW),
  };
}

async function inBatches<C, R>(cases: readonly C[], call: (batch: readonly C[]) => Promise<readonly R[]>) {
  const out: R[] = [];
  for (let i = 0; i < cases.length; i += PER_CALL) out.push(...(await call(cases.slice(i, i + PER_CALL))));
  expect(out).toHaveLength(cases.length);
  return out;
}

describe('10,000 random portfolios', () => {
  const r = seeded(20_221_108);
  const vaults = Array.from({ length: PORTFOLIOS }, () => (r.chance(0.2) ? edgeVault(r) : randomVault(r)));
  const priced = vaults.filter((v) => v.assets.length > 1 && nav(v.assets) > 0n);

  it('due(): kind, reason and retry time', { timeout: 30_000 }, async () => {
    type Row = { kind: number; reason: Hex; retryAt: number; navUsdE8: bigint };
    const rows = await inBatches(vaults, async (b) => (await ask('due', [b.map(dueCase)])) as readonly Row[]);
    const seen = new Map<string, number>();
    for (const [i, v] of vaults.entries()) {
      const row = rows[i];
      const mine = dueOf(v, NOW);
      expect(mine, `portfolio ${i}`).toEqual({
        kind: DUE_KINDS[row?.kind ?? -1],
        reason: hexToString(row?.reason ?? '0x', { size: 32 }),
        retryAt: row?.retryAt,
      });
      if (row && row.navUsdE8 > 0n) expect(portfolioValue(v.assets).navUsdE8).toBe(row.navUsdE8);
      const key = `${mine.reason}${mine.reason === 'IN_BAND' && mine.retryAt > 0 ? '+retry' : ''}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    // The generator reaches every answer the vault can give, or this test proves less than it says.
    const answers = [
      ...['PAUSED', 'NO_TARGETS', 'CONTINUE', 'EMPTY', 'COOLDOWN', 'DEVIATION', 'SCHEDULE'],
      ...['BELOW_MIN_TRADE', 'IN_BAND', 'IN_BAND+retry'],
      ...['PRICE_STALE', 'PRICE_INVALID', 'PRICE_OUT_OF_BOUNDS', 'PRICE_UNREACHABLE', 'PRICE_DIVERGED'],
      ...['SEQUENCER_DOWN', 'STOPPED'],
    ];
    for (const a of answers) expect(seen.get(a) ?? 0, a).toBeGreaterThan(20);
  });

  it('targets in force', { timeout: 30_000 }, async () => {
    type Row = readonly { targetBps: number; bandBps: number }[];
    const rows = await inBatches(vaults, async (b) => (await ask('inForce', [b.map(dueCase)])) as readonly Row[]);
    const pick = (list: Row) => list.map(({ targetBps, bandBps }) => ({ targetBps, bandBps }));
    expect(vaults.map((v) => pick(inForce(v).assets))).toEqual(rows.map(pick));
    expect(vaults.filter((v) => v.state.stopped !== 0).length).toBeGreaterThan(1_000);
  });

  it('stops that are reached, armed and fired', { timeout: 30_000 }, async () => {
    type Row = { reached: number; act: Hex; fired: number; stop: StopState };
    // What is armed is often what is reached, and often about to be confirmed or too old.
    const cases = priced.map((v) => {
      const reached = stopsReached(v.policy, v.state, v.stop, v.assets, nav(v.assets));
      const armed = r.pick([0, reached, reached, v.stop.armed]);
      const age = r.pick([0, v.policy.confirmS - 1, v.policy.confirmS, 2 * v.policy.confirmS + r.pick([3_600, 3_601])]);
      return { ...v, stop: { ...v.stop, armed, armedAt: NOW - Math.max(0, age) } };
    });
    const rows = await inBatches(
      cases,
      async (b) =>
        (await ask('step', [
          b.map((v) => ({
            policy: v.policy,
            state: v.state,
            stop: v.stop,
            assets: v.assets.map(assetOf),
            prices: v.assets.map((a) => a.priceUsdE8),
            navUsdE8: nav(v.assets),
            nowS: BigInt(NOW),
          })),
        ])) as readonly Row[],
    );
    const seen = new Map<string, number>();
    for (const [i, v] of cases.entries()) {
      const row = rows[i];
      const reached = stopsReached(v.policy, v.state, v.stop, v.assets, nav(v.assets));
      const { act, fired, stop } = stepStop(v.stop, reached, v.policy.confirmS, NOW);
      const theirs = hexToString(row?.act ?? '0x').replaceAll('\0', '');
      expect({ reached, act: act ?? '', fired, stop }, `portfolio ${i}`).toEqual({ ...row, act: theirs });
      seen.set(theirs, (seen.get(theirs) ?? 0) + 1);
    }
    for (const act of ['ARM', 'DISARM', 'FIRE', '']) expect(seen.get(act) ?? 0, act).toBeGreaterThan(100);
  });

  it('the relaxation and the tips', { timeout: 30_000 }, async () => {
    const relax = vaults.map((v) => ({ policy: v.policy, elapsedS: r.int(0, r.pick([10, 1_000, 90_000])) }));
    const pips = await inBatches(
      relax,
      async (b) =>
        (await ask('requiredPips', [b.map((c) => ({ ...c, elapsedS: BigInt(c.elapsedS) }))])) as readonly bigint[],
    );
    expect(relax.map((c) => requiredPips(c.policy, c.elapsedS))).toEqual(pips);
    const tips = vaults.map((v) => ({
      policy: v.policy,
      movedUsdE8: r.magnitude(1n, 10n ** 15n),
      paidTodayUsdE8: r.chance(0.5) ? 0n : r.magnitude(1n, 10n ** 11n),
    }));
    const paid = await inBatches(tips, async (b) => (await ask('tipUsdE8', [b])) as readonly bigint[]);
    expect(tips.map((c) => tipUsdE8(c.policy, c.movedUsdE8, c.paidTodayUsdE8))).toEqual(paid);
    expect(paid.filter((x) => x > 0n).length).toBeGreaterThan(1_000);
  });

  it('maxSellAmount', { timeout: 30_000 }, async () => {
    const cases = priced.map((v) => {
      const i = r.int(0, v.assets.length - 1);
      const j = (i + r.int(1, v.assets.length - 1)) % v.assets.length;
      const [a, b] = [v.assets[i], v.assets[j]];
      if (!a || !b) throw new RangeError('no pair');
      const epochNavUsdE8 = r.chance(0.7) ? portfolioValue(v.assets).navUsdE8 : v.state.epochNavUsdE8;
      // Mostly the direction in which there may be something to do.
      const over = (x: AssetState) => portfolioValue([x]).navUsdE8 * 10_000n - BigInt(x.targetBps) * epochNavUsdE8;
      const [sell, buy] = r.chance(0.9) === over(a) > over(b) ? [a, b] : [b, a];
      const soldInSliceUsdE8 = r.chance(0.6) ? 0n : r.big(0n, epochNavUsdE8 / 4n);
      return { policy: v.policy, sell, buy, pips: 0n, epochNavUsdE8, soldInSliceUsdE8 };
    });
    const rows = await inBatches(
      cases,
      async (batch) =>
        (await ask('maxSellAmount', [
          batch.map((c) => ({
            policy: c.policy,
            sell: sideOf(c.sell),
            buy: sideOf(c.buy),
            epochNavUsdE8: c.epochNavUsdE8,
            soldUsdE8: c.soldInSliceUsdE8,
          })),
        ])) as readonly bigint[],
    );
    expect(cases.map(maxSellAmount)).toEqual(rows);
    expect(rows.filter((x) => x > 0n).length).toBeGreaterThan(3_000);
    expect(rows.filter((x) => x === 0n).length).toBeGreaterThan(300);
  });

  it('requiredOut and scaledMinOut', { timeout: 30_000 }, async () => {
    const cases = priced.map((v) => {
      const [sell, buy] = [r.pick(v.assets), r.pick(v.assets)];
      return { spent: r.magnitude(1n, 10n ** 30n), sell, buy, pips: requiredPips(v.policy, r.int(0, 90_000)) };
    });
    const rows = await inBatches(
      cases,
      async (batch) =>
        (await ask('requiredOut', [
          batch.map((c) => ({
            spent: c.spent,
            priceSellUsdE8: c.sell.priceUsdE8,
            decimalsSell: c.sell.decimals,
            priceBuyUsdE8: c.buy.priceUsdE8,
            decimalsBuy: c.buy.decimals,
            pips: c.pips,
          })),
        ])) as readonly bigint[],
    );
    expect(cases.map((c) => requiredOut(c.spent, c.sell, c.buy, c.pips))).toEqual(rows);
    for (let i = 0; i < 200; i++) {
      const requested = r.magnitude(1n, 10n ** 24n);
      const amount = r.big(0n, requested);
      const minOut = r.magnitude(1n, 10n ** 30n);
      expect(await ask('scaledMinOut', [minOut, amount, requested])).toBe(scaledMinOut(minOut, amount, requested));
    }
  });

  it('lossLevel', { timeout: 30_000 }, async () => {
    const rows = await inBatches(
      vaults,
      async (batch) =>
        (await ask('lossLevel', [
          batch.map(({ policy, state }) => ({
            // As `begin` leaves it: an over-full bucket counts as full.
            level: min(state.lossUsdE8, lossCapUsdE8(policy, state.epochNavUsdE8)),
            cap: lossCapUsdE8(policy, state.epochNavUsdE8),
            elapsedS: BigInt(NOW - state.lastSliceAt),
            lossUsdE8: 0n,
          })),
        ])) as readonly bigint[],
    );
    expect(vaults.map((v) => lossLevel(v.state, v.policy, v.state.epochNavUsdE8, NOW))).toEqual(rows);
    expect(rows.filter((x) => x > 0n).length).toBeGreaterThan(500);
  });
});
