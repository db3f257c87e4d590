/**
 * Plays a scenario on a devnet: each step is one block at a given chain time in which the due feed rounds are published
 * and every pool that left its fee band is traded back to the edge. No number depends on the wall clock.
 */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import type { Address, Hex } from '../../src/core/types.ts';
import { marketAbi } from '../artifacts/Market.ts';
import { poolSeederAbi } from '../artifacts/PoolSeeder.ts';
import type { Deployment, PoolDeployment } from '../deploy.ts';
import { TOKENS, type TokenSymbol } from '../layout.ts';
import { feeBand } from '../liquidity.ts';
import { hex, type Rpc } from '../rpc.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { createClock } from './clock.ts';
import { createFeeds, type FeedRound } from './feeds.ts';
import { baseFeeAt, gasSeries } from './gas.ts';
import type { MarketPath } from './path.ts';

export type Step = {
  /** Unix seconds of the block. */
  readonly time: number;
  readonly feedRounds: number;
  /** Names of the pools that were traded back. */
  readonly traded: readonly string[];
};

export type Market = {
  readonly scenario: Scenario;
  /** Chain time of the newest market block. */
  readonly time: number;
  readonly endTime: number;
  /** The scenario has been played to its end; later steps find its last prices. */
  readonly done: boolean;
  readonly priceAt: (symbol: TokenSymbol, time: number) => number;
  readonly baseFeeAt: (time: number) => bigint;
  /** One block at `toTime`, an hour after the last when absent; a second after the newest block if that is later. */
  readonly step: (toTime?: number) => Promise<Step>;
  /** Chain seconds per second while the clock runs. @throws KeelError unless 1 to 14,400 */
  readonly setSpeed: (speed: number) => void;
  /**
   * Starts the clock, which stops by itself at the end of the scenario and at the first step that fails. With
   * `settled` the next step waits for it: at high speed a keeper that answers within seconds would otherwise find its
   * block hours away.
   */
  readonly start: (onError: (error: unknown) => void, settled?: (step: Step) => Promise<void>) => void;
  /** Stops the clock and waits for the step under way. */
  readonly stop: () => Promise<void>;
};

type Write = { readonly to: Address; readonly data: Hex };

export const MAX_SPEED = 14_400;
const HOUR_S = 3_600;
const STEP_GAS = 40_000_000;
const ORDER_ATTEMPTS = 10;

export type MarketOptions = {
  /** `buildPath(scenario, seed)`. */
  readonly path: MarketPath;
  readonly seed: number;
  readonly deployer: Address;
  readonly deployedAt: number;
};

