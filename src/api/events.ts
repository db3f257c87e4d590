/** Server-sent events from the journal. One database listener feeds every open page; each resumes by its last event id. */

import { decodeJson, encodePublicJson } from '../core/json.ts';
import type { CheckSummary } from '../core/types.ts';
import type { Db } from '../store/db.ts';
import { type JournalEntry, journalAfter, type RunEvent } from '../store/journal.ts';
import { apiError, problemOf } from './problem.ts';
import type { ServerEvent } from './types.ts';

const HEARTBEAT_MS = 15_000;
const MAX_STREAMS = 64;
/** A page that does not read this many entries is cut off; it comes back by its last event id. */
const MAX_WAITING = 2_000;
const PAGE = 500;

export type EventFeed = {
  /** The body of GET /api/events. `lastEventId` null = from now on. */
  open(lastEventId: number | null, signal: AbortSignal): Promise<Response>;
  /** Fulfils once nothing that is written from then on is missed. */
  readonly ready: Promise<void>;
  /** Rejects when the journal cannot be followed any more. */
  readonly done: Promise<void>;
  close(): Promise<void>;
};

function eventOf(entry: JournalEntry, vaultId: number): ServerEvent | null {
  if (entry.vaultId !== vaultId) return null;
  if (entry.kind === 'CHECK_FINAL')
    return { type: 'check', id: entry.id, check: decodeJson<CheckSummary>(entry.payload) };
  if (entry.kind !== 'RUN' || entry.checkId === null) return null;
  const { state, detail } = decodeJson<RunEvent>(entry.payload);
  return { type: 'run', id: entry.id, checkId: entry.checkId, state, detail };
}

/** Entries of no interest move the id on too, so that a resume does not read them again. */
function frameOf(entry: JournalEntry, vaultId: number): string {
  const event = eventOf(entry, vaultId);
  return event === null
    ? `id: ${entry.id}\n\n`
    : `event: ${event.type}\nid: ${event.id}\ndata: ${encodePublicJson(event)}\n\n`;
}

type Stream = { push(entries: readonly JournalEntry[]): void; end(): void };

async function newestId(db: Db): Promise<number> {
  const row = await db.kysely
    .selectFrom('journal')
    .select((e) => e.fn.max<bigint | null>('id').as('id'))
    .executeTakeFirst();
  return Number(row?.id ?? 0n);
}

export function openEventFeed(db: Db, vaultId: number): EventFeed {
  const streams = new Set<Stream>();
  let closing = false;
  const listener = db.listen((entries) => {
    for (const stream of streams) stream.push(entries);
  });

  const streamFrom = (after: number, signal: AbortSignal): ReadableStream<Uint8Array> => {
    const encoder = new TextEncoder();
    let last = after;
    let waiting: JournalEntry[] | null = [];
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    let stream: Stream | null = null;
    const forget = (): void => {
      clearInterval(heartbeat);
      if (stream !== null) streams.delete(stream);
    };
    return new ReadableStream<Uint8Array>({
      async start(controller) {
        const write = (text: string): void => controller.enqueue(encoder.encode(text));
        const deliver = (entries: readonly JournalEntry[]): void => {
          for (const entry of entries) {
            if (entry.id <= last) continue;
            write(frameOf(entry, vaultId));
            last = entry.id;
          }
        };
        const own: Stream = {
          push(entries) {
            if (waiting !== null) waiting.push(...entries);
            else if ((controller.desiredSize ?? 0) < -MAX_WAITING) own.end();
            else deliver(entries);
          },
          end() {
            forget();
            controller.close();
          },
        };
        stream = own;
        // registered before the past is read: what is written meanwhile waits, and is told apart by its id
        streams.add(own);
        signal.addEventListener('abort', () => {
          if (streams.has(own)) own.end();
        });
        write(`retry: 1000\nid: ${after}\n\n`);
        for (;;) {
          const page = await journalAfter(db.kysely, last, PAGE);
          if (!streams.has(own)) return;
          deliver(page);
          if (page.length < PAGE) break;
        }
        deliver(waiting ?? []);
        waiting = null;
        heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
        heartbeat.unref();
      },
      cancel: forget,
    });
  };

  return {
    ready: listener.ready,
    done: listener.done,
    async open(lastEventId, signal) {
      if (closing) return problemOf(apiError('STOPPING', 'server', '(events)', 'is stopping', 'Connect again later'));
      if (streams.size >= MAX_STREAMS)
        return problemOf(
          apiError(
            'TOO_MANY_STREAMS',
            'server',
            '(events)',
            `has ${MAX_STREAMS} open pages already`,
            'Close some of them',
          ),
        );
      const newest = await newestId(db);
      // an id of another database (or of the future) cannot be resumed from
      const after = lastEventId === null || lastEventId > newest ? newest : lastEventId;
      return new Response(streamFrom(after, signal), {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      });
    },
    async close() {
      closing = true;
      for (const stream of [...streams]) stream.end();
      await listener.close();
    },
  };
}
