/** The vault's calls, events and errors, as the keeper uses them. */
import { decodeEventLog, encodeFunctionData, encodePacked, toEventSelector } from 'viem';
import { vaultAbi } from '../abi/Vault.ts';
import { lower } from '../core/address.ts';
import { EXIT, KeelError } from '../core/errors.ts';
import { directHop, FILL_VENUES, type FillVenue, fillTargetOf } from '../core/fillVenue.ts';
import type { Address, Hex, Leg } from '../core/types.ts';
import { encodePath } from './path.ts';

export type SliceCall = {
  /** True when the slice also opens the epoch (no epoch is open). */
  readonly begin: boolean;
  readonly epoch: number;
  readonly sequence: number;
  /** {s} last block time at which it may execute */
  readonly deadline: number;
  /** Close the epoch afterwards. */
  readonly last: boolean;
  readonly legs: readonly Pick<Leg, 'sell' | 'buy' | 'hops' | 'amountIn' | 'minOut'>[];
};

/** What the legs of several hops, and those through pools of ether, need; a Config's `contracts` are one. */
export type PathContracts = { readonly pathFiller: Address | null; readonly weth: Address };

/** How one leg is asked for. @throws KeelError PATH_FILLER_MISSING, PATH_IMPOSSIBLE */
function routeOf(leg: Pick<Leg, 'hops'>, { pathFiller, weth }: PathContracts) {
  const asked = fillTargetOf(leg, pathFiller);
  if (asked === null) {
    throw new KeelError({
      code: 'PATH_FILLER_MISSING',
      exit: EXIT.usage,
      field: 'contracts.pathFiller',
      value: '(none)',
      reason: `the way over ${leg.hops.map((h) => h.pool).join(', ')} needs the path filler`,
      remedy: 'Set contracts.pathFiller to the address that `keel deploy` prints',
    });
  }
  const hop = directHop(leg.hops);
  const key = hop?.venue === 'UNISWAP_V4' ? ([hop.keyFee, hop.tickSpacing] as const) : null;
  const data = hop === null ? encodePath(leg, weth) : key === null ? '0x' : encodePacked(['uint24', 'int24'], key);
  return { venue: FILL_VENUES.indexOf(asked.venue), target: asked.target, data } as const;
}

/** Calldata of one slice: `beginAndFill` when it opens the epoch, or `begin` when it does nothing else; `fill` otherwise. */
export function encodeSlice(call: SliceCall, contracts: PathContracts): Hex {
  if (call.begin && call.legs.length === 0) return encodeFunctionData({ abi: vaultAbi, functionName: 'begin' });
  const slice = { epoch: call.epoch, sequence: call.sequence, deadline: call.deadline, last: call.last };
  const fills = call.legs.map((leg) => ({
    sell: leg.sell,
    buy: leg.buy,
    amountIn: leg.amountIn,
    minOut: leg.minOut,
    ...routeOf(leg, contracts),
  }));
  return encodeFunctionData({
    abi: vaultAbi,
    functionName: call.begin ? 'beginAndFill' : 'fill',
    args: [slice, fills],
  });
}

/** Anyone may let the vault look at its stops; what follows from it is the vault's business. */
export function encodeStopCheck(): Hex {
  return encodeFunctionData({ abi: vaultAbi, functionName: 'checkStop' });
}

export type RawLog = {
  readonly address: string;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex | null;
  readonly blockHash: Hex | null;
  readonly transactionHash: Hex | null;
  readonly logIndex: Hex | null;
};

type Where = { readonly blockNumber: number; readonly blockHash: Hex; readonly txHash: Hex; readonly logIndex: number };

export type VaultEvent = Where &
  (
    | {
        readonly event: 'Filled';
        readonly epoch: number;
        readonly sequence: number;
        readonly keeper: Address;
        readonly sell: number;
        readonly buy: number;
        readonly venue: FillVenue;
        readonly target: Address;
        readonly amountIn: bigint;
        readonly amountOut: bigint;
        readonly lossUsdE8: bigint;
      }
    | { readonly event: 'EpochOpened'; readonly epoch: number; readonly kind: number; readonly navUsdE8: bigint }
    | { readonly event: 'EpochClosed'; readonly epoch: number; readonly slices: number }
    | { readonly event: 'Deposited'; readonly token: Address; readonly from: Address; readonly amount: bigint }
    | { readonly event: 'Withdrawn'; readonly token: Address; readonly amount: bigint; readonly remaining: bigint }
  );

const EVENTS = ['Filled', 'EpochOpened', 'EpochClosed', 'Deposited', 'Withdrawn'] as const;
type EventName = (typeof EVENTS)[number];

export function eventTopic(name: EventName): Hex {
  const item = vaultAbi.find((x) => x.type === 'event' && x.name === name);
  if (item?.type !== 'event') throw new Error(`the vault ABI has no event ${name}`);
  return toEventSelector(item);
}

const TOPICS = new Map<string, EventName>(EVENTS.map((name) => [eventTopic(name), name]));

/** The vault's own events among `logs`, in order; logs of other contracts and other events are left out. */
export function decodeVaultEvents(vault: Address, logs: readonly RawLog[]): VaultEvent[] {
  return logs.flatMap((log) => {
    const topic = log.topics[0];
    if (lower(log.address) !== lower(vault) || topic === undefined || !TOPICS.has(topic)) return [];
    return [decodeVaultEvent(log)];
  });
}

function decodeVaultEvent(log: RawLog): VaultEvent {
  const { blockNumber, blockHash, transactionHash, logIndex } = log;
  if (blockNumber === null || blockHash === null || transactionHash === null || logIndex === null) {
    throw new Error('a pending log was taken for a mined one');
  }
  const where: Where = {
    blockNumber: Number(blockNumber),
    blockHash,
    txHash: transactionHash,
    logIndex: Number(logIndex),
  };
  const decoded = decodeEventLog({ abi: vaultAbi, topics: log.topics as [Hex, ...Hex[]], data: log.data });
  switch (decoded.eventName) {
    case 'Filled': {
      const { args } = decoded;
      const venue = FILL_VENUES[args.venue];
      if (venue === undefined) throw new Error(`venue ${args.venue} is unknown`);
      return { ...where, event: 'Filled', ...args, keeper: lower(args.keeper), target: lower(args.target), venue };
    }
    case 'EpochOpened':
      return { ...where, event: 'EpochOpened', ...decoded.args };
    case 'EpochClosed':
      return { ...where, event: 'EpochClosed', ...decoded.args };
    case 'Deposited': {
      const { token, from, amount } = decoded.args;
      return { ...where, event: 'Deposited', token: lower(token), from: lower(from), amount };
    }
    case 'Withdrawn': {
      const { token, amount, remaining } = decoded.args;
      return { ...where, event: 'Withdrawn', token: lower(token), amount, remaining };
    }
    default:
      throw new Error(`event ${decoded.eventName} is not one of ${EVENTS.join(', ')}`);
  }
}