export function createMarket(rpc: Rpc, deployment: Deployment, scenario: Scenario, options: MarketOptions): Market {
  const { path } = options;
  const gas = gasSeries(scenario, path, options.seed);
  const feeds = createFeeds(path, options.deployedAt);
  const aggregators = new Map(deployment.feeds.map((f) => [f.symbol, f.aggregator]));
  const at = (hour: number): number => path.startTime + hour * HOUR_S;
  for (const e of scenario.events) if (e.kind === 'FREEZE_FEED') feeds.freeze(e.symbol, at(e.fromHour), at(e.toHour));
  const drains = scenario.events.filter((e) => e.kind === 'DRAIN_POOLS').sort((a, b) => a.atHour - b.atHour);
  const baseFee = (t: number): bigint => baseFeeAt(gas, path.startTime, t);
  const peekCall = encodeFunctionData({
    abi: marketAbi,
    functionName: 'peek',
    args: [deployment.pools.map((p) => p.address), deployment.pools.map((p) => p.venue === 'UNISWAP_V3')],
  });

  let time = options.deployedAt;
  let queue: Promise<unknown> = Promise.resolve();

  /** Time of the newest block and the square-root price of each pool, in one call. */
  async function peek(): Promise<{ blockTime: number; sqrtX96: readonly bigint[] }> {
    const data = await rpc.call<Hex>('eth_call', { to: deployment.market, data: peekCall }, 'latest');
    const [blockTime, sqrtX96] = decodeFunctionResult({ abi: marketAbi, functionName: 'peek', data });
    return { blockTime: Number(blockTime), sqrtX96 };
  }

  function bandOf(pool: PoolDeployment, t: number): { low: bigint; high: bigint } {
    const side = (s: TokenSymbol) => ({ priceUsdE8: path.priceE8At(s, t), decimals: TOKENS[s].decimals });
    return feeBand(side(pool.token0), side(pool.token1), pool.feePips);
  }

  /**
   * Mines one block at `wanted`, or a second after the newest block if that is later, with the transaction that
   * `write` makes of what it finds, if any. Others' transactions meanwhile wait in the pool and share the block: mining
   * on arrival is off, or their blocks would take the time and the fee that were meant for this one.
   */
  async function block(
    wanted: number,
    write: (t: number, sqrtX96: readonly bigint[]) => Write | null,
  ): Promise<number> {
    await rpc.call('evm_setAutomine', false);
    const { t, sqrtX96 } = await order(wanted);
    const made = write(t, sqrtX96);
    const hash = made ? await send(made, t) : null;
    await rpc.call('evm_mine');
    if (hash) await requireSuccess(hash);
    await rpc.call('evm_setAutomine', true);
    // The next block may be somebody's transaction: it costs what the hour costs, not an eighth less for an empty block.
    const [, pool] = await rpc.batch([
      ['anvil_setNextBlockBaseFeePerGas', [hex(baseFee(t))]],
      ['txpool_status', []],
    ]);
    // Came after the block and before mining on arrival was on again: nothing would mine it.
    if (Number((pool as { pending: Hex }).pending) > 0) await rpc.call('evm_mine');
    return t;
  }

  async function order(wanted: number): Promise<{ t: number; sqrtX96: readonly bigint[] }> {
    for (let attempt = 1; ; attempt++) {
      const { blockTime, sqrtX96 } = await peek();
      const t = Math.max(wanted, blockTime + 1);
      try {
        await rpc.batch([
          ['evm_setNextBlockTimestamp', [t]],
          ['anvil_setNextBlockBaseFeePerGas', [hex(baseFee(t))]],
        ]);
        return { t, sqrtX96 };
      } catch (error) {
        // A block that was being made when mining on arrival went off has come between.
        if (attempt === ORDER_ATTEMPTS || !/timestamp error/i.test(String(error))) throw error;
      }
    }
  }

  function send({ to, data }: Write, t: number): Promise<Hex> {
    const fees = { maxFeePerGas: hex(baseFee(t)), maxPriorityFeePerGas: '0x0' };
    return rpc.call('eth_sendTransaction', { from: options.deployer, to, data, gas: hex(STEP_GAS), ...fees });
  }

  async function requireSuccess(hash: Hex): Promise<void> {
    const receipt = await rpc.call<{ status: Hex } | null>('eth_getTransactionReceipt', hash);
    if (receipt?.status !== '0x1')
      throw new Error(`market transaction ${hash} ${receipt ? 'reverted' : 'was not mined'}`);
  }

  /** Each pool is drained in a block of its own, a second after the newest. */
  async function drainDue(toTime: number): Promise<void> {
    for (let next = drains[0]; next && at(next.atHour) <= toTime; next = drains[0]) {
      const { keepBps } = next;
      for (const name of next.pools) {
        const pool = deployment.pools.find((p) => p.name === name);
        if (!pool) throw new Error(`scenario ${scenario.name} drains the unknown pool ${name}`);
        await block(0, () => ({ to: deployment.seeder, data: drainData(pool, keepBps) }));
      }
      drains.shift();
    }
  }

  async function stepNow(wanted: number): Promise<Step> {
    await drainDue(wanted);
    let feedRounds = 0;
    let traded: string[] = [];
    time = await block(wanted, (t, sqrtX96) => {
      const rounds = feeds.advance(t);
      const moved = deployment.pools.flatMap((pool, i) => {
        const { low, high } = bandOf(pool, t);
        const now = sqrtX96[i] ?? 0n;
        return now < low || now > high ? [{ pool, low, high }] : [];
      });
      feedRounds = rounds.length;
      traded = moved.map((m) => m.pool.name);
      return feedRounds + traded.length === 0 ? null : { to: deployment.market, data: stepData(rounds, moved) };
    });
    return { time, feedRounds, traded };
  }

  function stepData(
    rounds: readonly FeedRound[],
    moved: readonly { readonly pool: PoolDeployment; readonly low: bigint; readonly high: bigint }[],
  ): Hex {
    const feedRounds = rounds.map((r) => ({
      aggregator: aggregators.get(r.symbol) ?? deployment.market,
      answer: r.answer,
      updatedAt: BigInt(r.updatedAt),
    }));
    const bands = moved.map(({ pool, low, high }) => ({
      pool: pool.address,
      v3: pool.venue === 'UNISWAP_V3',
      lowSqrtX96: low,
      highSqrtX96: high,
    }));
    return encodeFunctionData({ abi: marketAbi, functionName: 'step', args: [feedRounds, bands] });
  }

  function step(toTime?: number): Promise<Step> {
    const result = queue.then(() => stepNow(toTime ?? time + HOUR_S));
    queue = result.catch(() => undefined);
    return result;
  }

  const clock = createClock({
    maxSpeed: MAX_SPEED,
    beat: async (seconds) => {
      const made = await step(Math.min(time + seconds, path.endTime));
      await afterStep?.(made);
      return time < path.endTime;
    },
  });
  let afterStep: ((step: Step) => Promise<void>) | undefined;

  return {
    scenario,
    endTime: path.endTime,
    get time() {
      return time;
    },
    get done() {
      return time >= path.endTime;
    },
    priceAt: path.priceAt,
    baseFeeAt: baseFee,
    step,
    setSpeed: clock.setSpeed,
    start: (onError, settled) => {
      afterStep = settled;
      clock.start(onError);
    },
    stop: async () => {
      clock.stop();
      await queue;
    },
  };
}

function drainData(pool: PoolDeployment, keepBps: number): Hex {
  const keep = BigInt(keepBps);
  const abi = poolSeederAbi;
  if (pool.venue === 'UNISWAP_V2') {
    return encodeFunctionData({ abi, functionName: 'drainV2', args: [pool.address, keep] });
  }
  return encodeFunctionData({ abi, functionName: 'drainV3', args: [pool.address, pool.ranges, keep] });
}
