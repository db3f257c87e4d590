/**
 * Everything that is asked of the contracts beyond their tests, in one command.
 *
 *   npm run audit                   all of it, with the nightly numbers (hours)
 *   npm run audit -- --quick        what CI can wait for: CI's numbers of runs, and a few mutants (minutes)
 *   npm run audit -- --only=slither,halmos,invariants,mutation
 */
import { halmos } from './halmos.ts';
import { invariants } from './invariants.ts';
import { mutate } from './mutate.ts';
import type { Verdict } from './run.ts';
import { slither } from './slither.ts';

const quick = process.argv.includes('--quick');

/** The cheap ones first. */
const steps: Record<string, () => Promise<Verdict>> = {
  slither,
  halmos: () => halmos(),
  invariants: () => invariants(!quick),
  mutation: () => mutate({ quick }),
};

async function attempt(step: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await step();
  } catch (error) {
    return { summary: 'could not be done', problems: [error instanceof Error ? error.message : String(error)] };
  }
}

async function main(): Promise<void> {
  const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
  const names = only === undefined ? Object.keys(steps) : only.split(',');
  const unknown = names.filter((name) => steps[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`No such step: ${unknown.join(', ')}. There are ${Object.keys(steps).join(', ')}`);

  const lines: string[] = [];
  let failed = 0;
  for (const name of names) {
    const step = steps[name];
    if (step === undefined) continue;
    console.log(`\n=== ${name}`);
    const started = Date.now();
    const { summary, problems } = await attempt(step);
    for (const problem of problems) console.error(`! ${problem}`);
    const verdict = problems.length === 0 ? 'ok' : 'FAILED';
    if (problems.length > 0) failed += 1;
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    lines.push(`${name.padEnd(10)} ${verdict.padEnd(6)} ${seconds.padStart(5)} s  ${summary}`);
  }
  console.log(`\n${lines.join('\n')}\n\n${names.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
