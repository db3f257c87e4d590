import { loadDraft } from '../../config/load.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { stopEmbedded } from '../../store/supervisor.ts';
import { loadOptionsOf } from '../callConfig.ts';
import type { Call } from '../command.ts';

/** The server outlives every command on purpose, so that the next one attaches in milliseconds; this ends it. */
export async function run(call: Call): Promise<ExitCode> {
  const { config } = loadDraft(loadOptionsOf(call));
  const stopped = (await stopEmbedded(config.dataDir)) === 'STOPPED';
  call.output.line(stopped ? 'The database is stopped. Any keel command starts it again.' : 'No database was running.');
  call.output.object({ schema: 'evenkeel.stop/1', dataDir: config.dataDir, stopped });
  return EXIT.ok;
}
