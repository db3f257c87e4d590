/** What `keel verify` finds: proved, worth a look, or wrong. */
import { EXIT, KeelError } from '../../core/errors.ts';

export type Check = {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'FAIL';
  /** Stable; null when nothing is wrong. */
  readonly code: string | null;
  readonly value: string;
  readonly detail: string;
  /** Empty for ok. */
  readonly remedy: string;
};

export function proved(name: string, value: string, detail: string): Check {
  return { name, level: 'ok', code: null, value, detail, remedy: '' };
}

export function doubt(code: string, name: string, value: string, detail: string, remedy: string): Check {
  return { name, level: 'warn', code, value, detail, remedy };
}

export function wrong(code: string, name: string, value: string, detail: string, remedy: string): Check {
  return { name, level: 'FAIL', code, value, detail, remedy };
}

/** The same as an error, for the line on stderr. */
export function errorOf({ code, name, value, detail, remedy }: Check): KeelError {
  if (code === null) throw new Error(`${name} is not wrong`);
  return new KeelError({ code, exit: EXIT.doctor, field: name, value, reason: detail, remedy });
}
