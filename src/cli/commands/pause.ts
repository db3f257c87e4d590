import type { ExitCode } from '../../core/errors.ts';
import type { Call } from '../command.ts';
import { runSwitch } from '../owner/switch.ts';

export function run(call: Call): Promise<ExitCode> {
  return runSwitch(call, 'pause');
}
