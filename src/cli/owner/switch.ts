/** pause and resume: the same steps in two directions. */
import { encodeFunctionData } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { type Call, flagOption } from '../command.ts';
import { ethText, type OwnerCall, prepare, revertError, sendAndWait } from './send.ts';
import { confirmed, declined, type OwnerSession, ownerSigner, withOwnerSession } from './session.ts';

type Direction = 'pause' | 'resume';

const SAYS = {
  pause: {
    already: 'Already paused. Withdraw stays open.',
    ask: 'Stop all trading of this vault?',
    done: 'Paused. Nobody can trade for this vault until you run `keel resume`. Withdraw stays open.',
  },
  resume: {
    already: 'Not paused: trading is allowed.',
    ask: 'Allow trading again?',
    done: 'Resumed. The keeper may trade within your limits again.',
  },
} as const;

async function flip(call: Call, session: OwnerSession, direction: Direction): Promise<ExitCode> {
  const { config, chain, view, now } = session;
  const { output } = call;
  const schema = `evenkeel.${direction}/1` as const;
  const paused = view.pausedUntil > now;
  const base = { schema, vault: config.vault, dryRun: flagOption(call, 'dryRun') };
  if (paused === (direction === 'pause')) {
    output.line(SAYS[direction].already);
    output.object({ ...base, changed: false, paused, txHash: null, block: null });
    return EXIT.ok;
  }
  const data = encodeFunctionData({ abi: vaultAbi, functionName: direction });
  const tx: OwnerCall = { from: view.owner, to: config.vault, data, what: direction };
  // the key is looked at first, so that a missing one is named before anything else; a dry run needs none
  const signer = base.dryRun ? null : ownerSigner(session);
  const step = await prepare(chain, tx);
  if (!step.ok) throw revertError(tx, step.revert);
  output.line(`${direction} ${config.vault}   gas at most ${ethText(step.prepared.maxCostWei)}`);
  if (signer === null) {
    output.line('Nothing was sent.');
    output.object({ ...base, changed: false, paused, txHash: null, block: null });
    return EXIT.ok;
  }
  if (!(await confirmed(call, SAYS[direction].ask))) throw declined(call);
  const receipt = await sendAndWait(chain, signer, step.prepared, call.io, output);
  output.line(`${SAYS[direction].done}   (block ${receipt.blockNumber}, ${receipt.hash})`);
  output.object({ ...base, changed: true, paused: !paused, txHash: receipt.hash, block: receipt.blockNumber });
  return EXIT.ok;
}

export function runSwitch(call: Call, direction: Direction): Promise<ExitCode> {
  return withOwnerSession(call, (session) => flip(call, session, direction));
}
