/** A signer from a key file as a user would have it; for tests. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSigner, type Signer } from '../signer.ts';
import { KEEPER_KEY } from './world.ts';

export function signerOf(key = KEEPER_KEY): Signer {
  const dir = mkdtempSync(join(tmpdir(), 'keel-key-'));
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, key);
  chmodSync(keyFile, 0o600);
  try {
    return loadSigner({ keyFile });
  } finally {
    rmSync(dir, { recursive: true });
  }
}
