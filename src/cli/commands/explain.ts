import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import { usdText } from '../../core/format.ts';
import type { DecisionRecord } from '../../core/types.ts';
import { getCheck } from '../../store/checks.ts';
import { loadCallConfig } from '../callConfig.ts';
import { badOption, type Call } from '../command.ts';
import { vaultIdOf, withDb } from '../data.ts';
import { assetTable, guardCount, guardLines, planLines, realisedLines, timeText } from '../decisionText.ts';

function print({ output }: Call, r: DecisionRecord, running: boolean): void {
  output.line(
    `${timeText(r.block.time)}  block ${r.block.number}   check ${r.checkId}   ${running ? 'RUNNING' : r.outcome} ${r.reason}`,
  );
  output.line(r.sentence);
  output.line();
  output.line(
    `Value ${usdText(r.navUsdE8)}${r.holdNavUsdE8 === null ? '' : `   held instead ${usdText(r.holdNavUsdE8)}`}`,
  );
  for (const line of assetTable(r.assets, r.plan)) output.line(line);
  output.line();
  output.line(guardCount(r.guards));
  for (const line of guardLines(r.guards, output)) output.line(line);
  if (r.plan !== null) for (const line of planLines(r.plan)) output.line(line);
  if (r.realised !== null) for (const line of realisedLines(r.realised)) output.line(line);
  if (r.counterfactual !== null) output.line(r.counterfactual);
}

function unknown(id: string): KeelError {
  return new KeelError({
    code: 'CHECK_UNKNOWN',
    exit: EXIT.usage,
    field: 'check',
    value: id,
    reason: 'was never recorded for this vault',
    remedy: 'List the recorded ones with `keel history`',
  });
}

export async function run(call: Call): Promise<ExitCode> {
  const [id = ''] = call.args;
  if (!/^[1-9]\d{0,14}$/.test(id))
    throw badOption('check', id, 'is not the number of a check', 'Take one from `keel history`');
  const { config } = loadCallConfig(call);
  return withDb(config, async (db) => {
    const vaultId = await vaultIdOf(db, config);
    const stored = db === null ? null : await getCheck(db.kysely, Number(id));
    if (stored === null || stored.vaultId !== vaultId) throw unknown(id);
    const running = stored.status === 'RUNNING';
    print(call, stored.record, running);
    call.output.object({ schema: 'evenkeel.explain/1', running, decision: stored.record });
    return EXIT.ok;
  });
}
