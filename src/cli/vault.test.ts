/** The life of a vault on the command line: made, filled, traded for, explained, paused and emptied with everything else down. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicClient, encodeFunctionData, http } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import type { Hex } from '../core/types.ts';
import { stopEmbedded } from '../store/supervisor.ts';
import { makeDir, removeDir } from '../store/testing/cluster.ts';
import { type Finished, keel, type Running, startKeel } from './testing/spawn.ts';

type Json = Record<string, unknown>;

let cwd: string;
let devnet: Running;
let chain: { readonly rpcUrl: string; readonly contracts: Record<string, string> };

beforeAll(async () => {
  cwd = makeDir();
  devnet = startKeel(['devnet', '--scenario', 'flat', '--seed', '5', '--speed', '60', '--json'], { cwd });
  chain = JSON.parse(await devnet.line('stdout', /^\{/)) as typeof chain;
}, 60_000);

afterAll(async () => {
  devnet.child.kill('SIGINT');
  await devnet.finished;
  await stopEmbedded(join(cwd, '.keel'));
  removeDir(cwd);
});

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return keel(args, { cwd, env });
}

/** Under --json there is exactly one object on stdout, of this command's schema. */
async function json(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; body: Json; stderr: string }> {
  const { code, stdout, stderr } = await run([...args, '--json'], env);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return { code, body: JSON.parse(stdout) as Json, stderr };
}

async function rpc<T>(method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const body = (await response.json()) as { result?: T; error?: { message: string } };
  if (body.error !== undefined) throw new Error(body.error.message);
  return body.result as T;
}

const INIT = ['init', '--targets', 'WETH=40,WBTC=30,USDC=20,LINK=10', '--band', '5'];

describe('keel devnet', () => {
  it('writes what others need, and keys that only its owner can read', () => {
    const dir = join(cwd, '.keel', 'devnet');
    const file = JSON.parse(readFileSync(join(dir, 'deployment.json'), 'utf8')) as Json;
    expect(file.schema).toBe('evenkeel.deployment/1');
    for (const name of ['owner.key', 'keeper.key']) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(file)).not.toContain(readFileSync(join(dir, 'owner.key'), 'utf8').trim());
  });
});

