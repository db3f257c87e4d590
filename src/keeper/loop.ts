/** One keeper: watches a vault, decides, trades and records, until it is told to stop. */
import { type Head, latestHead, watchHeads } from '../chain/head.ts';
import { chainBehind, rpcFailure } from '../chain/rpc.ts';
import { readNonce } from '../chain/simulate.ts';
import { readVault } from '../chain/snapshot.ts';
import { sendPublic } from '../chain/submit/public.ts';
import { isCheckDue } from '../core/checkTimes.ts';
import { dueOf, isEpochOpen } from '../core/due.ts';
import { KeelError } from '../core/errors.ts';
import { sellsStop } from '../core/moves.ts';
import { stopCheckOf } from '../core/stopCheck.ts';
import { hasStops } from '../core/stops.ts';
import type { DecisionRecord, VaultState } from '../core/types.ts';
import { portfolioValue } from '../core/value.ts';
import { listChecks } from '../store/checks.ts';
import { appendJournal } from '../store/journal.ts';
import {
  acquireWatchLease,
  releaseWatchLease,
  renewWatchLease,
  thisProcess,
  type WatchLease,
} from '../store/leases.ts';
import { initSigner } from '../store/signers.ts';
import { upsertVault } from '../store/vaults.ts';
import { closeAbandoned, dryCheck, makeCheck } from './check.ts';
import { type Ctx, confirmationsOf, type KeeperConfig, type KeeperDeps, newMemory } from './context.ts';
import { advanceRun, announceParked } from './execute.ts';
import { rewindHoldings } from './holdings.ts';
import { createInbox, type Delivery } from './inbox.ts';
import { aheadOfTime, type Outage, standstill, watchOutages } from './outage.ts';
import { broadcast, forgetSends, halt, reconcile } from './reconcile.ts';
import { isTransient } from './transient.ts';

/** {s} of the watch lease; renewed every third of it. */
const LEASE_S = 30;
/** {ms} the loop looks up without a head, to see a chain that stands still and rows that wait. */
const IDLE_MS = 10_000;
const RETRY_MS = 1_000;

/** Name of the lease that one keeper per vault holds; /health asks for it. */
export function leaseName(config: Pick<KeeperConfig, 'chainId' | 'vault'>): string {
  return `vault ${config.chainId}/${config.vault.toLowerCase()}`;
}

/** What to tell about an error of the chain; null when it is not one. */
function chainTrouble(error: Error | null): string | null {
  if (error instanceof KeelError) return error.code === 'RPC_UNREACHABLE' ? `${sentence(error.reason)}.` : null;
  const failure = error === null ? null : rpcFailure(error);
  return failure === null ? null : `The node refused a read (${failure.message}).`;
}

async function openContext(deps: KeeperDeps, head: Head): Promise<Ctx> {
  const { config, db, chain, signer } = deps;
  const vault = await readVault(chain, config, head);
  const vaultId = await upsertVault(db.kysely, { chainId: config.chainId, address: vault.address, owner: vault.owner });
  return {
    config,
    q: db.kysely,
    chain,
    signer,
    key: { chainId: config.chainId, address: signer.address },
    log: deps.log,
    submit: deps.submit ?? sendPublic,
    confirmations: deps.confirmations ?? confirmationsOf(config.mode),
    owner: thisProcess().id,
    vaultId,
    memory: newMemory(),
    emit: (event) => deps.onEvent?.(event),
  };
}

async function journalKeeper(ctx: Ctx, state: 'started' | 'stopped', detail: string): Promise<void> {
  await appendJournal(ctx.q, [{ kind: 'KEEPER', vaultId: ctx.vaultId, payload: { state, detail } }]);
  ctx.emit({ kind: 'keeper', state, detail });
}

async function start(ctx: Ctx, head: Head): Promise<void> {
  const { nextNonce, halted } = await initSigner(ctx.q, ctx.key, await readNonce(ctx.chain, head, ctx.key.address));
  if (halted !== null) await halt(ctx, halted);
  const [newest] = (await listChecks(ctx.q, ctx.vaultId, { limit: 1 })).checks;
  ctx.memory.lastCheckAt = newest?.time ?? null;
  ctx.log.info({ vault: ctx.config.vault, keeper: ctx.key.address, nextNonce, block: head.number }, 'keeper started');
  await journalKeeper(ctx, 'started', `The keeper watches from block ${head.number}.`);
  await closeAbandoned(ctx);
  await announceParked(ctx, head);
}

