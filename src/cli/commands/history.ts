import { EXIT, type ExitCode } from '../../core/errors.ts';
import { pointsText, usdText } from '../../core/format.ts';
import { type CheckPage, listChecks } from '../../store/checks.ts';
import { loadCallConfig } from '../callConfig.ts';
import { type Call, integerOption } from '../command.ts';
import { vaultIdOf, withDb } from '../data.ts';
import { timeText } from '../decisionText.ts';
import { table } from '../output.ts';

const EMPTY: CheckPage = { checks: [], nextBefore: null };

function print({ output }: Call, page: CheckPage): void {
  if (page.checks.length === 0) {
    output.line('No checks yet. `keel run` makes them.');
    return;
  }
  const rows = page.checks.map((c) => [
    String(c.checkId),
    timeText(c.time),
    c.outcome,
    c.reason,
    `${pointsText(c.maxDriftBps)} pt`,
    c.costUsdE8 === null ? '' : usdText(c.costUsdE8),
    c.sentence,
  ]);
  for (const line of table([['CHECK', 'TIME', 'OUTCOME', 'REASON', 'MAX DRIFT', 'COST', ''], ...rows], [0, 4, 5]))
    output.line(line);
  if (page.nextBefore !== null) output.line(`Older: keel history --before ${page.nextBefore}`);
}

export async function run(call: Call): Promise<ExitCode> {
  const limit = integerOption(call, '--limit', 1, 500) ?? 20;
  const before = integerOption(call, '--before', 1, 999_999_999_999_999) ?? null;
  const { config } = loadCallConfig(call);
  return withDb(config, async (db) => {
    const vaultId = await vaultIdOf(db, config);
    const page = db === null || vaultId === null ? EMPTY : await listChecks(db.kysely, vaultId, { before, limit });
    print(call, page);
    call.output.object({ schema: 'evenkeel.history/1', ...page });
    return EXIT.ok;
  });
}
