import {
  type Account,
  type Address,
  createWalletClient,
  erc20Abi,
  http,
  type PublicClient,
  parseEventLogs,
  type WalletClient,
  zeroHash,
} from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import { vaultFactoryAbi } from '../../abi/VaultFactory.ts';
import { vaultLensAbi } from '../../abi/VaultLens.ts';
import type { DraftConfig } from '../../config/schema.ts';
import { REHEARSAL_VALUE_USD } from './portfolio.ts';

export type RehearsalVaultInputs = {
  readonly client: PublicClient;
  readonly rpcUrl: string;
  /** The rehearsal's config; the vault is what it still lacks. */
  readonly draft: DraftConfig;
  readonly owner: Account;
  readonly keeper: Address;
};

export type OwnerSend = (call: {
  readonly to: Address;
  readonly abi: readonly unknown[];
  readonly functionName: string;
  readonly args: readonly unknown[];
}) => Promise<Awaited<ReturnType<PublicClient['getTransactionReceipt']>>>;

/** Sends the owner's transactions one after the other. The local chain mines each at once, so a receipt is there. */
export function ownerSender(client: PublicClient, wallet: WalletClient, owner: Account): OwnerSend {
  return async ({ to, abi, functionName, args }) => {
    const { request } = await client.simulateContract({ account: owner, address: to, abi, functionName, args });
    const hash = await wallet.writeContract({ ...request, chain: null });
    return client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  };
}

export function ownerWallet(rpcUrl: string, owner: Account): WalletClient {
  return createWalletClient({ account: owner, transport: http(rpcUrl) });
}

/** Creates the vault as its owner would, then deposits exact amounts at the target weights. */
export async function createRehearsalVault(inputs: RehearsalVaultInputs): Promise<Address> {
  const { client, owner, draft } = inputs;
  const send = ownerSender(client, ownerWallet(inputs.rpcUrl, owner), owner);
  const targets = [...draft.targets].sort((a, b) => (a.token.toLowerCase() < b.token.toLowerCase() ? -1 : 1));

  const created = await send({
    to: draft.contracts.factory,
    abi: vaultFactoryAbi,
    functionName: 'create',
    args: [
      owner.address,
      inputs.keeper,
      draft.policy,
      targets.map(({ token, targetBps, bandBps, feedId }) => ({ token, targetBps, bandBps, feedId })),
      zeroHash,
    ],
  });
  const [event] = parseEventLogs({ abi: vaultFactoryAbi, eventName: 'VaultCreated', logs: created.logs });
  if (!event) throw new Error('the factory created no vault');
  const vault = event.args.vault;

  const [view] = await client.readContract({
    address: draft.contracts.lens,
    abi: vaultLensAbi,
    functionName: 'vaults',
    args: [[vault]],
  });
  for (const [i, { symbol, token, targetBps }] of targets.entries()) {
    const priceUsdE8 = view?.prices[i]?.usdE8 ?? 0n;
    if (priceUsdE8 === 0n) throw new Error(`the local chain has no fresh price of ${symbol}`);
    const valueUsdE8 = (REHEARSAL_VALUE_USD * 100_000_000n * BigInt(targetBps)) / 10_000n;
    const decimals = view?.assets[i]?.decimals ?? 0;
    const amount = (valueUsdE8 * 10n ** BigInt(decimals)) / priceUsdE8;
    await send({ to: token, abi: erc20Abi, functionName: 'approve', args: [vault, amount] });
    await send({ to: vault, abi: vaultAbi, functionName: 'deposit', args: [token, amount] });
  }
  return vault;
}