/** What the keeper remembers between two heads. */
type Watch = { gap: 'away' | 'busy' | null; again: boolean };

/** {s} after a check that a stop asked for out of turn in vain, before it may ask again. */
const STOP_RETRY_S = 300;

/** After a restart, or where the first attempt was held back: what was stopped is still to be sold. */
function holdsStopped(vault: VaultState, now: number): boolean {
  const { policy, state } = vault;
  const { navUsdE8 } = portfolioValue(vault.assets);
  return (
    dueOf(vault, now).kind === 'STOP' ||
    (isEpochOpen(vault, now) && sellsStop(policy, vault.assets, navUsdE8, state.stopped))
  );
}

/** Stops wait for no check time: they are looked at in every block, and the vault is told when there is news. */
async function stopAsks(ctx: Ctx, head: Head): Promise<boolean> {
  const { memory } = ctx;
  if (!memory.watchesStops || head.time < memory.stopCheckAt + STOP_RETRY_S) return false;
  const vault = await readVault(ctx.chain, ctx.config, head);
  memory.watchesStops = hasStops(vault);
  return stopCheckOf(vault, head.time) !== null || holdsStopped(vault, head.time);
}

function afterRun(ctx: Ctx, closed: DecisionRecord, head: Head, watch: Watch): void {
  const { plan, outcome } = closed;
  if (plan?.kind === 'STOP_CHECK') ctx.memory.stopCheckAt = outcome === 'NO_TRADE' ? 0 : head.time;
  // What a stop has released is sold at once.
  watch.again = closed.reason === 'STOP_FIRED' && outcome === 'NO_TRADE';
}

/** Everything one head leads to. @returns the record that became final or was opened, if any */
async function cycle(ctx: Ctx, head: Head, watch: Watch, force: boolean): Promise<DecisionRecord | null> {
  await reconcile(ctx, head);
  const { closed, live } = await advanceRun(ctx, head);
  if (live) {
    // Bytes of older runs, and of this one while it waits.
    if (ctx.memory.mayHaveOpenTx) await broadcast(ctx, head);
    watch.gap = 'busy';
    return null;
  }
  if (closed !== null) {
    watch.gap ??= 'busy';
    ctx.memory.lastCheckAt = Math.max(ctx.memory.lastCheckAt ?? 0, closed.block.time);
    afterRun(ctx, closed, head, watch);
    return closed; // a check that came due meanwhile is made at the next head
  }
  const { frequency } = ctx.config.rule;
  const due = force || watch.again || isCheckDue(frequency, ctx.memory.lastCheckAt, head.time);
  const asked = !due && (await stopAsks(ctx, head));
  if (!due && !asked) return null;
  const checked = await makeCheck(ctx, head, watch.gap);
  if (asked && !checked.running) ctx.memory.stopCheckAt = head.time;
  watch.gap = null;
  watch.again = false;
  if (!checked.running) return checked.record;
  const first = await advanceRun(ctx, head);
  if (first.live) watch.gap = 'busy';
  if (first.closed !== null) afterRun(ctx, first.closed, head, watch);
  return first.closed;
}

async function prepareFor(ctx: Ctx, delivery: Delivery | null, outage: Outage, watch: Watch): Promise<void> {
  if (delivery === null) return;
  if (delivery.head !== null && (await outage.back(delivery.head))) {
    watch.gap = 'away';
    forgetSends(ctx);
  }
  if (delivery.jumped) {
    watch.gap = 'away';
    ctx.memory.flows = null;
    forgetSends(ctx);
  }
  if (delivery.firstOrphan !== null) {
    ctx.memory.snapshot = null;
    forgetSends(ctx);
    await rewindHoldings(ctx, delivery.firstOrphan);
  }
}

type Turn = { readonly delivery: Delivery | null; readonly lastHead: Head | null; readonly failed: Error | null };

/** What this turn of the loop works on; null = nothing, after troubles were told. */
async function headOf(ctx: Ctx, outage: Outage, { delivery, lastHead, failed }: Turn): Promise<Head | null> {
  if (delivery?.head) return delivery.head;
  const trouble = chainTrouble(delivery?.error ?? failed);
  if (trouble !== null) await outage.lost('RPC_UNREACHABLE', trouble);
  if (delivery?.error) return null; // the watch delivers a head as soon as it has one again
  const still = standstill(ctx, lastHead);
  if (still !== null) {
    await outage.lost('CHAIN_BEHIND', still);
    return null;
  }
  return failed !== null || ctx.memory.mayHaveRun ? lastHead : null;
}

