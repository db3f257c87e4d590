/** What every owner command needs: a node, the vault as it is now, and (to send) the owner's key. */
import { type Chain, connect } from '../../chain/clients.ts';
import { latestHead } from '../../chain/head.ts';
import { loadSigner, type Signer } from '../../chain/signer.ts';
import type { Config } from '../../config/schema.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import { loadCallConfig } from '../callConfig.ts';
import { type Call, flagOption, orInterrupted } from '../command.ts';
import { ask } from '../prompt.ts';
import { type OwnerView, readOwnerView } from './vault.ts';

export type OwnerSession = {
  readonly config: Config;
  readonly chain: Chain;
  readonly view: OwnerView;
  readonly now: number;
};

/** Opens nothing but the node: works while the keeper, the API, the database and every feed are down. */
export async function withOwnerSession<T>(call: Call, work: (session: OwnerSession) => Promise<T>): Promise<T> {
  const { config } = loadCallConfig(call);
  const chain = await orInterrupted(call.io, connect(config.rpcUrl, config.chainId, { wsUrl: config.wsUrl }));
  try {
    const head = await latestHead(chain);
    const view = await readOwnerView(chain, config, head);
    return await work({ config, chain, view, now: head.time });
  } finally {
    chain.close();
  }
}

/** @throws KeelError OWNER_KEY_MISSING, NOT_OWNER and everything `loadSigner` throws (exit 6) */
export function ownerSigner({ config, view }: OwnerSession): Signer {
  if (config.owner === null)
    throw new KeelError({
      code: 'OWNER_KEY_MISSING',
      exit: EXIT.signature,
      field: 'owner.keyFile',
      value: '(missing)',
      reason: 'only the owner of the vault can do this, and no key file is set',
      remedy: 'Set owner.keyFile in the config or pass --owner-key-file; or use the dashboard with your wallet',
    });
  const signer = loadSigner(config.owner);
  if (signer.address.toLowerCase() !== view.owner.toLowerCase())
    throw new KeelError({
      code: 'NOT_OWNER',
      exit: EXIT.signature,
      field: 'owner.keyFile',
      value: config.owner.keyFile,
      reason: `holds the key of ${signer.address}, but the vault belongs to ${view.owner}`,
      remedy: `Name the key file of ${view.owner}`,
    });
  return signer;
}

/** Asks on a terminal; elsewhere --yes is needed. Anything but "y" or "yes" is a no. */
export async function confirmed(call: Call, question: string): Promise<boolean> {
  if (flagOption(call, 'yes')) return true;
  if (call.io.stdin.isTTY !== true)
    throw new KeelError({
      code: 'CONFIRMATION_NEEDED',
      exit: EXIT.usage,
      field: '--yes',
      value: '(missing)',
      reason: 'nobody can be asked here, because the input is not a terminal',
      remedy: 'Add --yes, or look first with --dry-run',
    });
  return /^y(es)?$/i.test(await ask(call.io, `${question} [y/N] `));
}

export function declined(call: Call): KeelError {
  return new KeelError({
    code: 'DECLINED',
    exit: EXIT.signature,
    field: 'answer',
    value: 'no',
    reason: 'nothing was sent',
    remedy: `Run it again and answer y${call.output.json ? ', or add --yes' : ''}`,
  });
}
