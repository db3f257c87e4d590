/** What this machine must offer: runtime, keys, disk, port, database. */
import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { loadSigner } from '../../chain/signer.ts';
import type { Config, KeyFile } from '../../config/schema.ts';
import { MIN_FREE_BYTES } from '../../store/failures.ts';
import { openExisting } from '../data.ts';
import { type Finding, fail, ok, warn } from './report.ts';

const MIN_NODE = [22, 18] as const;
const COMFORTABLE_BYTES = 1024 ** 3;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return enough
    ? ok('node', version)
    : fail('node', `${version} is too old`, `Use Node ${MIN_NODE.join('.')} or newer`);
}

/** @throws KeelError of the key file */
export function checkKey(name: 'keeper key' | 'owner key', source: KeyFile | null): Finding {
  const setting = name === 'keeper key' ? 'keeper.keyFile' : 'owner.keyFile';
  if (source === null)
    return name === 'keeper key'
      ? fail(name, `${setting} is not set`, 'Set it; without it nothing can be traded')
      : ok(name, 'not on this machine (pause and withdraw need your wallet)');
  return ok(name, `${loadSigner(source).address} in ${source.keyFile}, not readable by others`);
}

function existingParent(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      statfsSync(at);
      return at;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error;
    }
  }
}

export function checkDisk(dataDir: string): Finding {
  const disk = statfsSync(existingParent(dataDir));
  const free = disk.bavail * disk.bsize;
  const text = `${Math.floor(free / 1024 / 1024)} MB free for ${dataDir}`;
  if (free < MIN_FREE_BYTES) return fail('disk', text, `Free at least ${MIN_FREE_BYTES / 1024 / 1024} MB`);
  return free < COMFORTABLE_BYTES ? warn('disk', text, 'Free some space before it runs out') : ok('disk', text);
}

export async function checkPort({ host, port }: Config['api']): Promise<Finding> {
  if (port === 0) return ok('port', 'any free one');
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
  const where = `${host}:${port}`;
  if (code === null) return ok('port', `${where} is free`);
  return code === 'EADDRINUSE'
    ? warn('port', `${where} is in use`, 'Fine if a keeper of yours serves it; else choose another with api.port')
    : fail('port', `cannot listen on ${where} (${code})`, 'Choose another api.host or api.port');
}

/** @throws KeelError of the database */
export async function checkDatabase(config: Config): Promise<Finding> {
  const db = await openExisting(config);
  if (db === null) return ok('database', `none yet in ${config.dataDir}; \`keel run\` makes it`);
  try {
    return ok('database', db.where);
  } finally {
    await db.close();
  }
}
