/** A keeper's key that was used elsewhere is halted; only a person who has looked may clear it. */
import { latestHead } from '../../chain/head.ts';
import { loadSigner } from '../../chain/signer.ts';
import { readNonce } from '../../chain/simulate.ts';
import type { Config } from '../../config/schema.ts';
import { haltedBecause, resumeSigner, type SignerKey } from '../../store/signers.ts';
import { withChain, withDb } from '../data.ts';
import { type Finding, fail, ok } from './report.ts';

const NAME = 'keeper nonce';

/** @param clear the person at the terminal says that the key is theirs alone again */
export async function checkSigner(config: Config, clear: boolean): Promise<Finding[]> {
  const source = config.keeper;
  if (source === null) return [];
  const key: SignerKey = { chainId: config.chainId, address: loadSigner(source).address };
  return withDb(config, async (db) => {
    if (db === null) return [];
    const reason = await haltedBecause(db.kysely, key);
    if (reason === null) return [ok(NAME, 'only this database has used the key')];
    if (!clear)
      return [
        fail(NAME, `halted: ${reason}`, 'Make sure that nobody else uses this key, then run keel doctor --clear-key'),
      ];
    const chainNonce = await withChain(config, async (chain) => readNonce(chain, await latestHead(chain), key.address));
    const { nextNonce } = await resumeSigner(db.kysely, key, chainNonce);
    return [ok(NAME, `cleared; the next transaction has nonce ${nextNonce}`)];
  });
}
