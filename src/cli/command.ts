/** What a command is: a row of the table in commands.ts, and a module with `run`. */
import { EXIT, type ExitCode, KeelError } from '../core/errors.ts';
import type { Io, Output } from './output.ts';

export type OptionSpec = { readonly flags: string; readonly help: string };

export type Call = {
  readonly io: Io;
  readonly output: Output;
  readonly args: readonly string[];
  /** As commander names them: --exit-code is `exitCode`. */
  readonly options: Readonly<Record<string, unknown>>;
};

export type CommandModule = { run(call: Call): Promise<ExitCode> };

export type CommandSpec = {
  readonly name: string;
  readonly summary: string;
  /** e.g. "<check>" */
  readonly arguments?: string;
  /** Adds --config and one flag per setting. */
  readonly usesConfig: boolean;
  /** Adds --dry-run and --yes. */
  readonly mutates: boolean;
  /** Ends by itself, and in order, after Ctrl-C; other commands are left where they are (exit 130). */
  readonly stopsItself?: boolean;
  readonly options: readonly OptionSpec[];
  readonly load: () => Promise<CommandModule>;
};

export function camel(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-([a-z])/g, (_all, c: string) => c.toUpperCase());
}

export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOption(call: Call, name: string): boolean {
  return call.options[name] === true;
}

export function badOption(field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code: 'BAD_OPTION', exit: EXIT.usage, field, value, reason, remedy });
}

/** @throws KeelError BAD_OPTION */
export function integerOption(call: Call, flag: string, min: number, max: number): number | undefined {
  const text = textOption(call, camel(flag));
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw badOption(flag, text, `is not a whole number from ${min} to ${max}`, `Write e.g. ${flag} ${min}`);
  return value;
}

export function throwIfInterrupted(io: Io): void {
  if (io.interrupted.aborted) throw interruptedError();
}

export function interruptedError(): KeelError {
  return new KeelError({
    code: 'INTERRUPTED',
    exit: EXIT.interrupted,
    field: 'keel',
    value: '(signal)',
    reason: 'was stopped before it was done',
    remedy: 'Run it again',
  });
}

/** The promise, or INTERRUPTED as soon as a signal arrives. */
export function orInterrupted<T>(io: Io, promise: Promise<T>): Promise<T> {
  throwIfInterrupted(io);
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(interruptedError());
    io.interrupted.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => io.interrupted.removeEventListener('abort', stop));
  });
}