async function watchLoop(ctx: Ctx, deps: KeeperDeps, stop: AbortSignal): Promise<DecisionRecord | null> {
  const inbox = createInbox();
  const outage = watchOutages(ctx);
  const watch: Watch = { gap: 'away', again: false };
  const heads = watchHeads(ctx.chain, inbox.push, inbox.fail);
  let lastHead: Head | null = null;
  let force = deps.once === true;
  let failed: Error | null = null;
  try {
    for (;;) {
      const delivery = await inbox.take(stop, failed === null ? IDLE_MS : RETRY_MS);
      if (stop.aborted) return null;
      try {
        const head = await headOf(ctx, outage, { delivery, lastHead, failed });
        failed = null;
        if (head === null) continue;
        await prepareFor(ctx, delivery, outage, watch);
        const ahead = aheadOfTime(ctx, head);
        if (ahead !== null) {
          await outage.lost('CHAIN_BEHIND', ahead);
          if (deps.once) throw chainBehind('block', String(head.number), 'its time is in the future');
          continue;
        }
        lastHead = head;
        const record = deps.dryRun ? await dryCycle(ctx, head, force) : await cycle(ctx, head, watch, force);
        if (ctx.memory.lastCheckAt === head.time) force = false;
        if (deps.once && record !== null) return record;
        if (delivery === null) await outage.back(head);
      } catch (error) {
        if (!isTransient(error) || deps.once) throw error;
        ctx.log.warn({ error: error.message }, 'this block is tried again');
        failed = error;
      }
    }
  } finally {
    heads.stop();
  }
}

async function dryCycle(ctx: Ctx, head: Head, force: boolean): Promise<DecisionRecord | null> {
  if (!force && !isCheckDue(ctx.config.rule.frequency, ctx.memory.lastCheckAt, head.time)) return null;
  return dryCheck(ctx, head);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function keepLease(ctx: Ctx, lease: WatchLease, lost: (error: Error) => void): NodeJS.Timeout {
  return setInterval(
    () => {
      renewWatchLease(ctx.q, lease).then(
        (result) => {
          if (result === 'LOST_LEASE') lost(leaseLost(lease));
        },
        // The database is away for a moment: the lease survives two missed heartbeats, and every write is fenced.
        (error: unknown) => ctx.log.warn({ error: String(error) }, 'the watch lease could not be renewed'),
      );
    },
    (LEASE_S / 3) * 1_000,
  );
}

function leaseLost(lease: WatchLease): KeelError {
  return new KeelError({
    code: 'KEEPER_LEASE_LOST',
    exit: 3,
    field: 'keeper',
    value: lease.name,
    reason: 'another keeper has taken over, because this one was silent for too long',
    remedy: 'Run one keeper per vault; this one has stopped without doing anything further',
  });
}

/**
 * Runs until `signal` aborts, or (with `once`) until one check is final.
 * @returns the record of `once`, else null
 * @throws KeelError KEEPER_ALREADY_RUNNING, KEEPER_LEASE_LOST, RPC_UNREACHABLE at the start, errors of config and store
 */
export async function runKeeper(deps: KeeperDeps): Promise<DecisionRecord | null> {
  const head = await latestHead(deps.chain);
  const ctx = await openContext(deps, head);
  if (deps.dryRun) return watchLoop(ctx, deps, deps.signal);
  const lease = await acquireWatchLease(ctx.q, leaseName(ctx.config), thisProcess(), LEASE_S);
  const lostLease = new AbortController();
  const stop = AbortSignal.any([deps.signal, lostLease.signal]);
  const heartbeat = keepLease(ctx, lease, (error) => lostLease.abort(error));
  try {
    await start(ctx, head);
    const record = await watchLoop(ctx, deps, stop);
    if (lostLease.signal.aborted) throw lostLease.signal.reason;
    await journalKeeper(ctx, 'stopped', 'The keeper stopped as it was told.');
    return record;
  } finally {
    clearInterval(heartbeat);
    await releaseWatchLease(ctx.q, lease);
  }
}
