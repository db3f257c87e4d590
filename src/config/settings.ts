/** The settings that the environment and the command line may replace; everything else is set in the file only. */

export type Setting = {
  /** Dotted path in keel.config.json. */
  readonly path: string;
  readonly env: string;
  /** A name that other programs use too; `env` wins. */
  readonly commonEnv?: string;
  readonly flag: string;
  readonly kind: 'text' | 'integer' | 'path';
};

export const SETTINGS: readonly Setting[] = [
  { path: 'mode', env: 'KEEL_MODE', flag: '--mode', kind: 'text' },
  { path: 'chainId', env: 'KEEL_CHAIN_ID', flag: '--chain-id', kind: 'integer' },
  { path: 'rpcUrl', env: 'KEEL_RPC_URL', flag: '--rpc-url', kind: 'text' },
  { path: 'wsUrl', env: 'KEEL_WS_URL', flag: '--ws-url', kind: 'text' },
  { path: 'vault', env: 'KEEL_VAULT', flag: '--vault', kind: 'text' },
  { path: 'keeper.keyFile', env: 'KEEL_KEEPER_KEY_FILE', flag: '--keeper-key-file', kind: 'path' },
  { path: 'keeper.passwordFile', env: 'KEEL_KEEPER_PASSWORD_FILE', flag: '--keeper-password-file', kind: 'path' },
  { path: 'owner.keyFile', env: 'KEEL_OWNER_KEY_FILE', flag: '--owner-key-file', kind: 'path' },
  { path: 'owner.passwordFile', env: 'KEEL_OWNER_PASSWORD_FILE', flag: '--owner-password-file', kind: 'path' },
  { path: 'dataDir', env: 'KEEL_DATA_DIR', flag: '--data-dir', kind: 'path' },
  { path: 'databaseUrl', env: 'KEEL_DATABASE_URL', commonEnv: 'DATABASE_URL', flag: '--database-url', kind: 'text' },
  { path: 'api.host', env: 'KEEL_API_HOST', flag: '--host', kind: 'text' },
  { path: 'api.port', env: 'KEEL_API_PORT', flag: '--port', kind: 'integer' },
];

/** Where the config file is; not a field of the file itself. */
export const CONFIG_PATH_ENV = 'KEEL_CONFIG';
export const DEFAULT_CONFIG_FILE = 'keel.config.json';
