/** What the command line says: data on stdout, progress and errors on stderr; nothing else writes to either. */
import { EXIT, type ExitCode, KeelError } from '../core/errors.ts';
import { encodePublicJson } from '../core/json.ts';

export type Writer = { write(text: string): unknown };

export type Io = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdoutIsTty: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
};

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

const CODES: Readonly<Record<Tone, string>> = { good: '32', bad: '31', warn: '33', quiet: '2' };

export type Output = {
  readonly json: boolean;
  /** Human text on stdout; silent under --json. */
  line(text?: string): void;
  /** One JSON object on stdout under --json; silent otherwise. bigint becomes a decimal string. */
  object(value: { readonly schema: `evenkeel.${string}/${number}` } & Readonly<Record<string, unknown>>): void;
  /** What is being done; stderr, never part of the data. */
  progress(text: string): void;
  paint(tone: Tone, text: string): string;
};

export function createOutput(io: Io, json: boolean): Output {
  const noColor = io.env.NO_COLOR;
  const color = io.stdoutIsTty && !json && (noColor === undefined || noColor === '') && io.env.TERM !== 'dumb';
  return {
    json,
    line(text = '') {
      if (!json) io.stdout.write(`${text}\n`);
    },
    object(value) {
      if (json) io.stdout.write(`${encodePublicJson(value)}\n`);
    },
    progress(text) {
      io.stderr.write(`${text}\n`);
    },
    paint: (tone, text) => (color ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text),
  };
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = ' '.repeat((widths[i] ?? 0) - [...cell].length);
        if (right.includes(i)) return pad + cell;
        return i === row.length - 1 ? cell : cell + pad;
      })
      .join('  ')
      .trimEnd(),
  );
}

function sentence(text: string): string {
  return text.replace(/[.\s]+$/, '').replaceAll(/\s*\n\s*/g, ' ');
}

function withStop(text: string): string {
  const one = sentence(text);
  return /[?!]$/.test(one) ? one : `${one}.`;
}

/** `error CODE: field value: reason. remedy.` on one line. */
export function errorLine(error: KeelError): string {
  return `error ${error.code}: ${sentence(`${error.field} ${error.value}`)}: ${sentence(error.reason)}. ${withStop(error.remedy)}`;
}

/** Reports whatever a command threw and returns the exit code. */
export function reportError(
  io: Io,
  error: unknown,
  options: { readonly json: boolean; readonly debug: boolean },
): ExitCode {
  const known = asKeelError(error);
  if (options.json) {
    const { code, field, value, reason, remedy } = known;
    io.stdout.write(`${encodePublicJson({ schema: 'evenkeel.error/1', code, field, value, reason, remedy })}\n`);
  }
  io.stderr.write(`${errorLine(known)}\n`);
  if (options.debug) io.stderr.write(`${stackOf(error)}\n`);
  return known.exit;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function asKeelError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KeelError({
    code: 'BUG',
    exit: EXIT.bug,
    field: 'keel',
    value: '(internal)',
    reason: message.split('\n', 1)[0] ?? message,
    remedy: 'Run it again with --debug and report what it prints',
    cause: error,
  });
}
