/** Balancer's own vault with random pools in it, filled and read as anybody could. */
import {
  type Abi,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
  parseAbi,
} from 'viem';
import { expect } from 'vitest';
import { readBalancerPool } from '../../src/chain/venues/balancerV3.ts';
import { stableInvariant } from '../../src/core/amm/balancer/stable.ts';
import type { Random } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState, Hex } from '../../src/core/types.ts';
import { largest, min, pow10 } from '../../src/core/units.ts';
import { poolMakerAbi } from '../golden/artifacts/PoolMaker.ts';
import type { Subject } from './harness.ts';
import { NO_ADDRESS, SENDER, vendored, type World } from './world.ts';

export const E18 = 10n ** 18n;
const DECIMALS = [...Array.from({ length: 19 }, (_, decimals) => decimals), 6, 6, 8, 18, 18, 18, 18, 18];

export type TestToken = { readonly address: Address; readonly decimals: number };

export type PoolSpec = {
  /** In the order of their addresses. */
  readonly tokens: readonly TestToken[];
  /** {base units} */
  readonly balances: readonly bigint[];
  /** {1e-18} null = a token without rate. The second is what the rate has become since the pool was filled. */
  readonly rates: readonly (readonly [atFirst: bigint, now: bigint] | null)[];
  readonly swapFeeE18: bigint;
  /** {1e-18 of what the protocol leaves of a fee}; null = the pool pays nobody. */
  readonly creatorFeeE18: bigint | null;
  readonly curve:
    | { readonly kind: 'WEIGHTED'; readonly weightsE18: readonly bigint[] }
    | { readonly kind: 'STABLE'; readonly amp: bigint };
};

export type Balancer = {
  readonly vault: Address;
  readonly tokens: readonly TestToken[];
  /** null: the vault refuses to fill such a pool, as it should. */
  readonly makePool: (spec: PoolSpec) => Promise<BalancerPoolState | null>;
};

export const poolAbi = { WEIGHTED: vendored('BalancerWeightedPool').abi, STABLE: vendored('BalancerStablePool').abi };
const feesAbi = vendored('BalancerProtocolFeeController').abi;
const vaultAbi: Abi = [...vendored('BalancerVault').abi, ...vendored('BalancerVaultExtension').abi];

/** Answers everything with its number, and takes a new one with `set`: 22 bytes behind their constructor. */
const RATE_PROVIDER: Hex = '0x60168060095f395ff336600410600f575f545f5260205ff35b6004355f5500';
const rateProviderAbi = parseAbi(['function set(uint256 rateE18)']);

const PLAIN_LIQUIDITY = {
  disableUnbalancedLiquidity: false,
  enableAddLiquidityCustom: false,
  enableRemoveLiquidityCustom: false,
  enableDonation: false,
};

export async function deployBalancer(world: World): Promise<Balancer> {
  // The parts name the vault before it exists: it is the fourth contract from here.
  const future = getContractAddress({ from: SENDER, nonce: (await world.nonce()) + 3n });
  const admin = await world.deploy(vendored('BalancerVaultAdmin'), [future, 0, 0, 1_000_000n, 10_000n]);
  const extension = await world.deploy(vendored('BalancerVaultExtension'), [future, admin]);
  const fees = await world.deploy(vendored('BalancerProtocolFeeController'), [future, E18 / 2n, E18 / 10n]);
  const vault = await world.deploy(vendored('BalancerVault'), [extension, SENDER, fees]);

  const tokens: TestToken[] = [];
  for (const decimals of DECIMALS) tokens.push({ address: await world.token(decimals), decimals });

  function create({ tokens: members, curve }: PoolSpec): Promise<Address> {
    const text = { name: 'pool', symbol: 'POOL', version: '' };
    if (curve.kind === 'STABLE') {
      return world.deploy(vendored('BalancerStablePool'), [{ ...text, amplificationParameter: curve.amp }, vault]);
    }
    const params = {
      ...text,
      numTokens: BigInt(members.length),
      normalizedWeights: curve.weightsE18,
      // As its factory sets them.
      minTokenBalances: members.map((t) => (t.decimals < 12 ? pow10(18 - t.decimals) : 1_000_000n)),
    };
    return world.deploy(vendored('BalancerWeightedPool'), [params, vault]);
  }

  async function makePool(spec: PoolSpec): Promise<BalancerPoolState | null> {
    const pool = await create(spec);
    const providers: Address[] = [];
    for (const rate of spec.rates) {
      providers.push(rate ? await world.deploy({ abi: rateProviderAbi, bytecode: RATE_PROVIDER }) : NO_ADDRESS);
    }
    const setRates = async (k: 0 | 1): Promise<void> => {
      for (const [i, rate] of spec.rates.entries()) {
        if (rate) await world.send(providers[i] ?? NO_ADDRESS, rateProviderAbi, 'set', [rate[k]]);
      }
    };
    await setRates(0);
    const addresses = spec.tokens.map((t) => t.address);
    await world.send(vault, vaultAbi, 'registerPool', [
      pool,
      addresses.map((token, i) => ({
        token,
        tokenType: spec.rates[i] ? 1 : 0,
        rateProvider: providers[i],
        paysYieldFees: Boolean(spec.rates[i]),
      })),
      spec.swapFeeE18,
      0,
      spec.creatorFeeE18 === null,
      { pauseManager: NO_ADDRESS, swapFeeManager: NO_ADDRESS, poolCreator: SENDER },
      NO_ADDRESS,
      PLAIN_LIQUIDITY,
    ]);
    if (spec.creatorFeeE18) {
      await world.send(fees, feesAbi, 'setPoolCreatorSwapFeePercentage', [pool, spec.creatorFeeE18]);
    }
    const filled = world.send(world.maker, poolMakerAbi, 'seedBalancer', [vault, pool, addresses, spec.balances]);
    if (cannotStart(spec)) {
      await expect(filled).rejects.toThrow('reverted');
      return null;
    }
    await filled;
    await setRates(1);
    const state = await readBalancerPool(world.chain, vault, await world.head(), pool);
    if ('reason' in state) throw new Error(state.reason);
    return state;
  }

  return { vault, tokens, makePool };
}

