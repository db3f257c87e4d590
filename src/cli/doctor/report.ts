/** One line of `keel doctor`, and how errors become one. */
import { KeelError } from '../../core/errors.ts';

export type Level = 'ok' | 'warn' | 'FAIL';

export type Finding = {
  readonly name: string;
  readonly level: Level;
  readonly detail: string;
  /** Empty for ok. */
  readonly remedy: string;
};

export function ok(name: string, detail: string): Finding {
  return { name, level: 'ok', detail, remedy: '' };
}

export function warn(name: string, detail: string, remedy: string): Finding {
  return { name, level: 'warn', detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): Finding {
  return { name, level: 'FAIL', detail, remedy };
}

/** A KeelError is a finding; anything else is a bug of ours and goes on. */
export async function finding(name: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    return [fail(name, `${error.field} ${error.value}: ${error.reason}`, error.remedy)];
  }
}
