import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chain } from './clients.ts';
import { type HeadEvent, latestHead, watchHeads } from './head.ts';
import { connectTo, startAnvil, type TestAnvil } from './testing/anvil.ts';

let anvil: TestAnvil;
let chain: Chain;
beforeEach(async () => {
  anvil = await startAnvil();
});
afterEach(async () => {
  chain.close();
  await anvil.stop();
});

/** Collects events and lets a test await the one it needs. */
function collector() {
  const events: HeadEvent[] = [];
  const errors: Error[] = [];
  let wake: () => void = () => undefined;
  return {
    events,
    errors,
    onHead: (e: HeadEvent) => {
      events.push(e);
      wake();
    },
    onError: (e: Error) => {
      errors.push(e);
      wake();
    },
    async until(done: () => boolean): Promise<void> {
      while (!done()) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

describe.each(['http', 'ws'] as const)('watchHeads over %s', (kind) => {
  it('delivers every block once, in order and connected', async () => {
    chain = await connectTo(anvil, kind);
    const seen = collector();
    const watch = watchHeads(chain, seen.onHead, seen.onError, { pollMs: 20 });
    await seen.until(() => seen.events.length === 1);
    for (let i = 1; i <= 5; i++) {
      await anvil.rpc('evm_mine');
      await seen.until(() => seen.events.at(-1)?.head.number === i);
    }
    await anvil.rpc('anvil_mine', ['0x14']);
    await seen.until(() => seen.events.at(-1)?.head.number === 25);
    watch.stop();
    const all = seen.events.flatMap((e) => [...e.between, e.head]);
    expect(all.map((h) => h.number)).toEqual(Array.from({ length: 26 }, (_, n) => n));
    for (const [i, h] of all.entries()) if (i > 0) expect(h.parentHash).toBe(all[i - 1]?.hash);
    expect(seen.events.every((e) => e.orphaned.length === 0 && !e.jumped)).toBe(true);
    expect(seen.errors).toEqual([]);
  });

  it('reports the blocks that a reorganisation removed', async () => {
    chain = await connectTo(anvil, kind);
    await anvil.rpc('anvil_mine', ['0x5']);
    const seen = collector();
    const watch = watchHeads(chain, seen.onHead, seen.onError, { pollMs: 20 });
    await seen.until(() => seen.events.length === 1);
    await anvil.rpc('evm_mine');
    await seen.until(() => seen.events.at(-1)?.head.number === 6);
    await anvil.rpc('evm_mine');
    await seen.until(() => seen.events.at(-1)?.head.number === 7);
    const old = seen.events.flatMap((e) => [...e.between, e.head]).filter((h) => h.number >= 6);
    await anvil.rpc('anvil_reorg', [2, []]);
    await anvil.rpc('evm_mine');
    const tip = await latestHead(chain);
    await seen.until(() => seen.events.at(-1)?.head.hash === tip.hash);
    watch.stop();
    const orphaned = new Set(seen.events.flatMap((e) => e.orphaned.map((h) => h.hash)));
    expect(orphaned.size).toBe(2);
    for (const h of old) expect(orphaned.has(h.hash)).toBe(true);
  });

  it('follows a roll-back to an older block', async () => {
    chain = await connectTo(anvil, kind);
    const seen = collector();
    const watch = watchHeads(chain, seen.onHead, seen.onError, { pollMs: 20, silenceMs: 50 });
    await seen.until(() => seen.events.length === 1);
    await anvil.rpc('evm_mine');
    await seen.until(() => seen.events.at(-1)?.head.number === 1);
    await anvil.rpc('anvil_rollback', [1]);
    await seen.until(() => seen.events.at(-1)?.head.number === 0);
    watch.stop();
    expect(seen.events.at(-1)?.orphaned.map((h) => h.number)).toEqual([1]);
  });

  it('survives an outage of the node and says so', async () => {
    chain = await connectTo(anvil, kind);
    const seen = collector();
    const watch = watchHeads(chain, seen.onHead, seen.onError, { pollMs: 20 });
    await seen.until(() => seen.events.length === 1);
    await anvil.stop();
    await seen.until(() => seen.errors.length > 0);
    expect(seen.errors[0]).toMatchObject({ code: 'RPC_UNREACHABLE', exit: 5 });
    anvil = await startAnvil([], anvil.chainId, anvil.port);
    await anvil.rpc('anvil_mine', ['0x3']);
    await seen.until(() => seen.events.at(-1)?.head.number === 3);
    watch.stop();
  });
});