/** Too uneven, or its invariant does not come out: such a stable pool cannot be filled. */
function cannotStart({ tokens, balances, rates, curve }: PoolSpec): boolean {
  if (curve.kind !== 'STABLE') return false;
  const balancesE18 = balances.map(
    (x, i) => (x * pow10(18 - (tokens[i]?.decimals ?? 18)) * (rates[i]?.[0] ?? E18)) / E18,
  );
  const uneven = largest(balancesE18) / balancesE18.reduce(min) >= 10_000n;
  return uneven || stableInvariant(curve.amp * 1_000n, balancesE18) === null;
}

/** What a swap left, by the vault's own word. */
export function balancesSeen(data: Hex): readonly bigint[] {
  const [, , , balancesE18] = decodeFunctionResult({ abi: vaultAbi, functionName: 'getPoolTokenInfo', data }) as [
    unknown,
    unknown,
    unknown,
    readonly bigint[],
  ];
  return balancesE18;
}

export function subjectOf(vault: Address, pool: BalancerPoolState): Subject<BalancerPoolState> {
  const data = encodeAbiParameters([{ type: 'address' }], [pool.address]);
  const question = encodeFunctionData({ abi: vaultAbi, functionName: 'getPoolTokenInfo', args: [pool.address] });
  return {
    pool,
    looks: [{ target: vault, question }],
    seen: ([answer = '0x']) => balancesSeen(answer),
    expected: (p) => p.balancesE18,
    swap: () => ({ kind: 'BALANCER', target: vault, data }),
    greedy: false,
    unknown: () => false,
  };
}

/** Random pools, one after the other, each checked to be refused if it should be. */
export async function poolMaker(
  world: World,
  specOf: (r: Random, tokens: readonly TestToken[]) => PoolSpec,
): Promise<(r: Random) => Promise<Subject<BalancerPoolState>>> {
  const { vault, tokens, makePool } = await deployBalancer(world);
  return async (r) => {
    for (;;) {
      const pool = await makePool(specOf(r, tokens));
      if (pool !== null) return subjectOf(vault, pool);
    }
  };
}

/** {base units} at least one */
export const baseUnits = (wantE18: bigint, token: TestToken): bigint => wantE18 / pow10(18 - token.decimals) || 1n;

export function someTokens(r: Random, tokens: readonly TestToken[], count: number): readonly TestToken[] {
  const left = [...tokens];
  const chosen = Array.from({ length: count }, () => left.splice(r.int(0, left.length - 1), 1)[0]);
  return chosen.filter((t) => t !== undefined).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

/** {1e-18} A base unit keeps a value of 1e-18 at least: below that, the vault's balance cannot be told from the scaled one. */
export function randomRate(r: Random, { decimals }: TestToken): readonly [bigint, bigint] | null {
  if (r.chance(0.4)) return null;
  const least = decimals === 18 ? E18 : E18 / 5n;
  const atFirst = r.chance(0.1) ? 2n * E18 : r.big(least, 3n * E18);
  return [atFirst, r.chance(0.5) ? atFirst : r.big(least, atFirst + atFirst / 10n)];
}

/** The vault keeps fees in steps of 1e-7. */
export function randomFees(r: Random, leastE18: bigint): Pick<PoolSpec, 'swapFeeE18' | 'creatorFeeE18'> {
  const unit = 10n ** 11n;
  return {
    swapFeeE18: (r.magnitude(leastE18, E18 / 10n) / unit) * unit,
    creatorFeeE18: r.pick([null, 0n, (r.big(0n, (9n * E18) / 10n) / unit) * unit]),
  };
}
