/** Journal rows of a run that change nothing but the record of it. */
import type { Hex } from '../core/types.ts';
import { getExecution, journalRun } from '../store/executions.ts';
import type { RunEvent } from '../store/journal.ts';
import type { Ctx } from './context.ts';

export async function appendRun(
  ctx: Ctx,
  executionId: number,
  events: readonly (RunEvent & { readonly hash?: Hex })[],
): Promise<void> {
  const run = await getExecution<unknown>(ctx.q, executionId);
  if (run === null) throw new Error(`run ${executionId} is not in the database`);
  await journalRun(ctx.q, run, events);
}
