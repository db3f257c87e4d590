/** One question at the terminal. The question goes to stderr, so that stdout stays data. */
import { createInterface } from 'node:readline/promises';
import { interruptedError } from './command.ts';
import type { Io } from './output.ts';

/** @throws KeelError INTERRUPTED on Ctrl-C, Ctrl-D or a signal */
export async function ask({ stdin, stderr, interrupted }: Io, question: string): Promise<string> {
  const prompt = createInterface({ input: stdin, output: stderr as unknown as NodeJS.WritableStream, terminal: true });
  const closed = new Promise<never>((_answer, leave) => {
    prompt.once('close', () => leave(interruptedError()));
    interrupted.addEventListener('abort', () => leave(interruptedError()), { once: true });
  });
  closed.catch(() => {});
  // in raw mode the terminal hands Ctrl-C to readline, which would only fall silent
  prompt.on('SIGINT', () => prompt.close());
  try {
    return (await Promise.race([prompt.question(question), closed])).trim();
  } finally {
    prompt.close();
  }
}
