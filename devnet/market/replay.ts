/**
 * Plays a scenario on a devnet: each step is one block at a given chain time in which the due feed rounds are published
 * and every pool that left its fee band is traded back to the edge. No number depends on the wall clock; the clock
 * below only chooses when the next step happens.
 */
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { EXIT, KeelError } from '../../src/core/errors.ts';
import type { Address, Hex } from '../../src/core/types.ts';
import { marketAbi } from '../artifacts/Market.ts';
import { poolSeederAbi } from '../artifacts/PoolSeeder.ts';
import type { Deployment, PoolDeployment } from '../deploy.ts';
import { TOKENS, type TokenSymbol } from '../layout.ts';
import { feeBand } from '../liquidity.ts';
import { hex, type Rpc } from '../rpc.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { createFeeds, type FeedRound } from './feeds.ts';
import { baseFeeAt, gasSeries } from './gas.ts';
import { buildPath } from './path.ts';

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
  /** Chain seconds per second while the clock runs. */
  readonly speed: number;
  /** @throws KeelError unless 1 to 14,400 */
  readonly setSpeed: (speed: number) => void;
  /** Starts the clock. It stops by itself at the end of the scenario and at the first step that fails. */
  readonly start: (onError: (error: unknown) => void) => void;
  /** Stops the clock and waits for the step under way. */
  readonly stop: () => Promise<void>;
};

export const MAX_SPEED = 14_400;
const HOUR_S = 3_600;
const BLOCK_S = 12;
/** The clock makes at most four blocks a second. */
const MIN_TICK_S = 0.25;
const STEP_GAS = 40_000_000;

export type MarketOptions = { readonly seed: number; readonly deployer: Address; readonly deployedAt: number };

export function createMarket(rpc: Rpc, deployment: Deployment, scenario: Scenario, options: MarketOptions): Market {
  const path = buildPath(scenario, options.seed);
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
  let speed = 1;
  let queue: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  let ticking = false;

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

  async function mine(t: number, to: Address, data: Hex): Promise<void> {
    await setNextBlock(t);
    const tx = { from: options.deployer, to, data, gas: hex(STEP_GAS), ...fees(baseFee(t)) };
    const receipt = await rpc.call<{ status: Hex; transactionHash: Hex }>('eth_sendTransactionSync', tx);
    if (receipt.status !== '0x1') throw new Error(`market transaction ${receipt.transactionHash} reverted`);
  }

  async function setNextBlock(t: number): Promise<void> {
    await rpc.batch([
      ['evm_setNextBlockTimestamp', [t]],
      ['anvil_setNextBlockBaseFeePerGas', [hex(baseFee(t))]],
    ]);
  }

  /** Each drain is a block of its own, a second apart, before the step's block. */
  async function drainDue(toTime: number, newest: number): Promise<number> {
    let t = newest;
    for (let next = drains[0]; next && at(next.atHour) <= toTime; next = drains[0]) {
      drains.shift();
      for (const name of next.pools) {
        const pool = deployment.pools.find((p) => p.name === name);
        if (!pool) throw new Error(`scenario ${scenario.name} drains the unknown pool ${name}`);
        t += 1;
        await mine(t, deployment.seeder, drainData(pool, next.keepBps));
      }
    }
    return t;
  }

  async function stepNow(wanted: number): Promise<Step> {
    let { blockTime, sqrtX96 } = await peek();
    blockTime = await drainDue(wanted, blockTime);
    const t = Math.max(wanted, blockTime + 1);
    const rounds = feeds.advance(t);
    const moved = deployment.pools.flatMap((pool, i) => {
      const { low, high } = bandOf(pool, t);
      const now = sqrtX96[i] ?? 0n;
      return now < low || now > high ? [{ pool, low, high }] : [];
    });
    if (rounds.length === 0 && moved.length === 0) {
      await setNextBlock(t);
      await rpc.call('evm_mine');
    } else {
      await mine(t, deployment.market, stepData(rounds, moved));
    }
    // The next block may be somebody's transaction: it costs what the hour costs, not an eighth less for an empty block.
    await rpc.call('anvil_setNextBlockBaseFeePerGas', hex(baseFee(t)));
    time = t;
    return { time: t, feedRounds: rounds.length, traded: moved.map((m) => m.pool.name) };
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

  const tickS = (): number => Math.max(BLOCK_S / speed, MIN_TICK_S);

  function schedule(onError: (error: unknown) => void): void {
    timer = setTimeout(() => {
      step(Math.min(time + Math.round(tickS() * speed), path.endTime)).then(
        () => {
          if (ticking && time < path.endTime) schedule(onError);
          else ticking = false;
        },
        (error: unknown) => {
          ticking = false;
          onError(error);
        },
      );
    }, tickS() * 1_000);
  }

  return {
    scenario,
    endTime: path.endTime,
    get time() {
      return time;
    },
    get done() {
      return time >= path.endTime;
    },
    get speed() {
      return speed;
    },
    priceAt: path.priceAt,
    baseFeeAt: baseFee,
    step,
    setSpeed: (wanted) => {
      if (!(wanted >= 1 && wanted <= MAX_SPEED)) throw badSpeed(wanted);
      speed = wanted;
    },
    start: (onError) => {
      if (ticking || time >= path.endTime) return;
      ticking = true;
      schedule(onError);
    },
    stop: async () => {
      ticking = false;
      if (timer) clearTimeout(timer);
      await queue;
    },
  };
}

const fees = (baseFeeWei: bigint) => ({ maxFeePerGas: hex(baseFeeWei), maxPriorityFeePerGas: '0x0' });

function drainData(pool: PoolDeployment, keepBps: number): Hex {
  const keep = BigInt(keepBps);
  const abi = poolSeederAbi;
  if (pool.venue === 'UNISWAP_V2') {
    return encodeFunctionData({ abi, functionName: 'drainV2', args: [pool.address, keep] });
  }
  return encodeFunctionData({ abi, functionName: 'drainV3', args: [pool.address, pool.ranges, keep] });
}

function badSpeed(speed: number): KeelError {
  return new KeelError({
    code: 'BAD_SPEED',
    exit: EXIT.usage,
    field: 'speed',
    value: String(speed),
    reason: 'the clock of the devnet runs 1 to 14400 times as fast as life',
    remedy: 'Choose a number from 1 to 14400, e.g. 3600 for an hour a second',
  });
}
