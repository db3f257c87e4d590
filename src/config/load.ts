/** Reads keel.config.json, lets environment and flags replace single values, and remembers where each came from. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import { issueError } from './issues.ts';
import { parseJsonText } from './jsonText.ts';
import { nearest } from './nearest.ts';
import { resolveConfig } from './resolve.ts';
import { type Config, type ConfigFile, type ConfigFileFull, configFileSchema, type DraftConfig } from './schema.ts';
import { refuseSecrets } from './secrets.ts';
import { CONFIG_PATH_ENV, DEFAULT_CONFIG_FILE, SETTINGS, type Setting } from './settings.ts';

const MAX_BYTES = 1_000_000;

/** "file", "default", the name of an environment variable, or a flag. */
export type Origin = string;

export type LoadOptions = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** --config */
  readonly configPath?: string;
  /** Values of flags by the `path` of their setting. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
};

export type Loaded<C> = {
  readonly config: C;
  readonly path: string;
  readonly file: ConfigFileFull;
  /** Every leaf of the config with its origin, in the order of the schema. */
  readonly origins: ReadonlyMap<string, Origin>;
};

function usage(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field, value, reason, remedy });
}

export function configPathOf(options: LoadOptions): string {
  return resolve(options.cwd, options.configPath ?? options.env[CONFIG_PATH_ENV] ?? DEFAULT_CONFIG_FILE);
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES)
      throw usage(
        'CONFIG_TOO_LARGE',
        'config',
        path,
        `has ${size} bytes, more than ${MAX_BYTES}`,
        'Check that it is the right file',
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof KeelError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw usage(
        'CONFIG_MISSING',
        'config',
        path,
        'does not exist',
        'Run `keel init`, or name the file with --config',
      );
    throw usage(
      'CONFIG_UNREADABLE',
      'config',
      path,
      `cannot be read (${code ?? String(error)})`,
      'Check the path and its permissions',
    );
  }
}

/** @throws KeelError CONFIG_CORRUPT with line and column, SECRET_IN_CONFIG */
export function readConfigText(text: string, path: string): Record<string, unknown> {
  const parsed = parseJsonText(text);
  if ('fault' in parsed) {
    const { line, column, reason } = parsed.fault;
    throw usage(
      'CONFIG_CORRUPT',
      'config',
      path,
      `line ${line}, column ${column}: ${reason}`,
      'Correct that place; the file was not changed',
    );
  }
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage(
      'CONFIG_CORRUPT',
      'config',
      path,
      'line 1, column 1: not a JSON object',
      'Begin it with { and end it with }',
    );
  refuseSecrets(value);
  return value as Record<string, unknown>;
}

type Override = { readonly setting: Setting; readonly origin: Origin; readonly value: string };

function overridesOf(options: LoadOptions): Override[] {
  const known = [CONFIG_PATH_ENV, ...SETTINGS.map((s) => s.env)];
  for (const [name, value] of Object.entries(options.env)) {
    if (!name.startsWith('KEEL_') || value === undefined || known.includes(name)) continue;
    const meant = nearest(name, known);
    throw usage(
      'UNKNOWN_ENV',
      name,
      '(not shown)',
      'is not a setting of keel',
      meant === null ? `Unset it; known are ${known.join(', ')}` : `Did you mean ${meant}?`,
    );
  }
  return SETTINGS.flatMap((setting): Override[] => {
    const flag = options.flags?.[setting.path];
    if (flag !== undefined) return [{ setting, origin: setting.flag, value: flag }];
    for (const origin of [setting.env, setting.commonEnv]) {
      const value = origin === undefined ? undefined : options.env[origin];
      if (origin !== undefined && value !== undefined) return [{ setting, origin, value }];
    }
    return [];
  });
}

function overrideValue({ setting, origin, value }: Override, cwd: string): string | number {
  if (value.trim() === '') throw usage('BAD_VALUE', origin, '(empty)', 'is empty', 'Give it a value, or leave it out');
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(value.trim()))
    throw usage(
      'SECRET_IN_SETTING',
      origin,
      '(not shown)',
      'looks like a private key',
      'Keys are read from files of mode 0600 only; treat this one as known to others',
    );
  if (setting.kind === 'path') return resolve(cwd, value);
  if (setting.kind === 'text') return value;
  if (!/^\d{1,15}$/.test(value))
    throw usage('BAD_VALUE', `${origin} (${setting.path})`, value, 'is not a whole number', 'Write digits only');
  return Number(value);
}

function withValue(raw: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...raw, [head]: value };
  const inner = raw[head];
  const base = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
  return { ...raw, [head]: withValue(base as Record<string, unknown>, rest.join('.'), value) };
}

function leaves(value: unknown, path = ''): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
  return [[path, value]];
}

/**
 * @throws KeelError (exit 2) naming field, value, reason and remedy; nothing is written
 */
export function loadDraft(options: LoadOptions): Loaded<DraftConfig> {
  const path = configPathOf(options);
  const fromFile = readConfigText(readText(path), path);
  const overrides = overridesOf(options);
  const sources = new Map(overrides.map((o) => [o.setting.path, o.origin]));
  const base = { ...fromFile };
  // the file's WebSocket belongs to the file's node: another node must not be told of blocks it has not seen
  if (sources.has('rpcUrl') && !sources.has('wsUrl')) delete base.wsUrl;
  const raw = overrides.reduce((out, o) => withValue(out, o.setting.path, overrideValue(o, options.cwd)), base);
  const file = parseConfigFile(raw, (field) => sources.get(field) ?? null);
  const inFile = new Set(leaves(fromFile).map(([field]) => field));
  const origins = new Map(
    leaves(file).map(([field]) => [field, sources.get(field) ?? (inFile.has(field) ? 'file' : 'default')]),
  );
  return { config: resolveConfig(file, dirname(path)), path, file, origins };
}

/** As `loadDraft`, for everything that needs the vault to exist. @throws KeelError VAULT_MISSING */
export function loadConfig(options: LoadOptions): Loaded<Config> {
  const loaded = loadDraft(options);
  return { ...loaded, config: { ...loaded.config, vault: vaultOf(loaded.config) } };
}

function vaultOf(config: DraftConfig): Address {
  if (config.vault === null)
    throw usage(
      'VAULT_MISSING',
      'vault',
      '(missing)',
      'no vault has been created yet',
      'Run `keel init --create` with the owner key file, or set "vault"',
    );
  return config.vault;
}

/** Validates a config made in memory, e.g. by `keel init`. @throws KeelError */
export function parseConfigFile(raw: unknown, sourceOf: (path: string) => string | null = () => null): ConfigFileFull {
  const parsed = configFileSchema.safeParse(raw);
  if (!parsed.success) throw issueError(configFileSchema, raw, parsed.error.issues, sourceOf);
  return parsed.data;
}

/** For callers that hold the file's content already (devnet, tests). @throws KeelError */
export function configFrom(file: ConfigFile, baseDir: string): Config {
  const config = resolveConfig(parseConfigFile(file), baseDir);
  return { ...config, vault: vaultOf(config) };
}
