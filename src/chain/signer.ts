/** The key that pays the gas and signs slices. It can sign transactions of this product and nothing else. */
import { createDecipheriv, scryptSync, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { keccak256, type TransactionSerializableEIP1559 } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { KeelError } from '../core/errors.ts';
import type { Address, Hex } from '../core/types.ts';

export type SliceTransaction = TransactionSerializableEIP1559 & {
  readonly to: Address;
  readonly data: Hex;
  readonly nonce: number;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
};

export type Signer = {
  readonly address: Address;
  signTransaction(tx: SliceTransaction): Promise<Hex>;
};

export type KeySource = { readonly keyFile: string; readonly passwordFile?: string };

const SECP256K1_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** scrypt needs 128 * n * r bytes; keystores in the wild use 256 MB (n = 262144, r = 8). */
const MAX_SCRYPT_BYTES = 512 * 1024 * 1024;

function keyError(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: 6, field, value, reason, remedy });
}

function readPrivateFile(path: string, field: string): Buffer {
  let mode: number;
  try {
    lstatSync(path);
    const stat = statSync(path);
    if (!stat.isFile()) throw new Error('not a regular file');
    mode = stat.mode;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw keyError(
      missing ? 'KEY_FILE_MISSING' : 'KEY_FILE_UNREADABLE',
      field,
      path,
      missing ? 'does not exist' : 'cannot be read as a file',
      'Create it with `keel init`, or correct the path',
    );
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw keyError(
      'KEY_FILE_READABLE_BY_OTHERS',
      field,
      path,
      `has mode ${(mode & 0o777).toString(8).padStart(4, '0')}, so other users of this machine can read it`,
      `Run: chmod 600 ${path}`,
    );
  }
  try {
    return readFileSync(path);
  } catch {
    throw keyError('KEY_FILE_UNREADABLE', field, path, 'cannot be read', 'Give the user who runs keel read permission');
  }
}

type Keystore = {
  readonly version: number;
  readonly crypto: {
    readonly cipher: string;
    readonly ciphertext: string;
    readonly cipherparams: { readonly iv: string };
    readonly kdf: string;
    readonly kdfparams: {
      readonly dklen: number;
      readonly n: number;
      readonly r: number;
      readonly p: number;
      readonly salt: string;
    };
    readonly mac: string;
  };
};

function isHex(value: unknown, bytes?: number): value is string {
  return typeof value === 'string' && /^([0-9a-f]{2})+$/i.test(value) && (!bytes || value.length === 2 * bytes);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function asKeystore(text: string): Keystore | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const lower = (v: unknown): Record<string, unknown> =>
    typeof v === 'object' && v !== null
      ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k.toLowerCase(), x]))
      : {};
  const top = lower(raw);
  const crypto = lower(top.crypto);
  const params = lower(crypto.kdfparams);
  const iv = lower(crypto.cipherparams).iv;
  const { ciphertext, mac, cipher, kdf } = crypto;
  const { dklen, n, r, p, salt } = params;
  if (top.version !== 3 || cipher !== 'aes-128-ctr' || kdf !== 'scrypt') return null;
  if (!isHex(ciphertext, 32) || !isHex(mac, 32) || !isHex(iv, 16) || !isHex(salt)) return null;
  if (!isCount(dklen) || dklen < 32 || !isCount(n) || !isCount(r) || !isCount(p)) return null;
  return {
    version: 3,
    crypto: { cipher, ciphertext, cipherparams: { iv }, kdf, kdfparams: { dklen, n, r, p, salt }, mac },
  };
}

function decryptKeystore(store: Keystore, source: KeySource): Buffer {
  if (source.passwordFile === undefined) {
    throw keyError(
      'KEYSTORE_PASSWORD_MISSING',
      'passwordFile',
      '(not set)',
      `${source.keyFile} is an encrypted keystore`,
      'Write its password to a file of mode 0600 and set keeper.passwordFile to it',
    );
  }
  const password = readPrivateFile(source.passwordFile, 'passwordFile')
    .toString('utf8')
    .replace(/\r?\n$/, '');
  const { kdfparams, ciphertext, cipherparams, mac } = store.crypto;
  const { n, r, p, dklen, salt } = kdfparams;
  if (128 * n * r > MAX_SCRYPT_BYTES) {
    throw keyError(
      'KEY_FILE_CORRUPT',
      'keyFile',
      source.keyFile,
      `its scrypt parameters (n ${n}, r ${r}) need more than ${MAX_SCRYPT_BYTES / 1024 / 1024} MB`,
      'Export the key again with the usual parameters (n 262144, r 8, p 1)',
    );
  }
  const bytes = Buffer.from(ciphertext, 'hex');
  let derived: Buffer;
  try {
    derived = scryptSync(password.normalize('NFKC'), Buffer.from(salt, 'hex'), dklen, {
      N: n,
      r,
      p,
      maxmem: 128 * n * r + 1024 * 1024 * (p + 1),
    });
  } catch {
    throw keyError(
      'KEY_FILE_CORRUPT',
      'keyFile',
      source.keyFile,
      `its scrypt parameters (n ${n}, r ${r}, p ${p}) are not valid`,
      'Restore the file from your backup',
    );
  }
  const expected = Buffer.from(keccak256(Buffer.concat([derived.subarray(16, 32), bytes])).slice(2), 'hex');
  if (!timingSafeEqual(expected, Buffer.from(mac, 'hex'))) {
    throw keyError(
      'KEYSTORE_PASSWORD_WRONG',
      'passwordFile',
      source.passwordFile,
      `does not hold the password of ${source.keyFile}, or the keystore is damaged`,
      'Correct the password file, or restore the keystore from your backup',
    );
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), Buffer.from(cipherparams.iv, 'hex'));
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}

/**
 * Reads a hex key file or a V3 scrypt keystore.
 * @throws KeelError KEY_FILE_MISSING, KEY_FILE_UNREADABLE, KEY_FILE_READABLE_BY_OTHERS, KEY_FILE_CORRUPT,
 *   KEYSTORE_PASSWORD_MISSING, KEYSTORE_PASSWORD_WRONG (all exit 6)
 */
export function loadSigner(source: KeySource): Signer {
  const file = readPrivateFile(source.keyFile, 'keyFile');
  const text = file.toString('utf8').trim();
  const store = asKeystore(text);
  let secret: Buffer;
  if (store !== null) secret = decryptKeystore(store, source);
  else {
    const hex = text.replace(/^0x/i, '');
    if (!isHex(hex, 32)) {
      throw keyError(
        'KEY_FILE_CORRUPT',
        'keyFile',
        source.keyFile,
        'is neither 32 bytes of hex nor a version 3 scrypt keystore',
        'Restore the file from your backup, or create a new key with `keel init`',
      );
    }
    secret = Buffer.from(hex, 'hex');
  }
  const scalar = BigInt(`0x${secret.toString('hex')}`);
  if (secret.length !== 32 || scalar === 0n || scalar >= SECP256K1_N) {
    throw keyError(
      'KEY_FILE_CORRUPT',
      'keyFile',
      source.keyFile,
      'does not hold a valid secp256k1 key',
      'Restore the file from your backup, or create a new key with `keel init`',
    );
  }
  const account = privateKeyToAccount(`0x${secret.toString('hex')}`);
  secret.fill(0);
  file.fill(0);
  return {
    address: account.address.toLowerCase() as Address,
    signTransaction: (tx) => account.signTransaction(tx),
  };
}
