/** The newest block, with its ancestry checked: gaps are filled, reorganisations reported. */
import type { BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { reach, rpcFailure, unreachable } from './rpc.ts';

export type Head = BlockRef & { readonly parentHash: Hex; readonly baseFeeWei: bigint };

export type HeadEvent = {
  readonly head: Head;
  /** Blocks between the previously delivered head (or the common ancestor) and this one, ascending, without it. */
  readonly between: readonly Head[];
  /** Blocks that were delivered before and are no longer part of the chain, newest first. */
  readonly orphaned: readonly Head[];
  /** The gap was longer than what is walked, so `between` and `orphaned` are unknown. */
  readonly jumped: boolean;
};

export type WatchOptions = {
  /** Between two polls (HTTP), and the longest silence before a subscription is distrusted (WebSocket). */
  readonly pollMs?: number;
  readonly silenceMs?: number;
  /** Ancestry that is kept and walked back at most. */
  readonly depth?: number;
};

export type HeadWatch = { stop(): void };

type RawHeader = {
  readonly number: Hex | null;
  readonly hash: Hex | null;
  readonly parentHash: Hex;
  readonly timestamp: Hex;
  readonly baseFeePerGas?: Hex | null;
};

function toHead(raw: RawHeader): Head {
  if (raw.number === null || raw.hash === null) throw new Error('the node returned a pending block as a mined one');
  return {
    number: Number(raw.number),
    hash: raw.hash,
    time: Number(raw.timestamp),
    parentHash: raw.parentHash,
    baseFeeWei: BigInt(raw.baseFeePerGas ?? '0x0'),
  };
}

/** @throws KeelError RPC_UNREACHABLE */
export async function readHead(chain: Chain, at: 'latest' | number | Hex): Promise<Head | null> {
  const raw = await reach(chain.label, () =>
    typeof at === 'string' && at.startsWith('0x')
      ? chain.client.request({ method: 'eth_getBlockByHash', params: [at as Hex, false] })
      : chain.client.request({
          method: 'eth_getBlockByNumber',
          params: [typeof at === 'number' ? `0x${at.toString(16)}` : 'latest', false],
        }),
  );
  return raw === null ? null : toHead(raw);
}

/** @throws KeelError RPC_UNREACHABLE when the node has no head */
export async function latestHead(chain: Chain): Promise<Head> {
  const head = await readHead(chain, 'latest');
  if (head === null) throw unreachable(chain.label, 'it has no latest block');
  return head;
}

/** Follows from `known` (ascending) to `next`: what lies between, and what was orphaned. */
export async function connectHeads(
  next: Head,
  known: readonly Head[],
  parentOf: (hash: Hex) => Promise<Head | null>,
  depth: number,
): Promise<HeadEvent> {
  const tip = known.at(-1);
  if (tip === undefined) return { head: next, between: [], orphaned: [], jumped: false };
  const between: Head[] = [];
  let cursor: Head = next;
  for (let step = 0; step <= depth; step++) {
    const at = known.findIndex((k) => k.hash === cursor.parentHash);
    if (at >= 0) {
      return { head: next, between: between.reverse(), orphaned: known.slice(at + 1).reverse(), jumped: false };
    }
    const first = known[0];
    if (first !== undefined && cursor.number <= first.number) break;
    if (next.number - cursor.number >= depth) break;
    const parent = await parentOf(cursor.parentHash);
    if (parent === null) break;
    between.push(parent);
    cursor = parent;
  }
  return { head: next, between: [], orphaned: [], jumped: true };
}

/**
 * Delivers every new head until `stop()`. Over WebSocket a newHeads subscription wakes it; over HTTP, and whenever a
 * subscription stays silent for `silenceMs`, it asks for the latest block. Connections are re-opened for ever, with a
 * pause of 0.25 to 5 s; `onError` is told about each failure.
 */
export function watchHeads(
  chain: Chain,
  onHead: (event: HeadEvent) => void,
  onError: (error: Error) => void,
  options: WatchOptions = {},
): HeadWatch {
  const pollMs = options.pollMs ?? 1_000;
  const silenceMs = options.silenceMs ?? 15_000;
  const depth = options.depth ?? 128;
  const socket = chain.socket;
  let known: readonly Head[] = [];
  let pushed: RawHeader[] = [];
  let stopped = false;
  let subscription: string | null = null;
  let wake: (() => void) | null = null;
  let failures = 0;

  const stopListening = socket?.onMessage((id, payload) => {
    if (id !== subscription) return;
    pushed.push(payload as RawHeader);
    wake?.();
  });
  const stopBreaks = socket?.onBreak(() => {
    subscription = null;
    wake?.();
  });

  function pause(ms: number): Promise<void> {
    if (stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
      wake = done;
    });
  }

  async function take(next: Head): Promise<void> {
    const tip = known.at(-1);
    if (tip?.hash === next.hash) {
      // After an outage the same head is news: the chain answers again.
      if (failures > 0) onHead({ head: next, between: [], orphaned: [], jumped: false });
      return;
    }
    const event = await eventFor(next, tip);
    if (event === null || stopped) return;
    const orphaned = new Set(event.orphaned.map((h) => h.hash));
    const kept = event.jumped ? [] : known.filter((k) => !orphaned.has(k.hash) && k.hash !== next.hash);
    known = [...kept, ...event.between, next].slice(-depth);
    onHead(event);
  }

  async function eventFor(next: Head, tip: Head | undefined): Promise<HeadEvent | null> {
    const at = known.findIndex((k) => k.hash === next.hash);
    if (at < 0 || tip === undefined) return connectHeads(next, known, (hash) => readHead(chain, hash), depth);
    // An older known block came as "latest": either the chain was rolled back, or one lagging backend answered.
    const there = await readHead(chain, tip.number);
    if (there?.hash === tip.hash) return null;
    return { head: next, between: [], orphaned: known.slice(at + 1).toReversed(), jumped: false };
  }

  async function subscribe(): Promise<void> {
    if (!socket || subscription !== null) return;
    pushed = [];
    const id = await reach(chain.label, () => socket.request({ method: 'eth_subscribe', params: ['newHeads'] }));
    if (typeof id !== 'string') throw unreachable(chain.label, 'eth_subscribe returned no id');
    subscription = id;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await subscribe();
        const raw = pushed.shift();
        await take(raw === undefined ? await latestHead(chain) : toHead(raw));
        failures = 0;
        if (pushed.length === 0) await pause(socket ? silenceMs : pollMs);
      } catch (error) {
        if (stopped) return;
        const failure = rpcFailure(error);
        if (failure) onError(unreachable(chain.label, failure.message));
        else onError(error instanceof Error ? error : new Error(String(error)));
        subscription = null;
        await pause(Math.min(5_000, 250 * 2 ** failures++));
      }
    }
  }

  void run();
  return {
    stop() {
      stopped = true;
      stopListening?.();
      stopBreaks?.();
      wake?.();
    },
  };
}
