/** Balancer's own vault on a private anvil, and random pools in it, read as a keeper would read them. */
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData, getContractAddress } from 'viem';
import { vendored } from '../../bench/gas/code.ts';
import { devTokenAbi, devTokenBytecode } from '../../devnet/artifacts/DevToken.ts';
import { startAnvil, type TestAnvil } from '../../src/chain/testing/anvil.ts';
import type { Random } from '../../src/core/testing/random.ts';
import type { Address, BalancerPoolState, Hex } from '../../src/core/types.ts';
import { balancerCallerAbi, balancerCallerBytecode } from '../golden/artifacts/BalancerCaller.ts';

export const E18 = 10n ** 18n;
const SENDER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const NOBODY: Address = '0x0000000000000000000000000000000000000000';
const GAS = '0x77359400';
const INVENTORY = 10n ** 60n;
const DECIMALS = [...Array.from({ length: 19 }, (_, decimals) => decimals), 0, 6, 6, 8, 12, 18, 18, 18, 18, 18, 18, 18];

export type TestToken = { readonly address: Address; readonly decimals: number };
export type Swap = { readonly tokenIn: Address; readonly tokenOut: Address; readonly amountIn: bigint };
export type Result = {
  readonly ok: boolean;
  readonly spent: bigint;
  readonly received: bigint;
  readonly balances: readonly bigint[];
  readonly balancesE18: readonly bigint[];
};

export type PoolSpec = {
  readonly tokens: readonly TestToken[];
  /** {base units} */
  readonly balances: readonly bigint[];
  /** {1e-18} null = a token without rate. The second is what the rate has become since the pool was filled. */
  readonly rates: readonly (readonly [atFirst: bigint, now: bigint] | null)[];
  readonly swapFeeE18: bigint;
  /** {1e-18 of what the protocol leaves}; null = the pool pays no such fees. */
  readonly creatorFeeE18: bigint | null;
  readonly curve:
    | { readonly kind: 'WEIGHTED'; readonly weightsE18: readonly bigint[] }
    | { readonly kind: 'STABLE'; readonly amp: bigint };
};

