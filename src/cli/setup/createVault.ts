/** The vault comes into being with its targets, limits and keeper already set: one transaction of the owner. */
import { encodeFunctionData, parseEventLogs } from 'viem';
import { vaultFactoryAbi } from '../../abi/VaultFactory.ts';
import type { Receipt } from '../../chain/receipts.ts';
import type { DraftConfig } from '../../config/schema.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { OwnerCall } from '../owner/send.ts';

/** @param salt decides the address, together with the caller and the owner */
export function createVaultCall(config: DraftConfig, owner: Address, keeper: Address, salt: Hex): OwnerCall {
  // the vault wants its tokens ascending, so that duplicates cannot exist
  const targets = config.targets
    .map(({ symbol: _, ...target }) => target)
    .sort((a, b) => (a.token.toLowerCase() < b.token.toLowerCase() ? -1 : 1));
  const data = encodeFunctionData({
    abi: vaultFactoryAbi,
    functionName: 'create',
    args: [owner, keeper, config.policy, targets, salt],
  });
  return { from: owner, to: config.contracts.factory, data, what: 'init' };
}

export function createdVault(receipt: Receipt): Address {
  const [event] = parseEventLogs({ abi: vaultFactoryAbi, eventName: 'VaultCreated', logs: receipt.logs as never });
  if (event === undefined) throw new Error(`transaction ${receipt.hash} created no vault`);
  return event.args.vault;
}
