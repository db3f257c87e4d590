/** Plays a whole scenario as fast as the keeper can follow, then leaves as an owner would, and audits what happened. */
import { join } from 'node:path';
import { encodeFunctionData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { vaultAbi } from '../../abi/Vault.ts';
import { vaultLensAbi } from '../../abi/VaultLens.ts';
import { VAULT_GAS } from '../../chain/snapshot.ts';
import { KeelError } from '../../core/errors.ts';
import type { CheckSummary, DecisionRecord } from '../../core/types.ts';
import { valueUsdE8 } from '../../core/value.ts';
import { getCheck, listChecks } from '../../store/checks.ts';
import { costTotals, outcomeCounts } from '../../store/series.ts';
import { findVault } from '../../store/vaults.ts';
import { interruptedError } from '../command.ts';
import { auditRehearsal, readVaultEvents } from './audit.ts';
import { followKeeper, type KeeperFollower } from './follow.ts';
import { type KeeperProcess, startKeeper } from './keeperProcess.ts';
import { costUsd, type RehearsalSummary, usd } from './summary.ts';
import { ownerSender, ownerWallet } from './vault.ts';
import type { World } from './world.ts';

const HOUR_S = 3_600;

export type UnattendedOptions = {
  readonly world: World;
  readonly seed: number;
  /** Milliseconds of the wall clock, for `wallSeconds` alone. */
  readonly startedAtMs: number;
  readonly nowMs: () => number;
  readonly onCheck: (check: CheckSummary) => void;
  readonly onViolation: (sentence: string) => void;
  readonly interrupted: AbortSignal;
};

export async function runUnattended(options: UnattendedOptions): Promise<RehearsalSummary> {
  const { world } = options;
  const { devnet, db, client, config } = world;
  const { market } = devnet;
  const keeperWeiAtStart = await client.getBalance({ address: devnet.accounts.keeper.address });
  const follower = await followKeeper(db);
  const keeper = startKeeper(world.configPath, join(config.dataDir, 'keeper.log'));
  const halt = haltOf(options, keeper);
  try {
    const firstTime = market.time;
    let check = await settle(options, follower, halt, firstTime);
    const navStart = await navUsdE8(world);
    const hours = Math.round((market.endTime - firstTime) / HOUR_S);
    for (let hour = 1; hour <= hours; hour++) {
      const time = firstTime + hour * HOUR_S;
      await market.step(time);
      check = await settle(options, follower, halt, time);
    }

    const vaultId = (await findVault(db.kysely, config.chainId, config.vault))?.id;
    if (vaultId === undefined) throw new Error('the keeper never recorded its vault');
    const navEnd = await navUsdE8(world);
    const holdNav = await holdUsdE8(world);
    const claimedHoldNav = (await getCheck(db.kysely, check.checkId))?.record.holdNavUsdE8;
    const last = market.time + HOUR_S;
    const withdrawnAll = await leave(options, follower, halt, last);
    await keeper.stop();

    const counts = await outcomeCounts(db.kysely, vaultId);
    const records = await tradeRecords(world, vaultId);
    const { contracts } = config;
    const violations = await auditRehearsal({
      client,
      vault: config.vault,
      owner: devnet.accounts.owner.address,
      keeper: devnet.accounts.keeper.address,
      tokens: config.tokens.map((t) => t.address),
      counterparties: [
        ...config.pools.flatMap((p) => (p.venue === 'UNISWAP_V4' ? [] : [p.address])),
        ...[contracts.pathFiller, contracts.poolManager, contracts.balancerVault].filter((a) => a !== null),
      ],
      keeperWeiAtStart,
      recordedGasWei: records.reduce((sum, r) => sum + (r.realised?.gasWei ?? 0n), 0n),
      recordedTxHashes: records.flatMap((r) => r.txHashes),
    });
    const checks = Object.values(counts).reduce((sum, n) => sum + n, 0);
    // One check at the start, one per hour, one while paused.
    if (checks !== hours + 2) violations.push(`${checks} checks were recorded, ${hours + 2} were due`);
    if (holdNav !== claimedHoldNav)
      violations.push(`holding is worth ${holdNav}, check ${check.checkId} says ${claimedHoldNav}`);
    violations.forEach(options.onViolation);

    const maxDriftBps = Math.max(0, ...records.flatMap((r) => r.realised?.driftAfterBps.map(Math.abs) ?? []));
    return {
      schema: 'evenkeel.rehearsal/1',
      scenario: market.scenario.name,
      seed: options.seed,
      hours,
      checks,
      traded: counts.TRADED ?? 0,
      noTrade: counts.NO_TRADE ?? 0,
      heldBack: counts.HELD_BACK ?? 0,
      failed: counts.FAILED ?? 0,
      navStartUsd: usd(navStart),
      navEndUsd: usd(navEnd),
      holdNavUsd: usd(holdNav),
      costUsd: costUsd(await costTotals(db.kysely, vaultId)),
      maxDriftAfterTradePoints: maxDriftBps / 100,
      withdrawnAll,
      invariantViolations: violations.length,
      wallSeconds: Math.round((options.nowMs() - options.startedAtMs) / 100) / 10,
    };
  } finally {
    await keeper.stop();
    await follower.close();
  }
}

/** Rejects when the keeper ends or the user interrupts: nothing is worth waiting for then. */
function haltOf({ world, interrupted }: UnattendedOptions, keeper: KeeperProcess): Promise<never> {
  const halt = new Promise<never>((_, reject) => {
    void keeper.ended.then((how) => reject(keeperDied(how, world.config.dataDir)));
    const stop = () => reject(interruptedError());
    if (interrupted.aborted) stop();
    interrupted.addEventListener('abort', stop, { once: true });
  });
  halt.catch(() => undefined); // whoever waits for news gets it; after the last wait nobody needs it
  return halt;
}

/** Waits for the check of the block at `time`. A run that waits for a later block gets one. */
async function settle(
  { world, onCheck }: UnattendedOptions,
  follower: KeeperFollower,
  halt: Promise<never>,
  time: number,
): Promise<CheckSummary> {
  for (;;) {
    const news = await Promise.race([follower.next(), halt]);
    if (news.kind === 'CHECK') {
      onCheck(news.check);
      if (news.check.time >= time) return news.check;
      continue;
    }
    await world.devnet.market.step(news.runAt);
  }
}

function keeperDied(how: string, dataDir: string): KeelError {
  return new KeelError({
    code: 'KEEPER_ENDED',
    exit: 1,
    field: 'keeper',
    value: how,
    reason: 'the keeper ended before the rehearsal did',
    remedy: `Read ${join(dataDir, 'keeper.log')}`,
  });
}

/** Pause, see that the keeper respects it, withdraw everything in kind. */
async function leave(
  options: UnattendedOptions,
  follower: KeeperFollower,
  halt: Promise<never>,
  checkAt: number,
): Promise<boolean> {
  const { devnet, chain, config } = options.world;
  const owner = privateKeyToAccount(devnet.accounts.owner.privateKey);
  const send = ownerSender(chain, ownerWallet(devnet.rpcUrl, owner), owner);
  await send({ to: config.vault, data: encodeFunctionData({ abi: vaultAbi, functionName: 'pause' }) });
  await devnet.market.step(checkAt);
  await settle(options, follower, halt, checkAt);
  const everything = encodeFunctionData({ abi: vaultAbi, functionName: 'withdrawAll', args: [[]] });
  await send({ to: config.vault, data: everything });
  const view = await vaultView(options.world);
  return view.positions.every(({ known, balance }) => known && balance === 0n);
}

async function vaultView({ client, config }: World) {
  const [view] = await client.readContract({
    address: config.contracts.lens,
    abi: vaultLensAbi,
    functionName: 'page',
    args: [[config.vault], VAULT_GAS],
  });
  if (!view) throw new Error('the lens returned nothing');
  return view;
}

async function navUsdE8(world: World): Promise<bigint> {
  return (await vaultView(world)).navUsdE8;
}

/** The deposited coins at the vault's present prices, from the chain's own events. */
async function holdUsdE8(world: World): Promise<bigint> {
  const [view, events] = await Promise.all([vaultView(world), readVaultEvents(world.client, world.config.vault)]);
  let sum = 0n;
  for (const asset of view.positions) {
    const deposited = events
      .filter((e) => e.eventName === 'Deposited' && e.args.token === asset.token)
      .reduce((total, e) => total + (e.eventName === 'Deposited' ? e.args.amount : 0n), 0n);
    sum += valueUsdE8(deposited, asset.price.usdE8, asset.decimals);
  }
  return sum;
}

/** Records of all checks that sent something. */
async function tradeRecords({ db }: World, vaultId: number): Promise<DecisionRecord[]> {
  const records: DecisionRecord[] = [];
  let before: number | null = null;
  do {
    const page = await listChecks(db.kysely, vaultId, { before, limit: 500 });
    for (const { checkId, txHashes } of page.checks) {
      if (txHashes.length === 0) continue;
      const stored = await getCheck(db.kysely, checkId);
      if (stored) records.push(stored.record);
    }
    before = page.nextBefore;
  } while (before !== null);
  return records;
}
