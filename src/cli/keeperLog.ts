/** What the keeper says about itself, as plain lines on stderr. */

import { encodePublicJson } from '../core/json.ts';
import type { Logger } from '../keeper/context.ts';
import type { Output } from './output.ts';

function fieldText(fields: object): string {
  return Object.entries(fields)
    .map(([key, value]) => `  ${key}=${typeof value === 'string' ? value : encodePublicJson(value)}`)
    .join('');
}

export function keeperLog(output: Output, debug: boolean): Logger {
  const write = (level: string) => (fields: object, message: string) =>
    output.progress(`${new Date().toISOString()} ${level} ${message}${fieldText(fields)}`);
  const nothing = (): void => {};
  return { debug: debug ? write('debug') : nothing, info: write('info'), warn: write('warn'), error: write('error') };
}
