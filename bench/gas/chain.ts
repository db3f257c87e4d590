/** One anvil whose every transaction is a block of its own, 12 seconds after the last, at no price. */
import { type Address, getContractAddress, type Hex } from 'viem';
import { accountsOf } from '../../devnet/accounts.ts';
import { type Anvil, startAnvil } from '../../devnet/anvil.ts';
import { hex } from '../../devnet/rpc.ts';

/** Everything here is the same in every run, addresses and timestamps included. */
const SEED = 3;
const GENESIS_TIME = 1_790_000_000;
const BLOCK_S = 12;
const GAS_PER_TX = 200_000_000n;

export type Tx = { readonly from: Address; readonly to: Address; readonly data: Hex; readonly value?: bigint };

/** Gas of the same call made three times: the first by its maker, and the third, when every slot has been written. */
export type Measured = { readonly first: number; readonly warm: number; readonly txs: readonly Tx[] };

export type Chain = {
  readonly deployer: Address;
  readonly owner: Address;
  readonly keeper: Address;
  readonly send: (tx: Tx) => Promise<number>;
  readonly create: (data: Hex) => Promise<Address>;
  /** Of the contract that the deployer will create after `skip` others. */
  readonly nextAddress: (skip?: number) => Promise<Address>;
  /** Answer of a call that changes nothing. */
  readonly ask: (to: Address, data: Hex, from?: Address) => Promise<Hex>;
  /** Whatever `work` does to the chain is undone afterwards. */
  readonly undone: <T>(work: () => Promise<T>) => Promise<T>;
  readonly stop: () => Promise<void>;
};

type Receipt = { readonly status: Hex; readonly gasUsed: Hex };

export async function startChain(hardfork: string): Promise<Chain> {
  const { mnemonic, owner, keeper, deployer } = accountsOf(SEED);
  const anvil = await startAnvil({
    mnemonic,
    accounts: 3,
    chainId: 31_337,
    genesisTime: GENESIS_TIME,
    extra: ['--hardfork', hardfork, '--base-fee', '0', '--gas-price', '0'],
  });
  let time = GENESIS_TIME;

  async function mine(tx: { from: Address; to?: Address; data: Hex; value?: bigint }): Promise<number> {
    time += BLOCK_S;
    const { from, to, data, value } = tx;
    const params = {
      ...{ from, data, gas: hex(GAS_PER_TX), maxFeePerGas: '0x0', maxPriorityFeePerGas: '0x0' },
      ...(to === undefined ? {} : { to }),
      ...(value === undefined ? {} : { value: hex(value) }),
    };
    // One after the other: the node answers the calls of a batch in any order.
    await anvil.rpc.call('evm_setNextBlockTimestamp', time);
    await anvil.rpc.call('eth_sendTransaction', params);
    await anvil.rpc.call('evm_mine');
    const [receipt] = await anvil.rpc.call<Receipt[]>('eth_getBlockReceipts', 'latest');
    if (receipt === undefined) throw new Error('a transaction was not mined');
    if (receipt.status !== '0x1') throw await reasonOf(anvil, params);
    return Number(receipt.gasUsed);
  }

  async function nextAddress(skip = 0): Promise<Address> {
    const nonce = await anvil.rpc.call<Hex>('eth_getTransactionCount', deployer.address, 'latest');
    return getContractAddress({ from: deployer.address, nonce: BigInt(nonce) + BigInt(skip) });
  }

  return {
    deployer: deployer.address,
    owner: owner.address,
    keeper: keeper.address,
    send: mine,
    create: async (data) => {
      const address = await nextAddress();
      await mine({ from: deployer.address, data });
      return address;
    },
    nextAddress,
    ask: (to, data, from = deployer.address) =>
      anvil.rpc.call<Hex>('eth_call', { from, to, data, gas: hex(GAS_PER_TX) }, 'latest'),
    undone: async (work) => {
      const snapshot = await anvil.rpc.call<Hex>('evm_snapshot');
      const before = time;
      const result = await work();
      if (!(await anvil.rpc.call<boolean>('evm_revert', snapshot))) throw new Error('the chain could not be set back');
      time = before;
      return result;
    },
    stop: anvil.stop,
  };
}

/** A receipt does not say why; the same call does, on the state after it. */
async function reasonOf(anvil: Anvil, call: object): Promise<Error> {
  try {
    await anvil.rpc.call('eth_call', call, 'latest');
  } catch (cause) {
    return new Error(`a transaction reverted: ${(cause as Error).message}`, { cause });
  }
  return new Error('a transaction reverted, and would not do so again');
}

const REPETITIONS = 3;

/**
 * @param txsOf the transactions of one repetition; their gas is added up
 * @param before what puts things back that the repetition before has used up; not measured
 */
export function measure(
  chain: Chain,
  txsOf: (repetition: number) => Tx | readonly Tx[],
  before?: (repetition: number) => Promise<void>,
): Promise<Measured> {
  return chain.undone(async () => {
    const gas: number[] = [];
    let txs: readonly Tx[] = [];
    for (let i = 0; i < REPETITIONS; i++) {
      if (before) await before(i);
      txs = [txsOf(i)].flat();
      let sum = 0;
      for (const tx of txs) sum += await chain.send(tx);
      gas.push(sum);
    }
    return { first: gas[0] ?? 0, warm: gas[REPETITIONS - 1] ?? 0, txs };
  });
}