describe('keel init', () => {
  it('refuses before anything is sent or written', async () => {
    const sum = await run(['init', '--targets', 'WETH=40,WBTC=30,USDC=29', '--yes']);
    expect([sum.code, sum.stderr]).toEqual([
      2,
      expect.stringMatching(/^error TARGETS_DO_NOT_SUM: targets 99%.*1% too little/),
    ]);
    const token = await run(['init', '--targets', 'WETH=40,WBTC=30,USDT=30', '--yes']);
    expect(token.stderr).toMatch(/^error UNKNOWN_TOKEN: targets\[2\]\.symbol USDT: .*Did you mean USDC\?/);
    const wide = await run(['init', '--targets', 'WETH=96,USDC=4', '--yes']);
    expect(wide.stderr).toMatch(/^error BAND_WIDER_THAN_TARGET: targets\.USDC\.band/);
    const asks = await run(INIT);
    expect([asks.code, asks.stderr]).toEqual([2, expect.stringMatching(/^error CONFIRMATION_NEEDED: --yes/)]);
    const other = await run([...INIT, '--yes', '--chain-id', '1']);
    expect([other.code, other.stderr]).toEqual([
      5,
      expect.stringMatching(/^error CHAIN_MISMATCH: chainId 1: the node at http:\/\/127/),
    ]);
    const dry = await json([...INIT, '--dry-run']);
    expect([dry.code, dry.body.dryRun, dry.body.vault]).toEqual([0, true, null]);
    await expect(() => statSync(join(cwd, 'keel.config.json'))).toThrow('ENOENT');
  });

  it('looks at the tokens and feeds of the chain before it makes a vault of them', async () => {
    const dir = join(cwd, '.keel', 'devnet');
    const good = JSON.parse(readFileSync(join(dir, 'deployment.json'), 'utf8')) as {
      tokens: { symbol: string; decimals: number; feedId: Hex }[];
      owner: { address: Hex };
    };
    const client = createPublicClient({ transport: http(chain.rpcUrl) });
    const hub = { address: chain.contracts.hub as Hex, abi: oracleHubAbi };
    const feedId = good.tokens.find((t) => t.symbol === 'USDC')?.feedId ?? '0x';
    // the same feed under a rule that its last update cannot keep
    const strict = {
      ...(await client.readContract({ ...hub, functionName: 'configOf', args: [feedId] })),
      heartbeat: 60,
    };
    const { result: strictId } = await client.simulateContract({ ...hub, functionName: 'register', args: [strict] });
    const data = encodeFunctionData({ ...hub, functionName: 'register', args: [strict] });
    const hash = await rpc<Hex>('eth_sendTransaction', [{ from: good.owner.address, to: hub.address, data }]);
    await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });

    const cases: [symbol: string, change: Partial<(typeof good.tokens)[number]>, exit: number, says: RegExp][] = [
      [
        'WETH',
        { decimals: 17 },
        2,
        /^error TOKEN_DECIMALS_DIFFER: tokens\.WETH\.decimals 17: the token has 18 decimals\. Set it to 18/,
      ],
      [
        'WETH',
        { feedId: `0x${'1'.repeat(64)}` },
        2,
        /^error FEED_UNKNOWN: tokens\.WETH\.feedId 0x1{64}: the oracle hub has no such feed/,
      ],
      [
        'USDC',
        { feedId: strictId },
        5,
        /^error FEED_NOT_FRESH: tokens\.USDC\.feedId USDC: its price is stale \(.* old, at most 60 s\)/,
      ],
    ];
    for (const [symbol, change, exit, says] of cases) {
      const path = join(dir, 'wrong.json');
      const tokens = good.tokens.map((t) => (t.symbol === symbol ? { ...t, ...change } : t));
      writeFileSync(path, JSON.stringify({ ...good, tokens }));
      const { code, stderr } = await run([...INIT, '--yes', '--from', path]);
      expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
    }
    await expect(() => statSync(join(cwd, 'keel.config.json'))).toThrow('ENOENT');
  });

  it('creates the vault and writes a config without secrets', async () => {
    const { code, body, stderr } = await json([...INIT, '--yes']);
    expect([code, body.schema, body.created]).toEqual([0, 'evenkeel.init/1', true]);
    expect(stderr).toMatch(/^sent 0x/);
    const text = readFileSync(join(cwd, 'keel.config.json'), 'utf8');
    expect(text).toContain(String(body.vault));
    for (const name of ['owner.key', 'keeper.key'])
      expect(text).not.toContain(
        readFileSync(join(cwd, '.keel', 'devnet', name), 'utf8')
          .trim()
          .slice(2),
      );
    const again = await run([...INIT, '--yes']);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/^error FILE_EXISTS: config /)]);
    expect(readFileSync(join(cwd, 'keel.config.json'), 'utf8')).toBe(text);
  });
});

