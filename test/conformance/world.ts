/** A private chain with tokens, and what deploys, seeds and swaps on it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem';
import { devTokenAbi, devTokenBytecode } from '../../devnet/artifacts/DevToken.ts';
import { poolSeederBytecode } from '../../devnet/artifacts/PoolSeeder.ts';
import type { Chain } from '../../src/chain/clients.ts';
import { type Head, latestHead } from '../../src/chain/head.ts';
import { connectTo, startAnvil } from '../../src/chain/testing/anvil.ts';
import type { Address, Hex } from '../../src/core/types.ts';
import { poolMakerBytecode } from '../golden/artifacts/PoolMaker.ts';
import { swapCallerBytecode } from '../golden/artifacts/SwapCaller.ts';

export const SENDER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
export const NO_ADDRESS: Address = '0x0000000000000000000000000000000000000000';
const GAS = '0x77359400';
/** Of every token, for each of those who pay: more than any swap can ask for. */
const HUGE = 10n ** 60n;

export type World = {
  readonly chain: Chain;
  readonly head: () => Promise<Head>;
  readonly send: (to: Address, abi: Abi, functionName: string, args: readonly unknown[], wei?: bigint) => Promise<void>;
  readonly raw: (to: Address, data: Hex) => Promise<void>;
  /** Out of nothing. */
  readonly ether: (to: Address, wei: bigint) => Promise<void>;
  readonly deploy: (artifact: { abi: Abi; bytecode: Hex }, args?: readonly unknown[]) => Promise<Address>;
  readonly read: (to: Address, abi: Abi, functionName: string, args?: readonly unknown[]) => Promise<unknown>;
  /** Minted to everybody who pays. */
  readonly token: (decimals?: number) => Promise<Address>;
  /** Two of them, in the order of their addresses. */
  readonly tokenPair: () => Promise<readonly [Address, Address]>;
  /** Nonce of the sender's next transaction: contracts that name each other need their addresses before. */
  readonly nonce: () => Promise<bigint>;
  /** SwapCaller: trades. */
  readonly caller: Address;
  /** PoolSeeder: the liquidity provider of Uniswap V2 and V3. */
  readonly seeder: Address;
  /** PoolMaker: that of Uniswap V4 and Balancer. */
  readonly maker: Address;
  readonly stop: () => Promise<void>;
};

/** Bytecode that an installed package ships. */
export function shipped(path: string, abi: Abi = []): { abi: Abi; bytecode: Hex } {
  const file = createRequire(import.meta.url).resolve(path);
  const { bytecode } = JSON.parse(readFileSync(file, 'utf8')) as { bytecode: string };
  return { abi, bytecode: `0x${bytecode.replace(/^0x/, '')}` };
}

/** Contracts of others that `npm run vendor` put down. */
export function vendored(name: string): { abi: Abi; bytecode: Hex } {
  const path = join(resolve(import.meta.dirname, '..', '..'), '.cache/vendor/artifacts', `${name}.json`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} could not be read: run npm run vendor`, { cause });
  }
}

export async function startConformanceWorld(): Promise<World> {
  const anvil = await startAnvil(['--gas-limit', '4000000000']);
  const chain = await connectTo(anvil, 'http');

  async function transact(to: Address | null, data: Hex, wei = 0n): Promise<Address> {
    const tx = { from: SENDER, ...(to === null ? {} : { to }), data, gas: GAS, value: `0x${wei.toString(16)}` };
    const hash = await anvil.rpc<Hex>('eth_sendTransaction', [tx]);
    await anvil.rpc('evm_mine');
    const receipt = await anvil.rpc<{ status: Hex; contractAddress: Address }>('eth_getTransactionReceipt', [hash]);
    if (receipt.status !== '0x1') throw new Error(`a set-up transaction to ${to} reverted`);
    return receipt.contractAddress;
  }

  const deploy: World['deploy'] = ({ abi, bytecode }, args = []) =>
    transact(null, args.length === 0 ? bytecode : encodeDeployData({ abi, bytecode, args }));
  const send: World['send'] = async (to, abi, functionName, args, wei) => {
    await transact(to, encodeFunctionData({ abi, functionName, args }), wei);
  };
  const read: World['read'] = async (to, abi, functionName, args = []) => {
    const data = encodeFunctionData({ abi, functionName, args });
    const answer = await anvil.rpc<Hex>('eth_call', [{ from: SENDER, to, data, gas: GAS }, 'latest']);
    return decodeFunctionResult({ abi, functionName, data: answer });
  };

  const caller = await transact(null, swapCallerBytecode);
  const seeder = await transact(null, poolSeederBytecode);
  const maker = await transact(null, poolMakerBytecode);
  const token: World['token'] = async (decimals = 18) => {
    const at = await deploy({ abi: devTokenAbi, bytecode: devTokenBytecode }, ['Token', 'T', decimals]);
    for (const to of [caller, seeder, maker]) await send(at, devTokenAbi, 'mint', [to, HUGE]);
    return at;
  };
  return {
    chain,
    head: () => latestHead(chain),
    send,
    async raw(to, data) {
      await transact(to, data);
    },
    ether: (to, wei) => anvil.rpc('anvil_setBalance', [to, `0x${wei.toString(16)}`]),
    deploy,
    read,
    token,
    async tokenPair() {
      const [a, b] = [await token(), await token()];
      return BigInt(a) < BigInt(b) ? [a, b] : [b, a];
    },
    nonce: async () => BigInt(await anvil.rpc<Hex>('eth_getTransactionCount', [SENDER, 'latest'])),
    caller,
    seeder,
    maker,
    async stop() {
      chain.close();
      await anvil.stop();
    },
  };
}
