/** Why the vault refused, as a name, its arguments and one sentence. */
import { decodeErrorResult } from 'viem';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import { vaultAbi } from '../abi/Vault.ts';
import { priceReason } from '../core/due.ts';
import { FILL_VENUES } from '../core/fillVenue.ts';
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

function timeText(seconds: unknown): string {
  const at = Number(seconds);
  return at >= 2 ** 32 - 1 ? 'its owner resumes it' : new Date(at * 1_000).toISOString();
}

function venueText(venue: unknown): string {
  return FILL_VENUES[Number(venue)]?.toLowerCase().replaceAll('_', ' ') ?? `venue ${venue}`;
}

/** The rulebook names the member that does not fit; `value` is what was asked for. */
function badTarget(field: string, token: unknown, value: unknown): string {
  switch (field) {
    case 'safe':
      return 'stops need at least one safe asset to sell into';
    case 'secondSource':
      return `the price feed of ${token} needs a second source for its stop, or for the stop of the whole portfolio`;
    case 'token':
      return `${token} is no token`;
    case 'order':
      return `the targets must be sorted by token, without doubles; ${token} is out of order`;
    case 'count':
      return `a vault has 2 to 32 targets, not ${value}`;
    default:
      return `${field} of ${token} may not be ${value}`;
  }
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
      return { sentence: `trading is paused until ${timeText(a[0])}`, reason: 'PAUSED' };
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
      const reason = status === undefined || status === 'OK' ? null : priceReason(status);
      const sentence = `the price of feed ${a[0]} is ${status?.toLowerCase().replaceAll('_', ' ')}`;
      return reason ? { sentence, reason } : { sentence };
    }
    case 'SoldBefore':
      return {
        sentence: `asset ${a[0]} was sold in this rebalance, so it may not be bought back in it`,
        reason: 'SOLD_IN_EPOCH',
      };
    case 'TooLittle':
      return { sentence: `a stranger has to trade all that is wanted, which is ${a[1]}, and not ${a[0]}` };
    case 'BadBalance':
      return { sentence: `the token ${a[0]} does not tell what the vault holds of it`, reason: 'BALANCE_UNREADABLE' };
    case 'SpentTooMuch':
      return { sentence: `the venue took ${a[0]} although only ${a[1]} were allowed` };
    case 'UnexpectedCallback':
      return { sentence: `${a[0]} called back although the vault was not trading with it` };
    case 'VenueUnavailable':
      return { sentence: `this deployment does not trade on ${venueText(a[0])}` };
    case 'NotOwner':
      return { sentence: `${a[0]} is not the owner of this vault` };
    case 'NotGuardian':
      return { sentence: `${a[0]} is not the guardian of this vault` };
    case 'NotPendingOwner':
      return { sentence: `${a[0]} was not named as the next owner of this vault` };
    case 'BadPolicy':
      return { sentence: `the limit ${a[0]} is ${a[1]}, it must be from ${a[2]} to ${a[3]}` };
    case 'BadTarget':
      return { sentence: badTarget(String(a[0]), a[1], a[2]) };
    case 'TargetsDoNotSumTo10000':
      return { sentence: `the targets sum to ${a[0]} of 10000 basis points` };
    case 'TooManyKeepers':
      return { sentence: `a vault has at most ${a[0]} keepers` };
    case 'UnknownToken':
      return { sentence: `${a[0]} is none of the vault's assets` };
    case 'PauseTooLong':
      return { sentence: `a guardian may pause for at most ${a[1]} seconds at once, not ${a[0]}` };
    case 'PauseTooSoon':
      return { sentence: `the guardian may pause again at ${timeText(a[0])}` };
    case 'NothingToDeposit':
      return { sentence: 'nothing was sent along to be deposited' };
    case 'StopIsLatched':
      return { sentence: 'a stop has fired: reset it before the targets can be changed' };
    case 'NothingToStop':
      return { sentence: 'there is nothing to do about the stops now' };
    case 'MalformedConfigs':
      return { sentence: `the packed price feeds are broken at byte ${a[0]}` };
    case 'BadFeedConfig':
      return { sentence: `the price feed's ${a[0]} does not fit` };
    case 'UnknownFeed':
      return { sentence: `the hub has no feed ${a[0]}` };
    case 'TransferFailed':
      return { sentence: `a transfer of ${a[0]} failed` };
    case 'SafeCastOverflowedUintDowncast':
      return { sentence: `${a[1]} is more than ${a[0]} bits hold` };
    case 'SafeERC20FailedOperation':
      return { sentence: `a transfer of ${a[0]} failed` };
    case 'ReentrancyGuardReentrantCall':
      return { sentence: 'somebody called the vault in the middle of its own trade' };
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
