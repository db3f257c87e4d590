import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPTIONS_OFF } from '../core/policy.ts';
import { loadConfig, loadDraft } from './load.ts';
import { configFolder, example, type Folder, refusal } from './testing/folder.ts';

let folder: Folder;
let dir: string;
const write: Folder['write'] = (content) => folder.write(content);
const load: Folder['load'] = (content, extra) => folder.load(content, extra);
beforeEach(() => {
  folder = configFolder();
  dir = folder.dir;
});
afterEach(() => {
  folder.remove();
});

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
      waitForGas: true,
      sides: {},
      buyOnlyWith: null,
      blockTimeS: 12,
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

  it('leaves the WebSocket of the file behind when the node is another one', () => {
    const file = example((c) => Object.assign(c, { rpcUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:1' }));
    expect(load(file).config.wsUrl).toBe('ws://127.0.0.1:1');
    expect(load(file, { flags: { rpcUrl: 'http://127.0.0.1:2' } }).config.wsUrl).toBeNull();
    const both = { rpcUrl: 'http://127.0.0.1:2', wsUrl: 'ws://127.0.0.1:2' };
    expect(load(file, { flags: both }).config.wsUrl).toBe('ws://127.0.0.1:2');
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

describe('limits that may be left out', () => {
  it('are off', () => {
    expect(load(example()).config.policy).toMatchObject(OPTIONS_OFF);
    expect(load(example()).config.targets[0]).toMatchObject({ safe: false, stopPriceUsdE8: 0n, takePriceUsdE8: 0n });
  });

  it('become the integers of the vault', () => {
    const { config } = load(
      example((c) => {
        c.targets = [
          { symbol: 'WETH', percent: 70, band: { points: 5 }, stopPriceUsd: 1_234.56789, takePriceUsd: 9_000 },
          { symbol: 'USDC', percent: 30, band: { points: 5 }, safe: true },
        ];
        c.limits = {
          ...{ premiumPercent: 0.5, relaxS: 900, openToAnyone: true, snapshotS: 600, confirmS: 300 },
          ...{ stopLossPercent: 20, takeProfitPercent: 150, tipPercent: 0.05, maxTipUsd: 2.5, tipPerDayUsd: 10 },
        };
      }),
    );
    expect(config.policy).toMatchObject({
      ...{ premiumBps: 50, relaxS: 900, open: true, snapshotS: 600, confirmS: 300 },
      ...{ stopLossBps: 2_000, takeProfitBps: 15_000, tipBps: 5, maxTipUsdE2: 250, tipPerDayUsdE2: 1_000 },
    });
    expect(config.targets[0]).toMatchObject({ stopPriceUsdE8: 123_456_789_000n, takePriceUsdE8: 900_000_000_000n });
  });

  type Change = Parameters<typeof example>[0];
  const limits =
    (values: object): Change =>
    (c) =>
      Object.assign(c, { limits: values });
  it.each<[string, Change, string]>([
    ['a relaxation longer than a rebalance', limits({ relaxS: 4_000 }), 'limits.relaxS'],
    ['a snapshot later than a rebalance', limits({ snapshotS: 30 }), 'limits.snapshotS'],
    ['strangers without a premium', limits({ openToAnyone: true, relaxS: 600 }), 'limits.openToAnyone'],
    ['a premium that never relaxes', limits({ premiumPercent: 0.5 }), 'limits.premiumPercent'],
    ['a stop that nobody confirms', limits({ stopLossPercent: 20 }), 'limits.confirmS'],
    ['a stop with nothing to sell into', limits({ stopLossPercent: 20, confirmS: 60 }), 'targets'],
    ['a tip without caps', limits({ tipPercent: 0.1 }), 'limits.tipPercent'],
    ['caps without a tip', limits({ maxTipUsd: 1 }), 'limits.tipPercent'],
  ])('refuse %s', (_, change, field) => {
    expect(refusal(() => load(example(change)))).toMatchObject({ code: 'LIMITS_CONFLICT', field });
  });
});
