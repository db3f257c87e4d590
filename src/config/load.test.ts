import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeelError } from '../core/errors.ts';
import { configFrom, loadConfig, loadDraft } from './load.ts';
import { saveConfigFile, writeAtomic } from './save.ts';
import { exampleConfig } from './testing/example.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keel-config-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

type Json = Record<string, unknown>;

function write(content: unknown): string {
  const path = join(dir, 'keel.config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return path;
}

function example(change: (config: Json) => void = () => {}): Json {
  const config = JSON.parse(JSON.stringify(exampleConfig())) as Json;
  change(config);
  return config;
}

function load(content: unknown, extra: { env?: Record<string, string>; flags?: Record<string, string> } = {}) {
  return loadConfig({ cwd: dir, env: extra.env ?? {}, flags: extra.flags ?? {}, configPath: write(content) });
}

function refusal(run: () => unknown): KeelError {
  try {
    run();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const list = (config: Json, key: string) => config[key] as Json[];

describe('a correct config', () => {
  it('becomes the integers of the vault', () => {
    const { config } = load(
      example((c) => {
        c.limits = {
          schedule: 'daily',
          maxSlipPercent: 0.29,
          minTradeUsd: 12.34,
          maxGasGwei: 0.007,
          innerBandPoints: 1.1,
        };
        c.rule = { maxGasGwei: 40.5, maxGasUsd: 3.3, volatilityPercent: 57.3, riskAversion: 2.5 };
      }),
    );
    expect(config.targets.map((t) => [t.symbol, t.targetBps, t.bandBps])).toEqual([
      ['WETH', 4000, 500],
      ['WBTC', 3000, 500],
      ['USDC', 3000, 375],
    ]);
    expect(config.policy).toMatchObject({
      scheduleS: 86_400,
      maxSlipBps: 29,
      minTradeUsdE2: 1234,
      maxGasPriceMwei: 7,
      innerBandBps: 110,
    });
    expect(config.rule).toMatchObject({
      maxGasPriceWei: 40_500_000_000n,
      maxGasUsdE8: 330_000_000n,
      volatilityBps: 5730,
      riskAversionE2: 250,
    });
    expect(config.keeper).toEqual({ keyFile: join(dir, 'keeper.key') });
    expect(config.dataDir).toBe(join(dir, '.keel'));
  });

  it('takes flags over environment over file over default, and says so', () => {
    const { config, origins } = load(example(), {
      env: { KEEL_API_PORT: '5000', KEEL_RPC_URL: 'http://127.0.0.1:1' },
      flags: { 'api.port': '6000' },
    });
    expect(config.api).toEqual({ host: '127.0.0.1', port: 6000 });
    expect(config.rpcUrl).toBe('http://127.0.0.1:1');
    expect(origins.get('api.port')).toBe('--port');
    expect(origins.get('rpcUrl')).toBe('KEEL_RPC_URL');
    expect(origins.get('chainId')).toBe('file');
    expect(origins.get('api.host')).toBe('default');
    expect(origins.get('limits.maxSlipPercent')).toBe('default');
  });

  it('knows the database by its usual name, unless its own is set', () => {
    const [usual, own] = ['postgres://a@127.0.0.1/usual', 'postgres://a@127.0.0.1/own'];
    const one = load(example(), { env: { DATABASE_URL: usual } });
    expect([one.config.databaseUrl, one.origins.get('databaseUrl')]).toEqual([usual, 'DATABASE_URL']);
    const both = load(example(), { env: { DATABASE_URL: usual, KEEL_DATABASE_URL: own } });
    expect([both.config.databaseUrl, both.origins.get('databaseUrl')]).toEqual([own, 'KEEL_DATABASE_URL']);
  });

  it('resolves a path from the environment against the working directory', () => {
    const { config } = load(example(), { env: { KEEL_KEEPER_KEY_FILE: 'keys/k' } });
    expect(config.keeper?.keyFile).toBe(join(dir, 'keys/k'));
  });

  it('may lack the vault only as a draft', () => {
    const path = write(example((c) => delete c.vault));
    expect(loadDraft({ cwd: dir, env: {}, configPath: path }).config.vault).toBeNull();
    expect(refusal(() => loadConfig({ cwd: dir, env: {}, configPath: path })).code).toBe('VAULT_MISSING');
  });
});

describe('bad input gets field, value, reason and remedy', () => {
  const cases: [name: string, change: (c: Json) => void, code: string, field: string, says: RegExp][] = [
    [
      'targets below 100 %',
      (c) => Object.assign(list(c, 'targets')[0] ?? {}, { percent: 39.5 }),
      'TARGETS_DO_NOT_SUM',
      'targets',
      /99\.5%.*0\.5% too little/,
    ],
    [
      'targets above 100 %',
      (c) => Object.assign(list(c, 'targets')[0] ?? {}, { percent: 41 }),
      'TARGETS_DO_NOT_SUM',
      'targets',
      /101%.*1% too much/,
    ],
    [
      'a band wider than its target',
      (c) => {
        c.targets = [
          { symbol: 'WETH', percent: 96, band: { points: 5 } },
          { symbol: 'USDC', percent: 4, band: { points: 5 } },
        ];
      },
      'BAND_WIDER_THAN_TARGET',
      'targets.USDC.band',
      /5 points.*target of 4%/,
    ],
    [
      'a band below half a point',
      (c) => Object.assign(list(c, 'targets')[0] ?? {}, { band: { points: 0.4 } }),
      'BAND_TOO_NARROW',
      'targets.WETH.band',
      /0\.5 points/,
    ],
    [
      'both kinds of band',
      (c) => Object.assign(list(c, 'targets')[0] ?? {}, { band: { points: 5, relativePercent: 5 } }),
      'BAD_VALUE',
      'targets[0].band',
      /exactly one/,
    ],
    [
      'a target named twice',
      (c) => Object.assign(list(c, 'targets')[1] ?? {}, { symbol: 'WETH' }),
      'DUPLICATE',
      'targets[1].symbol',
      /targets\[0\]/,
    ],
    [
      'a target without a token',
      (c) => Object.assign(list(c, 'targets')[0] ?? {}, { symbol: 'WEHT' }),
      'UNKNOWN_TOKEN',
      'targets[0].symbol',
      /Did you mean WETH/,
    ],
    [
      'a token listed twice',
      (c) => Object.assign(list(c, 'tokens')[1] ?? {}, { address: list(c, 'tokens')[0]?.address }),
      'DUPLICATE',
      'tokens[1].address',
      /tokens\[0\]/,
    ],
    [
      'a wrong checksum',
      (c) => {
        c.vault = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267';
      },
      'BAD_ADDRESS_CHECKSUM',
      'vault',
      /checksum.*Copy the address again/,
    ],
    [
      'a short address',
      (c) => {
        c.vault = '0x1234';
      },
      'BAD_ADDRESS',
      'vault',
      /40 hex digits/,
    ],
    [
      'the zero address',
      (c) => Object.assign(c.contracts as Json, { hub: `0x${'0'.repeat(40)}` }),
      'BAD_ADDRESS',
      'contracts.hub',
      /zero address/,
    ],
    [
      'an unknown key',
      (c) => {
        c.dataDirectory = 'x';
        delete c.dataDir;
      },
      'UNKNOWN_KEY',
      'dataDirectory',
      /Did you mean "dataDir"/,
    ],
    [
      'an unknown key deep inside',
      (c) => {
        c.limits = { maxSlipPercnt: 1 };
      },
      'UNKNOWN_KEY',
      'limits.maxSlipPercnt',
      /Did you mean "maxSlipPercent"/,
    ],
    [
      'a mistyped required key',
      (c) => {
        c.rpcURL = c.rpcUrl;
        delete c.rpcUrl;
      },
      'UNKNOWN_KEY',
      'rpcURL',
      /Did you mean "rpcUrl"/,
    ],
    [
      'a missing key',
      (c) => {
        delete c.chainId;
      },
      'MISSING_KEY',
      'chainId',
      /is required.*whole number/,
    ],
    [
      'slip above the ceiling of the contract',
      (c) => {
        c.limits = { maxSlipPercent: 5.01 };
      },
      'BAD_VALUE',
      'limits.maxSlipPercent',
      /above 5/,
    ],
    [
      'more decimals than the vault can hold',
      (c) => {
        c.limits = { maxSlipPercent: 0.333 };
      },
      'BAD_VALUE',
      'limits.maxSlipPercent',
      /decimals/,
    ],
    [
      'a number as text',
      (c) => {
        c.limits = { cooldownS: '60' };
      },
      'BAD_VALUE',
      'limits.cooldownS',
      /is a string, not a number/,
    ],
    [
      'a boolean as text',
      (c) => {
        c.limits = { schedule: true };
      },
      'BAD_VALUE',
      'limits.schedule',
      /"off", "daily"/,
    ],
    [
      'an unknown mode',
      (c) => {
        c.mode = 'PROD';
      },
      'BAD_VALUE',
      'mode',
      /"REHEARSAL"/,
    ],
    [
      'a URL of the wrong kind',
      (c) => {
        c.rpcUrl = 'localhost:8545';
      },
      'BAD_VALUE',
      'rpcUrl',
      /not a URL/,
    ],
    [
      'an inner band wider than a band',
      (c) => {
        c.limits = { schedule: 'daily', innerBandPoints: 4 };
      },
      'INNER_BAND_WIDER_THAN_BAND',
      'limits.innerBandPoints',
      /USDC.*3\.75/,
    ],
  ];
  it.each(cases)('%s', (_name, change, code, field, says) => {
    const error = refusal(() => load(example(change)));
    expect(error).toMatchObject({ code, field, exit: 2 });
    expect(`${error.value}: ${error.reason}. ${error.remedy}`).toMatch(says);
    expect(error.message.split('\n')).toHaveLength(1);
  });

  const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
  it.each<[string, (c: Json) => void, string]>([
    [
      'as key file',
      (c) => {
        c.keeper = { keyFile: `0x${key}` };
      },
      'keeper.keyFile',
    ],
    [
      'without 0x',
      (c) => {
        c.vault = key;
      },
      'vault',
    ],
    [
      'under an unknown name',
      (c) => {
        c.owner = { privateKey: 'x' };
      },
      'owner.privateKey',
    ],
    [
      'inside a URL',
      (c) => {
        c.rpcUrl = `http://127.0.0.1/${key}`;
      },
      'rpcUrl',
    ],
    [
      'as seed phrase',
      (c) => {
        c.dataDir = 'test test test test test test test test test test test junk';
      },
      'dataDir',
    ],
    [
      'as database password',
      (c) => {
        c.databaseUrl = 'postgres://keel:hunter2@127.0.0.1/keel';
      },
      'databaseUrl',
    ],
  ])('a secret in the file %s', (_name, change, field) => {
    const error = refusal(() => load(example(change)));
    expect(error).toMatchObject({ code: 'SECRET_IN_CONFIG', field, value: '(not shown)', exit: 2 });
    expect(error.message).not.toMatch(/ac0974|hunter2|junk/);
  });

  it.each([
    ['{"schema": "evenkeel.config/1",\n  "mode": REHEARSAL }', /line 2, column 11: unexpected "R", a value expected/],
    ['{"a": 1,\n}', /line 2, column 1: a comma before the closing brace/],
    ['{"a": 1\n"b": 2}', /line 2, column 1: unexpected "\\"", "," or "}" expected/],
    ['{"a": 1', /line 1, column 8: the file ends here/],
    ['', /line 1, column 1: the file ends here/],
    ['{"a": 1, "a": 2}', /line 1, column 10: the key "a" appears twice/],
    ['{"a": 1} x', /line 1, column 10: .*after the end/],
    ['// note\n{}', /line 1, column 1: comments are not allowed/],
    ['[]', /not a JSON object/],
    ['{"a": "x\ny"}', /line 1, column 7: a string/],
  ])('corrupt JSON %j is located', (text, says) => {
    const error = refusal(() => load(text));
    expect(error).toMatchObject({ code: 'CONFIG_CORRUPT', exit: 2 });
    expect(error.reason).toMatch(says);
  });

  it('a file that is not there', () => {
    const error = refusal(() => loadConfig({ cwd: dir, env: {} }));
    expect(error).toMatchObject({ code: 'CONFIG_MISSING', value: join(dir, 'keel.config.json'), exit: 2 });
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['an unknown variable', { KEEL_APIPORT: '1' }, 'UNKNOWN_ENV', 'KEEL_APIPORT'],
    ['a port that is not a number', { KEEL_API_PORT: '80a' }, 'BAD_VALUE', 'KEEL_API_PORT (api.port)'],
    ['a port out of range', { KEEL_API_PORT: '99999' }, 'BAD_VALUE', 'KEEL_API_PORT (api.port)'],
    ['an empty value', { KEEL_RPC_URL: '' }, 'BAD_VALUE', 'KEEL_RPC_URL'],
    ['a key instead of a key file', { KEEL_KEEPER_KEY_FILE: key }, 'SECRET_IN_SETTING', 'KEEL_KEEPER_KEY_FILE'],
  ])('%s in the environment', (_name, env, code, field) => {
    expect(refusal(() => load(example(), { env }))).toMatchObject({ code, field, exit: 2 });
  });

  it('a password in the environment is used but never shown', () => {
    const { config } = load(example(), { env: { KEEL_DATABASE_URL: 'postgres://keel:hunter2@127.0.0.1/keel' } });
    expect(config.databaseUrl).toContain('hunter2');
    const error = refusal(() => load(example(), { env: { KEEL_DATABASE_URL: 'mysql://keel:hunter2@127.0.0.1/keel' } }));
    expect(error.field).toBe('KEEL_DATABASE_URL (databaseUrl)');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('saving', () => {
  it('writes what it can read back and leaves no temporary file', () => {
    const path = join(dir, 'deep', 'keel.config.json');
    saveConfigFile(path, exampleConfig(), { overwrite: false });
    expect(loadConfig({ cwd: dir, env: {}, configPath: path }).config).toEqual(
      configFrom(exampleConfig(), join(dir, 'deep')),
    );
    expect(readdirSync(join(dir, 'deep'))).toEqual(['keel.config.json']);
  });

  it('keeps an existing file unless told otherwise', () => {
    const path = write('precious');
    expect(refusal(() => saveConfigFile(path, exampleConfig(), { overwrite: false }))).toMatchObject({
      code: 'FILE_EXISTS',
      exit: 2,
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    saveConfigFile(path, exampleConfig(), { overwrite: true });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ chainId: 913377 });
    expect(readdirSync(dir)).toEqual(['keel.config.json']);
  });

  it('refuses a wrong config before touching the disk', () => {
    const path = write('precious');
    const wrong = { ...exampleConfig(), chainId: 0 };
    expect(refusal(() => saveConfigFile(path, wrong, { overwrite: true })).field).toBe('chainId');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('says that the disk is full, keeps the old file and leaves no temporary one', () => {
    const path = write('precious');
    const full = openSync('/dev/full', 'w');
    const toFullDisk = (_fd: number, text: string) => writeFileSync(full, text);
    const error = refusal(() =>
      writeAtomic(path, 'new', { field: 'config', mode: 0o644, overwrite: true }, toFullDisk),
    );
    closeSync(full);
    expect(error).toMatchObject({ code: 'DISK_FULL', field: 'config', value: path, exit: 3 });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(dir)).toEqual(['keel.config.json']);
  });

  it('names a directory that is no directory', () => {
    const path = write('precious');
    expect(refusal(() => saveConfigFile(join(path, 'x'), exampleConfig(), { overwrite: true })).code).toBe(
      'NOT_A_DIRECTORY',
    );
  });
});
