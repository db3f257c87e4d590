import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { configFolder, example, type Folder, type Json, refusal } from './testing/folder.ts';

let folder: Folder;
let dir: string;
const load: Folder['load'] = (content, extra) => folder.load(content, extra);
beforeEach(() => {
  folder = configFolder();
  dir = folder.dir;
});
afterEach(() => {
  folder.remove();
});

const list = (config: Json, key: string) => config[key] as Json[];

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
    [
      'rebalances that may follow each other faster than their slices',
      (c) => {
        c.limits = { cooldownS: 59, sliceCooldownS: 60 };
      },
      'COOLDOWN_SHORTER_THAN_SLICES',
      'limits.cooldownS',
      /59: is shorter.*60/,
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
