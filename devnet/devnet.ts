/** A local chain with everything a vault needs, on which a scenario's market can be played. */
import type { Address } from '../src/core/types.ts';
import { accountsOf, type DevAccounts } from './accounts.ts';
import { startAnvil } from './anvil.ts';
import { type Deployment, deploy } from './deploy.ts';
import type { TokenSymbol } from './layout.ts';
import { buildPath } from './market/path.ts';
import { createMarket, type Market } from './market/replay.ts';
import type { Scenario } from './scenarios/scenario.ts';

export type DevnetOptions = {
  readonly scenario: Scenario;
  /** Decides accounts, addresses and every number of the market. */
  readonly seed: number;
  /** 0 or absent = any free port. */
  readonly port?: number;
  /** Random when absent. */
  readonly chainId?: number;
};

export type Devnet = {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly chainId: number;
  readonly pid: number;
  /** Owner, keeper and deployer are unlocked in the node: eth_sendTransaction works for them. */
  readonly accounts: Omit<DevAccounts, 'mnemonic'>;
  readonly deployment: Deployment;
  readonly market: Market;
  /** How the node ended, whenever it does. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
};

const BLOCK_S = 12;

/** Ready when it returns: the first market block is at the start of the scenario. @throws KeelError */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { scenario, seed } = options;
  const { mnemonic, ...accounts } = accountsOf(seed);
  const deployedAt = scenario.startTime - BLOCK_S;
  const anvil = await startAnvil({
    mnemonic,
    accounts: Object.keys(accounts).length,
    genesisTime: deployedAt - BLOCK_S,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.chainId === undefined ? {} : { chainId: options.chainId }),
  });
  try {
    const { rpc } = anvil;
    const path = buildPath(scenario, seed);
    const first = (symbol: TokenSymbol): bigint => path.priceE8At(symbol, scenario.startTime);
    const prices = {
      WETH: first('WETH'),
      USDC: first('USDC'),
      WBTC: first('WBTC'),
      LINK: first('LINK'),
      UNI: first('UNI'),
    };
    const deployment = await deploy(rpc, accounts, prices, deployedAt);
    // From here on every transaction gets a block of its own, twelve seconds after the last.
    await rpc.call('anvil_setBlockTimestampInterval', BLOCK_S);
    await rpc.call('evm_setAutomine', true);
    const deployer: Address = accounts.deployer.address;
    const market = createMarket(rpc, deployment, scenario, { path, seed, deployer, deployedAt });
    await market.step(scenario.startTime);
    return {
      rpcUrl: anvil.rpcUrl,
      wsUrl: anvil.wsUrl,
      chainId: anvil.chainId,
      pid: anvil.pid,
      accounts,
      deployment,
      market,
      ended: anvil.ended,
      stop: async () => {
        await market.stop();
        await anvil.stop();
      },
    };
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}
