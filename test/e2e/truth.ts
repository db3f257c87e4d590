/** The chain's own figures, read without any of the product's reading code. */
import { type Address, createPublicClient, erc20Abi, type Hex, http, parseEventLogs } from 'viem';
import { oracleHubAbi } from '../../src/abi/OracleHub.ts';
import { vaultAbi } from '../../src/abi/Vault.ts';

export type Holding = {
  readonly token: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly balance: bigint;
  readonly valueUsdE8: bigint;
  readonly targetBps: number;
};

export type Truth = ReturnType<typeof readTruth>;

export function readTruth(rpcUrl: string, vault: Address) {
  const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });

  const holdings = async (blockNumber: bigint): Promise<readonly Holding[]> => {
    const at = { abi: vaultAbi, address: vault, blockNumber } as const;
    const assets = await client.readContract({ ...at, functionName: 'assets' });
    const hub = await client.readContract({ ...at, functionName: 'hub' });
    const ids = assets.map((a) => a.feedId);
    const prices = await client.readContract({
      abi: oracleHubAbi,
      address: hub,
      functionName: 'prices',
      args: [ids],
      blockNumber,
    });
    return Promise.all(
      assets.map(async (a, i) => {
        const token = { abi: erc20Abi, address: a.token, blockNumber } as const;
        const balance = await client.readContract({ ...token, functionName: 'balanceOf', args: [vault] });
        const symbol = await client.readContract({ ...token, functionName: 'symbol' });
        const valueUsdE8 = (balance * (prices[i] ?? 0n)) / 10n ** BigInt(a.decimals);
        return { token: a.token, symbol, decimals: a.decimals, balance, valueUsdE8, targetBps: a.targetBps };
      }),
    );
  };

  return {
    client,
    holdings,
    balance: (token: Address, holder: Address): Promise<bigint> =>
      client.readContract({ abi: erc20Abi, address: token, functionName: 'balanceOf', args: [holder] }),
    pausedUntil: async (): Promise<number> =>
      (await client.readContract({ abi: vaultAbi, address: vault, functionName: 'state' })).pausedUntil,
    owner: (): Promise<Address> => client.readContract({ abi: vaultAbi, address: vault, functionName: 'owner' }),
    fills: async (hash: Hex) => {
      const receipt = await client.getTransactionReceipt({ hash });
      return parseEventLogs({ abi: vaultAbi, eventName: 'Filled', logs: receipt.logs }).map((log) => log.args);
    },
    gasWei: async (hash: Hex): Promise<bigint> => {
      const receipt = await client.getTransactionReceipt({ hash });
      return receipt.gasUsed * receipt.effectiveGasPrice;
    },
    baseFee: async (blockNumber: bigint): Promise<bigint> => {
      const { baseFeePerGas } = await client.getBlock({ blockNumber });
      if (baseFeePerGas === null) throw new Error('a chain without a base fee');
      return baseFeePerGas;
    },
  };
}
