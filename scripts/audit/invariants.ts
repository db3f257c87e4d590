/**
 * Fuzz tests and stateful invariants with as many runs as the profile in foundry.toml says: CI's by default, fifty times
 * that in `nightly`. A number of runs beside a test would silently win over the profile, so what ran is counted.
 */
import { forgeBinary } from '../forge.ts';
import { run, tail, type Verdict } from './run.ts';

const TESTS = 'contracts/test/{fuzz,invariant}/**';

type Profile = { readonly name: string; readonly timeoutS: number };

const CI: Profile = { name: 'default', timeoutS: 900 };
const NIGHTLY: Profile = { name: 'nightly', timeoutS: 6 * 3_600 };

type Settings = {
  readonly fuzz: { readonly runs: number };
  readonly invariant: { readonly runs: number; readonly depth: number };
};

export async function invariants(nightly: boolean): Promise<Verdict> {
  const { name, timeoutS } = nightly ? NIGHTLY : CI;
  const env = { FOUNDRY_PROFILE: name };
  const settings = JSON.parse(
    (await run(forgeBinary(), ['config', '--json'], { env, timeoutS: 60 })).output,
  ) as Settings;
  const result = await run(forgeBinary(), ['test', '--match-path', TESTS], { env, timeoutS });
  if (result.timedOut) return { summary: 'not done in time', problems: [`The tests took more than ${timeoutS} s`] };
  const totals = /(\d+) tests passed, (\d+) failed, (\d+) skipped/.exec(result.output);
  if (totals === null) throw new Error(`forge ended with ${result.code}:\n${tail(result.output, 30)}`);

  const problems = [...result.output.matchAll(/^\[FAIL.*/gm)].map(([line]) => line);
  const passed = [...result.output.matchAll(/^\[PASS\] (\w+)\([^)]*\) \(runs: (\d+)(?:, calls: (\d+))?/gm)];
  for (const [, test = '', runs, calls] of passed) {
    const { wanted, got, what } =
      calls === undefined
        ? { wanted: settings.fuzz.runs, got: Number(runs), what: 'runs' }
        : { wanted: settings.invariant.runs * settings.invariant.depth, got: Number(calls), what: 'calls' };
    if (got < wanted) problems.push(`${test} made ${got} ${what} of ${wanted}: is there a forge-config beside it?`);
  }
  if (Number(totals[3]) > 0) problems.push(`${totals[3]} tests were skipped`);
  if (result.code !== 0 && problems.length === 0) problems.push(`forge ended with ${result.code}`);
  const { runs, depth } = settings.invariant;
  return {
    summary: `${totals[1]} tests passed with ${settings.fuzz.runs} fuzz runs and ${runs} x ${depth} calls of invariants`,
    problems,
  };
}
