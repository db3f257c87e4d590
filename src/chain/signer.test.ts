import { createCipheriv, randomBytes, scryptSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak256, parseTransaction, recoverTransactionAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSigner } from './signer.ts';

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'keel-signer-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

function keystore(password: string, key = KEY, n = 1024): string {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const derived = scryptSync(password, salt, 32, { N: n, r: 8, p: 1 });
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(key.slice(2), 'hex')), cipher.final()]);
  return JSON.stringify({
    version: 3,
    id: '00000000-0000-4000-8000-000000000000',
    crypto: {
      cipher: 'aes-128-ctr',
      ciphertext: ciphertext.toString('hex'),
      cipherparams: { iv: iv.toString('hex') },
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n, r: 8, p: 1, salt: salt.toString('hex') },
      mac: keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext])).slice(2),
    },
  });
}

describe('loadSigner', () => {
  it.each([KEY, KEY.slice(2), `${KEY}\n`])('reads a hex key file and signs EIP-1559 transactions', async (text) => {
    const signer = loadSigner({ keyFile: file('hex', text) });
    expect(signer.address).toBe(ADDRESS);
    expect(JSON.stringify(signer)).not.toContain(KEY.slice(2, 20));
    const raw = await signer.signTransaction({
      type: 'eip1559',
      chainId: 913_377,
      to: '0x1111111111111111111111111111111111111111',
      data: '0x1234',
      nonce: 7,
      gas: 100_000n,
      maxFeePerGas: 30n,
      maxPriorityFeePerGas: 2n,
      value: 0n,
    });
    expect(parseTransaction(raw)).toMatchObject({ nonce: 7, chainId: 913_377, data: '0x1234', maxFeePerGas: 30n });
    const recovered = await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` });
    expect(recovered.toLowerCase()).toBe(ADDRESS);
  });

  it('opens a version 3 scrypt keystore', () => {
    const keyFile = file('store.json', keystore('correct horse'));
    const passwordFile = file('password', 'correct horse\n');
    expect(loadSigner({ keyFile, passwordFile }).address).toBe(ADDRESS);
  });

  it('opens a keystore that go-ethereum wrote (its test file very-light-scrypt.json, empty password)', () => {
    const keyFile = file(
      'geth.json',
      `{"address":"45dea0fb0bba44f4fcf290bba71fd57d7117cbb8","crypto":{"cipher":"aes-128-ctr",
      "ciphertext":"b87781948a1befd247bff51ef4063f716cf6c2d3481163e9a8f42e1f9bb74145",
      "cipherparams":{"iv":"dc4926b48a105133d2f16b96833abf1e"},"kdf":"scrypt",
      "kdfparams":{"dklen":32,"n":2,"p":1,"r":8,
      "salt":"004244bbdc51cadda545b1cfa43cff9ed2ae88e08c61f1479dbb45410722f8f0"},
      "mac":"39990c1684557447940d4c69e06b1b82b2aceacb43f284df65c956daf3046b85"},
      "id":"ce541d8d-c79b-40f8-9f8c-20f59616faba","version":3}`,
    );
    const signer = loadSigner({ keyFile, passwordFile: file('geth-pw', '') });
    expect(signer.address).toBe('0x45dea0fb0bba44f4fcf290bba71fd57d7117cbb8');
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o610, 0o601])('refuses a key file of mode %o', (mode) => {
    const keyFile = file(`open-${mode}`, KEY, mode);
    expect(() => loadSigner({ keyFile })).toThrow(
      expect.objectContaining({
        code: 'KEY_FILE_READABLE_BY_OTHERS',
        exit: 6,
        value: keyFile,
        remedy: `Run: chmod 600 ${keyFile}`,
      }),
    );
  });

  it('refuses a password file that others can read', () => {
    const keyFile = file('s2.json', keystore('x'));
    expect(() => loadSigner({ keyFile, passwordFile: file('pw-open', 'x', 0o644) })).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_READABLE_BY_OTHERS', field: 'passwordFile' }),
    );
  });

  it('names a missing file, a directory, a missing and a wrong password', () => {
    expect(() => loadSigner({ keyFile: join(dir, 'none') })).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_MISSING', exit: 6 }),
    );
    mkdirSync(join(dir, 'folder'), { mode: 0o700 });
    expect(() => loadSigner({ keyFile: join(dir, 'folder') })).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_UNREADABLE', exit: 6 }),
    );
    const keyFile = file('s3.json', keystore('right'));
    expect(() => loadSigner({ keyFile })).toThrow(expect.objectContaining({ code: 'KEYSTORE_PASSWORD_MISSING' }));
    expect(() => loadSigner({ keyFile, passwordFile: file('pw-wrong', 'wrong') })).toThrow(
      expect.objectContaining({ code: 'KEYSTORE_PASSWORD_WRONG', exit: 6 }),
    );
  });

  it.each([
    ['empty', ''],
    ['short', KEY.slice(0, 40)],
    ['zero', `0x${'0'.repeat(64)}`],
    ['curve order', '0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
    ['cut keystore', keystore('x').slice(0, 100)],
    ['pbkdf2', keystore('x').replace('"scrypt"', '"pbkdf2"')],
    ['huge scrypt', keystore('x').replace('"n":1024', '"n":1073741824')],
    ['odd scrypt', keystore('x').replace('"n":1024', '"n":1023')],
  ])('refuses a corrupt key file (%s) without repeating its content', (_name, text) => {
    const passwordFile = file('pw-x', 'x');
    let error: unknown = null;
    try {
      loadSigner({ keyFile: file('corrupt', text), passwordFile });
    } catch (e) {
      error = e;
    }
    expect(error).toMatchObject({ code: 'KEY_FILE_CORRUPT', exit: 6 });
    if (text.length > 30) expect(String(error)).not.toContain(text.slice(2, 30));
  });
});
