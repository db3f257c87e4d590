import { encodeFunctionData, erc20Abi } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import { latestHead } from '../../chain/head.ts';
import { reach } from '../../chain/rpc.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import { amountText } from '../../core/format.ts';
import type { Hex } from '../../core/types.ts';
import { badOption, type Call, flagOption, textOption } from '../command.ts';
import { findHolding, parseAmount } from '../owner/selection.ts';
import { type OwnerCall, prepare, revertError, sendAndWait } from '../owner/send.ts';
import { confirmed, declined, type OwnerSession, ownerSigner, withOwnerSession } from '../owner/session.ts';
import { type Holding, readBalanceOf } from '../owner/vault.ts';

async function step(call: Call, session: OwnerSession, tx: OwnerCall) {
  const ready = await prepare(session.chain, tx);
  if (!ready.ok) throw revertError(tx, ready.revert);
  return sendAndWait(session.chain, ownerSigner(session), ready.prepared, call.io, call.output);
}

/** Exactly what the vault will pull is approved, and only when it is not approved already. */
async function send(
  call: Call,
  session: OwnerSession,
  holding: Holding,
  amount: bigint,
): Promise<{ readonly txHash: Hex; readonly block: number }> {
  const { chain, config, view } = session;
  const base = { from: view.owner, what: 'deposit' };
  const allowance = await reach(chain.label, () =>
    chain.client.readContract({
      address: holding.token,
      abi: erc20Abi,
      functionName: 'allowance',
      args: [view.owner, config.vault],
    }),
  );
  const approve = (value: bigint): OwnerCall => ({
    ...base,
    to: holding.token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [config.vault, value] }),
  });
  // some tokens (USDT) refuse to change an approval that is not zero
  if (allowance > 0n && allowance < amount) await step(call, session, approve(0n));
  if (allowance < amount) await step(call, session, approve(amount));
  const data = encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [holding.token, amount] });
  const receipt = await step(call, session, { ...base, to: config.vault, data });
  return { txHash: receipt.hash, block: receipt.blockNumber };
}

async function deposit(call: Call, session: OwnerSession): Promise<ExitCode> {
  const { output } = call;
  const { chain, config, view } = session;
  const symbol = textOption(call, 'token');
  const text = textOption(call, 'amount');
  if (symbol === undefined || text === undefined)
    throw badOption(
      '--token, --amount',
      '(missing)',
      'both are needed',
      'Write e.g. keel deposit --token USDC --amount 100',
    );
  const holding = findHolding(view.holdings, symbol, '--token');
  const amount = parseAmount(text, holding.decimals);
  if (amount === 0n) throw badOption('--amount', text, 'is zero', 'Name an amount above zero');
  const available = (await readBalanceOf(chain, await latestHead(chain), holding.token, view.owner)) ?? 0n;
  if (amount > available)
    throw new KeelError({
      code: 'AMOUNT_ABOVE_BALANCE',
      exit: EXIT.usage,
      field: '--amount',
      value: text,
      reason: `the owner ${view.owner} has ${amountText(available, holding.decimals)} ${holding.symbol}`,
      remedy: 'Name a smaller amount',
    });
  const dryRun = flagOption(call, 'dryRun');
  output.line(
    `Deposit ${amountText(amount, holding.decimals)} ${holding.symbol} from ${view.owner} to the vault ${config.vault}`,
  );
  const base = {
    schema: 'evenkeel.deposit/1',
    vault: config.vault,
    token: holding.token,
    symbol: holding.symbol,
    amount,
    dryRun,
  } as const;
  if (dryRun) {
    output.line('Nothing was sent.');
    output.object({ ...base, txHash: null, block: null });
    return EXIT.ok;
  }
  ownerSigner(session);
  if (!(await confirmed(call, 'Continue?'))) throw declined(call);
  const sent = await send(call, session, holding, amount);
  output.line(`Deposited.   Block ${sent.block}, ${sent.txHash}`);
  output.object({ ...base, ...sent });
  return EXIT.ok;
}

export function run(call: Call): Promise<ExitCode> {
  return withOwnerSession(call, (session) => deposit(call, session));
}
