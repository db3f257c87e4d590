import { encodeFunctionData } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import type { Revert } from '../../chain/reverts.ts';
import { decodeVaultEvents } from '../../chain/vault.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import { amountText } from '../../core/format.ts';
import type { Address, Hex } from '../../core/types.ts';
import { type Call, flagOption } from '../command.ts';
import { type Selection, selectionOf } from '../owner/selection.ts';
import { ethText, type OwnerCall, prepare, revertError, sendAndWait } from '../owner/send.ts';
import { confirmed, declined, type OwnerSession, ownerSigner, withOwnerSession } from '../owner/session.ts';
import type { Holding } from '../owner/vault.ts';

const WHOLE_BALANCE = 2n ** 256n - 1n;

function calldataOf(selection: Selection): Hex {
  if (selection.kind === 'all')
    return encodeFunctionData({
      abi: vaultAbi,
      functionName: 'withdrawAll',
      args: [selection.skip.map((h) => h.token)],
    });
  const { holding, amount } = selection;
  const wanted = amount === holding.balance ? WHOLE_BALANCE : amount;
  return encodeFunctionData({ abi: vaultAbi, functionName: 'withdraw', args: [holding.token, wanted] });
}

function rowsOf(selection: Selection): { readonly holding: Holding; readonly amount: bigint | null }[] {
  if (selection.kind === 'one') return [{ holding: selection.holding, amount: selection.amount }];
  return selection.take.map((holding) => ({ holding, amount: holding.balance }));
}

/** A token that refuses its transfer must not hold back the others: it is named, and can be left behind. */
function refusal(call: OwnerCall, revert: Revert, selection: Selection, holdings: readonly Holding[]): KeelError {
  const token = revert.name === 'TransferFailed' ? String(revert.args[0]).toLowerCase() : null;
  const broken = holdings.find((h) => h.token.toLowerCase() === token);
  if (broken === undefined || selection.kind === 'one') return revertError(call, revert);
  const skip = [...selection.skip.map((h) => h.symbol), broken.symbol].join(' ');
  return new KeelError({
    code: 'TOKEN_REFUSES_TRANSFER',
    exit: EXIT.reverted,
    field: 'token',
    value: broken.symbol,
    reason: `its contract ${broken.token} refuses the transfer, so nothing was moved`,
    remedy: `Take the others with: keel withdraw --all --skip ${skip}`,
  });
}

async function withdraw(call: Call, session: OwnerSession): Promise<ExitCode> {
  const { output } = call;
  const { config, chain, view } = session;
  const selection = selectionOf(call, view.holdings);
  const dryRun = flagOption(call, 'dryRun');
  const rows = rowsOf(selection);
  const amounts = rows.map(({ holding, amount }) => ({
    symbol: holding.symbol,
    token: holding.token,
    decimals: holding.decimals,
    amount,
  }));
  const result = (sent: {
    readonly txHash: Hex | null;
    readonly block: number | null;
    readonly withdrawn: readonly object[];
  }) =>
    output.object({
      schema: 'evenkeel.withdraw/1',
      vault: config.vault,
      to: view.owner,
      dryRun,
      planned: amounts,
      ...sent,
    });

  output.line(`To ${view.owner} (owner, the only allowed address)`);
  output.line(
    rows
      .map(
        ({ holding: h, amount }) => `${h.symbol} ${amount === null ? '(unreadable)' : amountText(amount, h.decimals)}`,
      )
      .join('   '),
  );
  if (selection.kind === 'all' && selection.skip.length > 0)
    output.line(`Left in the vault: ${selection.skip.map((h) => h.symbol).join(', ')}`);
  if (rows.every(({ amount }) => amount === 0n)) {
    output.line('The vault holds none of it; there is nothing to withdraw.');
    result({ txHash: null, block: null, withdrawn: [] });
    return EXIT.ok;
  }
  const signer = dryRun ? null : ownerSigner(session);
  const tx: OwnerCall = { from: view.owner, to: config.vault, data: calldataOf(selection), what: 'withdraw' };
  const step = await prepare(chain, tx);
  if (!step.ok) throw refusal(tx, step.revert, selection, view.holdings);
  output.line(`gas at most ${ethText(step.prepared.maxCostWei)}`);
  if (signer === null) {
    output.line('Nothing was sent.');
    result({ txHash: null, block: null, withdrawn: [] });
    return EXIT.ok;
  }
  if (!(await confirmed(call, 'Continue?'))) throw declined(call);
  const receipt = await sendAndWait(chain, signer, step.prepared, call.io, output);
  const withdrawn = decodeVaultEvents(config.vault as Address, receipt.logs).flatMap((event) => {
    if (event.event !== 'Withdrawn') return [];
    const holding = view.holdings.find((h) => h.token.toLowerCase() === event.token.toLowerCase());
    return [
      {
        symbol: holding?.symbol ?? event.token,
        token: event.token,
        decimals: holding?.decimals ?? 0,
        amount: event.amount,
        remaining: event.remaining,
      },
    ];
  });
  output.line(`Withdrawn: ${withdrawn.map((w) => `${w.symbol} ${amountText(w.amount, w.decimals)}`).join('   ')}`);
  output.line(`Block ${receipt.blockNumber}, ${receipt.hash}`);
  result({ txHash: receipt.hash, block: receipt.blockNumber, withdrawn });
  return EXIT.ok;
}

export function run(call: Call): Promise<ExitCode> {
  return withOwnerSession(call, (session) => withdraw(call, session));
}
