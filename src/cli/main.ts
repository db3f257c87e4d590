#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    signals += 1;
    if (signals > 1) process.exit(130);
    stop.abort();
  });
// a child of `keel start` has an IPC channel; its end means that the parent is gone, however that happened
process.on('disconnect', () => stop.abort());
// `keel history | head` closes the pipe early; that is no error of ours
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const code = await runProgram(process.argv.slice(2), COMMANDS, {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  stdoutIsTty: process.stdout.isTTY === true,
  interrupted: stop.signal,
});
// exit() would cut output that is still in the pipe, so it waits for the last write
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