describe('keel deposit, plan, run, history, explain, status', () => {
  it('knows nothing yet, and says so without making a database', async () => {
    const history = await json(['history']);
    expect([history.code, history.body]).toEqual([0, { schema: 'evenkeel.history/1', checks: [], nextBefore: null }]);
    const status = await json(['status']);
    expect([status.code, status.body.activity, status.body.lastCheck]).toEqual([0, 'EMPTY', null]);
    await expect(() => statSync(join(cwd, '.keel', 'pg18'))).toThrow('ENOENT');
  });

  it('deposits exactly what was named', async () => {
    const more = await run(['deposit', '--token', 'WETH', '--amount', '1.0000000000000000001', '--yes']);
    expect(more.stderr).toMatch(/^error BAD_OPTION: --amount .*more than the 18 decimals/);
    const rich = await run(['deposit', '--token', 'USDC', '--amount', '999999999', '--yes']);
    expect(rich.stderr).toMatch(/^error AMOUNT_ABOVE_BALANCE/);
    for (const [token, amount, units] of [
      ['WETH', '4.5', '4500000000000000000'],
      ['WBTC', '0.1', '10000000'],
      ['USDC', '2500.000001', '2500000001'],
      ['LINK', '80', '80000000000000000000'],
    ] as const) {
      const { code, body } = await json(['deposit', '--token', token, '--amount', amount, '--yes']);
      expect([code, body.schema, body.symbol, body.amount]).toEqual([0, 'evenkeel.deposit/1', token, units]);
    }
  });

  it('plans without sending, and tells scripts only when asked', async () => {
    const plan = await json(['plan']);
    expect([plan.code, plan.body.schema, plan.body.proposal]).toEqual([0, 'evenkeel.preview/1', 'TRADE']);
    expect(plan.stderr).toBe('');
    expect((await run(['plan', '--exit-code'])).code).toBe(3);
    const text = await run(['plan']);
    expect(text.stdout).toMatch(/TOKEN +NOW +TARGET +DRIFT +BAND +VALUE +ACTION/);
    expect(text.stdout).toMatch(/WETH .*sell \d/);
    expect(text.stdout).toContain('Would trade now. Nothing was sent.');
  });

  it('runs one check and explains it', async () => {
    const dry = await json(['run', '--once', '--dry-run']);
    expect([dry.code, dry.body.dryRun]).toEqual([0, true]);
    expect((await json(['history'])).body.checks).toEqual([]);

    const traded = await json(['run', '--once', '--yes']);
    const decision = traded.body.decision as { checkId: number; outcome: string; txHashes: string[]; realised: Json };
    expect([traded.code, traded.body.schema, decision.outcome]).toEqual([0, 'evenkeel.run/1', 'TRADED']);
    expect(decision.txHashes.length).toBeGreaterThan(0);
    const receipt = await rpc<{ status: string }>('eth_getTransactionReceipt', [decision.txHashes[0]]);
    expect(receipt.status).toBe('0x1');

    const history = (await json(['history'])).body as { checks: { checkId: number; outcome: string }[] };
    expect(history.checks[0]).toMatchObject({ checkId: decision.checkId, outcome: 'TRADED' });
    const explained = await json(['explain', String(decision.checkId)]);
    expect(explained.body).toEqual({ schema: 'evenkeel.explain/1', running: false, decision: traded.body.decision });
    const text = await run(['explain', String(decision.checkId)]);
    expect(text.stdout).toMatch(/^Guards (\d+)\/\1 pass\.$/m);
    expect(text.stdout).toMatch(/^Paid \$/m);
    const unknown = await run(['explain', '99999']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/^error CHECK_UNKNOWN: check 99999/)]);
  });

  it('refuses a second keeper, and the first ends in order on Ctrl-C', async () => {
    const first = startKeel(['run', '--yes', '--json'], { cwd });
    await first.line('stderr', /keeper started/);
    const second = await run(['run', '--once', '--yes']);
    expect([second.code, second.stderr]).toEqual([
      3,
      expect.stringMatching(/error KEEPER_ALREADY_RUNNING: keeper pid \d+/),
    ]);
    first.child.kill('SIGINT');
    const { code, stdout } = await first.finished;
    expect(code).toBe(0);
    for (const line of stdout
      .trimEnd()
      .split('\n')
      .filter((l) => l !== ''))
      expect((JSON.parse(line) as Json).schema).toBe('evenkeel.run/1');
    const status = await json(['status']);
    expect([status.code, status.body.schema]).toEqual([0, 'evenkeel.status/1']);
    expect((status.body.costs as Json).totalUsdE8).toMatch(/^[1-9]\d*$/);
  });
});