export type BalancerWorld = {
  readonly tokens: readonly TestToken[];
  /** null: the vault refuses to start such a pool. */
  readonly makePool: (spec: PoolSpec) => Promise<BalancerPoolState | null>;
  readonly run: (pool: Address, cases: readonly (readonly Swap[])[]) => Promise<readonly (readonly Result[])[]>;
  readonly ask: (to: Address, abi: Abi, functionName: string, args: readonly unknown[]) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

export const poolAbi = { WEIGHTED: vendored('BalancerWeightedPool').abi, STABLE: vendored('BalancerStablePool').abi };

export async function startBalancer(): Promise<BalancerWorld> {
  const anvil = await startAnvil(['--base-fee', '0', '--gas-limit', '2000000000']);
  try {
    return await furnish(anvil);
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}

async function furnish(anvil: TestAnvil): Promise<BalancerWorld> {
  async function send(to: Address | null, data: Hex): Promise<{ ok: boolean; created: Address }> {
    const hash = await anvil.rpc<Hex>('eth_sendTransaction', [
      { from: SENDER, ...(to === null ? {} : { to }), data, gas: GAS, gasPrice: '0x0' },
    ]);
    await anvil.rpc('evm_mine');
    const receipt = await anvil.rpc<{ status: Hex; contractAddress: Address }>('eth_getTransactionReceipt', [hash]);
    return { ok: receipt.status === '0x1', created: receipt.contractAddress };
  }
  async function mustSend(to: Address | null, data: Hex): Promise<Address> {
    const { ok, created } = await send(to, data);
    if (!ok) throw new Error(`a set-up transaction to ${to} reverted`);
    return created;
  }
  const create = (name: string, args: readonly unknown[]): Promise<Address> => {
    const { abi, bytecode } = vendored(name);
    return mustSend(null, encodeDeployData({ abi, bytecode, args }));
  };
  async function ask(to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Promise<unknown> {
    const data = encodeFunctionData({ abi, functionName, args });
    const result = await anvil.rpc<Hex>('eth_call', [{ from: SENDER, to, data, gas: GAS }, 'latest']);
    return decodeFunctionResult({ abi, functionName, data: result });
  }
  const call = (to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Promise<Address> =>
    mustSend(to, encodeFunctionData({ abi, functionName, args }));

  // The parts name the vault before it exists: it is the fourth contract from here.
  const nonce = BigInt(await anvil.rpc<Hex>('eth_getTransactionCount', [SENDER, 'latest']));
  const future = getContractAddress({ from: SENDER, nonce: nonce + 3n });
  const admin = await create('BalancerVaultAdmin', [future, 4 * 365 * 86_400, 90 * 86_400, 1_000_000n, 10_000n]);
  const extension = await create('BalancerVaultExtension', [future, admin]);
  const fees = await create('BalancerProtocolFeeController', [future, E18 / 2n, E18 / 10n]);
  const vault = await create('BalancerVault', [extension, SENDER, fees]);
  const caller = await mustSend(
    null,
    encodeDeployData({ abi: balancerCallerAbi, bytecode: balancerCallerBytecode, args: [vault] }),
  );
  const vaultAbi = [...vendored('BalancerVaultExtension').abi, ...vendored('BalancerVault').abi] as Abi;

  const tokens: TestToken[] = [];
  for (const decimals of DECIMALS) {
    const args = ['T', 'T', decimals] as const;
    const address = await mustSend(null, encodeDeployData({ abi: devTokenAbi, bytecode: devTokenBytecode, args }));
    await call(address, devTokenAbi, 'mint', [caller, INVENTORY]);
    tokens.push({ address, decimals });
  }

  let providers = 0;
  /** A contract of 42 bytes whose every answer is the rate. */
  async function provideRate(rateE18: bigint, at?: Address): Promise<Address> {
    const address: Address = at ?? `0x${(0xbeef_0000 + ++providers).toString(16).padStart(40, '0')}`;
    await anvil.rpc('anvil_setCode', [address, `0x7f${rateE18.toString(16).padStart(64, '0')}60005260206000f3`]);
    return address;
  }

  async function makePool(spec: PoolSpec): Promise<BalancerPoolState | null> {
    const { tokens: members, balances, rates, curve } = spec;
    const addresses = members.map((t) => t.address);
    const text = { name: 'pool', symbol: 'POOL', version: '' };
    const pool =
      curve.kind === 'STABLE'
        ? await create('BalancerStablePool', [{ ...text, amplificationParameter: curve.amp }, vault])
        : await create('BalancerWeightedPool', [
            {
              ...text,
              numTokens: BigInt(members.length),
              normalizedWeights: curve.weightsE18,
              // As its factory sets them.
              minTokenBalances: members.map((t) => (t.decimals < 12 ? 10n ** BigInt(18 - t.decimals) : 1_000_000n)),
            },
            vault,
          ]);
    const providersOf: (Address | null)[] = [];
    for (const rate of rates) providersOf.push(rate === null ? null : await provideRate(rate[0]));
    await call(vault, vaultAbi, 'registerPool', [
      pool,
      addresses.map((token, i) => ({
        token,
        tokenType: providersOf[i] ? 1 : 0,
        rateProvider: providersOf[i] ?? NOBODY,
        paysYieldFees: providersOf[i] !== null,
      })),
      spec.swapFeeE18,
      0,
      spec.creatorFeeE18 === null,
      { pauseManager: NOBODY, swapFeeManager: NOBODY, poolCreator: SENDER },
      NOBODY,
      {
        disableUnbalancedLiquidity: false,
        enableAddLiquidityCustom: false,
        enableRemoveLiquidityCustom: false,
        enableDonation: false,
      },
    ]);
    if (spec.creatorFeeE18) {
      const { abi } = vendored('BalancerProtocolFeeController');
      await call(fees, abi, 'setPoolCreatorSwapFeePercentage', [pool, spec.creatorFeeE18]);
    }
    const data = encodeFunctionData({
      abi: balancerCallerAbi,
      functionName: 'fill',
      args: [pool, addresses, balances],
    });
    if (!(await send(caller, data)).ok) return null;
    for (const [i, rate] of rates.entries()) if (rate) await provideRate(rate[1], providersOf[i] ?? NOBODY);
    return stateOf(pool, addresses, curve.kind);
  }

  async function stateOf(
    address: Address,
    addresses: readonly Address[],
    kind: 'WEIGHTED' | 'STABLE',
  ): Promise<BalancerPoolState> {
    const [balancesE18, [scalingFactors, ratesE18], config] = (await Promise.all([
      ask(vault, vaultAbi, 'getCurrentLiveBalances', [address]),
      ask(vault, vaultAbi, 'getPoolTokenRates', [address]),
      ask(vault, vaultAbi, 'getPoolConfig', [address]),
    ])) as [
      bigint[],
      [bigint[], bigint[]],
      { readonly staticSwapFeePercentage: bigint; readonly aggregateSwapFeePercentage: bigint },
    ];
    const curve =
      kind === 'STABLE'
        ? { kind, ampE3: ((await ask(address, poolAbi.STABLE, 'getAmplificationParameter', [])) as [bigint])[0] }
        : { kind, weightsE18: (await ask(address, poolAbi.WEIGHTED, 'getNormalizedWeights', [])) as bigint[] };
    return {
      ...{ venue: 'BALANCER_V3', address, tokens: addresses, balancesE18, scalingFactors, ratesE18, curve },
      swapFeeE18: config.staticSwapFeePercentage,
      aggregateFeeE18: config.aggregateSwapFeePercentage,
    };
  }

  return {
    tokens,
    makePool,
    run: async (pool, cases) => (await ask(caller, balancerCallerAbi, 'run', [pool, cases])) as Result[][],
    ask,
    stop: anvil.stop,
  };
}

/** Some of the tokens, in the order of their addresses, as the vault wants them. */
export function someTokens(r: Random, world: BalancerWorld, count: number): readonly TestToken[] {
  const left = [...world.tokens];
  const chosen = Array.from({ length: count }, () => {
    const token = r.pick(left);
    left.splice(left.indexOf(token), 1);
    return token;
  });
  return chosen.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}
