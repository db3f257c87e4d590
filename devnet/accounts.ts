/** Accounts derived from the seed of a rehearsal. They are worthless everywhere else, and unlocked in anvil. */
import { createHash, pbkdf2Sync } from 'node:crypto';
import { english, HDKey, hdKeyToAccount } from 'viem/accounts';
import type { Address, Hex } from '../src/core/types.ts';

export type DevAccount = { readonly address: Address; readonly privateKey: Hex };
export type DevAccounts = {
  readonly mnemonic: string;
  readonly owner: DevAccount;
  readonly keeper: DevAccount;
  readonly deployer: DevAccount;
};

/** BIP-39: 128 bits of entropy and 4 bits of checksum are twelve words. */
function mnemonicOf(entropy: Buffer): string {
  const checksum = createHash('sha256').update(entropy).digest();
  let bits = (BigInt(`0x${entropy.toString('hex')}`) << 4n) | BigInt((checksum[0] ?? 0) >> 4);
  const words: string[] = [];
  for (let i = 0; i < 12; i++) {
    words.unshift(english[Number(bits & 2047n)] ?? '');
    bits >>= 11n;
  }
  return words.join(' ');
}

export function accountsOf(seed: number): DevAccounts {
  const entropy = createHash('sha256').update(`evenkeel devnet ${seed}`).digest().subarray(0, 16);
  const mnemonic = mnemonicOf(entropy);
  const root = HDKey.fromMasterSeed(pbkdf2Sync(mnemonic, 'mnemonic', 2048, 64, 'sha512'));
  const account = (addressIndex: number): DevAccount => {
    const derived = hdKeyToAccount(root, { addressIndex });
    const key = derived.getHdKey().privateKey;
    if (!key) throw new Error(`no private key at index ${addressIndex}`);
    return { address: derived.address, privateKey: `0x${Buffer.from(key).toString('hex')}` };
  };
  return { mnemonic, owner: account(0), keeper: account(1), deployer: account(2) };
}
