/** Keeps "the same coins, never rebalanced" up to date from the vault's deposit and withdrawal events. */
import { creationBlock, type FlowEvent, readWithdrawals, scanFlows } from '../chain/flows.ts';
import { type Head, readHead } from '../chain/head.ts';
import { readHubPrice } from '../chain/hubPrice.ts';
import { chainBehind } from '../chain/rpc.ts';
import { lower } from '../core/address.ts';
import { applyFlow, type Flow as CoreFlow, foldFlows, type HoldBalances } from '../core/hold.ts';
import { valueUsdE8 } from '../core/value.ts';
import { allFlows, type Flow, recordFlows, rewindFlows, type ScanPoint, scannedTo } from '../store/flows.ts';
import type { Ctx, Memory } from './context.ts';

/** The part of a Ctx that flows need; the API follows them too, without a keeper. */
export type FlowCtx = Pick<Ctx, 'chain' | 'config' | 'q' | 'vaultId'> & { readonly memory: Pick<Memory, 'flows'> };

/** The cursor is stored when a flow was found, and otherwise this often: rescanning a few blocks is harmless. */
const STORE_EVERY_BLOCKS = 64;
/** How far a stored cursor goes back when its block is no longer part of the chain and nobody saw the reorganisation. */
const REWIND_BLOCKS = 256;

function coreFlow(e: FlowEvent): CoreFlow {
  return e.event === 'Deposited'
    ? { event: 'Deposited', token: e.token, amount: e.amount }
    : { event: 'Withdrawn', token: e.token, amount: e.amount, remaining: e.remaining };
}

/** {USD E8} at the oracle's price of that block; null when the price or that old state cannot be had. */
async function worthOf(ctx: FlowCtx, event: FlowEvent, at: Head): Promise<bigint | null> {
  const token = ctx.config.tokens.find((t) => lower(t.address) === event.token);
  if (token === undefined) return null;
  const priceUsdE8 = await readHubPrice(ctx.chain, ctx.config.contracts.hub, token.feedId, at);
  return priceUsdE8 === null ? null : valueUsdE8(event.amount, priceUsdE8, token.decimals);
}

async function storedFlow(ctx: FlowCtx, event: FlowEvent): Promise<Flow> {
  const at = await readHead(ctx.chain, event.blockHash);
  if (at === null) throw chainBehind('block', event.blockHash, 'the node showed an event of it, and does not show it');
  return {
    kind: event.event === 'Deposited' ? 'DEPOSIT' : 'WITHDRAWAL',
    token: event.token,
    amount: event.amount,
    valueUsdE8: await worthOf(ctx, event, at),
    blockNumber: event.blockNumber,
    blockHash: event.blockHash,
    blockTime: at.time,
    txHash: event.txHash,
    logIndex: event.logIndex,
  };
}

/** What the database knows, with the one figure that it does not keep (what a withdrawal left) read from the chain. */
async function heldOf(ctx: FlowCtx): Promise<HoldBalances> {
  const flows = await allFlows(ctx.q, ctx.vaultId);
  const blocks = [...new Set(flows.filter((f) => f.kind === 'WITHDRAWAL').map((f) => f.blockHash))];
  const left = new Map<string, bigint>();
  for (const hash of blocks) {
    for (const w of await readWithdrawals(ctx.chain, ctx.config.vault, hash)) {
      left.set(`${w.txHash}/${w.logIndex}`, w.remaining);
    }
  }
  return foldFlows(
    flows.map((f): CoreFlow => {
      if (f.kind === 'DEPOSIT') return { event: 'Deposited', token: f.token, amount: f.amount };
      const remaining = left.get(`${f.txHash}/${f.logIndex}`);
      if (remaining === undefined) throw chainBehind('withdrawal', f.txHash, 'the node does not show its event');
      return { event: 'Withdrawn', token: f.token, amount: f.amount, remaining };
    }),
  );
}

async function isCanonical(ctx: FlowCtx, point: ScanPoint): Promise<boolean> {
  return (await readHead(ctx.chain, point.blockNumber))?.hash === point.blockHash;
}

/** The stored cursor, taken back when its block was reorganised away while nobody watched. */
async function startPoint(ctx: FlowCtx): Promise<ScanPoint | null> {
  let point = await scannedTo(ctx.q, ctx.vaultId);
  while (point !== null && !(await isCanonical(ctx, point))) {
    const back = Math.max(0, point.blockNumber - REWIND_BLOCKS);
    const head = await readHead(ctx.chain, back);
    if (head === null) throw chainBehind('block', String(back), 'the node does not show it');
    point = { blockNumber: back, blockHash: head.hash };
    await rewindFlows(ctx.q, ctx.vaultId, point);
  }
  return point;
}

/** Forgets what orphaned blocks said. `firstOrphan` is the oldest of them. */
export async function rewindHoldings(ctx: FlowCtx, firstOrphan: Head): Promise<void> {
  const memory = ctx.memory.flows;
  if (memory !== null && memory.blockNumber < firstOrphan.number) return;
  ctx.memory.flows = null;
  const stored = await scannedTo(ctx.q, ctx.vaultId);
  if (stored === null || stored.blockNumber < firstOrphan.number) return;
  await rewindFlows(ctx.q, ctx.vaultId, {
    blockNumber: firstOrphan.number - 1,
    blockHash: firstOrphan.parentHash,
  });
}

/** {base units by token} of the untouched coins at `head`. */
export async function holdingsAt(ctx: FlowCtx, head: Head): Promise<HoldBalances> {
  const { chain, q, vaultId } = ctx;
  const { vault } = ctx.config;
  let memory = ctx.memory.flows;
  if (memory === null) {
    const point = await startPoint(ctx);
    const first = point === null ? await creationBlock(chain, vault, head.number) : point.blockNumber + 1;
    const held = point === null ? {} : await heldOf(ctx);
    memory = { blockNumber: first - 1, storedTo: point?.blockNumber ?? null, held };
  }
  if (memory.blockNumber >= head.number) return memory.held;

  let { storedTo } = memory;
  for await (const range of scanFlows(chain, vault, memory.blockNumber + 1, head.number)) {
    const end = range.toBlock === head.number ? head : await readHead(chain, range.toBlock);
    if (end === null) throw chainBehind('block', String(range.toBlock), 'the node does not show it');
    const held: HoldBalances = range.flows.map(coreFlow).reduce(applyFlow, memory.held);
    if (storedTo === null || range.flows.length > 0 || range.toBlock - storedTo >= STORE_EVERY_BLOCKS) {
      const flows: Flow[] = [];
      for (const event of range.flows) flows.push(await storedFlow(ctx, event));
      await recordFlows(
        q,
        vaultId,
        {
          fromBlock: storedTo === null ? range.fromBlock : storedTo + 1,
          to: { blockNumber: end.number, blockHash: end.hash },
        },
        flows,
      );
      storedTo = range.toBlock;
    }
    memory = { blockNumber: range.toBlock, storedTo, held };
  }
  ctx.memory.flows = memory;
  return memory.held;
}
