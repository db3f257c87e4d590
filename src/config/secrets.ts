/** A config file is copied, shown and committed; a secret in it is refused before anything else is read. */
import { EXIT, KeelError } from '../core/errors.ts';

const RAW_KEY = /(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])/;
const MNEMONIC = /^(?:[a-z]{3,8}\s+){11,23}[a-z]{3,8}$/;
const SECRET_NAME = /^(?:.*private_?key|mnemonic|seed_?phrase|password|passphrase|secret)$/i;

function refuse(field: string, what: string, remedy: string): never {
  throw new KeelError({
    code: 'SECRET_IN_CONFIG',
    exit: EXIT.usage,
    field,
    value: '(not shown)',
    reason: what,
    remedy,
  });
}

const TO_A_FILE =
  'Move it to a file of mode 0600 and name that file in keeper.keyFile or owner.keyFile; treat this key as known to others';

/**
 * Looks at every string anywhere in the file. Feed ids are 32 bytes of hex too, so only their own field may hold one.
 * @throws KeelError SECRET_IN_CONFIG; the value is never part of the message
 */
export function refuseSecrets(value: unknown, path = ''): void {
  if (typeof value === 'string') {
    if (RAW_KEY.test(value) && !/^tokens\[\d+\]\.feedId$/.test(path))
      refuse(path, 'looks like a private key', TO_A_FILE);
    if (MNEMONIC.test(value.trim())) refuse(path, 'looks like a seed phrase', TO_A_FILE);
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]+@/i.test(value))
      refuse(
        path,
        'contains a password',
        'Give the URL with its password in the environment (KEEL_DATABASE_URL, KEEL_RPC_URL)',
      );
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      refuseSecrets(item, `${path}[${index}]`);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const field = path === '' ? key : `${path}.${key}`;
      if (SECRET_NAME.test(key)) refuse(field, 'is a place for a secret', TO_A_FILE);
      refuseSecrets(item, field);
    }
  }
}

/** For printing: a URL without its password and, because providers put their key there, without its path. */
export function redactUrl(value: string): string {
  if (!URL.canParse(value)) return value;
  const url = new URL(value);
  const user = url.username === '' ? '' : `${url.username}@`;
  const rest = url.pathname.length > 1 || url.search !== '' ? '/…' : '';
  return `${url.protocol}//${user}${url.host}${rest}`;
}
