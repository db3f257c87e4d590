/** A devnet with one funded vault, for tests that cross modules. */
import { createWalletClient, erc20Abi, http, parseEventLogs, zeroHash } from 'viem';
import { type Devnet, startDevnet } from '../../devnet/devnet.ts';
import { scenarioByName } from '../../devnet/scenarios/catalogue.ts';
import { vaultAbi } from '../../src/abi/Vault.ts';
import { vaultFactoryAbi } from '../../src/abi/VaultFactory.ts';
import { type Chain, connect } from '../../src/chain/clients.ts';
import { configFrom, parseConfigFile } from '../../src/config/load.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config, ConfigFile } from '../../src/config/schema.ts';
import type { Address } from '../../src/core/types.ts';

export type VaultOnDevnet = {
  readonly devnet: Devnet;
  readonly chain: Chain;
  readonly config: Config;
  readonly file: ConfigFile;
  /** Sends from the owner's unlocked account. */
  owner(call: {
    to: Address;
    functionName: string;
    args?: readonly unknown[];
    abi?: readonly unknown[];
  }): Promise<void>;
  stop(): Promise<void>;
};

/** {whole tokens} deposited, in the base units of each token */
const DEPOSIT: Readonly<Record<string, bigint>> = { WETH: 3n * 10n ** 18n, WBTC: 10n ** 7n, USDC: 3_000n * 10n ** 6n };

export async function vaultOnDevnet(baseDir: string, change: Partial<ConfigFile> = {}): Promise<VaultOnDevnet> {
  const devnet = await startDevnet({ scenario: scenarioByName('flat'), seed: 3 });
  const chain = await connect(devnet.wsUrl, devnet.chainId);
  const { contracts, tokens, pools } = devnet.deployment;
  const draft: ConfigFile = {
    schema: 'evenkeel.config/1',
    mode: 'REHEARSAL',
    chainId: devnet.chainId,
    rpcUrl: devnet.wsUrl,
    contracts,
    tokens: [...tokens],
    pools: pools.map(({ venue, address }) => ({ venue, address })),
    targets: [
      { symbol: 'WETH', percent: 40, band: { points: 5 } },
      { symbol: 'WBTC', percent: 30, band: { points: 5 } },
      { symbol: 'USDC', percent: 30, band: { points: 5 } },
    ],
    api: { port: 0 },
    ...change,
  };
  const planned = resolveConfig(parseConfigFile(draft), baseDir);
  const account = devnet.accounts.owner.address;
  const wallet = createWalletClient({ account, transport: http(devnet.rpcUrl) });
  const send = async (to: Address, abi: readonly unknown[], functionName: string, args: readonly unknown[]) => {
    const hash = await wallet.writeContract({ address: to, abi, functionName, args, chain: null });
    const receipt = await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    if (receipt.status !== 'success') throw new Error(`${functionName} was reverted`);
    return receipt;
  };
  const targets = planned.targets
    .map(({ symbol: _, ...target }) => target)
    .sort((a, b) => (a.token.toLowerCase() < b.token.toLowerCase() ? -1 : 1));
  const keeper = devnet.accounts.keeper.address;
  const created = await send(contracts.factory, vaultFactoryAbi, 'create', [
    account,
    keeper,
    planned.policy,
    targets,
    zeroHash,
  ]);
  const [event] = parseEventLogs({ abi: vaultFactoryAbi, eventName: 'VaultCreated', logs: created.logs });
  if (event === undefined) throw new Error('no vault was created');
  const { vault } = event.args;
  for (const token of tokens) {
    const amount = DEPOSIT[token.symbol];
    if (amount === undefined) continue;
    await send(token.address, erc20Abi, 'approve', [vault, amount]);
    await send(vault, vaultAbi, 'deposit', [token.address, amount]);
  }
  const file = { ...draft, vault };
  return {
    devnet,
    chain,
    file,
    config: configFrom(file, baseDir),
    owner: async ({ to, functionName, args = [], abi = vaultAbi }) => {
      await send(to, abi, functionName, args);
    },
    async stop() {
      chain.close();
      await devnet.stop();
    },
  };
}
