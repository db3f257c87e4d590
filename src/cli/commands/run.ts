import { type Chain, connect } from '../../chain/clients.ts';
import { loadSigner, type Signer } from '../../chain/signer.ts';
import type { Config } from '../../config/schema.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import type { DecisionRecord, Reason } from '../../core/types.ts';
import type { KeeperEvent } from '../../keeper/events.ts';
import { runKeeper } from '../../keeper/loop.ts';
import { summaryOf } from '../../store/checks.ts';
import { type Db, openDb } from '../../store/db.ts';
import { loadCallConfig } from '../callConfig.ts';
import { type Call, flagOption, interruptedError, orInterrupted } from '../command.ts';
import { keeperLog } from '../keeperLog.ts';
import { confirmed, declined } from '../owner/session.ts';
import { checkLine } from '../rehearsal/lines.ts';

const UNREACHABLE: ReadonlySet<Reason> = new Set([
  'PRICE_STALE',
  'PRICE_INVALID',
  'PRICE_OUT_OF_BOUNDS',
  'PRICE_UNREACHABLE',
  'CHAIN_BEHIND',
  'RPC_UNREACHABLE',
]);

/** Of `run --once`: what a script has to know about the one check. */
export function exitOf({ outcome, reason }: Pick<DecisionRecord, 'outcome' | 'reason'>): ExitCode {
  if (outcome === 'FAILED') return EXIT.reverted;
  if (outcome !== 'HELD_BACK') return EXIT.ok;
  if (reason === 'PAUSED') return EXIT.paused;
  return UNREACHABLE.has(reason) ? EXIT.unreachable : EXIT.heldBack;
}

/** @throws KeelError KEEPER_KEY_MISSING and everything `loadSigner` throws (exit 6) */
function keeperSigner(config: Config): Signer {
  if (config.keeper !== null) return loadSigner(config.keeper);
  throw new KeelError({
    code: 'KEEPER_KEY_MISSING',
    exit: EXIT.signature,
    field: 'keeper.keyFile',
    value: '(missing)',
    reason: 'the keeper signs its transactions with a key of its own',
    remedy: 'Set keeper.keyFile in the config or pass --keeper-key-file',
  });
}

type Parts = { readonly config: Config; readonly signer: Signer; readonly db: Db; readonly chain: Chain };

async function keep(call: Call, { config, signer, db, chain }: Parts): Promise<ExitCode> {
  const { io, output } = call;
  const once = flagOption(call, 'once');
  const dryRun = flagOption(call, 'dryRun');
  const onEvent = (event: KeeperEvent): void => {
    if (event.kind !== 'check.final') return;
    const check = summaryOf(event.record);
    output.line(checkLine(check, output.paint));
    // one object per line while it runs; with --once the one object is the whole decision
    if (!once) output.object({ schema: 'evenkeel.run/1', dryRun, check });
  };
  const log = keeperLog(output, flagOption(call, 'debug'));
  const record = await runKeeper({ config, db, chain, signer, log, signal: io.interrupted, once, dryRun, onEvent });
  if (!once) return EXIT.ok;
  if (record === null) throw interruptedError();
  output.object({ schema: 'evenkeel.run/1', dryRun, decision: record });
  return exitOf(record);
}

async function serveAndKeep(call: Call, parts: Parts): Promise<ExitCode> {
  if (!flagOption(call, 'serve')) return keep(call, parts);
  const { config, db, chain, signer } = parts;
  // a keeper that serves nothing need not carry the server in memory
  const { startApi } = await import('../../api/serve.ts');
  const api = await startApi({ config, db, chain, keeper: signer.address, log: call.output.progress });
  try {
    call.output.progress(`dashboard ${api.url}`);
    return await keep(call, parts);
  } finally {
    await api.stop();
  }
}

export async function run(call: Call): Promise<ExitCode> {
  const { config } = loadCallConfig(call);
  const signer = keeperSigner(config);
  if (!flagOption(call, 'dryRun')) {
    call.output.progress(`vault ${config.vault} on chain ${config.chainId} (${config.mode}), keeper ${signer.address}`);
    if (!(await confirmed(call, 'Trade for this vault within its limits?'))) throw declined(call);
  }
  const { dataDir, databaseUrl } = config;
  const db = await openDb(databaseUrl === null ? { dataDir } : { dataDir, databaseUrl });
  try {
    const chain = await orInterrupted(call.io, connect(config.rpcUrl, config.chainId, { wsUrl: config.wsUrl }));
    try {
      return await serveAndKeep(call, { config, signer, db, chain });
    } finally {
      chain.close();
    }
  } finally {
    await db.close();
  }
}
