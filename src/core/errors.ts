/**
 * Every error a user can meet: what is wrong, with which value, why, and what to do about it.
 * `code` is stable and documented; `exit` is the process exit code of the CLI.
 */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  actionNeeded: 3,
  heldBack: 4,
  unreachable: 5,
  signature: 6,
  reverted: 7,
  paused: 8,
  doctor: 9,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type ErrorDetails = {
  readonly code: string;
  readonly exit: ExitCode;
  /** Config field, argument or resource, e.g. "targets", "rpcUrl", "port". */
  readonly field: string;
  readonly value: string;
  readonly reason: string;
  readonly remedy: string;
  /** May the same call succeed later without anyone changing anything? */
  readonly retry?: 'no' | 'later';
  readonly cause?: unknown;
};

export class KeelError extends Error {
  override readonly name = 'KeelError';
  readonly code: string;
  readonly exit: ExitCode;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
  readonly remedy: string;
  readonly retry: 'no' | 'later';

  constructor(d: ErrorDetails) {
    super(`${d.field} ${d.value}: ${d.reason}. ${d.remedy}`, d.cause === undefined ? undefined : { cause: d.cause });
    this.code = d.code;
    this.exit = d.exit;
    this.field = d.field;
    this.value = d.value;
    this.reason = d.reason;
    this.remedy = d.remedy;
    this.retry = d.retry ?? 'no';
  }
}
