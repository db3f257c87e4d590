/** One transaction of the owner: simulated, signed with the owner's key file, sent, and awaited by new heads. */
import type { Chain } from '../../chain/clients.ts';
import { type FeeCaps, feeCaps, gasLimitOf, missingGasMoney, readPriorityFee } from '../../chain/fees.ts';
import { type Head, latestHead, watchHeads } from '../../chain/head.ts';
import { type Receipt, readReceipt } from '../../chain/receipts.ts';
import { decodeRevert, type Revert } from '../../chain/reverts.ts';
import { reach } from '../../chain/rpc.ts';
import type { Signer } from '../../chain/signer.ts';
import { readBalance, readNonce, simulateSlice } from '../../chain/simulate.ts';
import { sendPublic } from '../../chain/submit/public.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import { decimalText } from '../../core/format.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { Io, Output } from '../output.ts';

const MIN_TX_GAS = 21_000n;
/** No owner's transaction needs more, even with the most assets; nodes refuse to simulate far above the block limit. */
const MAX_TX_GAS = 15_000_000n;

export type OwnerCall = {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  /** What the transaction does, for errors: "pause", "withdraw". */
  readonly what: string;
};

export type Prepared = OwnerCall & {
  readonly head: Head;
  readonly gas: bigint;
  readonly fees: FeeCaps;
  /** {wei} most that the transaction can cost */
  readonly maxCostWei: bigint;
};

export function ethText(wei: bigint): string {
  return `${decimalText(wei, 18, 6)} ETH`;
}

export function revertError(call: OwnerCall, revert: Revert): KeelError {
  return new KeelError({
    code: 'REVERTED',
    exit: EXIT.reverted,
    field: call.what,
    value: revert.name,
    reason: `the contract refuses: ${revert.sentence}`,
    remedy: 'Nothing was moved; correct the cause and run it again',
  });
}

function outOfGasMoney(from: Address, balance: bigint, needed: bigint): KeelError {
  return new KeelError({
    code: 'OUT_OF_GAS_MONEY',
    exit: EXIT.signature,
    field: 'owner',
    value: from,
    reason: `has ${ethText(balance)} and may need ${ethText(needed)} for gas`,
    remedy: `Send at least ${ethText(needed - balance)} to it`,
  });
}

/** A dry run against the newest block. The revert comes back as a value, because `withdraw` can say more about it. */
export async function prepare(
  chain: Chain,
  call: OwnerCall,
): Promise<{ readonly ok: true; readonly prepared: Prepared } | { readonly ok: false; readonly revert: Revert }> {
  const head = await latestHead(chain);
  const fees = feeCaps(head.baseFeeWei, await readPriorityFee(chain, head), []);
  const balance = await readBalance(chain, head, call.from);
  const affordable = balance / fees.maxFeePerGas;
  if (affordable < MIN_TX_GAS) throw outOfGasMoney(call.from, balance, MIN_TX_GAS * fees.maxFeePerGas);
  const simulated = await simulateSlice(chain, head, {
    ...call,
    fees,
    gas: affordable < MAX_TX_GAS ? affordable : MAX_TX_GAS,
  });
  if (!simulated.ok) return { ok: false, revert: simulated.revert };
  const gas = gasLimitOf(simulated.gasUnits);
  return { ok: true, prepared: { ...call, head, gas, fees, maxCostWei: gas * fees.maxFeePerGas } };
}

async function refuseIfPoor(chain: Chain, tx: Prepared): Promise<void> {
  const balance = await readBalance(chain, tx.head, tx.from);
  if (missingGasMoney(balance, tx.gas, tx.fees) > 0n) throw outOfGasMoney(tx.from, balance, tx.maxCostWei);
}

function stillOpen(tx: Prepared, hash: Hex): KeelError {
  return new KeelError({
    code: 'INTERRUPTED',
    exit: EXIT.interrupted,
    field: tx.what,
    value: hash,
    reason: 'was sent and may still be mined; nobody waits for it any more',
    remedy: 'Look with `keel status` before you run it again',
  });
}