describe('keel doctor', () => {
  it('finds nothing wrong, and names what is', async () => {
    const fine = await json(['doctor', '--show-origin']);
    expect([fine.code, fine.body.ok]).toEqual([0, true]);
    const settings = fine.body.settings as { path: string; origin: string }[];
    expect(settings.find((s) => s.path === 'limits.maxSlipPercent')?.origin).toBe('default');

    const key = join(cwd, '.keel', 'devnet', 'keeper.key');
    chmodSync(key, 0o644);
    try {
      const bad = await run(['doctor']);
      expect(bad.code).toBe(9);
      expect(bad.stdout).toMatch(
        /^FAIL keeper key: .*so other users of this machine can read it {2}-> Run: chmod 600/m,
      );
      const refused = await run(['run', '--once', '--yes']);
      expect([refused.code, refused.stderr]).toEqual([
        6,
        expect.stringMatching(/^error KEY_FILE_READABLE_BY_OTHERS: /),
      ]);
    } finally {
      chmodSync(key, 0o600);
    }
    const dead = await json(['doctor'], { KEEL_RPC_URL: 'http://127.0.0.1:1' });
    expect([dead.code, dead.body.ok]).toEqual([9, false]);
    const elsewhere = await run(['doctor'], { KEEL_VAULT: '0x00000000000000000000000000000000000000AA' });
    expect(elsewhere.stdout).toMatch(/^FAIL vault: 0x0{38}AA has no code on chain/m);
  });
});

describe('a keeper key that somebody else used', () => {
  it('is halted, named by doctor, and cleared only by a person', async () => {
    const file = JSON.parse(readFileSync(join(cwd, '.keel', 'devnet', 'deployment.json'), 'utf8')) as {
      keeper: { address: string };
    };
    const { address } = file.keeper;
    const before = Number(await rpc<string>('eth_getTransactionCount', [address, 'latest']));
    await rpc('eth_sendTransaction', [{ from: address, to: address, value: '0x1' }]);
    while (Number(await rpc<string>('eth_getTransactionCount', [address, 'latest'])) === before)
      await rpc('evm_mine', []);
    await run(['run', '--once', '--yes']);
    const halted = await run(['doctor']);
    expect(halted.code).toBe(9);
    expect(halted.stdout).toMatch(/^FAIL keeper nonce: halted: .*used elsewhere.* {2}-> .*keel doctor --clear-key/m);
    const cleared = await json(['doctor', '--clear-key']);
    expect([cleared.code, cleared.body.ok]).toEqual([0, true]);
    expect((await run(['doctor'])).stdout).toMatch(/^ok {3}keeper nonce: only this database has used the key/m);
  });
});

describe('keel pause and resume', () => {
  it('needs the owner, and says who that is', async () => {
    const keeperKey = join(cwd, '.keel', 'devnet', 'keeper.key');
    const wrong = await run(['pause', '--yes', '--owner-key-file', keeperKey]);
    expect([wrong.code, wrong.stderr]).toEqual([
      6,
      expect.stringMatching(/^error NOT_OWNER: owner\.keyFile .*but the vault belongs to 0x/),
    ]);
    const missing = await run(['pause', '--yes', '--owner-key-file', 'nowhere.key']);
    expect([missing.code, missing.stderr]).toEqual([6, expect.stringMatching(/^error KEY_FILE_MISSING: /)]);
    const asks = await run(['pause']);
    expect([asks.code, asks.stderr]).toEqual([2, expect.stringMatching(/^error CONFIRMATION_NEEDED/)]);
    expect((await json(['pause', '--dry-run'])).body).toMatchObject({ changed: false, paused: false, txHash: null });
  });

  it('stops trading until it is resumed', async () => {
    const paused = await json(['pause', '--yes']);
    expect([paused.code, paused.body]).toEqual([
      0,
      expect.objectContaining({ schema: 'evenkeel.pause/1', changed: true, paused: true }),
    ]);
    expect((await json(['pause', '--yes'])).body).toMatchObject({ changed: false, paused: true });
    const status = await json(['status']);
    expect([status.code, status.body.activity]).toEqual([8, 'PAUSED']);
    expect((await run(['plan', '--exit-code'])).code).toBe(8);
    const check = await json(['run', '--once', '--yes']);
    expect([check.code, (check.body.decision as Json).reason]).toEqual([8, 'PAUSED']);
    const resumed = await json(['resume', '--yes']);
    expect([resumed.code, resumed.body.paused]).toEqual([0, false]);
    expect((await run(['status'])).code).toBe(0);
  });
});

