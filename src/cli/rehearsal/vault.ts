import {
  type Account,
  type Address,
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  http,
  type WalletClient,
  zeroHash,
} from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import { vaultLensAbi } from '../../abi/VaultLens.ts';
import type { Chain } from '../../chain/clients.ts';
import { type Receipt, readReceipt } from '../../chain/receipts.ts';
import { VAULT_GAS } from '../../chain/snapshot.ts';
import type { DraftConfig } from '../../config/schema.ts';
import type { OwnerCall } from '../owner/send.ts';
import { createdVault, createVaultCall } from '../setup/createVault.ts';
import { REHEARSAL_VALUE_USD } from './portfolio.ts';

export type RehearsalVaultInputs = {
  readonly chain: Chain;
  readonly rpcUrl: string;
  /** The rehearsal's config; the vault is what it still lacks. */
  readonly draft: DraftConfig;
  readonly owner: Account;
  readonly keeper: Address;
};

export type OwnerSend = (call: Pick<OwnerCall, 'to' | 'data'>) => Promise<Receipt>;

/** Sends the owner's transactions one after the other. The local chain mines each at once, so a receipt is there. */
export function ownerSender(chain: Chain, wallet: WalletClient, account: Account): OwnerSend {
  return async ({ to, data }) => {
    await chain.client.call({ account, to, data });
    const hash = await wallet.sendTransaction({ account, to, data, chain: null });
    await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    const receipt = await readReceipt(chain, hash);
    if (!receipt?.ok) throw new Error(`transaction ${hash} of the owner was reverted`);
    return receipt;
  };
}

export function ownerWallet(rpcUrl: string, owner: Account): WalletClient {
  return createWalletClient({ account: owner, transport: http(rpcUrl) });
}

/** Creates the vault as its owner would, then deposits exact amounts at the target weights. */
export async function createRehearsalVault(inputs: RehearsalVaultInputs): Promise<Address> {
  const { chain, owner, draft } = inputs;
  const send = ownerSender(chain, ownerWallet(inputs.rpcUrl, owner), owner);

  const created = await send(createVaultCall(draft, owner.address, inputs.keeper, zeroHash));
  const vault = createdVault(created);

  const [view] = await chain.client.readContract({
    address: draft.contracts.lens,
    abi: vaultLensAbi,
    functionName: 'page',
    args: [[vault], VAULT_GAS],
  });
  for (const { token, decimals, targetBps, price } of view?.positions ?? []) {
    const priceUsdE8 = price.usdE8;
    if (priceUsdE8 === 0n) throw new Error(`the local chain has no fresh price of ${token}`);
    const valueUsdE8 = (REHEARSAL_VALUE_USD * 100_000_000n * BigInt(targetBps)) / 10_000n;
    const amount = (valueUsdE8 * 10n ** BigInt(decimals)) / priceUsdE8;
    const approve = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [vault, amount] });
    const deposit = encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [token, amount] });
    await send({ to: token, data: approve });
    await send({ to: vault, data: deposit });
  }
  return vault;
}