/** Looks once now and then at every new head, until `look` has an answer or a signal arrives. */
function atEachHead<T>(
  chain: Chain,
  io: Io,
  output: Output,
  look: () => Promise<T | null>,
  leftOpen: () => KeelError,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let busy = false;
    let again = false;
    let lastTold = '';
    const tell = (error: Error): void => {
      if (error.message === lastTold) return;
      lastTold = error.message;
      output.progress(`still waiting: ${error.message}`);
    };
    const end = (settle: () => void): void => {
      watch.stop();
      io.interrupted.removeEventListener('abort', interrupt);
      settle();
    };
    const interrupt = (): void => end(() => reject(leftOpen()));
    const poll = (): void => {
      again = true;
      if (busy) return;
      busy = true;
      void (async () => {
        while (again) {
          again = false;
          const found = await look();
          if (found !== null) return end(() => resolve(found));
        }
      })()
        .catch((error: unknown) => {
          // an unreachable node is no answer; the transaction is out and the next head asks again
          if (error instanceof KeelError && error.retry === 'later') tell(error);
          else end(() => reject(error));
        })
        .finally(() => {
          busy = false;
        });
    };
    const watch = watchHeads(chain, poll, tell, { pollMs: 500 });
    io.interrupted.addEventListener('abort', interrupt, { once: true });
    if (io.interrupted.aborted) interrupt();
  });
}

async function revertOf(chain: Chain, tx: Prepared, receipt: Receipt): Promise<Revert> {
  const parent = await latestHead(chain);
  const again = await simulateSlice(chain, parent, tx);
  return again.ok
    ? {
        ...decodeRevert(null),
        sentence: `it reverted in block ${receipt.blockNumber} without a reason that can be repeated`,
      }
    : again.revert;
}

/**
 * @throws KeelError OUT_OF_GAS_MONEY, TX_REFUSED, TX_REPLACED, REVERTED (exit 7), INTERRUPTED (exit 130)
 */
export async function sendAndWait(
  chain: Chain,
  signer: Signer,
  tx: Prepared,
  io: Io,
  output: Output,
): Promise<Receipt> {
  await refuseIfPoor(chain, tx);
  const nonce = Number(
    await reach(chain.label, () =>
      chain.client.request({ method: 'eth_getTransactionCount', params: [tx.from, 'pending'] }),
    ),
  );
  const raw = await signer.signTransaction({
    type: 'eip1559',
    chainId: chain.chainId,
    to: tx.to,
    data: tx.data,
    nonce,
    gas: tx.gas,
    ...tx.fees,
  });
  const sent = await sendPublic(chain, raw);
  if (sent.status === 'rejected')
    throw new KeelError({
      code: 'TX_REFUSED',
      exit: EXIT.reverted,
      field: tx.what,
      value: sent.hash,
      reason: `the node refused the transaction (${sent.message})`,
      remedy: 'Nothing was moved; correct the cause and run it again',
    });
  output.progress(`sent ${sent.hash}, waiting for its block`);
  const receipt = await atEachHead(
    chain,
    io,
    output,
    async () => {
      const found = await readReceipt(chain, sent.hash);
      if (found !== null) return found;
      const head = await latestHead(chain);
      if ((await readNonce(chain, head, tx.from)) <= nonce) {
        // the same bytes again: a node that lost them, or never got them, has them now; one that knows them shrugs
        await sendPublic(chain, raw);
        return null;
      }
      const late = await readReceipt(chain, sent.hash);
      if (late !== null) return late;
      throw new KeelError({
        code: 'TX_REPLACED',
        exit: EXIT.reverted,
        field: tx.what,
        value: sent.hash,
        reason: `another transaction of ${tx.from} used nonce ${nonce}`,
        remedy: 'Run it again',
      });
    },
    () => stillOpen(tx, sent.hash),
  );
  if (!receipt.ok) throw revertError(tx, await revertOf(chain, tx, receipt));
  return receipt;
}
