/** The config of a command: file, environment and this call's flags. Apart from command.ts, so that help loads no schema. */
import { type Loaded, type LoadOptions, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { SETTINGS } from '../config/settings.ts';
import { type Call, camel, textOption } from './command.ts';

export function loadOptionsOf(call: Call): LoadOptions {
  const flags = Object.fromEntries(SETTINGS.map((s) => [s.path, textOption(call, camel(s.flag))]));
  const configPath = textOption(call, 'config');
  return { cwd: call.io.cwd, env: call.io.env, flags, ...(configPath === undefined ? {} : { configPath }) };
}

export function loadCallConfig(call: Call): Loaded<Config> {
  return loadConfig(loadOptionsOf(call));
}