describe('keel withdraw', () => {
  /** No database, no data directory, no oracle, no lens: what is left is a node and the owner's key. */
  const DOWN = { KEEL_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', KEEL_DATA_DIR: '/proc/none' };

  it('takes one token, exactly, and refuses what is not there', async () => {
    const typo = await run(['withdraw', '--token', 'USDX', '--yes']);
    expect([typo.code, typo.stderr]).toEqual([2, expect.stringMatching(/Did you mean USDC\?/)]);
    const both = await run(['withdraw', '--yes']);
    expect(both.stderr).toMatch(/exactly one of them is needed/);
    const tooMuch = await run(['withdraw', '--token', 'USDC', '--amount', '99999999', '--yes']);
    expect(tooMuch.stderr).toMatch(/^error AMOUNT_ABOVE_BALANCE/m);
    const one = await json(['withdraw', '--token', 'USDC', '--amount', '100.5', '--yes'], DOWN);
    expect([one.code, one.body.withdrawn]).toEqual([
      0,
      [expect.objectContaining({ symbol: 'USDC', amount: '100500000' })],
    ]);
  });

  it('leaves a broken token behind and takes everything else, with feeds, hub and lens destroyed', async () => {
    const config = JSON.parse(readFileSync(join(cwd, 'keel.config.json'), 'utf8')) as {
      tokens: { symbol: string; address: string }[];
    };
    const link = config.tokens.find((t) => t.symbol === 'LINK')?.address;
    const { hub, lens } = chain.contracts;
    for (const address of [hub, lens]) await rpc('anvil_setCode', [address, '0xfe']);
    await rpc('anvil_setCode', [link, '0x5f5ffd']);

    const stuck = await json(['withdraw', '--all', '--yes'], DOWN);
    expect([stuck.code, stuck.body.code, stuck.body.value]).toEqual([7, 'TOKEN_REFUSES_TRANSFER', 'LINK']);
    expect(stuck.body.remedy).toContain('keel withdraw --all --skip LINK');

    const shown = await run(['withdraw', '--all', '--skip', 'LINK', '--dry-run'], DOWN);
    expect(shown.stdout).toMatch(/^To 0x[0-9a-fA-F]{40} \(owner, the only allowed address\)\n.*WETH \d/);
    expect(shown.stdout).toContain('Left in the vault: LINK');
    expect(shown.stdout).toContain('Nothing was sent.');

    const out = await json(['withdraw', '--all', '--skip', 'LINK', '--yes'], DOWN);
    const withdrawn = out.body.withdrawn as { symbol: string; amount: string; remaining: string }[];
    expect([out.code, withdrawn.map((w) => w.symbol).sort()]).toEqual([0, ['USDC', 'WBTC', 'WETH']]);
    for (const w of withdrawn) expect([w.remaining, BigInt(w.amount) > 0n]).toEqual(['0', true]);
    const again = await json(['withdraw', '--all', '--skip', 'LINK', '--yes'], DOWN);
    expect([again.code, again.body.txHash]).toEqual([0, null]);
  });

  it('reads the answers of a dead oracle as a reason, not as a price', async () => {
    const status = await run(['status']);
    expect(status.code).not.toBe(0);
    expect(status.stdout).not.toMatch(/value \$[1-9]/);
  });
});

it('a key file that is no key is exit 6', async () => {
  const path = join(cwd, 'garbage.key');
  writeFileSync(path, 'hello\n', { mode: 0o600 });
  const { code, stderr } = await run(['resume', '--yes', '--owner-key-file', path]);
  // trading is allowed already, so nothing is signed and the key is not needed
  expect([code, stderr]).toEqual([0, '']);
  const pause = await run(['pause', '--yes', '--owner-key-file', path]);
  expect([pause.code, pause.stderr]).toEqual([
    6,
    expect.stringMatching(/^error KEY_FILE_CORRUPT: keyFile .*garbage\.key/),
  ]);
});

describe('keel stop', () => {
  it('stops the database that the other commands left running, and says when there is none', async () => {
    expect((await json(['stop'])).body).toEqual({
      schema: 'evenkeel.stop/1',
      dataDir: join(cwd, '.keel'),
      stopped: true,
    });
    expect((await json(['stop'])).body).toMatchObject({ stopped: false });
  });
});
