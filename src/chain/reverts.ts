/** Why the vault refused, as a name, its arguments and one sentence. */
import { decodeErrorResult } from 'viem';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import { vaultAbi } from '../abi/Vault.ts';
import { type Hex, PRICE_STATUSES, REASONS, type Reason } from '../core/types.ts';

export type Revert = {
  /** Error name of the ABI, "Error", "Panic", or "Unknown". */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly sentence: string;
  /** Closest reason code of decision records. */
  readonly reason: Reason;
};

const ERROR_ABI = [
  ...vaultAbi.filter((x) => x.type === 'error'),
  ...oracleHubAbi.filter((x) => x.type === 'error'),
] as const;

function usd(e8: unknown): string {
  if (typeof e8 !== 'bigint') return String(e8);
  const cents = (e8 + 500_000n) / 1_000_000n;
  return `$${cents / 100n}.${(cents % 100n).toString().padStart(2, '0')}`;
}

/** bytes32 ASCII as the vault writes reason names. */
function asciiOf(word: unknown): string {
  if (typeof word !== 'string') return String(word);
  return Buffer.from(word.slice(2), 'hex').toString('latin1').replace(/\0+$/, '');
}

function reasonNamed(name: string): Reason | null {
  return REASONS.find((r) => r === name) ?? null;
}

type Explained = { readonly sentence: string; readonly reason?: Reason };

function explain(name: string, a: readonly unknown[]): Explained {
  switch (name) {
    case 'NotDue':
      return {
        sentence: `no rebalance is due: ${asciiOf(a[0])}`,
        reason: reasonNamed(asciiOf(a[0])) ?? 'SIMULATION_REVERTED',
      };
    case 'Paused':
      return { sentence: 'trading is paused by the owner', reason: 'PAUSED' };
    case 'NotKeeper':
      return { sentence: `${a[0]} is not a keeper of this vault` };
    case 'EpochIsOpen':
      return { sentence: `epoch ${a[0]} is already open` };
    case 'NoOpenEpoch':
      return { sentence: 'no epoch is open' };
    case 'WrongSlice':
      return {
        sentence: `the vault expects slice ${a[1]} of epoch ${a[0]}: this one was used already or is too early`,
      };
    case 'DeadlinePassed':
      return { sentence: `the deadline ${a[0]} has passed`, reason: 'TX_EXPIRED' };
    case 'GasPriceAboveCap':
      return {
        sentence: `the gas price ${a[0]} wei is above the vault's ceiling of ${a[1]} wei`,
        reason: 'GAS_ABOVE_CAP',
      };
    case 'SliceCooldown':
      return { sentence: `the next slice may execute at ${a[0]}`, reason: 'COOLDOWN' };
    case 'SliceAboveCap':
      return { sentence: `the slice sells ${usd(a[0])}, above its cap of ${usd(a[1])}` };
    case 'NothingToTrade':
      return { sentence: `asset ${a[0]} has nothing to sell for asset ${a[1]}`, reason: 'IN_BAND' };
    case 'BelowMinTrade':
      return { sentence: `${usd(a[0])} is below the smallest trade of ${usd(a[1])}`, reason: 'BELOW_MIN_TRADE' };
    case 'SlippageAboveCap':
      return {
        sentence: `the pool returns ${a[0]}, the vault requires at least ${a[1]} at oracle prices`,
        reason: 'SLIPPAGE_WOULD_EXCEED',
      };
    case 'BelowCallersMinOut':
      return {
        sentence: `the pool returns ${a[0]}, the plan requires at least ${a[1]}`,
        reason: 'SLIPPAGE_WOULD_EXCEED',
      };
    case 'Overshoot':
      return { sentence: `asset ${a[0]} would be traded past its target` };
    case 'DriftDidNotShrink':
      return { sentence: 'the trade would not bring the portfolio closer to its targets' };
    case 'LossBudgetExceeded':
      return {
        sentence: `the trade would raise today's loss to ${usd(a[0])}, above the budget of ${usd(a[1])}`,
        reason: 'LOSS_BUDGET_SPENT',
      };
    case 'BadPrice': {
      const status = PRICE_STATUSES[Number(a[1])];
      const reason = reasonNamed(`PRICE_${status}`);
      const sentence = `the price of feed ${a[0]} is ${status?.toLowerCase().replaceAll('_', ' ')}`;
      return reason ? { sentence, reason } : { sentence };
    }
    case 'TransferFailed':
      return { sentence: `a transfer of ${a[0]} failed` };
    case 'Error':
      return { sentence: `a contract on the way refused: "${a[0]}"` };
    case 'Panic':
      return { sentence: `a contract on the way hit panic code ${a[0]}` };
    default:
      return { sentence: a.length > 0 ? `${name}(${a.join(', ')})` : name };
  }
}

/** @param data the revert data of a call or simulation; null or 0x when the node gave none */
export function decodeRevert(data: Hex | null): Revert {
  if (data === null || data === '0x') {
    return { name: 'Unknown', args: [], sentence: 'it reverted without a reason', reason: 'SIMULATION_REVERTED' };
  }
  let name = 'Unknown';
  let args: readonly unknown[] = [data];
  try {
    const decoded = decodeErrorResult({ abi: ERROR_ABI, data });
    name = decoded.errorName;
    args = decoded.args ?? [];
  } catch {
    return {
      name,
      args,
      sentence: `it reverted with ${data.slice(0, 10)}, which is no error of the vault`,
      reason: 'SIMULATION_REVERTED',
    };
  }
  const { sentence, reason } = explain(name, args);
  return { name, args, sentence, reason: reason ?? 'SIMULATION_REVERTED' };
}
