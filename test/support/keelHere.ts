/** Runs `keel` inside this process: for tests of commands whose own process would add nothing but its start. */
import { Readable } from 'node:stream';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/program.ts';

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export async function keelHere(
  argv: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  const writer = (name: 'stdout' | 'stderr') => ({
    write(chunk: string) {
      text[name] += chunk;
    },
  });
  const code = await runProgram(argv, COMMANDS, {
    stdout: writer('stdout'),
    stderr: writer('stderr'),
    stdin: Readable.from([]),
    env,
    cwd,
    stdoutIsTty: false,
    interrupted: new AbortController().signal,
  });
  return { code, ...text };
}
